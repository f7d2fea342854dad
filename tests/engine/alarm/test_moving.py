"""A place that moves on after a cancel, and what a cancel says after an end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.alarm.commands import Follow
from engine.alarm.events import SignNoticed
from engine.alarm.state import NOWHERE, Force, KnownPlace, PlaceSource
from engine.protocol.model import Updates
from engine.roster.model import Word
from tests.engine.alarm.scene import ROWAN, TASHKENT, Scene
from tests.engine.alarm.test_following import follow, place_at, scene_of
from tests.fakes import START


@pytest.mark.parametrize("word", [None, Word.SAFE])
def test_whoever_calls_it_off_again_and_again_on_the_way_has_moved_on(
    word: Word | None,
) -> None:
    scene = scene_of()
    for metres in (0, 200, 400):
        scene.cancel(word)
        follow(scene, metres + 200, after_s=30)
    assert scene.state().force == {Force.MOVING}


# a cancel without a place to compare with ---------------------------------------------

MILE_OFF = replace(TASHKENT, lat_deg=41.33)
VAGUE = {
    "nowhere": NOWHERE,
    "a declared town": replace(MILE_OFF, source=PlaceSource.DECLARED),
    "not believed": replace(MILE_OFF, source=PlaceSource.DOUBTED),
    "yesterday's": replace(
        MILE_OFF,
        source=PlaceSource.LAST_FIX,
        at=START.plus(timedelta(hours=-9)),
    ),
    "a rough one": replace(MILE_OFF, accuracy_m=3_000.0),
}
vaguely = pytest.mark.parametrize("known", VAGUE.values(), ids=VAGUE.keys())


def called_off_at(known: KnownPlace, word: Word | None = None) -> Scene:
    scene = Scene().raised(place=known)
    scene.settle_all()
    scene.cancel(word)
    return scene


@vaguely
@pytest.mark.parametrize("word", [None, Word.SAFE])
def test_a_first_position_after_a_cancel_has_moved_from_nowhere(
    known: KnownPlace, word: Word | None
) -> None:
    scene = called_off_at(known, word)
    for metres in (0, 100, 200):
        follow(scene, metres)
    assert scene.state().force == frozenset()


@vaguely
@pytest.mark.parametrize("word", [None, Word.SAFE])
def test_who_is_driven_away_after_a_cancel_without_a_place_moves_all_the_same(
    known: KnownPlace, word: Word | None
) -> None:
    scene = called_off_at(known, word)
    follow(scene, 0)
    scene.cancel(word)
    follow(scene, 200)
    assert scene.state().force == frozenset()
    follow(scene, 400)
    assert scene.state().force == {Force.MOVING}


def test_whoever_is_far_outside_a_rough_place_has_moved_from_it_at_once() -> None:
    scene = called_off_at(VAGUE["a rough one"])
    follow(scene, 8_000)
    assert scene.state().force == {Force.MOVING}


def test_a_last_fix_of_a_moment_before_is_a_place_to_move_from() -> None:
    at = START.plus(timedelta(minutes=-30))
    scene = called_off_at(replace(TASHKENT, source=PlaceSource.LAST_FIX, at=at))
    follow(scene, 400, after_s=1)
    assert scene.state().force == {Force.MOVING}


@pytest.mark.parametrize("accuracy_m", [290.0, 300.0])
def test_a_finer_place_is_taken_once_and_not_again_on_the_way(
    accuracy_m: float,
) -> None:
    scene = called_off_at(replace(TASHKENT, accuracy_m=accuracy_m))
    for metres in (150, 320):
        follow(scene, metres)
    assert scene.state().force == {Force.MOVING}


def test_a_place_whose_accuracy_nobody_knows_is_one_to_move_from() -> None:
    scene = called_off_at(replace(TASHKENT, accuracy_m=None))
    follow(scene, 200)
    assert scene.state().force == frozenset()
    follow(scene, 400)
    assert scene.state().force == {Force.MOVING}


def test_a_place_that_is_not_believed_is_none_to_move_from_when_it_comes_late() -> None:
    scene = called_off_at(NOWHERE)
    scene.raised("again", place=VAGUE["not believed"])
    scene.settle_all()
    for metres in (0, 100, 200):
        follow(scene, metres)
    assert Force.MOVING not in scene.state().force


@pytest.mark.parametrize("accuracy_m", [1_000.0, 2_000.0])
def test_a_place_that_is_no_finer_does_not_take_the_place_of_a_rough_one(
    accuracy_m: float,
) -> None:
    scene = called_off_at(replace(TASHKENT, accuracy_m=1_000.0))
    scene.run(360, each_due=scene.settle_all)
    rough = replace(place_at(scene, 900), accuracy_m=accuracy_m)
    scene.do(Follow(command_id=scene.command_id(), place=rough))
    assert scene.state().force == frozenset()
    follow(scene, 1_700)
    assert scene.state().force == {Force.MOVING}


def test_a_place_of_unknown_accuracy_counts_as_finer_than_a_rough_one() -> None:
    scene = called_off_at(VAGUE["a rough one"])
    scene.run(60, each_due=scene.settle_all)
    place = replace(place_at(scene, 0), accuracy_m=None)
    scene.do(Follow(command_id=scene.command_id(), place=place))
    assert scene.state().cancelled_place == place


def ended_after_a_cancel() -> Scene:
    """Return a case with a true cancel, closed, and opened again on another day."""
    scene = scene_of(updates=Updates(silent=timedelta(minutes=10)))
    follow(scene, 50)
    scene.cancel(Word.SAFE)
    scene.acknowledge()
    scene.confirm_safe(ROWAN)
    scene.close()
    assert not scene.state().is_open
    scene.now = scene.now.plus(timedelta(days=2))
    scene.reopen()
    scene.settle_all()
    return scene


def test_a_cancel_of_before_the_end_says_nothing_of_where_one_may_be_after_it() -> None:
    scene = ended_after_a_cancel()
    follow(scene, 5_000)
    assert scene.state().force == frozenset()
    scene.cancel()
    follow(scene, 6_000)
    assert scene.state().force == {Force.MOVING}


def test_silence_counts_from_the_reopening_and_not_from_days_before() -> None:
    scene = ended_after_a_cancel()
    assert scene.of(SignNoticed) == []
    scene.run(599, each_due=scene.settle_all)
    assert scene.of(SignNoticed) == []
    scene.run(2, each_due=scene.settle_all)
    assert scene.state().force == {Force.SILENT}
