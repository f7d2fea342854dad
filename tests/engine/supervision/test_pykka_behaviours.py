"""The ten behaviours of Pykka that supervision is built around, as Pykka has them.

A test that fails here says that Pykka has changed: look again at what
`engine.supervision` does about it.
"""

import queue
import threading
from collections.abc import Callable, Iterator

import pykka
import pytest
from pykka._envelope import Envelope

WAIT_S = 5.0


class Plain(pykka.ThreadingActor):
    """Handles a callable by calling it; notes its hooks."""

    def __init__(self, log: list[str] | None = None) -> None:
        super().__init__()
        self.log: list[str] = [] if log is None else log
        self.ended = threading.Event()

    def on_start(self) -> None:
        if "fail at start" in self.log:
            raise ValueError
        self.log.append("started")

    def on_stop(self) -> None:
        self.log.append("stopped")

    def on_failure(self, *_: object) -> None:
        self.log.append("failed")

    def on_receive(self, message: object) -> object:
        if isinstance(message, BaseException):
            raise message
        if callable(message):
            return message()
        self.log.append(str(message))
        return message


class Gate:
    """Holds an actor in its handler until the test opens it."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()

    def __call__(self) -> None:
        self.entered.set()
        assert self.opened.wait(WAIT_S)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


def eventually(condition: Callable[[], bool]) -> bool:
    """Wait for what another thread is about to do."""
    waiter = threading.Event()
    for _ in range(int(WAIT_S * 1000)):
        if condition():
            return True
        waiter.wait(0.001)
    return condition()


def test_1_an_error_in_a_told_message_kills_and_loses_the_told_ones_behind_it(
    gate: Gate,
) -> None:
    log = list[str]()
    ref = Plain.start(log)
    ref.tell(gate)
    ref.tell(ValueError())
    ref.tell("lost without a word")
    asked = ref.ask("asked", block=False)
    gate.opened.set()
    with pytest.raises(pykka.ActorDeadError):
        asked.get(timeout=WAIT_S)
    assert log == ["started", "failed"]


def test_2_an_error_in_an_asked_message_leaves_the_actor_alive() -> None:
    log = list[str]()
    ref = Plain.start(log)
    with pytest.raises(ValueError):  # noqa: PT011 - any
        ref.ask(ValueError(), timeout=WAIT_S)
    assert ref.ask("next", timeout=WAIT_S) == "next"
    assert "failed" not in log


def test_3_an_error_in_on_start_kills_without_on_failure() -> None:
    log = ["fail at start"]
    ref = Plain.start(log)
    assert eventually(lambda: not ref.is_alive())
    assert log == ["fail at start"]


def test_4_a_base_exception_in_one_actor_stops_all_actors() -> None:
    guilty, innocent = Plain.start(), Plain.start()
    guilty.tell(SystemExit())
    assert eventually(lambda: not innocent.is_alive())


def test_5_a_stop_waits_behind_the_backlog_and_never_reaches_a_blocked_thread(
    gate: Gate,
) -> None:
    log = list[str]()
    ref = Plain.start(log)
    ref.tell(gate)
    ref.tell("backlog")
    with pytest.raises(pykka.Timeout):
        ref.stop(timeout=0.05)
    gate.opened.set()
    assert eventually(lambda: log == ["started", "backlog", "stopped"])


def test_6_an_ask_that_has_timed_out_is_handled_all_the_same(gate: Gate) -> None:
    log = list[str]()
    ref = Plain.start(log)
    ref.tell(gate)
    with pytest.raises(pykka.Timeout):
        ref.ask("late", timeout=0.01)
    gate.opened.set()
    assert eventually(lambda: log == ["started", "late"])


def test_7_what_is_asked_between_is_alive_and_put_is_never_answered() -> None:
    ref = Plain.start()
    ref.stop(timeout=WAIT_S)
    reply = Plain._create_future()
    ref.actor_inbox.put(Envelope("asked", reply_to=reply))
    with pytest.raises(pykka.Timeout):
        reply.get(timeout=0.1)


def test_8_a_reply_that_was_set_already_leaves_a_zombie(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    died_of = queue.SimpleQueue[threading.ExceptHookArgs]()
    monkeypatch.setattr(threading, "excepthook", died_of.put)
    ref = Plain.start()
    reply = Plain._create_future()
    reply.set("already")
    ref.actor_inbox.put(Envelope("asked", reply_to=reply))
    assert died_of.get(timeout=WAIT_S).exc_type is queue.Full
    assert ref.is_alive()
    assert ref in pykka.ActorRegistry.get_all()
    with pytest.raises(pykka.Timeout):
        ref.ask("anybody there?", timeout=0.05)
    pykka.ActorRegistry.unregister(ref)


def test_9_an_inbox_has_no_bound_and_a_bounded_queue_would_block_the_teller(
    gate: Gate,
) -> None:
    inbox = Plain.start().actor_inbox
    assert isinstance(inbox, queue.Queue)
    assert inbox.maxsize == 0

    class Bounded(Plain):
        @staticmethod
        def _create_actor_inbox() -> "queue.Queue[Envelope[object]]":
            return queue.Queue(maxsize=1)

    ref = Bounded.start()
    ref.tell(gate)
    assert gate.entered.wait(WAIT_S)
    ref.tell("fills it")
    teller = threading.Thread(target=lambda: ref.tell("waits"), daemon=True)
    teller.start()
    teller.join(0.05)
    assert teller.is_alive()
    gate.opened.set()
    teller.join(WAIT_S)
    assert not teller.is_alive()


def test_10_each_actor_has_a_thread_and_a_stopped_one_never_runs_again() -> None:
    before = threading.active_count()
    refs = [Plain.start() for _ in range(5)]
    assert threading.active_count() == before + 5
    urns = {ref.actor_urn for ref in refs}
    for ref in refs:
        ref.stop(timeout=WAIT_S)
    with pytest.raises(pykka.ActorDeadError):
        refs[0].tell("again")
    assert Plain.start().actor_urn not in urns
