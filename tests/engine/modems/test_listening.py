"""A modem that owes an answer: another one sends, it is listened to, and used again."""

import pytest

from engine.ports.journal import EffectState
from engine.ports.modem import LateAnswer, SendResult, SubmitOutcome
from tests.engine.modems.rig import SENT, Rig

SILENT = SubmitOutcome(result=SendResult.UNKNOWN, retry=True, may_follow=True)
DOUBT = SubmitOutcome(
    result=SendResult.UNKNOWN, retry=True, may_follow=True, in_doubt=True, number=3
)
REFUSED = SubmitOutcome(result=SendResult.REJECTED, code="38")


@pytest.fixture
def rig() -> Rig:
    """Two modems, the first of which takes a message and then no command."""
    made = Rig(modems=2)
    made.driver.outcomes = [SILENT]
    made.driver.takes_commands = False
    return made


def _fall_silent(rig: Rig) -> None:
    rig.plan("first")
    rig.plan("second")
    rig.world.run(2)
    assert rig.ledger.state("first") is EffectState.UNKNOWN


def test_what_comes_next_is_sent_by_the_other(rig: Rig) -> None:
    _fall_silent(rig)
    rig.plan("repeat", avoid_route="modem-1")
    rig.plan("third")
    rig.world.run(2)
    assert len(rig.driver.submitted) == 1
    assert len(rig.drivers[1].submitted) == 3
    assert rig.driver.climbed == [], "it may be sending still"


def test_a_late_answer_is_recorded_and_the_modem_used_again(rig: Rig) -> None:
    _fall_silent(rig)
    rig.world.run(40)
    rig.driver.arrived = [LateAnswer(outcome=SENT)]
    rig.driver.takes_commands = True
    rig.world.run(1.5)
    assert rig.ledger.state("first") is EffectState.ACCEPTED
    rig.driver.arrived = []
    rig.drivers[1].is_gone = True
    rig.world.run(2)
    rig.plan("next")
    rig.world.run(1)
    assert len(rig.driver.submitted) == 2
    assert rig.driver.opened == 1, "the port was never closed"


def test_one_that_takes_commands_only_lost_its_answer_and_goes_on() -> None:
    rig = Rig()
    rig.driver.outcomes = [SILENT]
    rig.plan("first")
    rig.plan("second")
    rig.world.run(2)
    assert rig.ledger.state("first") is EffectState.UNKNOWN
    assert rig.ledger.state("second") is EffectState.ACCEPTED


def test_one_that_says_nothing_for_two_minutes_is_recovered(rig: Rig) -> None:
    _fall_silent(rig)
    rig.world.run(90)
    assert rig.driver.climbed == []
    rig.world.run(20)
    assert rig.driver.climbed[:1] == [0]
    assert rig.driver.opened >= 2


def test_one_that_takes_no_command_is_shown_as_down_while_it_is_listened_to(
    rig: Rig,
) -> None:
    _fall_silent(rig)
    rig.world.run(2)
    assert rig.health.reasons()["modem_down"] == ("modem-1",)
    rig.driver.takes_commands = True
    rig.world.run(15)
    assert "modem_down" not in rig.health.reasons()
    assert rig.driver.climbed == []


def test_an_idle_modem_that_takes_no_command_shows_within_ten_seconds(
    rig: Rig,
) -> None:
    rig.world.run(5)
    rig.driver.takes_commands = False
    shown: list[object] = []
    for _ in range(10):
        rig.world.run(1)
        shown.append(rig.health.reasons().get("modem_down"))
    assert ("modem-1",) in shown


def test_patience_ends_at_once_where_no_other_route_is_up(rig: Rig) -> None:
    _fall_silent(rig)
    rig.drivers[1].is_gone = True
    rig.world.run(2)
    assert rig.driver.climbed == [], "nothing waits"
    rig.plan("repeat", avoid_route="modem-1")
    rig.world.run(2)
    assert rig.driver.climbed == [0]
    assert rig.ledger.state("repeat") is EffectState.ACCEPTED


def test_one_that_is_pulled_out_while_it_is_listened_to_comes_back(rig: Rig) -> None:
    _fall_silent(rig)
    rig.driver.is_gone = True
    rig.world.run(12)
    rig.driver.is_gone, rig.driver.takes_commands = False, True
    rig.world.run(35)
    rig.drivers[1].is_gone = True
    rig.world.run(1)
    rig.plan("next")
    rig.world.run(1)
    assert rig.ledger.state("next") is EffectState.ACCEPTED


@pytest.fixture
def doubtful() -> Rig:
    """Two modems, the first of which gave an answer that may be another message's."""
    made = Rig(modems=2)
    made.driver.outcomes = [DOUBT]
    _fall_silent(made)
    return made


def test_one_whose_answers_are_in_doubt_is_left_alone_until_they_are_not(
    doubtful: Rig,
) -> None:
    doubtful.world.run(110)
    doubtful.plan("third")
    doubtful.plan("fourth")
    doubtful.world.run(2)
    assert len(doubtful.driver.submitted) == 1
    doubtful.world.run(30)
    doubtful.plan("fifth")
    doubtful.plan("sixth")
    doubtful.world.run(2)
    assert len(doubtful.driver.submitted) == 2
    assert (doubtful.driver.opened, doubtful.driver.climbed) == (1, [])


def test_it_is_used_again_as_soon_as_it_is_known_whose_answer_it_was(
    doubtful: Rig,
) -> None:
    doubtful.driver.arrived = [LateAnswer(outcome=REFUSED, number=3)]
    doubtful.world.run(12)
    assert doubtful.ledger.state("first") is EffectState.REJECTED
    doubtful.plan("third")
    doubtful.plan("fourth")
    doubtful.world.run(2)
    assert len(doubtful.driver.submitted) == 2


def test_one_in_doubt_sends_at_once_where_no_other_is_up(doubtful: Rig) -> None:
    doubtful.drivers[1].is_gone = True
    doubtful.world.run(2)
    doubtful.plan("repeat", avoid_route="modem-1")
    doubtful.world.run(2)
    assert doubtful.ledger.state("repeat") is EffectState.ACCEPTED
    assert (doubtful.driver.opened, doubtful.driver.climbed) == (1, [])
