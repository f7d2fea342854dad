"""Process tests run the real service; each has a rig of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig import Rig
from tests.systemd import Systemd


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(folder=tmp_path) as made:
        yield made


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(tmp_path / "notify")
    yield made
    made.close()
