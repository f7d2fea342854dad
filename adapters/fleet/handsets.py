"""Every handset there is, and what can be said of one by its number."""

from collections.abc import Mapping, Sequence

from adapters.fleet.packets import Gt06Handset, Minifinder2Handset, TeltonikaHandset
from adapters.fleet.phone import OsmandHandset
from adapters.fleet.said import Handset
from adapters.fleet.texts import (
    Gl200Handset,
    Gl200UdpHandset,
    Gps103Handset,
    H02Handset,
    LaipacHandset,
    MinifinderHandset,
    WatchHandset,
)
from engine.ports.device import Transport

_ALL: tuple[Handset, ...] = (
    Gt06Handset(),
    WatchHandset(),
    OsmandHandset(),
    Minifinder2Handset(),
    Gl200Handset(),
    TeltonikaHandset(),
    H02Handset(),
    Gps103Handset(),
    LaipacHandset(),
    MinifinderHandset(),
    Gl200UdpHandset(),
)


def key_of(handset: Handset) -> str:
    """Return the name of a handset's entry point: over UDP it ends with `_udp`."""
    suffix = "_udp" if handset.transport is Transport.UDP else ""
    return f"{handset.name}{suffix}"


HANDSETS: Mapping[str, Handset] = {key_of(one): one for one in _ALL}


def device_name(number: int) -> str:
    """Return the IMEI of a simulated device, its check digit made (ISO/IEC 7812-1).

    It begins with 00, the reporting body of test equipment (GSMA TS.06): no device on
    sale has it.
    """
    digits = f"0049992{number:07d}"
    doubled = (2 * int(digit) for digit in digits[1::2])
    total = sum(map(int, digits[::2])) + sum(n // 10 + n % 10 for n in doubled)
    return f"{digits}{-total % 10}"


def mixed(count: int, names: Sequence[str]) -> list[Handset]:
    """Return the handset of each device: the wire protocols by turns."""
    return [HANDSETS[names[number % len(names)]] for number in range(count)]
