"""What is brought while nothing can be recorded."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.modems.refused import AGAIN_S
from tests.engine.dispatch.ledger import FULL, SILENT
from tests.engine.modems.rig import Rig, message


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.world.crash()


def fail(rig: Rig, fault: str) -> None:
    rig.ledger.fault = lambda _: fault


def test_it_is_recorded_within_seconds_of_there_being_room(rig: Rig) -> None:
    fail(rig, FULL)
    rig.driver.arrived.append(message(text="SOS"))
    rig.world.run(600)
    assert not rig.heard
    fail(rig, "")
    rig.world.run(AGAIN_S + 0.5)
    assert [row["text"] for row in rig.recorded()] == ["SOS"]
    assert rig.heard


def test_one_that_lies_nowhere_else_is_not_lost(rig: Rig) -> None:
    fail(rig, FULL)
    rig.driver.arrived.append(replace(message(text="SOS"), slot=""))
    rig.world.run(60)
    rig.driver.is_gone = True
    fail(rig, "")
    rig.world.run(AGAIN_S + 0.5)
    assert [row["text"] for row in rig.recorded()] == ["SOS"]


def test_its_row_says_when_it_came(rig: Rig) -> None:
    fail(rig, FULL)
    rig.driver.arrived.append(message())
    rig.world.run(1)
    came_at = rig.world.now()
    rig.world.run(30)
    fail(rig, "")
    rig.world.run(AGAIN_S + 0.5)
    (row,) = rig.ledger.store.reader().inbound(untaken_only=False)
    assert row.received_at <= came_at


def test_its_place_is_freed_with_what_the_store_holds_then(rig: Rig) -> None:
    """Another SIM may lie in the modem by then, with another message there."""
    fail(rig, FULL)
    rig.driver.arrived.append(message("SM:1", text="SOS"))
    rig.world.run(10)
    another = replace(message("SM:1", text="of another SIM"), pdu="another")
    rig.driver.arrived[:] = [another]
    fail(rig, "")
    rig.world.run(AGAIN_S + 1)
    assert {row["text"] for row in rig.recorded()} == {"SOS", "of another SIM"}
    assert rig.driver.deleted == ["SM:1"]
    assert not rig.driver.arrived


def test_a_journal_that_hangs_takes_a_fifth_of_the_modems_time(rig: Rig) -> None:
    fail(rig, SILENT)
    rig.ledger.takes_s = 10.0
    rig.driver.arrived.append(message())
    rig.world.run(600)
    assert len(rig.ledger.asked) * 10.0 <= 600 / 5


def test_a_machine_that_sleeps_amid_a_try_does_not_put_it_off_for_days(
    rig: Rig,
) -> None:
    """After eight hours' sleep it was to be tried again 32 hours later."""
    fail(rig, SILENT)
    rig.ledger.takes_s = 10.0
    rig.driver.arrived.append(message(text="SOS"))
    rig.world.run(2)
    rig.world.suspend(8 * 3600.0)
    rig.world.run(1)
    fail(rig, "")
    rig.ledger.takes_s = 0.0
    rig.world.run(60)
    assert [row["text"] for row in rig.recorded()] == ["SOS"]
    assert rig.driver.deleted == ["SM:1"]


def test_a_flood_that_is_recorded_does_not_put_it_off(rig: Rig) -> None:
    fail(rig, FULL)
    rig.driver.arrived.append(replace(message(text="SOS"), slot=""))
    rig.world.run(1)
    fail(rig, "")
    for number in range(20):
        rig.driver.arrived.append(message(f"SM:{number}", text="flood"))
        rig.world.run(1)
    assert [row["text"] for row in rig.recorded()].count("SOS") == 1


def test_read_again_from_the_store_it_came_no_later(rig: Rig) -> None:
    fail(rig, SILENT)
    rig.ledger.takes_s = 10.0
    rig.driver.arrived.append(message())
    came_at = rig.world.now()
    rig.world.run(44)
    fail(rig, "")
    rig.ledger.takes_s = 0.0
    rig.world.run(30)
    assert rig.driver.deleted == ["SM:1"]
    (row,) = rig.ledger.store.reader().inbound(untaken_only=False)
    assert row.received_at.since(came_at).total_seconds() < 1


def test_one_that_lies_nowhere_else_is_recorded_although_the_modem_is_lost(
    rig: Rig,
) -> None:
    """It waited in the driver until the modem came back, which may be never."""
    rig.driver.arrived.append(replace(message(text="SOS"), slot=""))
    rig.driver.is_gone = True
    rig.world.run(1)
    assert [row["text"] for row in rig.recorded()] == ["SOS"]
    assert rig.heard
