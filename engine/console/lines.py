"""The time line of a case, line by line in words. Pure.

Numbers, other people's names, message texts and exact places are hidden unless
revealed; what cannot be read at all is shown to HQ with its hex in any case.
"""

from typing import assert_never

from engine.alarm.case_events import (
    AlarmsLinked,
    CaseEvent,
    CaseHandedOver,
    EarlierCaseTold,
    PeopleHandedOn,
    PeopleLeftOut,
    PeopleTakenIn,
    PersonCountsAgain,
    PressedAnew,
)
from engine.alarm.events import (
    AcknowledgementLapsed,
    ActRefused,
    AlarmAcknowledged,
    AlarmClosed,
    AlarmEvent,
    AlarmPresumed,
    AlarmRaised,
    AlarmVerified,
    CancelRequested,
    DetailsRevealed,
    NoteAdded,
    NotificationPlanned,
    NotificationSettled,
    NotificationsWithdrawn,
    PositionFollowed,
    PressJoined,
    PublicationApproved,
    QuorumReached,
    RecipientsChosen,
    ReplyReceived,
    SafetyConfirmed,
    StepFired,
    VerdictGiven,
    VerificationAsked,
)
from engine.alarm.pressed_again import HOLD
from engine.alarm.state import Again, Alarm, KnownPlace, Press, Truth
from engine.console.cases import Line
from engine.console.people import Names
from engine.console.words import (
    ASKS,
    NOT_TRIED,
    REPLIES,
    late_words,
    outcome,
    plain,
    refusal,
    spaced,
    title,
    way,
)
from engine.ports.modem import CALL
from engine.protocol.language import wording

HIDDEN = "hidden"
SMS = "sms"
SMS_GSM, SMS_UCS2 = 160, 70
"""How many characters one SMS holds, of the GSM alphabet and of any other."""
CYRILLIC = "\u0400"
"""From here on no character is of the GSM alphabet, but for its euro sign."""
BY_HAND = " (command line: the name is taken at its word)"
UNREAD = " (words: press Show to read them)"
Json = dict[str, object]
_BY_PEOPLE = (
    AlarmVerified,
    AlarmClosed,
    DetailsRevealed,
    PublicationApproved,
    ActRefused,
    NoteAdded,
    ReplyReceived,
    QuorumReached,
    VerificationAsked,
)


def line_of(alarm: Alarm, line: Line, names: Names, *, revealed: bool) -> Json:
    """Return one line."""
    event = line.event
    by_hand = line.typed and getattr(event, "by", None) is not None
    text = plain(_text(alarm, event, names, revealed=revealed))
    return {
        "position": line.position,
        "at": str(line.at),
        "at_ms": line.at.ms,
        "kind": line.kind,
        "title": _title(event, line.kind),
        "by_people": isinstance(event, _BY_PEOPLE) or hasattr(event, "by"),
        "text": text + (BY_HAND if by_hand else ""),
        "by_command_line": by_hand,
        "foreign": _foreign(event, revealed=revealed),
        "data": _facts(alarm, event, names, revealed=revealed),
    }


def _foreign(event: AlarmEvent | None, *, revealed: bool) -> dict[str, str] | None:
    """Return what of the text may be in another language, and how it is read.

    Its language is known of what we send; whoever writes to us may write in any.
    """
    if not revealed:
        return None
    match event:
        case NotificationPlanned() if event.channel != CALL:
            language = event.body.language
            way_round = "rtl" if wording(language).is_rtl else "ltr"
            said = plain(event.body.text(event.at))
            return {"text": said, "lang": language, "dir": way_round}
        case AlarmRaised() | PressJoined() | CancelRequested():
            said = event.press.text
        case ReplyReceived():
            said = event.text
        case NoteAdded() if event.by is None:
            said = event.text
        case _:
            return None
    return {"text": plain(said), "lang": "", "dir": "auto"} if said else None


