"""What `check-config` says of ways that would start and reach nobody; opens nothing."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.config import ChannelTable, Config, ModemTable

_SHAPES = {
    "sms": (re.compile(r"\+[1-9]\d{6,14}"), "a number such as +46701740617, no blanks"),
    "email": (re.compile(r"[^\s@]+@[^\s@]+"), "an address such as duty@hq.example"),
}
"""How an address looks, by SMS and by the kinds of channels of which we know it."""
_NUMBERED = re.compile(r"/dev/tty(?:USB|ACM)\d+")


def of_ways(config: Config) -> list[str]:
    """Return which of HQ's addresses are none, and which modems' ports will not do.

    No address is repeated: it is somebody's.
    """
    own = config.auditor
    engines = [
        *((f"hq[{n}]", one.channel, one.address) for n, one in enumerate(config.hq)),
        *(
            (f"public[{n}]", one.channel, one.address)
            for n, one in enumerate(config.public)
            if one.address
        ),
    ]
    auditors = [
        (f"auditor.hq[{n}]", one.channel, one.address) for n, one in enumerate(own.hq)
    ]
    return [
        *_of_addresses(engines, config.channel),
        *_of_addresses(auditors, own.channel),
        *_of_ports("modem", config.modem),
        *_of_ports("auditor.modem", own.modem),
    ]


def _of_addresses(
    addresses: Sequence[tuple[str, str, str]], tables: Sequence[ChannelTable]
) -> Iterator[str]:
    kinds = {"sms": "sms", **{table.name: table.kind for table in tables}}
    for key, channel, address in addresses:
        shape, looks = _SHAPES.get(kinds.get(channel, ""), (None, ""))
        if shape is not None and not shape.fullmatch(address):
            yield f"{key}.address: reaches nobody by {channel!r}; write {looks}"


def _of_ports(key: str, modems: Sequence[ModemTable]) -> Iterator[str]:
    first: dict[str, str] = {}
    for number, modem in enumerate(modems):
        taken = first.setdefault(modem.port, modem.name)
        if taken != modem.name:
            yield (
                f"{key}[{number}].port: {taken!r} has that port as well, and one modem"
                " alone can have it; name its own"
            )
        if _NUMBERED.fullmatch(modem.port):
            yield (
                f"{key}[{number}].port: {modem.port} may be another modem after a"
                " restart; name it by its link in /dev/serial/by-id/"
            )
        if modem.port.startswith("/") and not Path(modem.port).exists():
            yield (
                f"{key}[{number}].port: there is no {modem.port} just now, and nothing"
                " is sent by it until there is; ls -l /dev/serial/by-id/ names what is"
            )
