"""Who was told, and whether it reached them: what HQ must never have to guess. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

from engine.alarm.effects import Effect
from engine.alarm.state import VERDICTS, Alarm, Told
from engine.console.words import (
    ABOUT,
    AUDIENCES,
    NOT_TRIED,
    REPLIES,
    cause,
    outcome,
    spoken,
    way,
)
from engine.dispatch.retired import RETIRED
from engine.ports.journal import TOLD, EffectState
from engine.protocol.model import Audience
from engine.roster.model import Person

Json = dict[str, object]
_BAD = frozenset(
    {
        EffectState.UNDELIVERED,
        EffectState.EXPIRED,
        EffectState.REJECTED,
        EffectState.UNKNOWN,
    }
)
_UNDER_WAY = frozenset({EffectState.PLANNED, EffectState.ATTEMPTING})
_TELEPHONE = frozenset({"sms", "call"})
REASONS_MAX = 2
Why = Callable[[str], str]
"""Says why nothing leaves by a channel just now; "" where something can."""


class Reach(StrEnum):
    """How far the alarm has come to a person, by all their channels together.

    Delivered: a network, or their answer, proves it. Accepted: a network has it.
    """

    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    WAITING = "waiting"
    FAILED = "failed"


def nothing_stops(_: str) -> str:
    """Return no reason to wait: nobody has looked at the routes."""
    return ""


class Names:
    """What each person of a case is called on the screen.

    Hidden, a person has a stand-in that stays the same within the case:
    *colleague 2* is the second who was chosen.
    """

    def __init__(self, alarm: Alarm, *, revealed: bool) -> None:
        """Count who was told, in order."""
        counts: Counter[str] = Counter()
        self._names: dict[str, str] = {}
        for told in alarm.told.values():
            counts[told.audience] += 1
            stand_in = f"{AUDIENCES[told.audience]} {counts[told.audience]}"
            self._names[told.person] = told.alias if revealed else stand_in
        for number, left in enumerate(alarm.left_out.values(), start=1):
            stand_in = left.alias if revealed else f"left out {number}"
            self._names.setdefault(left.person, stand_in)
        self._revealed = revealed

    def of(self, person: str) -> str:
        """Return a person's name or stand-in."""
        return self._names.get(person, person if self._revealed else "somebody")

    def to(self, person: str, audience: Audience) -> str:
        """Return to whom a notification goes; none of these two is told of a case."""
        if audience is Audience.PUBLIC:
            return "the world"
        return "the defender" if audience is Audience.DEFENDER else self.of(person)


def people(
    alarm: Alarm, names: Names, *, revealed: bool, why: Why = nothing_stops
) -> list[Json]:
    """Return everybody who was to be told; whom nothing has reached comes first."""
    found = [
        _person(alarm, told, names, why, revealed=revealed)
        for told in alarm.told.values()
    ]
    return sorted(found, key=lambda one: one["reached"] != Reach.FAILED)


def left_out(alarm: Alarm, names: Names, *, revealed: bool) -> list[Json]:
    """Return who is not asked to help, and for which case of theirs.

    An attack that must not show is for those alone who work on the case.
    """
    return [
        {"alias": names.of(one.person), "case": one.case}
        for one in alarm.left_out.values()
        if revealed or not one.is_hidden
    ]


def untold(alarm: Alarm, contacts: Sequence[Person]) -> list[Json]:
    """Return the contacts of an open case whom no step has told, and their telephones.

    With every channel dead HQ ring them by hand, and so where no step is for them.
    """
    return [
        {"alias": one.alias, "numbers": list(one.numbers)}
        for one in contacts
        if alarm.is_open and one.person not in alarm.told
    ]


def can_come(told: Told) -> bool:
    """Say whether somebody was told so that they may go there."""
    return told.audience in {Audience.NEAREST, Audience.CONTACTS}


def tally(alarm: Alarm, whom: Iterable[Told], why: Why) -> Json:
    """Return how many of these people were told, and why the others were not.

    A person is told once a network has accepted a message to them: what waits, or has
    failed, has told nobody.
    """
    counts: Counter[Reach] = Counter()
    reasons: dict[Reach, dict[str, None]] = {one: {} for one in Reach}
    for told in whom:
        theirs = _theirs(alarm, told)
        reach = _reach(theirs, told)
        counts[reach] += 1
        if reason := _reason(theirs, reach, why):
            reasons[reach][reason] = None
    return {
        "chosen": counts.total(),
        "told": counts[Reach.DELIVERED] + counts[Reach.ACCEPTED],
        **{reach.value: counts[reach] for reach in Reach},
        "parts": [
            {
                "reach": reach.value,
                "text": ": ".join(
                    filter(None, (f"{counts[reach]} {reach}", _few(reasons[reach])))
                ),
                "bad": reach is Reach.FAILED or bool(reasons[reach]),
            }
            for reach in Reach
            if counts[reach]
        ],
    }


def _few(reasons: Iterable[str]) -> str:
    """Return the first reasons; what a list has room for."""
    first = [*reasons]
    more = len(first) - REASONS_MAX
    said = "; ".join(first[:REASONS_MAX])
    return f"{said}; {more} more" if more > 0 else said


