"""Handlers that wait for an answer: without a thread, in order, and never for ever."""

import threading
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue

import pykka
import pytest

from engine.clock import SystemClock
from engine.supervision.child import spawn_thread
from engine.supervision.crew import (
    GIVEN_WAY_MAX,
    LOOK_S,
    PAUSES_MAX,
    Crew,
    Pause,
    Question,
    Steps,
)
from engine.supervision.inbox import Rescan
from engine.supervision.link import Link, LinkState
from engine.supervision.on_demand import OnDemandActor
from engine.supervision.tree import alone
from tests.simulation.runtime import World

WAIT_S = 5.0
LATE = "late"
Reply = Callable[[object], None]


class Far:
    """Whoever is asked: answers when a test says so."""

    def __init__(self, at_once: object = None) -> None:
        self.at_once = at_once
        self.within_s = 60.0
        self.replies: list[Reply] = []
        self.asked = threading.Semaphore(0)

    def submit(self, reply: Reply) -> None:
        self.replies.append(reply)
        if self.at_once is not None:
            reply(self.at_once)
        self.asked.release()

    def question(self) -> Question:
        return Question(
            submit=self.submit,
            ask=lambda: self.at_once,
            late=LATE,
            within_s=self.within_s,
        )


class Asker(OnDemandActor[str]):
    """Asks twice for each message that begins with `ask`, and notes what it hears."""

    def __init__(self, *, link: Link, far: Far) -> None:
        super().__init__(link=link)
        self.far = far
        self.heard: list[object] = []
        self.done = threading.Semaphore(0)

    def handle(self, message: str) -> object:
        if message.startswith("ask"):
            return self.steps(message)
        self.heard.append(message)
        self.done.release()
        return None

    def steps(self, message: str) -> Steps:
        self.heard.append(message)
        for _ in range(2):
            answer = yield self.far.question()
            self.beat()
            if answer == "die":
                raise LookupError
            self.heard.append(answer)
        self.done.release()

    def rescan(self) -> Steps:  # type: ignore[override] # as a handler of steps does
        return self.steps("ask again")


@pytest.fixture
def links() -> Iterator[list[Link]]:
    clock = SystemClock()
    yield [alone(clock, f"asker-{number}") for number in range(3)]
    pykka.ActorRegistry.stop_all()


class Rig:
    """Askers on a crew of their own."""

    def __init__(self, links: list[Link], far: Far, crew: Crew) -> None:
        self.made: list[Asker] = []
        made = self.made

        class Mine(Asker):
            def __init__(self, *, link: Link, far: Far) -> None:
                super().__init__(link=link, far=far)
                made.append(self)

        Mine.crew = crew
        self.refs = [spawn_thread(Mine, link=link, far=far) for link in links]


class LookedAt(Crew):
    """Counts how often a hand looks whose turn it is."""

    looks = 0

    def _next(self) -> tuple[Callable[[], None], Callable[[], float]] | None:
        self.looks += 1
        return super()._next()


def nothing() -> Steps:
    """Return steps that are over."""
    yield from ()


def asking(crew: Crew) -> tuple[Callable[[], None], "SimpleQueue[Pause]"]:
    """Return a turn that waits for an answer, and where its pauses are put."""
    waiting: SimpleQueue[Pause] = SimpleQueue()
    question = Question(submit=print, ask=print, late=LATE, within_s=60.0)

    def turn() -> None:
        pause = Pause(nothing(), question, lambda: 0.0, crew.answered)
        crew.watch(pause)
        waiting.put(pause)

    return turn, waiting


def is_set(semaphore: threading.Semaphore) -> bool:
    return semaphore.acquire(timeout=WAIT_S)


def test_who_waits_holds_no_thread_and_goes_on_where_it_was(links: list[Link]) -> None:
    far = Far()
    rig = Rig(links, far, Crew(hands=1))
    first, second = rig.made[:2]
    rig.refs[0].tell("ask")
    assert is_set(far.asked)
    rig.refs[0].tell("behind")
    rig.refs[1].tell("hello")
    assert is_set(second.done), "the only hand is free"
    assert first.heard == ["ask"]
    assert links[0].busy
    far.replies[0]("yes")
    assert is_set(far.asked)
    far.replies[1]("and yes")
    assert is_set(first.done)
    assert is_set(first.done)
    assert first.heard == ["ask", "yes", "and yes", "behind"]


def test_an_answer_that_is_there_at_once_is_no_pause(links: list[Link]) -> None:
    rig = Rig(links[:1], Far(at_once="yes"), Crew(hands=1))
    rig.refs[0].tell("ask")
    assert is_set(rig.made[0].done)
    assert rig.made[0].heard == ["ask", "yes", "yes"]


