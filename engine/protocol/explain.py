"""An action protocol in plain words, for the defender to read and to sign. Pure."""

from collections.abc import Iterable
from datetime import timedelta

from engine.protocol.checks import NAMED_TEXT, RECHECK_TEXT
from engine.protocol.model import (
    NEEDS_AFTER_FORCE,
    ActionProtocol,
    Audience,
    Condition,
    Fallback,
    Manner,
    Proof,
    Publication,
    Start,
    Step,
    Verification,
    Voice,
)

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
_VOICES = {
    Voice.COLLEAGUES: "your colleagues",
    Voice.CONTACTS: "your contacts",
    Voice.HQ: "HQ",
}
_CHANNELS = {"sms": "SMS", "call": "a ringing call", "email": "e-mail"}
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
_FORBIDDEN = {
    "nearest": "tell colleagues nearby",
    "contacts": "tell the contacts whom you have named",
    "duty": "call the officers on duty",
    "hq": "tell HQ",
    "public": "tell the world anything",
    "told": "tell anybody of the end",
    "everyone": "tell everybody again who was told",
    "asked": "tell those again who have not turned it down",
    "silent": "tell those again who have not answered",
    "defender": "write to you yourself",
}
"""What an audience that is forbidden means; any other word is a channel."""
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
    "check_in_missed": "you have not come back by the time that you gave",
    "silent": "nothing is heard of the device for longer than agreed",
    "low_battery": "its battery is low",
    "power_off": "it is switched off",
    "jammed": "it is jammed",
}


def explanation(protocol: ActionProtocol, *, stands_in: str = "") -> str:
    """Return the whole agreement as text, with a place to sign.

    `stands_in` is the name of its file where that is one of those that run whatever
    their triggers are: nobody agrees on them, and they are told as what they are.
    """
    lines = [f"{protocol.name}, version {protocol.version}", ""]
    if stands_in in _STANDS_IN:
        lines += [f"This is what happens when {_STANDS_IN[stands_in]}.", ""]
    else:
        lines += [*_beginning(protocol), ""]
    lines += [f"{n}. {sentence(s)}" for n, s in enumerate(protocol.steps, start=1)]
    lines += ["", *_promises(protocol), *_rules(protocol), *_device(protocol)]
    lines += [""]
    lines += [
        f"Text: {protocol.digest[:16]}",
        "",
        "Read and agreed: ____________________    Date: ____________",
    ]
    return "\n".join(lines) + "\n"


def _beginning(protocol: ActionProtocol) -> list[str]:
    begins = _list((_signal(s) for s in sorted(protocol.triggers)), "or")
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
        if ahead:
            text += f", and a warning {_list(ahead, 'and')} before its end"
        lines.append(f"{text}.")
    if plan.grace:
        lines.append(f"You are missed {span(plan.grace)} after the time that you gave.")
    if plan.button is not None:
        lines.append(
            f"The device's check-in button starts a timer of {span(plan.button)}, or"
            " begins it anew."
        )
    if protocol.device_commands:
        may = _list((_COMMANDS[one] for one in sorted(protocol.device_commands)), "and")
        lines.append(f"HQ may ask your device {may}.")
    return lines


def _at_risk(protocol: ActionProtocol) -> list[str]:
    more = sorted(protocol.risk_triggers - protocol.triggers)
    if not more:
        return []
    begins = _list(map(_signal, more), "or")
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
        text += f"; only if {_list(map(_condition, step.requires), 'and')}"
    if step.stopped_by:
        text += f"; no more once {_list(map(_condition, step.stopped_by), 'or')}"
    return f"{text} ({step.id})."


def _ways(step: Step) -> str:
    if not step.ladder:
        return _list(map(_channel, step.channels), "and")
    first, *others = step.ladder
    text, below = _channel(first.channel), first
    for rung in others:
        proof, within = _PROOFS[below.proof], span(below.within)
        text += f" and, unless {proof} within {within}, by {_channel(rung.channel)}"
        below = rung
    return text


def _wider(step: Step) -> str:
    more = [f"{step.count_more} more of them"] if step.count_more else []
    if step.within_m is not None and step.within_more_m:
        more.append(f"{step.within_more_m / 1000:g} km farther")
    return f", each time {_list(more, 'and')}" if more else ""


def span(duration: timedelta) -> str:
    """Return a duration as people say it."""
    seconds = round(duration.total_seconds())
    units = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
    for size, unit in units:
        if seconds >= size and seconds % size == 0:
            number = seconds // size
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{seconds} seconds"


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


