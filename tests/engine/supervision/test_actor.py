"""The supervised actor: what it does about Pykka's ten behaviours."""

import logging
import threading
from dataclasses import dataclass, field
from datetime import timedelta

import pykka
import pytest
from pykka._envelope import Envelope

from engine.clock import SystemClock
from engine.supervision.actor import SupervisedActor
from engine.supervision.child import spawn_thread
from engine.supervision.failure import ActorFailedError, ReplacedError
from engine.supervision.inbox import InboxFullError
from engine.supervision.link import Link, LinkState
from engine.supervision.names import Ref
from engine.supervision.running import give_up
from engine.supervision.tree import Tree

WAIT_S = 5.0
SECRET = "Heron +998 90 555 01 01"


@dataclass
class Probe:
    """An actor's log, and the end of its link as a test sees it."""

    link: Link
    log: list[str] = field(default_factory=list)
    changes: list[LinkState] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


def probe() -> Probe:
    clock = SystemClock()

    def changed(link: Link) -> None:
        made.changes.append(link.state)
        if link.state in {LinkState.FAILED, LinkState.STOPPED}:
            made.ended.set()

    link = Link("one", Tree(clock=clock, chance=lambda: 0.5), changed=changed)
    made = Probe(link)
    return made


@dataclass(frozen=True, slots=True)
class Command:
    command_id: str


@dataclass(frozen=True, slots=True)
class Request:
    answers: list[Exception] = field(default_factory=list)

    def refuse(self, reason: Exception) -> None:
        self.answers.append(reason)


class One(SupervisedActor[object]):
    bound = 5

    def __init__(self, *, link: Link, log: list[str], fault: str = "") -> None:
        super().__init__(link=link)
        self.log, self.fault = log, fault

    def started(self) -> None:
        if self.fault == "started":
            raise SystemExit(SECRET)
        self.log.append("started")

    def stopping(self) -> None:
        if self.fault == "stopping":
            raise KeyboardInterrupt
        self.log.append("stopping")

    def woke(self) -> None:
        self.log.append("woke")

    def rescan(self) -> None:
        self.log.append("rescan")

    def handle(self, message: object) -> object:
        if isinstance(message, BaseException):
            raise message
        if isinstance(message, timedelta):
            self.wake_at(self.clock.now().plus(message))
        elif isinstance(message, tuple):
            for in_so_long in message:
                self.wake_at(self.clock.now().plus(in_so_long))
        elif callable(message):
            return message()
        self.log.append("handled")
        return message


def start(probe: Probe, fault: str = "") -> Ref:
    return spawn_thread(One, link=probe.link, log=probe.log, fault=fault)


def test_a_start_is_confirmed_after_started() -> None:
    one = probe()
    start(one).ask("x", timeout=WAIT_S)
    assert one.changes == [LinkState.READY]
    assert one.log == ["started", "handled"]


def test_a_start_that_fails_is_reported_and_never_confirmed() -> None:
    one = probe()
    ref = start(one, fault="started")
    assert one.ended.wait(WAIT_S)
    assert one.changes == [LinkState.FAILED]
    assert not ref.is_alive()


def test_an_error_in_a_told_message_is_reported_with_class_and_place_alone() -> None:
    one = probe()
    ref = start(one)
    ref.tell(ValueError(SECRET))
    assert one.ended.wait(WAIT_S)
    assert one.link.failure is not None
    assert one.link.failure.kind == "ValueError"
    assert "test_actor.py" in one.link.failure.place
    assert SECRET not in str(one.link.failure)


def test_an_error_in_an_asked_message_reaches_the_asker_and_ends_the_actor() -> None:
    one = probe()
    ref = start(one)
    with pytest.raises(ZeroDivisionError):
        ref.ask(ZeroDivisionError(), timeout=WAIT_S)
    assert one.ended.wait(WAIT_S)
    assert one.changes == [LinkState.READY, LinkState.FAILED]
    with pytest.raises(pykka.ActorDeadError):
        ref.ask("half-changed state answers nobody", timeout=WAIT_S)


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_a_base_exception_ends_its_own_actor_alone(error: type[BaseException]) -> None:
    guilty, innocent = probe(), probe()
    ref, other = start(guilty), start(innocent)
    with pytest.raises(ActorFailedError):
        ref.ask(error(), timeout=WAIT_S)
    assert guilty.ended.wait(WAIT_S)
    assert other.ask("alive", timeout=WAIT_S) == "alive"


def test_a_hook_that_fails_at_the_stop_still_ends_the_actor_and_no_other() -> None:
    one, innocent = probe(), probe()
    ref, other = start(one, fault="stopping"), start(innocent)
    ref.stop(timeout=WAIT_S)
    assert one.ended.wait(WAIT_S)
    assert one.changes == [LinkState.READY, LinkState.FAILED]
    assert other.ask("alive", timeout=WAIT_S) == "alive"


def test_an_orderly_stop_is_reported_after_its_hook() -> None:
    one = probe()
    assert start(one).stop(timeout=WAIT_S)
    assert one.changes == [LinkState.READY, LinkState.STOPPED]
    assert one.log == ["started", "stopping"]


