"""What the auditor shares with the engine that it watches: it should be nothing."""

from collections.abc import Mapping
from os.path import realpath

from engine.config import Config

_PLACES = ("host", "url")


def warnings(config: Config) -> list[str]:
    """Return why the auditor might fall silent together with the engine."""
    auditor = config.auditor
    if not auditor.hq:
        lacks = "an [[auditor.hq]] with an [[auditor.channel]] or [[auditor.modem]]"
        return [f"auditor: nobody is told by a way of its own; name {lacks}"]
    engines = {realpath(table.port): table.name for table in config.modem}
    modems = [
        f"auditor: modem {modem.name!r} is the engine's"
        f" {engines[realpath(modem.port)]!r};"
        " give it one of its own"
        for modem in auditor.modem
        if realpath(modem.port) in engines
    ]
    channels = [
        f"auditor: channel {channel.name!r} shares its {same} with the engine's"
        f" {other.name!r}; take an account elsewhere"
        for channel in auditor.channel
        for other in config.channel
        if (same := _same_place(channel.options, other.options))
    ]
    return modems + channels


def _same_place(one: Mapping[str, object], other: Mapping[str, object]) -> str:
    for key in _PLACES:
        if key in one and one[key] == other.get(key):
            return key
    return ""
