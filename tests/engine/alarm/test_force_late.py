"""What calms, and is older than what it would calm, counts for nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from engine.alarm.commands import RequestCancel, TakeReply
from engine.alarm.force import is_before_press
from engine.alarm.safety import safe_names
from engine.alarm.state import Force, ReplyKind
from engine.protocol.model import Audience
from engine.roster.model import Word
from engine.values import Instant, Signal
from tests.engine.alarm.forced import ATTENDED, CAREFUL, scene_of
from tests.engine.alarm.scene import ROWAN, Scene, press_of, raise_of
from tests.engine.alarm.test_after_care import DAY_S, ended
from tests.engine.alarm.test_force import Act, _acts_of, _received
from tests.engine.alarm.test_force_edges import COUNTDOWN_S, MISTAKEN, in_countdown

WORDS = [None, Word.SAFE, Word.DURESS]


def stored(scene: Scene, word: Word | None) -> None:
    """Cancel by what a device had stored an hour ago, and sends only now."""
    press = replace(
        press_of("stored", scene.now, (Signal.CANCEL,)),
        device_at=scene.now.plus(-timedelta(hours=1)),
        late=True,
        proven=word is Word.SAFE,
        duress=word is Word.DURESS,
    )
    scene.do(RequestCancel(command_id=scene.command_id(), press=press))


def shown(scene: Scene) -> list[tuple[Instant, str]]:
    """Return what the defender's telephone gets, and when."""
    return [(one.at, str(one.body)) for one in scene.planned(Audience.DEFENDER)]


def overtaken(scene: Scene, word: Word) -> dict[str, Callable[[], object]]:
    """Return what was said before the last press, or stored, and is taken up now.

    Or what calls from elsewhere, where the true word makes the call nobody's.
    """
    last = next(one for one in reversed(scene.state().presses) if not one.unseen)
    before = last.at.plus(-timedelta(seconds=3))
    press = replace(
        press_of(f"early-{scene.now.ms}", before, (Signal.CANCEL,)),
        proven=word is Word.SAFE,
        duress=word is Word.DURESS,
    )
    cancel = RequestCancel(command_id=scene.command_id(), press=press)
    return {
        "overtaken": lambda: scene.do(cancel),
        "stored": lambda: stored(scene, word),
        "said safe": lambda: says(scene, ReplyKind.SAFE, before, "heron", word),
        "call": lambda: call(scene) if word is Word.DURESS else None,
    }


def call(scene: Scene) -> None:
    """Call for help from elsewhere, with the word of force beside it."""
    press = press_of(f"call-{scene.now.ms}", scene.now)
    unseen = replace(press, duress=True, unseen=True)
    scene.do(raise_of(unseen, scene.state().protocol))


