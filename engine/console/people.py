"""Who was told, and whether it reached them: what HQ must never have to guess. Pure."""

from collections import Counter

from engine.alarm.state import Alarm, Effect, Told
from engine.console.words import AUDIENCES, EFFECTS, REPLIES, way
from engine.ports.journal import EffectState
from engine.protocol.model import Audience

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


def people(alarm: Alarm, names: Names, *, revealed: bool) -> list[Json]:
    """Return everybody who was told; whom nothing has reached comes first."""
    found = [
        _person(alarm, told, names, revealed=revealed) for told in alarm.told.values()
    ]
    return sorted(found, key=lambda one: one["reached"] != "no")


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
    latest = {effect.channel: effect for effect in theirs}
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
        "channels": [_channel(effect) for effect in latest.values()],
    }


def _channel(effect: Effect) -> Json:
    return {
        "channel": effect.channel,
        "way": way(effect.channel),
        "state": effect.state.value,
        "words": EFFECTS[effect.state],
        "bad": effect.state in _BAD,
        "repeat": effect.repeat,
        "attempt": effect.attempt,
        "route": effect.route,
        "at": None if effect.settled_at is None else str(effect.settled_at),
    }


def _theirs(alarm: Alarm, told: Told) -> list[Effect]:
    return [one for one in alarm.effects.values() if one.person == told.person]


def _reached(effects: list[Effect], told: Told) -> str:
    """Return `yes` with proof, `maybe`, `waiting` or `no`."""
    states = {effect.state for effect in effects}
    if told.reply is not None or EffectState.DELIVERED in states:
        return "yes"
    if EffectState.ACCEPTED in states:
        return "maybe"
    if states & _UNDER_WAY:
        return "waiting" if not states & _BAD else "no"
    return "no"
