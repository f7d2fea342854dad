"""Voice calls of a virtual modem: dialling, ringing, hanging up."""

from collections.abc import Callable

from adapters.modem.virtual_loop import Loop
from adapters.modem.virtual_state import State

_RING_EVERY_S = 2.0
_RINGS = 3
_ALERTING_S = 0.05
_DIALLING, _ALERTING, _ACTIVE = 2, 3, 0


class Calls:
    """The one call that a modem can have.

    `takes_after_s` is after how long the called party answers; None lets it ring.
    """

    def __init__(
        self,
        state: State,
        loop: Loop,
        say: Callable[..., None],
        on_call: Callable[[str, str], None] | None,
    ) -> None:
        """Take the state that `+CLCC` reads and the loop that times."""
        self._state = state
        self._loop = loop
        self._say = say
        self._on_call = on_call
        self._clip, self._number_with = "", 1
        self._nth = 0
        """Counts calls: what was timed for one that ended says nothing of the next."""
        self.takes_after_s: float | None = None

    def dial(self, number: str) -> None:
        """Dial out; the network alerts shortly after."""
        self._state.call, self._state.call_state = number, _DIALLING
        self._nth += 1
        nth = self._nth
        if self._on_call is not None:
            self._on_call(self._state.number, number)
        self._loop.later(_ALERTING_S, lambda: self._alert(nth))

    def ring(self, caller: str, *, number_with: int, is_withheld: bool) -> None:
        """Ring until hung up; the number comes with that ring, counted from 1."""
        self._state.call = caller
        self._clip = f'+CLIP: "{"" if is_withheld else caller}",145,,,,0'
        self._number_with = number_with
        self._nth += 1
        self._ring(self._nth, _RINGS)

    def _goes_on(self, nth: int) -> bool:
        return nth == self._nth and bool(self._state.call)

    def _alert(self, nth: int) -> None:
        if self._goes_on(nth):
            self._state.call_state = _ALERTING
            if self.takes_after_s is not None:
                self._loop.later(self.takes_after_s, lambda: self._take(nth))

    def _take(self, nth: int) -> None:
        if self._goes_on(nth):
            self._state.call_state = _ACTIVE

    def _ring(self, nth: int, left: int) -> None:
        if not self._goes_on(nth):
            return
        if left == 0:
            self._state.call = ""
            self._say("NO CARRIER")
            return
        self._say("RING")
        if self._state.settings.clip and left <= _RINGS - self._number_with + 1:
            self._say(self._clip)
        self._loop.later(_RING_EVERY_S, lambda: self._ring(nth, left - 1))
