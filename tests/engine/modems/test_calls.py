"""Calls that a modem hangs up: which of them HQ hears of, and how often."""

from engine.modems.arrivals import CALLED
from engine.ports.modem import CALL, IncomingCall
from tests.engine.modems.rig import Rig, message

TRACKERS, STRANGERS = "+998460000999", "+15550001111"


def test_a_call_that_is_minded_is_recorded_once_a_minute_and_no_other_one() -> None:
    rig = Rig(minds_call=lambda number: number == TRACKERS)
    callers = (TRACKERS, STRANGERS, None, "")
    for _ in range(15):
        rig.driver.arrived = [IncomingCall(caller=caller) for caller in callers]
        rig.world.run(10)
    kept = [(one["sender"], one["text"], one["flags"]) for one in rig.recorded()]
    assert set(map(str, kept)) == {str((TRACKERS, CALLED, [CALL]))}
    assert len(kept) in {3, 4}, "minutes, of fifteen calls"


def test_a_call_beside_a_message_costs_it_nothing() -> None:
    rig = Rig(minds_call=lambda _: True)
    rig.driver.arrived = [IncomingCall(caller=TRACKERS), message()]
    rig.world.run(1)
    assert {one["text"] for one in rig.recorded()} == {CALLED, "K7F2 1"}