def test_an_answer_that_does_not_come_is_late_and_then_too_late(
    links: list[Link],
) -> None:
    far = Far()
    far.within_s = 0.05
    rig = Rig(links[:1], far, Crew(hands=1))
    rig.refs[0].tell("ask")
    assert is_set(far.asked)
    assert far.asked.acquire(timeout=WAIT_S + LOOK_S), "asked again, after it was late"
    far.replies[0]("too late")
    far.replies[1]("yes")
    assert is_set(rig.made[0].done)
    assert rig.made[0].heard == ["ask", LATE, "yes"]


def test_a_failure_after_an_answer_is_reported_with_what_was_handled(
    links: list[Link],
) -> None:
    far = Far()
    rig = Rig(links[:1], far, Crew(hands=1))
    rig.refs[0].tell("ask")
    assert is_set(far.asked)
    gone = threading.Event()
    links[0]._changed = lambda _: gone.set()
    far.replies[0]("die")
    assert gone.wait(WAIT_S)
    assert links[0].state is LinkState.FAILED
    assert links[0].message == "ask"


def test_so_many_wait_and_then_others_wait_for_them(links: list[Link]) -> None:
    far = Far()
    rig = Rig(links, far, Crew(hands=2, pauses_max=1))
    rig.refs[0].tell("ask")
    assert is_set(far.asked)
    rig.refs[1].tell("hello")
    assert not rig.made[1].done.acquire(timeout=0.1)
    far.replies[0]("yes")
    assert is_set(far.asked)
    far.replies[1]("yes")
    assert is_set(rig.made[1].done)


def test_fewer_wait_while_the_crew_gives_way_and_more_once_it_need_not() -> None:
    # One hand: of two, each may begin one while the other's is not counted yet.
    crew, is_in_the_way = Crew(hands=1), True
    crew.gives_way = lambda: is_in_the_way
    turn, waiting = asking(crew)

    def begun(most: int) -> list[Pause]:
        found = [waiting.get(timeout=WAIT_S) for _ in range(most)]
        with pytest.raises(Empty):
            waiting.get(timeout=0.1)
        return found

    for _ in range(2 * PAUSES_MAX):
        crew.run(turn, lambda: 0.0)
    (one, *_) = begun(GIVEN_WAY_MAX)
    is_in_the_way = False
    one.answer("yes")
    begun(PAUSES_MAX - GIVEN_WAY_MAX + 1)


def test_an_answer_wakes_one_of_those_that_were_held_back_and_all_have_their_turn() -> (
    None
):
    crew, turns = LookedAt(hands=2, pauses_max=1), 200
    turn, waiting = asking(crew)
    for _ in range(turns):
        crew.run(turn, lambda: 0.0)
    for _ in range(turns):
        waiting.get(timeout=WAIT_S).answer("yes")
    # One look for each turn, one for each that was held back, and few in vain.
    assert crew.looks <= 4 * turns


def test_turns_that_wait_for_nothing_follow_one_that_was_held_back() -> None:
    crew, done = Crew(hands=2, pauses_max=1), threading.Semaphore(0)
    question = Question(submit=print, ask=print, late=LATE, within_s=60.0)
    pause = Pause(nothing(), question, lambda: 0.0, crew.answered)
    crew.watch(pause)
    for _ in range(50):
        crew.run(done.release, lambda: 0.0)
    assert not done.acquire(timeout=0.2)
    pause.answer("yes")
    assert all(is_set(done) for _ in range(50))


def test_one_that_is_given_up_goes_no_further(links: list[Link]) -> None:
    far = Far()
    rig = Rig(links[:1], far, Crew(hands=1))
    rig.refs[0].tell("ask")
    assert is_set(far.asked)
    links[0].replaced = True
    far.replies[0]("yes")
    assert not far.asked.acquire(timeout=0.1)
    assert rig.made[0].heard == ["ask"]


def test_with_a_thread_of_its_own_it_just_asks_and_a_rescan_may_ask_too() -> None:
    world, far = World(1), Far(at_once="yes")
    made: list[Asker] = []

    class Mine(Asker):
        def started(self) -> None:
            made.append(self)

    ref = world.spawn(Mine, link=alone(world, "asker"), far=far)
    ref.tell("ask")
    ref.tell(Rescan())
    world.run(1)
    assert made[0].heard == ["ask", "yes", "yes", "ask again", "yes", "yes"]
    assert far.replies == []
