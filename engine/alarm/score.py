"""What an exercise was worth: who was reached, who answered, and how soon. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.alarm.events import (
    AlarmAcknowledged,
    AlarmEvent,
    AlarmRaised,
    NotificationPlanned,
    NotificationSettled,
    RecipientsChosen,
    ReplyReceived,
)
from engine.alarm.state import ReplyKind
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.values import EffectId, Instant

GOOD_ANSWER_S = 120.0
GOOD_ACKNOWLEDGEMENT_S = 60.0
REACHED, PROVEN, ANSWERED, SOON = 1, 1, 2, 1
FULL = REACHED + PROVEN + ANSWERED + SOON
_REACHED = frozenset({EffectState.ACCEPTED, EffectState.DELIVERED})
_ANSWERS = frozenset({Audience.NEAREST, Audience.CONTACTS, Audience.DUTY})


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonScore:
    """What one person's part came to; seconds count from the raise, None for never.

    One point each where a message went out, where one is proven to have arrived, and
    for an answer within two minutes of the first message; two for any answer with the
    right code. An officer on duty answers by taking it, within one minute, or with
    their code; `spared` where somebody else took it before that minute was over, so
    that nothing was left to do. `of` is how many points there were to be had.
    """

    person: str
    alias: str
    audience: Audience
    sent_s: float | None
    delivered_s: float | None
    answered_s: float | None
    reply: ReplyKind | None
    points: int
    of: int = FULL
    took_it: bool = False
    spared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What an exercise came to. `percent` is of the points that were to be had.

    People stand as they were chosen, of one round the nearest first. HQ has as many
    points as a person, all of them for an acknowledgement within a minute.
    """

    people: tuple[PersonScore, ...]
    acknowledged_s: float | None
    hq_points: int
    percent: int


def score(events: Iterable[AlarmEvent]) -> Score:
    """Score an exercise from its facts so far; any alarm's facts are taken."""
    facts = list(events)
    began = next((e.at for e in facts if isinstance(e, AlarmRaised)), None)
    chosen: dict[str, tuple[str, Audience]] = {}
    for event in facts:
        if isinstance(event, RecipientsChosen) and event.audience in _ANSWERS:
            for one in event.chosen:
                chosen.setdefault(one.person, (one.alias, event.audience))
    people = tuple(
        _person(person, alias, audience, facts, began)
        for person, (alias, audience) in chosen.items()
    )
    taken = (e.at for e in facts if isinstance(e, AlarmAcknowledged))
    acknowledged_s = _since(began, next(taken, None))
    hq_points = _hq_points(acknowledged_s)
    had = sum(one.points for one in people) + hq_points
    most = sum(one.of for one in people) + FULL
    return Score(
        people=people,
        acknowledged_s=acknowledged_s,
        hq_points=hq_points,
        percent=round(100 * had / most),
    )


def _person(
    person: str,
    alias: str,
    audience: Audience,
    facts: list[AlarmEvent],
    began: Instant | None,
) -> PersonScore:
    planned = [
        event
        for event in facts
        if isinstance(event, NotificationPlanned) and event.person == person
    ]
    theirs = {event.effect for event in planned}
    told = planned[0].at if planned else None
    sent_s = _since(began, _settled(facts, theirs, _REACHED))
    delivered = frozenset({EffectState.DELIVERED})
    delivered_s = _since(began, _settled(facts, theirs, delivered))
    answer = next(
        (
            event
            for event in facts
            if isinstance(event, ReplyReceived)
            and event.person == person
            and event.authentic
        ),
        None,
    )
    taken = [event for event in facts if isinstance(event, AlarmAcknowledged)]
    took = next((event for event in taken if event.by == person), None)
    # An operator and somebody on the rota who have one name are one person.
    acted = min((e.at for e in (answer, took) if e is not None), default=None)
    is_officer = audience is Audience.DUTY
    good_s = GOOD_ACKNOWLEDGEMENT_S if is_officer else GOOD_ANSWER_S
    by_others = _since(told, taken[0].at if taken else None)
    spared = is_officer and acted is None and _is_within(by_others, good_s)
    # Who has answered has read it, whatever the network says of the delivery.
    points = REACHED * (sent_s is not None or acted is not None)
    points += PROVEN * (delivered_s is not None or acted is not None)
    points += ANSWERED * (acted is not None)
    points += SOON * _is_within(_since(told, acted), good_s)
    return PersonScore(
        person=person,
        alias=alias,
        audience=audience,
        sent_s=sent_s,
        delivered_s=delivered_s,
        answered_s=_since(began, acted),
        reply=None if answer is None else answer.reply,
        points=points,
        of=REACHED + PROVEN if spared else FULL,
        took_it=took is not None,
        spared=spared,
    )


def _settled(
    facts: list[AlarmEvent], effects: set[EffectId], states: frozenset[EffectState]
) -> Instant | None:
    found = (
        event.at
        for event in facts
        if isinstance(event, NotificationSettled)
        and event.effect in effects
        and event.state in states
    )
    return next(found, None)


def _is_within(passed_s: float | None, most_s: float) -> bool:
    return passed_s is not None and passed_s <= most_s


def _hq_points(acknowledged_s: float | None) -> int:
    if acknowledged_s is None:
        return 0
    return FULL if acknowledged_s <= GOOD_ACKNOWLEDGEMENT_S else FULL - SOON


def _since(began: Instant | None, at: Instant | None) -> float | None:
    if began is None or at is None:
        return None
    return round(at.since(began).total_seconds(), 3)
