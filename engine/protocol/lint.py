"""What will not work of an action protocol that can be read: pure.

The parser refuses what is impossible to say; this finds what is said and does not
help: a step that never comes, people who cannot be reached, one thing on which all
hangs, a text that does not fit, a deadline that nobody can meet.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from engine.ports.modem import Forms
from engine.protocol.model import (
    ActionProtocol,
    Audience,
    Condition,
    Start,
    Step,
    Voice,
)
from engine.protocol.texts import LANGUAGES, Segment, TextFacts, compose, wording
from engine.values import Instant, StepId

Fit = Callable[[Sequence[Forms]], str]
"""Cuts pieces to one short message, as a modem's driver does."""

SMS_S = 4.0
"""What one short message takes a modem."""
CALL_S = 25.0
ANSWER = timedelta(seconds=60)
"""Sooner nobody has read a message and answered it."""
MODEM = frozenset({"sms", "call"})
PEOPLE = frozenset({Audience.NEAREST, Audience.CONTACTS, Audience.DUTY})
_NEEDED_PRIORITY = 2
ASK = "ask"
_HEARD = {
    Voice.COLLEAGUES: Audience.NEAREST,
    Voice.CONTACTS: Audience.CONTACTS,
    Voice.HQ: Audience.DUTY,
}
_ALWAYS = {
    Start.VERIFIED.value: frozenset({Condition.VERIFIED, Condition.REAL}),
    Start.APPROVED.value: frozenset({Condition.APPROVED}),
}
_OPPOSITES = (
    frozenset({Condition.VERIFIED, Condition.FALSE}),
    frozenset({Condition.REAL, Condition.FALSE}),
)


class Fault(StrEnum):
    """What kind of finding."""

    UNREACHABLE = "unreachable"
    NOBODY = "nobody"
    SINGLE_POINT = "single_point"
    TEXT_TOO_LONG = "text_too_long"
    DEADLINE = "deadline"
    UNREVIEWED = "unreviewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """One finding: which step (empty: the whole), and what to do about it."""

    fault: Fault
    step: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whom a defender's steps can reach: how many people, by audience and channel.

    `modems` send short messages side by side. An audience that is not there has not
    been looked at, and nothing is said of it.
    """

    people: Mapping[Audience, Mapping[str, int]]
    modems: int = 1


def lint(
    protocol: ActionProtocol, *, fit: Fit | None = None, reach: Reach | None = None
) -> tuple[Warned, ...]:
    """Return all findings, in the order of the steps.

    Args:
        protocol: as parsed.
        fit: how a modem cuts a text; None leaves the texts unmeasured.
        reach: whom one defender's steps reach; None leaves people uncounted.

    """
    found = [*_unreachable(protocol), *_deadlines(protocol, reach)]
    found += [*_single_ways(protocol), *_no_end(protocol), *_crowded(protocol)]
    found += [*_quorum(protocol, reach)]
    if reach is not None:
        found += [*_people(protocol, reach)]
    if fit is not None:
        found += [*_texts(protocol, fit)]
    found += [*_unreviewed()]
    order = {step.id: number for number, step in enumerate(protocol.steps)}
    return tuple(sorted(found, key=lambda one: order.get(StepId(one.step), -1)))


def _unreachable(protocol: ActionProtocol) -> Iterable[Warned]:
    never: set[str] = set()
    for step in protocol.steps:
        why = _never(step, never)
        if why:
            never.add(step.id)
            yield Warned(fault=Fault.UNREACHABLE, step=step.id, words=why)


def _crowded(protocol: ActionProtocol) -> Iterable[Warned]:
    """Find steps for which those before them leave no room in the crowd.

    A step counts that has run before it for certain, or is stopped only where this
    one is as well; later rounds are left out, since an answer may come before them.
    """
    most = protocol.crowd_max
    nearest = [step for step in protocol.steps if step.to is Audience.NEAREST]
    for step in nearest if most is not None else ():
        after = _after_raise(protocol, step)
        before = [
            one
            for one in nearest
            if one is not step
            and not one.requires
            and set(one.stopped_by) <= set(step.stopped_by)
            and (sooner := _after_raise(protocol, one)) is not None
            and (step.after == one.id or (after is not None and sooner < after))
        ]
        asked = sum(one.count for one in before)
        if most is not None and asked >= most:
            named = ", ".join(repr(one.id) for one in before)
            words = (
                f"crowd_max is {most}, and {named} before it ask as many: it asks"
                " nobody unless somebody turns it down"
            )
            yield Warned(fault=Fault.UNREACHABLE, step=step.id, words=words)


