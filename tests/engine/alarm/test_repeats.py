"""What nobody knows the fate of is repeated: at once, ever more slowly, long enough."""

import dataclasses
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.alarm.effects import Effect
from engine.alarm.events import QuorumReached
from engine.alarm.evolve import evolve
from engine.alarm.repeats import MOST, MOST_SAID, RETRY_MAX, due_repeats, repeats
from engine.alarm.schedule import next_due
from engine.alarm.state import Alarm, Response, Said, Truth
from engine.ports.journal import EffectClass, EffectState
from engine.protocol.model import Audience, Step, Voice
from engine.values import EffectId, Instant, StepId
from tests.engine.alarm.scene import ALDER, Scene
from tests.fakes import START

WAITS_S = (0, 10, 20, 40, 80, 160, 300, 300, 300, 300, 300, 300)
HOUR_S = 3600.0
UNKNOWN, UNDELIVERED = EffectState.UNKNOWN, EffectState.UNDELIVERED
REJECTED = EffectState.REJECTED
AT_HQ = (Audience.HQ, Audience.DUTY)
OTHERS = tuple(
    one for one in Audience if one not in {*AT_HQ, Audience.DEFENDER, Audience.PUBLIC}
)
SETTLED = START.plus(timedelta(minutes=1))


def effect_of(audience: Audience, state: EffectState, repeat: int) -> Effect:
    """Return what has just settled badly, of the step `one`, to c1."""
    is_public = audience is Audience.PUBLIC
    return Effect(
        effect=EffectId("e"),
        step=StepId("one"),
        round=1,
        repeat=repeat,
        person="c1",
        audience=audience,
        channel="webhook",
        address="x",
        effect_class=EffectClass.EXCLUSIVE if is_public else EffectClass.SAFETY,
        planned_at=START,
        state=state,
        settled_at=SETTLED,
    )


def earlier(
    effect: Effect, state: EffectState | None = None, *, round_of: int = 1
) -> tuple[Effect, ...]:
    """Return what this one repeats: of the same fate, or of another one."""
    return tuple(
        replace(
            effect,
            effect=EffectId(f"{round_of}.{repeat}"),
            repeat=repeat,
            repeated=True,
            round=round_of,
            state=state or effect.state,
        )
        for repeat in range(effect.repeat)
    )


def alarm_with(
    effect: Effect, *, most: int | None = None, is_over: bool | None = None
) -> Alarm:
    """Return a case with one notification, of one step; of the end where it is over."""
    if is_over is None:
        is_over = effect.audience is Audience.TOLD
    step = Step(
        id=StepId("one"),
        after="closed" if is_over else "raised",
        to=effect.audience,
        channels=("webhook",),
        text="sos",
        repeats=most,
    )
    alarm = Scene().raised().state()
    return replace(
        alarm,
        protocol=dataclasses.replace(alarm.protocol, steps=(step,)),
        effects={one.effect: one for one in (*earlier(effect), effect)},
        response=Response.CLOSED if is_over else alarm.response,
    )


def wait_s(alarm: Alarm) -> float | None:
    """Return after how many seconds the one notification is repeated."""
    found = [at.since(SETTLED).total_seconds() for _, at in repeats(alarm)]
    return found[0] if found else None


def bound(audience: Audience, state: EffectState) -> int | None:
    """Return how many repeats there are where the file says nothing of it."""
    if state is UNDELIVERED or audience is Audience.DEFENDER:
        return MOST_SAID
    return None if audience in AT_HQ else MOST


@pytest.mark.parametrize("state", [UNKNOWN, UNDELIVERED])
@pytest.mark.parametrize("audience", [*AT_HQ, *OTHERS, Audience.DEFENDER])
def test_each_repeat_waits_longer_and_there_are_as_many_as_it_takes(
    audience: Audience, state: EffectState
) -> None:
    most = bound(audience, state)
    for repeat in range(40):
        alarm = alarm_with(effect_of(audience, state, repeat))
        is_over = most is not None and repeat >= most
        expected = None if is_over else WAITS_S[min(repeat, len(WAITS_S) - 1)]
        assert wait_s(alarm) == expected, repeat


