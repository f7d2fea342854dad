"""The answer to a message that was handed over: its own, and no other message's.

A modem may take the next message while it owes the answer to an earlier one, which
comes late or never. Answers come in the order of the messages. One alone is the last
message's where its reference says so: a modem counts what it hands over (TP-MR,
TS 23.040, 9.2.3.6).
"""

from collections.abc import Callable
from typing import Final

from adapters.modem.arrivals import Arrivals
from adapters.modem.at_replies import submit_reference
from adapters.modem.dialogue import Dialogue, ModemInterruptedError, Reply
from adapters.modem.outcomes import refusal, unknown
from engine.errors import ModemError
from engine.ports.modem import LateAnswer, SendResult, SubmitOutcome

LISTEN_S: Final = 120.0
NEXT_S: Final = 5.0
"""How long the next answer is waited for, where one may be an earlier one's."""

_PREFIX: Final = "+CMGS"
_ROUND: Final = 256
_NOBODYS: Final = unknown("an answer came that may be another message's")


class Submissions:
    """Waits for answers; remembers the last reference, and how many came behind it."""

    def __init__(self, dialogue: Dialogue, arrivals: Arrivals) -> None:
        """Take what belongs to the port; no reference is known yet."""
        self._dialogue, self._arrivals = dialogue, arrivals
        self.forget()

    def forget(self) -> None:
        """Forget the reference: the SIM may be another."""
        self._last: int | None = None
        self._handed = 0

    def answer(self, beat: Callable[[], None], late_s: float) -> SubmitOutcome:
        """Wait for what becomes of a message; nothing raises, silence is an outcome.

        Answers to earlier messages that come meanwhile are told by the arrivals. Where
        it stays open whose an answer is, it is nobody's, and all stay unknown.

        Args:
            beat: called at least once a second.
            late_s: how long to wait, from its Ctrl-Z, which has just been written.

        """
        owed = self._arrivals.owed()
        self._handed += 1
        replies: list[Reply] = []
        try:
            while self._wait(replies, beat, late_s):
                if len(replies) > owed or self._is_the_last_ones(replies[-1]):
                    return self._claim(replies, owed)
        except ModemInterruptedError as error:
            silence = self._unanswered(str(error), late_s)
        except ModemError as error:
            silence = unknown(str(error))
        else:
            silence = self._unanswered("no answer to the message", late_s)
        if not replies:
            return silence
        self._tell([_NOBODYS] * owed)
        self._dialogue.unanswered.clear()
        return _NOBODYS

    def _wait(
        self, replies: list[Reply], beat: Callable[[], None], late_s: float
    ) -> bool:
        """Wait for one more answer; False where none comes."""
        deadline_s = min(NEXT_S, late_s) if replies else late_s
        reply = self._dialogue.result(deadline_s=deadline_s, prefix=_PREFIX, beat=beat)
        if reply.final is None and not reply.lines:
            return False
        replies.append(reply)
        return True

    def _is_the_last_ones(self, reply: Reply) -> bool:
        """Say whether every earlier message must have had a smaller reference."""
        reference = outcome_of(reply).reference
        if self._last is None or reference is None or self._handed >= _ROUND // 2:
            return False
        return self._handed <= (reference - self._last) % _ROUND < _ROUND // 2

    def _claim(self, replies: list[Reply], owed: int) -> SubmitOutcome:
        """Take the last answer for the last message's, others for earlier ones'."""
        *earlier, own = map(outcome_of, replies)
        if earlier:
            are_whole = len(earlier) == owed
            self._tell(earlier if are_whole else [_NOBODYS] * owed)
        if own.reference is not None:
            self._last, self._handed = own.reference, 0
        return own

    def _tell(self, outcomes: list[SubmitOutcome]) -> None:
        self._arrivals.tell_late([LateAnswer(outcome=outcome) for outcome in outcomes])

    def _unanswered(self, reason: str, waited_s: float) -> SubmitOutcome:
        """Say that nobody knows; keep an ear open for what comes of it."""
        left_s = max(0.0, LISTEN_S - waited_s)
        if left_s:
            until_s = self._dialogue.clock.boottime_s() + left_s
            self._dialogue.unanswered.append(until_s)
        return unknown(reason, may_follow=left_s > 0)


def outcome_of(reply: Reply) -> SubmitOutcome:
    """Return what one answer says of its message."""
    for line in reply.lines:
        reference = submit_reference(line)
        if reference is not None:
            return SubmitOutcome(result=SendResult.SENT, reference=reference)
    if reply.final is None or reply.final.ok:
        return unknown("OK without a reference")
    return refusal(reply.final)
