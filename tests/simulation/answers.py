"""Who has really answered with the code of a case (I8)."""

from engine.values import AlarmId


class Answers:
    """Keeps who gave whose code; what a part was told the whole has been told.

    A case that was merged passes on each answer that comes to it later.
    """

    def __init__(self) -> None:
        self._given: set[tuple[AlarmId, str]] = set()
        self._parts: dict[AlarmId, set[AlarmId]] = {}

    def note(self, alarm: AlarmId, person: str) -> None:
        """Somebody sends us the code of a case, which they were given."""
        self._given.add((alarm, person))

    def merge(self, alarm: AlarmId, into: AlarmId) -> None:
        """A case goes on in another one."""
        self._parts.setdefault(into, set()).add(alarm)

    def has(self, alarm: AlarmId, person: str) -> bool:
        """Say whether a person answered this case, or one that became a part of it."""
        seen, ahead = {alarm}, [alarm]
        while ahead:
            one = ahead.pop()
            if (one, person) in self._given:
                return True
            ahead += self._parts.get(one, set()) - seen
            seen.update(ahead)
        return False
