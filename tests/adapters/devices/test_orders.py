"""Commands to devices, byte for byte as the reference's own encoders have them.

Every command that it knows is written, or stands in `docs/devices.md` with the reason
why it is not: nothing is missing without anybody's knowing.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.ports.device import DeviceCommand, DeviceOrder, TakesOrders, WritesOrders
from engine.values import DeviceId, Instant
from tests.adapters.devices.mutation import protocols
from tests.adapters.devices.vectors import FOLDER

AT = Instant.parse("2026-11-25T01:02:03Z")
IMEI = DeviceId("123456789012345")
COMMANDS = {
    "positionSingle": DeviceCommand.LOCATE,
    "positionPeriodic": DeviceCommand.INTERVAL,
}
# The reference has the device take this text as if it had come as an SMS.
BY_SMS = re.compile(rb"\[begin\]sms2,(.*),\[end\]")
EVERY_S = 60
PAGE = (Path(__file__).parents[3] / "docs" / "devices.md").read_text()
WIRES: Mapping[str, TakesOrders] = {
    name: wire for name, wire in protocols().items() if isinstance(wire, TakesOrders)
}


@dataclass(frozen=True, kw_only=True)
class Known:
    """A command as the reference has it; `every_s` where it names an interval."""

    wire: str
    command: str
    every_s: int | None
    data: bytes

    @property
    def pair(self) -> tuple[str, str]:
        return self.wire, self.command


def known() -> list[Known]:
    """Return the whole file; nothing where it is not here."""
    path = FOLDER / "_commands.json"
    if not path.exists():
        return []
    found = []
    for wire, rows in json.loads(path.read_text()).items():
        for row in rows:
            said, data = row["command"], row["expected"]["data"]
            is_hex = row["expected"]["encoding"] == "hex"
            every_s = said["attributes"].get("frequency")
            found.append(
                Known(
                    wire=wire,
                    command=said["type"],
                    every_s=every_s,
                    data=bytes.fromhex(data) if is_hex else data.encode(),
                )
            )
    return found


def order(command: DeviceCommand, every_s: int | None = None) -> DeviceOrder:
    return DeviceOrder(device=IMEI, command=command, at=AT, every_s=every_s)


def is_written(one: Known) -> bool:
    """Say whether the very bytes leave us, by connection or as an SMS."""
    wire, command = WIRES.get(one.wire), COMMANDS.get(one.command)
    if wire is None or command is None:
        return False
    asked = order(command, one.every_s or EVERY_S)
    text = BY_SMS.fullmatch(one.data)
    if text is not None:
        said = wire.order_by_sms(asked)
        return said is not None and said.encode() == text[1]
    return wire.order(asked) == one.data


def explained() -> set[tuple[str, str]]:
    """Return each wire protocol and command of the table of what is not written."""
    table = PAGE.split("| Command | For | Why not |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| (`.*?`) \| ([\w, ]+) \| (.+) \|$", table, re.MULTILINE)
    return {
        (wire, command)
        for commands, wires, _ in rows
        for wire in wires.split(", ")
        for command in re.findall(r"`(\w+)`", commands)
    }


@pytest.mark.skipif(not known(), reason="the reference vectors are not here")
def test_every_known_command_is_written_byte_for_byte_or_is_explained() -> None:
    written = {one.data for one in known() if is_written(one)}
    left = {one.pair for one in known() if not is_written(one)}
    assert left - explained() == set()
    assert len(written) == 8
    wires = {one.wire for one in known()}
    commands = {one.command for one in known()}
    for wire, command in explained():
        assert wire in wires
        assert command in commands
        assert (wire, command) not in {one.pair for one in known() if is_written(one)}


@pytest.mark.skipif(not known(), reason="the reference vectors are not here")
def test_what_hq_may_ask_and_a_wire_protocol_of_ours_knows_is_written() -> None:
    ours = {protocol.name for protocol in protocols().values()}
    for one in known():
        if one.wire in ours and one.command in COMMANDS:
            assert is_written(one), one


@pytest.mark.skipif(not known(), reason="the reference vectors are not here")
def test_a_watch_is_asked_in_the_frame_that_the_reference_makes() -> None:
    frames = [one.data for one in known() if one.pair == ("watch", "rebootDevice")]
    assert frames == [b"[CS*123456789012345*0005*RESET]"]
    wire = WIRES["watch"]
    asked = order(DeviceCommand.LOCATE), order(DeviceCommand.INTERVAL, EVERY_S)
    assert [wire.order(one) for one in asked] == [
        b"[CS*123456789012345*0002*CR]",
        b"[CS*123456789012345*0009*UPLOAD,60]",
    ]


@pytest.mark.parametrize(
    ("heard", "asked"),
    [
        (b"[3G*123456789012345*0002*LK]", b"[3G*123456789012345*0002*CR]"),
        (b"[ZJ*123456789012345*0a1f*0002*LK]", b"[ZJ*123456789012345*0001*0002*CR]"),
        (b"[3G*12345", b"[CS*123456789012345*0002*CR]"),
    ],
)
def test_a_watch_that_has_spoken_is_asked_in_its_own_form(
    heard: bytes, asked: bytes
) -> None:
    session = protocols()["watch"].session()
    session.feed(heard, AT)
    assert isinstance(session, WritesOrders)
    assert session.order(order(DeviceCommand.LOCATE)) == asked
    assert session.order(order(DeviceCommand.VIBRATE)) is None


def test_each_wire_protocol_that_takes_orders_stands_in_the_table() -> None:
    table = PAGE.split("| Wire protocol | Over | `locate` |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([\w, ]+) \|", table, re.MULTILINE)
    documented = {
        name if over == "TCP" else f"{name}_{over.lower()}"
        for name, ways in rows
        for over in ways.split(", ")
    }
    assert documented == WIRES.keys()


@pytest.mark.parametrize("name", sorted(n for n in WIRES if n.endswith("_udp")))
@pytest.mark.parametrize("command", DeviceCommand)
def test_a_datagram_asks_as_a_connection_does(
    name: str, command: DeviceCommand
) -> None:
    asked = order(command, EVERY_S)
    stream = WIRES[name.removesuffix("_udp")]
    assert WIRES[name].order(asked) == stream.order(asked)
    assert WIRES[name].order_by_sms(asked) == stream.order_by_sms(asked)


def test_by_sms_goes_what_the_device_is_told_to_take_as_one() -> None:
    asked = order(DeviceCommand.LOCATE), order(DeviceCommand.INTERVAL, EVERY_S)
    texts = {name: [w.order_by_sms(one) for one in asked] for name, w in WIRES.items()}
    words = ["*getposl*", "*routetrack*99*"]
    assert texts.pop("tk103") == texts.pop("tk103_udp") == words
    assert {tuple(said) for said in texts.values()} == {(None, None)}


@pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES.keys())
def test_what_is_not_known_is_not_made_up(wire: TakesOrders) -> None:
    assert wire.order(order(DeviceCommand.VIBRATE)) is None
    assert wire.order_by_sms(order(DeviceCommand.VIBRATE)) is None
    for every_s in (None, 0, -1, 70_000):
        assert wire.order(order(DeviceCommand.INTERVAL, every_s)) is None
        assert wire.order_by_sms(order(DeviceCommand.INTERVAL, every_s)) is None


def test_gps103_says_hours_and_seconds_too() -> None:
    wire = WIRES["gps103"]
    said = [wire.order(order(DeviceCommand.INTERVAL, s)) for s in (30, 7200)]
    assert said == [b"**,imei:123456789012345,C,30s", b"**,imei:123456789012345,C,02h"]
