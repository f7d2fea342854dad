"""The clear columns of a case that is looked at, and at which nothing is decided."""

from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.commands import Tick
from engine.alarm.messages import Forward
from engine.alarm.state import stream_of
from engine.auditor.findings import UNSETTLED, Finding, Ground, View, findings
from engine.journal.memory import Medium
from engine.ports.journal import EffectState
from engine.values import CommandId
from tests.engine.alarm.test_actor import FIRST, Rig


def found(rig: Rig, later_s: float = 0) -> tuple[Finding, ...]:
    """Return what the auditor finds, if nothing happens before it looks."""
    reader = rig.ledger.store.reader()
    heads = reader.heads("alarm/", open_only=True)
    view = View(heads=heads, effects=reader.effects(UNSETTLED))
    return findings(view, rig.world.now().plus(timedelta(seconds=later_s)))


def unsent(medium: Medium | None = None) -> Rig:
    """Return a case that somebody has, and of which nothing can be sent."""
    rig = Rig(medium)
    rig.press()
    rig.acknowledge()
    rig.world.run(200)
    return rig


def test_a_case_whose_messages_wait_is_looked_at_as_its_columns_say() -> None:
    rig = unsent()
    facts = len(rig.kinds())
    for _ in range(30):
        rig.world.run(10)
        assert found(rig) == ()
    assert len(rig.kinds()) == facts, "nothing has happened"


def test_a_case_that_nobody_looks_at_is_found_although_its_messages_wait() -> None:
    rig = unsent()
    assert rig.ledger.store.reader().effects(UNSETTLED)
    assert [one.ground for one in found(rig, later_s=90)] == [Ground.OVERDUE]


def test_nothing_is_written_before_what_the_columns_say() -> None:
    rig = unsent()
    asked = len(rig.ledger.asked)
    for number in range(3):
        tick = Tick(command_id=CommandId(f"t{number}"))
        rig.tell(Forward(alarm_id=FIRST, command=tick))
    assert len(rig.ledger.asked) - asked <= 1


@pytest.mark.parametrize("put_off", [None, timedelta(days=9)])
def test_a_look_writes_a_deadline_anew_that_somebody_has_put_off(
    put_off: timedelta | None,
) -> None:
    """It was looked at, and put off again as soon as deadlines came from the rows."""
    medium = Medium()
    rig = Rig(medium)
    rig.press()
    for row in rig.ledger.store.reader().effects(UNSETTLED):
        rig.settle(row.effect_id, EffectState.ACCEPTED)
    rig.acknowledge()
    kept = medium.streams[stream_of(FIRST)]
    true = kept.head
    assert true.next_due is not None
    assert true.next_due.since(rig.world.now()) > timedelta(minutes=2)
    rig.world.crash()
    later = None if put_off is None else true.next_due.plus(put_off)
    kept.head = structs.replace(true, next_due=later)
    rig = Rig(medium)
    rig.tell(Forward(alarm_id=FIRST, command=Tick(command_id=CommandId("hidden"))))
    assert medium.streams[stream_of(FIRST)].head == true


def test_a_restart_goes_on_from_what_the_columns_say() -> None:
    medium = Medium()
    unsent(medium).world.crash()
    rig = Rig(medium)
    rig.world.run(120)
    assert found(rig) == ()
    for row in rig.ledger.store.reader().effects(UNSETTLED):
        rig.settle(row.effect_id, EffectState.ACCEPTED)
    rig.world.run(10)
    assert found(rig) == ()
