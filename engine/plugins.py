"""Adapters by entry point, built-in ones included; loaded when they are named."""

from importlib.metadata import EntryPoint, entry_points

from engine.errors import ConfigError, suggestion

DEVICE = "natalia_engine.device"
CHANNEL = "natalia_engine.channel"
MODEM = "natalia_engine.modem"
COMMAND = "natalia_engine.command"
DEVICE_COMMAND = "natalia_engine.device_command"


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
        ConfigError: nothing of that name is installed, or it cannot be imported.

    """
    found = [point for point in entry_points(group=group) if point.name == name]
    if not found:
        known = ", ".join(names(group))
        cure = f"{name!r} is not installed{suggestion(name, names(group))}"
        raise ConfigError(key, f"one of: {known}", cure)
    try:
        return found[0].load()
    except ModuleNotFoundError as error:
        cure = f"install {error.name}{_extra(found[0])}"
        expected = f"{error.name}, which is not installed"
        raise ConfigError(key, expected, cure) from error
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            key, "an adapter that can be imported", f"mend it: {error}"
        ) from error


def _extra(point: EntryPoint) -> str:
    """Return how pip is told to bring all that an optional part needs."""
    dist = point.dist
    extras = () if dist is None else dist.metadata.get_all("Provides-Extra") or ()
    if dist is None or point.name not in extras:
        return ""
    return f", or all of it: pip install '{dist.name}[{point.name}]'"