OLD = ["overtaken", "stored", "said safe"]
ACTS = st.lists(
    st.tuples(
        st.integers(0, 200),
        st.sampled_from(
            [*OLD, "call", "close", "press", "cancel again", "confirm safe"]
        ),
    ),
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(before=ACTS, old=st.sampled_from(OLD), after=ACTS, countdown=st.booleans())
def test_whatever_else_happens_what_is_old_shows_not_which_word_it_was(
    before: list[Act], old: str, after: list[Act], *, countdown: bool
) -> None:
    steps = (*CAREFUL.steps, _received())
    protocol = replace(MISTAKEN if countdown else CAREFUL, steps=steps)
    seen = []
    for word in (Word.SAFE, Word.DURESS):
        scene = Scene(protocol=protocol).raised()
        acts = [(wait_s, act, Word.SAFE) for wait_s, act in before]
        acts += [(5, old, word), *((wait_s, act, word) for wait_s, act in after)]
        for wait_s, act, said in acts:
            scene.run(wait_s, each_due=scene.settle_all)
            if scene.state().acknowledged is None:
                scene.acknowledge()
            scene.confirm_safe(ROWAN)
            (_acts_of(scene, said) | overtaken(scene, said))[act]()
        scene.run(600, each_due=scene.settle_all)
        seen.append(shown(scene))
    assert seen[0] == seen[1]


def test_what_a_device_had_stored_calls_nothing_off_and_shows_not_what_it_was() -> None:
    """It was sent behind the press of now, and kept colleagues from it."""
    told = []
    for word in WORDS:
        scene = in_countdown()
        safe = scene.state().safe
        stored(scene, word)
        assert scene.state().seen.cancelled is None
        assert scene.state().safe == safe
        assert (Force.DURESS_WORD in scene.state().force) == (word is Word.DURESS)
        scene.run(COUNTDOWN_S, each_due=scene.settle_all)
        assert scene.told(Audience.NEAREST)
        scene.run(600, each_due=scene.settle_all)
        told.append(shown(scene))
    assert told[0] == told[1] == told[2]


def test_a_cancel_that_came_before_the_last_press_calls_nothing_off() -> None:
    scene = in_countdown()
    early = scene.now
    scene.now = scene.now.plus(timedelta(seconds=2))
    scene.raised("again", signals=(Signal.SOS,))
    press = press_of("early", early, (Signal.CANCEL,))
    scene.do(RequestCancel(command_id=scene.command_id(), press=press))
    assert scene.state().seen.cancelled is None
    scene.run(COUNTDOWN_S, each_due=scene.settle_all)
    assert scene.told(Audience.NEAREST)


def says(
    scene: Scene, kind: ReplyKind, came: Instant, person: str, word: Word | None
) -> None:
    scene.do(
        TakeReply(
            command_id=scene.command_id(),
            person=person,
            reply=kind,
            authentic=True,
            channel="sms",
            proven=word is Word.SAFE,
            duress=word is Word.DURESS,
            came=came,
        )
    )


def test_a_word_that_a_press_has_overtaken_is_no_voice_and_shows_not_which() -> None:
    """Whoever wrote that they were safe, and pressed then, was asked no more."""
    told = []
    for word in (Word.SAFE, Word.DURESS):
        scene = ended(scene_of(ATTENDED))
        scene.run(DAY_S + 1, each_due=scene.settle_all)
        came = scene.now
        scene.now = scene.now.plus(timedelta(seconds=2))
        scene.raised("again", signals=(Signal.SOS,))
        says(scene, ReplyKind.SAFE, came, "heron", word)
        state = scene.state()
        assert (state.safe, state.safe_confirmed, state.seen.confirmed) == (
            (),
            None,
            None,
        )
        assert state.duress is (word is Word.DURESS)
        scene.run(7_200, each_due=scene.settle_all)
        told.append(shown(scene))
    assert told[0] == told[1]


@pytest.mark.parametrize("act", ["cancel", "answer"])
def test_what_a_call_from_elsewhere_has_overtaken_shows_not_that_there_was_one(
    act: str,
) -> None:
    """Their telephone was not told that the cancel had come, or was asked again."""
    told, steps = [], (*CAREFUL.steps, _received())
    for word in (Word.SAFE, Word.DURESS):
        scene = scene_of(replace(CAREFUL, steps=steps))
        came = scene.now
        scene.run(2)
        if word is Word.DURESS:
            call(scene)
        if act == "cancel":
            press = replace(press_of("early", came, (Signal.CANCEL,)), proven=True)
            scene.do(RequestCancel(command_id=scene.command_id(), press=press))
        else:
            says(scene, ReplyKind.SAFE, came, "heron", Word.SAFE)
        scene.run(7_200, each_due=scene.settle_all)
        told.append((shown(scene), scene.state().seen))
        names = safe_names(scene.state(), as_seen=False)
        assert ("heron" in names) is (word is Word.SAFE)
    assert told[0] == told[1]


@pytest.mark.parametrize("kind", [ReplyKind.SAFE, ReplyKind.FALSE])
def test_a_colleague_who_spoke_before_a_press_is_no_voice(kind: ReplyKind) -> None:
    scene = scene_of()
    came = scene.now
    scene.now = scene.now.plus(timedelta(seconds=2))
    scene.raised("again", signals=(Signal.SOS,))
    person = next(iter(scene.state().told))
    says(scene, kind, came, person, None)
    assert scene.state().safe == ()
    says(scene, kind, scene.now, person, None)
    assert len(scene.state().safe) == 1


def test_who_was_coming_before_another_press_comes_all_the_same() -> None:
    scene = scene_of()
    came = scene.now
    scene.now = scene.now.plus(timedelta(seconds=2))
    scene.raised("again", signals=(Signal.SOS,))
    person = next(iter(scene.state().told))
    says(scene, ReplyKind.COMING, came, person, None)
    assert scene.state().told[person].reply is ReplyKind.COMING


@pytest.mark.parametrize(
    ("is_shown", "had_case", "as_seen", "is_before"),
    [
        (True, True, True, True),
        (False, True, True, False),
        (False, False, True, True),
        (False, True, False, True),
        (True, False, False, True),
    ],
)
def test_at_their_addresses_no_press_counts_that_does_not_show_once_they_have_a_case(
    *, is_shown: bool, had_case: bool, as_seen: bool, is_before: bool
) -> None:
    """A word of force by itself looks like one of safety, which raises nothing."""
    case = Scene().raised().state()
    came, (first, *_) = case.presses[0].at.plus(timedelta(seconds=1)), case.presses
    later = replace(
        first,
        at=came.plus(timedelta(seconds=1)),
        duress=True,
        signals=(Signal.SOS,) if is_shown else (Signal.CANCEL,),
    )
    seen = case.seen if had_case else structs.replace(case.seen, raised=None)
    pressed = structs.replace(case, presses=(first, later), seen=seen)
    assert is_before_press(pressed, came, as_seen=as_seen) is is_before
    assert not is_before_press(case, came, as_seen=as_seen)
