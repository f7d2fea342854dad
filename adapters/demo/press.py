"""The demo's devices: a gt06 bracelet, byte for byte as one, and a telephone's app."""

import socket
from collections.abc import Iterator

from adapters.demo.stage import Stage
from adapters.devices import gt06_encode
from engine.errors import EngineError
from engine.values import Instant

WAIT_S = 10.0
DEVICE = "004999010640018"
PHONE = "q4t7-avoc"
PLACE = (41.31151, 69.27974)
_ACKNOWLEDGED = b"\x78\x78\x05\x16"


class UnansweredError(EngineError):
    """The engine did not answer the device as it has to; says what was missing."""


def press(stage: Stage, serials: Iterator[int]) -> Instant:
    """Press the button of Heron's bracelet: log-in, then the SOS packet.

    Returns:
        When the SOS packet was sent.

    Raises:
        UnansweredError: log-in or SOS was not answered.

    """
    host, port = stage.ports.devices["gt06"]
    with socket.create_connection((host, port), timeout=WAIT_S) as device:
        device.sendall(gt06_encode.log_in(DEVICE, serial=next(serials)))
        if not device.recv(64):
            message = "the log-in of the device is answered"
            raise UnansweredError(message)
        pressed = stage.clock.now()
        device.sendall(_sos(pressed, serial=next(serials)))
        if not device.recv(64).startswith(_ACKNOWLEDGED):
            message = "the device's SOS is acknowledged"
            raise UnansweredError(message)
    return pressed


def _sos(at: Instant, *, serial: int) -> bytes:
    lat_deg, lon_deg = PLACE
    gps = gt06_encode.Gps(
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        at=at,
        valid=True,
        satellites=7,
        speed_kmh=0,
        course_deg=0,
    )
    cell = gt06_encode.Cell(mcc=434, mnc=4, lac=1, cid=1)
    return gt06_encode.alarm(gps, cell, serial=serial)
