"""Adapters by entry point, built-in ones included; loaded when they are named."""

from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, cast

from engine.errors import ConfigError, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable

DEVICE = "natalia_engine.device"
CHANNEL = "natalia_engine.channel"
MODEM = "natalia_engine.modem"
COMMAND = "natalia_engine.command"
DEVICE_COMMAND = "natalia_engine.device_command"

_MISTAKES = (
    *(ArithmeticError, AttributeError, ImportError, LookupError, NameError, OSError),
    *(RuntimeError, SyntaxError, TypeError, ValueError),
)
"""What an adapter of somebody else's may get wrong where it is imported or made. Where
it was given options its words may quote a secret, and are not told."""


def names(group: str) -> tuple[str, ...]:
    """Return what is installed in a group, sorted; loads nothing."""
    return tuple(sorted({point.name for point in entry_points(group=group)}))


def load(group: str, name: str, key: str) -> object:
    """Return the object behind a name.

    Args:
        group: one of this module's constants.
        name: as the configuration has it.
        key: the key path, for the error.

    Raises:
        ConfigError: nothing of that name is installed, or by two packages, or it
            cannot be imported.

    """
    found = [point for point in entry_points(group=group) if point.name == name]
    if not found:
        known = ", ".join(names(group))
        cure = f"{name!r} is not installed{suggestion(name, names(group))}"
        raise ConfigError(key, f"one of: {known}", cure)
    if len(found) > 1:
        # Whichever were taken, the other's owner would think that it is theirs.
        whose = " and ".join(sorted(_owner(point) for point in found))
        expected = f"one package with an adapter {name!r}, and there are: {whose}"
        raise ConfigError(key, expected, "uninstall the one that is not meant")
    try:
        return found[0].load()
    except ModuleNotFoundError as error:
        cure = f"install {error.name}{_extra(found[0])}"
        expected = f"{error.name}, which is not installed"
        raise ConfigError(key, expected, cure) from error
    except _MISTAKES as error:
        cure = f"mend it: {type(error).__name__}: {error}"
        raise ConfigError(key, "an adapter that can be imported", cure) from error


def made(found: object, key: str, *arguments: object, **options: object) -> object:
    """Construct what `load` has found.

    Raises:
        ConfigError: it refuses its options, or cannot be made as its port has it.

    """
    try:
        return cast("Callable[..., object]", found)(*arguments, **options)
    except _MISTAKES as error:
        # Where no frame of its own was entered, it is about how it is called.
        ours = error.__traceback__ is None or error.__traceback__.tb_next is None
        said = str(error) if ours else _described(error)
        expected = "an adapter that can be made as its port has it"
        raise ConfigError(key, expected, f"mend it: {said}") from error


def _described(error: BaseException) -> str:
    # The log takes longer to load than all else of `natalia --help`.
    try:
        from engine.log import describe  # noqa: PLC0415 - loaded where something failed
    except (ImportError, OSError):  # no more files may be open, say
        return type(error).__name__
    return describe(error)


def held(adapter: object, port: type, key: str) -> None:
    """Hold an adapter to the members of its port.

    Without this look the engine would come upon a missing one when it starts, or at
    the first alarm.

    Raises:
        ConfigError: it lacks one.

    """
    named = [one for one in (*port.__annotations__, *vars(port)) if one[0] != "_"]
    lacks = [one for one in named if not hasattr(adapter, one)]
    if lacks:
        expected = f"an adapter that has {', '.join(named)}"
        raise ConfigError(key, expected, f"mend it: it has no {', '.join(lacks)}")


def _owner(point: EntryPoint) -> str:
    """Return the distribution that an entry point comes from, as pip knows it."""
    dist = point.dist
    return "?" if dist is None else f"{dist.name} {dist.version}"


def _extra(point: EntryPoint) -> str:
    """Return how pip is told to bring all that an optional part needs."""
    dist = point.dist
    extras = () if dist is None else dist.metadata.get_all("Provides-Extra") or ()
    if dist is None or point.name not in extras:
        return ""
    return f", or all of it: pip install '{dist.name}[{point.name}]'"
