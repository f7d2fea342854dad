"""A full disk: the ballast first, then a clean refusal, then the device's repeat."""

import logging
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from engine.errors import JournalFullError
from engine.journal.actor import JournalActor
from engine.journal.ballast import Ballast
from engine.journal.handle import Journal
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.journal.verify import verify
from engine.ports.journal import (
    Appended,
    Placed,
    Recorded,
    Request,
    Unknown,
)
from engine.ports.latest import Attended
from engine.supervision.child import spawn_thread
from engine.supervision.tree import alone
from engine.values import Instant
from tests.contracts.journal.requests import append, attend, doubt, place, record
from tests.fakes import ManualClock
from tests.faults_vfs import Act, FaultsVfs
from tests.rig import eventually

NOW = Instant(1)
BALLAST_BYTES = 1 << 20
TIMEOUT_S = 5.0


def is_good(path: Path) -> bool:
    """Tell whether all that is in the journal is whole."""
    reader = SqliteReader(path)
    try:
        faults = reader.page_faults()
        return not faults and verify(reader.after(0, 10_000), reader.kept()).bad is None
    finally:
        reader.close()


def test_the_ballast_is_given_for_an_alarm_and_laid_again(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, vfs=vfs.name, ballast_bytes=BALLAST_BYTES)
    ballast = tmp_path / f"{JOURNAL_FILE}-ballast"
    assert ballast.stat().st_blocks * 512 >= BALLAST_BYTES
    vfs.is_full = ballast.exists

    answers = store.commit([append(), place()], NOW)

    assert isinstance(answers[0], Appended)
    assert not ballast.exists()
    vfs.is_full = lambda: False
    store.tidy()
    assert ballast.exists()
    store.close()
    assert is_good(path)


def test_without_ballast_the_space_belongs_to_alarms(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, vfs=vfs.name, ballast_bytes=BALLAST_BYTES)
    ballast = tmp_path / f"{JOURNAL_FILE}-ballast"
    vfs.is_full = ballast.exists
    store.commit([record()], NOW)

    group: list[Request] = [place(), doubt(), attend(("a", 1, None)), record("k2")]
    *refused, taken = store.commit(group, NOW)

    assert [isinstance(one, Unknown) for one in refused] == [True] * 3
    assert isinstance(taken, Recorded)
    vfs.is_full = lambda: False
    store.tidy()
    (again,) = store.commit([place()], NOW)
    assert isinstance(again, Placed)
    store.close()


