"""A call that comes in: one of the many lines that announce it, and whose it is."""

from collections.abc import Iterable
from dataclasses import dataclass

from adapters.modem.at import prefix_of
from adapters.modem.at_replies import caller
from engine.ports.clock import Clock
from engine.ports.modem import IncomingCall

NUMBER_S = 7.0
"""The longest wait for the number. It may come with the second ring, 6 s after the
first."""
HUNG_UP_S = 3.0
"""A line that comes so soon after we hung up was said before: no one redials sooner."""
RINGS_ON_S = 10.0
"""Rings of one call that could not be hung up lie no further apart."""

LINES = frozenset({"RING", "+CRING", "+CLIP", "NO CARRIER"})


@dataclass(slots=True)
class Ringing:
    """Makes one call of the lines that a modem says of it. Used by one thread."""

    clock: Clock
    _since_s: float | None = None
    _told: str | None = None
    _told_until_s: float = 0.0
    _rings_on: bool = False
    must_hang_up: bool = False
    """Whether a call that was told rings on."""

    @property
    def waits(self) -> bool:
        """Whether a call rings whose number may still come."""
        return self._since_s is not None

    def hear(
        self, lines: Iterable[str], *, is_lost: bool = False
    ) -> list[IncomingCall]:
        """Return the calls that are known now, each once, in order.

        `is_lost`: the modem says no more; a call without a number is told as one.
        """
        found: list[IncomingCall] = []
        for line in lines:
            match prefix_of(line):
                case "NO CARRIER":
                    found += self._tell(None)
                    self.must_hang_up, self._told_until_s = False, 0.0
                case "+CLIP":
                    self._rings(caller(line), found)
                case _:
                    self._rings(None, found)
        waited_s = self.clock.boottime_s() - (self._since_s or 0.0)
        if is_lost or waited_s >= NUMBER_S:
            found += self._tell(None)
        return found

    def hung_up(self, *, is_over: bool) -> None:
        """Note whether the call that was told has ended."""
        self.must_hang_up, self._rings_on = False, not is_over
        wait_s = HUNG_UP_S if is_over else RINGS_ON_S
        self._told_until_s = self.clock.boottime_s() + wait_s

    def _rings(self, number: str | None, found: list[IncomingCall]) -> None:
        now_s = self.clock.boottime_s()
        if now_s < self._told_until_s and number in {None, self._told}:
            # Behind one that has ended a bare ring may be another caller's first.
            self.must_hang_up |= number is not None or self._rings_on
            return
        if self._since_s is None:
            self._since_s = now_s
        if number is not None:
            found += self._tell(number)

    def _tell(self, number: str | None) -> list[IncomingCall]:
        if self._since_s is None:
            return []
        self._since_s, self._told, self.must_hang_up = None, number, True
        self._told_until_s = self.clock.boottime_s() + RINGS_ON_S
        return [IncomingCall(caller=number)]
