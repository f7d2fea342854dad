"""What people at HQ do besides comes to facts in the journal."""

from collections.abc import Iterator

import pytest

from engine.alarm import codec
from engine.alarm.case_events import (
    AlarmsLinked,
    CaseHandedOver,
    PeopleHandedOn,
    PeopleTakenIn,
)
from engine.alarm.events import AlarmEvent
from engine.alarm.state import is_alarms
from tests.simulation.day import Day
from tests.simulation.plan import Item, Plan

WISHES: dict[str, set[type[AlarmEvent]]] = {
    "hand_over": {CaseHandedOver},
    "link": {AlarmsLinked},
    "merge": {PeopleHandedOn, PeopleTakenIn},
}


def facts_of(day: Day) -> Iterator[AlarmEvent]:
    return (codec.decode(r) for r in day.disk.medium.events if is_alarms(r.stream))


@pytest.mark.parametrize("what", sorted(WISHES))
def test_each_act_of_casework_becomes_a_fact(what: str) -> None:
    found: set[type[AlarmEvent]] = set()
    for seed in range(8):  # whether HQ closes at all is a matter of chance
        plan = Plan(
            seed,
            (
                Item(100.0, "input", "sos", "toucan"),
                Item(101.0, "human", what),
                Item(130.0, "input", "sos", "stork"),
            ),
        )
        day = Day(plan, ends_s=6_000.0)
        assert day.run().violation is None
        found |= {type(fact) for fact in facts_of(day)}
    assert WISHES[what] <= found


def test_nothing_comes_from_an_operator_who_was_taken_off() -> None:
    plan = Plan(
        1,
        (Item(100.0, "input", "sos", "stork"), Item(101.0, "human", "taken_off", n=3)),
    )
    day = Day(plan, ends_s=6_000.0)
    assert day.run().violation is None
    given = {by for _, _, by in day.watching.given}
    assert given
    assert "alder" not in given
