"""One simulated device's connection: frames out, answers in, in their order."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import cast

from adapters.fleet.plan import Carrier
from adapters.fleet.said import Frame
from adapters.fleet.tally import Tally
from engine.ports.clock import Clock
from engine.ports.device import Transport

ANSWER_BYTES_MAX = 4096
REPEAT_S = 10.0
PATIENCE_S = 30.0


@dataclass(slots=True)
class _Sent:
    """A frame that is due an answer, and when it was first sent."""

    frame: Frame
    at_s: float
    is_sos: bool
    is_greeting: bool = False


class Line(asyncio.Protocol, asyncio.DatagramProtocol):
    """Keeps one device connected; says again every SOS that nobody has answered.

    Lives in the event loop's thread. A place that was not answered is let go with its
    connection, as devices do whose memory is short; an SOS never.
    """

    def __init__(
        self, carrier: Carrier, where: tuple[str, int], tally: Tally, clock: Clock
    ) -> None:
        """Take who carries the device, where its server is, and what counts."""
        self.carrier = carrier
        self._where, self._tally, self._clock = where, tally, clock
        self._is_udp = carrier.handset.transport is Transport.UDP
        self._stream: asyncio.Transport | None = None
        self._datagrams: asyncio.DatagramTransport | None = None
        self._waiting: deque[_Sent] = deque()
        self._unsaid: list[_Sent] = []
        self._buffer = b""
        self._heard_s = 0.0
        self._greeted = False
        self._closing = False
        self._opening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect once; a refusal is counted and tried again later."""
        loop = asyncio.get_running_loop()
        try:
            if self._is_udp:
                await loop.create_datagram_endpoint(
                    lambda: self, remote_addr=self._where
                )
            else:
                await loop.create_connection(lambda: self, *self._where)
        except OSError:
            self._tally.refused += 1
            self._later()

    @property
    def is_logging_in(self) -> bool:
        """Whether a log-in was sent that the server has not answered yet."""
        return not self._greeted and bool(self._waiting)

    def say(self, *, sos: bool) -> None:
        """Report, or press; without a connection a press waits for one."""
        if not sos and not self._greeted:
            return
        said = self.carrier.says(self._clock.now(), sos=sos)
        frame = self.carrier.handset.report(said)
        sent = _Sent(frame, asyncio.get_running_loop().time(), is_sos=sos)
        self._tally.sent += 1
        self._tally.sos_sent += sos
        if frame.due is not None:
            self._tally.due += 1
            self._tally.sos_due += sos
        if self._greeted:
            self._send(sent)
        else:
            self._unsaid.append(sent)

    def look(self) -> None:
        """Do what devices do whose server is silent.

        Over UDP an SOS is said again and a place let go; over TCP the connection is
        given up, and an SOS said again on the next one.
        """
        now_s = asyncio.get_running_loop().time()
        patience_s = REPEAT_S if self._is_udp else PATIENCE_S
        late = [one for one in self._waiting if now_s - one.at_s > patience_s]
        if late and not self._is_udp and now_s - self._heard_s > patience_s:
            self._hang_up()
            return
        for sent in late:
            if not sent.is_sos:
                self._waiting.remove(sent)
            elif self._is_udp:
                self._write(sent.frame.data)
                self._tally.repeated += 1

    def close(self) -> None:
        """Hang up, for good."""
        self._closing = True
        for transport in (self._stream, self._datagrams):
            if transport is not None:
                transport.close()

    # asyncio ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Log in; with nothing to wait for, whatever has waited is said."""
        # No `isinstance`: before Python 3.12 asyncio's own are of other classes.
        if self._is_udp:
            self._datagrams = cast("asyncio.DatagramTransport", transport)
        else:
            self._stream = cast("asyncio.Transport", transport)
        self._buffer = b""
        self._tally.connected += 1
        greeting = self.carrier.handset.log_in(self.carrier.device)
        if greeting is None:
            self._greet()
            return
        self._write(greeting.data)
        if greeting.due is None:
            self._greet()
        else:
            now_s = asyncio.get_running_loop().time()
            sent = _Sent(greeting, now_s, is_sos=False, is_greeting=True)
            self._waiting.append(sent)

    def data_received(self, data: bytes) -> None:
        """Match answers with what they are due to."""
        self._heard_s = asyncio.get_running_loop().time()
        self._buffer += data
        while self._buffer and self._waiting:
            if not self._match():
                return
        if self._buffer:
            self._strange()

    def _match(self) -> bool:
        """Take one answer from the buffer; False where it is not whole, or is none.

        An SOS is answered before the places that were sent before it.
        """
        may_come = False
        for sent in self._waiting:
            due = sent.frame.due
            size = 0 if due is None else due.size_in(self._buffer)
            if size:
                self._buffer = self._buffer[size:]
                self._waiting.remove(sent)
                self._answered(sent)
                return True
            may_come = may_come or size is None
        if not may_come or len(self._buffer) > ANSWER_BYTES_MAX:
            self._strange()
        return False

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Match an answer; datagrams may be lost or overtake each other."""
        del addr
        for sent in self._waiting:
            due = sent.frame.due
            if due is not None and due.size_in(data) == len(data):
                self._waiting.remove(sent)
                self._answered(sent)
                return
        self._tally.strange += 1

    def error_received(self, exc: Exception) -> None:
        """Count a datagram that nobody listens for."""
        del exc
        self._tally.refused += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """Connect again, and say again what must not be lost."""
        del exc
        self._stream = self._datagrams = None
        self._greeted = False
        self._unsaid += [sent for sent in self._waiting if sent.is_sos]
        self._waiting.clear()
        if not self._closing:
            self._tally.connected -= 1
            self._tally.lost += 1
            self._later()

    # -----------------------------------------------------------------------------

    def _later(self) -> None:
        if self._closing:
            return
        loop = asyncio.get_running_loop()
        loop.call_later(self.carrier.patience().total_seconds(), self._again)

    def _again(self) -> None:
        # Held here: the loop alone would let a task go before it is done.
        self._opening = asyncio.get_running_loop().create_task(self.open())

    def _greet(self) -> None:
        self._greeted = True
        unsaid, self._unsaid = self._unsaid, []
        for sent in unsaid:
            self._tally.repeated += 1
            self._send(sent)

    def _send(self, sent: _Sent) -> None:
        self._write(sent.frame.data)
        if sent.frame.due is not None:
            self._waiting.append(sent)

    def _answered(self, sent: _Sent) -> None:
        if sent.is_greeting:
            self._greet()
            return
        took_s = asyncio.get_running_loop().time() - sent.at_s
        self._tally.acknowledged += 1
        self._tally.reports.add(took_s)
        if sent.is_sos:
            self._tally.sos_acknowledged += 1
            self._tally.sos.add(took_s)

    def _strange(self) -> None:
        """Count what is no answer, and hang up: the order is lost."""
        self._tally.strange += 1
        self._buffer = b""
        self._hang_up()

    def _hang_up(self) -> None:
        if self._stream is not None:
            self._stream.abort()

    def _write(self, data: bytes) -> None:
        if self._stream is not None:
            self._stream.write(data)
        elif self._datagrams is not None:
            self._datagrams.sendto(data)
