"""Whether HQ has the operators whom action protocols and the duty rota count on."""

from collections.abc import Iterable

from engine.cli.check_protocols import in_force
from engine.cli.operator_names import operator_names, operators_added
from engine.config import Config
from engine.errors import suggestion
from engine.protocol.model import ActionProtocol, Audience, Voice
from engine.protocol.registry import Registry
from engine.roster.model import Roster
from engine.values import PersonId

_ADD = "natalia operator add"
_NAMED_MAX = 3


def of_operators(config: Config, registry: Registry, roster: Roster) -> list[str]:
    """Return a warning for each publication that nobody could approve.

    A decider is looked for in every file, since a slip waits there for whoever gets it;
    the rest only in those that are in force.
    """
    names = operator_names(config, roster)
    used = set(in_force(config, registry, roster))
    said = []
    for name, protocol in sorted(registry.protocols.items()):
        if not any(step.to is Audience.PUBLIC for step in protocol.steps):
            continue
        words = [*_decider(protocol, names)]
        words += _approver(protocol, names) if name in used and not words else ()
        said += [f"{name}.toml: {one}" for one in words]
    return said


def of_shifts(config: Config, roster: Roster) -> list[str]:
    """Return a warning where officers have shifts and none signs in by their name.

    An acknowledgement ends with the shift of the officer of the operator's own name.
    Before anybody was added there is nothing to hold them against.
    """
    names = operators_added(config)
    if not names:
        return []
    without = [
        one.person for one in roster.duty() if one.shifts and one.person not in names
    ]
    if not without:
        return []
    said = (
        f"roster: {_listed(without)}: shifts, and no operator of that name, so what"
        " they take at the console by another one stays theirs when a shift ends."
        f" Let each sign in by their own: {_ADD} {without[0]}"
    )
    return [said]


def _listed(names: list[PersonId]) -> str:
    more = len(names) - _NAMED_MAX
    named = ", ".join(names[:_NAMED_MAX])
    return f"{named} and {more} more" if more > 0 else named


def _decider(protocol: ActionProtocol, names: list[str]) -> Iterable[str]:
    decider = protocol.publication.decider
    if decider is None or decider in names:
        return
    meant = suggestion(decider, names) or "."
    choice = f"Name one of {', '.join(names)}, or add them" if names else "Add them"
    yield (
        f"publication.decider: {decider!r} is no operator, so nobody could approve"
        f"{meant} {choice}: {_ADD} {decider}"
    )


def _approver(protocol: ActionProtocol, names: list[str]) -> Iterable[str]:
    """Find that whoever verifies leaves nobody who may approve."""
    verify, there = _verify_min(protocol), len(names)
    who = f"{there} operator{'' if there == 1 else 's'}"
    if there <= verify:
        yield (
            f"publication: {who}, and it takes {verify} to verify, who may not approve:"
            f" nobody is left. Take the step for the public out, or: {_ADD} NAME"
        )
    elif there == 1:
        yield (
            "publication: 1 operator, who may approve only what colleagues and contacts"
            f" have verified alone. A second one: {_ADD} NAME"
        )


def _verify_min(protocol: ActionProtocol) -> int:
    """Return how many operators it takes at least until it counts as verified."""
    rule = protocol.verification
    if rule is None:
        return 1
    return rule.needs if rule.of == {Voice.HQ} else 0
