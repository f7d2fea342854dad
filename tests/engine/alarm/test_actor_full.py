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
    assert rig.unkept == ["k1"]
    rig.ledger.fault = lambda _: FULL
    rig.press("k3")
    assert rig.unkept == ["k1", "k3"]


def test_a_deadline_whose_rows_find_no_room_is_said_too() -> None:
    """The next officer is not paged meanwhile, and the probe's row may fit."""
    rig = Rig()
    rig.press("k1")
    rig.ledger.fault = lambda _: FULL
    rig.world.run(70)
    assert any(command.startswith("tick/") for command in rig.unkept)
