"""Which telephones ring by whom, and who gives way to a message: pure."""

from dataclasses import dataclass, field

GIVES_WAY_S = 3.0
"""Who has not given way by then hangs, perhaps: another one is told as well."""


@dataclass(slots=True)
class Ringing:
    """Routes that ring, the oldest first; times are seconds of CLOCK_BOOTTIME."""

    _told_s: dict[str, float | None] = field(default_factory=dict)
    _numbers: dict[str, str] = field(default_factory=dict)

    def began(self, route: str, number: str) -> None:
        """Note which telephone a route was given to ring; "" where it was none."""
        self.over(route)
        if number:
            self._told_s[route], self._numbers[route] = None, number

    def over(self, route: str) -> str:
        """Note that a route rings no more; return which telephone it was."""
        self._told_s.pop(route, None)
        return self._numbers.pop(route, "")

    def told(self, route: str, now_s: float) -> None:
        """Note that a route was told to give way: it is told once."""
        self._told_s[route] = now_s

    def untold(self) -> list[str]:
        """Return who rings on."""
        return [route for route, at_s in self._told_s.items() if at_s is None]

    def giving_way(self, now_s: float) -> list[str]:
        """Return who is about to send what waits."""
        told_s = self._told_s.items()
        return [
            route
            for route, at_s in told_s
            if at_s is not None and now_s - at_s < GIVES_WAY_S
        ]
