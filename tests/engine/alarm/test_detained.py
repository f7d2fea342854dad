"""An end as detained: whoever holds the defender may have their telephone."""

from dataclasses import replace
from functools import partial

import pytest
from msgspec import structs

from engine.alarm.commands import ConfirmSafe
from engine.alarm.events import ActRefused, AlarmEvent
from engine.alarm.refusals import RefusalGround
from engine.alarm.state import CloseReason, ReplyKind
from engine.ports.journal import EffectState
from engine.protocol.language import LANGUAGES
from engine.protocol.model import Audience
from engine.roster.model import Word
from engine.values import OperatorId
from tests.engine.alarm.forced import scene_of
from tests.engine.alarm.lives import RECEIVED
from tests.engine.alarm.scene import ALDER, PROTOCOLS, ROWAN, Scene
from tests.engine.alarm.test_after_care import (
    ABDUCTION,
    AFTER_CARE,
    DAY_S,
    MONTHS_S,
    PROOF,
    SAMPLES,
    attended,
    confirmed_while_open,
    to_defender,
)
from tests.engine.protocol.test_texts import fits

HELD = CloseReason.DETAINED
NEEDED = {
    "en": "HQ tells you if you are still needed",
    "sv": "HQ säger till",
    "ru": "иначе скажем",
    "es": "La central le avisa",
    "fr": "Le QG vous dira",
    "ar": "إن احتجنا إليك",
}
"""Who says what there is to do, in place of that there is nothing."""
WHERE = "her lawyer has seen her at the station"
FERN = OperatorId("fern")
HQ_ASKS = {step for step in AFTER_CARE if step.startswith("hq-")}


def say_held(
    scene: Scene, by: OperatorId = ROWAN, how: str = WHERE
) -> tuple[AlarmEvent, ...]:
    command_id = scene.command_id()
    said = ConfirmSafe(command_id=command_id, by=by, remark=how, detained=True)
    return scene.do(said)


def waiting_question() -> Scene:
    """Return a case under force, over in appearance, of which a question waits."""
    scene = scene_of(ABDUCTION)
    scene.cancel(Word.DURESS)
    scene.acknowledge()
    scene.close(ALDER)
    scene.run(3 * DAY_S + 1)
    scene.acknowledge()
    return scene


def states_at_defender(scene: Scene) -> list[EffectState]:
    effects = scene.state().effects.values()
    return [one.state for one in effects if one.audience is Audience.DEFENDER]


def asked(scene: Scene) -> list[str]:
    """Return who is asked in the months to come."""
    before = len(scene.planned())
    scene.run(MONTHS_S, each_due=scene.settle_all)
    steps = (one.step for one in scene.planned()[before:])
    return [str(step) for step in steps if step in AFTER_CARE]


@pytest.mark.parametrize("sample", SAMPLES)
def test_after_an_end_as_detained_hq_is_asked_and_their_telephone_is_not(
    sample: str,
) -> None:
    scene = scene_of(replace(PROTOCOLS[sample], lease=None))
    say_held(scene)
    before = len(to_defender(scene))
    scene.close(ALDER, HELD)
    assert not scene.state().is_open
    steps = asked(scene)
    assert steps
    assert all(step == "unconfirmed" or step.startswith("hq-") for step in steps)
    assert len(to_defender(scene)) == before


def test_an_end_as_detained_takes_as_many_and_no_end_as_safe_rests_on_it() -> None:
    scene = scene_of(ABDUCTION)
    assert refused(scene.close(ALDER, HELD)) is RefusalGround.NOT_DETAINED_YET
    say_held(scene)
    assert refused(scene.close(ALDER)) is RefusalGround.NOT_SAFE_YET
    assert refused(say_held(scene)) is RefusalGround.ALREADY_DONE
    scene.close(ALDER, HELD)
    assert scene.state().close_reason is HELD


@pytest.mark.parametrize("word", Word)
def test_that_they_are_detained_is_known_after_the_end_as_well(word: Word) -> None:
    """After a true end it was refused, and their telephone asked; after a forced one
    it ended that: whoever watched could tell the two apart.
    """
    scene = scene_of(ABDUCTION)
    scene.confirm_safe(ROWAN)
    scene.cancel(word)
    scene.acknowledge(ROWAN)
    scene.close(ALDER)
    scene.run(3 * DAY_S + 1, each_due=partial(attended, scene))
    assert "day-3" in {one.step for one in scene.planned(Audience.DEFENDER)}
    say_held(scene)
    before = len(to_defender(scene))
    scene.run(MONTHS_S, each_due=partial(attended, scene))
    assert len(to_defender(scene)) == before
    scene.reply("heron", ReplyKind.SAFE, word=Word.SAFE)
    assert scene.state().safe_confirmed is None
    assert refused(say_held(scene)) is RefusalGround.ALREADY_DONE
    if word is Word.SAFE:
        assert {one.step for one in scene.planned(Audience.HQ)} >= HQ_ASKS


