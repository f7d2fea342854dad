"""Telephones that a roster had, and the one in force has not (I10).

One may have been seized: no case tells it where anybody is any more.
"""

from engine.roster.model import Roster

UNDER_WAY_S = 60.0
"""So long an attempt may have been under way when the roster was put in force."""


class Retired:
    """Since when which number is nobody's; times are true seconds."""

    def __init__(self) -> None:
        self._since_s: dict[str, float] = {}

    def replaced(self, was: Roster, new: Roster, now_s: float) -> None:
        """Hear of a roster that took another one's place."""
        before, after = _numbers(was), _numbers(new)
        for number in before - after:
            self._since_s.setdefault(number, now_s)
        for number in after:
            self._since_s.pop(number, None)

    def has(self, address: str, now_s: float) -> bool:
        """Say whether an address has been nobody's for longer than an attempt takes."""
        since_s = self._since_s.get(address)
        return since_s is not None and now_s - since_s > UNDER_WAY_S


def _numbers(roster: Roster) -> set[str]:
    return {number for one in roster.people for number in one.numbers}
