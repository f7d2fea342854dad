"""A gt06 bracelet on a real socket, as it presses and moves."""

import socket
from collections.abc import Iterator
from typing import Self

from adapters.devices import gt06_encode
from adapters.modem.host_clock import HostClock

ANSWERED_S = 30.0
CELL = gt06_encode.Cell(mcc=434, mnc=4, lac=1, cid=1)


class Gt06Device:
    """A gt06 bracelet on a real socket."""

    def __init__(
        self,
        address: tuple[str, int],
        imei: str,
        clock: HostClock,
        serials: Iterator[int],
    ) -> None:
        self.clock = clock
        self.serials = serials
        self.socket = socket.create_connection(address, timeout=ANSWERED_S)
        self.socket.sendall(gt06_encode.log_in(imei, serial=self.next()))
        assert self.socket.recv(64), "the log-in is not answered"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def next(self) -> int:
        """Count on: a bracelet starts again at 1 where it was off, not at a log-in.

        Two presses of one second would else be one frame, sent twice.
        """
        return next(self.serials)

    def send(self, frame: bytes, timeout_s: float = ANSWERED_S) -> bytes:
        """Send a frame; return the answer, b"" where none comes in time."""
        self.socket.sendall(frame)
        self.socket.settimeout(timeout_s)
        try:
            return self.socket.recv(256)
        except TimeoutError:
            return b""

    def sos(self, lat_deg: float = 41.31151, lon_deg: float = 69.27974) -> bytes:
        """Press the button; return the answer."""
        return self.send(self.sos_frame(lat_deg, lon_deg))

    def sos_frame(self, lat_deg: float = 41.31151, lon_deg: float = 69.27974) -> bytes:
        """Return the packet of a press."""
        return gt06_encode.alarm(self.gps(lat_deg, lon_deg), CELL, serial=self.next())

    def move(self, lat_deg: float, lon_deg: float = 69.27974) -> None:
        """Say where it is, of its own accord; that gets no answer."""
        gps = self.gps(lat_deg, lon_deg)
        self.socket.sendall(gt06_encode.location(gps, CELL, serial=self.next()))

    def gps(self, lat_deg: float, lon_deg: float) -> gt06_encode.Gps:
        """Return a fix of now."""
        return gt06_encode.Gps(
            lat_deg=lat_deg,
            lon_deg=lon_deg,
            at=self.clock.now(),
            valid=True,
            satellites=7,
            speed_kmh=0,
            course_deg=0,
        )
