"""The directory and a word of force: it raises where nothing is open."""

from dataclasses import replace

from engine.alarm.commands import RequestCancel
from engine.alarm.messages import Distress, ToOpen
from engine.values import CommandId, Signal
from tests.engine.alarm.scene import press_of, raise_of
from tests.engine.alarm.test_actor import FIRST, Rig


def test_a_word_of_force_with_nothing_open_raises_and_else_joins() -> None:
    rig = Rig()
    now = rig.world.now()
    press = replace(press_of("forced", now, (Signal.CANCEL,)), duress=True)
    command = RequestCancel(command_id=CommandId("forced"), press=press)
    raising = Distress(alarm_id=FIRST, command=raise_of(press))
    rig.tell(ToOpen(subject="heron", command=command, otherwise=raising))
    assert rig.kinds()[0] == "AlarmRaised"
    again = replace(command, command_id=CommandId("again"))
    rig.tell(ToOpen(subject="heron", command=again, otherwise=raising))
    assert rig.kinds().count("AlarmRaised") == 1
    assert rig.kinds().count("CancelRequested") == 1
