"""Who is called no more to what was found false, and what has them called again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.conditions import holds
from engine.alarm.events import ActRefused, QuorumReached
from engine.alarm.pressed_again import HOLD
from engine.alarm.state import Ask, ReplyKind, Truth
from engine.ports.journal import EffectState
from engine.protocol.model import ActionProtocol, Audience, Condition, Proof, Rung
from engine.roster.model import Word
from tests.engine.alarm.scene import ENDED_BY_ONE, PROTOCOLS, ROWAN, Scene

NEAR = {"c1", "c2", "c3", "c4", "c5"}


def slow(protocol: ActionProtocol = ENDED_BY_ONE) -> Scene:
    """Return a case that somebody has, and of which no colleague has been told yet."""
    scene = Scene(protocol=protocol).raised()
    scene.acknowledge()
    return scene


def calls(scene: Scene) -> set[str]:
    """Return which colleagues a message waits to call."""
    waiting = scene.waiting()
    return {e.person for e in scene.planned(Audience.NEAREST) if e.effect in waiting}


def test_nobody_is_called_to_what_was_found_false_bug_hours_later() -> None:
    scene = slow()
    assert calls(scene) == NEAR
    scene.verify(Truth.FALSE)
    assert calls(scene) == set()
    scene.run(3_600)
    assert calls(scene) == set()
    scene.acknowledge()
    scene.close()
    scene.run(60)
    assert scene.told(Audience.TOLD) == [], "nobody has heard of it"


def test_who_may_have_been_told_hears_of_the_end_and_is_not_called_again() -> None:
    scene = slow()
    near = [e.effect for e in scene.planned(Audience.NEAREST)]
    scene.settle(near[0], EffectState.UNKNOWN)
    scene.settle(near[1], EffectState.REJECTED, retry=True)
    before = len(scene.planned(Audience.NEAREST))
    scene.verify(Truth.FALSE)
    assert calls(scene) == set(), "what was tried again waited as well"
    scene.run(900)
    again = [e.repeat_of for e in scene.planned(Audience.NEAREST)[before:]]
    assert again == []
    scene.close()
    assert "c1" in scene.told(Audience.TOLD)


def test_what_hq_and_its_officers_are_to_get_stays() -> None:
    scene = slow()
    waiting = {
        event.effect
        for audience in (Audience.HQ, Audience.DUTY)
        for event in scene.planned(audience)
        if event.effect in scene.waiting()
    }
    assert waiting
    scene.verify(Truth.FALSE)
    assert waiting <= set(scene.waiting())


CONTRADICTED: dict[str, Callable[[Scene], object]] = {
    "a press": lambda scene: scene.raised("k2"),
    "a word of force": lambda scene: scene.cancel(Word.DURESS),
    "a colleague who is forced": lambda scene: scene.reply(
        "c1", ReplyKind.FALSE, duress=True
    ),
    "the verdict that it is real": lambda scene: scene.verify(Truth.VERIFIED, ROWAN),
}


@pytest.mark.parametrize("then", CONTRADICTED.values(), ids=CONTRADICTED.keys())
def test_whatever_contradicts_it_calls_them_at_once(
    then: Callable[[Scene], object],
) -> None:
    scene = slow()
    scene.verify(Truth.FALSE)
    then(scene)
    if scene.state().again.warns:
        scene.run(HOLD.total_seconds())  # an officer may hold a press after *false*
    assert calls(scene) == NEAR


def test_a_dispute_calls_them_until_a_person_has_settled_it() -> None:
    scene = slow(replace(PROTOCOLS["quorum"], all_clear_needs=1))
    scene.verify(Truth.FALSE)
    scene.reply("c1", ReplyKind.FALSE)
    assert scene.state().truth is Truth.FALSE
    assert calls(scene) == set()
    scene.reply("c2", ReplyKind.REAL)
    assert scene.state().ask is Ask.DISPUTED
    assert calls(scene) >= NEAR
    scene.acknowledge()
    scene.verify(Truth.FALSE, ROWAN)
    assert calls(scene) == set()


def test_one_voice_of_a_verdict_takes_nothing_back() -> None:
    scene = slow(replace(PROTOCOLS["quorum"], all_clear_needs=1))
    before = calls(scene)
    scene.verify(Truth.FALSE)
    assert scene.state().truth is not Truth.FALSE
    assert calls(scene) == before != set()


def test_one_voice_silences_nobody_where_an_end_takes_two() -> None:
    scene = slow(replace(ENDED_BY_ONE, all_clear_needs=2))
    before = calls(scene)
    scene.verify(Truth.FALSE)
    assert scene.state().truth is Truth.FALSE
    assert calls(scene) == before != set()
    scene.confirm_safe(ROWAN)
    assert calls(scene) == before
    scene.confirm_safe()
    assert calls(scene) == set()


@pytest.mark.parametrize("word", [Word.DURESS, None])
def test_under_force_a_false_verdict_silences_nobody(word: Word | None) -> None:
    scene = slow()
    scene.cancel(word)
    if word is None:
        scene.raised("k2")
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    assert scene.state().danger_at is not None
    assert calls(scene) == NEAR


def test_what_an_operator_opens_again_calls_those_who_were_let_be() -> None:
    scene = slow()
    scene.verify(Truth.FALSE)
    scene.close()
    scene.reopen()
    assert calls(scene) == NEAR


SINCE: dict[str, Callable[[Scene], object]] = {
    "a press": lambda scene: scene.raised("k2"),
    "a word of force": lambda scene: scene.cancel(Word.DURESS),
    "a colleague who says that it is real": lambda scene: scene.reply(
        "c1", ReplyKind.REAL
    ),
}


def wider(scene: Scene) -> set[str]:
    """Return whom the second, wider search has found."""
    return {e.person for e in scene.planned(Audience.NEAREST) if e.step == "widen"}


def seen_as_false(protocol: ActionProtocol, seconds: float = 0) -> Scene:
    """Return a case that was found false before its wider search, and so long after."""
    scene = slow(protocol)
    scene.settle_all()
    scene.verify(Truth.FALSE)
    if protocol.verification is not None:
        scene.verify(Truth.FALSE, ROWAN)
    assert scene.state().truth is Truth.FALSE
    scene.run(seconds)
    assert wider(scene) == set()
    return scene


@pytest.mark.parametrize("then", SINCE.values(), ids=SINCE.keys())
@pytest.mark.parametrize("seconds", [60, 600])
def test_a_search_that_it_stopped_goes_on_bug_a_second_press_called_nobody(
    seconds: float, then: Callable[[Scene], object]
) -> None:
    """Who is attacked while their mistake of before is still open was let be."""
    scene = seen_as_false(replace(PROTOCOLS["quorum"], all_clear_needs=1), seconds)
    then(scene)
    scene.run(HOLD.total_seconds() + 180)
    assert len(wider(scene)) == 10


def test_a_press_does_not_have_who_began_a_dispute_settle_it() -> None:
    scene = seen_as_false(replace(PROTOCOLS["quorum"], all_clear_needs=1))
    scene.reply("alder", ReplyKind.FALSE)
    scene.reply("c1", ReplyKind.REAL)
    assert scene.state().ask is Ask.DISPUTED
    scene.raised("k2")
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    assert len(scene.of(ActRefused)) == 1, "their word is one of both"
    scene.verify(Truth.FALSE, ROWAN)
    assert holds(scene.state(), Condition.FALSE)


def test_what_was_pressed_again_may_be_found_false_again() -> None:
    scene = seen_as_false(ENDED_BY_ONE)
    scene.raised("k2")
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    assert scene.of(ActRefused) == []
    scene.run(3_600)
    assert wider(scene) == set()
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    assert len(scene.of(ActRefused)) == 1, "nothing has come since"


def test_a_quorum_may_find_it_false_again() -> None:
    scene = seen_as_false(replace(PROTOCOLS["quorum"], all_clear_needs=1))
    scene.raised("k2")
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    assert not holds(scene.state(), Condition.FALSE), "one voice of two"
    scene.reply("c1", ReplyKind.FALSE)
    assert len(scene.of(QuorumReached)) == 2
    scene.run(3_600)
    assert wider(scene) == set()


@pytest.mark.parametrize("then", ["a press", "a word of force"])
@pytest.mark.parametrize("late", [False, True])
def test_voices_of_before_a_press_are_no_verdict_on_it_bug_they_were_at_once(
    then: str, *, late: bool
) -> None:
    """What two more had said beside the verdict silenced the press as it came."""
    scene = seen_as_false(replace(PROTOCOLS["quorum"], all_clear_needs=1))
    scene.reply("c1", ReplyKind.FALSE)
    if not late:
        scene.reply("alder", ReplyKind.FALSE)
    SINCE[then](scene)
    if late:
        scene.run(1)
        scene.reply("alder", ReplyKind.FALSE)
    assert len(scene.of(QuorumReached)) == 1, "who knew nothing of it"
    assert not holds(scene.state(), Condition.FALSE)
    scene.run(HOLD.total_seconds() + 180)
    assert len(wider(scene)) == 10
    scene.reply("alder", ReplyKind.FALSE)
    scene.reply("c2", ReplyKind.FALSE)
    assert holds(scene.state(), Condition.FALSE), "by as many as before"


def test_a_search_that_a_file_wants_all_the_same_is_meant() -> None:
    (widen,) = (step for step in ENDED_BY_ONE.steps if step.id == "widen")
    goes_on = replace(widen, stopped_by=())
    steps = tuple(
        goes_on if step.id == "widen" else step for step in ENDED_BY_ONE.steps
    )
    scene = slow(replace(ENDED_BY_ONE, steps=steps))
    scene.verify(Truth.FALSE)
    scene.run(300)
    assert calls(scene) == {f"c{number}" for number in range(6, 16)}


@pytest.mark.parametrize(
    ("truth", "rung"), [(Truth.VERIFIED, NEAR), (Truth.FALSE, set())]
)
def test_nobody_is_rung_on_a_ladder_for_what_was_found_false(
    truth: Truth, rung: set[str]
) -> None:
    (near,) = (step for step in ENDED_BY_ONE.steps if step.id == "colleagues")
    by_sms = Rung(channel="sms", proof=Proof.ANSWERED, within=timedelta(seconds=30))
    ladder = (by_sms, replace(by_sms, channel="call"))
    rings = replace(near, channels=("sms", "call"), ladder=ladder)
    steps = tuple(rings if step.id == near.id else step for step in ENDED_BY_ONE.steps)
    both = tuple(
        structs.replace(one, addresses=(*one.addresses, ("call", one.addresses[0][1])))
        for one in Scene().colleagues
    )
    scene = Scene(protocol=replace(ENDED_BY_ONE, steps=steps), colleagues=both).raised()
    scene.settle_all()
    scene.acknowledge()
    scene.verify(truth)
    scene.run(60)
    called = {e.person for e in scene.planned(Audience.NEAREST) if e.channel == "call"}
    assert called == rung
