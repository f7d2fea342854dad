"""Whoever waits for a start hears of its steps, and nothing while the disk waits."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import apsw
import pytest

from engine.journal.opening import opened_beside
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.journal.steps import steps_told
from engine.values import Instant
from tests.contracts.journal.requests import append
from tests.faults_vfs import Act, FaultsVfs

SYNCS_MAX = 4
"""Of files; a new one's folder is synced with it."""
LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"


@pytest.fixture
def vfs() -> Iterator[FaultsVfs]:
    made = FaultsVfs()
    yield made
    made.unregister()


def syncs_at_each_step(path: Path, vfs: FaultsVfs) -> list[int]:
    """Open and close; return how many syncs had been waited for at each word."""
    before = vfs.acts[Act.SYNC]
    words: list[int] = []
    opened, _ = opened_beside(
        path,
        lambda: None,
        vfs=vfs.name,
        gets_on=lambda: words.append(vfs.acts[Act.SYNC] - before),
    )
    words.append(vfs.acts[Act.SYNC] - before)
    opened.close()
    return words


def longest(words: list[int]) -> int:
    return max(after - before for before, after in pairwise(words))


def test_no_step_of_a_start_waits_for_more_syncs_than_its_keeper_is_told(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    path = tmp_path / JOURNAL_FILE
    new = syncs_at_each_step(path, vfs)
    assert longest(new) <= SYNCS_MAX < new[-1]
    store = SqliteStore(path, vfs=vfs.name, ballast_bytes=0)
    store.commit([append("alarm/a")], Instant(1))
    store._abandon()
    left = syncs_at_each_step(path, vfs)
    assert longest(left) <= SYNCS_MAX <= left[-1]


def test_a_statement_that_takes_long_is_a_step_after_each_of_its_parts(
    tmp_path: Path,
) -> None:
    told: list[None] = []
    counts = f"{LONG.format(1_000_000)} SELECT count(*) FROM n"
    with steps_told(lambda: told.append(None)):
        connection = apsw.Connection(str(tmp_path / "any.db"))
        before = len(told)
        connection.execute(counts).fetchall()
        amid = len(told) - before
    assert amid >= 5
    del told[:]
    connection.execute(counts).fetchall()
    apsw.Connection(str(tmp_path / "any.db")).execute(counts).fetchall()
    assert not told
