"""A place that moves on after a cancel, and what a cancel says after an end."""

from datetime import timedelta

import pytest

from engine.alarm.events import SignNoticed
from engine.alarm.state import Force
from engine.protocol.model import Updates
from engine.roster.model import Word
from tests.engine.alarm.scene import ROWAN, Scene
from tests.engine.alarm.test_following import follow, scene_of


@pytest.mark.parametrize("word", [None, Word.SAFE])
def test_whoever_calls_it_off_again_and_again_on_the_way_has_moved_on(
    word: Word | None,
) -> None:
    scene = scene_of()
    for metres in (0, 200, 400):
        scene.cancel(word)
        follow(scene, metres + 200, after_s=30)
    assert scene.state().force == {Force.MOVING}


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
