"""Calls that a modem hangs up: which of them HQ hears of."""

from engine.modems.arrivals import CALLED, WITHHELD
from engine.ports.modem import CALL, IncomingCall
from tests.engine.modems.rig import Rig, message

TRACKERS, STRANGERS = "+998460000999", "+15550001111"


def test_each_call_that_is_minded_is_recorded_and_no_other_one() -> None:
    rig = Rig(minds_call=lambda number: number == TRACKERS)
    callers = (TRACKERS, STRANGERS, None, "")
    for _ in range(3):
        rig.driver.arrived = [IncomingCall(caller=caller) for caller in callers]
        rig.world.run(5)
    kept = [(one["sender"], one["text"], one["flags"]) for one in rig.recorded()]
    assert kept == [(TRACKERS, CALLED, [CALL])] * 3


def test_a_call_without_a_number_is_recorded_as_one_where_it_is_minded() -> None:
    rig = Rig(minds_call=lambda number: not number)
    rig.driver.arrived = [IncomingCall(caller=None)]
    rig.world.run(1)
    assert [(one["sender"], one["text"]) for one in rig.recorded()] == [("", WITHHELD)]


def test_a_call_beside_a_message_costs_it_nothing() -> None:
    rig = Rig(minds_call=lambda _: True)
    rig.driver.arrived = [IncomingCall(caller=TRACKERS), message()]
    rig.world.run(1)
    assert {one["text"] for one in rig.recorded()} == {CALLED, "K7F2 1"}
