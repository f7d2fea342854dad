"""What will not work of the action protocols that are in force, in words. Pure."""

from collections import defaultdict
from collections.abc import Iterable

from engine.cli.operator_names import operator_names
from engine.config import Config
from engine.protocol.findings import Fault, Warned
from engine.protocol.lint import lint
from engine.protocol.model import ActionProtocol, Audience, Step
from engine.protocol.registry import HQ_ALONE, UNKNOWN_DEVICE, Registry
from engine.rehearsal.reach import reach_of
from engine.roster.model import Role, Roster

NAMED_MAX = 3
_OF_PERSON = frozenset(
    {Fault.NOBODY, Fault.IMPOSSIBLE, Fault.QUORUM, Fault.FORGEABLE, Fault.CHANGED}
)
"""What is named for each defender; single points are too many to be read."""


def of_protocols(config: Config, registry: Registry, roster: Roster) -> list[str]:
    """Return a warning for each thing that `natalia protocol check` would find.

    The two that run for whoever has none are looked at as well. Texts that nobody has
    reviewed are left out: they are the same for all.
    """
    said = []
    for name in in_force(config, registry, roster):
        protocol = registry.of(name)
        words = [*_unheard(config, protocol)]
        words += map(_words, _found(config, protocol))
        words += _unreached(config, name, protocol, roster)
        said += [f"action protocol {name!r}: {one}" for one in words]
    return said


def in_force(config: Config, registry: Registry, roster: Roster) -> list[str]:
    """Return the names of the action protocols by which somebody's alarm would run."""
    default = config.protocols.default
    named = {person.action_protocol or default for person in roster.people}
    used = {default, UNKNOWN_DEVICE, HQ_ALONE, *named}
    return sorted(used & registry.protocols.keys())


def _found(config: Config, protocol: ActionProtocol) -> list[Warned]:
    found = lint(protocol, configured=_configured(config))
    return [one for one in found if one.fault is not Fault.UNREVIEWED]


def _configured(config: Config) -> frozenset[str]:
    return frozenset(channel.name for channel in config.channel)


def _words(one: Warned) -> str:
    return f"step {one.step!r}: {one.words}" if one.step else one.words


def _unheard(config: Config, protocol: ActionProtocol) -> Iterable[str]:
    """Find steps whose channels nobody has configured, or HQ has no address on."""
    there = {channel.name for channel in config.channel}
    there |= {"sms", "call"} if config.modem else set()
    for step in protocol.steps:
        by = ", ".join(step.channels)
        if not there & set(step.channels):
            yield f"step {step.id!r} has no channel that is configured ({by})"
        elif not _has_entry(config, step):
            what = "[[hq]]" if step.to is Audience.HQ else "[[public]]"
            yield f"step {step.id!r} finds nobody: no {what} has its channels ({by})"


def _has_entry(config: Config, step: Step) -> bool:
    match step.to:
        case Audience.HQ:
            return any(entry.channel in step.channels for entry in config.hq)
        case Audience.PUBLIC:
            return any(entry.channel in step.channels for entry in config.public)
        case _:
            return True


def _unreached(
    config: Config, name: str, protocol: ActionProtocol, roster: Roster
) -> Iterable[str]:
    """Find defenders for whom a step has nobody, or whose telephone speaks alone."""
    without: dict[str, list[str]] = defaultdict(list)
    known = frozenset(_found(config, protocol))
    default = config.protocols.default
    operators = operator_names(config, roster)
    for person in roster.with_role(Role.DEFENDER):
        if (person.action_protocol or default) != name:
            continue
        reach = reach_of(
            roster,
            person.person,
            file="roster",
            modems=len(config.modem),
            operators=operators,
            protocol=name,
        )
        for one in lint(protocol, reach=reach, configured=_configured(config)):
            if one.fault in _OF_PERSON and one not in known:
                without[_words(one)].append(person.person)
    for words, people in without.items():
        few = ", ".join(people[:NAMED_MAX])
        more = len(people) - NAMED_MAX
        whose = f"{few} and {more} more" if more > 0 else few
        yield f"{words} (for {whose})"
