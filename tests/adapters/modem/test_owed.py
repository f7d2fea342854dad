"""Whose an answer is: its own message's, or nobody's, and never another one's."""

from collections import deque
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.modem.owed import LISTEN_S, Owed
from engine.modems.unanswered import Unanswered
from engine.ports.journal import EffectClass, EffectRow
from engine.ports.modem import SendResult, SubmitOutcome
from engine.values import EffectId
from tests.fakes import START

REFUSED = SubmitOutcome(result=SendResult.REJECTED, code="38")


def sent(reference: int) -> SubmitOutcome:
    return SubmitOutcome(result=SendResult.SENT, reference=reference)


def _told(owed: Owed) -> list[SubmitOutcome]:
    return [late.outcome for late in owed.tell()]


def _waits_in_vain(owed: Owed, now_s: float) -> None:
    owed.hand_over(now_s)
    assert owed.wait_no_more()


def test_where_all_have_come_each_has_its_own() -> None:
    owed = Owed()
    _waits_in_vain(owed, 0)
    owed.hand_over(30)
    assert owed.answered(REFUSED, 31) is None
    assert owed.answered(sent(5), 32) == sent(5)
    assert _told(owed) == [REFUSED]


def test_a_reference_that_no_earlier_one_can_have_is_the_last_ones() -> None:
    owed = Owed()
    owed.hand_over(0)
    assert owed.answered(sent(255), 1) == sent(255)
    _waits_in_vain(owed, 2)
    owed.hand_over(30)
    assert owed.answered(sent(1), 31) == sent(1)
    assert owed.answered(sent(0), 32) is None
    assert _told(owed) == [sent(0)]


@pytest.mark.parametrize("reference", [5, 6])
def test_a_number_that_is_passed_over_moves_no_count(reference: int) -> None:
    owed = Owed()
    owed.hand_over(0)
    assert owed.answered(sent(4), 1) == sent(4)
    owed.pass_over(2)
    _waits_in_vain(owed, 2)
    owed.pass_over(4)
    owed.hand_over(30)
    own = sent(6) if reference == 6 else None
    assert owed.answered(sent(reference), 31) == own


@pytest.mark.parametrize("reference", [2, 3])
def test_a_refused_message_may_have_moved_the_count_or_not(reference: int) -> None:
    owed = Owed()
    for answer in (sent(1), REFUSED):
        owed.hand_over(0)
        assert owed.answered(answer, 1) == answer
    _waits_in_vain(owed, 2)
    owed.hand_over(30)
    assert owed.answered(sent(reference), 31) is None
    assert owed.is_in_doubt


def test_an_answer_in_doubt_stays_so_until_none_can_come_any_more() -> None:
    owed = Owed()
    _waits_in_vain(owed, 0)
    owed.hand_over(30)
    owed.answered(sent(7), 31)
    assert owed.wait_no_more()
    owed.expire(LISTEN_S + 1)
    assert [one.result for one in _told(owed)] == [SendResult.UNKNOWN] * 2
    assert owed.is_in_doubt, "one of the two may still be answered"
    owed.hand_over(LISTEN_S + 2)
    assert owed.answered(sent(8), LISTEN_S + 3) is None
    owed.wait_no_more()
    owed.expire(2 * LISTEN_S + 3)
    assert not owed
    owed.hand_over(3 * LISTEN_S)
    assert owed.answered(sent(9), 3 * LISTEN_S) == sent(9)


def test_a_modem_that_has_started_anew_owes_nothing() -> None:
    owed = Owed()
    _waits_in_vain(owed, 0)
    owed.give_up()
    assert [one.result for one in _told(owed)] == [SendResult.UNKNOWN]
    owed.hand_over(1)
    assert owed.answered(REFUSED, 2) == REFUSED


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a message: at the network, of its answer, and when."""

    is_sent: bool
    is_counted: bool
    is_answered: bool
    lags: int
    pause_s: int


FATES = st.lists(
    st.builds(
        Fate,
        is_sent=st.booleans(),
        is_counted=st.booleans(),
        is_answered=st.booleans(),
        lags=st.integers(0, 3),
        pause_s=st.sampled_from((0, 5, 30, 130)),
    ),
    max_size=30,
)


class Ledger:
    """A modem's answers, and what is made of them by driver and actor."""

    def __init__(self, fates: list[Fate], reference: int) -> None:
        self.owed, self._unanswered = Owed(), Unanswered()
        self._fates, self._reference = fates, reference
        self._line: deque[tuple[int, float, SubmitOutcome]] = deque()

    def submit(self, number: int, now_s: float) -> None:
        """Hand a message over, and take what answers come meanwhile."""
        fate = self._fates[number]
        is_counted = fate.is_sent or fate.is_counted
        self._reference = (self._reference + is_counted) % 256
        self.owed.hand_over(now_s)
        if fate.is_answered:
            answer = sent(self._reference) if fate.is_sent else REFUSED
            self._line.append((number + fate.lags, now_s + LISTEN_S, answer))
        own = None
        while self._line and self._line[0][0] <= number and own is None:
            _, until_s, answer = self._line.popleft()
            own = self.owed.answered(answer, now_s) if now_s <= until_s else None
        if own is not None:
            self._assert_true(number, own)
        elif name := self.owed.wait_no_more():
            self._unanswered.add([_row(number)], now_s, 0.0, name)

    def poll(self, now_s: float) -> None:
        """Record what is told late."""
        self.owed.expire(now_s)
        for late in self.owed.tell():
            for row in self._unanswered.take(now_s, late.number):
                self._assert_true(int(row.effect_id), late.outcome)

    def _assert_true(self, number: int, outcome: SubmitOutcome) -> None:
        is_sent = self._fates[number].is_sent
        wanted = SendResult.SENT if is_sent else SendResult.REJECTED
        assert outcome.result in {wanted, SendResult.UNKNOWN}


@given(fates=FATES, first=st.integers(0, 255))
def test_no_message_ever_has_the_outcome_of_another(
    fates: list[Fate], first: int
) -> None:
    ledger, now_s = Ledger(fates, first), 1000.0
    for number, fate in enumerate(fates):
        ledger.submit(number, now_s)
        ledger.poll(now_s)
        now_s += fate.pause_s
        ledger.poll(now_s)


def _row(number: int) -> EffectRow:
    return EffectRow(
        effect_id=EffectId(str(number)),
        alarm="alarm/a",
        effect_class=EffectClass.SAFETY,
        channel="sms",
        rank=10,
        planned_at=START,
        body=b"",
    )
