"""What a notification may speak of, for whom. Pure."""

from datetime import timedelta

from msgspec import structs

from engine.alarm.following import NOTED_M
from engine.alarm.force import is_shown
from engine.alarm.found_false import CALLED
from engine.alarm.moves import VAGUE, move_between
from engine.alarm.state import (
    Alarm,
    Ask,
    Kind,
    PlaceSource,
    Press,
    Response,
    Told,
    Truth,
)
from engine.protocol.checks import NAMED_TEXT, PUBLIC_TEXT
from engine.protocol.model import RECEIPT, RECEIPT_TAKEN, Audience, Level, Step
from engine.protocol.texts import PageFacts, PublicFacts, TextFacts
from engine.values import Instant

CALL_TEXT, WAIT_TEXT = "sos", "again"
PAGE_TEXTS = frozenset({"page", "hq", "notice"})
"""Texts that say of a case that it is there, and no more."""
AT_HQ = frozenset({Audience.HQ, Audience.DUTY})
SHORT = frozenset({"sms", "call"})


def facts_of(alarm: Alarm, told: Told, step: Step) -> TextFacts:
    """Return the facts for one recipient, who is a person or HQ."""
    place, newest = alarm.place, newest_of(alarm)
    facts = TextFacts(
        alias=alarm.alias,
        code=told.code,
        sign=told.sign,
        lat_deg=place.lat_deg,
        lon_deg=place.lon_deg,
        accuracy_m=place.accuracy_m,
        place_at=None if place.source is PlaceSource.DECLARED else place.at,
        declared=(place.name or "?") if place.source is PlaceSource.DECLARED else "",
        doubted=place.source is PlaceSource.DOUBTED,
        pressed_at=newest.pressed_at,
        doubts=doubts_of(alarm),
        is_confirmed=is_confirmed(alarm),
        signals=newest.signals or ("report",),
        mark=_mark(alarm),
        zone=told.zone,
        console=told.console,
        fresh=alarm.protocol.fresh,
        move=_move(alarm),
        manner="" if alarm.protocol.manner is None else alarm.protocol.manner.value,
        lateness=lateness_of(newest),
        distance_m=told.distance_m,
    )
    if step.to is Audience.DEFENDER:
        # On a telephone that others may read: no alias, no place, no word of doubt.
        return TextFacts(
            alias="",
            code=told.code,
            sign=told.sign,
            pressed_at=_pressed_as_seen(alarm),
            mark=facts.mark,
        )
    return facts


def public_facts_of(alarm: Alarm, country: str) -> PublicFacts:
    """Return the facts for the world: no place, and no name but an agreed one."""
    return PublicFacts(country=country, name=published_name(alarm), mark=_mark(alarm))


def newest_of(alarm: Alarm) -> Press:
    """Return the press of the latest moment: an old one may come after one of now."""
    return max(reversed(alarm.presses), key=lambda one: one.pressed_at)


def lateness_of(press: Press) -> timedelta | None:
    """Return how late a press came, where that is known."""
    is_known = press.late and press.pressed_at < press.at
    return press.at.since(press.pressed_at) if is_known else None


def _pressed_as_seen(alarm: Alarm) -> Instant:
    """Return when it was pressed last, as far as whoever watches can tell."""
    shown = (one.at for one in reversed(alarm.presses) if is_shown(one, alarm.protocol))
    return next(shown, alarm.presses[-1].at)


def _move(alarm: Alarm) -> tuple[float, str] | None:
    """Return how far, and where to, from what people were told before."""
    if alarm.told_place is alarm.place:
        return None  # as in nearly every text of a flood
    move = move_between(alarm.told_place, alarm.place)
    is_vague = alarm.told_place.source in VAGUE
    if move is None or is_vague or move.distance_m < NOTED_M:
        return None
    return (move.distance_m, move.direction)


def published_name(alarm: Alarm) -> str:
    """Return the name that the world may read: agreed by person and by file."""
    named = alarm.protocol.publication.level is Level.NAME
    return alarm.public_name if named else ""


def text_of(alarm: Alarm, step: Step) -> str:
    """Return a step's template; without an agreed name the public's has none.

    After *false* those who are called are told to wait for HQ.
    """
    if step.text == NAMED_TEXT and not published_name(alarm):
        return PUBLIC_TEXT
    waits = alarm.again.warns and step.text == CALL_TEXT and step.to in CALLED
    return WAIT_TEXT if waits else step.text


def is_confirmed(alarm: Alarm) -> bool:
    """Say whether people have verified it, and nobody has contradicted them since."""
    return alarm.truth is Truth.VERIFIED and alarm.ask is not Ask.DISPUTED


def with_case(
    facts: TextFacts, alarm: Alarm, told: Told, step: Step, channel: str
) -> TextFacts:
    """Add the case's id where it may stand: HQ alone, and never in a short message.

    There it would take the room of what is needed, and a telephone opens no console.
    """
    is_hqs = told.audience in AT_HQ and step.to is not Audience.DEFENDER
    is_shown_there = is_hqs and channel not in SHORT
    return structs.replace(facts, case=alarm.id) if is_shown_there else facts


def page_of(alarm: Alarm, told: Told, step: Step, channel: str) -> PageFacts | None:
    """Return what one SMS for several cases says of this one, where this pages HQ."""
    if channel != "sms" or step.to not in AT_HQ or step.text not in PAGE_TEXTS:
        return None
    return PageFacts(
        alias=alarm.alias,
        sign=told.sign,
        mark=_mark(alarm),
        is_strangers=alarm.defender is None,
    )


def _mark(alarm: Alarm) -> str:
    return "" if alarm.kind is Kind.REAL else alarm.kind.value


def doubts_of(alarm: Alarm) -> tuple[str, ...]:
    """Return the words (keys of the wording's table) for what is odd about it."""
    press = newest_of(alarm)
    words = (
        ("clock", press.clock_doubtful),
        ("checksum", press.checksum_failed),
        ("undecodable", press.undecodable),
    )
    said = tuple(word for word, is_so in words if is_so)
    doubt = press.doubt if not alarm.confirmed_source else None
    return said if doubt is None else (*said, doubt.value)


def data_of(alarm: Alarm, step: Step) -> dict[str, str]:
    """Return what structured channels send; the defender gets none.

    Nor does a receipt: it says nothing of how the case is after an answer.

    An end says that it is one, and of what, to whoever's word of force has opened it
    again, too.
    """
    if step.to is Audience.DEFENDER or step in {RECEIPT, RECEIPT_TAKEN}:
        return {}
    response, truth = alarm.response, alarm.truth
    if step.to is Audience.TOLD:
        response, truth = Response.CLOSED, alarm.ended_as
    return {
        "alarm": alarm.id,
        "alias": alarm.alias,
        "step": step.id,
        "kind": alarm.kind.value,
        "response": response.value,
        "truth": truth.value,
    }
