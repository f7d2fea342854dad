"""The journal in memory passes the contract."""

from collections.abc import Callable

import pytest

from engine.journal.memory import Medium, MemoryStore
from engine.ports.journal import JournalStore
from tests.contracts.journal.whole import JournalContract


class TestMemoryStore(JournalContract):
    @pytest.fixture
    def open_store(self) -> Callable[[], JournalStore]:
        medium = Medium()
        return lambda: MemoryStore(medium)
