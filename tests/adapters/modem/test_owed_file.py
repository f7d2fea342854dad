"""What is owed is kept over a killed process; no file keeps a modem from working."""

import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.modem.owed import LISTEN_S, Owed
from adapters.modem.owed_file import OwedFile
from adapters.modem.transport import SerialTransport
from engine.ports.modem import SendResult, SubmitOutcome

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_next_process_reads_what_the_last_one_wrote(tmp_path: Path) -> None:
    path = tmp_path / "owed"
    OwedFile(path).write("a longer record")
    OwedFile(path).write("short")
    assert OwedFile(path).read() == "short"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_record_of_another_boot_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "owed"
    OwedFile(path).write('[1, null, [], ""]')
    path.write_text('00000000-0000-0000-0000-000000000000\n[1, null, [], ""]')
    assert OwedFile(path).read() == ""


def test_a_folder_that_is_not_there_keeps_nothing_and_raises_nothing(
    tmp_path: Path,
) -> None:
    file = OwedFile(tmp_path / "not there" / "owed")
    file.write('[1, null, [], ""]')
    assert file.read() == ""


class Page:
    """A file that holds what a test says."""

    def __init__(self, record: str) -> None:
        self.record = record

    def read(self) -> str:
        return self.record

    def write(self, record: str) -> None:
        self.record = record


def test_a_number_that_is_passed_over_is_no_messages_after_a_restart_either() -> None:
    page = Page("")
    before = Owed(page)
    before.pass_over(1)
    before.pass_over(1)
    assert Owed(page).next_number == 2
    before.hand_over(100.0)
    assert Owed(page).numbers() == [2]


@pytest.mark.parametrize("reference", [1, 2])
def test_what_an_earlier_version_has_kept_is_read_and_what_is_passed_over_counts_not(
    reference: int,
) -> None:
    page = Page('[4, [0, 3], [[4, 220.0, true]], ""]')
    Owed(page).pass_over(5)
    owed = Owed(page)
    assert (owed.numbers(), owed.next_number) == ([4], 6)
    owed.hand_over(110.0)
    own = SubmitOutcome(result=SendResult.SENT, reference=reference)
    assert owed.answered(own, 111.0) == (own if reference == 2 else None)


@pytest.mark.parametrize("kept", [True, False])
def test_what_nobody_waits_for_any_more_is_told_to_nobody_after_a_restart(
    *, kept: bool
) -> None:
    page = Page("")
    before = Owed(page)
    before.hand_over(100.0)
    if not kept:
        before.give_up()
    after = Owed(page)
    assert after.numbers() == ([1] if kept else [])
    assert after.next_number == 2


def test_a_record_is_written_once_for_each_change_of_it() -> None:
    said: list[str] = []
    page = Page("")
    owed = Owed(page)
    acts: list[Callable[[], None]] = [
        partial(owed.hand_over, 100.0),
        partial(owed.expire, 101.0),
        partial(owed.expire, 102.0),
        partial(owed.expire, 101.0 + LISTEN_S),
        partial(owed.expire, 102.0 + LISTEN_S),
    ]
    for act in acts:
        page.record = ""
        act()
        said.append(page.record)
    assert [bool(record) for record in said] == [True, False, False, True, False]


def test_sixteen_of_them_fit_a_record(tmp_path: Path) -> None:
    path = tmp_path / "owed"
    before = Owed(OwedFile(path))
    for number in range(40):
        before.hand_over(1e9 + number / 7)
        before.wait_no_more()
    after = Owed(OwedFile(path))
    assert len(after) == len(before) == 16
    after.expire(1e9 + LISTEN_S + 40)
    assert len(after) == 0


@given(st.text(max_size=60) | st.sampled_from(["[]", "[1]", "{}", "[1, 2, 3, 4]"]))
def test_a_record_that_is_none_of_ours_is_nothing(record: str) -> None:
    owed = Owed(Page(record))
    assert (owed.numbers(), owed.next_number) == ([], 1)


@pytest.mark.parametrize(
    ("before", "after", "is_owed"),
    [("a", "a", True), ("a", "b", False), ("", "b", True), ("a", "", True)],
)
def test_a_modem_that_was_plugged_in_anew_owes_nothing(
    before: str, after: str, *, is_owed: bool
) -> None:
    page = Page("")
    owed = Owed(page)
    owed.opened(before)
    owed.hand_over(100.0)
    again = Owed(page)
    again.opened(after)
    assert bool(again.numbers()) is is_owed


def test_another_pty_under_the_same_name_is_another_port(tmp_path: Path) -> None:
    name = tmp_path / "modem"
    seen: list[str] = []
    master = -1
    for plug in (True, False, True):
        if plug:
            if master >= 0:
                os.close(master)  # its number is free for the next one
                time.sleep(0.03)  # noqa: TID251 - the kernel stamps by its ticks
            master, slave = os.openpty()
            name.unlink(missing_ok=True)
            name.symlink_to(os.ttyname(slave))
            os.close(slave)
        port = SerialTransport(str(name))
        port.open()
        port.write(b"AT")
        seen.append(port.plugged)
        port.close()
    assert seen[0] == seen[1] != seen[2]
    os.close(master)
