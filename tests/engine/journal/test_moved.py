"""A journal that was moved stays moved, also for a web that starts anew."""

from pathlib import Path
from random import Random

from engine.clock import SystemClock
from engine.console.actor import Web
from engine.console.parts import WebParts
from engine.journal.sqlite import JOURNAL_FILE
from engine.supervision.link import Link
from engine.supervision.tree import Tree
from tests.engine.console.hq import Hq

MOVED = {"journal_moved": (JOURNAL_FILE,)}


def look(parts: WebParts) -> None:
    """Have a web look that is not the one of before; it leaves no loop behind."""
    tree = Tree(clock=SystemClock(None), chance=Random(1).random)
    web = Web(link=Link("web", tree, changed=lambda _: None), parts=parts)
    web._loop.start()
    web.woke()
    web.stopping()


def test_a_web_that_is_replaced_says_still_that_the_journal_was_moved(
    tmp_path: Path,
) -> None:
    """It took the file that lay there when it began for the one that is written."""
    journal = tmp_path / JOURNAL_FILE
    journal.write_bytes(b"the journal")
    hq = Hq(state=tmp_path)
    parts = hq.parts()
    look(parts)
    assert hq.health.reasons() == {}
    opened = journal.rename(tmp_path / "old")
    journal.write_bytes(b"a backup")
    for _ in ("the first", "its successor"):
        look(parts)
        assert hq.health.reasons() == MOVED
    opened.rename(journal)
    look(parts)
    assert hq.health.reasons() == {}
