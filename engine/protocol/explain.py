"""An action protocol in plain words, for the defender to read and to sign. Pure."""

from typing import NamedTuple

from engine.protocol.model import (
    ActionProtocol,
    Audience,
    CheckInPlan,
    Condition,
    Proof,
    Step,
)
from engine.protocol.phrases import channel_words, listed, span
from engine.protocol.promises import promises, rules
from engine.values import Signal

_STARTS = {
    "raised": "the alarm is raised",
    "verified": "it is verified",
    "approved": "a second operator at HQ has approved publication",
    "closed": "HQ has closed the alarm",
    "cancelled": "somebody has asked to call it off",
    "duress": "there is a sign of force",
    "moved": "your device says that you are elsewhere",
}
_CONDITIONS = {
    "acknowledged": "an operator at HQ has taken it",
    "somebody_coming": "a colleague or a contact is coming",
    "confirmed_source": "it comes from your own device",
    "verified": "it is verified",
    "real": "it counts as real",
    "false": "it turned out to be false",
    "disputed": "people contradict each other about it",
    "consented": "you have consented to publication",
    "approved": "a second operator has approved it",
    "safe_confirmed": "it is confirmed that you are safe",
}
_PROOFS = {
    Proof.SENT: "it has been sent",
    Proof.ACCEPTED: "the network has taken it",
    Proof.DELIVERED: "it has reached their telephone",
    Proof.ANSWERED: "they have answered",
}
_SAYS = {
    "ask": "asked whether it is true",
    "moved": "told where you are now",
    "stop": "told that it has ended",
    "unconfirmed": "told that nobody knows whether you are safe",
    "received": "told that it has been received",
    "cancelled": "told that this has been received",
    "ended": "told that it has ended",
    "recheck": "asked whether you are safe",
    "public_named": "told, by the public name to which you have consented,",
}
"""What a text says, where it is not simply that there is an alarm."""
_COMMANDS = {
    "locate": "where it is",
    "interval": "to report more or less often",
    "vibrate": "to vibrate",
}
_STANDS_IN = {
    "unknown": "a device that nobody has enrolled calls for help",
    "hq_alone": "a device says what no action protocol of its carrier begins with",
}
"""What begins the two files that no person's entry names."""
_SIGNALS = {
    "sos": "you press for help",
    "removed": "the device is taken off",
    "tampered": "somebody tampers with the device",
    "fall": "the device reports a fall",
    "check_in_missed": "you have not come back by the time that you gave",
    "silent": "nothing is heard of the device for longer than agreed",
    "low_battery": "the battery of the device is low",
    "power_off": "the device is switched off",
    "power_on": "the device is switched on",
    "power_cut": "the power of the device is cut",
    "power_restored": "the power of the device is back",
    "jammed": "the device is jammed",
    "test": "the device sends a test",
    "button": "another button of the device is pressed",
    "vibration": "the device is shaken",
    "movement": "the device is moved",
    "overspeed": "the device goes too fast",
    "harsh_driving": "the device reports harsh driving",
    "accident": "the device reports an accident",
    "geofence": "the device enters or leaves an area that was agreed",
    "vehicle": "the device reports something of the vehicle",
    "fault": "the device reports a fault of its own",
    "unknown": "the device says what nobody can read",
}
"""What each signal is that may raise: of the device, since `it` would be the alarm."""


class Explained(NamedTuple):
    """The agreement by its parts, in the order in which they are read."""

    begins: list[str]
    steps: list[str]
    rules: list[str]


def explained(protocol: ActionProtocol, *, stands_in: str = "") -> Explained:
    """Return the whole agreement: what begins it, a sentence a step, what holds.

    `stands_in` is the name of its file where that is one of those that run whatever
    their triggers are: nobody agrees on them, and they are told as what they are.
    """
    if stands_in in _STANDS_IN:
        begins = [f"This is what happens when {_STANDS_IN[stands_in]}."]
    else:
        begins = _beginning(protocol)
    return Explained(
        begins=begins,
        steps=[sentence(step) for step in protocol.steps],
        rules=[*promises(protocol), *rules(protocol), *_device(protocol)],
    )


def explanation(protocol: ActionProtocol, *, stands_in: str = "") -> str:
    """Return the same as text, with a place to sign."""
    told = explained(protocol, stands_in=stands_in)
    lines = [f"{protocol.name}, version {protocol.version}", "", *told.begins, ""]
    lines += [f"{n}. {said}" for n, said in enumerate(told.steps, start=1)]
    lines += ["", *told.rules, ""]
    lines += [
        f"Text: {protocol.printed_digest}",
        "",
        "Read and agreed: ____________________    Date: ____________",
    ]
    return "\n".join(lines) + "\n"


