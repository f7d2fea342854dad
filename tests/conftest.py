"""What every test gets: a manual clock, and no actor left behind."""

import gc
from collections.abc import Iterator

import pykka
import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.fakes import ManualClock
from tests.groups import ByGroup, turn_of

# A busy machine is no fault of the code: how long an example takes is the bench's.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("natalia", PATIENT)
# `dev test` has five minutes, on any machine, and draws fewer examples.
settings.register_profile("quick", PATIENT, max_examples=30)
settings.load_profile("natalia")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Search nothing for garbage meanwhile, nor later what has been imported.

    Half a million objects come and stay: searching them time and again took a sixth of
    `dev test`.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the items into the order in which they can run, each twice at the most.

    Half of them time threads, sockets or processes: a machine that does much
    else at once is no defect. The summary counts what failed and ran again.
    """
    items.sort(key=lambda item: turn_of(item.path))
    for item in items:
        item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer
) -> LoadScopeScheduling:
    """Share the tests between workers group by group."""
    return ByGroup(config, log)


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