def _reason(theirs: list[Effect], reach: Reach, why: Why) -> str:
    """Return why somebody was not told yet, of the latest message that says so."""
    latest = _of_alarm(theirs)[::-1]
    match reach:
        case Reach.WAITING:
            waiting = (one.channel for one in latest if one.state in _UNDER_WAY)
            return next(filter(None, map(why, waiting)), "")
        case Reach.FAILED:
            ended = (one for one in latest if one.state not in _UNDER_WAY)
            return next(map(cause, ended), "no way to reach them")
        case _:
            return ""


def _person(
    alarm: Alarm, told: Told, names: Names, why: Why, *, revealed: bool
) -> Json:
    theirs = _theirs(alarm, told)
    reach = _reach(theirs, told)
    age = told.place_age
    return {
        "person": told.person if revealed else names.of(told.person),
        "alias": names.of(told.person),
        "audience": told.audience.value,
        "role": AUDIENCES[told.audience],
        "distance_m": told.distance_m,
        "declared": told.declared,
        "place_age_s": None if age is None else round(age.total_seconds()),
        "reply": None if told.reply is None else told.reply.value,
        "reply_words": "" if told.reply is None else REPLIES[told.reply],
        "replied_at": None if told.replied_at is None else str(told.replied_at),
        "reached": reach.value,
        "why": _reason(theirs, reach, why),
        "channels": [_channel(effect, theirs, why) for effect in _shown(theirs)],
        "addresses": _addresses(theirs, told) if revealed else [],
    }


def _addresses(theirs: list[Effect], told: Told) -> list[str]:
    """Return where a person can be reached by hand: numbers before the rest.

    What was used last comes first, and what the roster had no more last: that one may
    be seized, unless something has gone there since. An address of HQ's own is a name
    in the configuration and nobody's telephone.
    """
    if told.audience is Audience.HQ:
        return []
    latest = theirs[::-1]
    last = {one.address: one.reason for one in theirs}
    kept_back = {one for one, reason in last.items() if reason == RETIRED.reason}
    ways = [*told.ways, *((one.channel, one.address) for one in latest)]
    ways.sort(key=lambda way: (way[0] not in _TELEPHONE, way[1] in kept_back))
    return list(dict.fromkeys(address for _, address in ways))


def _channel(effect: Effect, theirs: list[Effect], why: Why) -> Json:
    words = outcome(effect.state, effect.reason)
    return {
        "channel": effect.channel,
        "way": way(effect.channel),
        "about": ABOUT.get(effect.audience, ""),
        "state": effect.state.value,
        "words": words,
        "why": "" if words == NOT_TRIED else _why_so(effect, theirs, why),
        "bad": effect.state in _BAD,
        "repeat": effect.repeat,
        "attempt": effect.attempt,
        "route": "" if words == NOT_TRIED else effect.route,
        "at": None if effect.settled_at is None else str(effect.settled_at),
    }


def _why_so(effect: Effect, theirs: list[Effect], why: Why) -> str:
    """Return why a message waits, or what became of the one that it repeats."""
    if effect.state in _BAD:
        return spoken(effect.reason)
    if effect.state not in _UNDER_WAY:
        return ""
    before = (
        one
        for one in theirs[::-1]
        if one.channel == effect.channel and one.state in _BAD
    )
    earlier = next(map(cause, before), "")
    return why(effect.channel) or (f"before: {earlier}" if earlier else "")


def _shown(theirs: list[Effect]) -> list[Effect]:
    """Return the latest message of each channel, and an alarm that did not arrive.

    What comes after it may arrive, a stop message say, and must not cover it.
    """
    latest = {one.channel: one for one in theirs}
    alarms: dict[str, Effect] = {}
    for one in theirs:
        if one.audience not in ABOUT and not _went_out(alarms.get(one.channel)):
            alarms[one.channel] = one
    shown: list[Effect] = []
    for channel, last in latest.items():
        alarm = alarms.get(channel)
        if last.audience in ABOUT and alarm is not None and not _went_out(alarm):
            shown.append(alarm)
        shown.append(last)
    return shown


def _went_out(effect: Effect | None) -> bool:
    return effect is not None and effect.state in TOLD


def _theirs(alarm: Alarm, told: Told) -> list[Effect]:
    return [one for one in alarm.effects.values() if one.person == told.person]


def _of_alarm(effects: list[Effect]) -> list[Effect]:
    """Return what told of the alarm itself; of nobody else all there is."""
    return [one for one in effects if one.audience not in ABOUT] or effects


def _reach(effects: list[Effect], told: Told) -> Reach:
    """Return how far it has come: of the alarm itself, not of what came after it."""
    states = {effect.state for effect in _of_alarm(effects)}
    # A forced answer proves it as a true one does: a verdict is kept with the voices.
    has_answered = told.seen_reply not in {None, *VERDICTS}
    if has_answered or EffectState.DELIVERED in states:
        return Reach.DELIVERED
    if EffectState.ACCEPTED in states:
        return Reach.ACCEPTED
    is_waiting = states & _UNDER_WAY and not states & _BAD
    return Reach.WAITING if is_waiting else Reach.FAILED
