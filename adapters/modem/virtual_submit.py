"""What a virtual modem was handed over: the message, and when its answer is due."""

from collections import deque
from collections.abc import Callable

from adapters.modem import pdu_decode
from adapters.modem.at_replies import number_of
from adapters.modem.compose import fit_text
from adapters.modem.pdu import Submit
from adapters.modem.pdu_encode import submit
from adapters.modem.pdu_text import build
from engine.ports.clock import Clock


def message_of(argument: str, text: str, *, pdu_mode: bool) -> Submit | None:
    """Read what was written at the prompt; None where it is no message.

    Args:
        argument: that of `+CMGS`: a PDU's length without its service centre, in text
            mode the recipient's number.
        text: what stood before the Ctrl-Z.
        pdu_mode: whether that is a PDU in hex.

    """
    if pdu_mode:
        digits = "".join(text.split())
        pdu = pdu_decode.decode(digits, from_mobile=True)
        if not isinstance(pdu, Submit) or pdu.flags:
            return None
        told = len(digits) // 2 - 1 - int(digits[:2], 16)
        return pdu if number_of(argument) == told else None
    part = fit_text(text.replace("\r", "\n").strip("\n"))
    try:
        return submit(argument, build(part.text, part.charset))
    except ValueError:
        return None


class Owed:
    """The messages that have no answer yet; answers come in the messages' order.

    A modem hands over one at a time: none is over before the one before it.
    """

    def __init__(self, clock: Clock) -> None:
        """Start with none."""
        self._clock = clock
        self._waiting: deque[Callable[[], None]] = deque()
        self._last_s = 0.0

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._waiting)

    def forget(self) -> None:
        """Owe nothing any more: the modem starts anew."""
        self._waiting.clear()

    def takes(self, seconds: float, over: Callable[[], None]) -> float:
        """Take one more; return in how many seconds `end` shall be called.

        Args:
            seconds: how long it would need alone.
            over: says its answer, or not.

        """
        now_s = self._clock.boottime_s()
        self._last_s = max(now_s + seconds, self._last_s if self._waiting else 0.0)
        self._waiting.append(over)
        return self._last_s - now_s

    def end(self) -> None:
        """End the one that has waited longest: timers of one moment have no order."""
        self._waiting.popleft()()