def _never(step: Step, never: set[str]) -> str:
    if step.after in never:
        return f"begins after {step.after!r}, which never runs"
    wanted, stops = set(step.requires), set(step.stopped_by)
    both = wanted & stops
    if both:
        return f"requires {min(both).value!r} and is stopped by it"
    for pair in _OPPOSITES:
        if pair <= wanted:
            return f"requires {' and '.join(sorted(pair))}, which exclude each other"
    always = _ALWAYS.get(step.after, frozenset()) & stops
    if always:
        return f"is stopped by {min(always).value!r}, which always holds when it begins"
    return ""


def _deadlines(protocol: ActionProtocol, reach: Reach | None) -> Iterable[Warned]:
    modems = 1 if reach is None else max(reach.modems, 1)
    for step in protocol.steps:
        needs_s = _round_s(step, modems)
        if step.every is not None and needs_s > step.every.total_seconds():
            words = (
                f"a round needs about {needs_s:.0f} s on {modems} modem(s) and is"
                f" repeated every {step.every.total_seconds():.0f} s"
            )
            yield Warned(fault=Fault.DEADLINE, step=step.id, words=words)
        earlier = next((one for one in protocol.steps if one.id == step.after), None)
        waits = Condition.SOMEBODY_COMING in step.stopped_by
        if earlier is None or not waits or earlier.to not in PEOPLE:
            continue
        needed = ANSWER + timedelta(seconds=_round_s(earlier, modems))
        if step.delay < needed:
            words = (
                f"comes {step.delay.total_seconds():.0f} s after {earlier.id!r}: nobody"
                f" can have answered before {needed.total_seconds():.0f} s"
            )
            yield Warned(fault=Fault.DEADLINE, step=step.id, words=words)


def _round_s(step: Step, modems: int) -> float:
    people = step.count if step.to is Audience.NEAREST else 1
    each_s = SMS_S * ("sms" in step.channels) + CALL_S * ("call" in step.channels)
    return people * each_s / modems


def _single_ways(protocol: ActionProtocol) -> Iterable[Warned]:
    """Find what all hangs on: one channel to people, or HQ by one alone."""
    at_raise = [
        step
        for step in protocol.steps
        if not protocol.begins_at_close(step) and step.to is not Audience.PUBLIC
    ]
    ways = {channel for step in at_raise for channel in step.channels}
    if len(ways) == 1 or ways <= MODEM:
        named = " and ".join(map(repr, sorted(ways)))
        by = f"{named}, by modem," if ways <= MODEM else named
        words = f"everybody is told by {by} alone: if it fails, nobody hears"
        yield Warned(fault=Fault.SINGLE_POINT, step="", words=words)
    if not any(step.to in {Audience.HQ, Audience.DUTY} for step in at_raise):
        words = "HQ is never told: nobody takes the case"
        yield Warned(fault=Fault.NOBODY, step="", words=words)
    if protocol.lease is None:
        words = (
            "acknowledgement_lease_s is 0: an operator who takes it and does nothing"
            " silences it for good"
        )
        yield Warned(fault=Fault.SINGLE_POINT, step="", words=words)
    pages = [step for step in at_raise if step.to is Audience.DUTY]
    if not any(s.every is not None and s.rounds is None for s in pages):
        words = "the officers on duty are not paged round and round until one answers"
        yield Warned(fault=Fault.SINGLE_POINT, step="", words=words)


def _no_end(protocol: ActionProtocol) -> Iterable[Warned]:
    """Find people who are told of an alarm and never of its end."""
    told = {step.to for step in protocol.steps}
    at_close = filter(protocol.begins_at_close, protocol.steps)
    ends = Audience.TOLD in {step.to for step in at_close}
    if told & {Audience.NEAREST, Audience.CONTACTS} and not ends:
        words = "nobody who was told hears of the end: add a step to = 'told'"
        yield Warned(fault=Fault.NOBODY, step="", words=words)


