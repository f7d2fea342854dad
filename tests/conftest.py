"""What every test gets: a manual clock, and no actor left behind."""

from collections.abc import Iterator

import pykka
import pytest
from hypothesis import HealthCheck, settings

from tests.fakes import ManualClock

# A busy machine is no fault of the code: how long an example takes is the bench's.
settings.register_profile(
    "natalia", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("natalia")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser's tests last: Playwright leaves its event loop in this thread."""
    items.sort(key=lambda item: "tests/browser/" in item.path.as_posix())


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