def _title(event: AlarmEvent | None, kind: str) -> str:
    """Return what a line is called; words from outside never look like HQ's own."""
    if isinstance(event, SafetyConfirmed) and event.detained:
        return "Says: detained"
    is_outside = isinstance(event, NoteAdded) and event.by is None
    return "Wrote to us" if is_outside else title(kind)


def _text(
    alarm: Alarm, event: AlarmEvent | None, names: Names, *, revealed: bool
) -> str:
    match event:
        case None:
            return "a row that this engine cannot read"
        case AlarmRaised() | PressJoined() | CancelRequested():
            said = _said(event.press.text, revealed=revealed)
            signals = ", ".join(event.press.signals).replace("_", " ")
            measured = _measured(event.press)
            told = f" ({measured})" if measured else ""
            told += " (a call)" if event.press.wire_protocol == CALL else ""
            doubt = " (its position is not believed)"
            shown = _late(event.press) + (doubt if event.press.place_doubtful else "")
            again = "" if isinstance(event, CancelRequested) else _again(event)
            what = signals or "a report that cannot be read"
            return what + told + shown + said + again
        case StepFired():
            nobody = "" if event.found else ", so it tells nobody"
            return f"{event.step}, round {event.round}: {event.found} found{nobody}"
        case RecipientsChosen():
            return ", ".join(
                f"{names.to(one.person, event.audience)}{_away(one.distance_m)}"
                for one in event.chosen
            )
        case NotificationPlanned():
            repeat = f", repeat {event.repeat}" if event.repeat else ""
            said = _sends(event) if revealed else ""
            address = event.body.address if revealed else ""
            to = names.to(event.person, event.audience)
            to += f" ({address})" if address else ""
            return f"{way(event.channel)} to {to}{repeat}{said}"
        case NotificationSettled():
            return _outcome(alarm, event, names)
        case NotificationsWithdrawn():
            return f"{len(event.effects)} not sent any more"
        case QuorumReached():
            said = ", ".join(names.of(name) for name in event.names)
            return f"{event.truth.value}, say {said}"
        case ReplyReceived() | NoteAdded() | PeopleLeftOut():
            return _of_people(event, names, revealed=revealed)
        case _:
            return _act(event, revealed=revealed)


def _words(event: ReplyReceived | NoteAdded, names: Names, *, revealed: bool) -> str:
    """Return an operator's note, or who outside says what."""
    if isinstance(event, NoteAdded) and event.by is not None:
        return f"{event.text} ({event.by})"
    who = "somebody" if event.person is None else names.of(event.person)
    said = _said(event.text, revealed=revealed)
    if isinstance(event, NoteAdded):
        return who + said
    doubt = "" if event.authentic else " (not authentic, does not count)"
    return f"{who}: {REPLIES[event.reply]}{doubt}{said}"


def _sends(event: NotificationPlanned) -> str:
    """Return what a message says; a ringing call says nothing.

    A modem cuts it to one SMS once it is sent, and HQ may speak to whoever has it.
    """
    if event.channel == "call":
        return ""
    text = event.body.text(event.at)
    is_ucs2 = any(character >= CYRILLIC for character in text)
    is_short = len(text) <= (SMS_UCS2 if is_ucs2 else SMS_GSM)
    holds = "" if event.channel != "sms" or is_short else ", as much as one SMS holds"
    beside = f" [{event.english}]" if event.english else ""
    return f"{holds}: {text}{beside}"


def _said(text: str, *, revealed: bool) -> str:
    """Return what somebody outside wrote: it may hold names and places."""
    if not text:
        return ""
    return f": \u201c{text}\u201d" if revealed else UNREAD


def _again(event: AlarmRaised | PressJoined) -> str:
    """Return what comes of a press after a decision of HQ's."""
    match event.again:
        case Again.NO:
            return ""
        case Again.HQ:
            return "; after a decision of HQ's: HQ alone is told of it"
        case Again.ALL:
            return "; after a decision of HQ's: those who were told are told again"
        case Again.WAIT:
            at = event.at.plus(HOLD).to_datetime()
            told = f"colleagues are told at {at:%H:%M:%S} UTC unless held"
            return f"; pressed again after false: {told}"
        case _:
            assert_never(event.again)


