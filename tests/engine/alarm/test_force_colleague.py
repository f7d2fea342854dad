"""A colleague who is forced to answer: their telephone gets what it would after a true
answer, and the answer counts for nothing.
"""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from msgspec import structs

from engine.alarm.events import ActRefused
from engine.alarm.state import Force, ReplyKind, Truth
from engine.ports.journal import EffectState
from engine.protocol.model import Audience, Step
from engine.roster.model import Word
from engine.values import StepId
from tests.engine.alarm.scene import ALDER, PROTOCOLS, ROWAN, Scene, colleague
from tests.engine.alarm.test_ladder import LADDER
from tests.engine.alarm.test_steps import protocol

FORCED = "c1"
ANSWERS = [ReplyKind.COMING, ReplyKind.CANNOT, ReplyKind.REAL, ReplyKind.FALSE]
REMINDERS = tuple(
    Step(
        id=StepId(to.value),
        after="raised",
        to=to,
        channels=("sms",),
        text="ask",
        delay=timedelta(minutes=5),
        every=timedelta(minutes=5),
        rounds=3,
    )
    for to in (Audience.SILENT, Audience.ASKED)
)
PROTOCOL = protocol(LADDER)
PROTOCOL = replace(PROTOCOL, steps=(*PROTOCOL.steps, *REMINDERS))


def answered(
    *replies: tuple[ReplyKind, Word], ends: EffectState = EffectState.ACCEPTED
) -> Scene:
    ways = (("sms", "+1"), ("call", "+1"), ("email", "c1@x"))
    one = structs.replace(colleague(FORCED, 1.0), addresses=ways)
    scene = Scene(protocol=PROTOCOL, colleagues=(one,)).raised()
    scene.acknowledge()
    scene.settle_all(ends)
    for kind, word in replies:
        scene.run(10)
        scene.reply(FORCED, kind, word=word)
    scene.run(3600, each_due=partial(scene.settle_all, ends))
    return scene


def to_telephone(scene: Scene) -> list[tuple[str, str, int]]:
    return [
        (event.step, event.channel, event.at.ms)
        for event in scene.planned()
        if event.person == FORCED
    ]


@pytest.mark.parametrize("kind", [*ANSWERS, ReplyKind.SAFE])
def test_a_forced_answer_looks_like_a_true_one_bug_theirs_was_rung_and_asked_again(
    kind: ReplyKind,
) -> None:
    true, forced = (answered((kind, word)) for word in (Word.SAFE, Word.DURESS))
    assert to_telephone(forced) == to_telephone(true)
    assert forced.state().told[FORCED].reply is None
    assert forced.state().force == {Force.COLLEAGUE_FORCED}


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*ANSWERS, ReplyKind.SAFE])
def test_what_was_not_proven_to_come_is_repeated_alike_bug_a_true_4_or_5_was_no_answer(
    kind: ReplyKind,
) -> None:
    unknown = EffectState.UNKNOWN
    true, forced = (
        answered((kind, word), ends=unknown) for word in (Word.SAFE, Word.DURESS)
    )
    assert to_telephone(forced) == to_telephone(true)


@pytest.mark.parametrize("kind", ANSWERS[2:])
@pytest.mark.parametrize("before", [Word.SAFE, Word.DURESS])
def test_what_they_say_of_it_leaves_a_no_as_it_is_bug_a_forced_4_or_5_had_them_asked(
    kind: ReplyKind, before: Word
) -> None:
    true, forced = (
        answered((ReplyKind.CANNOT, before), (kind, word))
        for word in (Word.SAFE, Word.DURESS)
    )
    assert to_telephone(forced) == to_telephone(true)
    assert "asked" not in {step for step, _, _ in to_telephone(true)}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ANSWERS)
def test_after_a_press_that_calls_them_anew_no_answer_of_before_shows_bug_a_4_or_5_did(
    kind: ReplyKind,
) -> None:
    def called_again(word: Word) -> Scene:
        scene = answered((kind, word), ends=EffectState.UNDELIVERED)
        scene.acknowledge()
        scene.confirm_safe(ALDER)
        scene.confirm_safe(ROWAN)
        scene.close()
        assert not scene.state().is_open
        scene.raised("again")
        scene.run(3600, each_due=partial(scene.settle_all, EffectState.UNDELIVERED))
        return scene

    true, forced = (called_again(word) for word in (Word.SAFE, Word.DURESS))
    began_ms = true.state().opened_at.ms
    later = [one for one in to_telephone(true) if one[2] >= began_ms]
    assert later == [one for one in to_telephone(forced) if one[2] >= began_ms]
    assert ("near", "call") in {(step, channel) for step, channel, _ in later}
    assert "silent" in {step for step, _, _ in later}


