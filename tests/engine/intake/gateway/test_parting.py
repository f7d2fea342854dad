"""Whoever is let go has gone soon after, whether they take the last answers or not."""

import asyncio
import ssl
from pathlib import Path

import pytest

from adapters.devices.gt06 import Gt06
from engine.config import TlsListen
from engine.intake.gateway import parting
from engine.intake.gateway.guard import Guard
from engine.intake.gateway.tcp import DeviceConnection
from engine.intake.gateway.tls import context
from engine.intake.orders.lines import Lines
from tests.engine.intake.gateway.test_tcp import Gate, is_enrolled
from tests.engine.intake.reports import Meter
from tests.fakes import ManualClock


@pytest.mark.parametrize("tls", [False, True])
def test_who_is_let_go_and_takes_no_answer_is_gone_soon_after(
    monkeypatch: pytest.MonkeyPatch, certificate: Path, *, tls: bool
) -> None:
    """Its file descriptor stayed for ever, and counted nowhere."""
    monkeypatch.setattr(parting, "PARTING_S", 0.1)
    listen = TlsListen(port=0, cert_file=certificate, key_file=certificate)
    serving = context("gateway.gt06.tls", listen) if tls else None
    trusting = ssl.create_default_context(cafile=str(certificate)) if tls else None

    async def scene() -> None:
        lost = asyncio.Event()
        made: list[DeviceConnection] = []

        def gone(_: str, change: int) -> None:
            if change < 0:
                lost.set()

        def connection() -> DeviceConnection:
            gate, guard, lines = Gate(), Guard(is_enrolled), Lines(lambda _: None)
            made.append(
                DeviceConnection(
                    Gt06(), gate, ManualClock(), Meter(), gone, guard, lines
                )
            )
            return made[-1]

        loop = asyncio.get_running_loop()
        server = await loop.create_server(connection, "127.0.0.1", 0, ssl=serving)
        address = server.sockets[0].getsockname()
        _, writer = await asyncio.open_connection(*address, ssl=trusting)
        writer.transport.pause_reading()  # type: ignore[attr-defined] # a stream's
        await asyncio.sleep(0.1)
        (said,) = made
        while said._transport is not None and not said._is_lost:
            said._transport.set_write_buffer_limits(high=1 << 30)
            said._write(b"x" * 100_000)
            if said._transport.get_write_buffer_size() > 100_000:
                break
        said._let_go()
        await asyncio.wait_for(lost.wait(), 3)
        writer.transport.abort()
        server.close()

    asyncio.run(scene())
