"""An operator opens a case again: whoever heard of its end hears that it goes on."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.effects import Fired
from engine.alarm.events import AlarmReopened, NotificationSettled
from engine.alarm.evolve import evolve
from engine.alarm.state import Alarm, ReplyKind, Response
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.roster.model import Word
from engine.values import EffectId, Signal, StepId
from tests.engine.alarm.forced import ATTENDED, CAREFUL
from tests.engine.alarm.scene import (
    ENDED_BY_ONE,
    PROTOCOLS,
    ROTA,
    ROWAN,
    TASHKENT,
    Scene,
    press_of,
    raise_of,
    without,
)
from tests.fakes import START

PEOPLE = (Audience.NEAREST, Audience.HQ, Audience.DUTY)


def ended(stops: EffectState | None) -> Scene:
    """Return a closed case whose stop messages came so far; None: nobody tried."""
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.run(300, each_due=scene.settle_all)
    scene.close()
    if stops is not None:
        scene.settle_all(stops)
    return scene


@pytest.mark.parametrize(
    "state",
    [
        EffectState.ATTEMPTING,
        EffectState.UNKNOWN,
        EffectState.ACCEPTED,
        EffectState.DELIVERED,
    ],
)
def test_whoever_may_have_read_that_it_has_ended_is_told_anew(
    state: EffectState,
) -> None:
    scene = ended(state)
    told = {one: scene.told(one) for one in PEOPLE}
    scene.reopen()
    scene.settle_all()
    scene.run(300, each_due=scene.settle_all)
    anew = {one: set(scene.told(one)[len(told[one]) :]) for one in PEOPLE}
    assert set(told[Audience.NEAREST]) <= anew[Audience.NEAREST]
    assert anew[Audience.HQ]
    assert anew[Audience.DUTY]
    first, again = (
        [p.body.text(scene.now) for p in scene.planned(Audience.NEAREST)][place]
        for place in (0, len(told[Audience.NEAREST]))
    )
    assert again.split(",")[0] == first.split(",")[0], "by the code that they know"
    keys = [planned.effect for planned in scene.planned()]
    assert len(set(keys)) == len(keys)


def test_a_stop_that_went_out_although_it_was_held_back_is_made_good() -> None:
    """It was with a modem already, and the alarm had not heard of it."""
    scene = ended(None)
    stop = scene.planned(Audience.TOLD)[0]
    told = len(scene.told(Audience.NEAREST))
    scene.reopen()
    assert len(scene.told(Audience.NEAREST)) == told
    scene.settle(stop.effect, EffectState.ATTEMPTING)
    scene.settle(stop.effect, EffectState.ACCEPTED)
    again = scene.told(Audience.NEAREST)[told:]
    assert stop.person in again
    scene.settle(stop.effect, EffectState.DELIVERED)
    assert scene.told(Audience.NEAREST)[told:] == again, "once for each who read it"


@pytest.mark.parametrize("state", [None, EffectState.REJECTED])
def test_who_has_heard_of_no_end_hears_nothing_of_a_reopening(
    state: EffectState | None,
) -> None:
    scene = ended(state)
    told = scene.told(Audience.NEAREST)
    scene.reopen()
    scene.settle_all()
    scene.run(300, each_due=scene.settle_all)
    assert scene.told(Audience.NEAREST) == told


def test_the_end_of_before_is_not_held_against_the_next_reopening() -> None:
    scene = ended(EffectState.DELIVERED)
    scene.reopen()
    scene.settle_all()
    scene.acknowledge()
    scene.close()
    told = scene.told(Audience.NEAREST)
    scene.reopen()
    scene.settle_all()
    assert scene.told(Audience.NEAREST) == told, "nobody had heard of the second end"


def test_the_world_is_not_told_twice_by_a_reopening() -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.verify()
    scene.approve()
    scene.settle_all()
    public = scene.told(Audience.PUBLIC)
    assert public
    scene.close()
    scene.settle_all()
    scene.reopen()
    scene.settle_all()
    scene.run(3_600, each_due=scene.settle_all)
    assert scene.told(Audience.PUBLIC) == public


@pytest.mark.parametrize("by_press", [False, True])
def test_many_reopenings_in_one_moment_page_one_officer_and_then_the_next_in_turn(
    *, by_press: bool
) -> None:
    """Four within 30 ms rang three telephones at once, and woke who was off duty."""
    scene = ended(EffectState.DELIVERED)
    before, began = len(scene.planned(Audience.DUTY)), scene.now
    for number in range(4):
        if number:
            scene.now = scene.now.plus(timedelta(milliseconds=10))
            scene.acknowledge()
            scene.close()
            scene.settle_all(EffectState.DELIVERED)
        pages = len(scene.planned(Audience.DUTY))
        if by_press:
            scene.raised(f"after-{number}")
        else:
            scene.reopen()
        assert len(scene.planned(Audience.DUTY)) > pages, "none is silent"
        scene.settle_all()
    at_once = {one.person for one in scene.planned(Audience.DUTY)[before:]}
    assert at_once == {ROTA[0]}
    scene.run(180, each_due=scene.settle_all)
    anew = scene.planned(Audience.DUTY)[before:]
    texts = [one for one in anew if one.channel == "sms"]
    turns = [(one.person, one.at.since(began).seconds) for one in texts[4:]]
    assert turns == [(ROTA[1], 60), (ROTA[2], 120), (ROTA[0], 180)]


def test_an_end_in_appearance_has_told_nobody_and_its_reopening_neither() -> None:
    scene = Scene(protocol=CAREFUL).raised()
    scene.settle_all()
    scene.cancel(Word.DURESS)
    scene.settle_all()
    scene.acknowledge()
    scene.close()
    assert scene.state().is_open, "nobody but an operator says so"
    told = scene.told(Audience.NEAREST)
    scene.reopen()
    scene.settle_all()
    assert scene.told(Audience.NEAREST) == told


def test_a_rota_that_is_paged_once_is_paged_at_a_reopening() -> None:
    steps = tuple(
        replace(step, every=None, rounds=1) if step.to is Audience.DUTY else step
        for step in ENDED_BY_ONE.steps
    )
    scene = Scene(protocol=replace(ENDED_BY_ONE, steps=steps)).raised()
    scene.acknowledge()
    scene.close()
    pages = len(scene.planned(Audience.DUTY))
    scene.reopen()
    assert len(scene.planned(Audience.DUTY)) > pages


def test_a_call_that_went_out_although_it_was_taken_back_makes_nothing_anew() -> None:
    scene = Scene().raised()
    call = scene.planned(Audience.NEAREST)[0]
    scene.acknowledge()
    scene.close()
    scene.reopen()
    told = scene.told(Audience.NEAREST)
    assert scene.state().effects[call.effect].state is EffectState.WITHDRAWN
    scene.settle(call.effect, EffectState.ACCEPTED)
    assert scene.told(Audience.NEAREST) == told


def held_back() -> tuple[Scene, EffectId]:
    """Return a reopened case, and a stop message that was held back with the rest."""
    scene = ended(None)
    stop = scene.planned(Audience.TOLD)[0].effect
    scene.reopen()
    return scene, stop


def slipped(alarm: Alarm, effect: EffectId, state: EffectState) -> Alarm:
    """Return the alarm after its own account of a stop message."""
    fact = NotificationSettled(
        at=START,
        effect=effect,
        state=state,
        attempt=1,
        route="",
        reference="",
        reason="",
        retry=False,
    )
    return evolve(alarm, fact)


def test_a_stop_that_slipped_out_counts_no_more_once_it_is_over_again() -> None:
    scene, stop = held_back()
    scene.acknowledge()
    scene.close()
    before = scene.state()
    after = slipped(before, stop, EffectState.ACCEPTED)
    assert (after.told, after.fired) == (before.told, before.fired)


def test_a_stop_that_was_held_back_and_refused_has_told_nobody() -> None:
    scene, stop = held_back()
    before = scene.state()
    after = slipped(before, stop, EffectState.REJECTED)
    assert (after.told, after.fired) == (before.told, before.fired)


def test_after_a_stop_that_slipped_out_exactly_the_steps_for_people_run_anew() -> None:
    scene, stop = held_back()
    elsewhere = replace(TASHKENT, lat_deg=41.5)
    once = Fired(first_at=START, last_at=START)
    protocol = replace(CAREFUL, steps=(*CAREFUL.steps, *ENDED_BY_ONE.steps))
    alarm = structs.replace(
        scene.state(),
        protocol=protocol,
        fired={step.id: once for step in protocol.steps},
        place=elsewhere,
        moved_at=START,
    )
    after = slipped(alarm, stop, EffectState.ACCEPTED)
    assert set(after.fired) == {
        step.id
        for step in protocol.steps
        if step.to in {Audience.PUBLIC, Audience.DEFENDER} or step.after == "closed"
    }
    assert all(one.ended for one in after.told.values())
    assert (after.told_place, after.moved_at) == (elsewhere, None)


def test_a_forced_answer_of_before_the_end_is_none_to_what_is_asked_anew() -> None:
    scene = Scene(protocol=CAREFUL).raised()
    scene.settle_all()
    scene.reply("c1", ReplyKind.COMING, duress=True)
    before = scene.state()
    assert before.told["c1"].seen_reply is ReplyKind.COMING
    over = structs.replace(before, response=Response.CLOSED)
    after = evolve(over, AlarmReopened(at=START, by=None))
    assert after.told["c1"].seen_reply is None


def test_what_hq_hears_after_an_end_it_hears_after_the_next_one_too() -> None:
    protocol = without(ATTENDED, "stop")
    scene = Scene(protocol=protocol).raised()
    heard = []
    for _ in range(2):
        scene.settle_all()
        scene.acknowledge()
        scene.confirm_safe(ROWAN)
        scene.close()
        scene.run(40 * 86_400, each_due=scene.settle_all)
        steps = [planned.step for planned in scene.planned(Audience.HQ)]
        heard.append(steps.count(StepId("unconfirmed")))
        scene.reopen()
    assert heard == [1, 2]


@pytest.mark.parametrize("signal", [Signal.SOS, Signal.CANCEL])
def test_a_press_that_opens_a_case_again_is_silent_where_it_shows_nothing(
    signal: Signal,
) -> None:
    scene = ended(EffectState.DELIVERED)
    press = replace(press_of("k2", scene.now, (signal,)), duress=True)
    scene.do(raise_of(press))
    reopened = next(e for e in scene.events if isinstance(e, AlarmReopened))
    assert reopened.silent == (signal is Signal.CANCEL)


def test_who_was_called_anew_at_another_number_is_asked_there_bug_at_the_first() -> (
    None
):
    """The roster may have that no more: nothing is sent to it then."""
    protocol = replace(PROTOCOLS["arrest"], all_clear_needs=1)
    scene = Scene(protocol=protocol).raised()
    scene.settle_all()
    scene.acknowledge()
    scene.run(60, each_due=scene.settle_all)
    scene.close()
    scene.settle_all()
    scene.colleagues = tuple(
        structs.replace(one, addresses=(("sms", f"+1666{one.person}"),))
        for one in scene.colleagues
    )
    scene.raised("again")
    scene.run(3600, each_due=scene.settle_all)
    asked = scene.planned(Audience.ASKED)
    assert asked
    assert {one.body.address for one in asked} == {
        f"+1666{one.person}" for one in asked
    }
