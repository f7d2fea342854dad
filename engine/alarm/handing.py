"""What one case passes on to another: merged into it, or begun after it."""

from collections.abc import Callable

from msgspec import structs

from engine.alarm.casework import occasion_of, people_of
from engine.alarm.commands import (
    AlarmCommand,
    CountAsTold,
    HandPeopleOn,
    HearOfPress,
    TakeReply,
)
from engine.alarm.messages import Done, Forward
from engine.alarm.state import Alarm
from engine.values import AlarmId, CommandId


def pass_on(
    alarm: Alarm | None, command: AlarmCommand, tell: Callable[[Forward], object]
) -> None:
    """Tell other cases what they have to hear, until they have.

    Of a merged case each answer that comes late as well.

    Args:
        alarm: after the command.
        command: what the alarm has just been told.
        tell: reaches the directory from any thread; what it loses is told again.

    """
    if alarm is None:
        return
    for earlier in alarm.after:
        _tell_of_press(alarm, earlier, tell)
    if alarm.merged_into is None:
        return
    into, mine = alarm.merged_into, alarm.id
    # By how far this case has come: one handed on, opened and merged again, hands on
    # anew, and a command that is in the journal already would change nothing.
    handed_id = CommandId(f"handed-on/{mine}/{into}/{alarm.seq}")
    people = people_of(alarm)
    if people is not None:
        tell(
            Forward(
                alarm_id=into,
                command=people,
                answered=lambda done: _taken(done, mine, into, handed_id, tell),
            )
        )
    if isinstance(command, TakeReply):
        # The row it came from is taken up here already.
        tell(Forward(alarm_id=into, command=structs.replace(command, source=None)))


def _tell_of_press(
    alarm: Alarm, earlier: AlarmId, tell: Callable[[Forward], object]
) -> None:
    mine, occasion = alarm.id, occasion_of(alarm)
    # By how far this case has come: two signs of one millisecond are one occasion, and
    # a second count in the name of the first would change nothing, and be asked again.
    told_id = CommandId(f"told/{earlier}/{occasion}/{alarm.seq}")

    def heard(done: Done) -> None:
        if not done.failed:
            count = CountAsTold(command_id=told_id, other=earlier, occasion=occasion)
            tell(Forward(alarm_id=mine, command=count))

    hear = HearOfPress(command_id=CommandId(f"pressed/{mine}/{occasion}"), other=mine)
    tell(Forward(alarm_id=earlier, command=hear, answered=heard))


def _taken(
    done: Done,
    mine: AlarmId,
    into: AlarmId,
    handed_id: CommandId,
    tell: Callable[[Forward], object],
) -> None:
    if done.failed:
        return  # asked again when the deadline comes
    missing = done.alarm is None
    handed = HandPeopleOn(command_id=handed_id, into=into, missing=missing)
    tell(Forward(alarm_id=mine, command=handed))
