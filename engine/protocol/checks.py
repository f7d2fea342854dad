"""What no action protocol may say: each fault with its place and its cure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from engine.errors import DataError, suggestion
from engine.protocol.language import templates
from engine.protocol.model import (
    ActionProtocol,
    Audience,
    Condition,
    Level,
    Manner,
    Start,
)

WORLD = "public"
"""What the samples call the channel by which the world reads; any name will do."""
PUBLIC_TEXT = "public"
NAMED_TEXT = "public_named"
STOP_TEXT = "stop"
RECHECK_TEXT = "recheck"
DEFENDER_TEXTS = frozenset({"received", "cancelled", "ended", RECHECK_TEXT})
CHECK_IN_TEXTS = frozenset({"timer_on", "timer_near", "timer_over"})
DEFENDER_STARTS = frozenset(
    {Start.RAISED.value, Start.CANCELLED.value, Start.CLOSED.value}
)
_RUNG_BY_DUTY = frozenset({Audience.DUTY, Audience.HQ})


class Fault(NamedTuple):
    """What is wrong with a step, by its number from 0; with None in no step."""

    step: int | None
    field: str
    reason: str


Faults = Iterator[Fault]


def check(protocol: ActionProtocol, text: str, file: str) -> None:
    """Hold a whole action protocol to what must be true of every one.

    Raises:
        DataError: every fault of the first kind of which there is one: a later look
            relies on what an earlier one has found right.

    """
    for find in _CHECKS:
        faults = [_placed(fault, text, file) for fault in find(protocol)]
        if faults:
            raise DataError.of(faults)


def _placed(fault: Fault, text: str, file: str) -> DataError:
    number, field, reason = fault
    if number is None:
        return DataError(file, _line_of_key(text, field), field, reason)
    field = f"step[{number}].{field}" if field else f"step[{number}]"
    return DataError(file, line_of_step(text, number), field, reason)


def line_of_step(text: str, number: int) -> int | None:
    """Return the line on which a step begins."""
    found = [
        count
        for count, line in enumerate(text.splitlines(), start=1)
        if re.match(r"\s*\[\[\s*step\s*\]\]", line)
    ]
    return found[number] if number < len(found) else None


def _line_of_key(text: str, key: str) -> int | None:
    lines = enumerate(text.splitlines(), start=1)
    begins = re.compile(rf"\s*{key}\s*=")
    return next((count for count, line in lines if begins.match(line)), None)


def _check_texts(protocol: ActionProtocol) -> Faults:
    known = templates() - CHECK_IN_TEXTS
    for number, step in enumerate(protocol.steps):
        is_public = step.to is Audience.PUBLIC
        if step.text in known and is_public == step.text.startswith(PUBLIC_TEXT):
            continue
        if step.text not in known:
            meant = suggestion(step.text, known) or "."
            reason = f"no text {step.text!r}{meant} One of: {', '.join(sorted(known))}"
        elif is_public:
            reason = f"{step.text!r} is for people we know; take {PUBLIC_TEXT!r}"
        else:
            reason = f"{step.text!r} is for the public alone; take another"
        yield Fault(number, "text", reason)


def _check_order(protocol: ActionProtocol) -> Faults:
    known = {start.value for start in Start}
    seen: set[str] = set()
    for number, step in enumerate(protocol.steps):
        if step.id in known or step.id in seen:
            reason = f"the id {step.id!r} is taken; choose another"
            yield Fault(number, "id", reason)
        if step.after not in known and step.after not in seen:
            choice = ", ".join(sorted(known | seen))
            reason = f"{step.after!r} is no earlier step; one of: {choice}"
            yield Fault(number, "after", reason)
        if step.rounds != 1 and step.every is None:
            reason = "rounds need every_s, the time between them"
            yield Fault(number, "every_s", reason)
        seen.add(step.id)


def _check_ending(protocol: ActionProtocol) -> Faults:
    """Let nobody hear of an end before there is one: a cancel is none."""
    for number, step in enumerate(protocol.steps):
        says_end, is_told = step.text == STOP_TEXT, step.to is Audience.TOLD
        if not (says_end or is_told):
            continue
        if not protocol.begins_at_close(step):
            what = "says that it has ended" if says_end else "is for the end"
            reason = f'it {what}, and only HQ ends it; begin it with after = "closed"'
            yield Fault(number, "after", reason)
        if not says_end:
            reason = f"whoever was told hears of the end; take {STOP_TEXT!r}"
            yield Fault(number, "text", reason)


def _check_publishing(protocol: ActionProtocol) -> Faults:
    """Refuse a public step that could run before people have decided it."""
    needed = {Condition.VERIFIED, Condition.CONSENTED, Condition.APPROVED}
    for number, step in enumerate(protocol.steps):
        if step.to is not Audience.PUBLIC:
            continue
        level = protocol.publication.level
        if level is Level.NOTHING:
            reason = "publication.level is nothing; take the step out"
            yield Fault(number, "", reason)
        if step.text == NAMED_TEXT and level is not Level.NAME:
            reason = f"{NAMED_TEXT!r} needs publication.level name"
            yield Fault(number, "text", reason)
        missing = sorted(needed - set(step.requires))
        if missing:
            reason = f"a public step must require {', '.join(missing)} as well"
            yield Fault(number, "requires", reason)
        if step.every is not None:
            reason = "a public step is never repeated; take every_s out"
            yield Fault(number, "every_s", reason)
        if any(one.to is Audience.PUBLIC for one in protocol.steps[:number]):
            reason = "an approval is of one text; leave one public step"
            yield Fault(number, "to", reason)


def _check_defender(protocol: ActionProtocol) -> Faults:
    """Hold the defender's steps to what looks the same after a forced cancel."""
    theirs: set[str] = set()
    for number, step in enumerate(protocol.steps):
        if step.to is not Audience.DEFENDER:
            if step.text in DEFENDER_TEXTS:
                reason = f"{step.text!r} is for the defender alone; take another"
                yield Fault(number, "text", reason)
            continue
        if step.text not in DEFENDER_TEXTS:
            choice = ", ".join(sorted(DEFENDER_TEXTS))
            reason = f"others may read it: for the defender take one of {choice}"
            yield Fault(number, "text", reason)
        if step.after not in DEFENDER_STARTS | theirs:
            choice = ", ".join(sorted(DEFENDER_STARTS))
            reason = f"for the defender begin at {choice}, or at a step for them"
            yield Fault(number, "after", reason)
        if step.requires or set(step.stopped_by) - {Condition.SAFE_CONFIRMED}:
            reason = "a step for the defender may be stopped by safe_confirmed alone"
            yield Fault(number, "stopped_by", reason)
        theirs.add(step.id)


