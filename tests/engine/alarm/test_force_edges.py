"""Signs of force at their edges: who is called off, until when, and who says what."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.commands import RequestCancel
from engine.alarm.events import StepFired
from engine.alarm.force import is_shown, seems_over
from engine.alarm.safety import safe_names
from engine.alarm.state import Act, Force, ReplyKind, Response, Seen, SourceDoubt
from engine.protocol.model import Audience
from engine.roster.model import Word
from engine.values import OperatorId, Signal
from tests.engine.alarm.forced import CAREFUL, forced, scene_of
from tests.engine.alarm.scene import ALDER, ROWAN, Scene, press_of, raise_of


def test_a_sign_of_force_has_hq_acknowledge_anew_from_that_moment() -> None:
    scene = scene_of()
    assert scene.state().response is Response.ACKNOWLEDGED
    scene.now = scene.now.plus(timedelta(minutes=1))
    scene.cancel(Word.DURESS)
    state = scene.state()
    assert state.response is Response.NOTIFYING
    assert (state.urgent_since, state.danger_at) == (scene.now, scene.now)


def test_what_is_over_does_not_only_seem_so() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    scene.close()
    state = scene.state()
    assert (state.is_open, seems_over(state)) == (False, False)


def test_cancels_are_counted_and_the_first_is_the_one_that_was_seen() -> None:
    scene = scene_of()
    first_at = scene.now
    scene.cancel()
    scene.now = scene.now.plus(timedelta(minutes=1))
    scene.cancel(Word.DURESS)
    assert scene.state().cancel_requests == 2
    assert scene.state().seen.cancelled == first_at


COUNTDOWN_S = 10
MISTAKEN = replace(CAREFUL, countdown=timedelta(seconds=COUNTDOWN_S))


def in_countdown(seconds: int = 1) -> Scene:
    scene = Scene(protocol=MISTAKEN).raised()
    assert scene.told(Audience.NEAREST) == []
    scene.now = scene.now.plus(timedelta(seconds=seconds))
    return scene


def test_a_sign_of_force_brings_those_who_were_called_off() -> None:
    scene = in_countdown()
    scene.cancel(Word.SAFE)
    scene.run(COUNTDOWN_S, each_due=scene.settle_all)
    assert scene.told(Audience.NEAREST) == []
    scene.cancel(Word.DURESS)
    assert scene.told(Audience.NEAREST)
    assert not scene.state().called_off


def test_after_a_word_of_force_nobody_is_called_off_in_the_countdown() -> None:
    for word in (None, Word.SAFE):
        scene = in_countdown()
        scene.cancel(Word.DURESS)
        scene.cancel(word)
        assert not scene.state().called_off
        before = len(scene.told(Audience.NEAREST))
        scene.run(COUNTDOWN_S, each_due=scene.settle_all)
        assert len(scene.told(Audience.NEAREST)) == before + 5


@pytest.mark.parametrize("word", [None, Word.SAFE])
def test_what_was_said_before_the_press_calls_nothing_off(word: Word | None) -> None:
    """It had waited for a case, and found the one of a press that came after it."""
    scene = in_countdown()
    before = scene.state()
    press = replace(
        press_of("early", before.presses[0].at.plus(-timedelta(seconds=8))),
        signals=(Signal.CANCEL,),
        proven=word is Word.SAFE,
    )
    scene.do(RequestCancel(command_id=scene.command_id(), press=press))
    assert scene.state().cancel_requests == 1, "HQ sees it"
    assert scene.state().seen.cancelled is None
    assert scene.state().safe == before.safe
    scene.run(COUNTDOWN_S, each_due=scene.settle_all)
    assert scene.told(Audience.NEAREST)


def test_a_word_of_force_from_before_the_press_is_one_and_shows_at_no_telephone() -> (
    None
):
    """Before any press there was nothing to call off: of neither word is it said."""
    told = []
    for duress in (False, True):
        scene = in_countdown()
        early = scene.now.plus(-timedelta(seconds=8))
        press = press_of("early", early, (Signal.CANCEL,))
        press = replace(press, duress=duress, proven=not duress)
        scene.do(RequestCancel(command_id=scene.command_id(), press=press))
        assert scene.state().duress is duress
        scene.run(600, each_due=scene.settle_all)
        told.append([(e.at, e.body) for e in scene.planned(Audience.DEFENDER)])
    assert told[0] == told[1]


def test_a_second_press_brings_those_who_were_called_off() -> None:
    scene = in_countdown()
    scene.cancel(Word.SAFE)
    scene.raised("again")
    assert scene.told(Audience.NEAREST)
    assert not scene.state().called_off


def test_at_the_end_of_the_countdown_it_is_too_late_to_call_it_off() -> None:
    late, in_time = in_countdown(COUNTDOWN_S), in_countdown(COUNTDOWN_S - 1)
    for scene in (late, in_time):
        scene.cancel()
    assert late.told(Audience.NEAREST)
    assert not late.state().called_off
    assert in_time.state().called_off


def test_somebody_elses_cancel_calls_nothing_off() -> None:
    scene = in_countdown()
    press = press_of(
        "theirs", scene.now, (Signal.CANCEL,), doubt=SourceDoubt.FAILED_AUTHENTICATION
    )
    scene.do(RequestCancel(command_id=scene.command_id(), press=press))
    assert not scene.state().called_off
    scene.run(COUNTDOWN_S)
    assert scene.told(Audience.NEAREST)


@pytest.mark.parametrize("word", [Word.SAFE, Word.DURESS])
def test_a_word_whose_source_is_in_doubt_says_for_nobody_that_all_is_well(
    word: Word,
) -> None:
    """Whoever has overheard it may send it; HQ looks at it all the same."""
    scene = scene_of()
    press = replace(
        press_of("heard", scene.now, (Signal.CANCEL,)),
        doubt=SourceDoubt.FAILED_AUTHENTICATION,
        proven=word is Word.SAFE,
        duress=word is Word.DURESS,
    )
    scene.do(RequestCancel(command_id=scene.command_id(), press=press))
    state = scene.state()
    assert (state.safe, safe_names(state, as_seen=True)) == ((), ())
    assert state.acknowledged is None, "they have not seen it yet"


def test_an_unseen_word_of_force_is_no_cancel_for_whoever_watches() -> None:
    """One of safety in its place would have been none for the case."""
    scene = scene_of()
    press = replace(
        press_of("theirs", scene.now, (Signal.CANCEL,)), duress=True, unseen=True
    )
    scene.do(RequestCancel(command_id=scene.command_id(), press=press))
    state = scene.state()
    assert Force.DURESS_WORD in state.force
    assert (state.seen.cancelled, state.safe) == (None, ())


def test_a_press_that_comes_late_has_waited_long_enough() -> None:
    scene = Scene(protocol=MISTAKEN)
    scene.do(raise_of(replace(press_of(), late=True), MISTAKEN))
    assert scene.told(Audience.NEAREST)


def test_after_a_further_press_voices_count_from_the_first() -> None:
    scene = scene_of()
    scene.confirm_safe(ROWAN)
    scene.reply("c1", ReplyKind.SAFE)
    scene.reply("c2", ReplyKind.COMING, duress=True)
    scene.raised("again")
    assert safe_names(scene.state(), as_seen=True) == ()
    scene.reply("c3", ReplyKind.SAFE)
    assert safe_names(scene.state(), as_seen=False) == ("c3",)


def test_what_was_said_before_an_end_in_appearance_is_not_said_after_it() -> None:
    scene = forced()
    scene.acknowledge()
    scene.confirm_safe(ALDER)
    scene.close(ALDER)
    assert safe_names(scene.state(), as_seen=False) == ("alder",)
    scene.reopen(ROWAN)
    state = scene.state()
    assert state.seen.closed is None
    assert safe_names(state, as_seen=True) == ()
    scene.confirm_safe(ALDER)
    assert safe_names(scene.state(), as_seen=False) == ("alder",)


def test_the_defenders_word_is_the_defenders_own() -> None:
    scene = scene_of()
    scene.cancel(Word.SAFE)
    assert safe_names(scene.state(), as_seen=False) == ("heron",)
    scene.reply("c1", ReplyKind.COMING, duress=True)
    scene.cancel(Word.SAFE)
    assert safe_names(scene.state(), as_seen=False) == ()


def test_a_word_of_force_is_not_forgotten_for_a_later_sign() -> None:
    scene = forced()
    scene.raised("again")
    assert scene.state().force == {Force.DURESS_WORD, Force.SECOND_SIGNAL}
    assert scene.state().duress


def test_a_further_press_changes_nothing_of_what_the_defender_has_seen() -> None:
    scene = scene_of()
    scene.cancel(Word.SAFE)
    seen = scene.state().seen
    assert seen.cancelled is not None
    scene.raised("again")
    assert scene.state().seen == seen
    told = len(scene.told(Audience.DEFENDER))
    scene.cancel(Word.SAFE)
    assert len(scene.told(Audience.DEFENDER)) == told, "it was confirmed before"


def test_a_press_after_an_end_in_appearance_begins_anew_for_the_defender() -> None:
    scene = forced()
    scene.acknowledge()
    scene.confirm_safe(ALDER)
    scene.close(ALDER)
    assert scene.state().seen.closed is not None
    colleagues = scene.told(Audience.NEAREST)
    scene.raised("again")
    assert scene.state().seen == Seen(raised=scene.now)
    assert scene.told(Audience.NEAREST) == colleagues, "for nobody else"
    told = len(scene.told(Audience.DEFENDER))
    scene.cancel(Word.SAFE)
    assert len(scene.told(Audience.DEFENDER)) == told + 1


def test_a_colleague_who_is_forced_to_say_so_says_nothing_for_the_defender() -> None:
    scene = scene_of()
    scene.reply("c1", ReplyKind.SAFE, duress=True)
    assert scene.state().seen.confirmed is None
    assert safe_names(scene.state(), as_seen=True) == ()


def asked_by_us() -> Scene:
    """Return a case whose defender has a message of ours, and so may answer."""
    scene = scene_of()
    scene.cancel()
    scene.settle_all()
    return scene


def test_of_the_defenders_answers_only_one_says_that_all_is_well() -> None:
    scene = asked_by_us()
    scene.reply("heron", ReplyKind.REAL, word=Word.SAFE)
    assert scene.state().seen.confirmed is None
    assert safe_names(scene.state(), as_seen=True) == ()
    scene.reply("heron", ReplyKind.SAFE, word=Word.SAFE)
    assert scene.state().seen.confirmed == scene.now
    assert safe_names(scene.state(), as_seen=True) == ("heron",)


def test_hq_waits_no_longer_for_a_true_answer_and_goes_on_after_a_forced_one() -> None:
    confirmed = {}
    for word in Word:
        scene = asked_by_us()
        scene.reply("heron", ReplyKind.SAFE, word=word)
        confirmed[word] = scene.state().safe_confirmed
        assert scene.state().seen.confirmed == scene.now
        signs = {Force.DURESS_WORD} if word is Word.DURESS else set()
        assert scene.state().force == signs
    assert confirmed[Word.DURESS] is None
    assert confirmed[Word.SAFE] == Act(by=OperatorId("heron"), at=scene.now)


def test_an_operators_reopening_leaves_the_cancel_seen_and_a_press_forgets_it() -> None:
    opened = {}
    for by in ("operator", "press"):
        scene = scene_of()
        scene.cancel(Word.SAFE)
        scene.acknowledge()
        scene.confirm_safe(ROWAN)
        scene.close(ALDER)
        scene.settle_all()
        scene.reply("heron", ReplyKind.SAFE, word=Word.SAFE)
        seen = scene.state().seen
        assert (seen.closed, seen.confirmed) == (scene.now, scene.now)
        told = scene.told(Audience.DEFENDER)
        if by == "operator":
            scene.reopen(ALDER)
            scene.tick()
            assert scene.told(Audience.DEFENDER) == told, "the cancel was confirmed"
        else:
            scene.raised("again")
        assert scene.state().is_open
        opened[by] = scene.state().seen
    assert opened["operator"] == structs.replace(seen, closed=None, confirmed=None)
    assert opened["press"] == Seen(raised=scene.now)


def test_after_an_operators_reopening_the_defender_hears_of_the_next_end() -> None:
    scene = scene_of()
    for _ in range(2):
        scene.acknowledge()
        scene.confirm_safe(ROWAN)
        scene.close(ALDER)
        scene.settle_all()
        scene.reopen(ALDER)
    ended = [e.step for e in scene.planned(Audience.DEFENDER)]
    assert ended == ["ended", "ended"]


def test_no_round_of_a_step_has_the_number_of_another_nor_leaves_one_out() -> None:
    scene = scene_of()
    for again in ("second", "third"):
        scene.acknowledge()
        scene.confirm_safe(ROWAN)
        scene.close(ALDER)
        scene.raised(again)
    fired = [e for e in scene.of(StepFired) if isinstance(e, StepFired)]
    assert [e.round for e in fired if e.step == "colleagues"] == [1, 2, 3]


@pytest.mark.parametrize("before", ["nothing", "an end in appearance"])
def test_a_call_for_help_with_the_word_of_force_shows_as_the_call_alone(
    before: str,
) -> None:
    seen, cases = [], []
    for duress in (False, True):
        scene = Scene(protocol=CAREFUL)
        if before != "nothing":
            scene = forced()
            scene.acknowledge()
            scene.confirm_safe(ALDER)
            scene.close(ALDER)
        press = replace(press_of("help", scene.now), duress=duress)
        scene.do(raise_of(press, CAREFUL))
        scene.settle_all()
        scene.now = scene.now.plus(timedelta(minutes=2))
        scene.cancel()
        seen.append(
            [
                (event.at, event.step, event.body.text(scene.now))
                for event in scene.planned(Audience.DEFENDER)
            ]
        )
        cases.append(scene.state())
    plain, with_word = cases
    assert seen[0] == seen[1] != []
    assert plain.seen == with_word.seen
    assert Force.DURESS_WORD in with_word.force
    assert (before == "nothing") is (Force.DURESS_WORD not in plain.force)


@pytest.mark.parametrize(
    ("signals", "duress", "shown"),
    [
        ((Signal.SOS,), False, True),
        ((Signal.SOS,), True, True),
        ((Signal.FALL,), True, True),
        ((Signal.CANCEL,), True, False),
        ((Signal.BUTTON,), True, False),
        ((Signal.BUTTON,), False, True),
        ((), False, True),
        ((), True, False),
    ],
)
def test_a_word_of_force_beside_what_raises_shows_as_that_alone_would(
    signals: tuple[Signal, ...], *, duress: bool, shown: bool
) -> None:
    protocol = replace(CAREFUL, triggers=frozenset({Signal.FALL}))
    press = replace(press_of(signals=signals), duress=duress)
    assert is_shown(press, protocol) == shown
