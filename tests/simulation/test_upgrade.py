"""A day that begins on what an older engine has left: it goes on where that one was."""

import json

import pytest

from engine.alarm.codec import VERSIONS
from engine.alarm.lease import is_held_for_good
from engine.alarm.state import is_alarms
from engine.dispatch.outcomes import ABANDONED, effect_stream, outcome_of
from engine.journal.memory import MemoryReader
from engine.journal.verify import verify
from engine.ports.journal import EffectState
from tests.simulation import leftover
from tests.simulation.day import Day, run
from tests.simulation.leftover import AlteredError, medium_of, names
from tests.simulation.plan import Item, Plan, begun_on, plan_of


def day_on(name: str, *items: Item, down_s: float = 3.0) -> Day:
    """Return a day on a leftover, in which what is named happens."""
    return Day(Plan(1, tuple(sorted((begun_on(name, down_s), *items)))))


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_whatever_an_older_engine_has_left_comes_right(name: str) -> None:
    """Nobody presses, and nothing fails: all that happens is the old case's."""
    day = day_on(name)
    left = set(day.disk.unsettled)
    assert day.run().violation is None
    assert day.outcome.faults["upgrade"] == 1
    assert left.isdisjoint(day.disk.unsettled)
    assert not day.disk.untaken
    assert day.watching.alarms
    for alarm in day.watching.alarms.values():
        due = day.disk.medium.streams[f"alarm/{alarm.id}"].head.next_due
        assert due is not None or not alarm.is_open or is_held_for_good(alarm)


@pytest.mark.parametrize("name", names())
def test_a_leftover_is_whole_as_its_engine_wrote_it(name: str) -> None:
    medium = medium_of(name)
    assert verify(medium.events, MemoryReader(medium).kept()).bad is None


def test_leftovers_have_rows_of_versions_that_nobody_writes_any_more() -> None:
    rows = [row for name in names() for row in medium_of(name).events]
    old = {(r.kind, r.version) for r in rows if r.version < VERSIONS.get(r.kind, 0)}
    assert {kind for kind, _ in old} > {"AlarmRaised", "AlarmAcknowledged", "StepFired"}
    raises = {version for kind, version in old if kind == "AlarmRaised"}
    assert len(raises) > 3


def test_a_row_that_was_altered_since_is_no_leftover(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = next(one for one in names() if "acknowledged" in one)
    lines = [list(line) for line in leftover._lines(name)]
    row = next(line for line in lines if line[0] == "row")
    row[-1] = json.dumps({"at": 7})
    monkeypatch.setattr(leftover, "_lines", lambda _: lines)
    with pytest.raises(AlteredError):
        medium_of(name)


@pytest.mark.parametrize("name", [one for one in names() if "under-way" in one])
def test_what_an_older_engine_was_sending_is_unknown_and_repeated(name: str) -> None:
    day = day_on(name)
    left = {
        effect
        for effect, row in day.disk.medium.effects.items()
        if row.state is EffectState.ATTEMPTING
    }
    assert left
    assert all(day.watching.sent[effect] == 1 for effect in left), "as the rows say"
    assert day.run().violation is None
    reader = MemoryReader(day.disk.medium)
    for effect in left:
        outcome = outcome_of(reader.stream(effect_stream(effect)))
        assert outcome == ABANDONED
        assert day.watching.sent[effect] == 1, "nobody sends the same once more"
    repeats = {f"{effect.rpartition('.')[0]}.1" for effect in left}
    assert repeats <= day.disk.medium.effects.keys()
    (recovery_s,) = day.outcome.recovery_s
    assert recovery_s < 2.0


@pytest.mark.parametrize("name", [one for one in names() if "posting" in one])
def test_what_the_world_was_being_told_is_not_told_again(name: str) -> None:
    day = day_on(name)
    (left,) = (
        row.effect_id
        for row in day.disk.medium.effects.values()
        if row.state is EffectState.ATTEMPTING and row.channel == "mastodon"
    )
    assert day.run().violation is None
    rows = day.disk.medium.effects
    assert rows[left].state is EffectState.UNKNOWN
    assert day.watching.sent[left] == 1
    assert f"{left.rpartition('.')[0]}.1" not in rows


@pytest.mark.parametrize("name", [one for one in names() if "forced" in one])
def test_a_word_of_force_that_an_older_engine_heard_is_not_forgotten(name: str) -> None:
    day = day_on(name)
    forced = set(day.watching.freedom.forced)
    assert len(forced) == 1
    assert day.watching.alarms.keys() >= forced
    assert day.run().violation is None


@pytest.mark.parametrize("name", [one for one in names() if "recorded" in one])
def test_a_press_that_an_older_engine_answered_is_a_case_of_todays(name: str) -> None:
    day = day_on(name)
    assert not day.watching.alarms
    (key,) = day.watching.acknowledged
    assert day.run().violation is None
    (alarm,) = day.watching.alarms.values()
    assert [press.key for press in alarm.presses] == [key]
    assert day.outcome.first_told_s < 10.0


def test_times_of_an_old_case_go_on_after_a_clock_that_was_set_back() -> None:
    """Two hours without an engine, and then a wall clock of a week ago."""
    faults = [
        Item(5_000.0, "time", "week_back", "", 1),
        Item(5_600.0, "process", "kill"),
    ]
    day = day_on("645a0778-acknowledged", *faults, down_s=7_200.0)
    assert day.run().violation is None


def test_one_leftover_is_one_history() -> None:
    seed = next(seed for seed in range(100) if _begins_on_rows(plan_of(seed)))
    traces = {run(plan_of(seed)).trace for _ in range(2)}
    assert len(traces) == 1


def test_which_day_begins_on_old_rows_changes_nothing_else_of_a_plan() -> None:
    days = [plan_of(seed) for seed in range(400)]
    begun = [plan for plan in days if _begins_on_rows(plan)]
    assert 25 < len(begun) < 75
    for plan in begun:
        (upgrade,) = (item for item in plan.items if item.what == "upgrade")
        assert upgrade.who in names()
        assert Plan.from_json(plan.to_json()) == plan
        medium, begins_at = plan.begins_on()
        assert medium.at is not None
        assert begins_at.since(medium.at).total_seconds() == upgrade.s
        assert any(is_alarms(row.stream) for row in medium.events) or medium.inbound


def _begins_on_rows(plan: Plan) -> bool:
    return any(item.what == "upgrade" for item in plan.items)
