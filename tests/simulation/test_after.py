"""What the watcher of the days after an end sees, by cases that no day may bring."""

import pytest
from msgspec import structs

from engine.alarm.state import Alarm, CloseReason, ReplyKind
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.roster.model import Word
from engine.values import PersonId
from tests.engine.alarm.forced import scene_of
from tests.engine.alarm.scene import ALDER, ROWAN, Scene
from tests.engine.alarm.test_after_care import ABDUCTION, DAY_S, MONTHS_S
from tests.engine.alarm.test_detained import FERN
from tests.simulation.after import AfterCare
from tests.simulation.told import is_not_told_of_end

SAFE, HELD = CloseReason.SAFE, CloseReason.DETAINED


def ended_twice(first: CloseReason, then: CloseReason) -> Scene:
    """Return a case that ended in appearance, then truly, and the month after.

    Whoever says that they are safe is a voice for either end.
    """
    scene = scene_of(ABDUCTION)
    scene.cancel(Word.DURESS)
    scene.acknowledge()
    scene.close(ALDER, first)
    scene.run(3 * DAY_S + 1, each_due=scene.settle_all)
    for by in (ROWAN, FERN):
        scene.confirm_safe(by)
    scene.close(ALDER, then)
    assert not scene.state().is_open
    scene.run(MONTHS_S, each_due=scene.settle_all)
    return scene


@pytest.mark.parametrize(
    ("first", "then", "is_seen"),
    [(SAFE, HELD, True), (HELD, SAFE, True), (SAFE, SAFE, False)],
)
def test_a_question_to_whoever_is_detained_by_either_end_is_seen_bug_by_the_first_alone(
    first: CloseReason, then: CloseReason, *, is_seen: bool
) -> None:
    scene = ended_twice(first, then)
    watcher = AfterCare()
    seen = [watcher.listen(scene.state(), one, 0.0) for one in scene.events]
    assert not any(seen), "the engine writes to nobody who is detained"
    asked = ended_twice(SAFE, SAFE).planned(Audience.DEFENDER)[-1]
    assert watcher.listen(scene.state(), asked, 0.0) is is_seen


@pytest.mark.parametrize("is_asked", [True, False])
def test_whose_case_was_opened_again_unseen_is_asked_from_the_first_end_on(
    *, is_asked: bool
) -> None:
    """A colleague was forced to say that all is well: HQ's own alone were looked at."""
    scene = scene_of(ABDUCTION)
    for by in (ALDER, ROWAN):
        scene.confirm_safe(by)
    scene.close(ALDER)
    watcher = AfterCare()
    scene.run(2 * DAY_S, each_due=scene.settle_all)
    scene.reply("c1", ReplyKind.SAFE, duress=True)
    assert scene.state().is_open
    scene.acknowledge()
    for by in (ALDER, ROWAN):
        scene.confirm_safe(by)
    scene.close(ALDER)
    scene.run(MONTHS_S, each_due=scene.settle_all)
    days = scene.planned(Audience.DEFENDER)
    case = structs.replace(scene.state(), defender=PersonId("chough"))
    for event in scene.events:
        if is_asked or event is not days[-1]:
            watcher.listen(case, event, event.at.ms / 1000)
    assert watcher.is_forgotten(case, scene.now.ms / 1000) is not is_asked


@pytest.mark.parametrize(("passed_s", "is_late"), [(59.0, False), (61.0, True)])
def test_news_of_an_end_may_take_a_minute_and_no_longer(
    passed_s: float, *, is_late: bool
) -> None:
    """HQ ended a case in the last seconds of a day."""
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    for by in (ALDER, ROWAN):
        scene.confirm_safe(by)
    scene.close(ALDER, SAFE)
    watcher = AfterCare()
    for one in scene.events:
        watcher.listen(scene.state(), one, 100.0)
    assert is_not_told_of_end(scene.state())
    assert watcher.just_ended(scene.state(), 100.0 + passed_s) is not is_late


def ended_about_a_word_of_force() -> Alarm:
    """Return a case that ended, was opened by a colleague's word, and ended again."""
    scene = scene_of(ABDUCTION)
    for is_opened_since in (False, True):
        if is_opened_since:
            scene.reply("c1", ReplyKind.SAFE, duress=True)
            scene.acknowledge()
        for by in (ALDER, ROWAN):
            scene.confirm_safe(by)
        scene.close(ALDER)
        scene.run(60, each_due=scene.settle_all)
    return scene.state()


@pytest.mark.parametrize("opener", ["c1", "c2"])
def test_whose_own_word_of_force_opened_it_need_hear_of_one_end_alone(
    opener: str,
) -> None:
    """After a true word in its place their telephone would have had one."""
    case = ended_about_a_word_of_force()
    assert not is_not_told_of_end(case)
    opened = structs.replace(case.told["c1"], person=opener)
    others = {key: one for key, one in case.told.items() if key != "c1"}
    other = structs.replace(case, told={**others, opener: opened})
    assert is_not_told_of_end(other) is (opener == "c2")


@pytest.mark.parametrize(
    ("first", "is_wrong"),
    [
        (EffectState.DELIVERED, False),
        (EffectState.ATTEMPTING, False),
        (EffectState.UNKNOWN, True),
        (EffectState.UNDELIVERED, True),
    ],
)
def test_whom_the_first_end_may_not_have_reached_has_to_hear_of_the_second(
    first: EffectState, *, is_wrong: bool
) -> None:
    case = ended_about_a_word_of_force()
    effects = {
        key: structs.replace(one, state=first)
        if one.person == "c1" and one.audience is Audience.TOLD
        else one
        for key, one in case.effects.items()
    }
    assert is_not_told_of_end(structs.replace(case, effects=effects)) is is_wrong
