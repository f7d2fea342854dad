"""A wire protocol over HTTP on a port of its own, before a gate that keeps reports."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing

from adapters.devices.osmand import Osmand
from engine.intake.gateway.guard import Guard
from engine.intake.gateway.http import server
from engine.ports.device import DeviceReport, HttpWireProtocol
from engine.values import DeviceId
from tests.fakes import ManualClock


class Gate:
    """Stands for the door: answers at once."""

    def __init__(self, *, is_durable: bool = True) -> None:
        self.is_durable = is_durable
        self.presented: bytes | None = None
        self.batches: list[Sequence[DeviceReport]] = []
        self.peers: list[str] = []
        self._said = asyncio.Event()

    @property
    def reports(self) -> list[DeviceReport]:
        return [report for batch in self.batches for report in batch]

    def is_enrolled(self, device: DeviceId) -> bool:
        return device == "heron-phone"

    def proven(self, report: DeviceReport, presented: bytes | None) -> DeviceReport:
        self.presented = presented
        return report

    def let_in(
        self,
        reports: Sequence[DeviceReport],
        answer: Callable[[bool], None],
        peer: str = "",
    ) -> None:
        self.peers.append(peer)
        self.batches.append(reports)
        self._said.set()
        answer(self.is_durable)

    async def heard(self, batches: int) -> None:
        """Wait until so many requests, whole or not, were let in."""
        async with asyncio.timeout(10):
            while len(self.batches) < batches:
                self._said.clear()
                await self._said.wait()


@asynccontextmanager
async def serving(
    gate: Gate,
    guard: Guard,
    tls: ssl.SSLContext | None = None,
    wire: HttpWireProtocol | None = None,
) -> AsyncIterator[int]:
    """Serve osmand, or another wire protocol, on a port of its own."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    with closing(listening):
        clock = ManualClock()
        shown = None if tls is None else lambda: tls
        wanted = wire or Osmand()
        listener, serving = server(wanted, gate, clock, guard, listening, shown)  # type: ignore[arg-type] # what it uses of a door
        listener.start()
        task = asyncio.create_task(serving)
        await asyncio.sleep(0.05)
        yield listening.getsockname()[1]
        await asyncio.sleep(0.05)  # who has closed is seen to have gone
        task.cancel()
        guard.close_all()
        listener.close()
        await asyncio.gather(task, return_exceptions=True)
