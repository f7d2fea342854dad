"""Two cases that are merged: each hears what it must, and neither asks without end."""

import pytest
from msgspec import structs

from engine.alarm.commands import Acknowledge, AlarmCommand, Close, Reopen
from engine.alarm.messages import Distress, Forward
from engine.alarm.state import CloseReason
from engine.ports.journal import EffectState
from engine.values import AlarmId, CommandId, OperatorId, PersonId
from tests.engine.alarm.scene import press_of, raise_of
from tests.engine.alarm.test_actor import FIRST, Rig

SECOND = AlarmId("second")
ALDER = OperatorId("alder")


def two_cases() -> Rig:
    rig = Rig()
    rig.press("k1")
    other = structs.replace(
        raise_of(press_of("k2", rig.world.now())),
        subject="avocet",
        defender=PersonId("avocet"),
    )
    rig.tell(Distress(alarm_id=SECOND, command=other))
    return rig


def act(rig: Rig, command: AlarmCommand) -> None:
    rig.tell(Forward(alarm_id=FIRST, command=command))


def merge(rig: Rig, name: str) -> None:
    act(rig, Acknowledge(command_id=CommandId(f"ack {name}"), by=ALDER))
    duplicate = Close(
        command_id=CommandId(name), by=ALDER, reason=CloseReason.DUPLICATE, into=SECOND
    )
    act(rig, duplicate)


def end(rig: Rig) -> None:
    """Close the case that goes on."""
    for command in (
        Acknowledge(command_id=CommandId("ack second"), by=ALDER),
        Close(command_id=CommandId("end"), by=ALDER, reason=CloseReason.SAFE),
    ):
        rig.tell(Forward(alarm_id=SECOND, command=command))


def test_a_case_that_is_merged_opened_and_merged_again_hands_its_people_on_again() -> (
    None
):
    """Its commands were those of the first time: the two asked each other for ever."""
    rig = two_cases()
    merge(rig, "first")
    act(rig, Reopen(command_id=CommandId("reopen"), by=ALDER))
    merge(rig, "second")
    rig.world.run(60)
    assert rig.kinds().count("PeopleHandedOn") == 2
    assert rig.kinds(SECOND).count("PeopleTakenIn") == 2
    asked = len(rig.ledger.asked)
    rig.world.run(5)
    assert len(rig.ledger.asked) < asked + 10


@pytest.mark.parametrize("is_other_over", [False, True])
def test_whom_a_modem_tells_after_the_merge_hears_of_the_end_bug_called_for_ever(
    *, is_other_over: bool
) -> None:
    rig = two_cases()
    late = next(row for row in rig.planned if row.channel == "sms")
    merge(rig, "first")
    assert rig.kinds().count("PeopleHandedOn") == 1
    if is_other_over:
        end(rig)
    rig.settle(late.effect_id, EffectState.ACCEPTED)
    rig.world.run(10)
    if not is_other_over:
        end(rig)
    person = late.effect_id.split(".")[3]
    stops = [row.effect_id for row in rig.planned if ".stop." in row.effect_id]
    assert [one for one in stops if f".{person}." in one] == [
        f"second.stop.1.{person}.sms.0"
    ]
    assert rig.kinds().count("PeopleHandedOn") == 2


def test_one_more_is_handed_on_where_another_was_refused_since_bug_as_many() -> None:
    rig = two_cases()
    sent, late = [row for row in rig.planned if ".colleagues." in row.effect_id][:2]
    rig.settle(sent.effect_id, EffectState.ATTEMPTING)
    merge(rig, "first")
    for row, state in ((sent, EffectState.REJECTED), (late, EffectState.ACCEPTED)):
        rig.settle(row.effect_id, state)
    rig.world.run(10)
    end(rig)
    stops = {row.effect_id for row in rig.planned if ".stop." in row.effect_id}
    assert f"second.stop.1.{late.effect_id.split('.')[3]}.sms.0" in stops