def _beginning(protocol: ActionProtocol) -> list[str]:
    begins = listed(_signals(protocol.triggers), "or")
    return [
        f"This is what happens when {begins}.",
        *_at_risk(protocol),
        "Whatever else comes from your device and may be meant is shown to HQ alone.",
    ]


def _device(protocol: ActionProtocol) -> list[str]:
    """Say what goes to the defender's own telephone and device, where anything does."""
    plan, lines = protocol.check_in, []
    if plan.answers:
        text = "Your telephone gets an SMS for each message about a timer of yours"
        ahead = [span(one) for one in plan.warnings if one]
        warned = [f"{listed(ahead, 'and')} before its end"] if ahead else []
        if len(ahead) < len(plan.warnings):
            warned.append("at its end")
        if warned:
            text += f", and a warning {' and '.join(warned)}"
        lines.append(f"{text}.")
    if plan.grace:
        lines.append(f"You are missed {span(plan.grace)} after the time that you gave.")
    if plan != CheckInPlan() and Signal.CHECK_IN_MISSED not in protocol.triggers:
        lines.append("Whether you are missed is shown to HQ alone.")
    if plan.button is not None:
        lines.append(
            f"The device's check-in button starts a timer of {span(plan.button)}, or"
            " begins it anew."
        )
    if protocol.device_commands:
        may = listed(
            (_COMMANDS[one] for one in sorted(protocol.device_commands)), "and"
        )
        lines.append(f"HQ may ask your device {may}.")
    return lines


def _at_risk(protocol: ActionProtocol) -> list[str]:
    more = _signals(protocol.risk_triggers - protocol.triggers)
    if not more:
        return []
    begins = listed(more, "or")
    return [f"Within a risk window that you have declared, also when {begins}."]


def sentence(step: Step) -> str:
    """Return what one step does, as a sentence."""
    start = _STARTS.get(step.after, f"step {step.after!r} has run")
    when = f"{span(step.delay)} after {start}" if step.delay else f"As soon as {start}"
    said = _SAYS.get(step.text, "told")
    text = f"{when}, {_who(step)} {said} by {_ways(step)}"
    if step.every is not None:
        rounds = "" if step.rounds is None else f", {step.rounds} times in all"
        text += f"; again every {span(step.every)}{rounds}"
        text += _wider(step)
    if step.replaces_declined:
        text += "; whoever turns it down is replaced by the next nearest at once"
    if step.requires:
        text += f"; only if {listed(map(_condition, step.requires), 'and')}"
    if step.stopped_by:
        text += f"; no more once {listed(map(_condition, step.stopped_by), 'or')}"
    return f"{text} ({step.id})."


def _ways(step: Step) -> str:
    if not step.ladder:
        return listed(map(channel_words, step.channels), "and")
    first, *others = step.ladder
    text, below = channel_words(first.channel), first
    for rung in others:
        proof, within = _PROOFS[below.proof], span(below.within)
        text += (
            f" and, unless {proof} within {within}, by {channel_words(rung.channel)}"
        )
        below = rung
    return text


def _wider(step: Step) -> str:
    more = [f"{step.count_more} more of them"] if step.count_more else []
    if step.within_m is not None and step.within_more_m:
        more.append(f"{step.within_more_m / 1000:g} km farther")
    return f", each time {listed(more, 'and')}" if more else ""


def _who(step: Step) -> str:
    if step.to is Audience.NEAREST:
        within = "" if step.within_m is None else f" within {step.within_m / 1000:g} km"
        people = "colleague" if step.count == 1 else f"{step.count} colleagues"
        verb = "is" if step.count == 1 else "are"
        return f"the nearest {people}{within} who have not been told yet {verb}"
    return {
        "contacts": "the contacts whom you have named are",
        "duty": "the next officer on duty is",
        "hq": "HQ is",
        "public": "the world is",
        "told": "everybody who was told is",
        "asked": "everybody who was told and has not turned it down is",
        "silent": "everybody who was told and has not answered is",
        "defender": "you yourself are",
        "everyone": "everybody who was told so far is",
    }.get(step.to.value, f"{step.to.value} is")


def _condition(condition: Condition) -> str:
    return _CONDITIONS.get(condition.value, condition.value.replace("_", " "))


def _signals(triggers: frozenset[Signal]) -> list[str]:
    """Return what each of them is, a press for help first."""
    return [_SIGNALS[signal] for signal in Signal if signal in triggers]
