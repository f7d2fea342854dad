"""What did not come, as a recorded signal, and the command that it becomes. Pure.

It goes the way of every report: recorded first, then taken up by an alarm.
"""

from dataclasses import dataclass

from engine.alarm.commands import Raise
from engine.alarm.state import Kind, Press
from engine.intake.judge import Judge, place_of
from engine.ports.journal import InboundRow, Record
from engine.protocol.registry import HQ_ALONE
from engine.roster.model import Consent
from engine.stored import read_plain, write_plain
from engine.values import CommandId, DeviceId, Instant, PersonId, ReportKey, Signal

SOURCE_ABSENCE = "absence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Somebody of whom nothing came: `signal` says what was waited for."""

    person: PersonId
    signal: Signal
    device: DeviceId | None = None
    text: str = ""


def record_of(absence: Absence, key: ReportKey, at: Instant) -> Record:
    """Return what makes it durable."""
    body = {
        "person": absence.person,
        "signal": absence.signal.value,
        "device": absence.device,
        "text": absence.text,
    }
    return Record(
        key=key,
        source=SOURCE_ABSENCE,
        received_at=at,
        body=write_plain(body),
    )


def absence_of(body: bytes) -> Absence | None:
    """Return what was recorded; None where it cannot be read."""
    try:
        said = read_plain(body)
        device = said["device"]
        return Absence(
            person=PersonId(str(said["person"])),
            signal=Signal(said["signal"]),
            device=None if device is None else DeviceId(str(device)),
            text=str(said["text"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def absence_command(
    signal: InboundRow | Record, absence: Absence, judge: Judge
) -> Raise | None:
    """Return the alarm, or the notice, that an absence comes to.

    By the roster and the action protocol of now, and by the risk windows of the
    moment at which it was noticed. None for somebody who is in no roster any more.
    """
    person = judge.board.roster().person(absence.person)
    if person is None:
        return None
    registry = judge.registry()
    protocol = registry.of(person.action_protocol)
    raises = absence.signal in protocol.raising(
        at_risk=person.at_risk(signal.received_at)
    )
    agreed = person.publish_consent is not Consent.NONE
    return Raise(
        command_id=CommandId(signal.key),
        kind=Kind.REAL if raises else Kind.NOTICE,
        subject=person.person,
        defender=person.person,
        alias=person.alias,
        country=person.country,
        consented=agreed and raises,
        protocol=protocol if raises else registry.protocols[HQ_ALONE],
        press=Press(
            key=signal.key,
            at=signal.received_at,
            wire_protocol="engine",
            signals=(absence.signal,),
            device=absence.device,
            text=absence.text,
        ),
        place=place_of(person, judge.board),
        has_words=bool(person.safe_word),
        public_name=person.published_name,
    )
