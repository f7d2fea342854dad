"""A public post that its far end has not taken, and one of which nobody knows."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.alarm.events import NotificationPlanned
from engine.alarm.repeats import POST_FIRST, POST_MAX
from engine.alarm.state import CloseReason, Publicity, ReplyKind, Truth
from engine.ports.journal import EffectState
from engine.protocol.model import ActionProtocol, Audience, Level, Publication
from engine.roster.model import Word
from engine.values import OperatorId, StepId
from tests.engine.alarm.scene import ENDED_BY_ONE, PROTOCOLS, ROWAN, Scene

DAY_S = 86_400.0
SPRUCE = OperatorId("spruce")


def approved(protocol: ActionProtocol = ENDED_BY_ONE) -> Scene:
    """Return a verified case whose post is about to go out."""
    scene = Scene(protocol=protocol).raised()
    scene.acknowledge()
    scene.verify()
    scene.approve(ROWAN)
    return scene


def posts(scene: Scene) -> list[NotificationPlanned]:
    return scene.planned(Audience.PUBLIC)


def refused(scene: Scene) -> None:
    """Have the far end turn down what waits for it: later, perhaps."""
    scene.settle(posts(scene)[-1].effect, EffectState.REJECTED, retry=True)


@pytest.mark.parametrize("after", ["approved", "colleagues"])
def test_a_post_waits_after_its_approval_whatever_it_follows(after: str) -> None:
    """One that followed another step went out as soon as it was approved."""
    agreed = Publication(delay=timedelta(hours=1))
    steps = tuple(
        replace(step, after=after) if step.to is Audience.PUBLIC else step
        for step in ENDED_BY_ONE.steps
    )
    protocol = replace(ENDED_BY_ONE, steps=steps, publication=agreed)
    scene = Scene(protocol=protocol).raised()
    scene.acknowledge()
    scene.verify()
    scene.approve(ROWAN)
    scene.run(3599, each_due=scene.settle_all)
    assert scene.planned(Audience.PUBLIC) == []
    scene.run(2)
    assert len(scene.planned(Audience.PUBLIC)) == 1


def test_people_are_not_called_later_for_a_post_that_waits() -> None:
    agreed = Publication(delay=timedelta(hours=1))
    protocol = replace(ENDED_BY_ONE, publication=agreed)
    widen = next(step for step in protocol.steps if step.id == "widen")
    wait = timedelta(minutes=10)
    later = replace(widen, after="colleagues", delay=wait, requires=(), stopped_by=())
    steps = tuple(later if step is widen else step for step in protocol.steps)
    scene = Scene(protocol=replace(protocol, steps=steps)).raised()
    scene.acknowledge()
    scene.verify()
    scene.approve(ROWAN)
    scene.run(wait.total_seconds() - 1, each_due=scene.settle_all)
    assert later.id not in scene.state().fired
    scene.run(2, each_due=scene.settle_all)
    assert later.id in scene.state().fired


def test_an_approval_lets_out_the_text_that_was_approved_and_no_other() -> None:
    """A file of before may have two public steps: their texts are two decisions."""
    (public,) = (one for one in ENDED_BY_ONE.steps if one.to is Audience.PUBLIC)
    named = replace(public, id=StepId("named"), text="public_named")
    two = replace(
        ENDED_BY_ONE,
        steps=(*ENDED_BY_ONE.steps, named),
        publication=Publication(level=Level.NAME),
    )
    scene = Scene(protocol=two).raised()
    scene.acknowledge()
    scene.verify()
    scene.approve(ROWAN)
    scene.run(DAY_S)
    assert {post.step for post in posts(scene)} == {public.id}


def test_a_post_that_was_not_taken_is_posted_again_ever_more_slowly() -> None:
    scene, waits = approved(), []
    for number in range(1, 8):
        refused(scene)
        at = scene.now
        scene.run(POST_MAX.total_seconds())
        assert len(posts(scene)) == number + 1
        waits.append(posts(scene)[-1].at.since(at))
    assert waits == [min(POST_MAX, POST_FIRST * 2**n) for n in range(7)]


def test_it_says_the_same_to_the_letter_under_a_key_of_its_own() -> None:
    scene = approved()
    refused(scene)
    scene.run(POST_FIRST.total_seconds())
    first, second = posts(scene)
    assert second.body.text(scene.now) == first.body.text(scene.now)
    assert (second.body.address, second.channel) == (first.body.address, first.channel)
    assert second.repeat_of == first.effect != second.effect
    assert (first.body.repeat, second.body.repeat) == (0, 1)
    assert first.effect.rpartition(".")[0] == second.effect.rpartition(".")[0]


@pytest.mark.parametrize(
    ("state", "retry"),
    [
        (EffectState.UNKNOWN, False),
        (EffectState.UNKNOWN, True),
        (EffectState.REJECTED, False),
        (EffectState.ACCEPTED, False),
    ],
)
def test_a_post_that_may_be_there_or_was_refused_for_good_stays_alone(
    state: EffectState, *, retry: bool
) -> None:
    scene = approved()
    scene.settle(posts(scene)[-1].effect, state, retry=retry)
    scene.run(DAY_S)
    assert len(posts(scene)) == 1


@pytest.mark.parametrize("end", ["false", "closed"])
def test_what_has_become_false_or_has_ended_is_posted_no_more(end: str) -> None:
    scene = approved()
    refused(scene)
    if end == "false":
        scene.verify(Truth.FALSE)
    else:
        scene.close()
    scene.run(DAY_S)
    assert len(posts(scene)) == 1


def overruled(scene: Scene) -> None:
    """Have one voice say that it is false, and a person decide that it is not."""
    scene.verify(Truth.FALSE, SPRUCE)
    waiting = [post for post in posts(scene) if post.effect in scene.waiting()]
    assert waiting == [], "what may be false does not go out"
    assert scene.state().approved is None, "nor by a word of before"
    scene.acknowledge()
    scene.run(60)
    scene.verify(Truth.VERIFIED)
    assert scene.state().truth is Truth.VERIFIED


def in_doubt() -> Scene:
    """Return a case of several voices whose post is about to go out."""
    protocol = replace(PROTOCOLS["quorum"], all_clear_needs=1)
    scene = Scene(protocol=protocol).raised()
    scene.acknowledge()
    scene.verify()
    scene.verify(by=SPRUCE)
    scene.approve(ROWAN)
    assert len(posts(scene)) == 1
    return scene


def test_a_post_that_one_voice_took_back_goes_out_bug_the_world_never_heard() -> None:
    scene = in_doubt()
    overruled(scene)
    scene.approve(ROWAN)
    scene.run(POST_FIRST.total_seconds() - 61)
    assert len(posts(scene)) == 1
    scene.run(1)
    first, again = posts(scene)
    assert again.repeat_of == first.effect
    scene.settle(again.effect, EffectState.ACCEPTED)
    scene.run(DAY_S)
    assert len(posts(scene)) == 2


def test_a_verdict_publishes_nothing_bug_it_did_where_it_overruled_another() -> None:
    scene = in_doubt()
    overruled(scene)
    scene.run(7_200)
    assert len(posts(scene)) == 1
    assert scene.state().publicity is Publicity.NONE


def test_a_doubt_that_a_third_operator_settles_leaves_an_approval_as_it_is() -> None:
    agreed = Publication(delay=timedelta(hours=1))
    scene = Scene(protocol=replace(PROTOCOLS["quorum"], publication=agreed)).raised()
    scene.acknowledge()
    scene.verify()
    scene.verify(by=SPRUCE)
    scene.approve(ROWAN)
    scene.reply("c1", ReplyKind.FALSE)
    assert scene.state().ask is not None
    scene.acknowledge()
    scene.run(60)
    scene.verify(Truth.VERIFIED, OperatorId("larch"))
    assert scene.state().ask is None
    scene.run(7_200)
    assert len(posts(scene)) == 1


@pytest.mark.parametrize("protocol", [ENDED_BY_ONE, PROTOCOLS["quorum"]])
@pytest.mark.parametrize("delay", [timedelta(0), timedelta(hours=1)])
def test_who_approved_and_decides_alone_does_not_publish_bug_one_did_both(
    protocol: ActionProtocol, delay: timedelta
) -> None:
    scene = approved(replace(protocol, publication=Publication(delay=delay)))
    if protocol.verification is None:
        scene.verify(Truth.FALSE)
    else:
        scene.verify(by=SPRUCE)
        scene.approve(ROWAN)
        scene.reply("c1", ReplyKind.FALSE)
    before = len(posts(scene))
    scene.acknowledge(ROWAN)
    scene.run(60)
    scene.verify(Truth.VERIFIED, ROWAN)
    assert scene.state().truth is Truth.VERIFIED
    assert [post for post in posts(scene) if post.effect in scene.waiting()] == []
    scene.run(7_200)
    scene.approve(ROWAN)
    scene.run(7_200)
    assert len(posts(scene)) == before
    scene.approve(OperatorId("larch"))
    scene.run(7_200)
    assert len(posts(scene)) == before + 1, "by the word of two, as ever"


@pytest.mark.parametrize("state", [EffectState.ACCEPTED, EffectState.UNKNOWN, None])
def test_a_post_that_had_begun_when_it_was_taken_back_stays_alone(
    state: EffectState | None,
) -> None:
    scene = in_doubt()
    overruled(scene)
    scene.approve(ROWAN)
    (post,) = posts(scene)
    scene.settle(post.effect, EffectState.ATTEMPTING)
    scene.run(DAY_S)
    if state is not None:
        scene.settle(post.effect, state)
    scene.run(DAY_S)
    assert len(posts(scene)) == 1


REOPENED: dict[str, Callable[[Scene], object]] = {
    "an operator": lambda scene: scene.reopen(),
    "a press": lambda scene: scene.raised("k2"),
    "a word of force": lambda scene: scene.reply(
        "heron", ReplyKind.SAFE, word=Word.DURESS
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("reopened", REOPENED.values(), ids=REOPENED.keys())
@pytest.mark.parametrize("reason", [CloseReason.SAFE, CloseReason.FALSE_ALARM])
@pytest.mark.parametrize("delay", [timedelta(0), timedelta(hours=1)])
def test_an_end_ends_an_approval_bug_a_word_of_force_was_followed_by_a_post(
    delay: timedelta, reason: CloseReason, reopened: Callable[[Scene], object]
) -> None:
    protocol = replace(ENDED_BY_ONE, publication=Publication(delay=delay))
    scene = approved(protocol)
    before = len(posts(scene))
    scene.run(600)
    scene.close(reason=reason)
    scene.run(7_200)
    reopened(scene)
    scene.run(DAY_S)
    assert len(posts(scene)) == before
    assert scene.state().publicity is Publicity.NONE
    scene.acknowledge(ROWAN)
    scene.verify()
    scene.approve(ROWAN)
    assert scene.state().publicity is Publicity.APPROVED
    scene.run(7_200)
    assert len(posts(scene)) == before + 1, "by the word of two, as ever"
    assert len({post.effect for post in posts(scene)}) == before + 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "state", [EffectState.ATTEMPTING, EffectState.UNKNOWN, EffectState.ACCEPTED]
)
@pytest.mark.parametrize("heard", ["before the approval", "after it"])
def test_what_may_be_public_stays_alone_however_often_it_is_approved(
    heard: str, state: EffectState
) -> None:
    scene = approved()
    (post,) = posts(scene)
    scene.close()
    scene.run(5)
    scene.reopen()
    if heard == "before the approval":
        scene.settle(post.effect, state)
    scene.acknowledge(ROWAN)
    scene.approve(ROWAN)
    scene.run(30)
    if heard == "after it":
        scene.settle(post.effect, state)
    scene.run(DAY_S)
    assert len(posts(scene)) == 1


def test_what_was_refused_for_good_is_posted_where_it_is_approved_after_an_end() -> (
    None
):
    scene = approved()
    scene.settle(posts(scene)[-1].effect, EffectState.REJECTED, retry=False)
    scene.close()
    scene.run(60)
    scene.reopen()
    scene.run(DAY_S)
    assert len(posts(scene)) == 1
    scene.acknowledge(ROWAN)
    others = [whom for whom in Audience if whom is not Audience.PUBLIC]
    told = [len(scene.planned(whom)) for whom in others]
    scene.approve(ROWAN)
    assert len({post.effect for post in posts(scene)}) == 2
    scene.run(60)
    assert [len(scene.planned(whom)) for whom in others] == told, "nobody else anew"


def test_once_it_is_taken_the_case_is_public() -> None:
    scene = approved()
    refused(scene)
    scene.run(POST_FIRST.total_seconds())
    scene.settle(posts(scene)[-1].effect, EffectState.ACCEPTED)
    assert scene.state().publicity is Publicity.PUBLISHED
    scene.run(DAY_S)
    assert len(posts(scene)) == 2


OUTCOMES = st.tuples(
    st.sampled_from(
        [EffectState.ACCEPTED, EffectState.REJECTED, EffectState.UNKNOWN, None]
    ),
    st.booleans(),
)


@settings(max_examples=25)
@given(outcomes=st.lists(OUTCOMES, max_size=5))
def test_at_most_one_post_may_ever_be_there(
    outcomes: list[tuple[EffectState | None, bool]],
) -> None:
    scene, perhaps = approved(), 0
    for state, retry in outcomes:
        waiting = [post for post in posts(scene) if post.effect in scene.waiting()]
        assert len(waiting) + perhaps <= 1
        if waiting and state is not None:
            scene.settle(waiting[0].effect, state, retry=retry)
            perhaps += state is not EffectState.REJECTED
        scene.run(2_400)
