"""What every test gets: a manual clock, and no actor left behind."""

from collections.abc import Iterator

import pykka
import pytest

from tests.fakes import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(autouse=True)
def _no_actor_outlives_its_test() -> Iterator[None]:
    yield
    for ref in reversed(pykka.ActorRegistry.get_all()):
        try:
            ref.stop(timeout=1)
        except pykka.Timeout:
            pykka.ActorRegistry.unregister(ref)
