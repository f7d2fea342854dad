"""A file that is based on a shared one and says only what is different. Pure.

What the shared file forbids stays forbidden: a file for one defender can add to it.
"""

from collections.abc import Mapping

Table = Mapping[str, object]

BASED_ON = "based_on"
WITHOUT = "without"
_OWN = frozenset({"name", "version"})
"""What is never taken over: a file has a name and a version of its own."""
_ADDED = frozenset({"forbids", "never"})
_WAYS = frozenset({"channels", "ladder"})
"""A step has one of them: who names the other has it instead."""


def over(basis: Table, own: Table) -> dict[str, object]:
    """Return a shared table with one defender's own over it.

    A field replaces the shared one, a table its fields, a step those of the step with
    its id; steps with a new id come last.
    """
    merged = {key: value for key, value in basis.items() if key not in _OWN}
    for key, value in own.items():
        before = merged.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            merged[key] = {**before, **value}
        elif key in _ADDED and isinstance(before, list) and isinstance(value, list):
            merged[key] = [*before, *(one for one in value if one not in before)]
        elif key != "step":
            merged[key] = value
    merged["step"] = _steps(basis, own)
    return merged


def steps_of(table: Table) -> list[Table]:
    """Return the steps of a table that nobody has checked yet."""
    return [one for one in _listed(table.get("step")) if isinstance(one, Mapping)]


def missing(basis: Table, own: Table) -> str:
    """Return the first step to leave out that is not there, or nothing."""
    there = [one.get("id") for one in steps_of(basis)]
    named = [one for one in _listed(own.get(WITHOUT)) if isinstance(one, str)]
    return next((one for one in named if one not in there), "")


def _steps(basis: Table, own: Table) -> list[Table]:
    gone = _listed(own.get(WITHOUT))
    steps = [one for one in steps_of(basis) if one.get("id") not in gone]
    for step in steps_of(own):
        place = next((n for n, s in enumerate(steps) if _is_one(s, step)), None)
        if place is None:
            steps.append(step)
            continue
        lost = _WAYS if _WAYS & step.keys() else frozenset[str]()
        kept = {key: what for key, what in steps[place].items() if key not in lost}
        steps[place] = {**kept, **step}
    return steps


def _is_one(shared: Table, own: Table) -> bool:
    return "id" in own and own["id"] == shared.get("id")


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
