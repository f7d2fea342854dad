"""The one clock: anchored once, carried on by CLOCK_BOOTTIME, never stepping."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import SystemClock, boottime_ns
from engine.values import Instant
from tests.fakes import START, ManualClock
from tests.requires import requires_command

SECOND_NS = 1_000_000_000


class Readers:
    """A wall clock and a boot-time clock that a test sets."""

    def __init__(self, wall: Instant = START) -> None:
        self.wall_ns = wall.ms * 1_000_000
        self.boot_ns = 5 * SECOND_NS

    def clock(self, last_row: Instant | None = None) -> SystemClock:
        return SystemClock(
            last_row, wall_ns=lambda: self.wall_ns, boot_ns=lambda: self.boot_ns
        )


def test_it_begins_at_the_wall_clock() -> None:
    assert Readers().clock().now() == START


def test_it_begins_at_the_last_row_where_the_wall_clock_is_behind_it() -> None:
    last_row = START.plus(timedelta(days=40))
    clock = Readers().clock(last_row)
    assert clock.now() == last_row
    assert clock.jump_s() == -40 * 86_400


def test_an_older_last_row_changes_nothing() -> None:
    assert Readers().clock(START.plus(timedelta(days=-1))).now() == START


@pytest.mark.parametrize("jump_s", [-3600, 3600, -10 * 365 * 86_400])
def test_a_wall_clock_that_jumps_is_measured_and_not_followed(jump_s: int) -> None:
    readers = Readers()
    clock = readers.clock()
    readers.wall_ns += (jump_s + 1) * SECOND_NS
    readers.boot_ns += SECOND_NS
    assert clock.now() == START.plus(timedelta(seconds=1))
    assert clock.jump_s() == jump_s
    assert clock.wall() == START.plus(timedelta(seconds=jump_s + 1))


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(-(10**15), 10**15))))
def test_it_never_steps_back_whatever_the_wall_clock_does(
    steps: list[tuple[int, int]],
) -> None:
    readers = Readers()
    clock = readers.clock()
    before = clock.now()
    for passed_ns, jump_ns in steps:
        readers.boot_ns += passed_ns
        readers.wall_ns += jump_ns
        now = clock.now()
        assert 0 <= now.ms - before.ms <= passed_ns // 1_000_000 + 1
        before = now


def test_a_sleep_ends_when_a_suspend_has_lasted_longer() -> None:
    readers = Readers()

    def boot_ns() -> int:
        readers.boot_ns += 3600 * SECOND_NS  # an hour at each look
        return readers.boot_ns

    clock = SystemClock(wall_ns=lambda: readers.wall_ns, boot_ns=boot_ns)
    before_ns = boottime_ns()
    clock.sleep(1800)
    assert boottime_ns() - before_ns < SECOND_NS


def test_a_sleep_takes_as_long_as_it_says() -> None:
    clock = SystemClock()
    before_s = clock.boottime_s()
    clock.sleep(0.02)
    assert 0.02 <= clock.boottime_s() - before_s < 1.0


def test_the_manual_clock_moves_when_told() -> None:
    clock = ManualClock()
    clock.advance(1.5)
    clock.sleep(0.5)
    assert clock.now() == START.plus(timedelta(seconds=2))
    clock.set(START)
    assert clock.now() == START


def test_a_real_process_whose_clock_is_false_starts_and_goes_on() -> None:
    faketime = requires_command("faketime", package="faketime")
    done = subprocess.run(
        [faketime, "2001-01-01 00:00:00", sys.executable, "-c", FALSE_CLOCK],
        env=os.environ | {"FAKETIME_DONT_FAKE_MONOTONIC": "1"},
        capture_output=True,
        check=True,
        text=True,
        timeout=30,
    )
    assert done.stdout.split() == ["2026", "2001"]


FALSE_CLOCK = """
from engine.clock import SystemClock
from engine.values import Instant
clock = SystemClock(Instant.parse("2026-11-25T03:00:00Z"))
print(clock.now().to_datetime().year, clock.wall().to_datetime().year)
"""
