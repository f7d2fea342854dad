"""A forced all-clear does not pass for one, and whoever watches cannot tell."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.alarm.events import (
    ActRefused,
    AlarmClosed,
    AlarmReopened,
    NotificationPlanned,
)
from engine.alarm.refusals import RefusalGround
from engine.alarm.safety import safe_names, safe_needs
from engine.alarm.state import Force, Kind, ReplyKind, Truth
from engine.dispatch.body import encode_body
from engine.ports.journal import EffectState
from engine.protocol.model import ActionProtocol, Audience, Step
from engine.roster.model import Word
from engine.values import Instant, Signal, StepId
from tests.engine.alarm.forced import ATTENDED, CAREFUL, forced, scene_of
from tests.engine.alarm.scene import ALDER, ROWAN, Scene, press_of, raise_of

DAY_S = 86_400
SENDS_S = 5


def refusals(scene: Scene) -> list[RefusalGround]:
    return [e.ground for e in scene.events if isinstance(e, ActRefused)]


def to_defender(scene: Scene) -> list[tuple[Instant, str, bytes]]:
    """Return what was planned for the defender: when, to where, and every byte."""
    return [
        (event.at, event.effect, encode_body(event.body))
        for event in scene.planned(Audience.DEFENDER)
    ]


class Modem:
    """One modem behind a scene: takes effects by rank, one after the other."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.sent: list[tuple[Instant, str, str]] = []
        self.free = scene.now

    def send(self) -> None:
        """Send whatever waits by SMS until nothing does; each takes five seconds."""
        while waiting := self._waiting():
            event = min(waiting, key=lambda one: one.rank)
            self.scene.now = max(self.scene.now, self.free)
            self.scene.settle(event.effect, EffectState.ATTEMPTING)
            self.sent.append((self.scene.now, event.body.address, self._said(event)))
            self.free = self.scene.now.plus(timedelta(seconds=SENDS_S))
            self.scene.now = self.free
            self.scene.settle(event.effect, EffectState.DELIVERED)

    def to(self, address: str) -> list[tuple[Instant, str, str]]:
        return [one for one in self.sent if one[1] == address]

    def _said(self, event: NotificationPlanned) -> str:
        return event.body.text(self.scene.now)

    def _waiting(self) -> list[NotificationPlanned]:
        waiting = set(self.scene.waiting())
        return [e for e in self.scene.planned() if e.effect in waiting]


def test_a_word_of_force_is_noted_and_closes_nothing() -> None:
    scene = forced()
    state = scene.state()
    assert state.is_open
    assert state.duress
    assert state.force == {Force.DURESS_WORD}


def test_both_words_have_hq_look_at_once_and_both_in_the_same_way() -> None:
    scenes = [scene_of(), scene_of()]
    for scene, word in zip(scenes, Word, strict=True):
        scene.cancel(word)
    pages = [
        [(p.at, p.effect, encode_body(p.body)) for p in scene.planned(Audience.DUTY)]
        for scene in scenes
    ]
    assert pages[0] == pages[1]
    assert [scene.state().acknowledged for scene in scenes] == [None, None]


def test_a_true_cancel_closes_nothing_either() -> None:
    scene = scene_of()
    scene.cancel(Word.SAFE)
    scene.run(DAY_S / 24, each_due=scene.settle_all)
    assert scene.state().is_open
    assert not scene.state().duress


def test_after_a_word_of_force_more_colleagues_are_told_and_none_of_an_end() -> None:
    scene = forced(ATTENDED)
    scene.settle_all()
    scene.run(1, each_due=scene.settle_all)
    assert len(scene.told(Audience.NEAREST)) == 15
    scene.acknowledge()
    scene.confirm_safe(ALDER)
    scene.close(ALDER)
    scene.run(DAY_S, each_due=scene.settle_all)
    assert scene.planned(Audience.TOLD) == []
    assert scene.state().is_open


def test_one_operator_closes_in_appearance_only_and_two_people_close() -> None:
    scene = forced()
    scene.acknowledge()
    scene.close(ALDER)
    (closed,) = scene.of(AlarmClosed)
    assert isinstance(closed, AlarmClosed)
    assert closed.apparent
    assert scene.state().is_open
    scene.confirm_safe(ALDER)
    scene.close(ROWAN)
    assert not scene.state().is_open
    assert scene.planned(Audience.TOLD)


def test_what_was_said_before_the_word_of_force_counts_no_more() -> None:
    scene = scene_of()
    scene.reply("c1", ReplyKind.SAFE)
    scene.confirm_safe(ROWAN)
    assert safe_names(scene.state(), as_seen=False) == ("c1", "rowan")
    scene.cancel(Word.DURESS)
    assert safe_names(scene.state(), as_seen=False) == ()
    assert safe_needs(scene.state()) == 2


