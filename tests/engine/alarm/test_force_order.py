"""What goes to the defender goes first, and nothing goes that tells of force."""

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.alarm.schedule import HOLD_MAX, next_due
from engine.ports.journal import EffectState
from engine.protocol.model import ActionProtocol, Audience, Step
from engine.roster.model import Word
from engine.values import Signal, StepId
from tests.engine.alarm.forced import CAREFUL, scene_of
from tests.engine.alarm.scene import ROWAN, Scene, letter, press_of, raise_of

RECEIVED = Step(
    id=StepId("received"),
    after="raised",
    to=Audience.DEFENDER,
    channels=("sms",),
    text="sos",
    delay=timedelta(seconds=20),
)


def answering() -> ActionProtocol:
    """Return an action protocol that tells the defender that it has been received."""
    return replace(CAREFUL, steps=(*CAREFUL.steps, RECEIVED))


@pytest.mark.parametrize("duress", [False, True])
def test_a_case_that_began_with_a_word_of_force_tells_the_defender_nothing(
    *, duress: bool
) -> None:
    signal = Signal.CANCEL if duress else Signal.SOS
    press = replace(press_of(signals=(signal,)), duress=duress)
    scene = Scene(protocol=answering())
    scene.do(raise_of(press, answering()))
    scene.run(19, each_due=scene.settle_all)
    assert scene.planned(Audience.DEFENDER) == []
    scene.run(2, each_due=scene.settle_all)
    assert len(scene.planned(Audience.DEFENDER)) == (0 if duress else 1)


def begun_by_force(protocol: ActionProtocol) -> Scene:
    """Return a case that a word of force began while nothing was open."""
    press = replace(press_of(signals=(Signal.CANCEL,)), duress=True)
    scene = Scene(protocol=protocol)
    scene.do(raise_of(press, protocol))
    return scene


def test_what_nobody_pressed_for_has_no_cancel_and_no_end_at_the_defender() -> None:
    """After a true word with nothing open there is nothing: so it is after this one."""
    scene = begun_by_force(answering())
    scene.run(60, each_due=scene.settle_all)
    scene.cancel(Word.DURESS)
    scene.cancel(Word.SAFE)
    scene.run(60, each_due=scene.settle_all)
    for _ in range(2):
        scene.acknowledge()
        scene.close()
    assert scene.state().is_open, "an end in appearance"
    scene.confirm_safe(ROWAN)
    scene.close()
    assert not scene.state().is_open
    scene.run(40 * 86_400, each_due=scene.settle_all)
    assert scene.planned(Audience.DEFENDER) == []
    assert scene.planned(Audience.TOLD)


@pytest.mark.parametrize("is_first", [False, True])
def test_a_call_that_does_not_show_is_not_the_press_of_which_they_are_told(
    *, is_first: bool
) -> None:
    """A text with the time of the press had that of a word of force from elsewhere."""

    def call(scene: Scene) -> None:
        press = replace(press_of("call", scene.now), duress=True, unseen=True)
        scene.do(raise_of(press, answering()))

    with_call, without = Scene(protocol=answering()), Scene(protocol=answering())
    for scene in (with_call, without):
        if scene is with_call and is_first:
            call(scene)
        scene.now = scene.now.plus(timedelta(seconds=65))
        scene.raised("press")
        scene.now = scene.now.plus(timedelta(seconds=15))
        if scene is with_call and not is_first:
            scene.now = scene.now.plus(timedelta(minutes=2))
            call(scene)
    bodies = []
    for scene in (with_call, without):
        scene.run(300, each_due=scene.settle_all)
        (told,) = scene.planned(Audience.DEFENDER)
        bodies.append([(part.text, part.since) for part in letter(told).segments])
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_press_after_a_word_of_force_is_received_as_a_first_one(
    *, is_closed: bool
) -> None:
    scene = begun_by_force(answering())
    scene.run(600, each_due=scene.settle_all)
    if is_closed:
        scene.acknowledge()
        scene.close()
        assert scene.state().is_open, "an end in appearance"
    scene.raised("pressed")
    scene.settle_all()
    pressed = scene.now
    scene.run(19, each_due=scene.settle_all)
    assert scene.planned(Audience.DEFENDER) == []
    scene.run(1, each_due=scene.settle_all)
    (received,) = scene.planned(Audience.DEFENDER)
    assert received.step == RECEIVED.id
    assert received.at == pressed.plus(RECEIVED.delay)
    scene.cancel()
    assert [p.step for p in scene.planned(Audience.DEFENDER)][1:] == ["confirm-cancel"]


def test_a_press_after_an_end_in_appearance_waits_as_long_as_one_after_a_true_end() -> (
    None
):
    scene = scene_of(answering())
    scene.run(600, each_due=scene.settle_all)
    scene.cancel(Word.DURESS)
    scene.acknowledge()
    scene.close()
    assert scene.state().is_open
    scene.settle_all()
    scene.raised("pressed")
    pressed = scene.now
    scene.settle_all()
    scene.run(60, each_due=scene.settle_all)
    received = [p for p in scene.planned(Audience.DEFENDER) if p.step == RECEIVED.id]
    assert [p.at for p in received][1:] == [pressed.plus(RECEIVED.delay)]


def cancelled_by_force(first: EffectState) -> Scene:
    """Cancel truly, let the defender's message be so, then say the word of force."""
    scene = scene_of()
    scene.cancel(Word.SAFE)
    (message,) = scene.planned(Audience.DEFENDER)
    if first is not EffectState.PLANNED:
        scene.settle(message.effect, first)
    scene.cancel(Word.DURESS)
    return scene


@pytest.mark.parametrize("state", [EffectState.PLANNED, EffectState.ATTEMPTING])
def test_colleagues_wait_while_a_message_to_the_defender_is_under_way(
    state: EffectState,
) -> None:
    scene = cancelled_by_force(state)
    before = len(scene.planned(Audience.NEAREST))
    scene.now = scene.now.plus(HOLD_MAX - timedelta(milliseconds=1))
    scene.tick()
    assert len(scene.planned(Audience.NEAREST)) == before
    due = next_due(scene.state(), scene.now)
    assert due == scene.now.plus(timedelta(milliseconds=1))
    scene.now = due
    scene.tick()
    assert len(scene.planned(Audience.NEAREST)) > before


@pytest.mark.parametrize("state", [EffectState.ACCEPTED, EffectState.REJECTED])
def test_colleagues_wait_for_no_message_that_has_left(state: EffectState) -> None:
    scene = cancelled_by_force(state)
    told = scene.planned(Audience.NEAREST)
    assert told[-1].at == scene.now


def test_colleagues_wait_for_nobody_elses_message() -> None:
    scene = scene_of()
    scene.cancel(Word.SAFE)
    (message,) = scene.planned(Audience.DEFENDER)
    scene.settle(message.effect, EffectState.ACCEPTED)
    scene.raised("again")
    assert scene.waiting(), "others' messages are under way"
    scene.cancel(Word.DURESS)
    assert scene.planned(Audience.NEAREST)[-1].at == scene.now
