"""The gateway's actor: owns the event loop's thread and every device's connection."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from ssl import SSLContext
from typing import ClassVar

from engine.intake.gateway.certificates import CertificateWatch
from engine.intake.gateway.door import Door
from engine.intake.gateway.guard import Guard
from engine.intake.gateway.http import server
from engine.intake.gateway.listener import Listener
from engine.intake.gateway.listener_watch import Datagrams, Listening
from engine.intake.gateway.tcp import DeviceConnection
from engine.intake.gateway.turns import Turns
from engine.intake.gateway.udp import DeviceDatagrams
from engine.intake.orders.lines import Lines
from engine.ports.device import HttpWireProtocol, Transport, WireProtocol
from engine.ports.telemetry import Telemetry
from engine.supervision.actor import SupervisedActor
from engine.supervision.event_loop import EventLoop
from engine.supervision.link import Link

LOOK = timedelta(seconds=1)
Streams = Mapping[str, tuple[WireProtocol, socket.socket]]
Https = Mapping[str, tuple[HttpWireProtocol, socket.socket]]
Tls = Mapping[str, SSLContext]
"""By the name of the listener; those without one speak in clear."""


class Gateway(SupervisedActor[None]):
    """Runs the listeners. Its heartbeat is a round trip through the loop."""

    bound: ClassVar[int] = 100

    def __init__(
        self,
        *,
        link: Link,
        streams: Streams,
        https: Https,
        tls: Callable[[], Tls],
        certificates: CertificateWatch,
        lines: Lines,
        door: Door,
        telemetry: Telemetry,
        listening: Listening,
    ) -> None:
        """Take wire protocols with their listening sockets, which outlive it.

        `tls` and `certificates` return those in force, which a reload replaces.
        """
        super().__init__(link=link)
        self._streams, self._https, self._tls = streams, https, tls
        self._certificates = certificates
        self._lines = lines
        self._guests, self._let_go = Guard(door.is_enrolled), 0
        self._door, self._telemetry = door, telemetry
        self._serving: list[asyncio.Task[None]] = []
        self._loop = EventLoop("gateway", self.clock, self._guests.close_all)
        self._open: Counter[str] = Counter()
        self._listening, self._watch = listening, listening.watch
        self._opened: list[Listener | socket.socket] = []

    def started(self) -> None:
        """Start the loop and accept on every listener."""
        self._certificates.look(self.clock.now())
        self._bound()
        self._loop.start()
        self._door.wake = self._wake_loop
        over_http = (wire.name for wire, _ in self._https.values())
        self._door.with_secret = frozenset(over_http)
        self._loop.call(self._listen())
        self.wake_at(self.clock.now().plus(LOOK))

    def handle(self, message: None) -> None:
        """Take no messages: devices speak to the loop."""

    def woke(self) -> None:
        """Send the heartbeat through the loop."""
        self._door.look()
        self._certificates.look(self.clock.now())
        self._watch.look()
        self._bound()
        self._loop.beat()
        self._telemetry.gauge("device_strangers", self._guests.strangers)
        let_go = self._guests.let_go  # the loop's, which alone counts it up
        if let_go > self._let_go:
            more = let_go - self._let_go
            self._telemetry.count("device_strangers_let_go_total", more)
            self._let_go = let_go
        self.wake_at(self.clock.now().plus(LOOK))

    def stopping(self) -> None:
        """Close every connection; the listening sockets stay open for a successor."""
        self._door.wake = None
        self._loop.stop()
        for one in self._opened:
            one.close()

    def _bound(self) -> None:
        shares = self._listening.shares()
        self._guests.strangers_max = shares.strangers
        self._guests.known_max = shares.enrolled

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        turns = Turns(self._door, loop, self.clock, self._telemetry)
        for name, (wire, listening) in self._streams.items():
            # A copy: asyncio closes what it is given, and a successor needs its own.
            copy = listening.dup()
            if wire.transport is Transport.UDP:
                self._opened.append(copy)
                await loop.create_datagram_endpoint(
                    partial(
                        DeviceDatagrams,
                        wire,
                        turns,
                        self.clock,
                        lines=self._lines,
                        is_enrolled=self._door.is_enrolled,
                        soon=loop.call_soon_threadsafe,
                        model_of=self._door.model_of,
                    ),
                    sock=copy,
                )
                self._watch.add(name, Datagrams(socket=copy))
                continue
            made = partial(
                DeviceConnection,
                wire,
                turns,
                self.clock,
                self._telemetry,
                self._count,
                self._guests,
                self._lines,
                self._door.model_of,
            )
            tls = self._context_of(name)
            self._accept(name, Listener(copy, made, self._guests, tls))
        for name, (http_wire, listening) in self._https.items():
            listener, serving = server(
                http_wire,
                self._door,
                self.clock,
                self._guests,
                listening.dup(),
                self._context_of(name),
                proxies=self._listening.proxies,
            )
            self._serving.append(loop.create_task(serving))
            self._accept(name, listener)

    def _context_of(self, name: str) -> Callable[[], SSLContext] | None:
        """Return what a listener's next handshake is made with; None in clear."""
        return (lambda: self._tls()[name]) if name in self._tls() else None

    def _accept(self, name: str, listener: Listener) -> None:
        self._opened.append(listener)
        listener.start()
        self._watch.add(name, listener)

    def _count(self, protocol: str, change: int) -> None:
        self._open[protocol] += change
        self._telemetry.gauge(
            "device_connections", self._open[protocol], protocol=protocol
        )

    def _wake_loop(self) -> None:
        self._loop.soon(self._door.answer_done)
