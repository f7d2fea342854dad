"""An action protocol in plain words, for the defender to read and to sign. Pure."""

import unicodedata
from datetime import date
from typing import NamedTuple

from engine.protocol.agreed import agreement, words
from engine.protocol.language import FALLBACK, review_doubt
from engine.protocol.model import ActionProtocol, Audience, CheckInPlan, Start, Step
from engine.protocol.promises import channel_words, promises, rules
from engine.protocol.said import Said, Value, row, say
from engine.protocol.tables import ALL_IS_WELL
from engine.values import Signal

_STANDS_IN = frozenset({"unknown", "hq_alone"})
"""The two files that no person's entry names."""
_SAYS = frozenset(
    {
        *("ask", "moved", "stop", "unconfirmed", "received", "cancelled", "ended"),
        *("recheck", "public_named"),
    }
)
"""Texts that say something else than that there is an alarm."""
_FROM_THE_RIGHT = frozenset({"ar"})
_FROM_THE_RIGHT_MARK = "\u200f"


class Agreed(NamedTuple):
    """What is agreed by its parts, in no language yet."""

    begins: list[Said]
    steps: list[Said]
    rules: list[Said]


class Explained(NamedTuple):
    """The agreement by its parts, in the order in which they are read."""

    begins: list[str]
    steps: list[str]
    rules: list[str]


def agreed(protocol: ActionProtocol, *, stands_in: str = "") -> Agreed:
    """Return the whole agreement: what begins it, a sentence a step, what holds.

    `stands_in` is the name of its file where that is one of those that run whatever
    their triggers are: nobody agrees on them, and they are told as what they are.
    """
    if stands_in in _STANDS_IN:
        begins = [say(f"begins.{stands_in}")]
    else:
        begins = _beginning(protocol)
    return Agreed(
        begins=begins,
        steps=[_step(step) for step in protocol.steps],
        rules=[*promises(protocol), *rules(protocol), *_device(protocol)],
    )


def explained(
    protocol: ActionProtocol, *, stands_in: str = "", language: str = FALLBACK
) -> Explained:
    """Return the same as sentences of a language."""
    parts = agreed(protocol, stands_in=stands_in)
    begins, steps, held = ([words(one, language) for one in part] for part in parts)
    return Explained(begins, steps, held)


def explanation(
    protocol: ActionProtocol,
    *,
    stands_in: str = "",
    language: str = FALLBACK,
    today: date | None = None,
) -> str:
    """Return the same as text, with a place to sign; `today` as in `unreviewed`."""
    told = explained(protocol, stands_in=stands_in, language=language)

    def page(key: str, **values: Value) -> str:
        return words(say(f"page.{key}", **values), language)

    lines = [page("title", name=protocol.name, version=protocol.version), ""]
    doubts = unreviewed(language, today)
    lines += [*doubts, ""] if doubts else []
    lines += [*told.begins, ""]
    lines += [f"{n}. {said}" for n, said in enumerate(told.steps, start=1)]
    lines += ["", *told.rules, ""]
    lines += [page("text", digest=protocol.printed_digest), "", page("sign")]
    if language in _FROM_THE_RIGHT:
        lines = [one if one in doubts else _turned(one) for one in lines]
    return "\n".join(lines) + "\n"


def unreviewed(language: str, today: date | None = None) -> list[str]:
    """Return what stands over words that nobody has reviewed, also in English.

    A review of a later day than `today` is none; None leaves the day unlooked at.
    """
    if review_doubt(agreement(language), today) is None:
        return []
    said = (words(say("page.unreviewed"), one) for one in (language, FALLBACK))
    return list(dict.fromkeys(said))


def _turned(line: str) -> str:
    """Return a line that is read from the right although it begins with Latin letters.

    The first letter decides that, by Unicode's rules: a mark in front of it is needed
    where that is a letter of the file's name, and nowhere else. A number is no letter.
    """
    ways = (unicodedata.bidirectional(char) for char in line)
    first = next((way for way in ways if way in {"L", "R", "AL"}), "")
    return f"{_FROM_THE_RIGHT_MARK}{line}" if first == "L" else line


