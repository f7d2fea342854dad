"""What an engine of before wrote of a case that somebody has, found at a start."""

from dataclasses import replace

from msgspec import structs

from engine.alarm.commands import Tick
from engine.alarm.directory.actor import SETTLING
from engine.alarm.messages import Distress, Forward
from engine.journal.memory import Medium
from engine.ports.journal import Append, EffectState, Head
from engine.values import CommandId
from tests.engine.alarm.scene import ENDED_BY_ONE, press_of, raise_of
from tests.engine.alarm.test_actor import FIRST, Rig

UNSAID = Head(status="acknowledged", is_open=True, subject="real:heron")


def of_before() -> tuple[Medium, int]:
    """Return a case that is held for good, its clear columns as they were written."""
    rig = Rig()
    for_good = replace(ENDED_BY_ONE, lease=None)
    command = raise_of(press_of("k1", rig.world.now()), for_good)
    rig.tell(Distress(alarm_id=FIRST, command=command))
    rig.acknowledge()
    rig.world.run(200)
    for row in rig.planned:
        rig.settle(row.effect_id, EffectState.DELIVERED)
    rig.world.run(100)
    facts = len(rig.kinds())
    columns = Append(
        stream=f"alarm/{FIRST}",
        expected_seq=facts,
        epoch=rig.ledger.epoch,
        command_id=CommandId("columns"),
        events=(),
        head=UNSAID,
    )
    rig.ledger.ask(columns, 1.0)
    rig.world.crash()
    return rig.ledger.store._medium, facts


def test_a_case_of_before_there_were_leases_is_named_for_auditors_at_a_start() -> None:
    medium, facts = of_before()
    again = Rig(medium)
    again.world.run(2)
    (row,) = again.ledger.store.reader().heads("alarm/", open_only=True)
    assert row.head == structs.replace(UNSAID, status="acknowledged_without_lease")
    assert len(again.kinds()) == facts, "nothing has happened"
    assert again.changes[-1][0].acknowledged is not None


def test_that_is_written_once() -> None:
    medium, _ = of_before()
    again = Rig(medium)
    again.world.run(2)
    asked = len(again.ledger.asked)
    for number in range(3):
        tick = Tick(command_id=CommandId(f"t{number}"))
        again.tell(Forward(alarm_id=FIRST, command=tick))
    assert len(again.ledger.asked) == asked
    once_more = Rig(medium)
    once_more.world.run(2)
    assert once_more.awake() == []


def test_what_is_due_at_a_start_waits_until_those_who_start_later_are_up() -> None:
    medium, _ = of_before()
    again = Rig(medium, run_s=SETTLING.total_seconds() - 0.01)
    assert again.awake() == []
    again.world.run(0.02)
    assert again.awake() == [f"alarm/{FIRST}"]
