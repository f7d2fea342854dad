"""A device's connection: bytes to frames, frames to the door, answers back."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from engine.intake.gateway.guard import Guard
from engine.intake.gateway.misdirected import named_in
from engine.intake.gateway.mistaken import KEPT_BYTES_MAX, Caught, unread
from engine.intake.gateway.parting import part, remains
from engine.intake.gateway.strays import network_of
from engine.intake.gateway.turns import Porch, says_anything
from engine.intake.orders.lines import Line, Lines, writer_of
from engine.ports.clock import Clock
from engine.ports.device import Decoded, ModelOf, ReportKind, WireProtocol
from engine.ports.telemetry import Telemetry
from engine.values import DeviceId

IDLE_S = 35 * 60.0
HALF_FRAME_S = 10.0
# Whoever says nothing whole for so long, or trickles, holds a place no longer.
STRANGER_S = 120.0
WRITE_BUFFER_MAX = 64 * 1024
PIECE_BYTES = 512
"""What is read of a connection at once: some ms of the costliest hostile bytes."""
RECEIVED_BYTES = 4096
"""What is received at once, and waits to be read; the rest stays in the kernel."""
OVER_TLS_BYTES = 64 * 1024
"""More than asyncio holds of a connection over TLS: of what is left of one whose other
end has gone it hands on a single buffer full, and forgets the rest."""
REMAINS_BYTES_MAX = 64 * 1024
"""So much is still heard of a device that hung up: stored places, and an SOS behind."""

_BUFFER = memoryview(bytearray(OVER_TLS_BYTES))
"""One for all: it is taken, filled and emptied within one call of the loop."""
_UNREAD = frozenset({ReportKind.UNDECODABLE, ReportKind.NOISE})


class DeviceConnection(asyncio.BufferedProtocol):
    """One TCP connection, in the event loop's thread.

    An enrolled device has a piece read as it comes, the first one too if its id stands
    there. All others wait for a turn of their network's: hundreds who send what is dear
    to read would else make one round of the loop last seconds, and an SOS wait for the
    next.

    A device that says nothing for longer than its slowest heartbeat is let go; so
    is one that does not read its answers. Half a frame that stays half is handed
    on as undecodable, since it may be half an SOS.
    """

    def __init__(
        self,
        wire: WireProtocol,
        door: Porch,
        clock: Clock,
        telemetry: Telemetry,
        count: Callable[[str, int], None],
        guard: Guard,
        lines: Lines,
        model_of: ModelOf | None = None,
    ) -> None:
        """Start a session; `count` keeps the number of open connections."""
        self._guard, self._lines = guard, lines
        self._known: DeviceId | None = None
        self._named: DeviceId | None = None
        self._has_spoken = False
        self._has_reported = False
        self._wire, self._door, self._clock = wire, door, clock
        self._telemetry, self._count = telemetry, count
        self._session = Caught(wire.session, wire.name, model_of)
        self._line = Line(writer_of(wire, self._session.session), self._write_soon)
        self._transport: asyncio.Transport | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._began_s = self._heard_s = 0.0
        self._may_be_half = False
        self._unread = b""
        self._peer = self._network = ""
        self._is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to count idle time."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            transport.set_write_buffer_limits(high=WRITE_BUFFER_MAX)
        self._count(self._wire.name, 1)
        self._loop = asyncio.get_running_loop()
        self._began_s = self._heard_s = self._loop.time()
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if peer else ""
        self._network = network_of(self._peer)
        self._guard.entered(self._let_go, self._peer, self._began_s)
        self._wake_by(self._loop, self._began_s + min(STRANGER_S, IDLE_S))

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give room for what is received at once; only TLS says what it has."""
        return _BUFFER if sizehint >= 0 else _BUFFER[:RECEIVED_BYTES]

    def buffer_updated(self, nbytes: int) -> None:
        """Take what has come."""
        self.received(bytes(_BUFFER[:nbytes]))

    def received(self, data: bytes) -> None:
        """Feed the decoder: at once for a device that is known, else in its turn."""
        if self._loop is None:
            return
        self._heard_s = self._loop.time()
        self._may_be_half = True
        first = None if self._has_spoken else named_in(data, self._guard.is_enrolled)
        self._named, self._has_spoken = first or self._named, True
        waits = bool(self._unread)
        self._unread += data
        if not waits and (first or self._known):
            self._read()
        elif not waits:
            self._await_turn()
        self._wake_by(self._loop, self._heard_s + HALF_FRAME_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Hand on what was left of a frame."""
        del exc
        self._count(self._wire.name, -1)
        self._guard.left(self._let_go, self._known)
        if self._known is not None:
            self._lines.gone(self._known, self._line)
        if self._timer is not None:
            self._timer.cancel()
        waits = bool(self._unread)
        if self._transport is not None and (self._known or self._named):
            self._unread += remains(self._transport, REMAINS_BYTES_MAX)
        self._transport = None
        self._is_lost = True
        if not self._unread:
            self._finish()
        elif self._door.is_crowded(self._whose()):
            self._show_unread()
        elif not waits:
            self._await_turn()

    def pause_writing(self) -> None:
        """Let a device go that does not read what it asked for."""
        if self._transport is not None:
            self._transport.abort()

    def _whose(self) -> str:
        """Return whose turn it is: who only names a device crowds nobody elsewhere."""
        return f"{self._network} {self._known or self._named or ''}"

    def _show_unread(self) -> None:
        """Show HQ what is too much to be read: many devices never say it again."""
        kept, self._unread = self._unread[:KEPT_BYTES_MAX], b""
        self._telemetry.count("unread_let_go_total")
        report = unread(self._wire.name, kept, self._clock.now(), device=self._known)
        self._door.let_in((report,), _nobody_waits, self._peer)
        self._finish()

    def _await_turn(self) -> None:
        """Have what is there read later; meanwhile no more is received."""
        if self._transport is not None and self._transport.is_reading():
            self._transport.pause_reading()
        self._door.later(self._read, self._whose())

    def _read(self) -> None:
        """Feed one piece; the rest waits for its turn."""
        if not self._unread:
            return  # let go, with what it had sent
        piece, self._unread = self._unread[:PIECE_BYTES], self._unread[PIECE_BYTES:]
        self._take(self._session.feed(piece, self._clock.now()))
        transport = self._transport
        if self._unread:
            self._await_turn()
        elif self._is_lost:
            self._finish()
        elif transport is not None and not transport.is_reading():
            # What came while this waited is still to be received: they are not silent.
            self._heard_s = asyncio.get_running_loop().time()
            transport.resume_reading()

    def _finish(self) -> None:
        self._take(self._session.finish(self._clock.now()))

    def _take(self, frames: Sequence[Decoded]) -> None:
        for frame in filter(says_anything, frames):
            self._recognise(frame)
            self._door.let_in(frame.reports, self._answering(frame), self._peer)

    def _recognise(self, frame: Decoded) -> None:
        """Take note of who speaks: an enrolled device stays, whatever its address."""
        for report in frame.reports:
            self._has_reported |= report.kind not in _UNREAD
            device = report.device
            if device is None or device == self._known or self._is_lost:
                continue
            if self._guard.is_enrolled(device):
                self._know(device)

    def _know(self, device: DeviceId) -> None:
        self._guard.left(self._let_go, self._known)
        if self._known is not None:
            self._lines.gone(self._known, self._line)
        self._known = device
        self._guard.is_known(self._let_go, device)
        self._lines.here(device, self._line)

    def _write_soon(self, data: bytes) -> None:
        """Write from another thread; who has gone meanwhile is passed over."""
        # A gateway that ends closes its loop at any moment.
        with suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._write, data)

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _let_go(self) -> None:
        if self._transport is not None:
            part(self._transport)

    def _answering(self, frame: Decoded) -> Callable[[bool], None]:
        def answer(is_durable: bool) -> None:  # noqa: FBT001 - the one thing asked
            transport = self._transport
            if transport is None or transport.is_closing() or not is_durable:
                return  # not durable: no answer, so that the device repeats
            if frame.answer:
                transport.write(frame.answer)
            if frame.close:
                part(transport)

        return answer

    def _wake_by(self, loop: asyncio.AbstractEventLoop, at_s: float) -> None:
        """Look after the connection at `at_s` at the latest.

        A timer that comes too early looks and sets itself anew, so that a device that
        speaks often costs none for each word.
        """
        if self._timer is not None:
            if self._timer.when() <= at_s:
                return
            self._timer.cancel()
        self._timer = loop.call_at(at_s, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        # It is we who are silent, where what they said still waits for its turn.
        silent_s = 0.0 if self._unread else loop.time() - self._heard_s
        if self._may_be_half and silent_s >= HALF_FRAME_S:
            self._may_be_half = False
            self._finish()
        stranger_until_s = self._began_s + STRANGER_S
        is_stranger = not self._has_reported
        if silent_s >= IDLE_S or (is_stranger and loop.time() >= stranger_until_s):
            self._let_go()
            return
        patience_s = HALF_FRAME_S if self._may_be_half else IDLE_S
        look_s = loop.time() - silent_s + patience_s
        self._wake_by(loop, min(look_s, stranger_until_s) if is_stranger else look_s)


def _nobody_waits(is_durable: bool) -> None:  # noqa: FBT001 - the one thing asked
    del is_durable
