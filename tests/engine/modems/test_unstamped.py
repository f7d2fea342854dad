"""Messages of a network that stamps no time: read again, or another one."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.errors import ModemSilentError
from engine.modems.inbound import UNSTAMPED_MS
from engine.modems.unstamped import LYING_MAX, Unstamped
from engine.ports.modem import CALL
from engine.values import Instant
from tests.engine.dispatch.ledger import FULL
from tests.engine.modems.rig import Rig, message
from tests.fakes import START

SOS = replace(message(text="SOS"), sent_at=None)
HOUR_S = 3_600


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.world.crash()


def texts(rig: Rig) -> list[object]:
    return [row["text"] for row in rig.recorded()]


def test_one_that_a_full_disk_refuses_for_an_hour_is_one(rig: Rig) -> None:
    """Each ten minutes it was read again, and each time as another one."""
    rig.ledger.fault = lambda _: FULL
    rig.driver.arrived.append(SOS)
    rig.world.run(HOUR_S)
    rig.ledger.fault = lambda _: ""
    rig.world.run(120)
    assert texts(rig) == ["SOS"]
    assert not rig.driver.arrived


def test_one_whose_place_cannot_be_freed_for_an_hour_is_one(rig: Rig) -> None:
    rig.driver.delete_raises = [ModemSilentError()] * 1_000
    rig.driver.arrived.append(SOS)
    rig.world.run(HOUR_S)
    assert texts(rig) == ["SOS"]


def test_one_that_a_sim_does_not_delete_is_one(rig: Rig) -> None:
    rig.driver.frees = False
    rig.driver.arrived.append(SOS)
    rig.world.run(HOUR_S)
    assert len(rig.driver.deleted) > 1
    assert texts(rig) == ["SOS"]


def test_the_same_words_in_a_place_that_was_freed_are_another_one(rig: Rig) -> None:
    """Within ten minutes the second was taken for the first one, and deleted."""
    for number in range(1, 4):
        rig.driver.arrived.append(SOS)
        rig.world.run(60)
        assert texts(rig) == ["SOS"] * number


def test_the_same_words_handed_on_directly_are_another_one(rig: Rig) -> None:
    for _ in range(2):
        rig.driver.arrived.append(replace(SOS, slot=""))
        rig.world.run(60)
    assert texts(rig) == ["SOS", "SOS"]


def test_what_an_earlier_process_has_recorded_and_not_freed_is_one(rig: Rig) -> None:
    rig.driver.frees = False
    rig.driver.arrived.append(SOS)
    rig.world.run(10)
    rig.world.crash()
    after = Rig(before=rig)
    after.driver.arrived.append(SOS)
    after.world.run(60)
    assert texts(after) == ["SOS"]
    after.world.crash()


def test_what_is_told_again_by_the_modem_is_one() -> None:
    unstamped = Unstamped()
    later = Instant(START.ms + 1)
    parts = replace(SOS, slot="", part=(1, 1, 2))
    assert unstamped.record(parts, START).key == unstamped.record(parts, later).key
    call = replace(SOS, slot="", flags=(CALL,))
    assert unstamped.record(call, START).key != unstamped.record(call, later).key


def test_what_is_remembered_of_places_has_a_bound() -> None:
    unstamped = Unstamped()
    for number in range(LYING_MAX + 1):
        unstamped.record(replace(SOS, slot=f"SM:{number}"), START)
        unstamped.record(replace(SOS, slot="SM:x", pdu=f"{number}"), START)
        unstamped.freed("SM:x")
    later = Instant(START.ms + UNSTAMPED_MS)
    kept = unstamped.record(replace(SOS, slot=f"SM:{LYING_MAX}"), later)
    assert kept.received_at == START
    assert unstamped.record(replace(SOS, slot="SM:0"), later).received_at == later
    assert len(unstamped._past) == LYING_MAX