@pytest.mark.parametrize("most", [0, 1, 2, 5, 10])
@pytest.mark.parametrize("state", [UNKNOWN, UNDELIVERED])
@pytest.mark.parametrize("audience", [Audience.HQ, Audience.NEAREST, Audience.DEFENDER])
def test_what_the_file_says_of_repeats_is_what_there_are(
    audience: Audience, state: EffectState, most: int
) -> None:
    for repeat in range(12):
        alarm = alarm_with(effect_of(audience, state, repeat), most=most)
        assert (wait_s(alarm) is None) is (repeat >= most)


@pytest.mark.parametrize("audience", [Audience.NEAREST, Audience.DEFENDER])
@pytest.mark.parametrize("most", [None, 1])
def test_a_certain_no_before_it_is_none_of_those_that_may_have_arrived(
    audience: Audience, most: int | None
) -> None:
    """After an hour's certain nos one that was unknown was the last."""
    effect = effect_of(audience, UNKNOWN, 20)
    alarm = alarm_with(effect, most=most)
    nos = {one.effect: one for one in earlier(effect, REJECTED)}
    assert wait_s(alarm) is None
    assert wait_s(replace(alarm, effects=nos | {effect.effect: effect})) == 300


@pytest.mark.parametrize("audience", [Audience.NEAREST, Audience.HQ])
def test_what_a_network_says_is_bound_by_how_often_it_has_said_so(
    audience: Audience,
) -> None:
    """After three of unknown fate whoever's telephone was off was told no more."""
    effect = effect_of(audience, UNDELIVERED, 6)
    alarm = alarm_with(effect)
    for said, goes_on in ((0, True), (1, True), (2, False), (3, False)):
        before = [
            replace(one, state=UNDELIVERED if number < said else UNKNOWN)
            for number, one in enumerate(earlier(effect))
        ]
        effects = {one.effect: one for one in (*before, effect)}
        assert (wait_s(replace(alarm, effects=effects)) is not None) is goes_on


def test_what_a_network_has_said_of_those_before_bounds_none_of_unknown_fate() -> None:
    effect = effect_of(Audience.NEAREST, UNKNOWN, MOST_SAID + 1)
    alarm = alarm_with(effect)
    said = {one.effect: one for one in earlier(effect, UNDELIVERED)}
    assert wait_s(replace(alarm, effects=said | {effect.effect: effect})) is not None


def test_what_may_have_arrived_of_other_rounds_and_people_does_not_count() -> None:
    effect = replace(effect_of(Audience.DEFENDER, UNKNOWN, 0), round=2)
    alarm = alarm_with(effect)
    of_others = {
        one.effect: one
        for one in (
            *earlier(replace(effect, repeat=20)),
            *(
                replace(one, effect=EffectId(f"{key}.{one.effect}"), **{key: "other"})
                for key in ("step", "person", "channel")
                for one in earlier(replace(effect, repeat=20), round_of=2)
            ),
        )
    }
    assert wait_s(replace(alarm, effects=of_others | {effect.effect: effect})) == 0


def test_a_certain_no_is_bound_by_no_number() -> None:
    effect = replace(effect_of(Audience.NEAREST, REJECTED, 99), retry=True)
    assert wait_s(alarm_with(effect, most=1)) == RETRY_MAX.total_seconds()


def test_a_public_post_of_unknown_fate_is_not_repeated_however_many_are_agreed() -> (
    None
):
    for most in (None, 0, 10):
        for state in (UNKNOWN, UNDELIVERED):
            effect = effect_of(Audience.PUBLIC, state, 0)
            assert wait_s(alarm_with(effect, most=most)) is None


