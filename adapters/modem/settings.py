"""Whether a modem still has what it was set to: it may start anew without a word.

Nothing tells of a supply that gave way behind an adapter that stays, nor of another
program that sets the modem otherwise at its second port.
"""

from collections.abc import Mapping

from adapters.modem.at import prefix_of
from adapters.modem.at_replies import text_mode
from adapters.modem.dialogue import Dialogue
from adapters.modem.heard import Reply
from adapters.modem.options import ModemOptions
from engine.errors import ModemSilentError

ASK_MODE, ASK_ROUTING = "AT+CMGF?", "AT+CNMI?"
SETTINGS = (ASK_MODE, ASK_ROUTING)
_SET_PDU_MODE = "AT+CMGF=0"
_SURE_S = 1.0
"""In less no modem starts anew, finds its network and takes a message."""
_ANEW_EVERY_S = 600.0
"""One that never keeps its routing is brought up for it so often, and sends."""
_IN_A_ROW_MAX = 3
"""On a weak supply it starts anew again and again, and is no such one yet."""


def told(text: str, reply: Reply) -> str:
    """Return the line that answers a question; "" where there is none."""
    prefix = text.removeprefix("AT").removesuffix("?")
    return next((line for line in reply.lines if prefix_of(line) == prefix), "")


class Settings:
    """Compares what a modem says of its settings with what it said once they were set.

    By that nobody is brought up on and on who says something else than was set.
    """

    def __init__(self, dialogue: Dialogue, options: ModemOptions) -> None:
        """Take the dialogue of the port."""
        self._dialogue = dialogue
        self._options = options
        self._sure_until_s = 0.0
        self._not_before_s = 0.0
        self._in_a_row = 0

    def are_forgotten(
        self, before: Mapping[str, str], replies: Mapping[str, Reply]
    ) -> bool:
        """Say whether the answers of a look at its health are others than `before`."""
        now = {text: told(text, reply) for text, reply in replies.items()}
        if text_mode(now.get(ASK_MODE, "")) and not text_mode(before[ASK_MODE]):
            return True
        if now.get(ASK_ROUTING, "") in {"", before.get(ASK_ROUTING)}:
            self._not_before_s, self._in_a_row = 0.0, 0
            return False
        now_s = self._dialogue.clock.boottime_s()
        is_due = now_s >= self._not_before_s
        if is_due:
            self._not_before_s = now_s + _ANEW_EVERY_S
            self._in_a_row += 1
        return is_due

    def was_brought_up(self, now: Mapping[str, str]) -> None:
        """Ask whether it keeps what it was set to: it is brought up again soon then."""
        text, deadline_s = ASK_ROUTING, self._options.command_s
        said = told(text, self._dialogue.command(text, deadline_s=deadline_s))
        if said == now.get(text) and self._in_a_row < _IN_A_ROW_MAX:
            self._not_before_s = 0.0

    def has_sent(self) -> None:
        """Note that a message was taken just now, in PDU mode."""
        self._sure_until_s = self._dialogue.clock.boottime_s() + _SURE_S

    def is_pdu_mode(self, before: Mapping[str, str]) -> bool:
        """Say whether it takes a PDU; false where it has forgotten that it shall.

        In text mode `AT+CMGS=17` would send the octets as a text to the number 17, and
        count as sent. It is asked rather than set, since one that is set tells nobody
        what else it has forgotten. Not between messages that follow at once. One that
        has just handed on a text is in text mode: its next line may be the answer.

        Raises:
            ModemSilentError: it does not answer; nothing was handed over.

        """
        self._dialogue.catch_up()  # a text may lie in the port, and tell the mode
        is_sure = self._dialogue.clock.boottime_s() < self._sure_until_s
        if is_sure and not self._dialogue.is_in_text:
            return True
        known = before.get(ASK_MODE, "")
        if known and not text_mode(known):
            now = told(ASK_MODE, self._ask(ASK_MODE))
            if self._dialogue.restarted or text_mode(now) or self._dialogue.is_in_text:
                return False
            if now == known:
                return True
        return self._ask(_SET_PDU_MODE).ok and not self._dialogue.restarted

    def _ask(self, text: str) -> Reply:
        reply = self._dialogue.command(text, deadline_s=self._options.command_s)
        if reply.final is None and not reply.lines:
            self._dialogue.escape()
            message = "the modem does not answer AT+CMGF"
            raise ModemSilentError(message)
        return reply