def test_what_is_asked_behind_a_crash_is_answered() -> None:
    one = probe()
    ref = start(one)
    gate = threading.Event()
    ref.tell(lambda: gate.wait(WAIT_S))
    ref.tell(ValueError())
    asked = ref.ask("x", block=False)
    gate.set()
    with pytest.raises(pykka.ActorDeadError):
        asked.get(timeout=WAIT_S)


def test_a_told_request_behind_a_crash_is_refused() -> None:
    one = probe()
    ref = start(one)
    gate = threading.Event()
    request = Request()
    ref.tell(lambda: gate.wait(WAIT_S))
    ref.tell(ValueError())
    ref.tell(request)
    gate.set()
    assert one.ended.wait(WAIT_S)
    assert [type(answer) for answer in request.answers] == [pykka.ActorDeadError]


def test_what_is_put_after_the_end_is_answered() -> None:
    one = probe()
    ref = start(one)
    ref.stop(timeout=WAIT_S)
    reply: pykka.Future[object] = One.new_future()
    ref.actor_inbox.put(Envelope("late", reply_to=reply))
    with pytest.raises(pykka.ActorDeadError):
        reply.get(timeout=WAIT_S)


def test_an_answer_that_was_given_already_leaves_no_zombie() -> None:
    one = probe()
    ref = start(one)
    reply: pykka.Future[object] = One.new_future()
    reply.set("already")
    ref.actor_inbox.put(Envelope("asked", reply_to=reply))
    assert one.ended.wait(WAIT_S)
    assert not ref.is_alive()
    assert one.link.failure is not None
    assert one.link.failure.kind == "Full"


def test_a_flood_ends_in_refusals_and_one_rescan() -> None:
    one = probe()
    ref = start(one)
    gate, entered = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        gate.wait(WAIT_S)

    ref.tell(hold)
    assert entered.wait(WAIT_S)
    for index in range(20):
        ref.tell(index)
    with pytest.raises(InboxFullError):
        ref.ask("x", timeout=WAIT_S)
    gate.set()
    ref.stop(timeout=WAIT_S)
    assert one.log == ["started", *["handled"] * 5, "rescan", "stopping"]


def test_it_wakes_at_the_time_it_has_set_and_not_before() -> None:
    one, clock = probe(), SystemClock()
    ref = start(one)
    began_s = clock.boottime_s()
    ref.ask(timedelta(milliseconds=30), timeout=WAIT_S)
    while "woke" not in one.log and clock.boottime_s() - began_s < WAIT_S:
        clock.sleep(0.002)
    assert clock.boottime_s() - began_s >= 0.029, "an instant is of whole milliseconds"
    ref.ask("x", timeout=WAIT_S)
    assert one.log == ["started", "handled", "woke", "handled"]


def test_a_wake_up_time_set_again_replaces_the_first() -> None:
    one = probe()
    ref = start(one)
    # In one message: the first could else come true before the second is heard.
    ref.ask((timedelta(milliseconds=5), timedelta(hours=1)), timeout=WAIT_S)
    SystemClock().sleep(0.03)
    ref.ask("x", timeout=WAIT_S)
    assert "woke" not in one.log


def test_progress_grows_with_messages_and_beats_and_a_handler_is_busy() -> None:
    one = probe()
    ref = start(one)
    ref.ask("x", timeout=WAIT_S)
    before = one.link.progress

    def look() -> tuple[bool, int]:
        one.link.beat()
        return one.link.busy, one.link.progress

    assert ref.ask(look, timeout=WAIT_S) == (True, before + 2)
    assert one.link.progress == before + 3
    assert not one.link.busy


def test_a_replaced_instance_learns_it_at_its_next_beat_and_handles_no_more() -> None:
    one = probe()
    ref = start(one)
    gate, entered = threading.Event(), threading.Event()
    acted: list[str] = []

    def send() -> None:
        entered.set()
        gate.wait(WAIT_S)
        one.link.beat()
        acted.append("result of a replaced instance")

    asked = ref.ask(send, block=False)
    ref.tell(lambda: acted.append("handled by a replaced instance"))
    assert entered.wait(WAIT_S)
    one.link.replaced = True
    give_up(ref)
    gate.set()
    with pytest.raises(ReplacedError):
        asked.get(timeout=WAIT_S)
    assert acted == []


def test_a_quarantined_command_is_not_handled() -> None:
    one = probe()
    one.link.quarantined = frozenset({"c1"})
    ref = start(one)
    ref.tell(Command("c1"))
    ref.ask(Command("c2"), timeout=WAIT_S)
    assert one.log == ["started", "handled"]


def test_pykkas_log_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    one = probe()
    ref = start(one)
    with pytest.raises(ValueError, match="Heron"):
        ref.ask(ValueError(SECRET), timeout=WAIT_S)
    other = probe()
    start(other).tell(ValueError(SECRET))
    assert other.ended.wait(WAIT_S)
    third = probe()
    start(third, fault="started")
    assert third.ended.wait(WAIT_S)
    assert caplog.text == ""


def test_its_thread_does_not_hold_the_process() -> None:
    names: list[bool] = []
    ref = start(probe())
    ref.ask(lambda: names.append(threading.current_thread().daemon), timeout=WAIT_S)
    assert names == [True]
