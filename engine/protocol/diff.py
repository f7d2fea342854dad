"""What has changed between two versions of an action protocol, in words. Pure."""

from dataclasses import Field, fields, is_dataclass
from datetime import timedelta

from engine.protocol.explain import sentence
from engine.protocol.model import ActionProtocol, Step
from engine.protocol.phrases import span

_OWN = frozenset({"name", "version", "digest", "steps"})
_KM_M = 1000
_NONE = {
    "rounds": "for ever",
    "within_m": "anywhere",
    "crowd_max": "no limit",
    "decider": "anybody",
    "repeats": "as many as it takes",
}
"""What it means where nothing is said; else it is `none`."""


def differences(before: ActionProtocol, after: ActionProtocol) -> list[str]:
    """Return each difference as a line: `+` new, `-` gone, `~` changed, `>` moved."""
    lines = [
        f"~ {_name(field)}: {_said(field, old)} -> {_said(field, new)}"
        for field in fields(ActionProtocol)
        if field.name not in _OWN
        and (old := getattr(before, field.name)) != (new := getattr(after, field.name))
    ]
    old_steps = {step.id: step for step in before.steps}
    new_steps = {step.id: step for step in after.steps}
    lines += [
        f"- {sentence(step)}" for step in before.steps if step.id not in new_steps
    ]
    for step in after.steps:
        old = old_steps.get(step.id)
        if old is None:
            lines.append(f"+ {sentence(step)}")
        else:
            lines += [f"~ {step.id}: {change}" for change in _changes(old, step)]
    kept = [step.id for step in before.steps if step.id in new_steps]
    now = [step.id for step in after.steps if step.id in old_steps]
    if kept != now:
        lines.append(f"> order: {', '.join(kept)} -> {', '.join(now)}")
    return lines


def _changes(before: Step, after: Step) -> list[str]:
    return [
        f"{_name(field)} {_said(field, old)} -> {_said(field, new)}"
        for field in fields(Step)
        if (old := getattr(before, field.name)) != (new := getattr(after, field.name))
    ]


def _said(field: Field[object], value: object) -> str:
    """Return a value as people say it; a distance with its unit, as the file has it."""
    if value is None:
        return _NONE.get(field.name, "none")
    if field.name.endswith("_m") and isinstance(value, int | float):
        is_near = value < _KM_M
        return f"{value:g} m" if is_near else f"{value / _KM_M:g} km"
    return _words(value)


def _words(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return span(value)
        case tuple() | frozenset():
            words = [_words(one) for one in value]
            said = sorted(words) if isinstance(value, frozenset) else words
            return ", ".join(said) or "none"
        case _ if is_dataclass(value):
            said = [
                f"{_name(f)} {_said(f, getattr(value, f.name))}" for f in fields(value)
            ]
            return f"({'; '.join(said)})"
        case _:
            return str(value)


def _name(field: Field[object]) -> str:
    return field.name.removesuffix("_m").replace("_", " ")
