"""How each part of the contract comes by a store."""

from collections.abc import Callable, Iterator

import pytest

from engine.ports.journal import (
    JournalStore,
)


class StoreContract:
    """Opens an empty medium; a part of the contract inherits it."""

    @pytest.fixture
    def open_store(self) -> Iterator[Callable[[], JournalStore]]:
        """Yield what opens the medium once more; given by each subclass."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, open_store: Callable[[], JournalStore]) -> JournalStore:
        return open_store()
