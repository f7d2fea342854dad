"""Many people through several modems: none idles while somebody waits."""

import math

from engine.dispatch.actor import Planned
from engine.ports.journal import Append, EffectState
from tests.engine.dispatch.ledger import row_of
from tests.engine.modems.rig import Rig

ANSWER_S = 2.5


def _plan(rig: Rig, people: int) -> None:
    for nth in range(people):
        rig.plan(f"e{nth}", address=f"+4670123{nth:04d}")


def test_nine_modems_tell_a_hundred_people_within_5_percent_of_the_ideal() -> None:
    rig = Rig(modems=9)
    for driver in rig.drivers:
        driver.takes_s = ANSWER_S
    ideal_s = math.ceil(100 / 9) * ANSWER_S
    _plan(rig, 100)
    rig.world.run(ideal_s * 1.05)
    assert rig.outcomes() == [EffectState.ACCEPTED] * 100
    told = [number for driver in rig.drivers for number, _ in driver.submitted]
    assert len(set(told)) == len(told) == 100


def test_a_slow_modem_holds_up_nobody_but_whom_it_has() -> None:
    rig = Rig(modems=3)
    for driver, takes_s in zip(rig.drivers, (20.0, ANSWER_S, ANSWER_S), strict=True):
        driver.takes_s = takes_s
    _plan(rig, 15)
    rig.world.run(7 * ANSWER_S * 1.05)
    assert len(rig.outcomes()) == 14
    assert [len(driver.submitted) for driver in rig.drivers] == [1, 7, 7]


def test_while_others_wait_an_outcome_is_written_with_the_next_attempt() -> None:
    rig = Rig()
    rig.driver.takes_s = ANSWER_S
    _plan(rig, 3)
    rig.world.run(3 * ANSWER_S + 0.1)
    written = [
        (request.stream, request.head.status)
        for request in rig.ledger.asked
        if isinstance(request, Append)
    ]
    assert written == [
        (f"effect/e{nth}", status)
        for nth in range(3)
        for status in ("attempting", "accepted")
    ]
    assert rig.outcomes() == [EffectState.ACCEPTED] * 3


def test_an_outcome_does_not_wait_for_a_message_that_another_modem_has_taken() -> None:
    rig = Rig(modems=2)
    rows = (row_of("e1"), row_of("e2"))
    rig.ledger.plan(*rows)
    rig.tree.names.tell("dispatcher", Planned(rows=rows))
    rig.world.run(0.02)
    assert rig.outcomes() == [EffectState.ACCEPTED] * 2


def test_what_waits_when_a_modem_is_stopped_is_written() -> None:
    rig = Rig(modems=2)
    rig.world.run(0.3)  # nobody looks what has arrived just now
    rows = (row_of("e1"), row_of("e2"))
    rig.ledger.plan(*rows)
    rig.tree.names.tell("dispatcher", Planned(rows=rows))
    rig.world.run(0.001)
    assert rig.outcomes() == [EffectState.ACCEPTED]
    for route in ("modem-1", "modem-2"):
        modem = rig.tree.names.lookup(route)
        assert modem is not None
        modem.stop(block=False)
    rig.world.run(0.001)
    assert rig.outcomes() == [EffectState.ACCEPTED] * 2
