"""What alarms took up is read again and again: each row once, under one roster."""

import pytest

from engine.errors import JournalError
from engine.intake.checkins import again
from engine.intake.checkins.again import HeardByAlarms
from engine.intake.checkins.said import CheckInSaid
from engine.journal.memory import MemoryReader
from engine.ports.journal import InboundRow
from engine.roster.model import Roster
from engine.values import Instant, Keys
from tests.engine.intake.checkins.test_actor import AGREED, HOUR, Rig, sms
from tests.engine.intake.checkins.test_beside_a_time import TEXT, case
from tests.engine.intake.reports import HERON

DAY_S = 86_400.0


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    case(rig, is_open=True)
    sms(rig, TEXT)
    return rig


def heard(rig: Rig, taken: HeardByAlarms) -> list[CheckInSaid]:
    return taken.of(rig.ledger.store.reader(), {}, rig.world.now())


def test_what_was_read_before_is_told_again_and_not_read_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = HeardByAlarms(rig.judge)
    (said,) = heard(rig, taken)
    assert (said.person, said.until) == (HERON, rig.world.now().plus(HOUR))
    monkeypatch.setattr(again, "said_in", None)
    assert heard(rig, taken) == [said]


def test_under_another_roster_all_is_read_anew(rig: Rig) -> None:
    taken = HeardByAlarms(rig.judge)
    assert heard(rig, taken)
    rig.judge.board.replace(Roster())
    assert heard(rig, taken) == []
    rig.judge.board.replace(AGREED)
    assert heard(rig, taken)


def test_a_case_that_has_closed_meanwhile_hides_nothing(rig: Rig) -> None:
    taken = HeardByAlarms(rig.judge)
    assert heard(rig, taken)
    case(rig, is_open=False)
    assert heard(rig, taken)


@pytest.mark.slow
def test_what_is_older_than_a_look_is_let_go(rig: Rig) -> None:
    taken = HeardByAlarms(rig.judge)
    assert heard(rig, taken)
    rig.world.run(2 * DAY_S)
    assert heard(rig, taken) == []
    assert not taken._said


def test_a_damaged_page_of_old_signals_ends_no_timer_bug_nor_the_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever is asked for, all that was ever recorded is looked through for it."""
    rig = Rig()
    rig.say(HOUR)
    whole = MemoryReader.inbound

    def damaged(
        reader: MemoryReader,
        *,
        untaken_only: bool,
        since: Instant | None = None,
        keys: Keys = None,
    ) -> list[InboundRow]:
        if not untaken_only:
            message = "a page is damaged"
            raise JournalError(message)
        return list(whole(reader, untaken_only=True, since=since, keys=keys))

    monkeypatch.setattr(MemoryReader, "inbound", damaged)
    later = rig.again(60.0)
    later.world.run(3600 + 300)
    assert later.facts() == ["Started", "Warned", "Warned", "Missed"]
    assert len(later.missed()) == 1
