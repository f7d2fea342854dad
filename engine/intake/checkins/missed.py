"""That somebody has not come back in time, as what raises: pure."""

import hashlib

from engine.intake.absence import Absence, record_of
from engine.ports.journal import Record
from engine.values import Instant, PersonId, ReportKey, Signal


def missed(person: PersonId, due: Instant, now: Instant) -> Record:
    """Return the record; its key is the same after a crash."""
    text = f"check-in|{person}|{due.ms}"
    key = ReportKey(hashlib.sha256(text.encode()).hexdigest()[:32])
    absence = Absence(
        person=person,
        signal=Signal.CHECK_IN_MISSED,
        text=f"Check-in missed: expected by {due}",
    )
    return record_of(absence, key, now)