def _beginning(protocol: ActionProtocol) -> list[Said]:
    said = [say("begins.when", signals=_signals(protocol.triggers))]
    more = protocol.risk_triggers - protocol.triggers
    if more:
        said.append(say("begins.at_risk", signals=_signals(more)))
    return [*said, say("begins.others")]


def _device(protocol: ActionProtocol) -> list[Said]:
    """Say what goes to the defender's own telephone and device, where anything does."""
    plan, said = protocol.check_in, []
    if plan.answers:
        said.append(_answers(plan))
    if plan.grace:
        said.append(say("own.grace", grace=plan.grace))
    if plan != CheckInPlan() and Signal.CHECK_IN_MISSED not in protocol.triggers:
        said.append(say("own.missed"))
    if plan.button is not None:
        said.append(say("own.button", button=plan.button))
    if protocol.device_commands:
        named = (say(f"commands.{one}") for one in sorted(protocol.device_commands))
        said.append(say("own.commands", commands=row(named, "and")))
    return said


def _answers(plan: CheckInPlan) -> Said:
    ahead = row([one for one in plan.warnings if one], "and")
    is_at_end = len(ahead.items) < len(plan.warnings)
    if not ahead.items:
        return say("own.answers_end" if is_at_end else "own.answers")
    return say("own.answers_both" if is_at_end else "own.answers_ahead", ahead=ahead)


def sentence(step: Step, language: str = FALLBACK) -> str:
    """Return what one step does, as a sentence."""
    return words(_step(step), language)


def _step(step: Step) -> Said:
    is_fact = step.after in set(Start)
    start = (
        say(f"starts.{step.after}") if is_fact else say("starts.step", id=step.after)
    )
    text = step.text if step.text in _SAYS else "alarm"
    values: dict[str, Value] = {
        "when": say("step.later", delay=step.delay, start=start)
        if step.delay
        else say("step.at_once", start=start),
        "said": say(f"says.{text}"),
        "ways": _ways(step),
        "more": row(_more(step)),
        "id": step.id,
    }
    if step.to is Audience.DEFENDER:
        return say("step.own", **values)
    return say("step.whole", who=_who(step), **values)


def _more(step: Step) -> list[Said]:
    """Say how it goes on, and on what it hangs."""
    said = []
    if step.every is not None:
        said.append(
            say("step.again", every=step.every)
            if step.rounds is None
            else say("step.again_rounds", every=step.every, n=step.rounds)
        )
        said += _wider(step)
    if step.replaces_declined:
        said.append(say("step.replaces"))
    if step.requires:
        all_of = row((say(f"conditions.{one.value}") for one in step.requires), "and")
        said.append(say("step.requires", conditions=all_of))
    if step.stopped_by:
        any_of = row((say(f"conditions.{one.value}") for one in step.stopped_by), "or")
        said.append(say("step.stopped", conditions=any_of))
    return said


def _ways(step: Step) -> Value:
    if not step.ladder:
        return row(map(channel_words, step.channels), "ways")
    first, *others = step.ladder
    said, below = channel_words(first.channel), first
    for rung in others:
        said = say(
            f"step.rung_{below.proof.value}",
            below=said,
            within=below.within,
            channel=channel_words(rung.channel),
        )
        below = rung
    return said


def _wider(step: Step) -> list[Said]:
    is_farther = step.within_m is not None and step.within_more_m
    km = step.within_more_m / 1000
    if step.count_more and is_farther:
        return [say("step.wider_both", n=step.count_more, km=km)]
    if step.count_more:
        return [say("step.wider_more", n=step.count_more)]
    return [say("step.wider_farther", km=km)] if is_farther else []


def _who(step: Step) -> Said:
    if step.to is not Audience.NEAREST:
        return say(f"who.{step.to.value}")
    if step.within_m is None:
        return say("who.nearest", n=step.count)
    return say("who.nearest_within", n=step.count, km=step.within_m / 1000)


def _signals(triggers: frozenset[Signal]) -> Value:
    """Return what each of them is, a press for help first."""
    named = (one for one in Signal if one in triggers - ALL_IS_WELL)
    return row((say(f"signals.{one.value}") for one in named), "or")