def test_who_does_not_say_how_they_know_stops_no_question_after_any_end() -> None:
    """After a forced end it did: whoever watched could tell it from a true one."""
    seen = []
    for word in Word:
        scene = scene_of(ABDUCTION)
        scene.confirm_safe(ROWAN)
        scene.cancel(word)
        scene.acknowledge(ROWAN)
        scene.close(ALDER)
        say_held(scene, FERN, "")
        scene.run(MONTHS_S, each_due=partial(attended, scene))
        seen.append(to_defender(scene))
    assert seen[0] == seen[1]
    assert {"day-3", "day-30"} <= {one.step for one in scene.planned()}


def test_who_says_detained_after_a_word_of_safety_has_hq_asked_again() -> None:
    scene = scene_of(ABDUCTION)
    scene.confirm_safe(ROWAN)
    scene.close(ALDER)
    scene.run(3 * DAY_S + 1, each_due=scene.settle_all)
    scene.reply("heron", ReplyKind.SAFE, word=Word.SAFE)
    assert scene.state().safe_confirmed is not None
    say_held(scene)
    assert asked(scene) == ["hq-day-7", "hq-day-30"]


@pytest.mark.parametrize("is_over", [True, False])
def test_a_question_that_waits_for_a_modem_does_not_go_out_to_who_is_detained(
    *, is_over: bool
) -> None:
    scene = scene_of(ABDUCTION)
    if is_over:
        scene.confirm_safe(ROWAN)
    else:
        scene.cancel(Word.DURESS)
        scene.acknowledge()
    scene.close(ALDER)
    assert scene.state().is_open is not is_over
    scene.run(3 * DAY_S + 1)
    say_held(scene, ROWAN)
    if not is_over:
        scene.acknowledge()
        say_held(scene, FERN)
        scene.close(ALDER, HELD)
    theirs = states_at_defender(scene)
    assert theirs
    assert EffectState.PLANNED not in theirs


def test_an_end_as_detained_takes_back_what_waits_however_it_is_known() -> None:
    scene = waiting_question()
    say_held(scene, ROWAN, "")
    say_held(scene, FERN, "")
    scene.close(ALDER, HELD)
    assert not scene.state().is_open
    theirs = states_at_defender(scene)
    assert EffectState.WITHDRAWN in theirs
    assert EffectState.PLANNED not in theirs


def test_no_other_word_of_hqs_takes_back_what_waits_for_their_telephone() -> None:
    scene = waiting_question()
    say_held(scene, FERN, "")
    scene.confirm_safe(ROWAN)
    theirs = states_at_defender(scene)
    assert EffectState.PLANNED in theirs
    assert EffectState.WITHDRAWN not in theirs


def test_a_word_from_their_telephone_ends_no_question_and_hqs_does() -> None:
    """Whoever holds them may have the code, and have been told the word."""
    for reason in (CloseReason.SAFE, HELD):
        scene = scene_of(replace(ABDUCTION, steps=(*ABDUCTION.steps, RECEIVED)))
        say_held(scene) if reason is HELD else scene.confirm_safe(ROWAN)
        scene.close(ALDER, reason)
        scene.reply("heron", ReplyKind.SAFE, word=Word.SAFE)
        assert (scene.state().safe_confirmed is None) is (reason is HELD)
    scene.confirm_safe(ROWAN, PROOF)
    assert scene.state().safe_confirmed is not None
    assert asked(scene) == []


def test_while_the_case_is_open_their_telephone_is_answered_as_ever() -> None:
    """Nothing has ended for whoever holds it, and silence would tell them."""
    seen = []
    for is_held in (False, True):
        scene = scene_of(PROTOCOLS["careful"])
        if is_held:
            say_held(scene)
        scene.cancel()
        scene.run(60, each_due=scene.settle_all)
        seen.append(to_defender(scene))
    assert seen[0] == seen[1]
    assert seen[0], "a cancel is answered"


