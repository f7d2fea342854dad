"""What tests of the journal share."""

from collections.abc import Iterator

import pytest

from tests.faults_vfs import FaultsVfs


@pytest.fixture
def vfs() -> Iterator[FaultsVfs]:
    """Return a file layer that fails on command."""
    vfs = FaultsVfs()
    yield vfs
    vfs.unregister()
