"""What models put into the same bytes is read by the model that the roster names."""

import pytest

from adapters.devices.gt06 import Gt06
from adapters.devices.gt06_packet import frame_of
from adapters.devices.jt808 import Jt808
from engine.ports.device import DeviceReport, KnowsModels, WireSession
from engine.values import DeviceId, Signal
from tests.adapters.devices.test_gt06 import DEVICE, LOG_IN
from tests.adapters.devices.test_jt808 import message, place
from tests.adapters.devices.vectors import RECEIVED_AT, play

WHERE = bytes((26, 3, 1, 10, 20, 30)) + bytes.fromhex("c8055fb164018c135800145a")
CELL = b"\x09" + bytes.fromhex("01060312340abcde")


def of_model(session: WireSession, model: str, device: DeviceId) -> WireSession:
    assert isinstance(session, KnowsModels)
    session.know_models(lambda asked: model if asked == device else "")
    return session


def gt06_says(model: str, kind: int, content: bytes) -> DeviceReport:
    session = of_model(Gt06().session(), model, DEVICE)
    session.feed(LOG_IN, RECEIVED_AT)
    (report,) = play(session, frame_of(kind, content, 7)).told
    return report


@pytest.mark.parametrize(
    ("model", "code", "signal"),
    [
        ("", 0x18, Signal.REMOVED),
        ("LW4G-6A", 0x18, Signal.ACCIDENT),
        ("lw2g", 0x19, Signal.HARSH_DRIVING),
        ("", 0x29, Signal.HARSH_DRIVING),
        ("SeeWorld", 0x29, Signal.ACCIDENT),
        ("", 0x09, Signal.VIBRATION),
        ("VL103", 0x09, Signal.MOVEMENT),
        ("LL303", 0x28, Signal.POWER_OFF),
        ("G18", 0x30, Signal.HARSH_DRIVING),
        ("GT06N", 0x18, Signal.REMOVED),
    ],
)
@pytest.mark.parametrize("kind", [0x16, 0x26])
def test_a_code_is_what_its_model_means_by_it(
    kind: int, model: str, code: int, signal: Signal
) -> None:
    content = WHERE + CELL + bytes((0x46, 4, 3, code, 2))
    report = gt06_says(model, kind, content)
    assert report.signals == {signal}
    assert report.codes == (f"alarm:0x{code:02x}",)


@pytest.mark.parametrize("model", ["", "LW4G", "SEEWORLD", "VL103", "R11", "other"])
def test_no_model_hides_an_sos(model: str) -> None:
    alarm = gt06_says(model, 0x16, WHERE + CELL + bytes((0x46, 4, 3, 0x01, 2)))
    beat = gt06_says(model, 0x13, bytes((0x20, 4, 3, 0, 1, 2)))
    assert alarm.signals == beat.signals == {Signal.SOS}


@pytest.mark.parametrize(
    ("model", "volts"), [("LW4G", 25.9), ("lw2g", 25.9), ("SEEWORLD", 1)]
)
def test_volts_in_a_heartbeat_are_no_alarm(model: str, volts: float) -> None:
    content = bytes((0x46, 4, 3, 0x01, 0x03))
    report = gt06_says(model, 0x13, content)
    assert report.signals == frozenset()
    assert float(report.attributes["external_v"]) == volts
    assert gt06_says("", 0x13, content).signals == {Signal.SOS}


def test_a_supply_of_two_bytes_moves_the_alarm_behind_it() -> None:
    report = gt06_says("R11", 0x13, bytes((0x46, 4, 210, 3, 0x01, 2)))
    assert report.signals == {Signal.SOS}
    assert report.attributes["external_v"] == "12.34"
    assert report.attributes["gsm"] == "3"


@pytest.mark.parametrize(
    ("model", "bit", "signals"),
    [
        ("", 0, {Signal.SOS}),
        ("G-360P", 0, {Signal.REMOVED}),
        ("g-508p", 4, {Signal.REMOVED}),
        ("G-508P", 1, {Signal.TAMPERED}),
        ("AL300", 16, {Signal.MOVEMENT}),
        ("GL100", 0, {Signal.SOS}),
        ("VL300", 29, set[Signal]()),
        ("VL300", 0, {Signal.SOS}),
        ("", 29, {Signal.ACCIDENT}),
    ],
)
@pytest.mark.parametrize("kind", [0x0200, 0x0201])
def test_a_bit_is_what_its_model_means_by_it(
    kind: int, model: str, bit: int, signals: set[Signal]
) -> None:
    before = b"\x00\x01" if kind == 0x0201 else b""
    frame = message(kind, before + place(1 << bit))
    device = play(Jt808().session(), frame).told[0].device
    assert device is not None
    session = of_model(Jt808().session(), model, device)
    assert play(session, frame).told[0].signals == signals


def test_a_batch_in_pieces_is_read_by_its_model_too() -> None:
    record = place(1)
    body = b"\x00\x01\x00" + len(record).to_bytes(2) + record
    frame = message(0x0704, body)
    device = play(Jt808().session(), frame).told[0].device
    assert device is not None
    session = of_model(Jt808().session(), "G-360P", device)
    assert play(session, frame).told[0].signals == {Signal.REMOVED}
