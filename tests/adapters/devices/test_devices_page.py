"""`docs/devices.md` says what the decoders do, and leaves nothing out."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from adapters.devices.session import StreamSession
from engine.descriptors import STRANGERS_MOST
from engine.intake.gateway.door import PLACES_WAITING_MAX
from engine.intake.gateway.guard import (
    GRACE_S,
    OF_ONE_DEVICE_MAX,
    STRANGERS_MAX,
)
from engine.intake.gateway.http import BODY_MAX
from engine.intake.gateway.http_torn import HEAD_KEPT_MAX
from engine.intake.gateway.tcp import WRITE_BUFFER_MAX
from engine.intake.gateway.turns import WAITING_MAX
from engine.intake.gateway.udp import PEERS_MAX
from engine.ports.device import Transport
from tests.adapters.devices.mutation import protocols

HERE = Path(__file__).parent
PAGE = (HERE.parents[2] / "docs" / "devices.md").read_text()
MODULES = sorted(path.stem for path in HERE.glob("test_*.py"))


@pytest.mark.parametrize("module", MODULES)
def test_each_packet_that_differs_by_design_has_its_row(module: str) -> None:
    differs = getattr(import_module(f"tests.adapters.devices.{module}"), "DIFFERS", {})
    assert [name for name in differs if not re.search(rf"\b{name}\b", PAGE)] == []


def test_each_wire_protocol_stands_in_the_table_with_its_port() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\w, ]+) \| (\d+) \|", PAGE, re.MULTILINE)
    documented = {
        (name, over.lower(), int(port))
        for name, ways, port in rows
        for over in ways.split(", ")
    }
    registered = {
        (protocol.name, protocol.transport.value, protocol.port)
        for protocol in protocols().values()
    }
    assert documented == registered


def test_no_two_wire_protocols_want_the_same_port() -> None:
    wanted = [
        (protocol.transport is Transport.UDP, protocol.port)
        for protocol in protocols().values()
    ]
    assert len(wanted) == len(set(wanted))


@pytest.mark.parametrize("name", sorted(protocols()))
def test_each_entry_point_is_named_as_its_wire_protocol(name: str) -> None:
    protocol = protocols()[name]
    suffix = "_udp" if protocol.transport is Transport.UDP else ""
    assert name == f"{protocol.name}{suffix}"


def test_what_anybody_can_make_the_engine_hold_is_what_the_page_says() -> None:
    bounds = (
        f"{WRITE_BUFFER_MAX >> 10} KiB a connection",
        f"{BODY_MAX >> 10} KiB of body; {HEAD_KEPT_MAX >> 10} KiB of a head",
        f"{STRANGERS_MAX} of an address after {GRACE_S:.0f} s",
        f", {STRANGERS_MOST:,} in all",
        f"connections of one device | {OF_ONE_DEVICE_MAX} ",
        f"senders of datagrams | {PEERS_MAX:,},",
        f"turns that wait | {WAITING_MAX:,};",
        f"wait for the disk | {PLACES_WAITING_MAX:,} ",
    )
    assert [bound for bound in bounds if bound not in PAGE] == []


def test_no_frame_is_longer_than_the_page_says() -> None:
    limits = {
        name: session._decoder.frame_bytes_max
        for name, protocol in protocols().items()
        if protocol.transport is not Transport.HTTP
        and isinstance(session := protocol.session(), StreamSession)
    }
    assert max(limits.values()) == limits["watch"] == 16 << 10
    assert min(limits.values()) == 1 << 10
