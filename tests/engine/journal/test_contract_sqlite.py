"""The SQLite journal passes the contract."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.journal.sqlite import SqliteStore
from engine.ports.journal import JournalStore
from tests.contracts.journal.whole import JournalContract


class TestSqliteStore(JournalContract):
    @pytest.fixture
    def open_store(self, tmp_path: Path) -> Iterator[Callable[[], JournalStore]]:
        opened: list[SqliteStore] = []

        def open_one() -> JournalStore:
            for store in opened:
                store.close()
            opened.append(SqliteStore(tmp_path / "journal.db", ballast_bytes=0))
            return opened[-1]

        yield open_one
        for store in opened:
            store.close()
