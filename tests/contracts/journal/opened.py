"""How each part of the contract comes by a store."""

from collections.abc import Callable

import pytest

from engine.ports.journal import JournalStore


class StoreContract:
    """Opens an empty medium; a part of the contract inherits it.

    What runs the contract gives a fixture `open_store`, which opens the medium once
    more each time that it is called.
    """

    @pytest.fixture
    def store(self, open_store: Callable[[], JournalStore]) -> JournalStore:
        return open_store()
