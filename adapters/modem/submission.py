"""A message handed over at its prompt, and the wait for its answer."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from adapters.modem.arrivals import Arrivals
from adapters.modem.at_replies import submit_reference
from adapters.modem.bring_up import hear_out
from adapters.modem.dialogue import Dialogue
from adapters.modem.heard import (
    ModemInterruptedError,
    ModemRestartedError,
    Reply,
)
from adapters.modem.outcomes import refusal, unknown
from adapters.modem.owed import LISTEN_S
from engine.errors import ModemError, ModemSilentError
from engine.ports.modem import SendResult, SubmitOutcome

NEXT_S: Final = 5.0
"""How long the next answer is waited for, where one may be an earlier one's."""

_PREFIX: Final = "+CMGS"


class Submissions:
    """Waits for answers, one message at a time; those owed are the dialogue's."""

    def __init__(self, dialogue: Dialogue, arrivals: Arrivals) -> None:
        """Take what belongs to the port."""
        self._dialogue, self._arrivals = dialogue, arrivals

    def prompt(
        self, length: int, deadline_s: float, beat: Callable[[], None]
    ) -> SubmitOutcome | None:
        """Get the prompt; an outcome where the modem refuses to give one."""
        dialogue, text = self._dialogue, f"AT+CMGS={length}"
        before_s = dialogue.announced.text_until_s
        try:
            final = dialogue.prompt(text, deadline_s=deadline_s, beat=beat)
            has_come = dialogue.announced.text_until_s > before_s
            # Of one that is empty, or begins with a `>`, no line has come by then.
            if has_come or dialogue.announced.is_of_text:
                # No start is known of: another port may have set it, and it owes yet.
                dialogue.hear_text(beat)
                hear_out(dialogue)  # whoever closes the port loses the rest
                message = "a text came: the modem takes the length for a number"
                raise ModemRestartedError(message)
        except ModemSilentError:
            with suppress(ModemError):
                dialogue.escape()
            raise
        if final is None:
            return None
        if final.ok:
            message = "the modem took the length and gave no prompt"
            raise ModemSilentError(message)
        if dialogue.owed:
            # Were it an earlier message's, the prompt may still open.
            dialogue.escape()
        return refusal(final)

    def submit(
        self, pdu: str, beat: Callable[[], None], late_s: float
    ) -> SubmitOutcome:
        """Hand a message over and wait for what becomes of it.

        Nothing raises, silence is an outcome.

        Answers to earlier messages that come meanwhile are told by the arrivals. Where
        it stays open whose an answer is, what comes later may tell.

        Args:
            pdu: what is written at the prompt.
            beat: called at least once a second.
            late_s: how long to wait from its Ctrl-Z.

        """
        self._arrivals.catch_late()
        dialogue, owed = self._dialogue, self._dialogue.owed
        # Before a byte of it: this process may be gone before the next line.
        owed.hand_over(dialogue.clock.boottime_s())
        deadline_s = late_s
        in_doubt, reason = False, "no answer to the message"
        before_s = dialogue.announced.text_until_s
        try:
            dialogue.write_pdu(pdu)
            while (reply := self._wait(beat, deadline_s)) is not None:
                if dialogue.announced.text_until_s > before_s:
                    # It is in text mode, and whoever wrote the text wrote that: two
                    # such lines would be the answers of two messages.
                    owed.know_none()
                    return unknown("a text came, of which the answer may be a line")
                now_s = dialogue.clock.boottime_s()
                own = owed.answered(outcome_of(reply), now_s)
                if own is not None:
                    return own
                deadline_s = min(NEXT_S, late_s) if not owed.was_in_doubt else 0.0
                in_doubt, reason = True, "an answer came that may be another message's"
        except ModemInterruptedError as error:
            reason = str(error)
        except ModemError as error:
            owed.give_up()
            return unknown(str(error))
        number = owed.wait_no_more()
        may_follow = number > 0 and late_s < LISTEN_S
        return unknown(reason, may_follow=may_follow, in_doubt=in_doubt, number=number)

    def _wait(self, beat: Callable[[], None], deadline_s: float) -> Reply | None:
        """Wait for one more answer; None where none comes."""
        reply = self._dialogue.result(deadline_s=deadline_s, prefix=_PREFIX, beat=beat)
        return None if reply.final is None and not reply.lines else reply


def outcome_of(reply: Reply) -> SubmitOutcome:
    """Return what one answer says of its message."""
    for line in reply.lines:
        reference = submit_reference(line)
        if reference is not None:
            return SubmitOutcome(result=SendResult.SENT, reference=reference)
    if reply.final is None or reply.final.ok:
        return unknown("OK without a reference")
    return refusal(reply.final)
