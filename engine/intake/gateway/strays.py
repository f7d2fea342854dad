"""How much unreadable from nobody we know HQ is shown: bounded, and counted beyond it.

Half an SOS that names nobody looks like the noise of any stranger. Some of it is always
shown; a babbler uses up what its own wire protocol is allowed, and several of them what
all are. In the event loop's thread alone.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """So many at once, and one more each time that `again_s` have passed."""

    at_once: int
    again_s: float


OF_ONE_PROTOCOL = Allowance(at_once=8, again_s=300.0)
IN_ALL = Allowance(at_once=32, again_s=60.0)


class Strays:
    """Keeps the books, by wire protocol: as many as are configured."""

    def __init__(self) -> None:
        """Start with everything allowed."""
        self._all = _Left(IN_ALL)
        self._by_protocol: dict[str, _Left] = {}

    def admits(self, protocol: str, now_s: float) -> bool:
        """Say whether one more is shown, and count it where it is.

        Args:
            protocol: that it came by.
            now_s: monotonic seconds.

        """
        own = self._by_protocol.setdefault(protocol, _Left(OF_ONE_PROTOCOL))
        if own.at(now_s) < 1 or self._all.at(now_s) < 1:
            return False
        own.take()
        self._all.take()
        return True


class _Left:
    """What is left of an allowance."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._left, self._at_s = float(allowance.at_once), 0.0

    def at(self, now_s: float) -> float:
        passed_s = now_s - self._at_s
        more = self._left + passed_s / self._allowance.again_s
        self._left, self._at_s = min(more, float(self._allowance.at_once)), now_s
        return self._left

    def take(self) -> None:
        self._left -= 1
