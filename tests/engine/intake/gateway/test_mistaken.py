"""A decoder of somebody else's that raises: HQ sees its bytes all the same."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

import pytest

from engine.intake.gateway.guard import Guard
from engine.intake.gateway.mistaken import KEPT_BYTES_MAX, Caught
from engine.intake.gateway.tcp import DeviceConnection
from engine.intake.gateway.udp import DeviceDatagrams
from engine.intake.orders.lines import Lines
from engine.ports.device import (
    Decoded,
    DeviceReport,
    HttpDecoded,
    HttpRequest,
    ReportKind,
    Transport,
)
from engine.values import DeviceId, Instant
from tests.engine.intake.gateway.http_gate import Gate, serving
from tests.engine.intake.reports import HERONS, Meter
from tests.fakes import START, ManualClock


class Panic(BaseException):
    """What a decoder in Rust raises that panics is no `Exception`."""


BROKEN = [
    *(KeyError("sos"), RecursionError(), RuntimeError("+46701740610")),
    *(SystemExit(1), Panic()),
]
HERE = ("192.0.2.1", 5)


class Careless:
    """A wire protocol of lines; whatever has `?` in it breaks it."""

    name = "careless"
    transport = Transport.TCP
    port = 0

    def __init__(self, error: BaseException = BROKEN[0]) -> None:
        self.error = error
        self.sessions = 0

    def session(self) -> "CarelessSession":
        self.sessions += 1
        return CarelessSession(self.error)


class CarelessSession:
    def __init__(self, error: BaseException) -> None:
        self._error, self._buffer = error, b""
        self.device: DeviceId | None = None

    def feed(self, data: bytes, received_at: Instant) -> Iterator[Decoded]:
        self._buffer += data
        while b"\n" in self._buffer:
            line, self._buffer = self._buffer.split(b"\n", 1)
            yield self._read(line, received_at)

    def finish(self, received_at: Instant) -> Sequence[Decoded]:
        rest, self._buffer = self._buffer, b""
        return [self._read(rest, received_at)] if rest else []

    def _read(self, line: bytes, received_at: Instant) -> Decoded:
        if b"?" in line:
            raise self._error
        self.device = HERONS
        report = DeviceReport(
            protocol="careless",
            kind=ReportKind.REPORT,
            device=HERONS,
            received_at=received_at,
            raw=line,
        )
        return Decoded(reports=(report,), answer=b"ok")


def caught(*pieces: bytes) -> list[DeviceReport]:
    session = Caught(Careless().session, "careless")  # type: ignore[arg-type] # a generator, as a careless one may be
    done = [one for piece in pieces for one in session.feed(piece, START)]
    done += session.finish(START)
    return [report for one in done for report in one.reports]


@pytest.mark.parametrize("error", BROKEN, ids=lambda error: type(error).__name__)
def test_what_a_session_raises_over_is_shown_as_its_devices_and_not_answered(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    session = Caught(Careless(error).session, "careless")  # type: ignore[arg-type] # see above
    good, bad = session.feed(b"one\ntwo?\n", START)
    assert (good.answer, good.close) == (b"ok", False)
    assert (bad.answer, bad.close) == (b"", True)
    (report,) = bad.reports
    assert report.kind is ReportKind.UNDECODABLE
    assert report.device == HERONS
    assert b"two?" in report.raw
    assert session.is_lost
    assert "careless" in {vars(record).get("protocol") for record in caplog.records}


def test_the_half_that_came_before_is_shown_too() -> None:
    assert [one.raw for one in caught(b"one\nS", b"O", b"S?\n")] == [
        b"one",
        b"one\nSOS?\n",
    ]


def test_half_a_frame_that_breaks_it_in_the_end_is_shown() -> None:
    assert [one.raw for one in caught(b"one\n", b"SOS", b"?")] == [b"one", b"one\nSOS?"]
    assert [one.raw for one in caught(b"one\n")] == [b"one"]


def test_no_more_is_kept_than_is_shown() -> None:
    *_, last = caught(*[b"x" * 1000] * 9, b"?\n")
    assert len(last.raw) <= KEPT_BYTES_MAX + 2
    assert last.raw.endswith(b"x?\n")


class Door:
    """Stands for the door: what comes is durable at once."""

    def __init__(self) -> None:
        self.reports: list[DeviceReport] = []

    def let_in(
        self, reports: Sequence[DeviceReport], answer: object, peer: str = ""
    ) -> None:
        del peer
        self.reports += reports
        assert callable(answer)
        answer(True)  # noqa: FBT003 - the answer to a yes-or-no question

    def later(self, job: Callable[[], None], whose: str) -> None:
        del whose
        job()

    def is_crowded(self, whose: str) -> bool:
        raise AssertionError(whose)


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__(extra={"peername": HERE})
        self.written: list[bytes] = []
        self.is_closed = self.is_paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def sendto(self, data: bytes, addr: object) -> None:
        del addr
        self.written.append(data)

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def is_reading(self) -> bool:
        return not self.is_paused

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def set_write_buffer_limits(
        self, high: int | None = None, low: int | None = None
    ) -> None:
        del high, low


def test_a_connection_whose_decoder_raises_is_let_go_once_hq_has_its_bytes() -> None:
    """The event loop closed it, and nobody saw what had come."""

    async def scene() -> None:
        door, wire, guard = Door(), Wire(), Guard(lambda _: True)
        connection = DeviceConnection(
            Careless(),  # type: ignore[arg-type] # its sessions are careless
            door,
            ManualClock(),
            Meter(),
            lambda *_: None,
            guard,
            Lines(lambda _: None),
        )
        connection.connection_made(wire)
        connection.received(b"one\n")
        assert not wire.is_closing()
        connection.received(b"SOS?\n")
        connection.connection_lost(None)
        assert wire.written == [b"ok"]
        assert wire.is_closing()
        assert [one.raw for one in door.reports] == [b"one", b"one\nSOS?\n"]

    asyncio.run(scene())


def test_an_address_whose_decoder_raises_has_a_new_session_for_its_next_datagram() -> (
    None
):
    door, wire, careless = Door(), Wire(), Careless()
    datagrams = DeviceDatagrams(
        careless,  # type: ignore[arg-type] # see above
        door,
        ManualClock(),
        lines=Lines(lambda _: None),
        is_enrolled=lambda device: device == HERONS,
        soon=lambda job: job(),
    )
    datagrams.connection_made(wire)
    for said in (b"one\n", b"SOS?", b"two\n"):
        datagrams.datagram_received(said, HERE)
    assert [one.raw for one in door.reports] == [b"one", b"SOS?", b"two"]
    assert door.reports[1].kind is ReportKind.UNDECODABLE
    assert wire.written == [b"ok", b"ok"]
    assert careless.sessions == 2


class CarelessHttp:
    """A wire protocol over HTTP that reads nothing; of what is no GET it panics."""

    name = "careless"
    transport = Transport.HTTP
    port = 0

    def decode(self, request: HttpRequest, received_at: Instant) -> HttpDecoded:
        del received_at
        if request.method == "GET":
            raise KeyError(request.query)
        raise Panic


@pytest.mark.parametrize(
    ("said", "raw"),
    [
        (b"GET /a?alarm=sos HTTP/1.1\r\nHost: h\r\n\r\n", b"GET /a?alarm=sos"),
        (
            b"POST /?k=v HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nalarm=sos",
            b"POST /?k=v\n\nalarm=sos",
        ),
    ],
)
def test_a_request_over_which_a_decoder_raises_is_shown_and_no_success(
    said: bytes, raw: bytes
) -> None:
    """It ended as a 500 that nobody at HQ heard of."""
    gate = Gate()

    async def scene() -> bytes:
        async with serving(gate, Guard(lambda _: True), wire=CarelessHttp()) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said)
            answer = await asyncio.wait_for(reader.readline(), 10)
            writer.close()
            return answer

    assert b" 500 " in asyncio.run(scene())
    (report,) = gate.reports
    assert (report.kind, report.raw) == (ReportKind.UNDECODABLE, raw)
    assert gate.peers == ["127.0.0.1"]


def test_half_a_request_over_which_a_decoder_raises_is_shown() -> None:
    gate = Gate()

    async def scene() -> None:
        async with serving(gate, Guard(lambda _: True), wire=CarelessHttp()) as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /?alarm=so")
            writer.close()
            await gate.heard(1)

    asyncio.run(scene())
    assert [one.raw for one in gate.reports] == [b"GET /?alarm=so"]


class Unbegun(Careless):
    """A wire protocol that makes no session."""

    def session(self) -> CarelessSession:
        self.sessions += 1
        raise self.error


def test_bytes_for_which_no_session_is_made_are_shown_and_not_answered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The connection was closed without a word, and nobody saw what had come."""

    async def scene() -> None:
        door, wire, guard = Door(), Wire(), Guard(lambda _: True)
        connection = DeviceConnection(
            Unbegun(),  # type: ignore[arg-type] # see above
            door,
            ManualClock(),
            Meter(),
            lambda *_: None,
            guard,
            Lines(lambda _: None),
        )
        connection.connection_made(wire)
        connection.received(b"SOS")
        connection.connection_lost(None)
        assert (wire.is_closing(), wire.written) == (True, [])
        assert [one.raw for one in door.reports] == [b"SOS"]

    asyncio.run(scene())
    assert [vars(one)["protocol"] for one in caplog.records] == ["careless"]


def test_a_datagram_for_which_no_session_is_made_is_shown() -> None:
    door, wire = Door(), Wire()
    datagrams = DeviceDatagrams(
        Unbegun(),  # type: ignore[arg-type] # see above
        door,
        ManualClock(),
        lines=Lines(lambda _: None),
        is_enrolled=lambda device: device == HERONS,
        soon=lambda job: job(),
    )
    datagrams.connection_made(wire)
    for said in (b"one", b"two"):
        datagrams.datagram_received(said, HERE)
    assert [one.raw for one in door.reports] == [b"one", b"two"]
