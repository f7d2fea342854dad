"""An action protocol in plain words, for the defender to read and to sign. Pure."""

from collections.abc import Iterable
from datetime import timedelta

from engine.protocol.model import ActionProtocol, Audience, Condition, Fallback, Step

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
    "somebody_coming": "somebody is coming",
    "confirmed_source": "it comes from your own device",
    "verified": "it is verified",
    "real": "it counts as real",
    "false": "it turned out to be false",
    "disputed": "people contradict each other about it",
    "consented": "you have consented to publication",
    "approved": "a second operator has approved it",
    "safe_confirmed": "it is confirmed that you are safe",
}
_CHANNELS = {"sms": "SMS", "call": "a ringing call", "email": "e-mail"}
_COMMANDS = {
    "locate": "where it is",
    "interval": "to report more or less often",
    "vibrate": "to vibrate",
}
_SIGNALS = {
    "sos": "you press for help",
    "removed": "the device is taken off",
    "check_in_missed": "you have not come back by the time that you gave",
    "silent": "nothing is heard of the device for longer than agreed",
    "low_battery": "its battery is low",
    "power_off": "it is switched off",
    "jammed": "it is jammed",
}


def explanation(protocol: ActionProtocol) -> str:
    """Return the whole agreement as text, with a place to sign."""
    begins = _list((_signal(s) for s in sorted(protocol.triggers)), "or")
    lines = [
        f"{protocol.name}, version {protocol.version}",
        "",
        f"This is what happens when {begins}.",
        *_at_risk(protocol),
        "",
    ]
    lines += [f"{n}. {sentence(s)}" for n, s in enumerate(protocol.steps, start=1)]
    lines += ["", *_promises(protocol), *_device(protocol), ""]
    lines += [
        f"Text: {protocol.digest[:16]}",
        "",
        "Read and agreed: ____________________    Date: ____________",
    ]
    return "\n".join(lines) + "\n"


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
    ways = _list((_CHANNELS.get(c, c) for c in step.channels), "and")
    text = f"{when}, {_who(step)} told by {ways}"
    if step.every is not None:
        rounds = "" if step.rounds is None else f", {step.rounds} times in all"
        text += f"; again every {span(step.every)}{rounds}"
    if step.requires:
        text += f"; only if {_list(map(_condition, step.requires), 'and')}"
    if step.stopped_by:
        text += f"; no more once {_list(map(_condition, step.stopped_by), 'or')}"
    return f"{text} ({step.id})."


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
    public = [step for step in protocol.steps if step.to is Audience.PUBLIC]
    said = ["Only an operator at HQ can close an alarm; calling it off closes nothing."]
    if public:
        said.append(
            "The world is told no name and no place but the country, once, and only if"
            " all that is written above holds."
        )
    else:
        said.append("Nothing is ever published.")
    if not protocol.trust_unconfirmed:
        said.append(
            "Where it is not certain that your device sent it, colleagues are told only"
            " once HQ has verified it; HQ is told in any case."
        )
    rule = protocol.verification
    if rule is not None:
        whose = _list(sorted(voice.value for voice in rule.of), "or")
        said.append(
            f"It counts as true or false when {rule.needs} of {whose} say the same; if"
            f" they have not within {span(rule.within)}, {_otherwise(rule.otherwise)}."
        )
    return said


def _otherwise(fallback: Fallback) -> str:
    return {
        Fallback.ASK: "the officers on duty are asked again",
        Fallback.TREAT_AS_REAL: "it is treated as real",
    }[fallback]


def _condition(condition: Condition) -> str:
    return _CONDITIONS.get(condition.value, condition.value.replace("_", " "))


def _signal(signal: str) -> str:
    words = signal.replace("_", " ")
    return _SIGNALS.get(signal, f"your device reports {words}")


def _list(words: Iterable[str], joined: str) -> str:
    *rest, last = list(words)
    return f"{', '.join(rest)} {joined} {last}" if rest else last
