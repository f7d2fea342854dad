"""Thousands of rows that nobody has taken up, and a press that has just come."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

import pytest

from engine.alarm.messages import Distress
from engine.intake.actor import APART_MAX, LOOKS_RATIO, RESCAN
from engine.ports.journal import InboundRow, JournalReader
from engine.values import Instant, Keys
from tests.engine.dispatch.ledger import Ledger
from tests.engine.intake.reports import HERON, report
from tests.engine.intake.test_actor import Rig, number_of
from tests.simulation.runtime import World

TAKES_S = 1.0
"""What some thousands of rows take beside other threads."""


@dataclass
class Slow:
    """A reader that takes its time over all that waits."""

    inner: JournalReader
    world: World
    looked_at: list[Instant]

    def inbound(
        self, *, untaken_only: bool, since: Instant | None = None, keys: Keys = None
    ) -> Sequence[InboundRow]:
        if keys is None:
            self.looked_at.append(self.world.now())
            self.world.sleep(TAKES_S)
        return self.inner.inbound(untaken_only=untaken_only, since=since, keys=keys)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


@dataclass
class Full(Ledger):
    """A journal full of what nobody has taken up."""

    clock: World
    looked_at: list[Instant] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.clock)

    @contextmanager
    def reader(self) -> Iterator[JournalReader]:
        with super().reader() as inner:
            yield cast("JournalReader", Slow(inner, self.clock, self.looked_at))


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.ledger = Full(rig.world)
    rig.start()
    rig.world.run(TAKES_S + 1)
    return rig


def looks(rig: Rig) -> list[Instant]:
    assert isinstance(rig.ledger, Full)
    return rig.ledger.looked_at


def test_a_press_that_is_said_twice_waits_for_no_look_at_all_that_waits(
    rig: Rig,
) -> None:
    """Whoever repeated one all the time had thousands of rows read before any other."""
    before = len(looks(rig))
    said = report()
    rig.hear(said, repeated=(rig.record(said),))
    assert any(isinstance(one, Distress) for one in rig.told)
    assert len(looks(rig)) == before


def test_nor_does_a_short_message(rig: Rig) -> None:
    before = len(looks(rig))
    assert rig.sms("SOS", number_of(HERON))
    assert len(looks(rig)) == before


def test_a_look_that_takes_long_leaves_ten_times_as_long_for_what_comes(
    rig: Rig,
) -> None:
    rig.world.run(100)
    began = looks(rig)
    apart_s = [later.since(sooner).total_seconds() for sooner, later in pairwise(began)]
    assert len(apart_s) > 3
    assert min(apart_s) >= TAKES_S * LOOKS_RATIO
    assert max(apart_s) <= TAKES_S * (LOOKS_RATIO + 2)


def test_a_machine_that_sleeps_amid_a_look_does_not_put_the_next_off_for_days(
    rig: Rig,
) -> None:
    """After eight hours' sleep what had been missed was to be found 80 hours later."""
    began = len(looks(rig))
    while len(looks(rig)) == began:
        rig.world.run(0.5)
    rig.world.suspend(8 * 3600.0)
    rig.world.run(TAKES_S)
    rig.record(report())
    rig.world.run(APART_MAX.total_seconds() + TAKES_S + 1)
    assert any(isinstance(one, Distress) for one in rig.told)


def test_one_that_takes_no_time_is_made_as_often_as_ever() -> None:
    rig = Rig().start()
    rig.raw("bad", "sms", b"{}")
    rig.world.run(3 + 2 * RESCAN.total_seconds())
    assert rig.told
