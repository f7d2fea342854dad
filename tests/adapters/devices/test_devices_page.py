"""`docs/devices.md` says what the decoders do, and leaves nothing out."""

import re
from importlib import import_module
from pathlib import Path

import pytest

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
