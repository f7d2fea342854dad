"""What is said in a file and does nothing, or not what was meant: pure."""

from collections.abc import Iterable
from dataclasses import fields

from engine.errors import meant_by
from engine.protocol.checks import NAMED_TEXT, WORLD
from engine.protocol.findings import Fault, Warned
from engine.protocol.model import (
    AFTER_CARE,
    ActionProtocol,
    Audience,
    CheckInPlan,
    Level,
    Publication,
    Start,
    Step,
    Updates,
    Voice,
)
from engine.values import Signal

KNOWN_CHANNELS = frozenset({"sms", "call", "email", "webhook", WORLD})
FOR_HQ = frozenset({"hq", "page", "notice", "unconfirmed"})
"""Texts without a code, or with nothing that a colleague could answer."""
_GO = frozenset({Audience.NEAREST, Audience.CONTACTS})
_PEOPLE = _GO | {Audience.ASKED, Audience.SILENT}
_SEARCH = {
    "count": "count",
    "within_m": "within_km",
    "count_more": "count_more",
    "within_more_m": "within_more_km",
    "replaces_declined": "replaces_declined",
}
_MEANT = {
    Signal.SOS: "a press for help",
    Signal.REMOVED: "a device that is torn off",
}


def slips(protocol: ActionProtocol) -> Iterable[Warned]:
    """Find all of them, those of the whole file first."""
    yield from _triggers(protocol)
    yield from _voices(protocol)
    for words in _ignored(protocol):
        yield Warned(fault=Fault.IGNORED, step="", words=words)
    for step in protocol.steps:
        for words in _ignored_of(step):
            yield Warned(fault=Fault.IGNORED, step=step.id, words=words)
        words = _misplaced(protocol, step)
        if words:
            yield Warned(fault=Fault.MISPLACED, step=step.id, words=words)


def misspelt(protocol: ActionProtocol, configured: frozenset[str]) -> dict[str, str]:
    """Return what was meant by channels that nobody knows and that are close to one.

    Any name may be a configured channel's: one that is like no other is left alone.
    """
    known = configured | KNOWN_CHANNELS
    used = {channel for step in protocol.steps for channel in step.channels} - known
    meant = {channel: meant_by(channel, sorted(known)) for channel in used}
    return {channel: words for channel, words in meant.items() if words}


def channel_slips(
    protocol: ActionProtocol, configured: frozenset[str]
) -> Iterable[Warned]:
    """Find steps with a channel whose name is a slip."""
    slipped = misspelt(protocol, configured)
    for step in protocol.steps:
        for channel in step.channels:
            if channel in slipped:
                words = f"no channel {channel!r} is known; {slipped[channel]}"
                yield Warned(fault=Fault.NOBODY, step=step.id, words=words)


def _triggers(protocol: ActionProtocol) -> Iterable[Warned]:
    missed = Signal.CHECK_IN_MISSED
    for signal, what in _MEANT.items():
        if signal not in protocol.triggers:
            words = (
                f"triggers: {what} ({signal.value}) raises nothing, HQ alone sees it"
            )
            yield Warned(fault=Fault.UNREACHABLE, step="", words=words)
    if protocol.check_in != CheckInPlan() and missed not in protocol.triggers:
        words = f"triggers: a timer that runs out ({missed.value}) raises nothing, HQ"
        yield Warned(fault=Fault.UNREACHABLE, step="", words=f"{words} alone sees it")


def _voices(protocol: ActionProtocol) -> Iterable[Warned]:
    rule = protocol.verification
    if rule is None or Voice.HQ in rule.of:
        return
    words = "verification.of leaves out hq: it is never found false, whoever says so"
    yield Warned(fault=Fault.UNREACHABLE, step="", words=words)
    told = {step.to for step in protocol.steps if not protocol.begins_at_close(step)}
    heard = {Voice.COLLEAGUES: Audience.NEAREST, Voice.CONTACTS: Audience.CONTACTS}
    if not any(heard[voice] in told for voice in rule.of):
        named = " or ".join(sorted(voice.value for voice in rule.of))
        words = f"verification waits for {named}, and no step tells them"
        yield Warned(fault=Fault.NOBODY, step="", words=words)


def _ignored(protocol: ActionProtocol) -> Iterable[str]:
    audiences = {step.to for step in protocol.steps}
    texts = {step.text for step in protocol.steps}
    starts = {step.after for step in protocol.steps}
    said = protocol.publication
    if Audience.PUBLIC not in audiences and said != Publication():
        if said.level is not Level.NOTHING:
            yield "publication: there is no step for the public"
    elif said.level is Level.NAME and NAMED_TEXT not in texts:
        yield f"publication.level is name, and no step says {NAMED_TEXT!r}"
    yield from _crowd(protocol)
    if protocol.countdown and not audiences & _GO:
        yield "countdown_s: there is no step for colleagues or contacts, who would wait"
    is_told = Start.MOVED.value in starts
    if not is_told and protocol.updates.every != Updates().every:
        yield "updates.every_s: there is no step after 'moved'"
    used = {channel for step in protocol.steps for channel in step.channels}
    known = {*Audience} | KNOWN_CHANNELS | used
    for word in protocol.forbids:
        if word not in known:
            yield (
                f"forbids {word!r}: no audience and no channel that is known here;"
                " what people may not do is said in never"
            )


def _crowd(protocol: ActionProtocol) -> Iterable[str]:
    """Find a limit that nobody meets, and one that a single search is beyond."""
    most = protocol.crowd_max
    searches = [step for step in protocol.steps if step.to is Audience.NEAREST]
    if most is None:
        return
    if not searches:
        yield "crowd_max: there is no step for the nearest"
    for step in searches:
        if step.count > most:
            yield f"crowd_max: {step.id!r} asks {step.count}, and {most} is the most"


def _ignored_of(step: Step) -> Iterable[str]:
    usual = {field.name: field.default for field in fields(Step)}
    said = [
        (name, key)
        for name, key in _SEARCH.items()
        if getattr(step, name) != usual[name]
    ]
    if step.to is not Audience.NEAREST:
        for _, key in said:
            yield f"{key}: it is for the nearest alone"
    else:
        grows = [key for name, key in said if name in {"count_more", "within_more_m"}]
        if grows and step.every is None:
            yield f"{grows[0]}: there is no later round without every_s"
        if step.within_more_m and step.within_m is None:
            yield "within_more_km: nothing limits it without within_km"
    if step.to is Audience.CONTACTS and step.every is not None:
        yield (
            "every_s: each contact is told once, and a later round finds only who is"
            " new in the roster; add a step to = 'silent', or 'asked', to remind them"
        )
    if step.to is Audience.PUBLIC and step.repeats != usual["repeats"]:
        yield "repeats: the public is never told again"


def _misplaced(protocol: ActionProtocol, step: Step) -> str:
    if step.to is Audience.DEFENDER and "call" in step.channels:
        return "a ring says nothing to the defender, and may give them away"
    if step.text in AFTER_CARE and not protocol.begins_at_close(step):
        return f"{step.text!r} is of the time after the end: begin it at 'closed'"
    if step.text == "sos" and protocol.begins_at_close(step):
        return "'sos' calls for help when the alarm has ended already"
    if step.to in _PEOPLE and step.text in FOR_HQ:
        return f"{step.text!r} speaks to HQ, and leaves people nothing to answer"
    if step.to in _GO and step.text == "ask":
        return "'ask' asks of an alarm, and does not say where it is"
    if step.text == "moved" and step.after != Start.MOVED:
        return "'moved' says where somebody has gone: begin it with after = 'moved'"
    return ""
