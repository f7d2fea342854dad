"""A device's connection: answers after the disk, half frames, silence."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from adapters.devices import gt06_encode
from adapters.devices.gt06 import Gt06
from adapters.devices.tk103 import Tk103
from engine.intake.gateway import tcp
from engine.intake.gateway.guard import Guard
from engine.intake.gateway.tcp import DeviceConnection
from engine.intake.orders.lines import Line, Lines
from engine.ports.device import DeviceCommand, DeviceOrder, DeviceReport, ReportKind
from engine.values import DeviceId, Signal
from tests import own_time
from tests.engine.intake.reports import Meter
from tests.fakes import START, ManualClock

GPS = gt06_encode.Gps(
    lat_deg=41.3,
    lon_deg=69.2,
    at=START,
    valid=True,
    satellites=7,
    speed_kmh=0,
    course_deg=0,
)
CELL = gt06_encode.Cell(mcc=434, mnc=4, lac=1, cid=1)
LOG_IN = gt06_encode.log_in("004999010640018")
SOS = gt06_encode.alarm(GPS, CELL, serial=2)


def is_enrolled(device: DeviceId) -> bool:
    return device == "004999010640018"


class Gate:
    """Stands for the door: keeps the answers until a test gives them."""

    def __init__(self) -> None:
        self.reports: list[DeviceReport] = []
        self.answers: list[Callable[[bool], None]] = []
        self.jobs: list[Callable[[], None]] = []
        self.peers: list[str] = []
        self.whose: list[str] = []
        self.crowded = False

    def let_in(
        self,
        reports: Sequence[DeviceReport],
        answer: Callable[[bool], None],
        peer: str = "",
    ) -> None:
        self.peers.append(peer)
        self.reports += reports
        self.answers.append(answer)

    def later(self, job: Callable[[], None], whose: str) -> None:
        self.whose.append(whose)
        self.jobs.append(job)

    def is_crowded(self, whose: str) -> bool:
        del whose
        return self.crowded

    def work(self) -> None:
        while self.jobs:
            self.jobs.pop(0)()

    def answer(self, *, is_durable: bool) -> None:
        answers, self.answers = self.answers, []
        for answer in answers:
            answer(is_durable)


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__(extra={"peername": ("192.0.2.1", 5)})
        self.written = b""
        self.is_closed = self.is_aborted = self.is_paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_aborted = True

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def is_reading(self) -> bool:
        return not self.is_paused

    def is_closing(self) -> bool:
        return self.is_closed

    def set_write_buffer_limits(
        self, high: int | None = None, low: int | None = None
    ) -> None:
        del high, low


class Rig:
    def __init__(self) -> None:
        self.gate, self.wire, self.guard = Gate(), Wire(), Guard(is_enrolled)
        self.open = 0
        self.lines, self.meter = Lines(lambda _: None), Meter()
        self.connection = DeviceConnection(
            Gt06(),
            self.gate,
            ManualClock(),
            self.meter,
            self._count,
            self.guard,
            self.lines,
        )
        self.connection.connection_made(self.wire)

    def say(self, data: bytes) -> None:
        """Send, and have every turn come."""
        self.connection.received(data)
        self.gate.work()

    def _count(self, protocol: str, change: int) -> None:
        assert protocol == "gt06"
        self.open += change


def test_an_sos_is_answered_once_it_is_durable_and_not_before() -> None:
    async def scene() -> None:
        rig = Rig()
        rig.say(LOG_IN)
        rig.gate.answer(is_durable=True)
        assert rig.wire.written, "the log-in is answered"
        rig.wire.written = b""
        for byte in SOS:  # however the network cuts it
            rig.say(bytes([byte]))
        assert Signal.SOS in rig.gate.reports[-1].signals
        assert rig.wire.written == b""
        rig.gate.answer(is_durable=True)
        assert rig.wire.written
        rig.connection.connection_lost(None)
        assert rig.open == 0

    own_time.run(scene())


def test_a_frame_comes_with_the_address_that_it_came_from() -> None:
    async def scene() -> None:
        rig = Rig()
        rig.say(LOG_IN)
        assert rig.gate.peers == ["192.0.2.1"]
        rig.connection.connection_lost(None)

    own_time.run(scene())


def test_what_is_not_durable_is_not_answered_so_that_the_device_repeats() -> None:
    async def scene() -> None:
        rig = Rig()
        rig.say(LOG_IN + SOS)
        rig.gate.answer(is_durable=False)
        assert rig.wire.written == b""
        assert not rig.wire.is_closed
        rig.connection.connection_lost(None)

    own_time.run(scene())


def test_an_answer_that_comes_after_the_connection_has_gone_harms_nobody() -> None:
    async def scene() -> None:
        rig = Rig()
        rig.say(LOG_IN + SOS)
        rig.connection.connection_lost(ConnectionResetError())
        rig.gate.answer(is_durable=True)
        assert rig.wire.written == b""

    own_time.run(scene())


@pytest.mark.parametrize("by", ["the end of the connection", "waiting"])
def test_half_an_sos_does_not_wait_in_silence(
    by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "HALF_FRAME_S", 0.01)

    async def scene() -> None:
        rig = Rig()
        rig.say(LOG_IN + SOS[:-6])
        if by == "waiting":
            await asyncio.sleep(0.05)
        else:
            rig.connection.connection_lost(None)
        assert rig.gate.reports[-1].kind is ReportKind.UNDECODABLE

    own_time.run(scene())


def test_a_device_that_says_nothing_for_too_long_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tcp, "IDLE_S", 0.01)

    async def scene() -> None:
        rig = Rig()
        await asyncio.sleep(0.05)
        assert rig.wire.is_closed

    own_time.run(scene())


def test_a_device_that_falls_silent_after_it_has_spoken_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tcp, "HALF_FRAME_S", 0.01)
    monkeypatch.setattr(tcp, "IDLE_S", 0.5)

    async def scene() -> None:
        rig = Rig()
        rig.say(LOG_IN)
        await asyncio.sleep(0.3)
        rig.say(SOS[:-6])
        await asyncio.sleep(0.3)
        assert rig.gate.reports[-1].kind is ReportKind.UNDECODABLE
        assert not rig.wire.is_closed, "it has spoken in between"
        await asyncio.sleep(0.5)
        assert rig.wire.is_closed

    own_time.run(scene())


def test_a_device_that_goes_on_speaking_keeps_one_timer() -> None:
    async def scene() -> None:
        rig = Rig()
        loop = asyncio.get_running_loop()
        set_before = len(loop._scheduled)  # type: ignore[attr-defined] # its heap
        for _ in range(100):
            rig.say(LOG_IN)
        set_after = len(loop._scheduled)  # type: ignore[attr-defined] # its heap
        assert set_after - set_before <= 1
        rig.connection.connection_lost(None)

    own_time.run(scene())


def test_of_much_at_once_the_rest_waits_and_no_more_is_received() -> None:
    async def scene() -> None:
        rig = Rig()
        rig.say(LOG_IN)
        rig.connection.received(SOS * 200)
        assert not rig.wire.is_reading()
        first = len(rig.gate.reports)
        assert 1 < first < 201
        rig.gate.work()
        assert len(rig.gate.reports) == 201
        assert rig.wire.is_reading()
        rig.connection.connection_lost(None)

    own_time.run(scene())


def test_what_waits_of_a_lost_connection_is_read_to_its_last_byte() -> None:
    async def scene() -> None:
        rig = Rig()
        rig.connection.received(LOG_IN + SOS * 200 + SOS[:-6])
        rig.connection.connection_lost(ConnectionResetError())
        rig.gate.work()
        assert len(rig.gate.reports) == 202
        assert rig.gate.reports[-1].kind is ReportKind.UNDECODABLE

    own_time.run(scene())


def test_a_device_that_does_not_read_its_answers_is_let_go() -> None:
    async def scene() -> None:
        rig = Rig()
        rig.connection.pause_writing()
        assert rig.wire.is_aborted

    own_time.run(scene())


def test_whoever_says_nothing_whole_holds_a_place_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A slow-loris: one byte now and then kept a connection for ever."""
    monkeypatch.setattr(tcp, "STRANGER_S", 0.05)

    async def scene() -> None:
        trickling, speaking = Rig(), Rig()
        speaking.say(LOG_IN)
        for byte in LOG_IN[:8]:
            trickling.say(bytes([byte]))
            await asyncio.sleep(0.01)
        assert trickling.wire.is_closed
        assert not speaking.wire.is_closed
        speaking.connection.connection_lost(None)

    own_time.run(scene())


