"""What a merged case passes on to the one that it is a part of now."""

from collections.abc import Callable
from dataclasses import replace

from engine.alarm.casework import people_of
from engine.alarm.commands import AlarmCommand, HandPeopleOn, TakeReply
from engine.alarm.messages import Done, Forward
from engine.alarm.state import Alarm
from engine.values import AlarmId, CommandId


def pass_on(
    alarm: Alarm | None, command: AlarmCommand, tell: Callable[[Forward], object]
) -> None:
    """Hand people on until the other case has them, and each answer that comes late.

    Args:
        alarm: after the command.
        command: what the alarm has just been told.
        tell: reaches the directory from any thread; what it loses is told again.

    """
    if alarm is None or alarm.merged_into is None:
        return
    into, mine = alarm.merged_into, alarm.id
    people = people_of(alarm)
    if people is not None:
        tell(
            Forward(
                alarm_id=into,
                command=people,
                answered=lambda done: _taken(done, mine, into, tell),
            )
        )
    if isinstance(command, TakeReply):
        # The row it came from is taken up here already.
        tell(Forward(alarm_id=into, command=replace(command, source=None)))


def _taken(
    done: Done, mine: AlarmId, into: AlarmId, tell: Callable[[Forward], object]
) -> None:
    if done.failed:
        return  # asked again when the deadline comes
    missing = done.alarm is None
    command_id = CommandId(f"handed-on/{mine}/{into}")
    handed = HandPeopleOn(command_id=command_id, into=into, missing=missing)
    tell(Forward(alarm_id=mine, command=handed))
