"""Timers from their rows, as far as those can be read; HQ sees that one cannot."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import JournalError
from engine.health import Health
from engine.intake.checkins.kept import Kept, kept_of
from engine.intake.checkins.promptly import has_case
from engine.intake.checkins.timer import stream_of
from engine.ports.journal import ReaderLender
from engine.ports.measures import DegradedReason
from engine.values import PersonId

UNREAD = "check-in with its rows"
"""Whose it is stays in the journal: readiness is told without a sign-in."""


@dataclass(slots=True)
class LegibleTimers:
    """Reads each for itself: one that lies on a damaged page must end no other."""

    readers: ReaderLender
    health: Health
    _unread: set[PersonId] = field(default_factory=set)

    def read(self, person: PersonId) -> Kept:
        """Return what somebody's rows come to.

        As long as they cannot be read HQ sees that somebody may not come back
        unnoticed: also of who has no timer yet, and sets one in vain.

        Raises:
            JournalError: they cannot be read, or one of them makes no sense.

        """
        try:
            kept = self._read(person)
        except JournalError:
            self._unread.add(person)
            raise
        else:
            self._unread.discard(person)
        finally:
            self._show()
        return kept

    def _read(self, person: PersonId) -> Kept:
        with self.readers.reader() as reader:
            rows = reader.stream(stream_of(person))
        try:
            return kept_of(rows)
        except (ValueError, KeyError, TypeError) as error:
            message = "a row of a timer makes no sense"
            raise JournalError(message) from error

    def read_all(
        self, seqs: Mapping[PersonId, int], known: Mapping[PersonId, Kept]
    ) -> Mapping[PersonId, Kept]:
        """Return those that run, by the seqs of their heads, that can be read."""
        found: dict[PersonId, Kept] = {}
        for person, seq in seqs.items():
            kept = known.get(person)
            try:
                is_same = kept is not None and kept.seq == seq
                found[person] = kept if kept and is_same else self.read(person)
            except JournalError:
                continue
        self._show()
        return found

    def _show(self) -> None:
        still = DegradedReason.ALARM_STANDING_STILL
        self.health.report(still, UNREAD, wrong=bool(self._unread))

    def has_case(self, person: PersonId) -> bool:
        """Look into the rows; where they cannot be read, nothing goes before alarms."""
        try:
            with self.readers.reader() as reader:
                return has_case(reader.heads("alarm/", open_only=True), person)
        except JournalError:
            return False