def test_a_device_that_logs_in_is_no_stranger_any_more() -> None:
    async def scene() -> None:
        rig = Rig()
        assert rig.guard.strangers == 1
        rig.say(LOG_IN)
        assert rig.guard.strangers == 0
        rig.connection.connection_lost(None)
        assert rig.guard.let_go == 0

    own_time.run(scene())


def test_an_order_from_another_thread_is_written_while_the_device_is_there() -> None:
    async def scene() -> None:
        rig = Rig()
        order = DeviceOrder(
            device=DeviceId("004999010640018"), command=DeviceCommand.LOCATE, at=START
        )
        rig.connection._wire = Tk103()
        rig.connection._line = Line(Tk103(), rig.connection._write_soon)
        assert not rig.lines.send(order)
        rig.say(LOG_IN)
        await asyncio.to_thread(rig.lines.send, order)
        await asyncio.sleep(0)
        assert rig.wire.written == b"(004999010640018AP00)"
        rig.connection._wire = Gt06()
        rig.connection.connection_lost(None)
        assert not rig.lines.send(order)

    asyncio.run(scene())  # a thread has no time but the machine's


def test_a_connection_that_names_another_device_is_no_more_the_first_ones() -> None:
    async def scene() -> None:
        rig = Rig()
        rig.guard.is_enrolled = lambda _: True
        rig.say(LOG_IN)
        rig.say(gt06_encode.log_in("004999010640026"))
        assert DeviceId("004999010640026") in rig.lines
        rig.connection.connection_lost(None)
        assert DeviceId("004999010640018") not in rig.lines, "nobody hears an order"

    own_time.run(scene())
