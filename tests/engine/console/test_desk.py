"""The way from the console to the alarms, when either of them has gone."""

import asyncio

from engine.alarm.commands import AlarmCommand, Reveal
from engine.alarm.messages import Answered, Done
from engine.console.desk import ConsoleDesk
from engine.ports.journal import Append, Appended, Head
from engine.values import AlarmId, CommandId, OperatorId
from tests.engine.console.hq import Hq

REVEAL = Reveal(command_id=CommandId("c"), by=OperatorId("alder"), what="people")


def test_an_answer_that_comes_after_the_console_has_ended_harms_nobody(
    hq: Hq,
) -> None:
    """It raised in the thread of the alarm, or of the journal, which then ended."""
    waiting: list[Answered] = []

    def keep(alarm: AlarmId, command: AlarmCommand, answered: Answered) -> bool:
        del alarm, command
        waiting.append(answered)
        return True

    parts = hq.parts()
    object.__setattr__(parts, "command", keep)
    desk = ConsoleDesk(parts)

    async def give_up() -> None:
        acting = asyncio.create_task(desk.act(AlarmId("a1"), REVEAL))
        await asyncio.sleep(0)
        acting.cancel()

    asyncio.run(give_up())
    desk._checker.shutdown()
    waiting[0](Done())


def test_an_act_is_answered_from_another_thread(hq: Hq) -> None:
    alarm = hq.press()

    async def act() -> str | None:
        return await hq.desk.act(alarm, REVEAL)

    assert asyncio.run(act()) is None


def test_what_is_submitted_is_durable_when_it_is_answered(hq: Hq) -> None:
    append = Append(
        stream="operators",
        expected_seq=0,
        epoch=hq.epoch,
        command_id=CommandId("c"),
        events=(),
        head=Head(status="kept", is_open=False),
    )
    assert isinstance(asyncio.run(hq.desk.submit(append)), Appended)
