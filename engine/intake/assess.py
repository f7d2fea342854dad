"""What a device's report means: decided before any filter, never by the decoder.

Pure. An alarm is an alarm without a position, with a bad checksum, from a clock
that is wrong, from a device nobody knows; each of these is said, none silences.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from engine.alarm.state import (
    NOWHERE,
    Kind,
    KnownPlace,
    PlaceSource,
    Press,
    SourceDoubt,
)
from engine.intake.doubts import clock_doubtful, doubt_of, plausible, sent_of
from engine.ports.device import READINGS, DeviceReport, ReportKind
from engine.protocol.tables import DEFAULT_TRIGGERS
from engine.roster.model import DeclaredPlace, Person, Word
from engine.values import AlarmBit, Fix, Instant, PlaceDoubt, ReportKey, Signal

RESEND_WINDOW_MS = 10 * 60 * 1000
STALE = timedelta(milliseconds=RESEND_WINDOW_MS)
"""A time that is farther off, and not said to be from storage, may stand still."""
RAW_MAX = 2048
# A person may have meant these, or an adversary caused them: HQ looks at them.
HQ_ALONE = frozenset(
    {
        Signal.SOS,
        Signal.REMOVED,
        Signal.TAMPERED,
        Signal.FALL,
        Signal.JAMMED,
        Signal.BUTTON,
        Signal.ACCIDENT,
        Signal.TEST,
        Signal.SILENT,
        Signal.CHECK_IN_MISSED,
        Signal.UNKNOWN,
    }
)


class Outcome(StrEnum):
    """What becomes of a report.

    A stray one is unreadable and of nobody we know: HQ sees it within a bound.
    """

    ALARM = "alarm"
    CANCEL = "cancel"
    NOTICE = "notice"
    CHECK_IN = "check_in"
    POSITION = "position"
    STRAY = "stray"
    NOTHING = "nothing"


FOR_HQ_ALONE = frozenset({Outcome.NOTICE, Outcome.STRAY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A report as it is acted on; `fix` is what the last-fix row shall keep.

    `doubted` is a position that is kept beside it, marked with the `doubt`, and not
    gone by.
    """

    outcome: Outcome
    press: Press
    place: KnownPlace
    fix: Fix | None
    kind: Kind
    doubted: Fix | None = None
    doubt: PlaceDoubt | None = None


