"""A timer whose rows cannot be read: HQ sees it, and no other ends by it."""

import pytest

from engine.errors import JournalError
from engine.intake.checkins.kept import kept_of
from engine.intake.checkins.legible import LegibleTimers
from engine.intake.checkins.said import CheckInSaid
from engine.journal.memory import MemoryReader
from engine.ports.journal import StoredEvent
from engine.ports.measures import DegradedReason
from engine.roster.model import Word
from engine.values import PersonId, ReportKey
from tests.engine.intake.checkins.test_actor import HOUR, Rig

LAPWING = PersonId("lapwing")
STILL = {DegradedReason.ALARM_STANDING_STILL.value: ("check-in with its rows",)}


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    """Return a start at which one of two timers lies on a damaged page."""
    before = Rig()
    before.say(HOUR)
    until = before.world.now().plus(HOUR)
    before.tell(CheckInSaid(key=ReportKey("l"), person=LAPWING, until=until))
    whole = MemoryReader.stream

    def damaged(
        reader: MemoryReader, stream: str, after_seq: int = 0
    ) -> list[StoredEvent]:
        if stream == "check-in/lapwing":
            message = "a page is damaged"
            raise JournalError(message)
        return list(whole(reader, stream, after_seq))

    monkeypatch.setattr(MemoryReader, "stream", damaged)
    return before.again(60.0)


def test_whoever_else_does_not_come_back_is_missed_bug_the_engine_ended(
    rig: Rig,
) -> None:
    rig.world.run(3600 + 300)
    assert len(rig.missed()) == 1
    assert rig.facts()[-1] == "Missed"
    assert rig.health.reasons() == STILL, "and nobody is named"


@pytest.mark.parametrize("is_shared", [True, False])
def test_what_is_said_of_it_ends_no_other(rig: Rig, *, is_shared: bool) -> None:
    said = CheckInSaid(
        key=ReportKey("back"), person=LAPWING, word=Word.SAFE, is_shared=is_shared
    )
    for _ in range(7):
        rig.tell(said)
    rig.world.run(3600 + 300)
    assert len(rig.missed()) == 1


def test_it_is_said_no_more_once_it_can_be_read(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.world.run(1)
    assert rig.health.reasons() == STILL
    monkeypatch.undo()
    rig.world.run(40)
    assert not rig.health.reasons()


@pytest.mark.parametrize("is_shared", [True, False])
def test_hq_sees_who_sets_one_in_vain_bug_ended_ones_were_not_looked_at(
    monkeypatch: pytest.MonkeyPatch, *, is_shared: bool
) -> None:
    """Nobody was missed, and nothing said so: a row of years ago may be damaged."""
    before = Rig()
    before.say(HOUR)
    before.say(word=Word.SAFE)
    assert before.facts()[-1] == "Ended"
    rig = before.again(60.0)

    def damaged(*_: object) -> list[StoredEvent]:
        message = "a page is damaged"
        raise JournalError(message)

    monkeypatch.setattr(MemoryReader, "stream", damaged)
    rig.world.run(1)
    assert not rig.health.reasons(), "no timer runs, and none is missing"
    rig.say(HOUR, is_shared=is_shared)
    rig.world.run(60)
    assert rig.health.reasons() == STILL
    monkeypatch.undo()
    rig.say(HOUR)
    assert not rig.health.reasons()


def test_a_row_that_makes_no_sense_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig()

    def nonsense(_: object) -> None:
        key = "until_ms"
        raise KeyError(key)

    monkeypatch.setattr(f"{LegibleTimers.__module__}.{kept_of.__name__}", nonsense)
    with pytest.raises(JournalError):
        LegibleTimers(rig.ledger, rig.health).read(LAPWING)
