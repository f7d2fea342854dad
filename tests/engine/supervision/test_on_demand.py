"""Actors on demand: a thread while there is work, one message at a time, none lost."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, cast

import pykka
import pytest

from engine.clock import SystemClock
from engine.supervision import crew as crews
from engine.supervision.child import spawn_thread
from engine.supervision.crew import Crew
from engine.supervision.link import Link, LinkState
from engine.supervision.on_demand import OnDemandActor
from engine.supervision.tree import alone
from tests.fakes import START, ManualClock

WAIT_S = 5.0


@dataclass(frozen=True)
class Press:
    """What overtakes the rest."""

    urgent: ClassVar[bool] = True


class Counter(OnDemandActor[object]):
    """Keeps what it handles, and notices if two threads handle at once."""

    bound: ClassVar[int] = 10_000

    def __init__(self, *, link: Link, events: list[str] | None = None) -> None:
        super().__init__(link=link)
        self.seen: list[object] = []
        self.events: list[str] = [] if events is None else events
        self.within = threading.Lock()

    def started(self) -> None:
        self.events.append("started")

    def handle(self, message: object) -> object:
        assert self.within.acquire(blocking=False), "two turns at once"
        try:
            if message == "die":
                raise LookupError
            self.seen.append(message)
        finally:
            self.within.release()
        return list(self.seen)

    def stopping(self) -> None:
        self.events.append("stopped")


@pytest.fixture
def links() -> Iterator[list[Link]]:
    clock = SystemClock()
    yield [alone(clock, f"counter-{number}") for number in range(200)]
    pykka.ActorRegistry.stop_all()


def crew_threads() -> int:
    return sum(thread.name == "crew" for thread in threading.enumerate())


def test_hundreds_of_actors_share_a_few_threads(links: list[Link]) -> None:
    refs = [spawn_thread(Counter, link=link) for link in links]
    answers = [ref.ask("hello", block=False) for ref in refs]
    assert [answer.get(timeout=WAIT_S) for answer in answers] == [["hello"]] * 200
    assert crew_threads() <= crews.HANDS


def test_messages_are_handled_in_their_order_and_one_at_a_time(
    links: list[Link],
) -> None:
    ref = spawn_thread(Counter, link=links[0])

    def tell(first: int) -> None:
        for number in range(first, first + 500):
            ref.tell(number)

    threads = [threading.Thread(target=tell, args=(k * 1_000,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    *seen, _ = cast("list[int]", ref.ask("end", timeout=WAIT_S))
    assert sorted(seen) == [k * 1_000 + n for k in range(4) for n in range(500)]
    for k in range(4):
        own = [number for number in seen if number // 1_000 == k]
        assert own == sorted(own)


def test_it_starts_before_its_first_message_and_stops_in_order(
    links: list[Link],
) -> None:
    events: list[str] = []
    ref = spawn_thread(Counter, link=links[0], events=events)
    assert ref.ask("hello", timeout=WAIT_S) == ["hello"]
    ref.stop(timeout=WAIT_S)
    assert events == ["started", "stopped"]
    assert links[0].state is LinkState.STOPPED


def test_a_failure_is_reported_and_spares_the_thread(links: list[Link]) -> None:
    ref = spawn_thread(Counter, link=links[0])
    with pytest.raises(LookupError):
        ref.ask("die", timeout=WAIT_S)
    assert links[0].state is LinkState.FAILED
    other = spawn_thread(Counter, link=links[1])
    assert other.ask("hello", timeout=WAIT_S) == ["hello"]


def test_what_is_told_to_one_that_has_stopped_is_refused(links: list[Link]) -> None:
    ref = spawn_thread(Counter, link=links[0])
    ref.stop(timeout=WAIT_S)
    with pytest.raises(pykka.ActorDeadError):
        ref.ask("hello", timeout=WAIT_S)


def test_a_wake_up_time_is_refused(links: list[Link]) -> None:
    actor = Counter(link=links[0])
    with pytest.raises(TypeError, match="no wake-up time"):
        actor.wake_at(START)


def test_turns_that_never_end_do_not_take_every_hand() -> None:
    clock = ManualClock()
    crew, gate, done = Crew(hands=2), threading.Event(), threading.Event()
    begun = threading.Barrier(3)

    def stuck() -> None:
        begun.wait(WAIT_S)
        gate.wait(WAIT_S)

    crew.run(stuck, clock.boottime_s)
    crew.run(stuck, clock.boottime_s)
    begun.wait(WAIT_S)
    clock.advance(crews.PATIENCE_S + 1)
    crew.run(done.set, clock.boottime_s)
    assert done.wait(WAIT_S)
    gate.set()


def test_no_more_hands_than_its_number_work_at_once() -> None:
    crew, gate = Crew(hands=2), threading.Event()
    running = threading.Semaphore(0)
    ran = threading.Semaphore(0)

    def turn() -> None:
        running.release()
        gate.wait(WAIT_S)
        ran.release()

    for _ in range(10):
        crew.run(turn, ManualClock().boottime_s)
    assert running.acquire(timeout=WAIT_S)
    assert running.acquire(timeout=WAIT_S)
    assert not running.acquire(timeout=0.05)
    gate.set()
    assert all(ran.acquire(timeout=WAIT_S) for _ in range(10))


def test_a_machine_without_a_thread_to_spare_costs_no_hand_bug_none_was_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each that could not be started was taken for one that rests, for ever."""
    crew, done = Crew(hands=2), threading.Semaphore(0)

    def run() -> None:
        crew.run(done.release, SystemClock().boottime_s)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", _no_thread)
        for _ in range(2):
            with pytest.raises(RuntimeError):
                run()

    run()

    assert all(done.acquire(timeout=WAIT_S) for _ in range(3))


