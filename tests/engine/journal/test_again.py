"""A lost journal that is there by now: seen at a few looks, and begun on by a start."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.journal.again import ALIKE, CALM_S, LOOK_S, Again, takes_writes, watch
from engine.journal.sqlite import JOURNAL_FILE
from tests.fakes import ManualClock
from tests.rig import eventually


class Disk:
    """Takes writes or does not, as a test says."""

    def __init__(self, *, takes: bool) -> None:
        self.takes = takes

    def __call__(self, folder: Path) -> bool:
        del folder
        return self.takes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / JOURNAL_FILE
    path.write_bytes(b"damaged")
    return path


def look(again: Again, clock: ManualClock, times: int) -> list[bool]:
    found = []
    for _ in range(times):
        clock.advance(LOOK_S)
        found.append(again.look())
    return found


def test_a_file_that_stays_as_it_is_begins_nothing_anew(path: Path) -> None:
    clock = ManualClock()
    again = Again(path, clock.boottime_s, Disk(takes=True))
    assert not any(look(again, clock, 60))
    path.unlink()
    assert not any(look(again, clock, 60)), "of none at all a start would be no better"


def restored(path: Path) -> None:
    path.write_bytes(b"a backup")


def put_in_place(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(0, path.stat().st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("restore", [restored, put_in_place])
def test_a_backup_that_is_put_back_is_found_once_all_of_it_is_there(
    path: Path, restore: Callable[[Path], None]
) -> None:
    clock = ManualClock()
    again = Again(path, clock.boottime_s, Disk(takes=True))
    restore(path)
    assert look(again, clock, ALIKE + 1) == [*[False] * ALIKE, True]


def test_one_that_grows_is_not_whole_yet(path: Path) -> None:
    clock = ManualClock()
    again = Again(path, clock.boottime_s, Disk(takes=True))
    for _ in range(3 * ALIKE):
        with path.open("ab") as file:
            file.write(b"page")
        assert look(again, clock, 1) == [False]
    assert any(look(again, clock, ALIKE))


def test_a_journal_that_was_gone_is_found_where_it_lay(tmp_path: Path) -> None:
    clock = ManualClock()
    again = Again(tmp_path / JOURNAL_FILE, clock.boottime_s, Disk(takes=True))
    restored(tmp_path / JOURNAL_FILE)
    assert any(look(again, clock, ALIKE + 1))


def test_a_disk_that_takes_writes_again_is_found_after_a_while(path: Path) -> None:
    clock, disk = ManualClock(), Disk(takes=False)
    again = Again(path, clock.boottime_s, disk)
    assert look(again, clock, 1) == [False]
    disk.takes = True
    calm = int(CALM_S / LOOK_S)
    assert not any(look(again, clock, calm - 2)), "each start tells HQ once more"
    assert any(look(again, clock, ALIKE))


def test_a_disk_that_comes_and_goes_is_not(path: Path) -> None:
    clock, disk = ManualClock(), Disk(takes=False)
    again = Again(path, clock.boottime_s, disk)
    for _ in range(60):
        disk.takes = not disk.takes
        assert not any(look(again, clock, ALIKE - 1))


def test_one_that_took_writes_all_the_while_begins_nothing_anew(path: Path) -> None:
    clock = ManualClock()
    again = Again(path, clock.boottime_s, Disk(takes=True))
    assert not any(look(again, clock, 2 * int(CALM_S / LOOK_S)))


def test_a_write_is_tried_beside_the_journal_and_leaves_nothing(path: Path) -> None:
    assert takes_writes(path.parent)
    assert list(path.parent.iterdir()) == [path]
    assert not takes_writes(path.parent / "gone")
    assert not takes_writes(Path("/dev/null"))


def test_a_thread_of_its_own_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.journal.again.LOOK_S", 0.001)
    found = watch(path, ManualClock().boottime_s)
    assert not found.is_set()
    restored(path)
    assert eventually(found.is_set)