def report_key(report: DeviceReport) -> ReportKey:
    """Return what makes two frames the same report.

    A frame that carries a time is itself for ever. One with a sequence number
    alone is itself for ten minutes, since counters start again; so is one whose time
    stands still, as that of the last fix does indoors, or of a clock that nobody set:
    the next press is the same bytes, by a counter that begins anew with each start too.
    East of Greenwich the last fix may be hours ahead, by a device's local time.
    One with neither is a press of its own each time it comes: a duplicate is better
    than silence.
    """
    moment = ""
    if report.device_at is None and report.sequence is None:
        moment = str(report.received_at.ms)
    elif report.device_at is None or _may_stand_still(report, report.device_at):
        moment = str(report.received_at.ms // RESEND_WINDOW_MS)
    device = report.device or ""
    named = f"{report.protocol}|{device}|{moment}|{report.part}|"
    text = named.encode() + report.raw
    return ReportKey(hashlib.sha256(text).hexdigest()[:32])


def _may_stand_still(report: DeviceReport, device_at: Instant) -> bool:
    return not report.buffered and abs(report.received_at.since(device_at)) > STALE


def assess(
    report: DeviceReport,
    person: Person | None,
    triggers: frozenset[Signal] | None,
    last: Fix | None,
    word: Word | None = None,
    doubted: Fix | None = None,
) -> Assessment:
    """Return what a report means.

    Args:
        report: as decoded.
        person: whose device it is; None where nobody has enrolled it.
        triggers: of the person's action protocol; None for the default ones.
        last: the person's last fix, if any.
        word: what the device's code says of the carrier, where it has one for it.
        doubted: the last position that was kept and not believed, if any.

    """
    raising = frozenset(DEFAULT_TRIGGERS) if triggers is None else triggers
    sent = sent_of(report)
    doubt = None if sent is None else doubt_of(report, sent, last, doubted)
    doubtful = doubt is not None
    # What only claims to be a device's moves nobody, and leaves no mark.
    kept = None if report.authentic is False else sent
    outcome = _outcome(report, known=person is not None, raising=raising)
    bit = bit_of(report, raising)
    if word is not None and outcome is not Outcome.ALARM:
        outcome = Outcome.CANCEL
    return Assessment(
        outcome=outcome,
        kind=Kind.NOTICE if outcome in FOR_HQ_ALONE else Kind.REAL,
        press=_press(
            report, word, bit, known=person is not None, place_doubtful=doubtful
        ),
        place=_place(report, person, sent, last, doubted, doubtful=doubtful),
        fix=None if doubtful else kept,
        doubted=kept if doubtful else None,
        doubt=None if kept is None else doubt,
    )


def _outcome(
    report: DeviceReport, *, known: bool, raising: frozenset[Signal]
) -> Outcome:
    if report.signals & raising:
        return Outcome.ALARM
    if Signal.CANCEL in report.signals:
        return Outcome.CANCEL
    if report.kind is ReportKind.UNDECODABLE:
        return Outcome.NOTICE if known else Outcome.STRAY
    if report.signals & HQ_ALONE:
        return Outcome.NOTICE
    if Signal.CHECK_IN in report.signals and known and report.authentic is not False:
        return Outcome.CHECK_IN
    if report.fix is not None and known:
        return Outcome.POSITION
    return Outcome.NOTHING


def _press(
    report: DeviceReport,
    word: Word | None,
    bit: AlarmBit | None,
    *,
    known: bool,
    place_doubtful: bool,
) -> Press:
    doubt = None
    if not known:
        doubt = SourceDoubt.UNKNOWN_DEVICE
    elif report.authentic is False:
        doubt = SourceDoubt.FAILED_AUTHENTICATION
    return Press(
        key=report_key(report),
        at=report.received_at,
        wire_protocol=report.protocol,
        signals=tuple(sorted(report.signals)),
        codes=report.codes,
        device=report.device,
        device_at=report.device_at,
        late=report.buffered,
        clock_doubtful=clock_doubtful(report),
        place_doubtful=place_doubtful,
        checksum_failed=report.checksum_ok is False,
        undecodable=report.kind is ReportKind.UNDECODABLE,
        doubt=doubt,
        battery_ratio=report.battery_ratio,
        readings=tuple(
            each for each in report.attributes.items() if each[0] in READINGS
        ),
        raw=report.raw[:RAW_MAX].hex(),
        proven=word is Word.SAFE and doubt is None,
        duress=word is Word.DURESS,
        bit=bit,
    )


def bit_of(report: DeviceReport, raising: frozenset[Signal]) -> AlarmBit | None:
    """Return what its bits say of a press; None where a signal came as an event."""
    bits = [report.bits.get(signal) for signal in report.signals & raising]
    if not bits or None in bits:
        return None
    if AlarmBit.RISEN in bits:
        return AlarmBit.RISEN
    return AlarmBit.HELD if set(bits) == {AlarmBit.HELD} else AlarmBit.UNSEEN


def _place(
    report: DeviceReport,
    person: Person | None,
    fix: Fix | None,
    last: Fix | None,
    doubted: Fix | None,
    *,
    doubtful: bool,
) -> KnownPlace:
    """Return the best place there is: its own, the last one, the declared one."""
    superseded = report.buffered and last is not None and fix and last.at > fix.at
    if fix is not None and not doubtful and not superseded:
        return _from_fix(fix, PlaceSource.DEVICE)
    own = fix is not None and plausible(fix, None)
    return place_without_fix(person, last, fix if own else doubted)


def place_without_fix(
    person: Person | None, last: Fix | None, doubted: Fix | None
) -> KnownPlace:
    """Return where somebody is believed to be whose report names no place.

    A position that was not believed is better than none, and than nothing else.
    """
    if last is not None:
        return _from_fix(last, PlaceSource.LAST_FIX)
    if person is not None and person.declared is not None:
        return from_declared(person.declared)
    if doubted is not None and plausible(doubted, None):
        return _from_fix(doubted, PlaceSource.DOUBTED)
    return NOWHERE


def _from_fix(fix: Fix, source: PlaceSource) -> KnownPlace:
    return KnownPlace(
        source=source,
        lat_deg=fix.lat_deg,
        lon_deg=fix.lon_deg,
        accuracy_m=fix.accuracy_m,
        at=fix.at,
    )


def from_declared(place: DeclaredPlace) -> KnownPlace:
    """Return a declared place as one to go by."""
    return KnownPlace(
        source=PlaceSource.DECLARED,
        lat_deg=place.lat_deg,
        lon_deg=place.lon_deg,
        accuracy_m=place.accuracy_m,
        at=place.at,
        name=place.name,
    )