def test_a_turn_waits_for_a_busy_hand_where_no_other_thread_is_to_be_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crew, gate, done = Crew(hands=2), threading.Event(), threading.Event()
    begun, now_s = threading.Event(), SystemClock().boottime_s

    def busy() -> None:
        begun.set()
        gate.wait(WAIT_S)

    crew.run(busy, now_s)
    assert begun.wait(WAIT_S)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", _no_thread)
        crew.run(done.set, now_s)

    gate.set()
    assert done.wait(WAIT_S)


def _no_thread(_: threading.Thread) -> None:
    message = "can't start new thread"
    raise RuntimeError(message)


def test_an_urgent_turn_goes_before_all_that_are_not() -> None:
    crew, gate, done = Crew(hands=1), threading.Event(), threading.Event()
    now_s, order = ManualClock().boottime_s, list[str]()

    def stuck() -> None:
        gate.wait(WAIT_S)

    crew.run(stuck, now_s)
    crew.run(partial(order.append, "settled"), now_s)
    crew.run(partial(order.append, "raised"), now_s, is_urgent=True)
    crew.run(done.set, now_s)
    gate.set()

    assert done.wait(WAIT_S)
    assert order == ["raised", "settled"]


def test_a_flood_of_urgent_turns_does_not_keep_off_the_others_bug_it_did() -> None:
    crew, gate, done = Crew(hands=1), threading.Event(), threading.Event()
    now_s, order = ManualClock().boottime_s, list[str]()
    begun, flood = threading.Event(), 3 * crews.OVERTAKES_MAX

    def stuck() -> None:
        begun.set()
        gate.wait(WAIT_S)

    crew.run(stuck, now_s)
    assert begun.wait(WAIT_S)
    for _ in range(2):
        crew.run(partial(order.append, "searches"), now_s)
    for _ in range(flood):
        crew.run(partial(order.append, "raised"), now_s, is_urgent=True)
    crew.run(done.set, now_s)
    gate.set()

    assert done.wait(WAIT_S)
    searches = [at for at, what in enumerate(order) if what == "searches"]
    assert searches == [crews.OVERTAKES_MAX, 2 * crews.OVERTAKES_MAX + 1]


def test_it_says_how_many_urgent_turns_are_not_begun() -> None:
    crew, gate, done = Crew(hands=1), threading.Event(), threading.Event()
    now_s, begun = ManualClock().boottime_s, threading.Event()

    def stuck() -> None:
        begun.set()
        gate.wait(WAIT_S)

    crew.run(stuck, now_s, is_urgent=True)
    assert begun.wait(WAIT_S)
    crew.run(done.clear, now_s)
    for _ in range(3):
        crew.run(done.clear, now_s, is_urgent=True)
    assert crew.waiting() == 3
    crew.run(done.set, now_s)
    gate.set()

    assert done.wait(WAIT_S)
    assert crew.waiting() == 0


def test_one_with_urgent_news_asks_for_an_urgent_turn(links: list[Link]) -> None:
    asked: list[tuple[Callable[[], None], bool]] = []

    class ByHand(Crew):
        def run(
            self,
            turn: Callable[[], None],
            now_s: Callable[[], float],
            *,
            is_urgent: bool = False,
        ) -> None:
            del now_s
            asked.append((turn, is_urgent))

    class Counting(Counter):
        crew = ByHand()

    def asks() -> bool:
        turn, is_urgent = asked.pop()
        turn()
        return is_urgent

    ref = Counting.start(link=links[0])
    assert asks(), "who was just woken goes first"
    ref.tell("settled")
    assert not asks()
    ref.tell(Press())
    assert asks()
    ref.stop(block=False)
    asks()