def test_the_defenders_own_word_counts_until_there_is_a_sign_of_force() -> None:
    scene = scene_of()
    scene.cancel(Word.SAFE)
    scene.acknowledge()
    scene.close(ALDER)
    assert not scene.state().is_open, "the defender's word and an operator are two"
    other = forced()
    other.cancel(Word.SAFE)
    other.acknowledge()
    other.close(ALDER)
    assert other.state().is_open


def test_a_colleague_who_has_seen_the_defender_is_a_voice() -> None:
    scene = forced()
    scene.acknowledge()
    scene.reply("c1", ReplyKind.SAFE)
    scene.close(ALDER)
    assert not scene.state().is_open


def test_nobody_closes_alone_where_the_action_protocol_wants_two() -> None:
    scene = scene_of()
    scene.close(ALDER)
    assert refusals(scene) == [RefusalGround.NOT_SAFE_YET]
    scene.confirm_safe(ALDER)
    scene.close(ALDER)
    assert scene.state().is_open, "one name is one voice"
    scene.close(ROWAN)
    assert not scene.state().is_open


def test_a_colleague_who_is_forced_is_shown_and_counts_for_nothing() -> None:
    scene = scene_of()
    scene.reply("c1", ReplyKind.COMING, duress=True)
    state = scene.state()
    assert state.told["c1"].reply is None
    assert state.force == {Force.COLLEAGUE_FORCED}
    assert state.acknowledged is None
    assert safe_needs(state) == 2


def test_a_second_signal_after_a_cancel_is_an_escalation() -> None:
    scene = scene_of()
    scene.cancel(Word.SAFE)
    scene.settle_all()
    scene.acknowledge()
    scene.now = scene.now.plus(timedelta(minutes=2))
    scene.raised("later", signals=(Signal.REMOVED,))
    state = scene.state()
    assert state.force == {Force.SECOND_SIGNAL}
    assert state.acknowledged is None
    assert not state.duress, "a sign is no word"
    assert len(scene.told(Audience.NEAREST)) == 15


def test_a_press_with_the_word_of_force_raises_and_tells_the_defender_nothing() -> None:
    press = replace(press_of(signals=(Signal.CANCEL,)), duress=True)
    scene = Scene(protocol=CAREFUL)
    scene.do(raise_of(press, CAREFUL))
    assert scene.state().duress
    assert scene.told(Audience.NEAREST)
    scene.run(DAY_S / 24)
    assert to_defender(scene) == []


def test_whoever_has_the_telephone_but_not_the_word_confirms_nothing() -> None:
    scene = closed()
    scene.run(DAY_S + 1, each_due=scene.settle_all)
    scene.reply("heron", ReplyKind.SAFE)
    assert scene.state().safe_confirmed is None
    scene.run(3 * DAY_S, each_due=scene.settle_all)
    assert [step_of(e) for e in scene.planned(Audience.DEFENDER)] == [
        "ended",
        "day-1",
        "day-3",
    ]


def step_of(event: NotificationPlanned) -> StepId:
    return event.step


def closed(protocol: ActionProtocol = CAREFUL) -> Scene:
    scene = scene_of(protocol)
    scene.confirm_safe(ROWAN)
    scene.close(ALDER)
    scene.settle_all()
    return scene


def test_after_the_end_the_defender_is_asked_until_they_confirm() -> None:
    scene = closed()
    scene.run(8 * DAY_S, each_due=scene.settle_all)
    asked = [(step_of(e), e.at) for e in scene.planned(Audience.DEFENDER)]
    assert [step for step, _ in asked] == ["ended", "day-1", "day-3", "day-7"]
    text = scene.planned(Audience.DEFENDER)[-1].body.text(scene.now)
    assert (
        text
        == "code-heron: are you safe? Answer code-heron 6 and your word. sign-heron"
    )
    scene.reply("heron", ReplyKind.SAFE, word=Word.SAFE)
    scene.run(40 * DAY_S, each_due=scene.settle_all)
    assert len(scene.planned(Audience.DEFENDER)) == 4
    assert not scene.state().is_open


def test_where_nobody_confirms_hq_is_told_at_last() -> None:
    scene = closed()
    scene.run(32 * DAY_S, each_due=scene.settle_all)
    assert step_of(scene.planned(Audience.HQ)[-1]) == "unconfirmed"
    assert len(scene.planned(Audience.DEFENDER)) == 5


def test_after_an_exercise_nobody_is_asked_for_a_month_whether_they_are_safe() -> None:
    scene = Scene(protocol=CAREFUL, kind=Kind.EXERCISE).raised()
    scene.acknowledge()
    scene.close(ALDER)
    scene.run(40 * DAY_S, each_due=scene.settle_all)
    assert [step_of(e) for e in scene.planned(Audience.DEFENDER)] == ["ended"]
    assert step_of(scene.planned(Audience.HQ)[-1]) != "unconfirmed"


