"""The directory and a word of force: it raises where nothing is open."""

from dataclasses import replace

from engine.alarm.commands import RequestCancel
from engine.alarm.messages import Distress, ToOpen
from engine.values import AlarmId, CommandId, Signal
from tests.engine.alarm.scene import press_of, raise_of
from tests.engine.alarm.test_actor import FIRST, Rig

MINE = AlarmId("mine")


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


def forced_cancel(rig: Rig) -> ToOpen:
    """Return a word of force that raises a case of its own where nothing is open."""
    press = replace(press_of("forced", rig.world.now(), (Signal.CANCEL,)), duress=True)
    command = RequestCancel(command_id=CommandId("forced"), press=press)
    raising = Distress(alarm_id=MINE, command=raise_of(press))
    return ToOpen(subject="heron", command=command, otherwise=raising)


def test_a_word_of_force_raises_where_the_case_that_it_opened_came_to_nothing() -> None:
    rig = Rig()
    rig.ledger.read_errors = 1
    rig.tell(forced_cancel(rig))
    assert rig.kinds(MINE) == [], "whoever was to raise it died on its rows"
    rig.tell(forced_cancel(rig))
    assert rig.kinds(MINE)[0] == "AlarmRaised"


def test_a_word_of_force_raises_where_the_press_before_it_came_to_nothing() -> None:
    rig = Rig()
    rig.ledger.read_errors = 1
    rig.press()
    assert rig.kinds() == []
    rig.tell(forced_cancel(rig))
    assert rig.kinds()[0] == "AlarmRaised"
    rig.press()
    assert rig.kinds().count("AlarmRaised") == 1
    assert "PressJoined" in rig.kinds()


def test_a_word_of_force_raises_where_the_open_case_cannot_be_woken() -> None:
    rig = Rig()
    rig.press()
    rig.spoil()
    for _ in range(30):
        rig.tell(forced_cancel(rig), run_s=2.0)
        if rig.kinds(MINE):
            break
    assert rig.kinds(MINE)[0] == "AlarmRaised"