def _position(place: KnownPlace, *, revealed: bool) -> str:
    if not revealed or place.lat_deg is None or place.lon_deg is None:
        return HIDDEN
    accuracy = "" if place.accuracy_m is None else f" +-{place.accuracy_m:.0f} m"
    return f"{place.lat_deg:.5f},{place.lon_deg:.5f}{accuracy}"


def _outcome(alarm: Alarm, event: NotificationSettled, names: Names) -> str:
    effect = alarm.effects.get(event.effect)
    to = (
        ""
        if effect is None
        else f"{way(effect.channel)} to {names.to(effect.person, effect.audience)}: "
    )
    words = outcome(event.state, event.reason)
    if words == NOT_TRIED:
        return f"{to}{words}"
    route = f" by {event.route}" if event.route else ""
    reason = f" ({event.reason})" if event.reason else ""
    return f"{to}{words}{route}{reason}"


def _act(event: AlarmEvent, *, revealed: bool) -> str:
    match event:
        case PositionFollowed():
            return _position(event.place, revealed=revealed)
        case AlarmVerified():
            return f"{event.truth.value} by {event.by}"
        case AlarmAcknowledged():
            holds = ", who holds colleagues back" if event.holds else ""
            return f"by {event.by}{holds}"
        case AlarmClosed():
            return f"{_reason(event)} {_by(event)}"
        case SafetyConfirmed():
            return _by(event)
        case DetailsRevealed():
            return f"{event.what} to {event.by}"
        case ActRefused():
            act = spaced(event.act).lower()
            return f"{act} by {event.by}: {refusal(event.ground)}"
        case _:
            return _question(event)


def _question(event: AlarmEvent) -> str:
    if isinstance(event, CaseEvent):
        return _between(event)
    match event:
        case VerdictGiven():
            said = "real" if event.truth is Truth.VERIFIED else "false"
            return f"{event.by}: it is {said}; not enough by itself"
        case VerificationAsked():
            return ASKS[event.ask]
        case AcknowledgementLapsed():
            if event.off_duty:
                return f"the shift of {event.by}, who had it, is over"
            return f"nobody has acted on it since {event.by} took it"
        case AlarmPresumed():
            return "nobody has said in time, so it counts as real"
        case _:
            operator = getattr(event, "by", None)
            return f"by {operator}" if operator else ""


def _of_people(
    event: ReplyReceived | NoteAdded | PeopleLeftOut, names: Names, *, revealed: bool
) -> str:
    if isinstance(event, PeopleLeftOut):
        return _left_out(event, names, revealed=revealed)
    return _words(event, names, revealed=revealed)


def _left_out(event: PeopleLeftOut, names: Names, *, revealed: bool) -> str:
    """Say who is left out; an attack that must not show is for who works on it."""
    people = (one for one in event.people if revealed or not one.is_hidden)
    said = ", ".join(f"{names.of(one.person)} ({one.case})" for one in people)
    return f"under attack themselves: {said}" if said else ""


def _between(event: CaseEvent) -> str:
    """Say how this case and another one, or another operator, go together."""
    match event:
        case CaseHandedOver():
            return f"{event.by} to {event.to}: {event.note}"
        case AlarmsLinked():
            return f"{event.other}, says {event.by}"
        case PeopleTakenIn():
            return f"{event.other}: {len(event.people)} told there hear of this end"
        case PeopleHandedOn():
            there = "no such alarm" if event.missing else "they hear of the end there"
            return f"{event.into}: {there}"
        case PeopleLeftOut():
            return "under attack themselves"
        case PersonCountsAgain():
            return f"who was left out for {event.case}, says {event.by}"
        case PressedAnew() | EarlierCaseTold():
            return f"{event.other}, of the same defender"
        case _:
            assert_never(event)


