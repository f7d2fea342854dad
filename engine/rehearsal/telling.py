"""What a rehearsal says of a fact, in the words of its time line. Pure."""

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
    QuorumReached,
    ReplyReceived,
    SafetyConfirmed,
    StepFired,
    VerdictGiven,
    VerificationAsked,
)
from engine.alarm.state import Alarm, Ask
from engine.ports.journal import EffectState
from engine.protocol.language import FALLBACK, wording

_ASKED = {
    Ask.OVERDUE: "nobody has said in time whether it is true: HQ is asked",
    Ask.DISPUTED: "people contradict each other: HQ is asked",
}


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
            return (
                event.step,
                f"round {event.round}, {event.found} found",
                not event.found,
            )
        case NotificationPlanned():
            again = f", repeat {event.repeat}" if event.repeat else ""
            return event.step, f"{event.channel} to {event.person}{again}", False
        case NotificationSettled() if event.state is EffectState.REJECTED:
            effect = None if before is None else before.effects.get(event.effect)
            lane = "people" if effect is None else effect.step
            return lane, f"not sent: {event.reason}", True
        case AlarmClosed() | ActRefused() | AcknowledgementLapsed():
            return _of_act(event)
        case _:
            told = _of_people(event)
            return None if told is None else ("people", told, False)


def signal_words(signal: str) -> str:
    """Return what a device says, as HQ reads it."""
    return wording(FALLBACK).signals.get(signal, signal.replace("_", " "))


def _of_act(
    event: AlarmClosed | ActRefused | AcknowledgementLapsed,
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
        case ActRefused():
            ground = event.ground.value.replace("_", " ")
            return "people", f"{event.by} may not {event.act}: {ground}", True
        case AcknowledgementLapsed():
            words = f"{event.by} at HQ has done nothing: it waits for HQ again"
            return "people", words, True
        case _:
            assert_never(event)


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
            return f"{event.by} says that the defender is safe"
        case _:
            return None