@pytest.mark.parametrize("first", ANSWERS[:2])
@pytest.mark.parametrize("second", ANSWERS[:2])
def test_whichever_answer_came_last_is_the_one_that_shows(
    first: ReplyKind, second: ReplyKind
) -> None:
    true = answered((first, Word.SAFE), (second, Word.SAFE))
    for words in ((Word.SAFE, Word.DURESS), (Word.DURESS, Word.SAFE)):
        replies = zip((first, second), words, strict=True)
        forced = answered(*replies)
        assert to_telephone(forced) == to_telephone(true)


def test_what_was_said_before_a_press_after_the_end_is_forgotten() -> None:
    scene = answered((ReplyKind.COMING, Word.DURESS))
    scene.acknowledge()
    scene.confirm_safe(ALDER)
    scene.confirm_safe(ROWAN)
    scene.close()
    assert not scene.state().is_open
    scene.raised("again")
    assert scene.state().told[FORCED].seen_reply is None


@pytest.mark.parametrize("kind", [*ANSWERS, ReplyKind.SAFE])
@pytest.mark.parametrize("authentic", [True, False])
def test_who_is_forced_on_the_way_is_coming_no_more_bug_nobody_else_was_called(
    kind: ReplyKind, *, authentic: bool
) -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.reply(FORCED, ReplyKind.COMING)
    scene.run(600)
    assert _wider(scene) == 0
    scene.reply(FORCED, kind, word=Word.DURESS, authentic=authentic)
    scene.settle_all()  # their receipt goes first
    scene.tick()
    assert _wider(scene) == 10
    entry = scene.state().told[FORCED]
    assert entry.reply is ReplyKind.COMING, "the answer counts for nothing"


@pytest.mark.parametrize("words", [1, 2])
@pytest.mark.parametrize("kind", [*ANSWERS, ReplyKind.NEED_HELP, ReplyKind.SAFE])
def test_whose_word_of_force_opens_it_again_is_not_told_anew_bug_it_sent_the_place(
    kind: ReplyKind, words: int
) -> None:
    scene = ended()
    before = len(to_telephone(scene))
    for _ in range(words):
        scene.reply(FORCED, kind, word=Word.DURESS)
        scene.run(600, each_due=scene.settle_all)
    assert scene.state().is_open
    assert len(to_telephone(scene)) == before
    assert scene.told(Audience.NEAREST).count("c2") == 2, "others hear of it"


def test_a_press_after_that_tells_them_anew_as_ever() -> None:
    scene = ended()
    before = len(to_telephone(scene))
    scene.reply(FORCED, ReplyKind.CANNOT, word=Word.DURESS)
    scene.acknowledge()
    scene.run(60, each_due=scene.settle_all)
    scene.confirm_safe(ALDER)
    scene.confirm_safe(ROWAN)
    scene.close()
    scene.settle_all()
    scene.raised("again")
    steps = [step for step, _, _ in to_telephone(scene)[before:]]
    assert "colleagues" in steps, "a press is none of theirs"


@pytest.mark.parametrize("kind", [*ANSWERS, ReplyKind.SAFE])
def test_a_second_end_is_not_told_to_whose_word_opened_it_bug_it_showed_that_it_had(
    kind: ReplyKind,
) -> None:
    """After a true answer to a case that is over there is one end, and no other."""
    true, forced = ended(), ended()
    true.reply(FORCED, kind, word=Word.SAFE)
    forced.reply(FORCED, kind, word=Word.DURESS)
    forced.acknowledge()
    forced.run(60, each_due=forced.settle_all)
    forced.confirm_safe(ALDER)
    forced.confirm_safe(ROWAN)
    forced.close()
    forced.settle_all()
    assert not forced.state().is_open
    assert to_telephone(forced) == to_telephone(true)
    assert forced.told(Audience.TOLD).count("c2") == 2, "others hear of both"


def test_whom_no_end_had_reached_hears_of_the_second_by_whoever_it_was_opened() -> None:
    scene = ended(lost=FORCED)
    scene.reply(FORCED, ReplyKind.CANNOT, word=Word.DURESS)
    scene.acknowledge()
    scene.confirm_safe(ALDER)
    scene.confirm_safe(ROWAN)
    scene.close()
    assert scene.told(Audience.TOLD).count(FORCED) == 2


