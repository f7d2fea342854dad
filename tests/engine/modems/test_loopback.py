"""A SIM that writes to itself: when, what counts, and what is shown."""

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.config import ModemTable
from engine.dispatch.actor import Shout
from engine.dispatch.body import decode_body
from engine.modems.loopback import (
    AGAIN_S,
    ARRIVES_WITHIN_S,
    FIRST_S,
    Loopback,
    SelfTest,
    self_tests,
)
from engine.ports.journal import EffectState
from engine.ports.modem import InboundSms, LateAnswer, SendResult, SubmitOutcome
from tests.engine.dispatch.ledger import row_of
from tests.engine.modems.rig import SENT, Rig

OWN, OTHER = "+46701740690", "+46701740605"
DAY_S = 86_400.0
UNANSWERED = SubmitOutcome(result=SendResult.UNKNOWN, retry=True, may_follow=True)


def _sms(text: str, sender: str = OWN) -> InboundSms:
    return InboundSms(slot="SM:1", sender=sender, text=text, sent_at=None, pdu="")


def _loop() -> Loopback:
    return Loopback(SelfTest(number=OWN, every_s=DAY_S), 0.0)


def test_the_first_comes_some_time_after_a_start_and_then_once_a_day() -> None:
    loop = _loop()
    assert loop.next_text(FIRST_S - 1) == ""
    text = loop.next_text(FIRST_S)
    assert text
    assert loop.next_text(FIRST_S + 1) == "", "one is on its way"
    assert loop.came_back(_sms(text), FIRST_S + 5)
    assert not loop.has_failed(FIRST_S + ARRIVES_WITHIN_S + 1)
    assert loop.next_text(DAY_S) == ""
    assert loop.next_text(DAY_S + FIRST_S + 5) not in {"", text}


def test_one_that_does_not_come_back_has_failed_once_and_is_repeated_soon() -> None:
    loop = _loop()
    text = loop.next_text(FIRST_S)
    late_s = FIRST_S + ARRIVES_WITHIN_S
    assert not loop.has_failed(late_s - 1)
    assert loop.has_failed(late_s)
    assert not loop.has_failed(late_s + 1)
    assert loop.came_back(_sms(text), late_s + 60), "late, and yet it works"
    again = _loop()
    again.next_text(FIRST_S)
    assert again.has_failed(late_s)
    assert again.next_text(late_s + AGAIN_S)


@pytest.mark.parametrize(
    ("text", "sender", "is_one"),
    [
        ("loop 0123456789ab", OWN, True),
        ("loop 0123456789ab", "0701740690", True),
        ("loop 0123456789ab", OTHER, False),
        ("loop 0123456789ab SOS", OWN, False),
        ("SOS", OWN, False),
    ],
)
def test_nobodys_words_are_taken_for_one(
    text: str, sender: str, *, is_one: bool
) -> None:
    loop = _loop()
    assert loop.is_one(_sms(text, sender)) is is_one
    assert not loop.came_back(_sms(text, sender), 1.0), "none is on its way"
    assert not Loopback(None, 0.0).is_one(_sms(text, sender))


def test_only_a_modem_whose_number_is_configured_tests_itself() -> None:
    tables = [
        ModemTable(name="modem-1", port="/dev/x", number=OWN, self_test_h=12),
        ModemTable(name="modem-2", port="/dev/y"),
    ]
    assert self_tests(tables) == {"modem-1": SelfTest(number=OWN, every_s=43_200.0)}


def test_one_that_comes_back_is_deleted_counted_and_shown_to_nobody() -> None:
    rig = Rig(self_test=SelfTest(number=OWN, every_s=DAY_S))
    rig.world.run(FIRST_S + 5)
    ((number, text),) = rig.driver.submitted
    assert number == OWN
    assert ("modem_last_sent_timestamp_seconds", "modem-1") in rig.meter.shown
    rig.driver.arrived = [_sms(text)]
    rig.world.run(1)
    assert rig.driver.deleted == ["SM:1"]
    assert rig.recorded() == []
    assert rig.heard == []
    rig.world.run(ARRIVES_WITHIN_S + 60)
    assert rig.health.reasons() == {}


