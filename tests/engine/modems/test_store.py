"""A modem that opens, and whose store of received messages cannot be read."""

import itertools
from dataclasses import replace

import pytest

from engine.dispatch.actor import Away, Take
from engine.errors import ModemSilentError
from engine.modems.store import SLOWEST_S, Store
from engine.ports.journal import EffectState
from tests.engine.dispatch.ledger import FULL, row_of
from tests.engine.modems.rig import Rig, message


@pytest.fixture
def rig() -> Rig:
    """Return a rig whose first modem takes 20 s to say nothing of its store."""
    return _hanging(1)


def _hanging(modems: int) -> Rig:
    rig = Rig(modems)
    rig.driver.hangs_in_store, rig.driver.hangs_s = True, 20.0
    rig.world.run(70)
    assert len(rig.driver.hung_s) > 1
    return rig


def test_it_sends_meanwhile_bug_it_sent_nothing(rig: Rig) -> None:
    rig.plan()
    rig.world.run(25)
    assert rig.outcomes() == [EffectState.ACCEPTED]


def test_one_whose_store_silences_it_sends_between_the_tries(rig: Rig) -> None:
    rig.driver.takes_commands_after = False
    rig.plan()
    rig.world.run(60)
    assert rig.outcomes() == [EffectState.ACCEPTED]


def test_what_waits_goes_before_the_next_try(rig: Rig) -> None:
    rig.driver.takes_s = 3.0
    before = len(rig.driver.hung_s)
    for number in range(20):
        rig.plan(f"e{number}")
    rig.world.run(25 + 20 * 3.1)
    assert rig.outcomes() == [EffectState.ACCEPTED] * 20
    assert len(rig.driver.hung_s) - before <= 1, "the one that was under way"


def test_the_other_modem_sends_while_its_store_is_tried() -> None:
    rig = _hanging(2)
    for number in range(60):
        rig.plan(f"e{number}")
        rig.world.run(1)
        assert len(rig.told) == number + 1


def test_what_is_given_as_a_try_begins_does_not_wait_for_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dispatcher had given it before it heard of the try, which took 20 s."""
    monkeypatch.setattr(Store, "rung", lambda _: None)
    row = row_of("e1")
    names, waiting, given_s = rig.tree.names, [row], []
    tell = names.tell

    def at_once(name: str, message: object) -> bool:
        if message == Away(worker="modem-1") and waiting:
            rig.ledger.plan(waiting[0])
            tell("modem-1", Take(row=waiting.pop()))
            given_s.append(rig.world.boottime_s())
        return tell(name, message)

    monkeypatch.setattr(type(names), "tell", lambda _, *given: at_once(*given))
    while not rig.told:
        rig.world.run(0.5)
    assert rig.world.boottime_s() - given_s[0] <= 1.0


def test_it_is_shown_and_what_lies_there_is_read_once_it_can_be(rig: Rig) -> None:
    assert rig.health.reasons() == {"store_unread": ("modem-1",)}
    rig.driver.hangs_in_store = False
    rig.driver.arrived = [message()]
    rig.world.run(SLOWEST_S + 21)
    assert rig.driver.deleted == ["SM:1"]
    assert len(rig.heard) == 1
    assert rig.health.reasons() == {}


def test_it_climbs_its_ladder_bug_one_rung_for_ever(rig: Rig) -> None:
    """Each opening counted as a success, before it was one."""
    rig.world.run(900)
    assert rig.driver.climbed[:3] == [2, 3, 4]
    assert rig.driver.opened < 10
    waits = [b - a for a, b in itertools.pairwise(rig.driver.hung_s)]
    assert max(waits) < SLOWEST_S + 30


def test_a_rung_is_climbed_before_every_second_try_and_once() -> None:
    store, climbed = Store(), []
    for number in range(8):
        store.failed(float(number))
        climbed.append((store.rung(), store.rung()))
    nothing = (None, None)
    assert climbed[:4] == [nothing, (2, None), nothing, (3, None)]
    assert climbed[4:] == [nothing, (4, None), nothing, (2, None)]
    store.read()
    assert store.rung() is None
    assert not store.due(1e9)


def test_an_sos_that_is_sent_waits_for_few_of_a_full_store() -> None:
    """Freeing 100 places took 20 s, and a store was read whole just then."""
    rig = Rig()
    rig.driver.deletes_s = 0.2
    rig.driver.arrived += [message(f"SM:{number}") for number in range(100)]
    rig.world.run(0.1)
    rig.plan()
    rig.world.run(2)
    assert rig.outcomes() == [EffectState.ACCEPTED]
    rig.world.run(60)
    assert rig.driver.deleted == [f"SM:{number}" for number in range(100)]


def test_places_that_are_not_freed_yet_are_another_modems_when_it_is_opened() -> None:
    rig = Rig()
    rig.driver.deletes_s = 0.2
    rig.driver.arrived += [message(f"SM:{number}") for number in range(100)]
    rig.world.run(1)
    rig.driver.is_gone = True
    rig.world.run(1)
    other = replace(message("SM:99", text="SOS"), pdu="another")
    rig.driver.arrived[:] = [other]
    rig.driver.is_gone = False
    rig.world.run(60)
    assert "SOS" in [row["text"] for row in rig.recorded()]


def test_one_that_frees_nothing_is_not_asked_for_every_place_in_turn() -> None:
    """Each blocked the modem for 20 s, and what is sent waited behind it."""
    rig = Rig()
    rig.driver.arrived += [message(f"SM:{number}") for number in range(12)]
    rig.driver.delete_raises = [ModemSilentError()] * 12
    rig.world.run(30)
    assert 12 - len(rig.driver.delete_raises) <= 6
    rig.driver.delete_raises.clear()
    rig.world.run(200)
    assert not rig.driver.arrived


def test_a_place_that_waits_to_be_freed_may_hold_another_message_by_then() -> None:
    """The modem has started anew with another SIM, and a full disk takes nothing."""
    rig = Rig()
    rig.driver.deletes_s = 0.2
    rig.driver.arrived += [message(f"SM:{number}") for number in range(100)]
    rig.world.run(1)
    rig.ledger.fault = lambda _: FULL
    other = replace(message("SM:99", text="SOS"), pdu="another")
    rig.driver.arrived[:] = [other]
    rig.world.run(60)
    assert rig.driver.arrived == [other]
    rig.ledger.fault = lambda _: ""
    rig.world.run(60)
    assert not rig.driver.arrived


def test_a_store_that_is_read_slowly_is_freed_between_two_looks_at_it() -> None:
    """Read by its places it took longer than it was left alone: four for each look."""
    rig = Rig()
    rig.driver.drains_s = 50.0
    rig.driver.arrived += [message(f"SM:{number}") for number in range(100)]
    rig.world.run(300)
    assert not rig.driver.arrived
    assert len(rig.driver.drained_s) < 6