def _reason(event: AlarmClosed) -> str:
    reason = event.reason.value.replace("_", " ")
    if event.into is not None:
        return f"{reason} of {event.into}"
    if event.false_class is None:
        return reason
    return f"{reason}, {event.false_class.value.replace('_', ' ')}"


def _by(event: AlarmClosed | SafetyConfirmed) -> str:
    return f"by {event.by}" + (f": {event.remark}" if event.remark else "")


def _facts(
    alarm: Alarm, event: AlarmEvent | None, names: Names, *, revealed: bool
) -> Json:
    """Return what programs ask of a line; nothing that is hidden."""
    match event:
        case AlarmRaised() | PressJoined() | CancelRequested():
            return _press(event.press, revealed=revealed)
        case NotificationPlanned():
            return {
                "effect": _effect_id(event.effect, revealed=revealed),
                "person": event.person if revealed else names.of(event.person),
                "channel": event.channel,
                "step": event.step,
                "repeat": event.repeat,
            }
        case NotificationSettled():
            effect = alarm.effects.get(event.effect)
            person = "" if effect is None else effect.person
            return {
                "effect": _effect_id(event.effect, revealed=revealed),
                "person": person if revealed else names.of(person),
                "channel": "" if effect is None else effect.channel,
                "state": event.state.value,
                "route": event.route,
            }
        case ReplyReceived():
            return {
                "person": event.person if revealed else names.of(event.person),
                "reply": event.reply.value,
                "authentic": event.authentic,
                "text": event.text if revealed or not event.text else HIDDEN,
            }
        case _:
            return {}


def _late(press: Press) -> str:
    at = press.device_at
    sent = "" if at is None else f"{at.to_datetime():%F %H:%M} UTC"
    if press.late:
        return f" ({late_words(press)}: sent {sent})" if sent else " (late)"
    # Of a short message it is the network's; of a frame the device's, which may be off.
    is_sms = press.wire_protocol == SMS
    return f" (by its network's clock sent {sent})" if sent and is_sms else ""


def _measured(press: Press) -> str:
    """Return battery and readings in words: `battery 42%, heart rate 72 bpm`."""
    battery = press.battery_ratio
    words = [] if battery is None else [f"battery {battery:.0%}"]
    readings = dict(press.readings)
    for name, (word, unit) in _OF_THE_WEARER.items():
        if name in readings:
            words.append(f"{word} {readings[name]} {unit}")
    return ", ".join(words)


def _press(press: Press, *, revealed: bool) -> Json:
    return {
        "battery_ratio": press.battery_ratio,
        "readings": dict(press.readings),
        "signals": list(press.signals),
        "wire_protocol": press.wire_protocol,
        "late": press.late,
        "clock_doubtful": press.clock_doubtful,
        "place_doubtful": press.place_doubtful,
        "checksum_failed": press.checksum_failed,
        "undecodable": press.undecodable,
        "doubt": None if press.doubt is None else press.doubt.value,
        "device_at": None if press.device_at is None else str(press.device_at),
        # A frame that was read holds the exact place and the device's number.
        "raw": press.raw if revealed or press.undecodable else "",
    }


_OF_THE_WEARER = {
    "heart_rate_bpm": ("heart rate", "bpm"),
    "systolic_mmhg": ("systolic", "mmHg"),
    "diastolic_mmhg": ("diastolic", "mmHg"),
    "oxygen_percent": ("oxygen", "%"),
    "temperature_c": ("temperature", "°C"),
}


def _effect_id(effect: str, *, revealed: bool) -> str:
    """Return an effect's key, which names the person, only where they are shown."""
    return effect if revealed else HIDDEN


def _away(distance_m: float | None) -> str:
    return "" if distance_m is None else f" ({distance_m / 1000:.1f} km)"
