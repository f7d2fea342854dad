"""What will not work of an action protocol that can be read: pure.

The parser refuses what is impossible to say; this finds what is said and does not
help: a step that never comes, people who cannot be reached, one thing on which all
hangs, a text that does not fit, a deadline that nobody can meet, a field that does
nothing.
"""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from msgspec import structs

from engine.ports.modem import Forms
from engine.protocol.agreed import agreement
from engine.protocol.certain import after_raise, waits_for
from engine.protocol.checks import RECHECK_TEXT
from engine.protocol.findings import Fault, Reach, Warned
from engine.protocol.language import LANGUAGES, review_doubt, wording
from engine.protocol.lint_after import afterwards
from engine.protocol.lint_calls import calls, far
from engine.protocol.lint_deadlines import PEOPLE, deadlines
from engine.protocol.lint_quorums import quorums, unfilled
from engine.protocol.lint_slips import channel_slips, misspelt, slips
from engine.protocol.lint_ways import MODEM, ways
from engine.protocol.model import (
    ActionProtocol,
    Audience,
    Condition,
    Start,
    Step,
)
from engine.protocol.texts import Segment, TextFacts, compose, finish
from engine.values import Instant, StepId

Fit = Callable[[Sequence[Forms]], str]
"""Cuts pieces to one short message, as a modem's driver does."""

_NEEDED_PRIORITY = 2
_NEEDED_IN_DRILLS = 1
"""Of an exercise its reader must see what it is, where, and that it is in doubt."""
_ALWAYS = {
    Start.VERIFIED.value: frozenset({Condition.VERIFIED, Condition.REAL}),
    Start.APPROVED.value: frozenset({Condition.APPROVED}),
}
_CALLED = frozenset({Audience.NEAREST, Audience.CONTACTS})
_OPPOSITES = (
    frozenset({Condition.VERIFIED, Condition.FALSE}),
    frozenset({Condition.REAL, Condition.FALSE}),
)


def lint(
    protocol: ActionProtocol,
    *,
    fit: Fit | None = None,
    reach: Reach | None = None,
    configured: frozenset[str] = frozenset(),
    today: date | None = None,
) -> tuple[Warned, ...]:
    """Return all findings, in the order of the steps.

    Args:
        protocol: as parsed.
        fit: how a modem cuts a text; None leaves the texts unmeasured.
        reach: whom one defender's steps reach; None leaves people uncounted.
        configured: the channels of a configuration, beside the usual ones.
        today: no review is of a later day; None leaves the days unlooked at.

    """
    found = [*_unreachable(protocol), *deadlines(protocol, reach)]
    found += [*ways(protocol), *_crowded(protocol), *slips(protocol)]
    found += [*unfilled(protocol), *afterwards(protocol), *calls(protocol)]
    if reach is not None:
        found += [*quorums(protocol, reach), *_people(protocol, reach)]
        found += [*_word(protocol, reach), *_signed(protocol, reach)]
        found += [*far(protocol, reach)]
    # What else is found of a name that is a slip would have a wrong cure.
    slipped = [repr(channel) for channel in misspelt(protocol, configured)]
    found = [one for one in found if not any(name in one.words for name in slipped)]
    found += [*channel_slips(protocol, configured)]
    if fit is not None:
        found += [*_texts(protocol, fit)]
    found += [*_unreviewed(reach, today)]
    order = {step.id: number for number, step in enumerate(protocol.steps)}
    return tuple(sorted(found, key=lambda one: order.get(StepId(one.step), -1)))


