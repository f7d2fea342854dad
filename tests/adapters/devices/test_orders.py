"""Commands to devices, byte for byte as the reference's own encoders have them."""

import json

import pytest

from adapters.devices.gps103 import Gps103
from adapters.devices.h02 import H02
from adapters.devices.meitrack import Meitrack
from adapters.devices.tk103 import Tk103
from adapters.devices.xexun2 import Xexun2
from engine.ports.device import DeviceCommand, DeviceOrder, TakesOrders
from engine.values import DeviceId, Instant
from tests.adapters.devices.vectors import FOLDER

AT = Instant.parse("2026-11-25T01:02:03Z")
IMEI = DeviceId("123456789012345")
COMMANDS = {
    "positionSingle": DeviceCommand.LOCATE,
    "positionPeriodic": DeviceCommand.INTERVAL,
}
WIRES = {wire.name: wire for wire in (Gps103(), H02(), Meitrack(), Tk103(), Xexun2())}


def known() -> list[tuple[str, dict[str, object], bytes]]:
    path = FOLDER / "_commands.json"
    if not path.exists():
        return []
    found = []
    for name, rows in json.loads(path.read_text()).items():
        for row in rows:
            said, data = row["command"], row["expected"]["data"]
            is_hex = row["expected"]["encoding"] == "hex"
            wanted = bytes.fromhex(data) if is_hex else data.encode()
            # What devices of the other dialect of tk103 take is tested below.
            if name in WIRES and said["type"] in COMMANDS and data[:1] != "[":
                found.append((name, said, wanted))
    return found


def order(command: DeviceCommand, every_s: int | None = None) -> DeviceOrder:
    return DeviceOrder(device=IMEI, command=command, at=AT, every_s=every_s)


@pytest.mark.skipif(not known(), reason="the reference vectors are not here")
def test_every_known_command_is_written_byte_for_byte() -> None:
    assert {name for name, _, _ in known()} == WIRES.keys()
    for name, said, wanted in known():
        attributes = said["attributes"]
        assert isinstance(attributes, dict)
        every_s = attributes.get("frequency")
        command = COMMANDS[str(said["type"])]
        assert WIRES[name].order(order(command, every_s)) == wanted, name


def test_by_sms_goes_what_the_device_is_told_to_take_as_one() -> None:
    assert WIRES["tk103"].order_by_sms(order(DeviceCommand.LOCATE)) == "*getposl*"
    others = [w.order_by_sms(order(DeviceCommand.LOCATE)) for w in WIRES.values()]
    assert [text for text in others if text] == ["*getposl*"]


@pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES.keys())
def test_what_is_not_known_is_not_made_up(wire: TakesOrders) -> None:
    assert wire.order(order(DeviceCommand.VIBRATE)) is None
    for every_s in (None, 0, -1, 70_000):
        assert wire.order(order(DeviceCommand.INTERVAL, every_s)) is None


def test_gps103_says_hours_and_seconds_too() -> None:
    wire = WIRES["gps103"]
    said = [wire.order(order(DeviceCommand.INTERVAL, s)) for s in (30, 7200)]
    assert said == [b"**,imei:123456789012345,C,30s", b"**,imei:123456789012345,C,02h"]
