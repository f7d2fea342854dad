"""Who may stop what: the rules of deciding, one sentence each."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.commands import (
    Acknowledge,
    AddNote,
    RequestCancel,
    Reveal,
    Settle,
)
from engine.alarm.events import (
    ActRefused,
    AlarmAcknowledged,
    AlarmClosed,
    AlarmReopened,
    CancelRequested,
    NotificationsWithdrawn,
    PressJoined,
)
from engine.alarm.refusals import RefusalGround
from engine.alarm.state import Kind, Publicity, ReplyKind, Response, Truth
from engine.ports.journal import EffectState
from engine.protocol.model import Audience, Condition
from engine.values import CommandId, DeviceId, Instant, Signal
from tests.engine.alarm.scene import (
    ALDER,
    ENDED_BY_ONE,
    PROTOCOLS,
    ROWAN,
    Scene,
    press_of,
    raise_of,
    without,
)


def refusals(scene: Scene) -> list[RefusalGround]:
    return [e.ground for e in scene.events if isinstance(e, ActRefused)]


def verified() -> Scene:
    scene = Scene().raised()
    scene.acknowledge()
    scene.verify()
    return scene


def test_a_colleague_who_is_coming_acknowledges_nothing() -> None:
    scene = Scene().raised()
    scene.reply("c1", ReplyKind.COMING)
    assert scene.state().acknowledged is None
    assert scene.state().response is Response.NOTIFYING


def test_only_an_operators_own_act_acknowledges() -> None:
    scene = Scene().raised()
    scene.settle_all(EffectState.DELIVERED)
    scene.do(RequestCancel(command_id=CommandId("x"), press=press_of("x")))
    scene.do(AddNote(command_id=CommandId("n"), by=ALDER, text="seen"))
    scene.do(Reveal(command_id=CommandId("r"), by=ALDER, what="place"))
    scene.run(600)
    assert scene.of(AlarmAcknowledged) == []
    scene.acknowledge()
    acknowledged = scene.state().acknowledged
    assert acknowledged is not None
    assert acknowledged.by == ALDER


def test_acknowledge_verify_approve_and_close_are_four_acts() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    assert (scene.state().truth, scene.state().closed) == (Truth.VERIFYING, None)
    scene.verify()
    assert (scene.state().publicity, scene.state().closed) == (Publicity.NONE, None)
    scene.approve()
    assert scene.state().is_open
    scene.close()
    assert not scene.state().is_open


def test_nobody_verifies_or_closes_what_nobody_has_acknowledged() -> None:
    scene = Scene().raised()
    scene.verify()
    scene.close()
    assert refusals(scene) == [RefusalGround.NOT_ACKNOWLEDGED] * 2
    assert scene.state().is_open


def test_verifying_publishes_nothing() -> None:
    scene = verified()
    scene.run(86_400)
    assert scene.planned(Audience.PUBLIC) == []


def test_a_second_operator_approves_and_it_goes_out_once() -> None:
    scene = verified()
    scene.approve(ROWAN)
    scene.approve(ROWAN)
    assert len(scene.planned(Audience.PUBLIC)) == 1
    assert refusals(scene) == [RefusalGround.ALREADY_DONE]


def test_whoever_verified_does_not_approve() -> None:
    scene = verified()
    scene.approve(ALDER)
    assert refusals(scene) == [RefusalGround.SAME_OPERATOR]
    assert scene.planned(Audience.PUBLIC) == []


@pytest.mark.parametrize(
    ("scene", "ground"),
    [
        (Scene(consented=False), RefusalGround.NO_CONSENT),
        (Scene(kind=Kind.EXERCISE), RefusalGround.NOT_REAL),
        (Scene(kind=Kind.TEST), RefusalGround.NOT_REAL),
        (
            Scene(protocol=without(ENDED_BY_ONE, "publish")),
            RefusalGround.NO_PUBLIC_STEP,
        ),
        (Scene(protocol=PROTOCOLS["widening"]), RefusalGround.NO_PUBLIC_STEP),
    ],
    ids=lambda one: one.value if isinstance(one, RefusalGround) else "",
)
def test_what_may_not_be_published_is_refused_and_kept_for_the_record(
    scene: Scene, ground: RefusalGround
) -> None:
    scene.raised()
    scene.acknowledge()
    scene.verify()
    scene.approve()
    scene.run(3600)
    assert refusals(scene) == [ground]
    assert scene.planned(Audience.PUBLIC) == []
    assert scene.state().publicity is Publicity.NONE


def test_an_unverified_alarm_is_not_approved() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    scene.approve()
    assert refusals(scene) == [RefusalGround.NOT_VERIFIED]


def test_a_template_that_no_public_step_says_is_not_approved() -> None:
    scene = verified()
    scene.approve(template="sos")
    assert refusals(scene) == [RefusalGround.UNKNOWN_TEMPLATE]


def test_what_turns_out_false_before_it_is_out_is_not_published() -> None:
    scene = verified()
    scene.approve()
    (post,) = scene.planned(Audience.PUBLIC)
    scene.verify(Truth.FALSE, ROWAN)
    assert scene.state().effects[post.effect].state is EffectState.WITHDRAWN


def test_a_cancel_closes_nothing_and_stops_no_paging() -> None:
    scene = Scene().raised()
    cancel = RequestCancel(command_id=CommandId("x"), press=press_of("x"))
    assert [type(e) for e in scene.do(cancel)] == [CancelRequested]
    before = len(scene.planned(Audience.DUTY))
    scene.run(180, each_due=scene.settle_all)
    assert scene.state().is_open
    assert scene.state().cancel_requests == 1
    assert len(scene.planned(Audience.DUTY)) == before + 3 * 2


def test_the_same_press_twice_is_one() -> None:
    scene = Scene().raised("k1")
    before = len(scene.events)
    scene.raised("k1")
    assert len(scene.events) == before


def test_another_press_joins_and_is_no_new_case() -> None:
    scene = Scene().raised("k1").raised("k2")
    assert [press.key for press in scene.state().presses] == ["k1", "k2"]
    assert len(scene.told(Audience.NEAREST)) == 5


def test_an_earlier_press_that_comes_again_is_still_one() -> None:
    scene = Scene().raised("one").raised("two")
    before = len(scene.events)
    scene.raised("one")
    assert len(scene.events) == before
    assert len(scene.state().presses) == 2


def test_news_before_anybody_has_acknowledged_does_not_restart_the_wait() -> None:
    scene = Scene().raised("one")
    scene.run(200, each_due=scene.settle_all)
    scene.raised("two", signals=(Signal.REMOVED,))
    assert scene.state().urgent_since == scene.state().raised_at


def test_a_press_that_repeats_what_hq_has_acknowledged_does_not_page_again() -> None:
    scene = Scene().raised("k1")
    scene.acknowledge()
    pages = len(scene.planned(Audience.DUTY))
    for number, after_s in enumerate([30] * 19 + [300]):
        scene.now = scene.now.plus(timedelta(seconds=after_s))
        scene.raised(f"r{number}")
    assert scene.state().acknowledged is not None
    assert len(scene.planned(Audience.DUTY)) == pages


def test_a_press_of_another_device_is_a_new_press() -> None:
    scene = Scene()
    for key, device in (("k1", "bracelet"), ("k2", "telephone")):
        scene.do(raise_of(replace(press_of(key), device=DeviceId(device))))
        if key == "k1":
            scene.acknowledge()
    assert len(scene.state().presses) == 2
    assert scene.state().acknowledged is None


@pytest.mark.parametrize(
    ("after_s", "signals", "text"),
    [
        (3600, (Signal.SOS,), ""),
        (300.001, (Signal.SOS,), ""),
        (60, (Signal.REMOVED,), ""),
        (60, (Signal.SOS,), "they are at the door"),
    ],
)
def test_a_press_that_is_news_takes_the_acknowledgement_back_and_pages_again(
    after_s: float, signals: tuple[Signal, ...], text: str
) -> None:
    scene = Scene().raised("k1")
    scene.acknowledge()
    scene.now = scene.now.plus(timedelta(seconds=after_s))
    pages = len(scene.planned(Audience.DUTY))
    scene.raised("k2", signals=signals, text=text)
    assert scene.state().acknowledged is None
    assert scene.state().urgent_since == scene.now
    assert len(scene.planned(Audience.DUTY)) == pages + 2
    scene.acknowledge(ROWAN)
    assert scene.state().acknowledged is not None


def test_a_press_after_the_end_reopens_and_everybody_is_told_anew() -> None:
    scene = Scene().raised("k1")
    scene.settle_all()
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    scene.close()
    scene.settle_all()
    first = scene.told(Audience.NEAREST)
    scene.now = scene.now.plus(timedelta(hours=1))
    scene.raised("k2")
    state = scene.state()
    assert state.is_open
    assert (state.acknowledged, state.truth) == (None, Truth.UNVERIFIED)
    assert scene.told(Audience.NEAREST) == first * 2
    assert scene.of(AlarmReopened)[-1].by is None  # type: ignore[union-attr] # of this kind
    keys = [planned.effect for planned in scene.planned()]
    assert len(keys) == len(set(keys)), "a key that was used does nothing"


def test_a_second_end_sends_stop_messages_again_bug_same_keys() -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.close()
    scene.settle_all()
    first = {planned.effect for planned in scene.planned(Audience.TOLD)}
    scene.reopen()
    scene.acknowledge()
    scene.close()
    both = {planned.effect for planned in scene.planned(Audience.TOLD)}
    assert len(both) == 2 * len(first)


def test_reopening_holds_back_stop_messages_that_have_not_gone_out() -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.close()
    stops = [planned.effect for planned in scene.planned(Audience.TOLD)]
    scene.settle(stops[0], EffectState.REJECTED, retry=True)
    events = scene.reopen()
    withdrawn = [e for e in events if isinstance(e, NotificationsWithdrawn)]
    assert len(withdrawn) == 1
    assert set(stops) - set(withdrawn[0].effects) <= {stops[0]}
    scene.run(3600)
    after = scene.events[scene.events.index(events[0]) :]
    said = [e for e in after if getattr(e, "audience", None) is Audience.TOLD]
    assert said == [], "an open alarm says to nobody that it has ended"


def test_an_operators_reopening_reaches_whom_the_close_had_silenced() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    scene.close()
    assert scene.planned(Audience.TOLD) == []
    scene.reopen()
    again = [p for p in scene.planned(Audience.NEAREST) if p.repeat == 1]
    assert [p.person for p in again] == ["c1", "c2", "c3", "c4", "c5"]


def test_an_open_alarm_is_not_reopened_and_a_closed_one_not_acknowledged() -> None:
    scene = Scene().raised()
    scene.reopen()
    scene.acknowledge()
    scene.close()
    scene.acknowledge()
    assert refusals(scene) == [RefusalGround.ALARM_OPEN, RefusalGround.ALARM_CLOSED]


def test_acts_without_an_alarm_come_to_nothing() -> None:
    scene = Scene()
    assert scene.acknowledge() == ()
    assert scene.do(Reveal(command_id=CommandId("r"), by=ALDER, what="x")) == ()
    assert scene.alarm is None


def test_the_public_step_needs_all_three_even_where_an_alarm_is_approved() -> None:
    step = ENDED_BY_ONE.step(ENDED_BY_ONE.steps[4].id)
    assert step is not None
    assert set(step.requires) == {
        Condition.VERIFIED,
        Condition.CONSENTED,
        Condition.APPROVED,
    }
    scene = verified()
    scene.consented = False
    scene.alarm = structs.replace(scene.state(), consented=False)
    scene.approve()
    assert scene.planned(Audience.PUBLIC) == []


def test_every_fact_of_a_decision_has_the_decisions_time() -> None:
    scene = Scene(now=Instant(5_000)).raised()
    assert {event.at for event in scene.events} == {Instant(5_000)}


def test_joining_keeps_the_better_place() -> None:
    scene = Scene().raised("k1")
    kept = scene.state().place
    scene.raised("k2", place=replace(kept, source=type(kept.source).DECLARED))
    assert scene.state().place == kept
    newer = replace(kept, lat_deg=42.0, at=scene.now.plus(timedelta(minutes=1)))
    scene.raised("k3", place=newer)
    assert scene.state().place == newer
    scene.raised("k4", place=kept)
    assert scene.state().place == newer, "an older fix displaces no newer one"


def test_closing_is_recorded_with_who_and_why() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    scene.close(ROWAN)
    (closed,) = scene.of(AlarmClosed)
    assert isinstance(closed, AlarmClosed)
    assert (closed.by, closed.reason) == (ROWAN, "safe")


def test_a_double_click_is_refused_and_not_done_twice() -> None:
    scene = Scene().raised()
    command = Acknowledge(command_id=CommandId("form"), by=ALDER)
    scene.do(command)
    scene.do(command)
    assert len(scene.of(AlarmAcknowledged)) == 1


def test_a_joined_press_is_one_fact() -> None:
    scene = Scene().raised("k1").raised("k2")
    assert len(scene.of(PressJoined)) == 1


def test_an_outcome_that_is_told_later_was_when_it_was() -> None:
    scene = Scene().raised()
    effect, was = next(iter(scene.waiting())), scene.now
    scene.run(30)
    told = Settle(
        command_id=CommandId("late"),
        effect=effect,
        state=EffectState.ACCEPTED,
        attempt=1,
        at=was,
    )
    assert [one.at for one in scene.do(told)] == [was]


def test_a_press_that_reopens_urges_nobody_besides_the_reopening() -> None:
    scene = verified()
    scene.close()
    scene.run(3_600)
    scene.do(raise_of(press_of("again", scene.now)))
    joined = [one for one in scene.events if isinstance(one, PressJoined)]
    assert [one.urges for one in joined] == [False]
    assert scene.of(AlarmReopened)
