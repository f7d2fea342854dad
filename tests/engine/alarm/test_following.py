"""A defender who moves: who hears of it, how often, and what it says of a cancel."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.commands import Follow
from engine.alarm.events import PositionFollowed, SignNoticed
from engine.alarm.following import follow as follow_decision
from engine.alarm.following import (
    follow_to,
    followed,
    is_news_waiting,
    silence_due,
    with_place,
)
from engine.alarm.schedule import next_due
from engine.alarm.state import (
    NOWHERE,
    Act,
    Force,
    KnownPlace,
    ReplyKind,
    Response,
    SourceDoubt,
)
from engine.ports.journal import EffectState
from engine.protocol.language import LANGUAGES
from engine.protocol.model import Audience, Start, Updates
from engine.protocol.texts import TextFacts, compose, finish
from engine.roster.model import Word
from engine.values import CommandId, Instant
from tests.engine.alarm.scene import (
    ALDER,
    ENDED_BY_ONE,
    PROTOCOLS,
    TASHKENT,
    Scene,
    press_of,
)
from tests.fakes import START

NORTH_EAST_M = 0.0000064  # degrees of latitude in 0.71 m


def scene_of(**changes: object) -> Scene:
    protocol = replace(ENDED_BY_ONE, **changes)  # type: ignore[arg-type] # by name
    scene = Scene(protocol=protocol).raised()
    scene.settle_all()
    return scene


def place_at(scene: Scene, metres: float) -> KnownPlace:
    """Return a place so far north-east of where it began."""
    assert TASHKENT.lat_deg is not None
    assert TASHKENT.lon_deg is not None
    return replace(
        TASHKENT,
        lat_deg=TASHKENT.lat_deg + metres * NORTH_EAST_M,
        lon_deg=TASHKENT.lon_deg + metres * NORTH_EAST_M * 1.331,
        at=scene.now,
    )


def follow(scene: Scene, metres: float, after_s: float = 60) -> None:
    scene.run(after_s, each_due=scene.settle_all)
    place = place_at(scene, metres)
    scene.do(Follow(command_id=scene.command_id(), place=place))
    scene.settle_all()


def updates(scene: Scene) -> list[str]:
    return [event.body.text(scene.now) for event in scene.planned(Audience.EVERYONE)]


def test_everybody_who_was_told_hears_where_the_defender_has_moved() -> None:
    scene = scene_of()
    follow(scene, 400)
    told = set(scene.told(Audience.EVERYONE))
    assert {"c1", "c2", "c3", "c4", "c5", "hq-1"} <= told
    text = next(
        event.body.text(scene.now)
        for event in scene.planned(Audience.EVERYONE)
        if event.person == "c1"
    )
    assert text.startswith("code-c1 Heron moved 400 m north-east: 41.314")
    assert text.endswith("sign-c1")


def test_a_short_way_is_kept_for_hq_and_told_to_nobody() -> None:
    scene = scene_of()
    follow(scene, 100)
    assert len(scene.of(PositionFollowed)) == 1
    assert scene.state().place == replace(place_at(scene, 100), at=scene.now)
    assert updates(scene) == []


def test_many_short_ways_add_up_from_where_people_were_told() -> None:
    scene = scene_of()
    for metres in (100, 200, 300.5):
        follow(scene, metres)
    assert len({e.round for e in scene.planned(Audience.EVERYONE)}) == 1
    assert "moved 300 m" in updates(scene)[0]


def test_a_device_at_rest_does_not_fill_the_journal() -> None:
    scene = scene_of()
    for _ in range(60):
        follow(scene, 5, after_s=10)
    assert len(scene.of(PositionFollowed)) == 2, "one in five minutes"


def test_a_second_update_waits_and_then_says_where_they_are_by_then() -> None:
    scene = scene_of()
    follow(scene, 400)
    first = len(updates(scene))
    follow(scene, 900)
    follow(scene, 1_600)
    assert len(updates(scene)) == first
    due = next_due(scene.state(), scene.now)
    assert due is not None
    scene.run(600, each_due=scene.settle_all)
    assert "moved 1200 m north-east" in updates(scene)[-1]
    assert len(scene.planned()) == len({event.effect for event in scene.planned()})


def test_a_first_fix_is_told_at_once() -> None:
    scene = Scene().raised(place=NOWHERE)
    scene.settle_all()
    follow(scene, 0, after_s=5)
    assert updates(scene)
    assert "moved" not in updates(scene)[0]


def test_an_older_position_moves_nobody() -> None:
    scene = scene_of()
    scene.run(60)
    place = replace(place_at(scene, 900), at=TASHKENT.at)
    assert scene.do(Follow(command_id=scene.command_id(), place=place)) == ()


def test_after_the_end_nobody_is_followed() -> None:
    scene = scene_of()
    scene.run(60)
    place = place_at(scene, 900)
    assert followed(scene.alarm, lambda _: place, scene.now) is not None
    scene.acknowledge()
    scene.close()
    assert followed(scene.alarm, lambda _: place, scene.now) is None
    assert scene.do(Follow(command_id=scene.command_id(), place=place)) == ()


def test_a_press_from_elsewhere_is_an_update_too() -> None:
    scene = scene_of()
    scene.run(120, each_due=scene.settle_all)
    scene.raised("again", place=place_at(scene, 700))
    assert "moved 700 m north-east" in updates(scene)[0]


def test_whoever_was_told_of_a_case_before_hears_nothing_of_the_next() -> None:
    scene = scene_of()
    scene.acknowledge()
    scene.close()
    scene.settle_all()
    scene.colleagues = scene.colleagues[5:]
    scene.now = scene.now.plus(timedelta(hours=1))
    scene.raised("again")
    scene.settle_all()
    follow(scene, 900)
    assert "c1" not in scene.told(Audience.EVERYONE)
    assert "c6" in scene.told(Audience.EVERYONE)


def test_a_stranger_who_moves_reaches_no_colleague() -> None:
    scene = Scene().raised(doubt=SourceDoubt.UNKNOWN_DEVICE)
    scene.settle_all()
    follow(scene, 900)
    assert set(scene.told(Audience.EVERYONE)) <= {"hq-1", "alder", "rowan", "spruce"}


def test_whoever_could_not_be_reached_is_not_told_of_a_move() -> None:
    scene = Scene().raised()
    for effect in scene.waiting():
        refused = ".c1." in effect
        state = EffectState.REJECTED if refused else EffectState.ACCEPTED
        scene.settle(effect, state)
    follow(scene, 900)
    assert "c1" not in scene.told(Audience.EVERYONE)


# a cancel, and what does not fit it ---------------------------------------------------


def test_a_position_that_moves_on_after_a_cancel_is_a_sign_of_force() -> None:
    scene = scene_of()
    scene.acknowledge()
    scene.cancel()
    follow(scene, 100)
    assert scene.state().force == frozenset()
    follow(scene, 500)
    state = scene.state()
    assert state.force == {Force.MOVING}
    assert state.acknowledged is None, "HQ has not seen it"
    scene.acknowledge()
    follow(scene, 2_000)
    assert scene.state().acknowledged is not None, "it is one sign, not one each time"


def test_one_person_does_not_close_what_moved_after_a_cancel() -> None:
    scene = scene_of()
    scene.cancel(Word.SAFE)
    follow(scene, 500)
    scene.acknowledge()
    scene.close()
    assert scene.state().is_open


def silent_scene() -> Scene:
    scene = scene_of(updates=Updates(silent=timedelta(minutes=10)))
    scene.acknowledge()
    follow(scene, 50)
    return scene


def test_a_device_that_falls_silent_after_a_cancel_is_a_sign_of_force() -> None:
    scene = silent_scene()
    scene.run(3_600, each_due=scene.settle_all)
    assert scene.of(SignNoticed) == [], "nobody has asked to call it off"
    scene.cancel()
    scene.run(599, each_due=scene.settle_all)
    assert scene.of(SignNoticed) == []
    scene.run(2, each_due=scene.settle_all)
    assert scene.state().force == {Force.SILENT}
    assert scene.state().acknowledged is None
    scene.run(3_600, each_due=scene.settle_all)
    assert len(scene.of(SignNoticed)) == 1


def test_a_device_that_goes_on_reporting_has_not_fallen_silent() -> None:
    scene = silent_scene()
    scene.cancel()
    for _ in range(6):
        follow(scene, 50, after_s=400)
    assert scene.of(SignNoticed) == []


def test_a_device_that_never_said_its_place_cannot_fall_silent() -> None:
    scene = scene_of(updates=Updates(silent=timedelta(minutes=10)))
    scene.cancel()
    scene.run(3_600, each_due=scene.settle_all)
    assert scene.of(SignNoticed) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_move_is_said_in_each_language(language: str) -> None:
    facts = TextFacts(
        alias="Heron",
        code="K7F2",
        sign="Umbrella",
        lat_deg=41.3,
        lon_deg=69.2,
        pressed_at=press_of().at,
        move=(412.0, "north_east"),
    )
    now = press_of().at
    parts = finish(compose("moved", language, facts, now=now), language, now)
    text = "".join(part.text for part in parts)
    assert "400" in text
    assert text.endswith("Umbrella")
    assert len(text) <= (160 if language not in {"ru", "ar"} else 70)


def test_far_moves_are_said_in_kilometres() -> None:
    facts = TextFacts(
        alias="Heron", pressed_at=press_of().at, move=(12_600.0, "south_west")
    )
    (said,) = [
        part.text
        for part in compose("moved", "en", facts, now=press_of().at)
        if "moved" in part.text
    ]
    assert said == " moved 13 km south-west"


def test_whoever_declined_still_hears_where_the_defender_is() -> None:
    scene = scene_of()
    scene.reply("c2", ReplyKind.CANNOT)
    follow(scene, 900)
    assert "c2" in scene.told(Audience.EVERYONE)


@pytest.mark.parametrize("name", sorted(set(PROTOCOLS) - {"hq_alone", "unknown"}))
def test_each_sample_tells_people_of_a_move(name: str) -> None:
    steps = [s for s in PROTOCOLS[name].steps if s.to is Audience.EVERYONE]
    assert [s.text for s in steps] == ["moved"]


@pytest.mark.parametrize(
    ("at", "is_followed"),
    [(None, False), (START, False), (START.plus(timedelta(milliseconds=1)), True)],
)
def test_the_place_that_is_known_is_followed_to_where_it_is_newer_than_the_press(
    at: Instant | None, *, is_followed: bool
) -> None:
    alarm, later = Scene().raised().state(), START.plus(timedelta(hours=1))
    command = follow_to(alarm, replace(TASHKENT, at=at), later)
    assert (command is not None) is is_followed
    assert follow_to(alarm, None, later) is None


def test_a_place_is_followed_to_once_bug_each_tick_did_so_again() -> None:
    """Its command was in the journal: what else fell due with it went nowhere."""
    scene = scene_of()
    scene.run(60, each_due=scene.settle_all)
    place = place_at(scene, 400)
    first = follow_to(scene.state(), place, scene.now)
    assert first is not None
    scene.do(first)
    scene.run(3600, each_due=scene.settle_all)
    assert follow_to(scene.state(), place, scene.now) is None


def test_a_move_that_waits_to_be_told_is_not_put_off_by_the_next_one() -> None:
    scene = scene_of()
    moved = with_place(scene.state(), place_at(scene, 400), scene.now)
    assert moved.moved_at == scene.now
    later = scene.now.plus(timedelta(minutes=1))
    assert with_place(moved, place_at(scene, 900), later).moved_at == scene.now


def test_a_move_has_those_steps_run_anew_that_follow_a_move_and_no_others() -> None:
    scene = scene_of()
    follow(scene, 400)
    before = scene.state()
    after = with_place(before, place_at(scene, 1_200), scene.now)
    moved = {s.id for s in ENDED_BY_ONE.steps if s.after == Start.MOVED.value}
    anew = {
        step for step in after.spent if after.spent[step] != before.spent.get(step, 0)
    }
    assert moved
    assert anew == moved


def test_a_move_of_which_nobody_was_ever_told_waits_to_be_told() -> None:
    alarm = structs.replace(Scene().raised().state(), told_place_at=None, moved_at=None)
    assert not is_news_waiting(alarm)
    moved = structs.replace(alarm, moved_at=START)
    assert is_news_waiting(moved)
    for seconds, waits in ((0, False), (-1, True)):
        told_at = START.plus(timedelta(seconds=seconds))
        assert is_news_waiting(structs.replace(moved, told_place_at=told_at)) is waits


@pytest.mark.parametrize(
    ("known", "new", "is_old"),
    [
        (START, START, True),
        (START, None, False),
        (None, START, False),
        (None, None, False),
        (START, START.plus(timedelta(seconds=1)), False),
    ],
)
def test_a_position_is_old_where_both_have_a_time_and_it_is_no_later(
    known: Instant | None, new: Instant | None, *, is_old: bool
) -> None:
    alarm = Scene().raised().state()
    alarm = structs.replace(alarm, place=replace(TASHKENT, at=known))
    elsewhere = replace(TASHKENT, lat_deg=42.0, at=new)
    command = Follow(command_id=CommandId("f"), place=elsewhere)
    facts = follow_decision(alarm, command, START.plus(timedelta(minutes=9)))
    assert (facts == ()) is is_old


@pytest.mark.parametrize(
    ("changes", "due_min"),
    [
        ({}, 35),
        ({"followed_at": START.plus(timedelta(minutes=9))}, 39),
        ({"followed_at": None}, None),
        ({"force": frozenset({Force.SILENT})}, None),
        ({"force": frozenset({Force.MOVING})}, 35),
        ({"safe_confirmed": Act(by=ALDER, at=START)}, None),
        ({"response": Response.CLOSED}, None),
    ],
)
def test_silence_after_a_cancel_is_a_sign_half_an_hour_after_the_last_word(
    changes: dict[str, object], due_min: float | None
) -> None:
    updates = Updates(silent=timedelta(minutes=30))
    scene = Scene(protocol=replace(ENDED_BY_ONE, updates=updates)).raised()
    alarm = scene.state()
    cancelled = structs.replace(alarm.seen, cancelled=START.plus(timedelta(minutes=5)))
    alarm = structs.replace(alarm, followed_at=START, seen=cancelled, force=frozenset())
    alarm = structs.replace(alarm, **changes)
    due = None if due_min is None else START.plus(timedelta(minutes=due_min))
    assert silence_due(alarm) == due
    assert silence_due(structs.replace(alarm, seen=type(cancelled)())) is None
