"""What a modem says after its actor gave up is recorded on the right effect."""

import pytest

from engine.dispatch.actor import Shout
from engine.dispatch.body import EffectBody
from engine.errors import ModemSilentError
from engine.ports.journal import EffectState
from engine.ports.modem import LateAnswer, SendResult, StatusReport, SubmitOutcome
from engine.values import EffectId
from tests.engine.dispatch.ledger import LATE, SILENT
from tests.engine.modems.rig import Rig, message

UNKNOWN = SubmitOutcome(
    result=SendResult.UNKNOWN, retry=True, reason="no answer", may_follow=True
)


def _ends(rig: Rig, effect: str) -> tuple[EffectState, str]:
    row = rig.ledger.store.reader().effect(EffectId(effect))
    assert row is not None
    return row.state, row.reference


@pytest.mark.parametrize(
    ("late", "ends"),
    [
        (
            SubmitOutcome(result=SendResult.SENT, reference=99),
            (EffectState.ACCEPTED, "99"),
        ),
        (
            SubmitOutcome(result=SendResult.REJECTED, code="38"),
            (EffectState.REJECTED, ""),
        ),
    ],
)
def test_a_late_answer_is_recorded_on_the_oldest_unanswered_effect(
    late: SubmitOutcome, ends: tuple[EffectState, str]
) -> None:
    rig = Rig()
    rig.driver.outcomes += [UNKNOWN, UNKNOWN]
    for effect in ("e1", "e2"):
        rig.plan(effect)
        rig.world.run(1)
    assert _ends(rig, "e1") == _ends(rig, "e2") == (EffectState.UNKNOWN, "")
    rig.driver.arrived.append(LateAnswer(outcome=late))
    rig.world.run(1)
    assert _ends(rig, "e1") == ends
    last = ("modem_last_sent_timestamp_seconds", "modem-1")
    assert (last in rig.meter.shown) is (late.result is SendResult.SENT)
    assert _ends(rig, "e2") == (EffectState.UNKNOWN, "")


@pytest.mark.parametrize(("takes_s", "run_s"), [(3600.0, 4.0), (0.0, 90.0)])
def test_the_late_answer_to_what_a_killed_process_sent_is_recorded_on_its_own_effect(
    takes_s: float, run_s: float
) -> None:
    before = Rig()
    before.driver.number = 7
    before.driver.takes_s = takes_s
    before.driver.outcomes += [UNKNOWN]
    before.plan("e1")
    before.world.run(run_s)

    after = Rig(before=before, owes=[6, 7])

    assert _ends(after, "e1") == (EffectState.UNKNOWN, "")
    sent = SubmitOutcome(result=SendResult.SENT, reference=100)
    after.driver.arrived.append(LateAnswer(outcome=sent, number=6))
    after.world.run(1)
    assert _ends(after, "e1") == (EffectState.UNKNOWN, ""), "nobody knows of a 6"
    after.driver.arrived.append(LateAnswer(outcome=sent, number=7))
    after.world.run(1)
    assert _ends(after, "e1") == (EffectState.ACCEPTED, "100")


def test_a_number_of_two_minutes_ago_or_of_a_call_is_another_message() -> None:
    before = Rig()
    for effect, channel, wait_s in (
        ("long ago", "sms", 121),
        ("just now", "sms", 1),
        ("rung", "call", 1),
    ):
        before.driver.number = 1
        before.driver.outcomes = [UNKNOWN]
        before.plan(effect, channel=channel)
        before.world.run(wait_s)
        assert before.begun(effect)["number"] == 1

    after = Rig(before=before, owes=[1])

    sent = SubmitOutcome(result=SendResult.SENT, reference=100)
    after.driver.arrived.append(LateAnswer(outcome=sent, number=1))
    after.world.run(1)
    assert _ends(after, "just now") == (EffectState.ACCEPTED, "100")
    assert _ends(after, "long ago") == (EffectState.UNKNOWN, "")


def begun_late(rig: Rig, effect: str) -> None:
    """Have the journal begin an effect after whoever asked for it had given it up."""
    rig.ledger.fault = lambda one: LATE if f"effect/{effect}" in repr(one) else ""
    rig.plan(effect)
    rig.world.run(1)
    rig.ledger.fault = lambda _: ""
    rig.ledger.land()


