"""The alarm's actor on a full disk: nobody waits in silence until there is room."""

from tests.engine.alarm.test_actor import Rig
from tests.engine.dispatch.ledger import FULL


def test_a_press_whose_rows_find_no_room_reaches_hq_bug_it_waited_in_silence() -> None:
    """Its signal was recorded and its device answered: nobody would repeat it."""
    rig = Rig()
    rig.ledger.fault = lambda _: FULL
    rig.press("k1")
    assert rig.unkept == ["k1"]
    assert rig.done[-1].failed
    rig.ledger.fault = lambda _: ""
    rig.press("k1")
    rig.press("k2")
    assert rig.kinds()[0] == "AlarmRaised"
    rig.ledger.fault = lambda _: FULL
    rig.press("k3")
    rig.acknowledge()
    assert rig.unkept == ["k1", "k3"]
