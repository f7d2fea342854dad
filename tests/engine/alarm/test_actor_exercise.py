"""The directory and a drill: an exercise of its own, and no excuse for silence."""

from dataclasses import replace

from engine.alarm.messages import Distress
from engine.alarm.state import Kind
from engine.values import AlarmId, DeviceId
from tests.engine.alarm.scene import press_of, raise_of
from tests.engine.alarm.test_actor import FIRST, Rig

DRILL = AlarmId("drill")


def drill(rig: Rig) -> None:
    """Press in a drill that was armed before."""
    press = replace(press_of("drill", rig.world.now()), device=DeviceId("gt06-1"))
    command = raise_of(press, kind=Kind.EXERCISE)
    rig.tell(Distress(alarm_id=DRILL, command=command))


def test_a_press_in_a_drill_is_an_exercise() -> None:
    rig = Rig()
    drill(rig)
    assert rig.kinds(DRILL)[0] == "AlarmRaised"


def test_in_a_drill_a_press_joins_the_case_that_is_open_bug_exercise() -> None:
    rig = Rig()
    rig.press("k1")
    drill(rig)
    assert "PressJoined" in rig.kinds(FIRST)
    assert rig.kinds(DRILL) == []