def test_what_was_begun_and_never_sent_takes_no_answer_bug_it_was_shown_as_sent() -> (
    None
):
    """Its number became that of a message from memory, which no row tells of."""
    before = Rig()
    before.driver.number = 7
    begun_late(before, "e1")
    before.world.run(1)
    assert before.driver.submitted == []
    assert before.begun("e1")["number"] == 7
    assert _ends(before, "e1") == (EffectState.UNKNOWN, "")
    before.driver.outcomes += [UNKNOWN]
    body = EffectBody(address="+46701740606", language="en", segments=())
    before.tree.names.tell("modem-1", Shout(channel="sms", body=body))
    before.world.run(1)
    assert len(before.driver.submitted) == 1

    after = Rig(before=before, owes=[7])
    sent = SubmitOutcome(result=SendResult.SENT, reference=100)
    after.driver.arrived.append(LateAnswer(outcome=sent, number=7))
    after.world.run(1)

    assert _ends(after, "e1") == (EffectState.UNKNOWN, "")


def test_a_number_that_was_noted_is_no_other_messages_bug_it_was_shown_as_sent() -> (
    None
):
    """Killed before it was settled, nothing said that it had never been sent."""
    before = Rig()
    before.driver.number = 7
    before.ledger.fault = lambda one: LATE if "effect/e1" in repr(one) else ""
    before.plan("e1")
    before.world.run(90)
    before.driver.outcomes += [UNKNOWN]
    body = EffectBody(address="+46701740606", language="en", segments=())
    before.tree.names.tell("modem-1", Shout(channel="sms", body=body))
    number = before.driver.next_number()
    assert number > 7
    before.ledger.fault = lambda _: ""
    before.ledger.land()
    assert before.begun("e1")["number"] == 7

    after = Rig(before=before, owes=[number], number=number + 1)
    sent = SubmitOutcome(result=SendResult.SENT, reference=100)
    after.driver.arrived.append(LateAnswer(outcome=sent, number=number))
    after.world.run(1)

    assert _ends(after, "e1") == (EffectState.UNKNOWN, "")


def shouted(rig: Rig) -> int:
    """Send a message that no row tells of, and return its number."""
    rig.driver.outcomes += [UNKNOWN]
    body = EffectBody(address="+46701740606", language="en", segments=())
    rig.tree.names.tell("modem-1", Shout(channel="sms", body=body))
    return rig.driver.next_number()


def takes_nothing(before: Rig, number: int, effect: str) -> None:
    """Have the answer to that message be read after a `kill -9`."""
    after = Rig(before=before, owes=[number], number=number + 1)
    sent = SubmitOutcome(result=SendResult.SENT, reference=100)
    after.driver.arrived.append(LateAnswer(outcome=sent, number=number))
    after.world.run(1)
    assert _ends(after, effect) == (EffectState.UNKNOWN, "")


@pytest.mark.parametrize(
    "ends",
    [ModemSilentError(), SubmitOutcome(result=SendResult.REJECTED, code="38")],
)
def test_a_number_of_one_that_was_refused_is_no_other_messages(
    ends: SubmitOutcome | Exception,
) -> None:
    """That it was refused was still to be written as the process was killed."""
    before = Rig()
    before.driver.number = 7
    before.driver.outcomes += [ends]
    before.ledger.fault = lambda one: SILENT if "rejected" in repr(one) else ""
    before.plan("e1")
    before.world.run(5)
    assert before.begun("e1")["number"] == 7
    takes_nothing(before, shouted(before), "e1")


def test_a_number_that_a_killed_process_noted_is_no_message_of_the_next_one() -> None:
    """The next one was killed as well, and only that one knew that it was unsent."""
    first = Rig()
    first.driver.number = 7
    first.ledger.fault = lambda one: LATE if "effect/e1" in repr(one) else ""
    first.plan("e1")
    first.world.run(0.1)
    first.ledger.land()
    second = Rig(before=first, number=7)
    takes_nothing(second, shouted(second), "e1")


def test_a_number_that_a_replaced_instance_noted_is_no_message_of_its_successor() -> (
    None
):
    """It waited for the journal, which took what it had asked for after that."""
    before = Rig()
    before.driver.number = 7
    before.ledger.takes_s = 100.0
    before.ledger.fault = lambda one: LATE if "effect/e1" in repr(one) else ""
    before.plan("e1")
    before.world.run(90)
    assert before.driver.opened == 2
    number = shouted(before)
    before.world.run(60)
    before.ledger.land()
    assert before.begun("e1")["number"] == 7
    takes_nothing(before, number, "e1")


def test_what_was_begun_long_before_a_start_takes_no_answer_since() -> None:
    """Settled by that start it seemed new, and its number was another one's by then."""
    long_ago = Rig()
    long_ago.driver.number = 7
    long_ago.driver.takes_s = 3600.0
    long_ago.plan("e1")
    long_ago.world.run(4)
    assert long_ago.begun("e1")["number"] == 7
    before = Rig(before=long_ago, later_s=600.0, number=7)
    assert _ends(before, "e1") == (EffectState.UNKNOWN, "")
    takes_nothing(before, 7, "e1")


