"""What the web's actor asks of the kernel, and says of its pages."""

import socket
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from engine.clock import SystemClock
from engine.console.actor import GONE_MS, Web, forgets_who_vanished
from engine.errors import JournalError
from engine.journal.memory import MemoryReader
from engine.journal.sqlite import JOURNAL_FILE
from engine.ports.journal import StoredEvent
from engine.supervision.link import Link
from engine.supervision.tree import Tree
from tests.engine.console.hq import Hq


def look(hq: Hq) -> None:
    """Have a web look at its pages; it leaves no loop behind."""
    tree = Tree(clock=SystemClock(None), chance=Random(1).random)
    web = Web(link=Link("web", tree, changed=lambda _: None), parts=hq.parts())
    web._loop.start()
    web._desk = hq.desk
    web.woke()
    web.stopping()


def test_pages_that_stand_still_are_a_reason_until_they_go_on_bug_in_the_log_alone(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object, **__: object) -> Sequence[StoredEvent]:
        raise JournalError

    hq.press("a1")
    monkeypatch.setattr(MemoryReader, "after", damaged)
    with pytest.raises(JournalError):
        hq.desk.catch_up()
    look(hq)
    assert hq.health.reasons()["console_unread"] == (JOURNAL_FILE,)
    monkeypatch.undo()
    hq.desk.catch_up()
    look(hq)
    assert "console_unread" not in hq.health.reasons()


def test_a_browser_whose_computer_vanished_is_not_taken_for_a_watcher_for_long() -> (
    None
):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        forgets_who_vanished(listening)
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            option = (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            assert accepted.getsockopt(*option) == GONE_MS
            accepted.close()


def test_the_control_socket_has_no_network_to_lose(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "control"))
        forgets_who_vanished(listening)
