"""What will happen next by itself, in words for the countdown. Pure."""

from msgspec import structs

from engine.alarm.contents import WAIT_TEXT, text_of
from engine.alarm.evolve import evolve
from engine.alarm.lease import lapses
from engine.alarm.schedule import due_rounds, next_due
from engine.alarm.state import Alarm
from engine.console.words import way
from engine.protocol.model import Audience, Step
from engine.values import Instant


def upcoming(alarm: Alarm, now: Instant) -> tuple[Step, Instant] | None:
    """Return the step that runs next unless somebody acts, and when; None for none.

    Repeats and the engine's own second looks are no steps: they are left out. The end
    of an operator's lease is none either: what follows from it is.
    """
    steps_only = structs.replace(alarm, effects={})
    at = next_due(steps_only, now)
    if at is None:
        return None
    for lapse in lapses(steps_only, at):
        steps_only = evolve(steps_only, lapse)
    due = next(due_rounds(steps_only, at), None)
    return None if due is None else (due.step, at)


def who_of(step: Step) -> str:
    """Return whom a step tells."""
    match step.to:
        case Audience.NEAREST:
            within = (
                ""
                if step.within_m is None
                else f" within {step.within_m / 1000:.0f} km"
            )
            return f"the {step.count} nearest colleagues{within}"
        case Audience.CONTACTS:
            return "the named contacts"
        case Audience.DUTY:
            return "the officer on duty"
        case Audience.HQ:
            return "HQ"
        case Audience.PUBLIC:
            return "the public"
        case Audience.TOLD | Audience.EVERYONE:
            return "everybody who was told"
        case Audience.DEFENDER:
            return "the defender"
        case Audience.ASKED:
            return "the colleagues and contacts who were told"
        case Audience.SILENT:
            return "those who have not answered"


def ways_of(step: Step) -> str:
    """Return by what a step tells them."""
    return " and ".join(way(channel) for channel in step.channels)


def outlook(alarm: Alarm, now: Instant) -> tuple[str, Instant | None]:
    """Return the next step in words, and when it runs."""
    following = upcoming(alarm, now)
    if following is None:
        return ("", None)
    step, at = following
    next_one = (
        "the next " if step.to is Audience.DUTY and alarm.fired.get(step.id) else ""
    )
    who = who_of(step).removeprefix("the ") if next_one else who_of(step)
    waits = " to wait for HQ" if text_of(alarm, step) == WAIT_TEXT else ""
    return (f"tell {next_one}{who} by {ways_of(step)}{waits}", at)
