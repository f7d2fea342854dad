"""A modem without a network: it swallows nothing, and is restarted in time."""

import pytest

from engine.ports.journal import EffectState
from engine.ports.modem import SendResult, SubmitOutcome
from tests.engine.modems.rig import Rig

NO_NETWORK = SubmitOutcome(result=SendResult.REJECTED, code="331", retry=True)


@pytest.fixture
def rig() -> Rig:
    return Rig(modems=2)


def test_one_that_is_in_no_network_pulls_one_message_and_not_all(rig: Rig) -> None:
    rig.driver.registered = False
    rig.world.run(35)
    rig.driver.outcomes = [NO_NETWORK] * 20
    for number in range(20):
        rig.plan(f"e{number}")
    rig.world.run(3)
    assert len(rig.driver.submitted) <= 1
    assert len(rig.drivers[1].submitted) >= 19


def test_one_whose_operator_refuses_two_people_swallows_no_third(rig: Rig) -> None:
    rig.driver.outcomes = [NO_NETWORK] * 20
    for number in range(20):
        rig.plan(f"e{number}", address=f"+4670174{number:04d}")
    rig.world.run(3)
    assert len(rig.driver.submitted) <= 3
    assert rig.health.reasons() == {"operator_down": ("modem-1",)}


def test_the_only_one_is_used_whatever_it_says_of_its_network() -> None:
    rig = Rig()
    rig.driver.registered = False
    rig.world.run(35)
    rig.plan()
    rig.world.run(1)
    assert rig.ledger.state("e1") is EffectState.ACCEPTED


def test_two_minutes_without_a_network_are_a_new_radio_and_ten_a_restart(
    rig: Rig,
) -> None:
    rig.driver.registered = False
    rig.world.run(110)
    assert rig.driver.climbed == []
    rig.world.run(60)
    assert rig.driver.climbed == [5]
    assert rig.driver.opened == 2
    rig.world.run(400)
    assert rig.driver.climbed == [5]
    rig.world.run(100)
    assert rig.driver.climbed == [5, 3]
    rig.world.run(600)
    assert rig.driver.climbed == [5, 3, 3]
    rig.driver.registered = True
    rig.world.run(3600)
    assert rig.driver.climbed == [5, 3, 3]
    rig.driver.registered = False
    rig.world.run(170)
    assert rig.driver.climbed == [5, 3, 3, 5]
