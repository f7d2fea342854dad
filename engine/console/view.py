"""What a browser or a program is shown of a case: plain dictionaries. Pure.

Numbers, other people's names and the exact place are hidden unless revealed.
"""

from engine.alarm.events import (
    ActRefused,
    AlarmClosed,
    AlarmEvent,
    AlarmRaised,
    AlarmVerified,
    DetailsRevealed,
    NoteAdded,
    NotificationPlanned,
    NotificationSettled,
    PressJoined,
    RecipientsChosen,
    ReplyReceived,
    StepFired,
)
from engine.alarm.notify import doubts_of
from engine.alarm.schedule import next_due
from engine.alarm.state import Alarm, Kind, Told
from engine.console.cases import Line
from engine.protocol.texts import wording
from engine.values import Instant

HIDDEN = "hidden"
Json = dict[str, object]


def summary(alarm: Alarm, now: Instant) -> Json:
    """Return one row of the list."""
    due = next_due(alarm, now)
    words = wording("en").words
    replies = [told.reply for told in alarm.told.values() if told.reply is not None]
    return {
        "id": alarm.id,
        "alias": alarm.alias,
        "kind": alarm.kind.value,
        "response": alarm.response.value,
        "truth": alarm.truth.value,
        "publicity": alarm.publicity.value,
        "country": alarm.country,
        "raised_at": str(alarm.raised_at),
        "raised_ms": alarm.raised_at.ms,
        "presses": len(alarm.presses),
        "signals": list(alarm.presses[-1].signals),
        "doubts": [words[doubt] for doubt in doubts_of(alarm)],
        "sounds": alarm.is_open and alarm.acknowledged is None,
        "open": alarm.is_open,
        "next_due_ms": None if due is None else due.ms,
        "coming": sum(reply.value == "coming" for reply in replies),
        "told": sum(told.audience.value == "nearest" for told in alarm.told.values()),
        "cancel_requests": alarm.cancel_requests,
        "acknowledged_by": None
        if alarm.acknowledged is None
        else alarm.acknowledged.by,
        "verified_by": None if alarm.verified is None else alarm.verified.by,
        "approved_by": None if alarm.approved is None else alarm.approved.by,
    }


def detail(alarm: Alarm, lines: list[Line], now: Instant, *, revealed: bool) -> Json:
    """Return everything about a case, its time line included."""
    place = alarm.place
    exact = (
        {"lat_deg": place.lat_deg, "lon_deg": place.lon_deg, "name": place.name}
        if revealed
        else {"lat_deg": HIDDEN, "lon_deg": HIDDEN, "name": HIDDEN}
    )
    return {
        **summary(alarm, now),
        "revealed": revealed,
        "protocol": f"{alarm.protocol.name} v{alarm.protocol.version}",
        "place": {
            "source": place.source.value,
            "accuracy_m": place.accuracy_m,
            "at": None if place.at is None else str(place.at),
            **exact,
        },
        "people": [_person(told, revealed=revealed) for told in alarm.told.values()],
        "lines": [
            {
                "position": line.position,
                "at": str(line.at),
                "at_ms": line.at.ms,
                "kind": line.kind,
                "text": _line(alarm, line.event, revealed=revealed),
                "data": _facts(alarm, line.event),
            }
            for line in lines
        ],
        "may": _may(alarm),
    }


def _may(alarm: Alarm) -> Json:
    """Return which acts make sense now; the rules themselves are the alarm's."""
    acknowledged = alarm.acknowledged is not None
    verified = alarm.truth.value == "verified"
    return {
        "acknowledge": alarm.is_open and not acknowledged,
        "verify": alarm.is_open and acknowledged and alarm.verified is None,
        "approve": alarm.is_open
        and verified
        and alarm.approved is None
        and alarm.consented
        and alarm.kind is Kind.REAL,
        "close": alarm.is_open and acknowledged,
        "reopen": not alarm.is_open,
    }