def _check_channels(protocol: ActionProtocol) -> Faults:
    """Hold ladders and channels to each other."""
    for number, step in enumerate(protocol.steps):
        rungs = [rung.channel for rung in step.ladder]
        if not step.channels:
            reason = "name channels, or a ladder of them"
            yield Fault(number, "channels", reason)
        if rungs and tuple(rungs) != step.channels:
            reason = "take channels out: the ladder names them"
            yield Fault(number, "channels", reason)
        if len(set(rungs)) < len(rungs):
            reason = "a channel stands on one rung alone"
            yield Fault(number, "ladder", reason)
        if rungs and step.to not in {Audience.NEAREST, Audience.CONTACTS}:
            reason = "a ladder is for nearest or contacts; the rota has its own turns"
            yield Fault(number, "ladder", reason)
        rings = "call" in step.channels and step.to not in _RUNG_BY_DUTY
        if rings and protocol.manner is Manner.QUIET:
            reason = "a ring may give somebody away: manner is quiet; take call out"
            yield Fault(number, "channels", reason)


def _check_forbidden(protocol: ActionProtocol) -> Faults:
    """Refuse a step that does what the defender has forbidden."""
    for number, step in enumerate(protocol.steps):
        done = {step.to.value, *step.channels} & set(protocol.forbids)
        if done:
            reason = f"{', '.join(sorted(done))} is forbidden by this file; take it out"
            yield Fault(number, "", reason)
    answered = {Audience.DEFENDER.value, "sms"} & set(protocol.forbids)
    if protocol.check_in.answers and answered:
        reason = (
            f"{', '.join(sorted(answered))} is forbidden by this file, and answers are"
            " SMS to the defender; take answers and warn_s out"
        )
        yield Fault(None, "answers", reason)


def _check_countdown(protocol: ActionProtocol) -> Faults:
    """Let no cancelled countdown wait for ever for somebody to say what it was."""
    if protocol.countdown and protocol.verification is None:
        reason = "a countdown needs [verification]: what is called off is asked about"
        yield Fault(None, "countdown_s", reason)


_CHECKS = (
    _check_texts,
    _check_order,
    _check_ending,
    _check_publishing,
    _check_defender,
    _check_channels,
    _check_forbidden,
    _check_countdown,
)
