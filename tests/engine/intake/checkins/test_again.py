"""What alarms took up is read again and again: each row once, under one roster."""

import pytest

from engine.intake.checkins import again
from engine.intake.checkins.again import HeardByAlarms
from engine.intake.checkins.said import CheckInSaid
from engine.roster.model import Roster
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


def test_what_is_older_than_a_look_is_let_go(rig: Rig) -> None:
    taken = HeardByAlarms(rig.judge)
    assert heard(rig, taken)
    rig.world.run(2 * DAY_S)
    assert heard(rig, taken) == []
    assert not taken._said