def test_so_it_is_beside_the_one_that_is_sent_next() -> None:
    before = Rig()
    before.driver.number = 7
    begun_late(before, "e1")
    before.driver.outcomes += [UNKNOWN]
    before.plan("e2")
    before.world.run(5)
    number = before.begun("e2")["number"]
    assert number == 8

    after = Rig(before=before, owes=[number], number=number + 1)
    sent = SubmitOutcome(result=SendResult.SENT, reference=100)
    after.driver.arrived.append(LateAnswer(outcome=sent, number=number))
    after.world.run(1)

    assert _ends(after, "e1") == (EffectState.UNKNOWN, "")
    assert _ends(after, "e2") == (EffectState.ACCEPTED, "100")


def test_a_successor_in_the_same_process_knows_what_was_never_sent() -> None:
    """The dispatcher may have settled it first, as any that was under way."""
    rig = Rig()
    rig.driver.number = 7
    rig.ledger.fault = lambda one: LATE if "effect/e1" in repr(one) else ""
    rig.plan("e1")
    rig.world.run(0.1)
    ref = rig.tree.names.lookup("dispatcher")
    assert ref is not None
    rig.driver.number, rig.driver.owes = 8, [7]
    rig.ledger.fault = lambda _: ""
    rig.ledger.land()
    ref.tell("what nobody understands")
    rig.world.run(5)
    assert rig.driver.submitted == []
    assert "restart" in {settled.outcome.reason for settled in rig.told}
    sent = SubmitOutcome(result=SendResult.SENT, reference=100)
    rig.driver.arrived.append(LateAnswer(outcome=sent, number=7))
    rig.world.run(1)
    assert _ends(rig, "e1") == (EffectState.UNKNOWN, "")


def test_a_message_that_lies_nowhere_else_outlives_an_answer_that_finds_no_row() -> (
    None
):
    """Both were heard at once, and the row that the answer was for was not read."""
    rig = Rig()
    rig.driver.outcomes += [UNKNOWN]
    rig.plan("e1")
    rig.world.run(1)
    sent = SubmitOutcome(result=SendResult.SENT, reference=100)
    rig.driver.arrived += [LateAnswer(outcome=sent), message(slot="")]
    rig.ledger.read_errors = 1
    rig.world.run(5)
    assert rig.ledger.read_errors == 0
    assert [one["text"] for one in rig.recorded()] == ["K7F2 1"]


def test_a_report_whose_row_cannot_be_read_is_read_again_bug_nobody_was_told_anew() -> (
    None
):
    """It said that a message had not been delivered, and was deleted before that."""
    rig = Rig()
    rig.plan("e1", address="+46701740605")
    rig.world.run(1)
    assert _ends(rig, "e1") == (EffectState.ACCEPTED, "7")
    report = StatusReport(
        reference=7, recipient="+46701740605", outcome="failed", status=64, slot="SR:1"
    )
    rig.driver.arrived.append(report)
    rig.ledger.read_errors = 1
    rig.world.run(5)
    assert rig.ledger.read_errors == 0
    assert _ends(rig, "e1") == (EffectState.UNDELIVERED, "7")
    assert rig.driver.deleted == ["SR:1"]


def test_what_a_killed_process_began_and_had_not_sent_takes_no_answer_either() -> None:
    """Nobody had its number yet: the next process gave it to another message."""
    before = Rig()
    before.driver.number = 7
    before.ledger.fault = lambda one: LATE if "effect/e1" in repr(one) else ""
    before.plan("e1")
    before.world.run(0.1)
    before.ledger.land()

    after = Rig(before=before, number=7)
    assert _ends(after, "e1") == (EffectState.UNKNOWN, "")
    after.driver.number, after.driver.owes = 8, [7]
    ref = after.tree.names.lookup("modem-1")
    assert ref is not None
    ref.tell("what nobody understands")
    after.world.run(2)
    sent = SubmitOutcome(result=SendResult.SENT, reference=100)
    after.driver.arrived.append(LateAnswer(outcome=sent, number=7))
    after.world.run(1)
    assert _ends(after, "e1") == (EffectState.UNKNOWN, "")


def test_one_that_comes_with_a_message_whose_place_cannot_be_freed_is_recorded() -> (
    None
):
    """It comes no second time, and the message does."""
    rig = Rig()
    rig.driver.outcomes += [UNKNOWN]
    rig.plan("e1")
    rig.world.run(1)
    rig.driver.delete_raises = [ModemSilentError()]
    sent = SubmitOutcome(result=SendResult.SENT, reference=99)
    rig.driver.arrived += [message(), LateAnswer(outcome=sent)]
    rig.world.run(1)
    assert _ends(rig, "e1") == (EffectState.ACCEPTED, "99")
    rig.world.run(60)
    assert rig.driver.deleted == ["SM:1"]
