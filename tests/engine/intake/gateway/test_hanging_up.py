"""A device that says what it has and hangs up: all of it is heard, its SOS last."""

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from adapters.devices import gt06_encode
from adapters.devices.gt06 import Gt06
from engine.config import TlsListen
from engine.intake.gateway.guard import Guard
from engine.intake.gateway.listener import Listener
from engine.intake.gateway.tcp import DeviceConnection
from engine.intake.gateway.tls import context
from engine.intake.gateway.turns import Turns
from engine.intake.orders.lines import Lines
from engine.values import Signal
from tests.engine.intake.gateway.test_tcp import CELL, GPS, LOG_IN, SOS, is_enrolled
from tests.engine.intake.gateway.test_turns import Door
from tests.engine.intake.reports import Meter
from tests.fakes import ManualClock

PLACE = gt06_encode.stored_location(GPS, CELL, serial=3)


def hang_up(
    where: tuple[str, int], said: bytes, trusting: ssl.SSLContext | None
) -> None:
    with socket.create_connection(where) as connected:
        if trusting is None:
            connected.sendall(said)
            return
        with trusting.wrap_socket(connected, server_hostname="127.0.0.1") as over_tls:
            over_tls.sendall(said)


@pytest.mark.parametrize("places", [0, 12, 60, 300])
@pytest.mark.parametrize("tls", [False, True])
def test_an_sos_behind_stored_places_is_heard_though_the_device_hangs_up(
    certificate: Path, *, places: int, tls: bool
) -> None:
    """The first answer met a closed end, and what lay in the kernel went with it."""
    listen = TlsListen(port=0, cert_file=certificate, key_file=certificate)
    trusting = ssl.create_default_context(cafile=str(certificate)) if tls else None
    clock, guard, meter = ManualClock(), Guard(is_enrolled), Meter()

    async def scene() -> None:
        loop, lost, door = asyncio.get_running_loop(), asyncio.Event(), Door(clock)
        turns = Turns(door, loop, clock, meter)

        def count(_: str, change: int) -> None:
            if change < 0:
                lost.set()

        def made() -> DeviceConnection:
            lines = Lines(lambda _: None)
            return DeviceConnection(Gt06(), turns, clock, meter, count, guard, lines)

        listening = socket.create_server(("127.0.0.1", 0))
        host, port = listening.getsockname()
        serving = context("gateway.gt06.tls", listen)
        shown = (lambda: serving) if tls else None
        listener = Listener(listening, made, guard, shown)
        listener.start()
        said = LOG_IN + PLACE * places + SOS
        await asyncio.to_thread(hang_up, (host, port), said, trusting)
        await asyncio.wait_for(lost.wait(), 5)
        for _ in range(1_000):
            await asyncio.sleep(0)
        assert any(Signal.SOS in one.signals for one in door.reports)
        assert len(door.reports) == places + 2
        loop.remove_reader(listening)
        listener.close()

    asyncio.run(scene())
