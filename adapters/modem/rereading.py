"""A stored message that came short is read again: nobody has it once it is freed."""

from collections import deque

from adapters.modem.at_replies import StoredPdu, stored_pdus
from adapters.modem.dialogue import Dialogue
from adapters.modem.heard import Reply
from adapters.modem.inbound import is_mended
from adapters.modem.options import ModemOptions
from engine.errors import ModemSilentError
from engine.ports.clock import Clock

_SAME_MAX = 256
_NOT_ASKED_S = 600.0
"""A modem that falls silent at it costs one look, and what came is told at the next."""


class Rereading:
    """Asks the store, of which the place is selected, for what the line has lost."""

    def __init__(self, dialogue: Dialogue, options: ModemOptions, clock: Clock) -> None:
        """Take the dialogue of the port."""
        self._dialogue = dialogue
        self._options = options
        self._clock = clock
        self._not_before_s = 0.0
        self._same: deque[str] = deque(maxlen=_SAME_MAX)
        self._counts = True
        """Whether its headers count; of one that miscounts nothing is asked for it."""

    def whole(self, stored: StoredPdu, index: int) -> str:
        """Return a message's PDU, as it came where the store gives no better one.

        Raises:
            ModemSilentError: as `again`.

        """
        is_short = is_mended(stored.pdu) or (self._counts and not stored.is_counted)
        if not (is_short or stored.is_text) or stored.pdu in self._same:
            return stored.pdu
        if stored.is_text:
            # It has started anew, and nobody has heard it.
            self._dialogue.restarted = True
            self._ask("AT+CMGF=0", self._options.command_s)
        found = self.again(index)
        if stored.pdu in [one.pdu for one in found]:
            # So it lies there: a draft is looked at as long as the SIM is used.
            self._same.append(stored.pdu)
            self._counts = self._counts and (stored.is_counted or is_mended(stored.pdu))
        better = [one for one in found if not is_mended(one.pdu)]
        better.sort(key=lambda one: not one.is_counted)
        return better[0].pdu if better else stored.pdu

    def again(self, index: int) -> tuple[StoredPdu, ...]:
        """Return what lies at a place, nothing after a silence at an earlier one.

        Raises:
            ModemSilentError: the modem does not answer. Its answer may yet come, and
                would be taken for the next place's, which is freed then.

        """
        reply = self._ask(f"AT+CMGR={index}", self._options.storage_s)
        return stored_pdus(reply.lines) if reply else ()

    def _ask(self, text: str, deadline_s: float) -> Reply | None:
        if self._clock.boottime_s() < self._not_before_s:
            return None
        reply = self._dialogue.command(text, deadline_s=deadline_s)
        if reply.final is None:
            self._not_before_s = self._clock.boottime_s() + _NOT_ASKED_S
            self._dialogue.escape()
            message = f"the modem does not answer {text.partition('=')[0]}"
            raise ModemSilentError(message)
        return reply
