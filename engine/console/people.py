"""Who was told, and whether it reached them: what HQ must never have to guess. Pure."""

from collections import Counter
from collections.abc import Sequence

from engine.alarm.effects import Effect
from engine.alarm.state import Alarm, Told
from engine.console.words import ABOUT, AUDIENCES, NOT_TRIED, REPLIES, outcome, way
from engine.dispatch.retired import RETIRED
from engine.ports.journal import EffectState
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
_WENT_OUT = frozenset({EffectState.ACCEPTED, EffectState.DELIVERED})
_UNDER_WAY = frozenset({EffectState.PLANNED, EffectState.ATTEMPTING})
_TELEPHONE = frozenset({"sms", "call"})


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
        self._revealed = revealed

    def of(self, person: str) -> str:
        """Return a person's name or stand-in."""
        return self._names.get(person, person if self._revealed else "somebody")

    def to(self, person: str, audience: Audience) -> str:
        """Return to whom a notification goes; none of these two is told of a case."""
        if audience is Audience.PUBLIC:
            return "the world"
        return "the defender" if audience is Audience.DEFENDER else self.of(person)


def people(alarm: Alarm, names: Names, *, revealed: bool) -> list[Json]:
    """Return everybody who was told; whom nothing has reached comes first."""
    found = [
        _person(alarm, told, names, revealed=revealed) for told in alarm.told.values()
    ]
    return sorted(found, key=lambda one: one["reached"] != "no")


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


def unreached(alarm: Alarm, *, who_can_come: bool | None = None) -> int:
    """Return how many people nothing has reached although something was tried.

    All of them, or only those who can come, or only the others.
    """
    return sum(
        _reached(_theirs(alarm, one), one) == "no"
        for one in alarm.told.values()
        if who_can_come in {None, can_come(one)}
    )


def _person(alarm: Alarm, told: Told, names: Names, *, revealed: bool) -> Json:
    theirs = _theirs(alarm, told)
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
        "reached": _reached(theirs, told),
        "channels": [_channel(effect) for effect in _shown(theirs)],
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


def _channel(effect: Effect) -> Json:
    words = outcome(effect.state, effect.reason)
    return {
        "channel": effect.channel,
        "way": way(effect.channel),
        "about": ABOUT.get(effect.audience, ""),
        "state": effect.state.value,
        "words": words,
        "bad": effect.state in _BAD,
        "repeat": effect.repeat,
        "attempt": effect.attempt,
        "route": "" if words == NOT_TRIED else effect.route,
        "at": None if effect.settled_at is None else str(effect.settled_at),
    }


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
    return effect is not None and effect.state in _WENT_OUT


def _theirs(alarm: Alarm, told: Told) -> list[Effect]:
    return [one for one in alarm.effects.values() if one.person == told.person]


def _reached(effects: list[Effect], told: Told) -> str:
    """Return `yes` with proof, `maybe`, `waiting` or `no`: of the alarm itself."""
    alarms = [effect for effect in effects if effect.audience not in ABOUT]
    states = {effect.state for effect in alarms or effects}
    if told.reply is not None or EffectState.DELIVERED in states:
        return "yes"
    if EffectState.ACCEPTED in states:
        return "maybe"
    if states & _UNDER_WAY:
        return "waiting" if not states & _BAD else "no"
    return "no"
