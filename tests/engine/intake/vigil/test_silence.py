"""When silence is too long: decided by a table, at every edge."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intake.vigil.silence import (
    Stage,
    Watch,
    after_deafness,
    is_worth_a_row,
    look,
    stream_of,
)
from engine.roster.model import Device, Person, Role
from engine.roster.risk import read_window
from engine.values import DeviceId, Instant, PersonId
from tests.engine.roster.rosters import person
from tests.fakes import START

BEAT = timedelta(minutes=10)
DEVICE = Device(
    device=DeviceId("004999010640018"),
    wire_protocol="gt06",
    person=PersonId("heron"),
    heartbeat=BEAT,
)
CALM = person("heron", roles=frozenset({Role.DEFENDER}), zone="UTC")
AT_RISK = replace(CALM, risk_windows=(read_window("daily 00:00-00:00"),))
MS = timedelta(milliseconds=1)


def after(duration: timedelta) -> Instant:
    return START.plus(duration)


HEARD = Watch(stage=Stage.HEARD, due=after(BEAT))


@pytest.mark.parametrize(
    ("who", "now", "stage", "reported"),
    [
        (CALM, BEAT - MS, Stage.HEARD, False),
        (CALM, BEAT, Stage.OVERDUE, True),
        (AT_RISK, BEAT - MS, Stage.HEARD, False),
        (AT_RISK, BEAT, Stage.OVERDUE_AT_RISK, True),
    ],
)
def test_silence_is_reported_at_its_deadline_and_not_before(
    who: Person,
    now: timedelta,
    stage: Stage,
    reported: bool,  # noqa: FBT001 - a column of the table
) -> None:
    watch, overdue = look(HEARD, DEVICE, who, heard_at=None, now=after(now))
    assert (watch.stage, overdue is not None) == (stage, reported)


def test_it_is_reported_once_until_a_risk_window_begins() -> None:
    late = person("heron", zone="UTC", risk_windows=(read_window("daily 03:00-05:00"),))
    evening = Instant.parse("2026-11-25T22:00:00Z")
    watch = Watch(stage=Stage.HEARD, due=evening)

    watch, first = look(watch, DEVICE, late, heard_at=None, now=evening)
    assert first is not None
    assert watch.due == Instant.parse("2026-11-26T03:00:00Z")
    watch, again = look(watch, DEVICE, late, heard_at=None, now=evening.plus(BEAT))
    assert again is None
    night = Instant.parse("2026-11-26T03:00:00Z")
    watch, second = look(watch, DEVICE, late, heard_at=None, now=night)
    assert second is not None
    assert second.key != first.key
    assert watch == Watch(stage=Stage.OVERDUE_AT_RISK, due=None)


@pytest.mark.parametrize("due", [None, after(timedelta(days=3))])
def test_a_window_that_is_declared_while_it_is_silent_is_reported_bug_for_ever_unheard(
    due: Instant | None,
) -> None:
    """HQ reads that it is overdue, and enters that its carrier is at risk tonight."""
    silent = Watch(stage=Stage.OVERDUE, due=due)
    watch, overdue = look(silent, DEVICE, AT_RISK, heard_at=None, now=START)
    assert overdue is not None
    assert watch == Watch(stage=Stage.OVERDUE_AT_RISK, due=None)
    tonight = replace(CALM, risk_windows=(read_window("daily 23:00-23:30"),))
    watch, overdue = look(silent, DEVICE, tonight, heard_at=None, now=START)
    assert overdue is None
    assert watch == Watch(stage=Stage.OVERDUE, due=tonight.next_risk(START))


@pytest.mark.parametrize("stage", [Stage.OVERDUE, Stage.OVERDUE_AT_RISK])
def test_a_word_begins_the_count_anew(stage: Stage) -> None:
    silent = Watch(stage=stage, due=None)
    heard_at = after(timedelta(hours=3))

    watch, overdue = look(silent, DEVICE, AT_RISK, heard_at=heard_at, now=heard_at)

    assert watch == Watch(stage=Stage.HEARD, due=heard_at.plus(BEAT))
    assert overdue is None


def test_a_device_that_was_never_heard_has_one_heartbeat_from_now() -> None:
    watch, overdue = look(None, DEVICE, AT_RISK, heard_at=None, now=START)
    assert watch == HEARD
    assert overdue is None


def test_the_time_in_which_nobody_listened_is_no_silence() -> None:
    night = timedelta(hours=8)
    moved = after_deafness(HEARD, night)
    assert moved.due == after(BEAT + night + timedelta(minutes=5))
    assert after_deafness(HEARD, timedelta(seconds=9)) == HEARD


def test_the_report_has_the_same_key_after_a_crash() -> None:
    both = [look(HEARD, DEVICE, CALM, heard_at=None, now=after(BEAT * n))[1]
            for n in (1, 2)]  # fmt: skip
    assert both[0] is not None
    assert both[0] == both[1]


def test_no_devices_number_is_in_the_name_of_its_stream() -> None:
    assert DEVICE.device not in stream_of(DEVICE.device)


@given(
    st.lists(st.integers(1, 3_600_000), min_size=1, max_size=20),
    st.sets(st.integers(0, 19)),
)
def test_whenever_it_speaks_silence_is_reported_exactly_when_it_lasts(
    gaps_ms: list[int], words: set[int]
) -> None:
    now, heard_at, watch, pending = START, START, HEARD, False
    for number, gap_ms in enumerate(gaps_ms):
        now = Instant(now.ms + gap_ms)
        if number in words:
            heard_at, pending = now, False
        watch, overdue = look(watch, DEVICE, CALM, heard_at=heard_at, now=now)
        is_silent = now >= heard_at.plus(BEAT)
        assert (overdue is not None) == (is_silent and not pending)
        pending = pending or is_silent


def test_a_row_is_written_for_a_tenth_of_the_heartbeat_and_for_every_stage() -> None:
    near, far = Watch(stage=Stage.HEARD, due=after(BEAT * 1.05)), replace(
        HEARD, due=after(BEAT * 1.1)
    )  # fmt: skip
    assert not is_worth_a_row(HEARD, near, BEAT)
    assert is_worth_a_row(HEARD, far, BEAT)
    assert is_worth_a_row(HEARD, Watch(stage=Stage.OVERDUE, due=HEARD.due), BEAT)
    assert is_worth_a_row(None, HEARD, BEAT)
