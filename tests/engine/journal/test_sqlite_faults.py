"""For every n: the n-th write, sync or act of either kind fails, or the power goes.

Nothing that was acknowledged is lost, nothing is torn, and what was refused may be
there whole or not at all.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.errors import JournalError
from engine.journal import sqlite
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.journal.verify import verify
from engine.ports.journal import (
    Answer,
    Append,
    Appended,
    Placed,
    Recorded,
    Request,
)
from engine.values import EffectId, Instant
from tests.contracts.journal.requests import append, code, place, plan, record
from tests.faults_vfs import Act, FaultsVfs, Kept

CHECKPOINT_PAGES = 12


@pytest.fixture(autouse=True)
def _early_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "CHECKPOINT_PAGES", CHECKPOINT_PAGES)


def groups(store: SqliteStore, life: int) -> Iterator[list[Request]]:
    """Yield the groups of one life; each append has two rows, an effect and a code."""
    reader = store.reader()
    head = reader.head("alarm/all")
    reader.close()
    seq = 0 if head is None else head.seq
    for number in range(4):
        name = f"{life}-{number}"
        yield [
            record(f"k{name}"),
            append(
                f"alarm/{name}",
                epoch=store.epoch,
                kinds=("Raised", "Asked"),
                plans=(plan(f"e{name}"),),
                codes=(code(f"c{name}", stream=f"alarm/{name}"),),
            ),
            append("alarm/all", seq + number, epoch=store.epoch, command=name),
            place("heron", at_ms=life * 10 + number),
        ]


@dataclass
class History:
    """What was asked and what was acknowledged."""

    asked: list[Request] = field(default_factory=list)
    acknowledged: list[Answer] = field(default_factory=list)

    def live(
        self,
        path: Path,
        vfs: FaultsVfs,
        life: int,
        after_commit: Callable[[], None] = lambda: None,
    ) -> None:
        """Open, commit all groups of a life, close; ends with the first failure."""
        store = SqliteStore(path, vfs=vfs.name, ballast_bytes=0)
        try:
            for group in groups(store, life):
                self.asked += group
                self.acknowledged += store.commit(group, Instant(life))
                after_commit()
                store.tidy()
        finally:
            store.close()

    def check(self, path: Path) -> None:
        """Look at what a later opening finds."""
        reader = SqliteReader(path)
        try:
            assert reader.page_faults() == ()
            assert verify(reader.after(0, 10_000), reader.kept()).bad is None
            self._check_acknowledged(reader)
            for request in self.asked:
                if isinstance(request, Append) and request.plans:
                    _check_whole(reader, request)
        finally:
            reader.close()

    def _check_acknowledged(self, reader: SqliteReader) -> None:
        rows = {row.position: row for row in reader.after(0, 10_000)}
        keys = {row.key for row in reader.inbound(untaken_only=False)}
        for answer in self.acknowledged:
            match answer:
                case Appended(events=events):
                    assert [rows.get(row.position) for row in events] == list(events)
                case Recorded(key=key):
                    assert key in keys
                case Placed():
                    assert reader.places()
                case _:
                    pytest.fail(f"the scenario met {answer}")


def _check_whole(reader: SqliteReader, request: Append) -> None:
    parts = (
        len(reader.stream(request.stream)) == 2,
        reader.effect(EffectId(request.plans[0].effect_id)) is not None,
        reader.code(request.codes[0].code) is not None,
        reader.head(request.stream) is not None,
    )
    assert len(set(parts)) == 1


def two_lives(history: History, path: Path, vfs: FaultsVfs) -> bool:
    """Live through them; True where a failure ended them early."""
    try:
        for life in range(2):
            history.live(path, vfs, life)
    except JournalError:
        return True
    return False


def acts_of_two_lives(tmp_path: Path, vfs: FaultsVfs) -> dict[Act, int]:
    """Count the acts of two lives that nothing disturbs."""
    history = History()
    assert not two_lives(history, tmp_path / JOURNAL_FILE, vfs)
    history.check(tmp_path / JOURNAL_FILE)
    assert vfs.acts[Act.WRITE] > 100
    assert vfs.acts[Act.SYNC] > 20
    return dict(vfs.acts)


def trial(tmp_path: Path, vfs: FaultsVfs, name: object) -> Path:
    """Make a folder for one more try, and forget the last one."""
    vfs.acts, vfs.fail, vfs.cut_at = dict.fromkeys(Act, 0), {}, None
    vfs.files.clear()
    folder = tmp_path / str(name)
    folder.mkdir()
    return folder / JOURNAL_FILE


def image_after_power_cut(path: Path, vfs: FaultsVfs, kept: Kept, seed: int) -> Path:
    """Return the journal that the disk would hold."""
    folder = path.parent / f"{kept.name}-{vfs.total}"
    folder.mkdir()
    vfs.after_power_cut(folder, kept, random.Random(seed))
    return folder / JOURNAL_FILE


def go_on_after(history: History, path: Path, vfs: FaultsVfs) -> None:
    """Live once more on the same disk; a power cut at its first commit loses nothing.

    What a failed sync left in the page cache only must not lie under new rows.
    """
    vfs.fail = {}
    images: list[Path] = []

    def cut() -> None:
        if not images:
            images.append(image_after_power_cut(path, vfs, Kept.NOTHING, seed=0))
            history.check(images[0])

    history.live(path, vfs, life=7, after_commit=cut)
    history.check(path)


EVERY = pytest.mark.parametrize(
    "step", [pytest.param(1, marks=pytest.mark.slow, id="every"), 17]
)
"""Every number in `dev test --all`, else each 17th: the same code in a second."""


@EVERY
@pytest.mark.timeout(900)
@pytest.mark.parametrize("torn", [False, True], ids=["whole", "torn"])
def test_every_failing_write_ends_the_store_and_loses_nothing(
    tmp_path: Path, vfs: FaultsVfs, *, torn: bool, step: int
) -> None:
    writes, ended = acts_of_two_lives(tmp_path, vfs)[Act.WRITE], 0
    vfs.torn = torn
    for number in range(1, writes + 1, step):
        path = trial(tmp_path, vfs, number)
        vfs.fail = {Act.WRITE: number}
        history = History()

        ended += two_lives(history, path, vfs)

        go_on_after(history, path, vfs)
    assert ended > writes // step // 2


def test_every_failing_sync_ends_the_store_and_loses_nothing(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    syncs, ended = acts_of_two_lives(tmp_path, vfs)[Act.SYNC], 0
    for number in range(1, syncs + 1):
        path = trial(tmp_path, vfs, number)
        vfs.fail = {Act.SYNC: number}
        history = History()

        ended += two_lives(history, path, vfs)

        go_on_after(history, path, vfs)
    assert ended > syncs // 2


@EVERY
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kept", Kept)
def test_a_power_cut_at_every_act_loses_nothing_acknowledged(
    tmp_path: Path, vfs: FaultsVfs, kept: Kept, step: int
) -> None:
    acts = sum(acts_of_two_lives(tmp_path, vfs).values())
    for number in range(1, acts + 1, step):
        path = trial(tmp_path, vfs, number)
        vfs.cut_at = number
        history = History()
        two_lives(history, path, vfs)

        image = image_after_power_cut(path, vfs, kept, seed=number)

        vfs.cut_at = None
        vfs.files.clear()
        history.live(image, vfs, life=7)
        history.check(image)