def _person(told: Told, *, revealed: bool) -> Json:
    return {
        "person": told.person,
        "alias": told.alias if revealed or told.person.startswith("hq-") else HIDDEN,
        "audience": told.audience.value,
        "distance_m": told.distance_m,
        "declared": told.declared,
        "place_age_s": None
        if told.place_age is None
        else round(told.place_age.total_seconds()),
        "reply": None if told.reply is None else told.reply.value,
    }


def _line(alarm: Alarm, event: AlarmEvent | None, *, revealed: bool) -> str:
    match event:
        case None:
            return "a row that this engine cannot read"
        case AlarmRaised() | PressJoined():
            return ", ".join(event.press.signals) or "undecodable report"
        case StepFired():
            return f"step {event.step}, round {event.round}: {event.found} found"
        case RecipientsChosen():
            return ", ".join(
                f"{_name(chosen.person, chosen.alias, revealed=revealed)}"
                f"{_away(chosen.distance_m)}"
                for chosen in event.chosen
            )
        case NotificationPlanned():
            who = _who(alarm, event.person, revealed=revealed)
            repeat = f", repeat {event.repeat}" if event.repeat else ""
            text = f": {event.body.text(event.at)}" if revealed else ""
            return f"{event.channel} to {who}{repeat}{text}"
        case NotificationSettled():
            effect = alarm.effects.get(event.effect)
            who = (
                "" if effect is None else _who(alarm, effect.person, revealed=revealed)
            )
            channel = "" if effect is None else effect.channel
            reason = f" ({event.reason})" if event.reason else ""
            return f"{channel} to {who}: {event.state.value} by {event.route}{reason}"
        case ReplyReceived():
            doubt = "" if event.authentic else " (not authentic, does not count)"
            who = _who(alarm, event.person, revealed=revealed)
            return f"{who}: {event.reply.value}{doubt}"
        case NoteAdded():
            return event.text if revealed or event.by is not None else HIDDEN
        case _:
            return _act_line(event)


def _act_line(event: AlarmEvent) -> str:
    match event:
        case AlarmVerified():
            return f"{event.truth.value} by {event.by}"
        case AlarmClosed():
            remark = f": {event.remark}" if event.remark else ""
            return f"{event.reason.value} by {event.by}{remark}"
        case DetailsRevealed():
            return f"{event.what} to {event.by}"
        case ActRefused():
            return f"{event.act} by {event.by} refused: {event.ground.value}"
        case _:
            by = getattr(event, "by", None)
            return f"by {by}" if by else ""


def _facts(alarm: Alarm, event: AlarmEvent | None) -> Json:
    """Return what programs ask of a line; nothing that is hidden."""
    match event:
        case AlarmRaised() | PressJoined():
            press = event.press
            return {
                "signals": list(press.signals),
                "wire_protocol": press.wire_protocol,
                "late": press.late,
                "clock_doubtful": press.clock_doubtful,
                "checksum_failed": press.checksum_failed,
                "undecodable": press.undecodable,
                "doubt": None if press.doubt is None else press.doubt.value,
                "device_at": None if press.device_at is None else str(press.device_at),
                "raw": press.raw,
            }
        case NotificationPlanned():
            return {
                "effect": event.effect,
                "person": event.person,
                "channel": event.channel,
                "step": event.step,
                "repeat": event.repeat,
            }
        case NotificationSettled():
            effect = alarm.effects.get(event.effect)
            return {
                "effect": event.effect,
                "person": "" if effect is None else effect.person,
                "channel": "" if effect is None else effect.channel,
                "state": event.state.value,
                "route": event.route,
            }
        case ReplyReceived():
            return {
                "person": event.person,
                "reply": event.reply.value,
                "authentic": event.authentic,
            }
        case _:
            return {}


def _who(alarm: Alarm, person: str, *, revealed: bool) -> str:
    told = alarm.told.get(person)
    return _name(person, person if told is None else told.alias, revealed=revealed)


def _name(person: str, alias: str, *, revealed: bool) -> str:
    return alias if revealed else person


def _away(distance_m: float | None) -> str:
    if distance_m is None:
        return ""
    kilometres = distance_m / 1000
    return f" ({kilometres:.1f} km)"
