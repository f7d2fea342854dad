"""A case whose rows a disk does not give, and what is told to it."""

from collections.abc import Callable

import pytest

from engine.alarm.commands import TakeReply, Tick
from engine.alarm.directory.waiting import Joining
from engine.alarm.messages import Distress, Do, Forward
from engine.alarm.state import ReplyKind
from engine.errors import JournalError
from engine.journal.memory import Medium, MemoryReader
from engine.ports.journal import StoredEvent
from engine.values import AlarmId, CommandId, PersonId, ReportKey
from tests.engine.alarm.scene import press_of, raise_of
from tests.engine.alarm.test_actor import FIRST, Rig

FORCED = TakeReply(
    command_id=CommandId("word"),
    person=PersonId("avocet"),
    reply=ReplyKind.SAFE,
    authentic=True,
    channel="sms",
    source=ReportKey("word"),
    duress=True,
)
GIVEN = Forward(alarm_id=FIRST, command=FORCED)
TOLD = ("first", "word")
RETOLD_S = 10.0


def tick() -> Tick:
    return Tick(command_id=CommandId("tick"))


class Damage:
    """The rows of one case, which a disk gives or does not.

    `meanwhile` happens once, at the first read that succeeds.
    """

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        fails: int,
        meanwhile: Callable[[], None] | None = None,
        of: AlarmId = FIRST,
    ) -> None:
        self.fails = fails
        self.meanwhile = meanwhile
        read = MemoryReader.stream

        def stream(
            reader: MemoryReader, name: str, after_seq: int = 0
        ) -> tuple[StoredEvent, ...]:
            if name == f"alarm/{of}" and self.fails:
                self.fails -= 1
                message = "it is damaged"
                raise JournalError(message)
            if name == f"alarm/{of}" and (act := self.meanwhile) is not None:
                self.meanwhile = None
                act()
            return tuple(read(reader, name, after_seq))

        monkeypatch.setattr(MemoryReader, "stream", stream)


def joining(own: Distress) -> Joining:
    return Joining(Do(command=own.command), own)


def own_press(key: str) -> Distress:
    return Distress(alarm_id=AlarmId(key), command=raise_of(press_of(key)))


def after_a_start() -> Rig:
    """Return an engine in which nobody has read the open case yet."""
    medium = Medium()
    Rig(medium).press()
    rig = Rig(medium)
    rig.codes = iter(f"M{number}" for number in range(10_000))
    return rig