def _quorum(protocol: ActionProtocol, reach: Reach | None) -> Iterable[Warned]:
    """Find a quorum that nobody can reach in its time, or with these people."""
    rule = protocol.verification
    if rule is None:
        return
    within_s = rule.within.total_seconds()
    if rule.within < ANSWER:
        words = f"verification.within_s is {within_s:.0f}: nobody can have answered"
        yield Warned(fault=Fault.DEADLINE, step="", words=words)
    for step in protocol.steps:
        after = _after_raise(protocol, step)
        if step.text == ASK and after is not None and after + ANSWER > rule.within:
            words = (
                f"asks {after.total_seconds():.0f} s after the raise, and who is"
                f" believed is settled after {within_s:.0f} s"
            )
            yield Warned(fault=Fault.DEADLINE, step=step.id, words=words)
    if reach is None or Voice.HQ in rule.of:
        return
    counts = [reach.people.get(_HEARD[voice]) for voice in rule.of - {Voice.HQ}]
    there = sum(max(one.values(), default=0) for one in counts if one is not None)
    if None not in counts and there < rule.needs:
        words = f"verification needs {rule.needs} people, and {there} can be reached"
        yield Warned(fault=Fault.NOBODY, step="", words=words)


def _after_raise(protocol: ActionProtocol, step: Step) -> timedelta | None:
    """Return how long after the raise a step comes at the soonest."""
    passed = step.delay
    for _ in protocol.steps:
        earlier = protocol.step(StepId(step.after))
        if earlier is None:
            break
        passed, step = passed + earlier.delay, earlier
    return passed if step.after == Start.RAISED else None


def _people(protocol: ActionProtocol, reach: Reach) -> Iterable[Warned]:
    for step in protocol.steps:
        known = reach.people.get(step.to)
        if known is None:
            continue
        there = max((known.get(channel, 0) for channel in step.channels), default=0)
        ways = " or ".join(step.channels)
        if there == 0:
            words = f"nobody of {step.to.value!r} can be reached by {ways}"
            yield Warned(fault=Fault.NOBODY, step=step.id, words=words)
        elif there == 1 and step.to in PEOPLE:
            words = f"one person alone of {step.to.value!r} can be reached by {ways}"
            yield Warned(fault=Fault.SINGLE_POINT, step=step.id, words=words)


def _texts(protocol: ActionProtocol, fit: Fit) -> Iterable[Warned]:
    first = {s.text: s for s in reversed(protocol.steps) if "sms" in s.channels}
    for step in first.values():
        for language in LANGUAGES:
            facts = replace(longest(), mark="exercise")
            said = compose(step.text, language, facts, now=_NOW, repeat=1)
            lost = _lost(said, fit)
            if lost is not None:
                rest = lost.text.strip()
                words = f"{step.text!r} in {language!r}: one SMS loses {rest!r}"
                yield Warned(fault=Fault.TEXT_TOO_LONG, step=step.id, words=words)


def _lost(segments: Sequence[Segment], fit: Fit) -> Segment | None:
    """Return the most important piece that is cut although it is needed.

    A needed piece may come in any of its forms: it is lost where none is left.
    """
    kept = _bare(fit([_aged(one) for one in segments]))
    lost = [
        one
        for one in segments
        if one.forms[-1][0] <= _NEEDED_PRIORITY
        and not any(_bare(text) in kept for _, text in _aged(one))
    ]
    return min(lost, key=lambda one: one.forms[-1][0], default=None)


def _bare(text: str) -> str:
    """Return a text without its accents, which a modem may leave out."""
    apart = unicodedata.normalize("NFD", text)
    return "".join(char for char in apart if not unicodedata.combining(char))


def _aged(segment: Segment) -> Forms:
    said = ((n, text.replace("{ago}", "59 min")) for n, text in segment.forms)
    return tuple((n, text.replace("{age}", "59min")) for n, text in said)


_NOW = Instant.parse("2026-01-01T00:00:00Z")


def longest() -> TextFacts:
    """Return facts as long as they come: a text that fits these fits."""
    return TextFacts(
        alias="Hummingbird",
        code="K7F2",
        sign="Umbrella",
        country="Democratic Republic of the Congo",
        lat_deg=-41.31151,
        lon_deg=-169.27974,
        accuracy_m=10_000.0,
        place_at=_NOW.plus(timedelta(minutes=-59)),
        pressed_at=_NOW,
        doubts=("late",),
        signals=("removed",),
        move=(99_000.0, "south_east"),
    )


def _unreviewed() -> Iterable[Warned]:
    """Mark the languages whose texts nobody who speaks them has reviewed."""
    for language in LANGUAGES:
        if not wording(language).is_reviewed:
            words = f"the texts in {language!r} are used and not reviewed"
            yield Warned(fault=Fault.UNREVIEWED, step="", words=words)
