"""What a rehearsal says of a fact, in the words of its time line. Pure."""

from collections.abc import Sequence
from typing import assert_never

from engine.alarm.events import (
    AcknowledgementLapsed,
    ActRefused,
    AlarmAcknowledged,
    AlarmClosed,
    AlarmEvent,
    AlarmPresumed,
    AlarmRaised,
    AlarmVerified,
    CancelRequested,
    NotificationPlanned,
    NotificationSettled,
    PositionFollowed,
    PublicationApproved,
    QuorumReached,
    ReplyReceived,
    SafetyConfirmed,
    StepFired,
    VerdictGiven,
    VerificationAsked,
)
from engine.alarm.state import Alarm, Ask, Force
from engine.ports.journal import EffectState
from engine.protocol.language import FALLBACK, wording
from engine.protocol.model import Voice

_ASKED = {
    Ask.OVERDUE: "nobody has said in time whether it is true: HQ is asked",
    Ask.DISPUTED: "people contradict each other: HQ is asked",
}
_SIGNS = {
    Force.COLLEAGUE_FORCED: "somebody who was told was forced to answer",
    Force.SECOND_SIGNAL: "another signal came after the request to call it off",
    Force.MOVING: "the position moves although it was called off",
    Force.SILENT: "no position comes any more although it was called off",
}


def signs_of(
    before: Alarm | None, after: Alarm | None, events: Sequence[AlarmEvent]
) -> str:
    """Return which signs of force are new, and whether HQ is called back.

    A code of force in a cancel stands on the line of that cancel, and so does what a
    lease that is over comes to.
    """
    if before is None or after is None:
        return ""
    new = sorted(after.force - before.force - {Force.DURESS_WORD})
    signs = " and ".join(_SIGNS[sign] for sign in new)
    said = [f"a sign of force: {signs}"] if signs else []
    lapsed = any(isinstance(event, AcknowledgementLapsed) for event in events)
    if is_taken(before) and not is_taken(after) and is_open(after) and not lapsed:
        said.append("it waits for HQ again")
    return ": ".join(said)


def is_taken(alarm: Alarm | None) -> bool:
    """Say whether an operator has it."""
    return alarm is not None and alarm.acknowledged is not None


def is_open(alarm: Alarm | None) -> bool:
    """Say whether it has not ended."""
    return alarm is not None and alarm.is_open


def words_of(event: AlarmEvent, before: Alarm | None) -> tuple[str, str, bool] | None:
    """Return lane, words and whether it is bad; None for what nobody would see.

    Args:
        event: what has happened.
        before: the alarm before it.

    """
    match event:
        case AlarmRaised(press=press):
            said = ", ".join(map(signal_words, press.signals))
            return "people", f"the alarm is raised: {said}", False
        case StepFired():
            return event.step, _round(event), not event.found
        case NotificationPlanned():
            again = f", repeat {event.repeat}" if event.repeat else ""
            return event.step, f"{event.channel} to {event.person}{again}", False
        case NotificationSettled() if event.state is EffectState.REJECTED:
            effect = None if before is None else before.effects.get(event.effect)
            if effect is None:
                return "people", f"not sent: {event.reason}", True
            lost = f"{effect.channel} to {effect.person} not sent: {event.reason}"
            return effect.step, lost, True
        case (
            AlarmClosed()
            | ActRefused()
            | AcknowledgementLapsed()
            | PublicationApproved()
        ):
            return _of_act(event)
        case _:
            told = _of_people(event)
            if told is not None and isinstance(event, VerdictGiven):
                told += _unheard(before)
            return None if told is None else ("people", told, False)


def signal_words(signal: str) -> str:
    """Return what a device says, as HQ reads it."""
    return wording(FALLBACK).signals.get(signal, signal.replace("_", " "))


def _round(event: StepFired) -> str:
    found = f"round {event.round}, {event.found} found"
    if not event.replaces:
        return found
    return f"{found} in place of {event.replaces} who turned it down"


def _of_act(
    event: AlarmClosed | ActRefused | AcknowledgementLapsed | PublicationApproved,
) -> tuple[str, str, bool]:
    match event:
        case AlarmClosed(apparent=True):
            seems = "for the defender's telephone it is over, and the case goes on"
            return (
                "people",
                f"{event.by} closes it after a sign of force: {seems}",
                False,
            )
        case AlarmClosed():
            return "people", f"{event.by} closes it", False
        case PublicationApproved():
            return "people", f"{event.by} at HQ approves what the world reads", False
        case ActRefused():
            ground = event.ground.value.replace("_", " ")
            return "people", f"{event.by} may not {_act(event.act)}: {ground}", True
        case AcknowledgementLapsed():
            why = "goes off duty" if event.off_duty else "has done nothing"
            words = f"{event.by} at HQ {why}: it waits for HQ again"
            return "people", words, True
        case _:
            assert_never(event)


def _act(name: str) -> str:
    """Return the name of a command as words: `ApprovePublication` has two."""
    return "".join(f" {one.lower()}" if one.isupper() else one for one in name).strip()


def _unheard(alarm: Alarm | None) -> str:
    """Say that an operator's word is none of those that the file counts, if so."""
    rule = None if alarm is None else alarm.protocol.verification
    counts = rule is None or Voice.HQ in rule.of
    return "" if counts else ", which the file does not count"


def _of_people(event: AlarmEvent) -> str | None:
    match event:
        case CancelRequested(press=press):
            forced = ", with the code of force" if press.duress else ""
            return f"somebody asks to call it off{forced}: nothing is closed by it"
        case PositionFollowed():
            return "the device says that they are elsewhere"
        case ReplyReceived():
            return f"{event.person} answers: {event.reply.value}"
        case AlarmAcknowledged():
            return f"{event.by} at HQ takes it"
        case AlarmVerified() | VerdictGiven():
            return f"{event.by} says: {event.truth.value}"
        case QuorumReached():
            return f"{len(event.names)} people say the same: {event.truth.value}"
        case AlarmPresumed():
            return "nobody has said in time whether it is true: it counts as real"
        case VerificationAsked():
            return _ASKED[event.ask]
        case SafetyConfirmed():
            how = "detained" if event.detained else "safe"
            return f"{event.by} says that the defender is {how}"
        case _:
            return None
