"""When the rows of what was taken back are read: it may have been out by then."""

from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.schedule import WATCH, next_due, owes_look
from engine.alarm.state import Alarm
from engine.ports.journal import EffectState
from engine.values import Instant
from tests.engine.alarm.scene import Scene

WITHDRAWN = EffectState.WITHDRAWN
EARLIER = timedelta(milliseconds=1)


@pytest.fixture
def quiet() -> tuple[Alarm, Instant]:
    """Return a closed alarm of which nothing is due for long, and its time."""
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.close()
    scene.run(60, each_due=scene.settle_all)
    return scene.state(), scene.now


def with_effects(
    alarm: Alarm, *ends: tuple[EffectState, Instant | None]
) -> tuple[Alarm, tuple[str, ...]]:
    """Give the first effects these ends; all others have theirs."""
    ids = tuple(alarm.effects)[: len(ends)]
    assert len(ids) == len(ends) < len(alarm.effects)
    changed = {
        one: structs.replace(alarm.effects[one], state=state, settled_at=at)
        for one, (state, at) in zip(ids, ends, strict=True)
    }
    return structs.replace(alarm, effects={**alarm.effects, **changed}), ids


def test_its_rows_are_owed_a_look_half_a_minute_after_it_was_taken_back(
    quiet: tuple[Alarm, Instant],
) -> None:
    alarm, now = quiet
    assert not owes_look(alarm, now), "what was accepted owes none, however old"
    taken, _ = with_effects(alarm, (WITHDRAWN, now))
    assert not owes_look(taken, now.plus(WATCH - EARLIER))
    assert owes_look(taken, now.plus(WATCH))


def test_one_whose_time_was_not_written_owes_none(quiet: tuple[Alarm, Instant]) -> None:
    alarm, now = quiet
    taken, _ = with_effects(alarm, (WITHDRAWN, None))
    assert not owes_look(taken, now.plus(2 * WATCH))
    assert next_due(taken, now) == next_due(alarm, now)


def test_of_several_the_first_that_is_to_come_wakes_the_alarm(
    quiet: tuple[Alarm, Instant],
) -> None:
    alarm, now = quiet
    accepted, later = EffectState.ACCEPTED, now.plus(timedelta(seconds=10))
    taken, _ = with_effects(
        alarm, (WITHDRAWN, later), (WITHDRAWN, now), (accepted, now.plus(-WATCH / 2))
    )
    quiet_until = next_due(alarm, now)
    assert quiet_until is None or quiet_until > later.plus(WATCH)
    assert next_due(taken, now) == now.plus(WATCH)
    past = now.plus(WATCH)
    assert next_due(taken, past) == later.plus(WATCH)
    assert next_due(taken, later.plus(WATCH)) == quiet_until
