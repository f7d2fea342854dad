"""What every test gets: a manual clock, and no actor left behind."""

from collections.abc import Iterator
from pathlib import Path

import pykka
import pytest
from hypothesis import HealthCheck, settings

from tests.fakes import ManualClock

# A busy machine is no fault of the code: how long an example takes is the bench's.
settings.register_profile(
    "natalia", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("natalia")

TURNS = {"processes": 0, "browser": 2}
PROCESSES = {"clients", "deploy", "process"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the items into the order, and into the groups, in which they can run.

    Of two workers one takes all that starts processes and mostly waits for them, one
    after another, since they share ports and daemons; the other one computes, file by
    file. The browser's come last: Playwright leaves its event loop in its thread.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=lambda item: TURNS.get(_group(item), 1))


def _group(item: pytest.Item) -> str:
    folders = item.path.relative_to(Path(__file__).parent).parts[:-1]
    if folders[:1] == ("browser",):
        return "browser"
    if item.get_closest_marker("process") or PROCESSES.intersection(folders):
        return "processes"
    return item.path.as_posix()


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
