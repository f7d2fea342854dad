"""Whether the defender is safe is asked on after the end, until they have said so."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from msgspec import structs

from engine.alarm.events import ActRefused, SafetyConfirmed
from engine.alarm.evolve import evolve
from engine.alarm.following import silence_due
from engine.alarm.refusals import RefusalGround
from engine.alarm.state import Act, Force, ReplyKind
from engine.protocol.model import ActionProtocol, Audience, Updates
from engine.roster.model import Word
from engine.values import Instant, Signal
from tests.engine.alarm.forced import ATTENDED, scene_of
from tests.engine.alarm.scene import ALDER, PROTOCOLS, ROWAN, Scene, press_of, raise_of

DAY_S = 86_400
MONTHS_S = 40 * DAY_S
ABDUCTION = replace(PROTOCOLS["abduction"], lease=None)
ASKED = ["day-1", "day-3", "day-7", "day-30"]
AFTER_CARE = {*ASKED, "unconfirmed", *(f"hq-{day}" for day in ASKED)}


SAMPLES = [
    name
    for name, protocol in sorted(PROTOCOLS.items())
    if any(step.text == "recheck" for step in protocol.steps)
]


def ended(scene: Scene) -> Scene:
    """End it truly: two say that the defender is safe."""
    if scene.state().acknowledged is None:
        scene.acknowledge()
    scene.confirm_safe(ROWAN)
    scene.close(ALDER)
    assert not scene.state().is_open
    return scene


def attended(scene: Scene) -> None:
    """Have somebody at HQ take whatever asks for it: else it is a page a minute."""
    scene.settle_all()
    if scene.state().is_open and scene.state().acknowledged is None:
        scene.acknowledge()


def confirmed_while_open(protocol: ActionProtocol = ATTENDED) -> Scene:
    """Return a case that HQ opened again, and whose question is answered in it."""
    scene = ended(scene_of(protocol))
    scene.run(DAY_S + 1, each_due=scene.settle_all)
    scene.reopen()
    scene.acknowledge()
    scene.reply("heron", ReplyKind.SAFE, word=Word.SAFE)
    scene.now = scene.now.plus(timedelta(hours=1))
    return scene


def asked_after(scene: Scene, *audiences: Audience) -> list[str]:
    """Return which steps ask after an end that comes now."""
    before = len(scene.planned(*audiences))
    ended(scene).run(MONTHS_S, each_due=scene.settle_all)
    steps = [str(planned.step) for planned in scene.planned(*audiences)[before:]]
    return [step for step in steps if step in AFTER_CARE]


def to_defender(scene: Scene) -> list[tuple[Instant, str, str]]:
    return [
        (event.at, event.effect, event.body.text(event.at))
        for event in scene.planned(Audience.DEFENDER)
    ]


@pytest.mark.parametrize("with_word", [False, True])
def test_after_a_further_press_the_defender_is_asked_as_if_they_had_never_answered(
    *, with_word: bool
) -> None:
    scene = confirmed_while_open()
    scene.do(raise_of(replace(press_of("k2", scene.now), duress=with_word)))
    assert scene.state().safe_confirmed is None
    assert scene.state().seen.confirmed is None
    assert asked_after(scene) == [*ASKED, "unconfirmed"]


def test_what_was_confirmed_since_the_last_press_is_not_asked_again() -> None:
    scene = confirmed_while_open().raised("k2")
    scene.reply("heron", ReplyKind.SAFE, word=Word.SAFE)
    assert asked_after(scene) == []


def test_after_a_word_of_force_hq_is_told_and_the_telephone_asks_no_more() -> None:
    seen, hq = [], []
    for word in Word:
        scene = confirmed_while_open()
        scene.cancel(word)
        hq.append(asked_after(scene, Audience.HQ))
        seen.append(to_defender(scene))
    assert hq == [[], ["unconfirmed"]]
    assert seen[0] == seen[1]


def test_a_press_that_looks_like_a_true_word_has_the_telephone_ask_no_more() -> None:
    scene = confirmed_while_open()
    confirmed = scene.state().seen.confirmed
    unseen = replace(press_of("k2", scene.now, (Signal.CANCEL,)), duress=True)
    scene.do(raise_of(unseen))
    assert scene.state().seen.confirmed == confirmed is not None
    assert asked_after(scene) == ["unconfirmed"]


def under_force(protocol: ActionProtocol = ABDUCTION) -> Scene:
    """Return a case that looks over, and whose defender is asked as after an end."""
    scene = scene_of(protocol)
    scene.cancel(Word.DURESS)
    scene.acknowledge()
    scene.close()
    assert scene.state().is_open, "an end in appearance"
    scene.run(3 * DAY_S + 1, each_due=scene.settle_all)
    return scene


def test_a_true_word_under_force_is_seen_and_hq_goes_on_asking_after_the_end() -> None:
    scene = under_force()
    scene.reply("heron", ReplyKind.SAFE, word=Word.SAFE)
    assert scene.state().seen.confirmed == scene.now
    assert scene.state().safe_confirmed is None
    asked = asked_after(scene, Audience.HQ, Audience.DEFENDER)
    assert asked == [f"hq-{day}" for day in ASKED]


def test_once_others_have_ended_a_case_under_force_the_word_counts_again() -> None:
    scene = ended(under_force())
    scene.run(DAY_S + 1, each_due=scene.settle_all)
    scene.reply("heron", ReplyKind.SAFE, word=Word.SAFE)
    scene.run(MONTHS_S, each_due=scene.settle_all)
    hq = [planned.step for planned in scene.planned(Audience.HQ)]
    assert [step for step in hq if step in AFTER_CARE] == ["hq-day-1"]


@pytest.mark.parametrize("then", ["a press", "a word of force"])
def test_a_device_may_fall_silent_again_after_what_was_confirmed(then: str) -> None:
    scene = scene_of(replace(ATTENDED, updates=Updates(silent=timedelta(minutes=30))))
    scene.cancel(Word.SAFE)
    scene.settle_all()
    scene.reply("heron", ReplyKind.SAFE, word=Word.SAFE)
    followed = structs.replace(scene.state(), followed_at=scene.now)
    assert silence_due(followed) is None
    if then == "a press":
        scene.raised("k2")
    else:
        scene.cancel(Word.DURESS)
    assert Force.SILENT not in scene.state().force
    followed = structs.replace(scene.state(), followed_at=scene.now)
    assert silence_due(followed) == scene.now.plus(timedelta(minutes=30))


# an operator has heard it -------------------------------------------------------------

PROOF = "she came to the office and said her word"


def steps_since(scene: Scene, days: int) -> set[str]:
    """Return which steps ask in the days to come."""
    before = len(scene.planned())
    scene.run(days * DAY_S, each_due=scene.settle_all)
    return {str(one.step) for one in scene.planned()[before:]} & AFTER_CARE


def test_what_hq_has_heard_of_them_ends_the_questions_bug_a_note_did_not() -> None:
    scene = ended(scene_of(ABDUCTION))
    assert steps_since(scene, 2) == {"hq-day-1"}
    scene.confirm_safe(ROWAN, PROOF)
    assert scene.state().safe_confirmed == Act(by=ROWAN, at=scene.now)
    assert steps_since(scene, 40) == set()


def test_whoever_says_so_after_the_end_says_how_they_know() -> None:
    scene = ended(scene_of(ABDUCTION))
    (refused,) = scene.confirm_safe(ROWAN)
    assert isinstance(refused, ActRefused)
    assert refused.ground is RefusalGround.NO_PROOF
    assert steps_since(scene, 2) == {"hq-day-1"}
    scene.confirm_safe(ROWAN, PROOF)
    (again,) = scene.confirm_safe(ALDER, PROOF)
    assert isinstance(again, ActRefused)
    assert again.ground is RefusalGround.ALREADY_DONE


def test_under_force_one_operator_ends_the_telephones_questions_and_not_hqs() -> None:
    seen = []
    for word in Word:
        scene = scene_of(ABDUCTION)
        scene.cancel(word)
        scene.acknowledge()
        if word is Word.SAFE:
            scene.confirm_safe(ROWAN)
        scene.close()
        assert scene.state().is_open == (word is Word.DURESS)
        scene.run(3 * DAY_S + 1, each_due=scene.settle_all)
        scene.confirm_safe(ALDER, PROOF)
        scene.run(40 * DAY_S, each_due=scene.settle_all)
        seen.append(to_defender(scene))
        assert (scene.state().safe_confirmed is None) == scene.state().is_open
    assert seen[0] == seen[1]
    assert [step for _, step, _ in seen[0] if "day-7" in step] == []
    asked = asked_after(scene, Audience.HQ)
    assert asked == [f"hq-{day}" for day in ASKED], "until somebody knows after the end"


def test_once_others_have_ended_a_case_under_force_an_operators_word_is_enough() -> (
    None
):
    scene = under_force()
    scene.reply("heron", ReplyKind.SAFE, word=Word.SAFE)
    ended(scene)
    assert steps_since(scene, 2) == {"hq-day-1"}, "the telephone has answered before"
    scene.confirm_safe(ALDER, PROOF)
    assert steps_since(scene, 40) == set()


def test_a_word_of_force_after_what_hq_has_heard_opens_it_and_hq_asks_again() -> None:
    scene = ended(scene_of(ABDUCTION))
    scene.confirm_safe(ROWAN, PROOF)
    scene.cancel(Word.DURESS)
    assert scene.state().is_open
    assert scene.state().safe_confirmed is None
    scene.close(ALDER)
    assert scene.state().is_open, "what was said before it counts no more"


def test_what_was_said_of_an_open_case_by_an_engine_before_stops_nothing() -> None:
    scene = under_force()
    said = SafetyConfirmed(at=scene.now, by=ROWAN, remark=PROOF)
    assert evolve(scene.state(), said).seen.confirmed is None


def test_a_word_before_the_end_ends_no_question_after_it() -> None:
    """However well an operator knew it then: what comes after is asked after."""
    scene = Scene(protocol=replace(PROTOCOLS["careful"], all_clear_needs=1)).raised()
    scene.acknowledge()
    scene.confirm_safe(ROWAN, PROOF)
    scene.close()
    assert scene.state().seen.confirmed is None
    scene.run(timedelta(days=2).total_seconds())
    assert "day-1" in {event.step for event in scene.planned(Audience.DEFENDER)}


def test_one_operator_says_it_once_of_a_case_that_only_looks_over() -> None:
    scene = under_force()
    for _ in range(2):
        scene.confirm_safe(ROWAN, PROOF)
    (refused,) = scene.of(ActRefused)
    assert isinstance(refused, ActRefused)
    assert refused.ground is RefusalGround.ALREADY_DONE


@pytest.mark.parametrize("name", SAMPLES)
def test_in_each_sample_a_forced_end_is_followed_by_what_follows_a_true_one(
    name: str,
) -> None:
    seen = []
    for word in Word:
        scene = scene_of(replace(PROTOCOLS[name], lease=None))
        scene.confirm_safe(ROWAN)
        scene.cancel(word)
        scene.settle_all()
        scene.acknowledge(ROWAN)
        scene.close(ALDER)
        assert scene.state().is_open == (word is Word.DURESS)
        scene.run(MONTHS_S, each_due=partial(attended, scene))
        seen.append(to_defender(scene))
    assert seen[0] == seen[1]
    assert [step for _, step, _ in seen[0] if "day-30" in step]