def _unreachable(protocol: ActionProtocol) -> Iterable[Warned]:
    never: set[str] = set()
    for step in protocol.steps:
        why = _never(step, never) or _in_vain(protocol, step)
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
        after = after_raise(protocol, step)
        before = [
            one
            for one in nearest
            if one is not step
            and not one.requires
            and set(one.stopped_by) <= set(step.stopped_by)
            and (sooner := after_raise(protocol, one)) is not None
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
    if Condition.VERIFIED in wanted and Condition.REAL in stops:
        return "requires 'verified' and is stopped by 'real', which what is verified is"
    for pair in _OPPOSITES:
        if pair <= wanted:
            return f"requires {' and '.join(sorted(pair))}, which exclude each other"
    always = _ALWAYS.get(step.after, frozenset()) & stops
    if always:
        return f"is stopped by {min(always).value!r}, which always holds when it begins"
    return ""


def _in_vain(protocol: ActionProtocol, step: Step) -> str:
    """Say for which of people's acts a step waits that this file leaves nobody."""
    wanted = {step.after, *step.requires}
    is_public = any(one.to is Audience.PUBLIC for one in protocol.steps)
    if Start.APPROVED in wanted and not is_public:
        return "waits for an approval, and there is no step for the public"
    if Condition.DISPUTED in wanted and protocol.verification is None:
        return "requires 'disputed', and without [verification] nothing is"
    if Condition.SAFE_CONFIRMED in wanted and not protocol.begins_at_close(step):
        return "requires 'safe_confirmed', which nobody says before the end"
    coming = Condition.SOMEBODY_COMING
    if coming in wanted and not any(
        one.to in _CALLED and not _waits_for(protocol, one, coming)
        for one in protocol.steps
    ):
        return (
            "requires 'somebody_coming', and nobody is asked to come before somebody is"
        )
    return ""


def _waits_for(protocol: ActionProtocol, step: Step, condition: Condition) -> bool:
    """Say whether a step, or one that it begins after, requires a condition."""
    comes = not protocol.begins_at_close(step)
    return not comes or condition in waits_for(protocol, step)


def _people(protocol: ActionProtocol, reach: Reach) -> Iterable[Warned]:
    if reach.modems == 1 and any(MODEM & set(step.channels) for step in protocol.steps):
        words = "one modem alone sends every SMS and rings every telephone"
        yield Warned(fault=Fault.SINGLE_POINT, step="", words=words)
    for step in protocol.steps:
        there = reach.count(step.to, step.channels)
        by = " or ".join(step.channels)
        if there == 0:
            words = f"nobody of {step.to.value!r} can be reached by {by}"
            yield Warned(fault=Fault.NOBODY, step=step.id, words=words)
        elif there == 1 and step.to in PEOPLE:
            words = f"one person alone of {step.to.value!r} can be reached by {by}"
            yield Warned(fault=Fault.SINGLE_POINT, step=step.id, words=words)


def _word(protocol: ActionProtocol, reach: Reach) -> Iterable[Warned]:
    """Find a telephone that confirms by itself that its owner is safe."""
    asks = next((s for s in protocol.steps if s.text == RECHECK_TEXT), None)
    if asks is not None and reach.has_word is False:
        words = (
            "no safe_word is agreed: whoever has the defender's telephone can confirm"
            " that they are safe"
        )
        yield Warned(fault=Fault.FORGEABLE, step=asks.id, words=words)


def _signed(protocol: ActionProtocol, reach: Reach) -> Iterable[Warned]:
    """Find a text that is no longer the one to which the defender has agreed."""
    signed, now = reach.agreed_text, protocol.printed_digest
    if signed and signed != now:
        words = (
            f"the text that was signed is {signed}, and this one is {now}: read what"
            " `natalia protocol explain` tells of it with the defender, have it signed,"
            " and write the new digest into agreed_text"
        )
        yield Warned(fault=Fault.CHANGED, step="", words=words)


def _texts(protocol: ActionProtocol, fit: Fit) -> Iterable[Warned]:
    first = {
        step.text: step
        for step in reversed(protocol.steps)
        if "sms" in step.channels and step.to is not Audience.PUBLIC
    }
    manner = "" if protocol.manner is None else protocol.manner.value
    drill = structs.replace(longest(), mark="exercise"), 1, _NEEDED_IN_DRILLS
    # How to behave matters where it is real.
    meant = structs.replace(longest(), manner=manner), 0, _NEEDED_PRIORITY
    for step in first.values():
        for language in LANGUAGES:
            for facts, repeat, needed in (drill, meant):
                said = compose(step.text, language, facts, now=_NOW, repeat=repeat)
                lost = _lost(finish(said, language, _NOW), fit, needed)
                if lost is not None:
                    rest = lost.text.strip()
                    words = f"{step.text!r} in {language!r}: one SMS loses {rest!r}"
                    yield Warned(fault=Fault.TEXT_TOO_LONG, step=step.id, words=words)
                    break


def _lost(segments: Sequence[Segment], fit: Fit, needed: int) -> Segment | None:
    """Return the most important piece that is cut although it is needed.

    It is needed from that priority on, in any of its forms: lost where none is left.
    """
    kept = _bare(fit([one.forms for one in segments]))
    lost = [
        one
        for one in segments
        if one.forms[-1][0] <= needed
        and not any(_bare(text) in kept for _, text in one.forms)
    ]
    return min(lost, key=lambda one: one.forms[-1][0], default=None)


def _bare(text: str) -> str:
    """Return a text without its accents, which a modem may leave out."""
    apart = unicodedata.normalize("NFD", text)
    return "".join(char for char in apart if not unicodedata.combining(char))


_NOW = Instant.parse("2026-01-01T00:00:00Z")


def longest() -> TextFacts:
    """Return facts as long as they come: a text that fits these fits.

    The position is old and nobody knows who has sent it, since both have to be said.
    """
    return TextFacts(
        alias="Hummingbirds",
        code="K7F2",
        sign="Watermelon",
        lat_deg=-41.31151,
        lon_deg=-169.27974,
        accuracy_m=10_000.0,
        place_at=_NOW.plus(timedelta(minutes=-119)),
        pressed_at=_NOW,
        doubts=("failed_authentication",),
        distance_m=99_000.0,
        signals=("removed",),
        move=(99_000.0, "south_east"),
    )


def _unreviewed(reach: Reach | None, today: date | None) -> Iterable[Warned]:
    """Mark the languages whose texts nobody who speaks them has reviewed as they are.

    Where people are counted only those that one of them reads, and of what is signed
    the defender's: the others would hide what is found of this defender alone.
    """
    read = None if reach is None else reach.languages
    used = None if read is None else {wording(one).language for one in read}
    told = None if reach is None or read is None else {reach.reads}
    for language in LANGUAGES:
        looked_at = (
            ("texts", used, wording(language)),
            ("sentences of `natalia protocol explain`", told, agreement(language)),
        )
        for what, among, table in looked_at:
            if among is not None and language not in among:
                continue
            doubt = review_doubt(table, today)
            if doubt is not None:
                words = f"the {what} in {language!r} are used and not reviewed{doubt}"
                yield Warned(fault=Fault.UNREVIEWED, step="", words=words)
