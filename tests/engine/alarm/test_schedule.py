"""Deadlines: none is lost, none comes too early, repeats slow down and never end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from engine.alarm.conditions import holds
from engine.alarm.events import NotificationPlanned, StepFired
from engine.alarm.found_false import CALLED
from engine.alarm.repeats import RETRY_MAX, due_repeats
from engine.alarm.schedule import WATCH, due_rounds, may_call_more, next_due
from engine.alarm.state import Kind, ReplyKind
from engine.ports.journal import EffectState
from engine.protocol.model import Audience, Condition
from engine.protocol.parse import parse_protocol
from engine.roster.model import Word
from engine.values import StepId
from tests.engine.alarm.forced import scene_of as careful
from tests.engine.alarm.scene import ALDER, PROTOCOLS, ROWAN, Scene, without
from tests.engine.alarm.test_steps import HQ, scene_of, told
from tests.fakes import START

Fact = tuple[int, str]
FACTS = st.lists(
    st.tuples(
        st.integers(0, 900),
        st.sampled_from(
            [
                "sent",
                "unknown",
                "refused",
                "coming",
                "cannot",
                "acknowledge",
                "verify",
                "approve",
                "close",
                "reopen",
                "press",
            ]
        ),
    ),
    max_size=8,
)


def acts_of(scene: Scene) -> dict[str, Callable[[], object]]:
    return {
        "sent": scene.settle_all,
        "unknown": lambda: scene.settle_all(EffectState.UNKNOWN),
        "refused": lambda: [
            scene.settle(effect, EffectState.REJECTED, retry=True)
            for effect in scene.waiting()
        ],
        "coming": lambda: scene.reply("c1", ReplyKind.COMING),
        "cannot": lambda: scene.reply("c1", ReplyKind.CANNOT),
        "acknowledge": scene.acknowledge,
        "verify": scene.verify,
        "approve": lambda: scene.approve(ROWAN),
        "close": scene.close,
        "reopen": scene.reopen,
        "press": lambda: scene.raised(f"{scene.now.ms}"),
    }


def ran(scene: Scene) -> list[tuple[int, str]]:
    """Return what ran when, in whole seconds."""
    return [
        (e.at.ms // 1000, e.effect if isinstance(e, NotificationPlanned) else e.step)
        for e in scene.events
        if isinstance(e, StepFired | NotificationPlanned)
    ]


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(sorted(PROTOCOLS)), facts=FACTS)
def test_stepping_from_due_to_due_fires_exactly_what_a_dense_tick_fires(
    name: str, facts: list[Fact]
) -> None:
    by_due, dense = (Scene(protocol=PROTOCOLS[name]).raised() for _ in range(2))
    for at_s, what in sorted(facts):
        left_s = at_s - by_due.now.since(START).total_seconds()
        by_due.run(left_s)
        for _ in range(int(left_s)):
            dense.now = dense.now.plus(timedelta(seconds=1))
            dense.tick()
        acts_of(by_due)[what]()
        acts_of(dense)[what]()
    assert ran(by_due) == ran(dense)
    assert by_due.alarm == dense.alarm


def test_a_long_sleep_runs_each_step_once_and_late_not_never() -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.now = scene.now.plus(timedelta(hours=8))
    scene.tick()
    fired = [str(e.step) for e in scene.events if isinstance(e, StepFired)]
    assert fired.count("widen") == 1
    assert fired.count("duty") == 2, "no burst of pages that are over"


def test_a_public_post_of_unknown_outcome_is_never_repeated() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    scene.verify()
    scene.approve(ROWAN)
    (post,) = scene.planned(Audience.PUBLIC)
    scene.settle(post.effect, EffectState.UNKNOWN)
    scene.run(86_400)
    assert len(scene.planned(Audience.PUBLIC)) == 1


@pytest.mark.parametrize(
    ("audience", "comes"),
    [
        (Audience.NEAREST, True),
        (Audience.CONTACTS, True),
        (Audience.DUTY, False),
        (Audience.HQ, False),
    ],
)
def test_an_officer_who_comes_to_the_console_comes_to_nobodys_help(
    audience: Audience, *, comes: bool
) -> None:
    alarm = Scene().raised().state()
    one = structs.replace(alarm.told["c1"], audience=audience, reply=ReplyKind.COMING)
    alarm = structs.replace(alarm, told={"c1": one})
    assert holds(alarm, Condition.SOMEBODY_COMING) is comes


@pytest.mark.parametrize("retry", [True, False])
def test_a_certain_no_is_repeated_ever_more_slowly_as_long_as_it_may_help(
    *, retry: bool
) -> None:
    scene = Scene().raised()
    first = scene.planned(Audience.NEAREST)[0]

    def refuse() -> None:
        while theirs := [e for e in scene.waiting() if f".{first.person}." in e]:
            for effect in theirs:
                scene.settle(effect, EffectState.REJECTED, retry=retry)

    refuse()
    scene.run(3600, each_due=refuse)
    theirs = [p for p in scene.planned(Audience.NEAREST) if p.person == first.person]
    if not retry:
        assert len(theirs) == 1
        return
    gaps = [b.at.since(a.at) for a, b in pairwise(theirs)]
    assert gaps == sorted(gaps)
    assert gaps[:4] == [timedelta(seconds=s) for s in (0, 10, 20, 40)]
    assert gaps[-1] == RETRY_MAX
    assert len(theirs) > 15, "an hour, and it still tries"


@pytest.mark.parametrize(("spent", "repeated"), [(0, True), (1, False)])
def test_what_a_step_sent_before_it_ran_anew_is_not_repeated(
    spent: int, *, repeated: bool
) -> None:
    scene = Scene().raised()
    first = scene.planned(Audience.NEAREST)[0]
    alarm = scene.state()
    effect = alarm.effects[first.effect]
    refused = structs.replace(
        effect, state=EffectState.REJECTED, retry=True, settled_at=scene.now
    )
    alarm = structs.replace(
        alarm, effects={first.effect: refused}, spent={first.step: spent}
    )
    assert bool(list(due_repeats(alarm, scene.now))) is repeated


def test_a_refused_notification_is_not_repeated_after_the_end() -> None:
    scene = Scene().raised()
    effect = scene.planned(Audience.NEAREST)[0].effect
    scene.settle(effect, EffectState.REJECTED, retry=True)
    scene.acknowledge()
    planned = len(scene.planned(Audience.NEAREST))
    scene.close()
    scene.run(7200)
    assert len(scene.planned(Audience.NEAREST)) == planned


def test_what_a_step_sent_that_the_file_has_no_more_is_not_repeated() -> None:
    scene = Scene().raised()
    effect = scene.planned(Audience.NEAREST)[0].effect
    scene.settle(effect, EffectState.UNKNOWN)
    alarm = scene.state()
    old = structs.replace(alarm.effects[effect], repeated=False, step=StepId("gone"))
    assert (
        list(due_repeats(structs.replace(alarm, effects={effect: old}), scene.now))
        == []
    )


def test_a_stop_message_that_was_refused_is_tried_again_after_the_end() -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.close()
    first = scene.planned(Audience.TOLD)[0]
    scene.settle(first.effect, EffectState.REJECTED, retry=True)
    again = scene.planned(Audience.TOLD)[-1]
    assert (again.person, again.repeat) == (first.person, 1)


def test_while_news_of_an_effect_is_awaited_the_rows_are_looked_at() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    due = next_due(scene.state(), scene.now)
    assert due is not None
    assert due.since(scene.now) <= WATCH


def test_a_closed_alarm_whose_stop_messages_are_out_waits_for_after_care() -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.close()
    scene.settle_all()
    assert next_due(scene.state(), scene.now) == scene.now.plus(timedelta(days=1))
    scene.confirm_safe(ALDER, "saw her")
    assert next_due(scene.state(), scene.now) is None


def test_every_condition_can_be_asked_and_changes_its_answer() -> None:
    before = Scene().raised()
    scene = Scene().raised()
    scene.acknowledge()
    scene.verify()
    scene.approve(ROWAN)
    scene.reply("c1", ReplyKind.COMING)
    changed = {
        c for c in Condition if holds(before.state(), c) != holds(scene.state(), c)
    }
    assert changed == set(Condition) - {
        Condition.CONFIRMED_SOURCE,
        Condition.CONSENTED,
        Condition.FALSE,
        Condition.DISPUTED,
        Condition.SAFE_CONFIRMED,
    }


def test_a_step_waits_for_what_it_requires() -> None:
    scene = scene_of('count = 1\nrequires = ["verified"]')
    scene.acknowledge()
    scene.run(600, each_due=scene.settle_all)
    assert told(scene) == []
    scene.verify()
    assert told(scene) == ["c1"]


def confirmed_and_closed() -> Scene:
    """Return a case that its defender and an operator have ended."""
    scene = careful()
    scene.cancel(Word.SAFE)
    scene.settle_all()
    scene.reply("heron", ReplyKind.SAFE, word=Word.SAFE)
    assert scene.state().seen.confirmed is not None
    scene.acknowledge()
    scene.confirm_safe(ROWAN)
    scene.close()
    assert not scene.state().is_open
    return scene


def to_defender(scene: Scene) -> list[StepId]:
    steps = {event.effect: event.step for event in scene.planned(Audience.DEFENDER)}
    return list(steps.values())


def test_a_defender_who_has_confirmed_hears_of_the_end_and_is_asked_no_more() -> None:
    scene = confirmed_and_closed()
    scene.run(40 * 86_400, each_due=scene.settle_all)
    assert to_defender(scene) == ["confirm-cancel", "ended"]


def test_a_cancel_after_the_end_is_answered_by_nothing() -> None:
    scene = careful()
    scene.confirm_safe(ROWAN)
    scene.close()
    scene.now = scene.now.plus(timedelta(minutes=1))
    scene.cancel(Word.SAFE)
    scene.run(600, each_due=scene.settle_all)
    assert to_defender(scene) == ["ended"]


def test_one_message_of_which_nothing_is_known_is_looked_after_beside_others() -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.close()
    scene.run(60, each_due=scene.settle_all)
    alarm = scene.state()
    quiet = next_due(alarm, scene.now)
    one, *others = alarm.effects
    waits = structs.replace(alarm.effects[one], state=EffectState.PLANNED)
    waiting = structs.replace(alarm, effects={**alarm.effects, one: waits})
    assert others
    assert next_due(waiting, scene.now) == scene.now.plus(WATCH)
    assert quiet is None or quiet > scene.now.plus(WATCH)


@pytest.mark.parametrize("name", ["protest", "street_attack", "quorum"])
def test_a_question_or_a_deadline_before_a_search_hides_it_not_bug_a_drill_was_over(
    name: str,
) -> None:
    protocol = PROTOCOLS[name]
    calls = {step.id for step in protocol.steps if step.to in CALLED}
    scene = Scene(protocol=protocol, kind=Kind.EXERCISE).raised()
    scene.acknowledge()
    waited = 0
    for _ in range(60):
        scene.settle_all()
        is_more_to_come = not calls <= scene.state().fired.keys()
        assert may_call_more(scene.state()) is is_more_to_come
        waited += is_more_to_come
        scene.run(10)
    assert waited >= 12, "two minutes and more"


@pytest.mark.parametrize("name", ["protest", "street_attack", "quorum"])
def test_a_search_that_nothing_starts_any_more_is_not_to_come(name: str) -> None:
    scene = Scene(protocol=PROTOCOLS[name], kind=Kind.EXERCISE).raised()
    scene.acknowledge()
    scene.settle_all()
    scene.reply("c1", ReplyKind.COMING)
    assert not may_call_more(scene.state())


def test_a_search_after_a_question_that_is_still_to_be_asked_is_to_come() -> None:
    protest = without(PROTOCOLS["protest"], "more")
    steps = tuple(
        replace(step, after="ask") if step.id == "contacts" else step
        for step in protest.steps
    )
    scene = Scene(protocol=replace(protest, steps=steps)).raised()
    scene.settle_all()
    assert may_call_more(scene.state())
    scene.run(390, each_due=scene.settle_all)
    assert "contacts" in scene.state().fired
    assert not may_call_more(scene.state())


def test_pages_that_go_on_after_a_search_has_run_are_no_search_to_come() -> None:
    steps = tuple(
        replace(step, after="duty") if step.id == "contacts" else step
        for step in without(PROTOCOLS["protest"], "more").steps
    )
    protest = replace(PROTOCOLS["protest"], steps=steps)
    scene = Scene(protocol=protest).raised()
    assert may_call_more(scene.state())
    scene.run(390, each_due=scene.settle_all)
    pages = len(scene.planned(Audience.DUTY))
    assert {"near", "contacts"} <= scene.state().fired.keys()
    assert not may_call_more(scene.state())
    scene.run(390, each_due=scene.settle_all)
    assert len(scene.planned(Audience.DUTY)) > pages


def test_a_round_follows_the_one_before_though_what_began_them_is_undone() -> None:
    forced = '[[step]]\nid = "forced"\nafter = "duress"\nto = "duty"\n'
    text = f'channels = ["sms"]\ntext = "page"\nevery_s = 60\n{HQ}'
    named = 'name = "Mine"\nversion = 1\n'
    protocol = parse_protocol(f"{named}{forced}{text}", "mine.toml")
    scene = Scene(protocol=protocol).raised()
    scene.cancel(Word.DURESS)
    scene.settle_all()
    assert "forced" in scene.state().fired
    # So does a reopening of which nobody has to hear.
    undone = structs.replace(scene.state(), danger_at=None)
    later = scene.now.plus(timedelta(seconds=60))
    assert "forced" in [due.step.id for due in due_rounds(undone, later)]
