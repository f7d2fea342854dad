"""An answer beside a word of force, which takes up the row of both. Pure."""

from msgspec import structs

from engine.alarm.commands import AddNote, TakeReply
from engine.alarm.messages import Distress, Forward, ToOpen
from engine.intake.checkins.said import CheckInSaid
from engine.values import CommandId

Message = Distress | Forward | ToOpen | CheckInSaid


def beside_own_force(answered: Message) -> Message:
    """Return a forced answer beside what its word comes to, which takes it up.

    It counts for nothing: to whoever watches it is one, as with the other word.
    """
    if not isinstance(answered, Forward) or not isinstance(answered.command, TakeReply):
        return answered
    return structs.replace(
        answered, command=structs.replace(answered.command, source=None)
    )


def after_force(answered: Message) -> Message:
    """Return an answer behind another's word of force, which takes the row up.

    Whoever forces them has the telephone of whose answer it is: it counts for no more
    than with their own word of force, and looks like any. Both may be for one case,
    which would take the second for the first one again.
    """
    if not isinstance(answered, Forward):
        return answered
    told = answered.command
    if not isinstance(told, TakeReply | AddNote):
        return answered
    own_id = CommandId(f"{told.command_id}/answer")
    command = structs.replace(told, command_id=own_id, source=None)
    if isinstance(command, TakeReply):
        command = structs.replace(command, proven=False, duress=True)
    return structs.replace(answered, command=command)
