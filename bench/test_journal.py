"""Appends per second, asked singly and grouped, beside the floor of bare apsw.

The floors commit on the same disk in the same run: `floor_one_row` a row as large
as ours, `floor_same_bytes` as many log pages as one of our appends takes. Each
append is checked to be durable before it is timed.
"""

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from threading import Event

import apsw
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from engine.clock import SystemClock
from engine.journal.actor import JournalActor
from engine.journal.handle import Journal
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.ports.journal import (
    Answer,
    Append,
    Appended,
    Head,
    JournalStore,
    NewEvent,
    Record,
)
from engine.supervision.child import spawn_thread
from engine.supervision.tree import alone
from engine.values import CommandId, Instant, ReportKey
from tests.faults_vfs import FaultsVfs

BODY = os.urandom(300)
HEAD = Head(status="raised", is_open=True, next_due=Instant(1))
GROUP = 256
AT_ONCE = 1_000
PAGE_BYTES = 4_096
TIMEOUT_S = 60.0
NOW = Instant(1)


class Silent:
    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...

    def gauge(self, name: str, value: float, **labels: str) -> None: ...

    def observe(self, name: str, value: float, **labels: str) -> None: ...


class Requests:
    """Makes requests that are never repeated."""

    def __init__(self) -> None:
        self._numbers = count()

    def append(self) -> Append:
        name = os.urandom(8).hex()
        return Append(
            stream=f"alarm/{name}",
            expected_seq=0,
            epoch=1,
            command_id=CommandId(name),
            events=(NewEvent(kind="AlarmRaised", body=BODY),),
            head=HEAD,
        )

    def record(self) -> Record:
        key = ReportKey(os.urandom(8).hex())
        return Record(key=key, source="gt06", received_at=NOW, body=BODY)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / JOURNAL_FILE)
    yield store
    store.close()


@pytest.fixture
def requests() -> Requests:
    return Requests()


def running(store: JournalStore) -> Journal:
    """Start the actor on its thread, on the real clock."""
    ref = spawn_thread(
        JournalActor,
        link=alone(SystemClock()),
        store=store,
        telemetry=Silent(),
        on_not_recorded=lambda _: None,
    )
    return Journal(lambda: ref, store, lambda _: None)


@pytest.fixture
def journal(store: SqliteStore) -> Iterator[Journal]:
    journal = running(store)
    yield journal
    stop(journal)


def stop(journal: Journal) -> None:
    ref = journal._where()
    assert ref is not None
    ref.stop(timeout=TIMEOUT_S)


def bare(path: Path) -> apsw.Connection:
    """Open a database as the journal does, with one table."""
    connection = apsw.Connection(str(path))
    for setting in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=0"):
        connection.execute(f"PRAGMA {setting}").fetchall()
    connection.execute("CREATE TABLE row(body)")
    return connection


def pages_of_an_append(store: SqliteStore, requests: Requests) -> int:
    """Count the log pages that one append takes, on average."""
    log = store._path.with_name(store._path.name + "-wal")
    for _ in range(20):
        store.commit([requests.append()], NOW)
    before = log.stat().st_size
    for _ in range(20):
        store.commit([requests.append()], NOW)
    return round((log.stat().st_size - before) / 20 / (PAGE_BYTES + 24))


def submit_all(
    journal: Journal, requests: list[Append] | list[Record]
) -> Callable[[], None]:
    """Return what tells all requests and waits until each is durable."""
    done, answers = Event(), list[Answer]()

    def reply(answer: Answer) -> None:
        answers.append(answer)
        if len(answers) == len(requests):
            done.set()

    def run() -> None:
        for request in requests:
            journal.submit(request, reply)
        assert done.wait(TIMEOUT_S)

    return run


@pytest.mark.benchmark(group="journal: one append a commit")
def test_floor_one_row(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    connection = bare(tmp_path / "floor.db")
    benchmark(connection.execute, "INSERT INTO row VALUES (?)", (BODY,))
    connection.close()


@pytest.mark.benchmark(group="journal: one append a commit")
def test_floor_same_bytes(
    benchmark: BenchmarkFixture, store: SqliteStore, requests: Requests, tmp_path: Path
) -> None:
    pages = pages_of_an_append(store, requests)
    benchmark.extra_info["log pages"] = pages
    connection = bare(tmp_path / "floor.db")
    body = bytes((pages - 2) * PAGE_BYTES)
    benchmark(connection.execute, "INSERT INTO row VALUES (?)", (body,))
    connection.close()


@pytest.mark.benchmark(group="journal: one append a commit")
def test_store_commits_one(
    benchmark: BenchmarkFixture, store: SqliteStore, requests: Requests
) -> None:
    (answer,) = store.commit([requests.append()], NOW)
    assert isinstance(answer, Appended)

    def commit() -> None:
        store.commit([requests.append()], NOW)
        store.tidy()

    benchmark(commit)


@pytest.mark.benchmark(group="journal: one append a commit")
def test_asked_singly(
    benchmark: BenchmarkFixture, journal: Journal, requests: Requests
) -> None:
    assert isinstance(journal.ask(requests.append(), TIMEOUT_S), Appended)

    benchmark(lambda: journal.ask(requests.append(), TIMEOUT_S))


@pytest.mark.benchmark(group="journal: 256 appends")
def test_floor_256_rows_in_one_commit(
    benchmark: BenchmarkFixture, tmp_path: Path
) -> None:
    connection = bare(tmp_path / "floor.db")

    def commit() -> None:
        with connection:
            connection.executemany("INSERT INTO row VALUES (?)", [(BODY,)] * GROUP)

    benchmark(commit)
    connection.close()


@pytest.mark.benchmark(group="journal: 256 appends")
def test_store_commits_256(
    benchmark: BenchmarkFixture, store: SqliteStore, requests: Requests
) -> None:
    def commit() -> None:
        store.commit([requests.append() for _ in range(GROUP)], NOW)
        store.tidy()

    benchmark(commit)


@pytest.mark.benchmark(group="journal: 1,000 signals at once, all durable")
@pytest.mark.parametrize("sync_ms", [0, 5, 25])
def test_told_at_once(
    benchmark: BenchmarkFixture, tmp_path: Path, requests: Requests, sync_ms: int
) -> None:
    vfs = FaultsVfs(sync_s=sync_ms / 1000)
    store = SqliteStore(
        tmp_path / JOURNAL_FILE, vfs=vfs.name if sync_ms else None, ballast_bytes=0
    )
    journal = running(store)

    def fresh() -> tuple[tuple[Callable[[], None]], dict[str, object]]:
        return (submit_all(journal, [requests.record() for _ in range(AT_ONCE)]),), {}

    benchmark.pedantic(lambda run: run(), setup=fresh, rounds=10)
    stop(journal)
    vfs.unregister()