@pytest.mark.parametrize("kind", [*ANSWERS[1:], ReplyKind.SAFE])
def test_who_is_forced_in_an_open_case_is_found_as_after_a_true_word_bug_never_again(
    kind: ReplyKind,
) -> None:
    """Not by their word was it opened: a wider search finds them after either."""

    def pressed_again(word: Word) -> Scene:
        scene = ended()
        _, *others = scene.colleagues[:7]
        scene.colleagues = (*others, colleague(FORCED, 900.0))
        scene.raised("again")
        scene.run(5, each_due=scene.settle_all)
        scene.reply(FORCED, kind, word=word)
        scene.run(600, each_due=scene.settle_all)
        return scene

    true, forced = pressed_again(Word.SAFE), pressed_again(Word.DURESS)
    assert to_telephone(forced) == to_telephone(true)
    assert to_telephone(forced)[-1][0] == "widen"


def test_who_answers_freely_after_that_is_found_again() -> None:
    scene = ended()
    scene.reply(FORCED, ReplyKind.CANNOT, word=Word.DURESS)
    scene.run(60, each_due=scene.settle_all)
    before = len(to_telephone(scene))
    scene.reply(FORCED, ReplyKind.NEED_HELP)
    scene.run(600, each_due=scene.settle_all)
    assert [step for step, _, _ in to_telephone(scene)[before:]] == ["widen"]


def ended(lost: str = "") -> Scene:
    """Return a case that is over; `lost` is whom no word of the end reaches."""
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.run(60, each_due=scene.settle_all)
    scene.close()
    for effect in scene.waiting():
        is_lost = scene.state().effects[effect].person == lost
        end = EffectState.REJECTED if is_lost else EffectState.ACCEPTED
        scene.settle(effect, end)
    assert not scene.state().is_open
    return scene


def test_who_says_after_that_that_they_are_coming_is() -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.reply(FORCED, ReplyKind.COMING, word=Word.DURESS)
    scene.run(60)
    scene.reply(FORCED, ReplyKind.COMING)
    scene.run(600)
    assert _wider(scene) == 0


def test_a_false_of_who_is_forced_is_no_voice_bug_one_operator_was_enough() -> None:
    scene = Scene(protocol=PROTOCOLS["quorum"]).raised()
    scene.settle_all()
    scene.acknowledge()
    scene.reply(FORCED, ReplyKind.FALSE)
    scene.reply(FORCED, ReplyKind.CANNOT, word=Word.DURESS)
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    assert scene.state().truth is not Truth.FALSE
    scene.reply("c2", ReplyKind.FALSE)
    assert scene.state().truth is Truth.FALSE, "that is the second"


def test_it_is_none_once_they_are_called_anew_either_bug_it_counted_again() -> None:
    """A press had opened the case again, and a wider search finds them only then."""
    scene = Scene(protocol=PROTOCOLS["quorum"]).raised()
    scene.settle_all()
    scene.acknowledge()
    scene.confirm_safe(ALDER)
    scene.confirm_safe(ROWAN)
    scene.close()
    scene.settle_all()
    scene.colleagues = (*scene.colleagues[1:8], colleague(FORCED, 900.0))
    scene.raised("again")
    scene.run(5, each_due=scene.settle_all)
    scene.reply(FORCED, ReplyKind.FALSE)
    scene.reply(FORCED, ReplyKind.CANNOT, word=Word.DURESS)
    scene.run(600, each_due=scene.settle_all)
    assert not scene.state().told[FORCED].ended, "they are called"
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    assert scene.state().truth is not Truth.FALSE


def test_who_was_forced_says_it_again_freely_bug_the_console_said_they_had() -> None:
    """An officer who has the case and is paged as well: the first word is none now."""
    scene = Scene(protocol=PROTOCOLS["quorum"]).raised()
    scene.settle_all()
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    scene.run(10)
    scene.reply("alder", ReplyKind.FALSE, word=Word.DURESS)
    scene.run(10)
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    assert scene.of(ActRefused) == []
    scene.verify(Truth.FALSE)
    assert len(scene.of(ActRefused)) == 1, "once is enough"
    scene.reply("c2", ReplyKind.FALSE)
    assert scene.state().truth is Truth.FALSE


def test_a_real_of_who_is_forced_later_is_a_voice() -> None:
    scene = Scene(protocol=PROTOCOLS["quorum"]).raised()
    scene.settle_all()
    scene.reply(FORCED, ReplyKind.REAL)
    scene.reply(FORCED, ReplyKind.FALSE, word=Word.DURESS)
    scene.reply("c2", ReplyKind.REAL)
    assert scene.state().truth is Truth.VERIFIED


def _wider(scene: Scene) -> int:
    return sum(e.step == "widen" for e in scene.planned(Audience.NEAREST))