@pytest.mark.parametrize("sample", ["abduction", "careful", "street_attack"])
def test_under_force_their_telephone_sees_the_same_of_an_end_as_detained(
    sample: str,
) -> None:
    seen = []
    for word in Word:
        scene = scene_of(replace(PROTOCOLS[sample], lease=None))
        scene.cancel(word)
        scene.acknowledge()
        scene.close(ALDER, HELD)
        assert scene.state().is_open is (word is Word.DURESS)
        scene.run(MONTHS_S, each_due=partial(attended, scene))
        seen.append(to_defender(scene))
    assert seen[0] == seen[1]


def test_under_force_two_besides_the_defender_end_it_as_detained() -> None:
    scene = scene_of(ABDUCTION)
    scene.cancel(Word.DURESS)
    scene.acknowledge()
    scene.close(ALDER, HELD)
    assert scene.state().is_open
    say_held(scene, ROWAN)
    say_held(scene, FERN)
    scene.close(ALDER, HELD)
    assert not scene.state().is_open


def test_after_a_reopening_and_an_end_as_safe_their_telephone_is_asked_again() -> None:
    scene = scene_of(ABDUCTION)
    say_held(scene)
    scene.close(ALDER, HELD)
    scene.reopen()
    scene.acknowledge()
    scene.confirm_safe(ROWAN)
    scene.close(ALDER)
    scene.run(MONTHS_S, each_due=scene.settle_all)
    assert {"day-3", "day-7", "day-30"} <= {
        str(one.step) for one in scene.planned(Audience.DEFENDER)
    }


def test_a_word_from_before_they_were_taken_leaves_hqs_questions_running() -> None:
    scene = confirmed_while_open()
    assert scene.state().safe_confirmed is not None
    say_held(scene)
    scene.close(ALDER, HELD)
    assert not scene.state().is_open
    assert "unconfirmed" in asked(scene)


def test_after_an_end_in_appearance_as_safe_a_true_one_as_detained_holds_as_well() -> (
    None
):
    """Their telephone was asked on, and its word of safety ended HQ's questions."""
    scene = scene_of(ABDUCTION)
    scene.cancel(Word.DURESS)
    scene.acknowledge()
    scene.close(ALDER)
    scene.run(3 * DAY_S + 1, each_due=partial(attended, scene))
    say_held(scene, ROWAN)
    say_held(scene, FERN)
    scene.close(ALDER, HELD)
    assert not scene.state().is_open
    scene.reply("heron", ReplyKind.SAFE, word=Word.SAFE)
    assert scene.state().safe_confirmed is None
    assert set(asked(scene)) == HQ_ASKS


def test_after_an_end_in_appearance_as_detained_a_true_one_as_safe_shows_nothing() -> (
    None
):
    scene = scene_of(ABDUCTION)
    scene.cancel(Word.DURESS)
    scene.acknowledge()
    scene.close(ALDER, HELD)
    seen = to_defender(scene)
    scene.confirm_safe(ROWAN)
    scene.confirm_safe(FERN)
    scene.close(ALDER)
    assert not scene.state().is_open
    scene.run(MONTHS_S, each_due=partial(attended, scene))
    assert to_defender(scene) == seen


def test_who_says_detained_takes_back_that_they_said_safe() -> None:
    scene = scene_of(ABDUCTION)
    scene.confirm_safe(ROWAN)
    say_held(scene)
    assert refused(scene.close(ALDER)) is RefusalGround.NOT_SAFE_YET
    scene.confirm_safe(ROWAN)
    scene.close(ALDER)
    assert not scene.state().is_open, "whoever was released is safe"


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_was_told_reads_the_same_of_it_as_of_any_end_in_one_short_message(
    language: str,
) -> None:
    """Their telephone may be taken next: it tells nobody what HQ knows.

    So it says nothing that is true of the other ends alone: that nothing was left to do
    was read of somebody in custody too.
    """
    read = []
    for reason in (CloseReason.SAFE, HELD):
        scene = Scene(protocol=ABDUCTION)
        scene.colleagues = tuple(
            structs.replace(one, language=language, sign="Sign")
            for one in scene.colleagues
        )
        scene.raised().settle_all()
        scene.acknowledge()
        scene.confirm_safe(ROWAN) if reason is CloseReason.SAFE else say_held(scene)
        scene.close(ALDER, reason)
        assert not scene.state().is_open
        stops = scene.planned(Audience.TOLD)
        read.append([one.body for one in stops])
    assert read[0] == read[1]
    texts = [one.text(scene.now) for one in read[1] if one.language == language]
    assert texts
    assert all(fits(text) for text in texts), texts
    assert all(NEEDED[language] in text for text in texts), texts


def refused(events: tuple[AlarmEvent, ...]) -> RefusalGround:
    (event,) = events
    assert isinstance(event, ActRefused)
    return event.ground
