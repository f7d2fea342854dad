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


@pytest.mark.slow
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


@pytest.mark.parametrize("last", ["taken_off", "relieved"])
def test_somebody_who_can_be_paged_is_left_whoever_goes_bug_seed_90000593(
    last: str,
) -> None:
    """All who were on the rota had gone home, and that nobody came was the engine's."""
    relieved = (Item(10.0 + n, "roster", "relieved", n=n) for n in range(2))
    at_s = 5.0 if last == "relieved" else 20.0
    taken_off = Item(at_s, "human", "taken_off", n=2)
    press = Item(100.0, "input", "sos", "stork")
    day = Day(Plan(1, tuple(sorted((*relieved, taken_off, press)))), ends_s=20_000.0)
    assert day.run().violation is None
    assert set(day.host.roster.rota.duty) - day.people.gone
