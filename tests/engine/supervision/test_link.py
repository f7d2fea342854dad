"""What is found out of a thread that does not get on, and at what cost."""

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from engine.clock import SystemClock
from engine.supervision.link import Link
from engine.supervision.tree import Tree

LOOKS_S = 60.0

LOOKS_AMID_SEARCHES = """
import gc
import threading
from engine.clock import SystemClock
from engine.supervision.link import Link
from engine.supervision.tree import Tree

class Ring:
    pass

for _ in range(30):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
tree = Tree(clock=SystemClock(), chance=float)
link = Link("modem", tree, changed=lambda link: None)
link.entered()
gc.set_threshold(5)
for _ in range(300):
    ring = Ring()
    ring.itself, ring.local = ring, threading.local()
    del ring
    link.stuck("ActorStuck")
print("looked")
"""


@pytest.fixture
def link() -> Iterator[Link]:
    tree = Tree(clock=SystemClock(), chance=float)
    yield Link("modem", tree, changed=lambda _: None)
    gc.enable()


def test_looking_at_a_stuck_thread_never_stops_the_whole_process() -> None:
    looking = subprocess.run(
        [sys.executable, "-c", LOOKS_AMID_SEARCHES],
        capture_output=True,
        text=True,
        timeout=LOOKS_S,
        check=False,
    )
    assert looking.stdout == "looked\n", looking.stderr


def test_a_stuck_thread_is_described_by_where_it_waits(link: Link) -> None:
    entered, gate = threading.Event(), threading.Event()

    def waits_for_the_modem() -> None:
        link.entered()
        entered.set()
        gate.wait()

    waiting = threading.Thread(target=waits_for_the_modem)
    waiting.start()
    entered.wait()
    failure = link.stuck("ActorStuck")
    gate.set()
    waiting.join()
    assert failure.kind == "ActorStuck"
    assert " in " in failure.place
    assert link.stuck("ActorStuck").place == "no thread"


@pytest.mark.parametrize("searches", [True, False])
def test_searches_for_cycles_go_on_as_they_did(link: Link, *, searches: bool) -> None:
    (gc.enable if searches else gc.disable)()
    link.entered()
    link.stuck("ActorStuck")
    assert gc.isenabled() is searches