def test_a_sim_that_sends_nothing_is_noticed_before_the_night_of_an_alarm() -> None:
    rig = Rig(self_test=SelfTest(number=OWN, every_s=DAY_S))
    rig.world.run(FIRST_S + ARRIVES_WITHIN_S + 5)
    assert rig.health.reasons() == {"loop_failed": ("modem-1",)}
    rig.world.run(AGAIN_S + 5)
    text = rig.driver.submitted[-1][1]
    rig.driver.arrived = [_sms(text)]
    rig.world.run(1)
    assert rig.health.reasons() == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behind", "differs"),
    [
        (timedelta(hours=2, minutes=7), True),
        (timedelta(minutes=12), True),
        (timedelta(minutes=5), False),
        (timedelta(hours=2), False),
        (timedelta(hours=-3, minutes=-7), False),
    ],
)
def test_a_clock_by_which_every_sms_is_late_is_noticed(
    behind: timedelta, *, differs: bool
) -> None:
    """No word of safety would have counted, and nothing said why."""
    rig = Rig(self_test=SelfTest(number=OWN, every_s=AGAIN_S))
    rig.world.run(FIRST_S + 5)
    for off, reasons in ((behind, {"clock_differs"}), (timedelta(0), set())):
        text = rig.driver.submitted[-1][1]
        sent_at = rig.world.now().plus(-off)
        rig.driver.arrived = [replace(_sms(text), sent_at=sent_at)]
        rig.world.run(1)
        assert set(rig.health.reasons()) == (reasons if differs else set())
        rig.world.run(AGAIN_S + 5)


def test_one_that_lay_for_twenty_minutes_is_no_wrong_clock() -> None:
    rig = Rig(self_test=SelfTest(number=OWN, every_s=DAY_S))
    rig.world.run(FIRST_S + 5)
    text, sent_at = rig.driver.submitted[-1][1], rig.world.now()
    rig.world.run(1_200)
    rig.driver.arrived = [replace(_sms(text), sent_at=sent_at)]
    rig.world.run(1)
    assert rig.health.reasons() == {}


def test_one_that_is_refused_is_noticed_at_once() -> None:
    rig = Rig(self_test=SelfTest(number=OWN, every_s=DAY_S))
    rig.driver.outcomes = [SubmitOutcome(result=SendResult.REJECTED, code="38")]
    rig.world.run(FIRST_S + 5)
    assert rig.health.reasons() == {"loop_failed": ("modem-1",)}


def test_a_late_answer_to_what_no_row_tells_of_is_nobodys_bug_the_next_ones() -> None:
    rig = Rig()
    body = decode_body(row_of().body)
    rig.driver.outcomes = [UNANSWERED, UNANSWERED]
    rig.tree.names.tell("modem-1", Shout(channel="sms", body=body))
    rig.world.run(1)
    rig.plan("e1")
    rig.world.run(1)
    rig.driver.arrived = [LateAnswer(outcome=SENT)]
    rig.world.run(0.5)
    assert rig.ledger.state("e1") is EffectState.UNKNOWN


def test_none_goes_out_between_two_messages_of_an_alarm() -> None:
    """An SOS waited for it, and where the SIM is barred for its time-out too."""
    rig = Rig(self_test=SelfTest(number=OWN, every_s=DAY_S))
    rig.world.run(FIRST_S - 5)
    rig.driver.takes_s = 4.0
    for nth in range(6):
        rig.plan(f"e{nth}", address=OTHER)
    rig.world.run(60)
    assert [number for number, _ in rig.driver.submitted] == [OTHER] * 6 + [OWN]