def _promises(protocol: ActionProtocol) -> list[str]:
    """Return what holds whatever the steps say."""
    said = ["Only an operator at HQ can close an alarm; calling it off closes nothing."]
    if protocol.all_clear_needs > 1:
        said.append(
            f"HQ may close it once {protocol.all_clear_needs} people have said that you"
            " are safe."
        )
    if protocol.all_clear_needs < NEEDS_AFTER_FORCE:
        said.append(
            f"After a sign of force it takes {NEEDS_AFTER_FORCE} people, and your own"
            " word does not count."
        )
    else:
        said.append("After a sign of force your own word does not count.")
    if any(step.to is Audience.NEAREST for step in protocol.steps):
        said.append(
            "Where nobody knows where you are, the contacts whom you have named are"
            " told in place of the nearest colleagues."
        )
    if any(step.text == RECHECK_TEXT for step in protocol.steps):
        said.append(
            "You confirm that you are safe by the code of the message that asks you, 6,"
            " and the word that you have agreed with HQ. Where you have agreed none,"
            " whoever has your telephone can confirm it."
        )
    public = [step for step in protocol.steps if step.to is Audience.PUBLIC]
    said += _published(public, protocol.publication)
    said += [f"Nobody may {act}." for act in protocol.never]
    said += [f"No step may {_forbidden(one)}." for one in protocol.forbids]
    said.append(
        "Where it is not certain that your device sent it, colleagues are told all the"
        " same, and that it is not confirmed; so is HQ."
        if protocol.trust_unconfirmed
        else "Where it is not certain that your device sent it, colleagues are told"
        " only once HQ has verified it; HQ is told in any case."
    )
    rule = protocol.verification
    if rule is None:
        said.append("An operator at HQ decides alone whether it is true.")
    else:
        said += _believed(rule)
    return said


def _believed(rule: Verification) -> list[str]:
    whose = _list((_VOICES[voice] for voice in sorted(rule.of)), "or")
    people = (
        f"{rule.needs} of {whose} say" if rule.needs > 1 else f"one of {whose} says"
    )
    within, then = span(rule.within), _otherwise(rule.otherwise)
    said = [f"It counts as true when {people} so; if not within {within}, {then}."]
    if rule.otherwise is Fallback.TREAT_AS_REAL:
        said.append(
            "Where it is not certain that your device sent it, the officers on duty are"
            " asked instead."
        )
    said.append(
        "It counts as false when as many say so and one of them is at HQ: colleagues"
        " and contacts alone may have been forced."
        if Voice.HQ in rule.of
        else "Colleagues and contacts alone, who may have been forced, never make it"
        " false."
    )
    said.append("Where people contradict each other, a person at HQ decides.")
    return said


def _forbidden(word: str) -> str:
    return _FORBIDDEN.get(word, f"go by {_channel(word)}")


def _published(steps: list[Step], rule: Publication) -> list[str]:
    if not steps:
        return ["Nothing is ever published."]
    what = "no name and no place but the country"
    if any(step.text == NAMED_TEXT for step in steps):
        what = "the public name to which you have consented and the country, no place"
    said = [
        f"The world is told {what}, once, and only if all that is written above holds."
    ]
    if rule.decider is not None:
        said.append(f"{rule.decider} at HQ alone may approve it.")
    if rule.delay:
        said.append(
            f"It goes out {span(rule.delay)} after the approval; until then HQ can"
            " still find the alarm false, and nothing goes out."
        )
    return said


def _rules(protocol: ActionProtocol) -> list[str]:
    """Return what the file says for all steps together."""
    said = []
    if protocol.countdown:
        said.append(
            f"Colleagues and contacts hear of a press or a fall after"
            f" {span(protocol.countdown)}, in which you can call it off; HQ hears of it"
            " at once. A second press, and a device that is taken off, do not wait."
        )
    if protocol.crowd_max is not None:
        said.append(
            f"No more than {protocol.crowd_max} of the nearest colleagues are asked;"
            " whoever turns it down is not counted."
        )
    if protocol.lease is not None:
        said.append(
            f"Where the operator who has taken it does nothing for"
            f" {span(protocol.lease)}, the officers on duty are called again."
        )
    else:
        said.append(
            "Once an operator has taken it, nobody else at HQ is called again, even if"
            " that operator does nothing."
        )
    if protocol.manner is Manner.QUIET:
        said.append(
            "Whoever is told reads that they must not call you; only HQ's own officers"
            " are rung."
        )
    if protocol.manner is Manner.LOUD:
        said.append("Whoever is told reads that they should make it known.")
    said.append(f"A position older than {span(protocol.fresh)} is called old.")
    updates = protocol.updates
    if any(step.after == Start.MOVED for step in protocol.steps):
        said.append(
            f"You count as elsewhere {updates.moved_m:g} m from where people were told,"
            f" and they hear of it once in {span(updates.every)} at most."
        )
    if updates.silent is not None:
        said.append(
            f"Where your device was followed and says nothing for"
            f" {span(updates.silent)} after somebody has asked to call it off, that is"
            " a sign of force."
        )
    return said


def _otherwise(fallback: Fallback) -> str:
    return {
        Fallback.ASK: "the officers on duty are asked again",
        Fallback.TREAT_AS_REAL: "it is treated as real",
    }[fallback]


def _condition(condition: Condition) -> str:
    return _CONDITIONS.get(condition.value, condition.value.replace("_", " "))


def _channel(channel: str) -> str:
    return _CHANNELS.get(channel, channel)


def _signal(signal: str) -> str:
    words = signal.replace("_", " ")
    return _SIGNALS.get(signal, f"your device reports {words}")


def _list(words: Iterable[str], joined: str) -> str:
    *rest, last = list(words)
    return f"{', '.join(rest)} {joined} {last}" if rest else last