@given(
    audience=st.sampled_from(Audience),
    state=st.sampled_from(EffectState),
    repeat=st.integers(0, 60),
    most=st.none() | st.integers(0, 10),
    retry=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_a_repeat_never_comes_before_its_cause_nor_more_often_than_every_five_minutes(
    audience: Audience,
    state: EffectState,
    repeat: int,
    most: int | None,
    *,
    retry: bool,
) -> None:
    effect = replace(effect_of(audience, state, repeat), retry=retry)
    alarm = alarm_with(effect, most=most)
    found = list(repeats(alarm))
    for _, at in found:
        assert at >= SETTLED
        is_wait = repeat >= 6 and state is not EffectState.WITHDRAWN
        assert not is_wait or at.since(SETTLED) >= RETRY_MAX
        due = next_due(alarm, SETTLED)
        assert due is not None
        assert due <= at, "a deadline is armed for it"
        assert not list(due_repeats(alarm, Instant(at.ms - 1)))
        assert list(due_repeats(alarm, at)) == [effect]
    if state in {UNKNOWN, UNDELIVERED} and most is not None and repeat >= most:
        assert not found


@pytest.mark.slow
def test_hq_is_told_as_long_as_nobody_acknowledges_and_others_for_half_an_hour() -> (
    None
):
    scene = Scene().raised()
    ways = [scene.planned(Audience.HQ)[0], scene.planned(Audience.NEAREST)[0]]

    def lose() -> None:
        while waiting := scene.waiting():
            for effect in waiting:
                scene.settle(effect, UNKNOWN)

    lose()
    scene.run(HOUR_S, each_due=lose)
    hq, colleague = (
        [
            one.at
            for one in scene.planned(way.audience)
            if (one.step, one.person, one.channel)
            == (way.step, way.person, way.channel)
        ]
        for way in ways
    )
    assert [b.since(a).total_seconds() for a, b in pairwise(colleague)] == [*WAITS_S]
    assert scene.now.since(hq[-1]) <= RETRY_MAX


@pytest.mark.parametrize("came", [EffectState.ACCEPTED, EffectState.DELIVERED])
@pytest.mark.parametrize("state", [UNKNOWN, UNDELIVERED, REJECTED])
@pytest.mark.parametrize("repeat", [1, 5])
def test_what_an_earlier_one_of_it_has_told_after_all_is_not_told_again(
    came: EffectState, state: EffectState, repeat: int
) -> None:
    """A modem's answer was late, and the other had no credit: every five minutes."""
    effect = replace(effect_of(Audience.NEAREST, state, repeat), retry=True)
    first, *others = earlier(effect, UNKNOWN)
    is_less = state is UNDELIVERED and came is EffectState.ACCEPTED
    for change in ("", "step", "person", "channel"):
        told = replace(first, state=came)
        if change:
            told = replace(told, **{change: "other"})
        effects = {one.effect: one for one in (told, *others, effect)}
        is_told = not change and not is_less
        assert (wait_s(replace(alarm_with(effect), effects=effects)) is None) is is_told


@pytest.mark.slow
def test_a_late_answer_ends_the_repeats_of_a_modem_that_sends_none() -> None:
    scene = Scene().raised()
    first = scene.planned(Audience.NEAREST)[0]
    scene.settle(first.effect, UNKNOWN)

    def refuse() -> None:
        while waiting := [one for one in scene.waiting() if one != first.effect]:
            for effect in waiting:
                scene.settle(effect, REJECTED, retry=True)

    scene.run(60, each_due=refuse)
    before = told_to(scene, first.person)
    assert before > 1
    scene.settle(first.effect, EffectState.DELIVERED)
    scene.run(HOUR_S, each_due=refuse)
    assert told_to(scene, first.person) == before


def told_to(scene: Scene, person: str) -> int:
    planned = scene.planned(Audience.NEAREST)
    return sum(one.person == person for one in planned)


# what ends it -------------------------------------------------------------------------


def test_hq_is_told_until_somebody_there_has_acknowledged_since() -> None:
    alarm = alarm_with(effect_of(Audience.HQ, UNKNOWN, 5))
    assert wait_s(alarm) == 160
    for seconds, goes_on in ((-1, True), (0, False), (1, False)):
        at = START.plus(timedelta(seconds=seconds))
        assert bool(wait_s(acknowledged(alarm, at))) is goes_on


@pytest.mark.parametrize(("seconds", "goes_on"), [(-1, True), (0, True), (1, False)])
def test_whoever_has_the_case_and_does_something_in_it_has_heard(
    seconds: int, *, goes_on: bool
) -> None:
    """Each notice after the acknowledgement came every five minutes to the end."""
    alarm = alarm_with(effect_of(Audience.HQ, UNKNOWN, 5))
    attended = replace(alarm, attended_at=START.plus(timedelta(seconds=seconds)))
    before = START.plus(timedelta(seconds=-60))
    assert (wait_s(acknowledged(attended, before)) is not None) is goes_on
    assert wait_s(attended) == 160, "somebody has to take it first"


def test_what_colleagues_agree_on_is_nothing_that_hq_has_done() -> None:
    scene = Scene().raised()
    scene.acknowledge(ALDER)
    attended_at = scene.state().attended_at
    assert attended_at is not None
    agreed = QuorumReached(
        at=attended_at.plus(timedelta(hours=1)), truth=Truth.VERIFIED, names=()
    )
    after = evolve(scene.state(), agreed)
    assert after.truth is Truth.VERIFIED
    assert after.attended_at == attended_at


def test_after_the_end_nobody_can_acknowledge_and_hq_is_told_no_more_than_others() -> (
    None
):
    for repeat, goes_on in ((MOST - 1, True), (MOST, False)):
        effect = effect_of(Audience.HQ, UNKNOWN, repeat)
        assert (wait_s(alarm_with(effect, is_over=True)) is not None) is goes_on


def test_the_first_repeat_goes_out_whatever_somebody_has_done_meanwhile() -> None:
    alarm = alarm_with(effect_of(Audience.HQ, UNKNOWN, 0))
    assert wait_s(acknowledged(alarm, SETTLED)) == 0


def test_an_acknowledgement_ends_nobody_elses_repeats() -> None:
    alarm = alarm_with(effect_of(Audience.NEAREST, UNKNOWN, 3))
    assert wait_s(acknowledged(alarm, SETTLED)) == 40


def acknowledged(alarm: Alarm, at: Instant) -> Alarm:
    scene = Scene().raised()
    scene.acknowledge(ALDER)
    held = scene.state().acknowledged
    assert held is not None
    return replace(alarm, acknowledged=replace(held, at=at))


@pytest.mark.parametrize("audience", OTHERS)
@pytest.mark.parametrize("word", ["replied_at", "forced_at"])
@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_who_has_answered_since_is_not_called_again(
    audience: Audience, word: str, seconds: int
) -> None:
    """Of the end, and of where the defender has gone, no answer speaks."""
    alarm = alarm_with(effect_of(audience, UNKNOWN, 3))
    at = START.plus(timedelta(seconds=seconds))
    told = {"c1": replace(alarm.told["c1"], **{word: at})}
    is_answer = audience not in {Audience.TOLD, Audience.EVERYONE} and seconds >= 0
    assert wait_s(replace(alarm, told=told)) == (None if is_answer else 40)


def test_who_is_not_among_those_told_has_not_answered_nor_has_somebody_else() -> None:
    alarm = alarm_with(effect_of(Audience.NEAREST, UNKNOWN, 3))
    assert wait_s(replace(alarm, told={})) == 40
    for name, is_theirs in (("c1", True), ("c2", False)):
        said = Said(name=name, voice=Voice.COLLEAGUES, truth=Truth.VERIFIED, at=START)
        heard = replace(alarm, voices=(said,))
        assert wait_s(heard) == (None if is_theirs else 40)


def test_a_later_round_takes_the_place_of_an_earlier_ones_repeats() -> None:
    effect = effect_of(Audience.DUTY, UNKNOWN, 1)
    later = replace(effect, effect=EffectId("f"), round=2, state=EffectState.ACCEPTED)
    alarm = alarm_with(effect)
    both = {effect.effect: effect, later.effect: later}
    assert wait_s(replace(alarm, effects=both)) is None
    both[effect.effect] = replace(effect, repeat=0)
    assert wait_s(replace(alarm, effects=both)) == 0, (
        "the first one goes out all the same"
    )
