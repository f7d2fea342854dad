"""How many of the nearest are asked: the crowd, and who takes whose place."""

from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.events import StepFired
from engine.alarm.schedule import declined_of, may_call_more, room_of
from engine.alarm.state import Alarm, ReplyKind
from engine.protocol.model import Audience
from tests.engine.alarm.scene import Scene
from tests.engine.alarm.test_steps import scene_of, told


def with_told(alarm: Alarm, person: str, **fields: object) -> Alarm:
    """Return the alarm with other words about one who was told."""
    changed = structs.replace(alarm.told[person], **fields)  # its own
    return structs.replace(alarm, told={**alarm.told, person: changed})


def test_a_full_crowd_of_colleagues_keeps_nobody_else_from_being_told() -> None:
    scene = scene_of("count = 2\nevery_s = 60", "crowd_max = 2\n")
    scene.run(180, each_due=scene.settle_all)
    assert len(told(scene)) == 2
    assert len(scene.planned(Audience.DUTY)) == 4


def test_a_round_that_a_full_crowd_leaves_no_room_for_is_not_to_come() -> None:
    scene = scene_of("count = 1\nevery_s = 60\nrounds = 3", "crowd_max = 2\n")
    scene.settle_all()
    assert may_call_more(scene.state())
    scene.run(90, each_due=scene.settle_all)
    assert len(told(scene)) == 2
    assert not may_call_more(scene.state())


def test_an_officer_who_cannot_is_no_colleague_who_turned_it_down() -> None:
    scene = scene_of("count = 2\nreplaces_declined = true", "crowd_max = 2\n")
    scene.reply("alder", ReplyKind.CANNOT)
    assert told(scene) == ["c1", "c2"]
    assert declined_of(scene.state()) == []
    assert room_of(scene.state()) == 0


@pytest.mark.parametrize("reply", [None, ReplyKind.CANNOT])
def test_whose_part_has_ended_neither_fills_the_crowd_nor_leaves_room(
    reply: ReplyKind | None,
) -> None:
    alarm = scene_of("count = 3", "crowd_max = 4\n").state()
    assert room_of(alarm) == 1
    left = with_told(alarm, "c1", ended=True, reply=reply)
    assert room_of(left) == 2
    assert declined_of(left) == []


def fired(scene: Scene) -> list[tuple[int, int]]:
    """Return the rounds of the nearest: the number, and how many places it filled."""
    return [
        (event.round, event.replaces)
        for event in scene.events
        if isinstance(event, StepFired) and event.step == "near"
    ]


def test_a_round_that_is_due_is_whole_where_somebody_turns_it_down_then() -> None:
    near = "count = 2\nreplaces_declined = true\nevery_s = 100\nrounds = 2"
    scene = scene_of(near)
    scene.acknowledge()
    scene.run(99, each_due=scene.settle_all)
    scene.now = scene.now.plus(timedelta(seconds=1))
    scene.reply("c1", ReplyKind.CANNOT)
    assert fired(scene) == [(1, 0), (2, 0), (3, 1)]
    assert len(told(scene)) == 5


def test_a_search_grows_with_its_rounds_and_not_with_its_replacements() -> None:
    near = (
        "count = 1\ncount_more = 2\nreplaces_declined = true\nevery_s = 100\nrounds = 2"
    )
    scene = scene_of(near)
    scene.acknowledge()
    scene.run(50, each_due=scene.settle_all)
    scene.reply("c1", ReplyKind.CANNOT)
    scene.run(60, each_due=scene.settle_all)
    assert fired(scene) == [(1, 0), (2, 1), (3, 0)]
    assert len(told(scene)) == 1 + 1 + 3
