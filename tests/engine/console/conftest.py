"""Each test gets a console of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.console.hq import Hq
from tests.fakes import ManualClock


@pytest.fixture
def hq(tmp_path: Path, clock: ManualClock) -> Iterator[Hq]:
    made = Hq(state=tmp_path, clock=clock)
    yield made
    made.desk._checker.shutdown(wait=True)
