"""An SOS does not wait behind places, however many there are."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import pytest

from engine.intake.gateway import turns
from engine.intake.gateway.turns import Turns
from engine.ports.device import DeviceReport, ReportKind
from engine.values import Signal
from tests.engine.intake.reports import Meter, report
from tests.fakes import ManualClock

PLACE = report(signals=frozenset())
SOS = report(signals=frozenset({Signal.SOS}))
LOW = report(signals=frozenset({Signal.LOW_BATTERY}))
HALF = report(kind=ReportKind.UNDECODABLE, signals=frozenset(), fix=None)
CODED = report(signals=frozenset(), codes=("status:bit18",))
LOG_IN = report(kind=ReportKind.LOGIN, signals=frozenset(), fix=None)
BEAT = report(kind=ReportKind.HEARTBEAT, signals=frozenset(), fix=None)


class Door:
    """Takes a millisecond for each frame."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.reports: list[DeviceReport] = []
        self.failing = False
        self.gathered = 0
        self.peers: list[str] = []
        self.handed_on: list[int] = []

    def hand_on(self) -> None:
        self.handed_on.append(self.gathered)
        self.gathered = 0

    def gather(
        self, reports: Sequence[DeviceReport], answer: Callable[[bool], None]
    ) -> None:
        self.let_in(reports, answer)
        self.gathered += 1

    def let_in(
        self,
        reports: Sequence[DeviceReport],
        answer: Callable[[bool], None],
        peer: str = "",
    ) -> None:
        self.peers.append(peer)
        if self.failing:
            self.failing = False
            message = "the door"
            raise RuntimeError(message)
        self.clock.advance(0.001)
        self.reports += reports
        answer(True)  # noqa: FBT003 - yes or no


class Scene:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.door, self.meter = Door(self.clock), Meter()
        self.loop = asyncio.get_running_loop()
        self.turns = Turns(self.door, self.loop, self.clock, self.meter)
        self.answers: list[bool] = []

    def let_in(self, *reports: DeviceReport) -> None:
        self.turns.let_in(reports, self.answers.append)


def test_an_sos_overtakes_every_place_that_waits() -> None:
    async def scene() -> None:
        it = Scene()
        for _ in range(1000):
            it.let_in(PLACE)
        it.let_in(SOS)
        assert it.door.reports == [SOS]

    asyncio.run(scene())


@pytest.mark.parametrize("urgent", [SOS, LOW, CODED, HALF, LOG_IN])
def test_what_signals_or_is_waited_for_has_no_turn(urgent: DeviceReport) -> None:
    async def scene() -> None:
        it = Scene()
        it.let_in(urgent)
        assert it.door.reports == [urgent]

    asyncio.run(scene())


def test_a_frame_with_an_sos_in_it_goes_first_as_a_whole() -> None:
    async def scene() -> None:
        it = Scene()
        it.let_in(PLACE, SOS)
        assert it.door.reports == [PLACE, SOS]

    asyncio.run(scene())


def test_few_places_are_taken_between_two_rounds_and_all_in_the_end() -> None:
    async def scene() -> None:
        it = Scene()
        for _ in range(10):
            it.let_in(PLACE)
        it.let_in(BEAT)
        await asyncio.sleep(0)
        assert len(it.door.reports) == 2
        for _ in range(10):
            await asyncio.sleep(0)
        assert it.door.reports == [PLACE] * 10 + [BEAT]
        assert it.answers == [True] * 11

    asyncio.run(scene())


def test_what_is_taken_between_two_rounds_is_handed_on_together() -> None:
    async def scene() -> None:
        it = Scene()
        for _ in range(5):
            it.let_in(PLACE)
        for _ in range(5):
            await asyncio.sleep(0)
        assert it.door.handed_on == [2, 2, 1]

    asyncio.run(scene())


def test_work_that_waits_and_places_have_every_second_turn() -> None:
    async def scene() -> None:
        it = Scene()
        done: list[int] = []
        for number in range(5):
            it.turns.later(partial(done.append, number), "network")
            it.let_in(PLACE)
        await asyncio.sleep(0)
        assert (done, len(it.door.reports)) == ([0, 1], 2)
        for _ in range(10):
            await asyncio.sleep(0)
        assert (done, len(it.door.reports)) == ([0, 1, 2, 3, 4], 5)

    asyncio.run(scene())


def test_whoever_brings_much_work_waits_behind_each_other_ones_next() -> None:
    async def scene() -> None:
        it = Scene()
        done: list[str] = []
        for number in range(3):
            it.turns.later(partial(done.append, f"flood {number}"), "flood")
        it.turns.later(partial(done.append, "heron"), "heron")
        await asyncio.sleep(0)
        assert done == ["flood 0", "heron", "flood 1", "flood 2"]

    asyncio.run(scene())


def test_a_network_is_crowded_by_its_own_work_and_all_are_by_that_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "OF_ONE_MAX", 2)
    monkeypatch.setattr(turns, "WAITING_MAX", 4)

    async def scene() -> None:
        it = Scene()
        for _ in range(3):
            it.turns.later(lambda: None, "flood")
        assert it.turns.is_crowded("flood")
        assert not it.turns.is_crowded("heron")
        for whose in "ab":
            it.turns.later(lambda: None, whose)
        assert it.turns.is_crowded("heron")
        await asyncio.sleep(0)
        assert not it.turns.is_crowded("flood")

    asyncio.run(scene())


def test_more_than_may_wait_costs_the_oldest_place_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "WAITING_MAX", 3)

    async def scene() -> None:
        it = Scene()
        for _ in range(5):
            it.let_in(PLACE)
        it.let_in(SOS)
        assert it.answers == [False, False, True]
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(it.door.reports) == 4

    asyncio.run(scene())


def test_a_report_that_the_door_fails_on_does_not_stop_the_others() -> None:
    async def scene() -> None:
        it = Scene()
        said: list[dict[str, object]] = []
        it.loop.set_exception_handler(lambda _, context: said.append(context))
        it.door.failing = True
        it.let_in(PLACE)
        it.let_in(PLACE)
        for _ in range(3):
            await asyncio.sleep(0)
        assert it.door.reports == [PLACE]
        assert len(said) == 1

    asyncio.run(scene())
