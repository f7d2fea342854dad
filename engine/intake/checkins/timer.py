"""A check-in as facts: started, moved, warned, ended, missed. Pure.

A word of force ends it in appearance exactly as a word of safety does: the same fact,
the same answer. That it raises is the alarm's business and stands nowhere here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from engine.intake.checkins.hearing import FIRST
from engine.intake.checkins.words import LASTS_MAX
from engine.ports.journal import Head, NewEvent, StoredEvent
from engine.protocol.model import CheckInPlan
from engine.roster.model import Word
from engine.stored import read_plain, write_plain
from engine.values import Instant, PersonId

PREFIX = "check-in/"
SENT_MS, CAME_MS = "sent_ms", "came_ms"
# From a number alone, which is easily forged, so often and no farther each time.
MOVES_MAX = 3
MOVE = timedelta(hours=1)
TEXT_ON, TEXT_NEAR, TEXT_OVER = "timer_on", "timer_near", "timer_over"


class Fact(StrEnum):
    """What happened to a check-in."""

    STARTED = "CheckInStarted"
    MOVED = "CheckInMoved"
    WARNED = "CheckInWarned"
    ENDED = "CheckInEnded"
    MISSED = "CheckInMissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """One that runs: `due` is when they wanted to be back, `warned` counts warnings."""

    due: Instant
    warned: int = 0
    moves: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What its person says of it: a new time, or (`until` None) that they are back.

    `has_words` where a word was agreed: then it takes one to end it. `is_press` where
    their device says it, of which they were asked to press again and again.
    """

    until: Instant | None
    word: Word | None = None
    has_words: bool = False
    is_press: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What comes of it: facts, and the text that their person gets, if any.

    `sent` is when whoever made the change spoke, where they were heard late, and `came`
    when that came; `first` where the answer goes before what an alarm begins.
    """

    facts: tuple[tuple[Fact, Instant], ...] = ()
    answer: str = ""
    missed: bool = False
    sent: Instant | None = None
    came: Instant | None = None
    first: bool = False


def say(
    timer: Timer | None, said: Said, now: Instant, *, sent: Instant | None = None
) -> Change:
    """Return what a message changes; where it changes nothing, it is answered alike.

    `sent` is when it was, where it comes late.
    """
    return replace(_say(timer, said, now), sent=sent)


def _say(timer: Timer | None, said: Said, now: Instant) -> Change:
    if said.until is not None:
        return _set(timer, said, said.until, now)
    if timer is None:
        return Change()
    if said.word is None and said.has_words:
        return Change(answer=TEXT_ON)
    return Change(facts=((Fact.ENDED, now),), answer=TEXT_OVER)


def outdated(timer: Timer | None, said: Said) -> Change:
    """Return what a message changes that was sent before the last order: nothing.

    It is answered with what holds. Who sets a timer would take silence for one that
    runs, and a network's clock that is behind makes an order of now look so old.
    """
    if timer is not None:
        return Change(answer=TEXT_ON)
    return Change() if said.until is None else Change(answer=TEXT_OVER)


def _set(timer: Timer | None, said: Said, until: Instant, now: Instant) -> Change:
    until = min(until, now.plus(LASTS_MAX))
    if timer is None:
        return Change(facts=((Fact.STARTED, until),), answer=TEXT_ON)
    proven = said.word is not None or said.is_press or not said.has_words
    if until > timer.due and not proven:
        if timer.moves >= MOVES_MAX:
            return Change(answer=TEXT_ON)
        until = min(until, timer.due.plus(MOVE))
    return Change(facts=((Fact.MOVED, until),), answer=TEXT_ON)


def tick(timer: Timer, plan: CheckInPlan, now: Instant) -> Change:
    """Return what is due: a warning, or that it was missed."""
    if now >= timer.due.plus(plan.grace):
        return Change(facts=((Fact.MISSED, timer.due),), missed=True)
    passed = [one for one in plan.warnings if now >= timer.due.plus(-one)]
    if len(passed) > timer.warned:
        # Several that have passed at once, as in an outage, are one message.
        return Change(facts=((Fact.WARNED, now),) * (len(passed) - timer.warned),
                      answer=TEXT_NEAR)  # fmt: skip
    return Change()


def next_due(timer: Timer, plan: CheckInPlan) -> Instant:
    """Return when to look again."""
    ahead = sorted(plan.warnings, reverse=True)[timer.warned : timer.warned + 1]
    return timer.due.plus(-ahead[0]) if ahead else timer.due.plus(plan.grace)


def evolve(timer: Timer | None, fact: Fact, at: Instant) -> Timer | None:
    """Return the timer after a fact; None where none runs any more."""
    if fact is Fact.STARTED:
        return Timer(due=at)
    if timer is None or fact in {Fact.ENDED, Fact.MISSED}:
        return None
    if fact is Fact.MOVED:
        return Timer(due=at, moves=timer.moves + 1)
    return replace(timer, warned=timer.warned + 1)


def fold(rows: Iterable[StoredEvent]) -> Timer | None:
    """Return what runs after these rows; a row of a newer engine is passed over."""
    timer: Timer | None = None
    known = {fact.value: fact for fact in Fact}
    for row in rows:
        if row.kind in known:
            at = Instant(int(read_plain(row.body)["at_ms"]))
            timer = evolve(timer, known[row.kind], at)
    return timer


def event_of(
    fact: Fact, at: Instant, sent: Instant | None = None, came: Instant | None = None
) -> NewEvent:
    """Return a fact as it is kept, with when it was said, and when that came."""
    times = {"at_ms": at, SENT_MS: sent, CAME_MS: came}
    body = {name: one.ms for name, one in times.items() if one is not None}
    return NewEvent(kind=fact.value, body=write_plain(body))


def head_of(timer: Timer | None, plan: CheckInPlan, now: Instant) -> Head:
    """Return the clear columns after a change of now.

    A timer may be over as it is set: the auditor is not told of it before anybody can
    be missed.
    """
    if timer is None:
        return Head(status="over", is_open=False)
    due = max(next_due(timer, plan), now.plus(FIRST))
    return Head(status="running", is_open=True, next_due=due)


def stream_of(person: PersonId) -> str:
    """Return the stream of a person's check-ins."""
    return PREFIX + person


def person_of(stream: str) -> PersonId:
    """Return whose stream it is."""
    return PersonId(stream.removeprefix(PREFIX))
