"""A fleet against a server that answers, is silent, hangs up, or is not there."""

import asyncio
import resource
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import pytest

from adapters.fleet import crew as crews
from adapters.fleet.crew import Crew, FleetError, allow_sockets
from adapters.fleet.plan import Wish
from adapters.fleet.tally import Tally
from engine.ports.device import DeviceReport
from engine.values import Signal
from tests.adapters.devices.mutation import protocols
from tests.fakes import START, ManualClock


@pytest.fixture(autouse=True)
def _short_good_bye(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews, "LINGER_S", 0.2)


@dataclass
class Far:
    """What a server has heard, and how it behaves."""

    answers: bool = True
    hangs_up_on_sos: int = 0
    reports: list[DeviceReport] = field(default_factory=list)

    @property
    def presses(self) -> list[DeviceReport]:
        return [one for one in self.reports if Signal.SOS in one.signals]


class Server(asyncio.Protocol):
    """Answers as a decoder says, at once."""

    def __init__(self, name: str, far: Far) -> None:
        self._session, self._far = protocols()[name].session(), far

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        for decoded in self._session.feed(data, START):
            self._far.reports += decoded.reports
            is_sos = any(Signal.SOS in one.signals for one in decoded.reports)
            if is_sos and self._far.hangs_up_on_sos:
                self._far.hangs_up_on_sos -= 1
                self._transport.abort()
                return
            if self._far.answers:
                self._transport.write(decoded.answer)


def run(name: str, far: Far | None, sos_per_minute: float = 0) -> Tally:
    """Run a fleet of two for a moment; without a server where `far` is None."""

    async def scene() -> Tally:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            partial(Server, name, far or Far()), "127.0.0.1", 0
        )
        where = server.sockets[0].getsockname()
        if far is None:
            server.close()
        wish = Wish(
            fleet=2,
            names=[name],
            every_s=0.05,
            sos_per_minute=sos_per_minute,
            for_s=0.3,
        )
        crew = Crew(wish, {name: where}, ManualClock())
        await crew.run(asyncio.Event(), _quiet, 0.05)
        server.close()
        return crew.tallies[name]

    return asyncio.run(scene())


def _quiet(_passed_s: float, _tallies: Mapping[str, Tally]) -> None:
    pass


@pytest.mark.parametrize("name", ["gt06", "watch", "h02", "minifinder"])
def test_what_was_sent_was_heard_and_is_told(name: str) -> None:
    far = Far()
    tally = run(name, far, sos_per_minute=1200)
    heard = [one for one in far.reports if one.fix is not None]
    assert tally.sent == len(heard) > 4
    assert tally.sos_sent == len(far.presses) > 0
    assert tally.acknowledged == tally.due
    assert (tally.connected, tally.lost, tally.strange) == (2, 0, 0)


def test_a_press_that_was_not_answered_is_told() -> None:
    tally = run("h02", Far(answers=False), sos_per_minute=1200)
    assert tally.sos_open == tally.sos_sent > 0
    assert tally.acknowledged == 0


def test_a_press_is_said_again_on_the_next_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crews, "LINGER_S", 8.0)
    far = Far(hangs_up_on_sos=1)
    tally = run("gt06", far, sos_per_minute=600)
    assert tally.lost >= 1
    assert tally.repeated >= 1
    assert tally.sos_open == 0
    assert len(far.presses) > tally.sos_sent


def test_nobody_who_listens_is_told() -> None:
    tally = run("gt06", None)
    assert tally.refused >= 2
    assert (tally.connected, tally.sent) == (0, 0)


def test_an_answer_to_nothing_is_strange() -> None:
    class Babbler(Server):
        def data_received(self, data: bytes) -> None:
            del data
            self._transport.write(b"babble")

    async def scene() -> Tally:
        loop = asyncio.get_running_loop()
        make: Callable[[], Babbler] = partial(Babbler, "gt06", Far())
        server = await loop.create_server(make, "127.0.0.1", 0)
        wish = Wish(fleet=1, names=["gt06"], every_s=1, sos_per_minute=0, for_s=0.2)
        crew = Crew(wish, {"gt06": server.sockets[0].getsockname()}, ManualClock())
        await crew.run(asyncio.Event(), _quiet, 1)
        server.close()
        return crew.tallies["gt06"]

    tally = asyncio.run(scene())
    assert tally.strange == tally.lost == 1


def test_a_fleet_that_needs_more_files_than_may_be_open_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 100))
    monkeypatch.setattr(resource, "setrlimit", lambda _, both: set_to.append(both))
    allow_sockets(64)
    allow_sockets(80)
    assert set_to == [(80, 100)]
    with pytest.raises(FleetError, match="ulimit -n 101"):
        allow_sockets(101)


def test_a_press_that_is_answered_before_an_earlier_place_is_taken_as_answered() -> (
    None
):
    class Hurried(Server):
        """Answers what it hears in pairs, the later one first."""

        kept = b""

        def data_received(self, data: bytes) -> None:
            for decoded in self._session.feed(data, START):
                if any(one.fix is None for one in decoded.reports):
                    self._transport.write(decoded.answer)
                elif self.kept:
                    self._transport.write(decoded.answer + self.kept)
                    self.kept = b""
                else:
                    self.kept = decoded.answer

    async def scene() -> Tally:
        loop = asyncio.get_running_loop()
        make: Callable[[], Hurried] = partial(Hurried, "gt06", Far())
        server = await loop.create_server(make, "127.0.0.1", 0)
        wish = Wish(fleet=1, names=["gt06"], every_s=0.1, sos_per_minute=0, for_s=0.55)
        crew = Crew(wish, {"gt06": server.sockets[0].getsockname()}, ManualClock())
        await crew.run(asyncio.Event(), _quiet, 1)
        server.close()
        return crew.tallies["gt06"]

    tally = asyncio.run(scene())
    assert (tally.strange, tally.lost) == (0, 0)
    assert tally.acknowledged >= 4