def test_a_full_disk_without_ballast_is_tried_once_more_for_alarms_alone(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    store = SqliteStore(tmp_path / JOURNAL_FILE, vfs=vfs.name, ballast_bytes=0)
    refusals = iter([True])
    vfs.is_full = lambda: next(refusals, False)

    refused, taken = store.commit([place(), record()], NOW)

    assert isinstance(refused, Unknown)
    assert isinstance(taken, Recorded)
    assert len(store.reader().places()) == 0
    (again,) = store.commit([place()], NOW)
    assert isinstance(again, Placed)
    store.close()


def test_a_full_disk_at_every_write_refuses_whole_and_goes_on_with_room(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    group = [append(f"alarm/{n}", kinds=("A", "B")) for n in range(3)]
    writes = _writes_of(group, tmp_path, vfs)
    assert writes > 5
    for number in range(1, writes + 1):
        path = tmp_path / f"{number}.db"
        store = SqliteStore(path, vfs=vfs.name, ballast_bytes=0)
        limit = vfs.acts[Act.WRITE] + number
        vfs.is_full = partial(_has_reached, vfs, limit)
        with pytest.raises(JournalFullError):
            store.commit(group, NOW)
        assert len(store.reader().after(0, 9)) == 0

        vfs.is_full = lambda: False
        answers = store.commit(group, NOW)

        assert [len(_rows(answer)) for answer in answers] == [2, 2, 2]
        store.close()
        assert is_good(path)


def test_a_full_disk_while_checkpointing_is_no_failure(
    tmp_path: Path, vfs: FaultsVfs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.journal.sqlite.CHECKPOINT_PAGES", 1)
    store = SqliteStore(tmp_path / JOURNAL_FILE, vfs=vfs.name, ballast_bytes=0)
    store.commit([append()], NOW)
    vfs.is_full = lambda: True

    store.tidy()

    vfs.is_full = lambda: False
    store.commit([append(expected_seq=1)], NOW)
    store.close()
    assert is_good(tmp_path / JOURNAL_FILE)


def test_ballast_is_not_laid_where_it_would_fill_the_disk(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "ballast", 1 << 60)

    said = ballast.restore()

    assert re.fullmatch(r"\d+ MiB more must come free on its disk", str(said))
    assert not (tmp_path / "ballast").exists()
    assert not ballast.is_freed
    assert not ballast.free()


def test_an_sos_on_a_really_full_disk_is_told_and_whole_after_its_repeat(
    small_disk: Path,
) -> None:
    path = small_disk / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=BALLAST_BYTES)
    lost: list[Request] = []
    ref = spawn_thread(
        JournalActor,
        link=alone(ManualClock()),
        store=store,
        telemetry=_Silent(),
        on_not_recorded=lost.extend,
    )
    journal = Journal(lambda: ref, store, lost.extend)
    filler = small_disk / "filler"
    _fill(filler)

    # The first ones live on the ballast, until that is full as well.
    sos, taken = record("sos 0"), 0
    while isinstance(journal.ask(sos, TIMEOUT_S), Recorded):
        taken += 1
        sos = record(f"sos {taken}", body=bytes(50_000))

    assert taken > 5
    assert lost == [sos]
    filler.unlink()
    assert journal.ask(sos, TIMEOUT_S) == Recorded(key=sos.key)
    assert isinstance(journal.ask(place(), TIMEOUT_S), Placed)
    ref.stop(timeout=TIMEOUT_S)
    assert is_good(path)
    reader = SqliteReader(path)
    assert len(reader.inbound(untaken_only=True)) == taken + 1
    reader.close()


def test_a_disk_too_full_for_ballast_is_told_until_there_is_room(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It said that it was ready, and laid none for as long as it ran."""
    caplog.set_level(logging.INFO, "engine.journal.actor")
    filler, clock = small_disk / "filler", ManualClock()
    filler.write_bytes(bytes(2_600_000))
    store = SqliteStore(small_disk / JOURNAL_FILE, ballast_bytes=BALLAST_BYTES)
    lacks: list[bool] = []
    ref = spawn_thread(
        JournalActor,
        link=alone(clock),
        store=store,
        telemetry=_Silent(),
        on_not_recorded=lambda _: None,
        lacks_reserve=lacks.append,
    )
    journal = Journal(lambda: ref, store, lambda _: None)

    def write_again() -> None:
        looked = len(lacks)
        clock.advance(1)
        assert isinstance(journal.ask(attend(), TIMEOUT_S), Attended)
        eventually(lambda: len(lacks) > looked)  # it looks once it has answered

    eventually(lambda: lacks)
    write_again()
    write_again()
    assert lacks == [True] * 3
    assert "1 MiB more must come free on its disk" in caplog.text
    assert "Make room outside the state folder" in caplog.text
    assert len(caplog.records) == 1, "it is said once"
    filler.unlink()
    write_again()
    assert lacks[-1] is False
    ballast = small_disk / f"{JOURNAL_FILE}-ballast"
    assert ballast.stat().st_blocks * 512 >= BALLAST_BYTES
    ballast.unlink()
    write_again()
    assert ballast.exists(), "whoever makes room with it is not asked to restart"
    ref.stop(timeout=TIMEOUT_S)
    assert "is held back for a full disk again" in caplog.text


def test_a_full_disk_without_ballast_lives_on_its_own_log(small_disk: Path) -> None:
    store = SqliteStore(small_disk / JOURNAL_FILE, ballast_bytes=0)
    for number in range(30):
        store.commit([place("heron", at_ms=number)], NOW)
    _fill(small_disk / "filler")

    answers = store.commit([append(kinds=("A", "B")), record()], NOW)

    assert [type(answer) for answer in answers] == [Appended, Recorded]
    store.close()
    assert is_good(small_disk / JOURNAL_FILE)


class _Silent:
    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...

    def gauge(self, name: str, value: float, **labels: str) -> None: ...

    def observe(self, name: str, value: float, **labels: str) -> None: ...


def test_a_start_on_a_really_full_disk_gives_the_ballast(small_disk: Path) -> None:
    """The log's index is made anew by each start: it refused to, beside its ballast."""
    path = small_disk / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=BALLAST_BYTES)
    store.commit([append("alarm/1")], NOW)
    store.close()
    _fill(small_disk / "filler")

    again = SqliteStore(path, ballast_bytes=BALLAST_BYTES)

    assert again.epoch == 2
    assert again.position == 1
    (answer,) = again.commit([record("an SOS")], NOW)
    assert isinstance(answer, Recorded)
    assert str(again.reserve_lacks()).endswith("must come free on its disk")
    again.close()
    assert is_good(path)


def test_a_start_on_a_really_full_disk_without_ballast_waits_for_room(
    small_disk: Path,
) -> None:
    path, filler = small_disk / JOURNAL_FILE, small_disk / "filler"
    store = SqliteStore(path, ballast_bytes=0)
    for number in range(100):
        store.commit([append(f"alarm/{number}", epoch=store.epoch)], NOW)
    store._abandon()
    _fill(filler)

    again = SqliteStore(path, ballast_bytes=0)

    with pytest.raises(JournalFullError):
        again.commit([record("an SOS")], NOW)
    filler.unlink()
    (answer,) = again.commit([record("an SOS")], NOW)
    assert isinstance(answer, Recorded)
    assert (again.epoch, again.position) == (2, 100)
    again.close()
    assert is_good(path)


def test_a_start_on_a_disk_that_fills_up_gives_the_ballast_to_its_checkpoint(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, vfs=vfs.name, ballast_bytes=BALLAST_BYTES)
    store.commit([append("alarm/1")], NOW)
    store._abandon()

    def fill() -> None:
        vfs.is_full = (tmp_path / f"{JOURNAL_FILE}-ballast").exists

    again = SqliteStore(path, vfs=vfs.name, ballast_bytes=BALLAST_BYTES, sound=fill)

    assert (again.epoch, again.position) == (2, 1)
    again.close()
    assert is_good(path)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def _rows(answer: object) -> tuple[object, ...]:
    assert isinstance(answer, Appended)
    return answer.events


def _writes_of(group: Sequence[Request], tmp_path: Path, vfs: FaultsVfs) -> int:
    store = SqliteStore(tmp_path / "counted.db", vfs=vfs.name, ballast_bytes=0)
    before = vfs.acts[Act.WRITE]
    store.commit(group, NOW)
    writes = vfs.acts[Act.WRITE] - before
    store.close()
    return writes


def _has_reached(vfs: FaultsVfs, limit: int) -> bool:
    return vfs.acts[Act.WRITE] >= limit


def test_the_log_says_that_nothing_can_be_recorded_bug_it_had_no_word_of_it(
    tmp_path: Path, vfs: FaultsVfs, caplog: pytest.LogCaptureFixture
) -> None:
    store = SqliteStore(tmp_path / JOURNAL_FILE, vfs=vfs.name, ballast_bytes=0)
    clock = ManualClock()
    actor = spawn_thread(
        JournalActor,
        link=alone(clock),
        store=store,
        telemetry=_Silent(),
        on_not_recorded=lambda _: None,
    )
    journal = Journal(lambda: actor, store, lambda _: None)
    vfs.is_full = lambda: True
    for wait_s in (1.0, 120.0, 1.0):
        assert isinstance(journal.ask(record(), TIMEOUT_S), Unknown)
        clock.advance(wait_s)
    actor.stop()
    assert [line.levelname for line in caplog.records] == ["ERROR", "ERROR"]
    assert "nothing can be recorded: " in caplog.messages[0]
    assert "the disk is full" in caplog.messages[0]
