"""The event loop on its own thread: who speaks to it while it ends, and who waits."""

import sys
import threading
from collections.abc import Iterator

import pytest

from engine.supervision.event_loop import SILENT_MAX_S, EventLoop, LoopStuckError
from tests.fakes import ManualClock


@pytest.fixture
def threads_change_often() -> Iterator[None]:
    """Let a thread be interrupted between any two steps."""
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before_s)


@pytest.mark.usefixtures("threads_change_often")
def test_whoever_speaks_to_a_loop_that_is_closing_is_passed_over() -> None:
    errors: list[BaseException] = []
    for _ in range(200):
        loop, over = EventLoop("closing", ManualClock()), threading.Event()

        def speak(loop: EventLoop = loop, over: threading.Event = over) -> None:
            try:
                while not over.is_set():
                    loop.soon(_nothing)
            except RuntimeError as error:
                errors.append(error)

        speaker = threading.Thread(target=speak)
        loop.start()
        speaker.start()
        loop.stop()
        over.set()
        speaker.join()
    assert errors == []


def test_what_still_runs_is_cancelled_and_the_end_is_told() -> None:
    ended = threading.Event()
    loop = EventLoop("ending", ManualClock(), at_end=ended.set)
    loop.start()
    loop.stop()
    assert ended.is_set()


def test_a_loop_that_does_not_get_on_is_noticed() -> None:
    clock = ManualClock()
    loop = EventLoop("stuck", clock)
    loop.start()
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        held.set()
        let_go.wait()

    loop.soon(hold)
    held.wait()
    loop.beat()
    for _ in range(int(SILENT_MAX_S)):
        clock.advance(1)
        loop.beat()
    clock.advance(1)
    with pytest.raises(LoopStuckError):
        loop.beat()
    let_go.set()
    loop.stop()


def test_a_process_that_was_stopped_blames_no_loop_bug_all_had_to_connect_again() -> (
    None
):
    """After a SIGSTOP or a suspend the owner is awake before the loop is, or after."""
    clock = ManualClock()
    loop = EventLoop("stopped", clock)
    loop.start()
    try:
        for _ in range(3):
            clock.advance(10 * SILENT_MAX_S)
            loop.beat()
    finally:
        loop.stop()


def _nothing() -> None:
    """Be called."""
