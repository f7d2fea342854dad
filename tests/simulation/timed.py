"""Whether a case knows of who does not come back, or whose device is silent."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from engine.alarm.state import Alarm, is_alarms
from engine.intake.absence import SOURCE_ABSENCE, absence_of
from engine.intake.checkins.timer import PREFIX, Fact, person_of, stream_of
from engine.ports.journal import Append, StoredEvent
from engine.values import AlarmId, PersonId, ReportKey, Signal
from tests.simulation.cast import AGREED, DURESS_CODE, DURESS_WORD, SAFE_CODE, SAFE_WORD
from tests.simulation.disk import Disk
from tests.simulation.told import times_silent, was_missed

_PROOFS = tuple(
    one.encode() for one in (SAFE_WORD, DURESS_WORD, SAFE_CODE, DURESS_CODE)
)


class Timed:
    """Keeps of whom nobody has heard, by a timer of theirs or by their device."""

    def __init__(self) -> None:
        self.strangers: set[PersonId] = set()
        """Who was taken out of the roster: nobody listens for their device any more."""
        self.people: set[PersonId] = set()
        """Who has set one, and was never heard of again."""
        self._before: dict[PersonId, int] = {}
        self.silent: Counter[PersonId] = Counter()
        """Whose device had agreed to be heard and then was not, and how often so."""

    def is_ended_for_nothing(
        self, append: Append, rows: Sequence[StoredEvent], disk: Disk
    ) -> bool:
        """Say whether a timer of who has agreed on words is ended without one."""
        if append.stream != stream_of(AGREED):
            return False
        said = disk.medium.inbound.get(ReportKey(append.command_id))
        is_proven = said is not None and any(word in said.body for word in _PROOFS)
        return not is_proven and any(row.kind == Fact.ENDED for row in rows)

    def forgotten(
        self, alarms: Mapping[AlarmId, Alarm], disk: Disk
    ) -> Iterator[tuple[str, str]]:
        """Yield which invariants are broken at the end of the day, and how."""
        people = (who for who in self.people if not self._is_nobodys(who, disk))
        if not all(was_missed(who, alarms.values()) for who in people):
            yield "I1", "a timer ran out, and no case knows of it"
        if any(_is_kept_quiet(name, disk) for name in disk.medium.streams):
            yield "I1", "a timer was missed, and no case was told of it"
        for who in self.silent.keys() - self.strangers:
            if times_silent(who, alarms.values(), disk.medium) < self.silent[who]:
                yield "I1", "a device is silent, and no case knows of it"
        if disk.timers:
            yield "I2", "a timer runs on and on"

    def says(self, who: PersonId, disk: Disk) -> None:
        """Note that somebody is about to set one: it may come as a stranger's."""
        self._before[who] = _kinds(who, disk).count(Fact.STARTED)

    def _is_nobodys(self, who: PersonId, disk: Disk) -> bool:
        """Say whether a timer was a stranger's before anybody could read of it."""
        kinds = _kinds(who, disk)
        is_none = not kinds or kinds[-1] == Fact.ENDED
        is_new = kinds.count(Fact.STARTED) > self._before.get(who, 0)
        return who in self.strangers and is_none and not is_new


def _kinds(who: PersonId, disk: Disk) -> list[str]:
    """Return what happened to somebody's timers, in order."""
    stream = disk.medium.streams.get(stream_of(who))
    return [] if stream is None else [row.kind for row in stream.events]


def _is_kept_quiet(stream: str, disk: Disk) -> bool:
    """Say whether somebody was missed more often than a case was told of it.

    That a case knows of one is not enough: another may be the second of the day.
    """
    if not stream.startswith(PREFIX):
        return False
    rows, who = disk.medium.streams[stream].events, person_of(stream)
    absences = [
        absence_of(row.body)
        for row in disk.medium.inbound.values()
        if row.source == SOURCE_ABSENCE and is_alarms(row.taken_by)
    ]
    told = sum(
        one is not None and (one.person, one.signal) == (who, Signal.CHECK_IN_MISSED)
        for one in absences
    )
    return told < len({row.body for row in rows if row.kind == Fact.MISSED})