def test_a_word_of_force_in_answer_opens_the_case_again_in_silence() -> None:
    scenes = [closed(ATTENDED), closed(ATTENDED)]
    for scene, word in zip(scenes, Word, strict=True):
        scene.run(DAY_S + 1, each_due=scene.settle_all)
        scene.reply("heron", ReplyKind.SAFE, word=word)
        scene.run(DAY_S / 24, each_due=scene.settle_all)
        if scene.state().is_open:
            scene.acknowledge()
        scene.run(40 * DAY_S, each_due=scene.settle_all)
    true, false = scenes
    assert to_defender(true) == to_defender(false)
    assert not true.state().is_open
    assert false.state().is_open
    (reopened,) = false.of(AlarmReopened)
    assert isinstance(reopened, AlarmReopened)
    assert reopened.silent
    assert len(false.told(Audience.NEAREST)) > len(true.told(Audience.NEAREST))


def test_at_the_defenders_telephone_both_words_are_the_same_bytes_at_one_time() -> None:
    seen = []
    for word in Word:
        scene = scene_of(ATTENDED)
        modem = Modem(scene)
        scene.cancel(word)
        modem.send()
        scene.run(60, each_due=modem.send)
        scene.acknowledge(ROWAN)
        modem.send()
        at = scene.now.plus(timedelta(minutes=20))
        scene.run(at.since(scene.now).total_seconds(), each_due=modem.send)
        scene.acknowledge(ALDER)
        scene.now = Instant(Instant.parse("2026-11-25T06:00:00Z").ms)
        modem.free = scene.now
        scene.close(ALDER)
        modem.send()
        scene.run(2 * DAY_S, each_due=modem.send)
        seen.append((modem.to("+1555heron"), scene.state().is_open))
    (after_safe, safe_open), (after_duress, duress_open) = seen
    assert after_safe == after_duress
    assert [text for _, _, text in after_safe] == [
        "Cancel received. sign-heron",
        "Ended. Take care. sign-heron",
        "code-heron: are you safe? Answer code-heron 6 and your word. sign-heron",
    ]
    assert (safe_open, duress_open) == (False, True)


Act = tuple[int, str]
ACTS = st.lists(
    st.tuples(
        st.integers(0, 200),
        st.sampled_from(
            [
                "acknowledge",
                "confirm",
                "close",
                "close by the other",
                "reopen",
                "press",
                "cancel again",
                "seen safe",
                "verify false",
                "unknown",
                "a day passes",
                "confirm safe",
            ]
        ),
    ),
    max_size=7,
)


def _acts_of(scene: Scene, word: Word) -> dict[str, Callable[[], object]]:
    return {
        "acknowledge": scene.acknowledge,
        "confirm": lambda: scene.confirm_safe(ROWAN),
        "close": lambda: scene.close(ALDER),
        "close by the other": lambda: scene.close(ROWAN),
        "reopen": scene.reopen,
        "press": lambda: scene.raised(f"press-{scene.now.ms}"),
        "cancel again": lambda: scene.cancel(word),
        "seen safe": lambda: scene.reply("c1", ReplyKind.SAFE),
        "verify false": lambda: scene.verify(Truth.FALSE, ALDER),
        "unknown": lambda: scene.settle_all(EffectState.UNKNOWN),
        "a day passes": lambda: scene.run(DAY_S, each_due=scene.settle_all),
        "confirm safe": lambda: scene.reply("heron", ReplyKind.SAFE, word=word),
    }


@settings(max_examples=60, deadline=None)
@given(before=ACTS, after=ACTS, needs=st.integers(1, 2), confirms=st.booleans())
def test_whatever_else_happens_the_defenders_addresses_see_the_same(
    before: list[Act], after: list[Act], needs: int, *, confirms: bool
) -> None:
    """The same acts of everybody else, with the one word and with the other."""
    steps = (*CAREFUL.steps, _received())
    # Days pass in which nobody attends to it: of each, an hour of pages is enough.
    lease = timedelta(hours=23)
    protocol = replace(CAREFUL, all_clear_needs=needs, steps=steps, lease=lease)
    seen = []
    for word in Word:
        scene = Scene(protocol=protocol).raised()
        scene.settle_all()
        for wait_s, act in before:
            scene.run(wait_s, each_due=scene.settle_all)
            if scene.state().acknowledged is None:
                scene.acknowledge()
            _acts_of(scene, Word.SAFE)[act]()
        scene.cancel(word)
        for wait_s, act in after:
            scene.settle_all()
            scene.run(wait_s, each_due=scene.settle_all)
            if scene.state().acknowledged is None:
                scene.acknowledge()
            _acts_of(scene, word if confirms else Word.SAFE)[act]()
        seen.append(to_defender(scene))
    assert seen[0] == seen[1]


def _received() -> Step:
    return Step(
        id=StepId("received"),
        after="raised",
        to=Audience.DEFENDER,
        channels=("sms",),
        text="received",
    )


@pytest.mark.parametrize("step", CAREFUL.steps, ids=lambda step: step.id)
def test_no_step_at_a_sign_of_force_is_for_the_defender(step: Step) -> None:
    assert step.after != "duress" or step.to is not Audience.DEFENDER
