"""What no action protocol may say: each fault with its place and its cure."""

import re

from engine.errors import DataError, suggestion
from engine.protocol.model import (
    ActionProtocol,
    Audience,
    Condition,
    Level,
    Manner,
    Start,
)
from engine.protocol.texts import templates

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


def check(protocol: ActionProtocol, text: str, file: str) -> None:
    """Hold a whole action protocol to what must be true of every one.

    Raises:
        DataError: the first fault found.

    """
    _check_texts(protocol, text, file)
    _check_order(protocol, text, file)
    _check_ending(protocol, text, file)
    _check_publishing(protocol, text, file)
    _check_defender(protocol, text, file)
    _check_channels(protocol, text, file)
    _check_forbidden(protocol, text, file)
    _check_countdown(protocol, text, file)


def line_of_step(text: str, number: int) -> int | None:
    """Return the line on which a step begins."""
    found = [
        count
        for count, line in enumerate(text.splitlines(), start=1)
        if re.match(r"\s*\[\[\s*step\s*\]\]", line)
    ]
    return found[number] if number < len(found) else None


def _check_texts(protocol: ActionProtocol, text: str, file: str) -> None:
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
        line = line_of_step(text, number)
        raise DataError(file, line, f"step[{number}].text", reason)


def _check_order(protocol: ActionProtocol, text: str, file: str) -> None:
    known = {start.value for start in Start}
    seen: set[str] = set()
    for number, step in enumerate(protocol.steps):
        field = f"step[{number}]"
        if step.id in known or step.id in seen:
            reason = f"the id {step.id!r} is taken; choose another"
            raise DataError(file, line_of_step(text, number), f"{field}.id", reason)
        if step.after not in known and step.after not in seen:
            choice = ", ".join(sorted(known | seen))
            reason = f"{step.after!r} is no earlier step; one of: {choice}"
            raise DataError(file, line_of_step(text, number), f"{field}.after", reason)
        if step.rounds != 1 and step.every is None:
            reason = "rounds need every_s, the time between them"
            line = line_of_step(text, number)
            raise DataError(file, line, f"{field}.every_s", reason)
        seen.add(step.id)


def _check_ending(protocol: ActionProtocol, text: str, file: str) -> None:
    """Let nobody hear of an end before there is one: a cancel is none."""
    for number, step in enumerate(protocol.steps):
        says_end, is_told = step.text == STOP_TEXT, step.to is Audience.TOLD
        if not (says_end or is_told):
            continue
        field, line = f"step[{number}]", line_of_step(text, number)
        if not protocol.begins_at_close(step):
            what = "says that it has ended" if says_end else "is for the end"
            reason = f'it {what}, and only HQ ends it; begin it with after = "closed"'
            raise DataError(file, line, f"{field}.after", reason)
        if not says_end:
            reason = f"whoever was told hears of the end; take {STOP_TEXT!r}"
            raise DataError(file, line, f"{field}.text", reason)


def _check_publishing(protocol: ActionProtocol, text: str, file: str) -> None:
    """Refuse a public step that could run before people have decided it."""
    needed = {Condition.VERIFIED, Condition.CONSENTED, Condition.APPROVED}
    for number, step in enumerate(protocol.steps):
        if step.to is not Audience.PUBLIC:
            continue
        level = protocol.publication.level
        if level is Level.NOTHING:
            reason = "publication.level is nothing; take the step out"
            raise DataError(file, line_of_step(text, number), f"step[{number}]", reason)
        if step.text == NAMED_TEXT and level is not Level.NAME:
            reason = f"{NAMED_TEXT!r} needs publication.level name"
            line = line_of_step(text, number)
            raise DataError(file, line, f"step[{number}].text", reason)
        missing = sorted(needed - set(step.requires))
        if missing:
            reason = f"a public step must require {', '.join(missing)} as well"
            line = line_of_step(text, number)
            raise DataError(file, line, f"step[{number}].requires", reason)
        if step.every is not None:
            reason = "a public step is never repeated; take every_s out"
            line = line_of_step(text, number)
            raise DataError(file, line, f"step[{number}].every_s", reason)


def _check_defender(protocol: ActionProtocol, text: str, file: str) -> None:
    """Hold the defender's steps to what looks the same after a forced cancel."""
    theirs: set[str] = set()
    for number, step in enumerate(protocol.steps):
        line, field = line_of_step(text, number), f"step[{number}]"
        if step.to is not Audience.DEFENDER:
            if step.text in DEFENDER_TEXTS:
                reason = f"{step.text!r} is for the defender alone; take another"
                raise DataError(file, line, f"{field}.text", reason)
            continue
        if step.text not in DEFENDER_TEXTS:
            choice = ", ".join(sorted(DEFENDER_TEXTS))
            reason = f"others may read it: for the defender take one of {choice}"
            raise DataError(file, line, f"{field}.text", reason)
        if step.after not in DEFENDER_STARTS | theirs:
            choice = ", ".join(sorted(DEFENDER_STARTS))
            reason = f"for the defender begin at {choice}, or at a step for them"
            raise DataError(file, line, f"{field}.after", reason)
        if step.requires or set(step.stopped_by) - {Condition.SAFE_CONFIRMED}:
            reason = "a step for the defender may be stopped by safe_confirmed alone"
            raise DataError(file, line, f"{field}.stopped_by", reason)
        theirs.add(step.id)


def _check_channels(protocol: ActionProtocol, text: str, file: str) -> None:
    """Hold ladders and channels to each other."""
    for number, step in enumerate(protocol.steps):
        field, line = f"step[{number}]", line_of_step(text, number)
        rungs = [rung.channel for rung in step.ladder]
        if not step.channels:
            reason = "name channels, or a ladder of them"
            raise DataError(file, line, f"{field}.channels", reason)
        if rungs and tuple(rungs) != step.channels:
            reason = "take channels out: the ladder names them"
            raise DataError(file, line, f"{field}.channels", reason)
        if len(set(rungs)) < len(rungs):
            reason = "a channel stands on one rung alone"
            raise DataError(file, line, f"{field}.ladder", reason)
        if rungs and step.to not in {Audience.NEAREST, Audience.CONTACTS}:
            reason = "a ladder is for nearest or contacts; the rota has its own turns"
            raise DataError(file, line, f"{field}.ladder", reason)
        rings = "call" in step.channels and step.to not in _RUNG_BY_DUTY
        if rings and protocol.manner is Manner.QUIET:
            reason = "a ring may give somebody away: manner is quiet; take call out"
            raise DataError(file, line, f"{field}.channels", reason)


def _check_forbidden(protocol: ActionProtocol, text: str, file: str) -> None:
    """Refuse a step that does what the defender has forbidden."""
    for number, step in enumerate(protocol.steps):
        done = {step.to.value, *step.channels} & set(protocol.forbids)
        if done:
            reason = f"{', '.join(sorted(done))} is forbidden by this file; take it out"
            field = f"step[{number}]"
            raise DataError(file, line_of_step(text, number), field, reason)


def _check_countdown(protocol: ActionProtocol, text: str, file: str) -> None:
    """Let no cancelled countdown wait for ever for somebody to say what it was."""
    if protocol.countdown and protocol.verification is None:
        line = next(
            (
                count
                for count, one in enumerate(text.splitlines(), start=1)
                if re.match(r"\s*countdown_s\s*=", one)
            ),
            None,
        )
        reason = "a countdown needs [verification]: what is called off is asked about"
        raise DataError(file, line, "countdown_s", reason)
