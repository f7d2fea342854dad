"""What the auditor shares with the engine that it watches: it should be nothing."""

from collections.abc import Mapping
from ipaddress import ip_address
from os.path import realpath
from urllib.parse import urlsplit

from engine.config import Config

_LOCALHOST = "localhost"
_PORTS = {"http": "80", "https": "443"}


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
    for key, place_of in _PLACES.items():
        mine, theirs = one.get(key), other.get(key)
        if mine is None or theirs is None:
            continue
        if place_of(str(mine)) == place_of(str(theirs)):
            return key
    return ""


def _host(name: str) -> str:
    """Return one name for a host, whichever way it is written; nothing is looked up."""
    plain = name.strip().casefold().strip("[]").rstrip(".")
    try:
        address = ip_address(plain)
    except ValueError:
        is_here = plain == _LOCALHOST or plain.endswith(f".{_LOCALHOST}")
        return _LOCALHOST if is_here else plain
    return _LOCALHOST if address.is_loopback else address.compressed


def _url(text: str) -> tuple[str, str, str]:
    """Return what a URL leads to: host, port, and the rest of it."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port or _PORTS.get(parts.scheme, "")
    except ValueError:
        return ("", "", text)  # no URL at all, of which its channel complains
    rest = f"{parts.path.rstrip('/')}?{parts.query}"
    return (_host(parts.hostname or ""), str(port), rest)


_PLACES = {"host": _host, "url": _url}
