"""As many reports as are answered: each device sends its next one upon the answer.

    python -m bench.device_driver HANDSET HOST PORT DEVICES SECONDS [echo]

A process of its own. With `echo` the answer is the frame itself. Prints JSON: reports
and bytes a second, and the times from sending to the answer.
"""

import asyncio
import json
import sys
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle

from adapters.fleet.crew import allow_sockets
from adapters.fleet.handsets import HANDSETS
from adapters.fleet.plan import Carrier, Wish, carriers
from adapters.fleet.said import Due, Frame
from adapters.fleet.tally import Latencies
from adapters.modem.host_clock import HostClock

CLOCK = HostClock()
MADE = 32


@dataclass
class Count:
    """What all devices have come to."""

    is_over: bool = False
    is_counting: bool = False
    reports: int = 0
    bytes: int = 0
    latencies: Latencies = field(default_factory=Latencies)


class Busy(asyncio.Protocol):
    """One device that never waits for anything but its answer."""

    def __init__(self, carrier: Carrier, count: Count, *, echo: bool) -> None:
        self._carrier, self._count = carrier, count
        # Made before: what is measured is not how fast frames can be made.
        self._frames = cycle([self._made(echo=echo) for _ in range(MADE)])
        self._is_echo = echo
        self._buffer = b""
        self._sent_s = 0.0
        self._due = Due(b"")
        self._bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        greeting = self._carrier.handset.log_in(self._carrier.device)
        if greeting is None or self._is_echo:
            self._next()
        else:
            self._send(greeting)

    def _made(self, *, echo: bool) -> Frame:
        said = self._carrier.says(CLOCK.now(), sos=False)
        frame = self._carrier.handset.report(said)
        return Frame(frame.data, Due(frame.data)) if echo else frame

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        size = self._due.size_in(self._buffer)
        if size is None:
            return
        assert size, f"no answer: {self._buffer[:64]!r}"
        self._buffer = self._buffer[size:]
        count = self._count
        if count.is_over:
            return
        if count.is_counting:
            count.reports += 1
            count.bytes += self._bytes
            count.latencies.add(asyncio.get_running_loop().time() - self._sent_s)
        self._next()

    def _next(self) -> None:
        self._send(next(self._frames))

    def _send(self, frame: Frame) -> None:
        assert frame.due is not None, "only handsets whose places are answered"
        self._due = frame.due
        self._bytes = len(frame.data)
        self._sent_s = asyncio.get_running_loop().time()
        self._transport.write(frame.data)


async def drive(
    name: str, where: tuple[str, int], devices: int, seconds: float, *, echo: bool
) -> Count:
    """Run the devices for a time, after a second of warming up."""
    allow_sockets(devices + 64)
    wish = Wish(fleet=devices, names=[name], every_s=1, sos_per_minute=0)
    count = Count()
    loop = asyncio.get_running_loop()
    for carrier in carriers(wish):
        await loop.create_connection(partial(Busy, carrier, count, echo=echo), *where)
    await asyncio.sleep(1.0)
    count.is_counting = True
    await asyncio.sleep(seconds)
    count.is_over = True
    return count


def main() -> None:
    """Drive, and print."""
    name, host, port, devices, seconds, *rest = sys.argv[1:]
    assert name in HANDSETS
    count = asyncio.run(
        drive(
            name,
            (host, int(port)),
            int(devices),
            float(seconds),
            echo=rest == ["echo"],
        )
    )
    told = {
        "reports_s": count.reports / float(seconds),
        "bytes_s": count.bytes / float(seconds),
        **count.latencies.plain(),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
