"""Presses after HQ has decided something: who hears of one, when, in which words."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.cases import OpenCases, standing_of
from engine.alarm.pressed_again import HOLD, QUIET, WINDOW
from engine.alarm.state import Again, CloseReason, Press, Truth
from engine.protocol.model import Audience
from engine.values import AlarmBit, AlarmId, DeviceId
from tests.engine.alarm.scene import (
    PROTOCOLS,
    ROWAN,
    Scene,
    letter,
    press_of,
    raise_of,
)
from tests.fakes import START

DEVICE = DeviceId("bracelet")
OWN = AlarmId("own")


def pressed(key: str, scene: Scene, bit: AlarmBit | None = None) -> Press:
    return replace(press_of(key, scene.now), device=DEVICE, bit=bit)


def decided(truth: Truth = Truth.FALSE) -> Scene:
    """Return a case that HQ has acknowledged and judged, eight seconds ago."""
    scene = Scene()
    scene.do(raise_of(pressed("k1", scene)))
    scene.settle_all()
    scene.acknowledge()
    scene.verify(truth)
    scene.run(8)
    return scene


def told(scene: Scene, audience: Audience) -> int:
    return len(scene.planned(audience))


@pytest.mark.parametrize("truth", [Truth.FALSE, Truth.VERIFIED])
def test_a_press_after_a_verdict_pages_the_officer_and_tells_hq_at_once(
    truth: Truth,
) -> None:
    scene = decided(truth)
    pages, mails = told(scene, Audience.DUTY), told(scene, Audience.HQ)
    scene.do(raise_of(pressed("k2", scene)))
    assert scene.state().acknowledged is None
    assert told(scene, Audience.DUTY) > pages
    assert told(scene, Audience.HQ) > mails


def test_after_false_colleagues_are_told_a_minute_later_to_wait_for_hq() -> None:
    scene = decided()
    before = told(scene, Audience.NEAREST)
    scene.do(raise_of(pressed("k2", scene)))
    scene.run(HOLD.total_seconds() - 1)
    assert told(scene, Audience.NEAREST) == before
    scene.run(1)
    new = scene.planned(Audience.NEAREST)[before:]
    assert len(new) == 5
    text = "".join(segment.text for segment in letter(new[0]).segments)
    assert "Pressed again; HQ is checking; wait for HQ before you go" in text
    assert len({event.effect for event in scene.planned(Audience.NEAREST)}) == len(
        scene.planned(Audience.NEAREST)
    )


def test_after_a_word_that_it_is_real_colleagues_are_told_at_once() -> None:
    scene = decided(Truth.VERIFIED)
    before = told(scene, Audience.NEAREST)
    scene.do(raise_of(pressed("k2", scene)))
    assert told(scene, Audience.NEAREST) == before + 5


def test_an_officer_who_acknowledges_in_time_can_hold_colleagues_back() -> None:
    scene = decided()
    before = told(scene, Audience.NEAREST)
    scene.do(raise_of(pressed("k2", scene)))
    scene.acknowledge(holds=True)
    scene.run(600)
    assert told(scene, Audience.NEAREST) == before
    scene.verify(Truth.VERIFIED)
    assert told(scene, Audience.NEAREST) == before + 5


@pytest.mark.parametrize("after_s", [0, 61])
def test_an_acknowledgement_alone_or_too_late_holds_nobody_back(after_s: int) -> None:
    scene = decided()
    before = told(scene, Audience.NEAREST)
    scene.do(raise_of(pressed("k2", scene)))
    scene.run(after_s)
    scene.acknowledge(holds=after_s > 0)
    scene.run(120)
    assert told(scene, Audience.NEAREST) >= before + 5


def test_the_third_press_after_a_decision_within_an_hour_is_for_hq_alone() -> None:
    scene = decided()
    for key in ("k2", "k3"):
        scene.do(raise_of(pressed(key, scene)))
        scene.run(60)
        scene.settle_all()
        scene.acknowledge()
        scene.verify(Truth.FALSE)
        scene.run(60)
    before, pages = told(scene, Audience.NEAREST), told(scene, Audience.DUTY)
    scene.do(raise_of(pressed("k4", scene)))
    scene.run(59)
    assert told(scene, Audience.DUTY) > pages
    assert told(scene, Audience.NEAREST) == before
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    scene.run(WINDOW.total_seconds())
    scene.do(raise_of(pressed("k5", scene)))
    scene.run(60)
    assert told(scene, Audience.NEAREST) > before


def test_a_repeat_before_any_decision_asks_hq_nothing_anew() -> None:
    scene = Scene()
    scene.do(raise_of(pressed("k1", scene)))
    scene.acknowledge()
    scene.run(QUIET.total_seconds())
    scene.do(raise_of(pressed("k2", scene)))
    assert scene.state().acknowledged is not None
    scene.run(QUIET.total_seconds() + 1)
    scene.do(raise_of(pressed("k3", scene)))
    assert scene.state().acknowledged is None


@pytest.mark.parametrize("bit", [AlarmBit.HELD, AlarmBit.UNSEEN])
def test_a_bit_that_was_never_seen_cleared_is_the_same_press_at_any_interval(
    bit: AlarmBit,
) -> None:
    scene = Scene()
    scene.do(raise_of(pressed("k1", scene, AlarmBit.UNSEEN)))
    scene.acknowledge()
    scene.run(QUIET.total_seconds() * 3)
    scene.do(raise_of(pressed("k2", scene, bit)))
    assert scene.state().acknowledged is not None


def test_a_bit_that_rose_again_is_a_new_press_within_five_minutes() -> None:
    scene = Scene()
    scene.do(raise_of(pressed("k1", scene, AlarmBit.UNSEEN)))
    scene.acknowledge()
    scene.run(10)
    scene.do(raise_of(pressed("k2", scene, AlarmBit.RISEN)))
    assert scene.state().acknowledged is None


def test_a_held_bit_pages_once_after_a_decision_and_calls_no_colleague() -> None:
    scene = decided()
    before, pages = told(scene, Audience.NEAREST), told(scene, Audience.DUTY)
    scene.do(raise_of(pressed("k2", scene, AlarmBit.HELD)))
    assert told(scene, Audience.DUTY) == pages + 2, "an SMS and a call"
    scene.acknowledge()
    for number in range(3, 9):
        scene.run(30)
        scene.do(raise_of(pressed(f"k{number}", scene, AlarmBit.HELD)))
        assert scene.state().acknowledged is not None
    assert told(scene, Audience.NEAREST) == before


def test_a_stored_press_of_before_the_verdict_is_none_after_it() -> None:
    scene = decided()
    before = told(scene, Audience.NEAREST)
    old = replace(
        pressed("k2", scene),
        late=True,
        device_at=START.plus(timedelta(hours=-55)),
    )
    scene.do(raise_of(old))
    scene.run(61)
    assert scene.state().acknowledged is None, "nobody has seen that press"
    assert told(scene, Audience.NEAREST) == before


def test_a_late_press_says_in_each_message_how_late_it_is() -> None:
    scene = Scene()
    at = scene.now.plus(-timedelta(hours=55))
    scene.do(raise_of(replace(pressed("k1", scene), late=True, device_at=at)))
    texts = ["".join(s.text for s in letter(one).segments) for one in scene.planned()]
    assert {one.audience for one in scene.planned()} >= {
        Audience.NEAREST,
        Audience.HQ,
        Audience.DUTY,
    }
    assert all("2 d late" in text for text in texts)


def test_a_merge_is_a_decision() -> None:
    scene = Scene()
    scene.do(raise_of(pressed("k1", scene)))
    scene.acknowledge()
    scene.take_in("a2")
    scene.do(raise_of(pressed("k2", scene)))
    assert scene.state().acknowledged is None


def ended(reason: CloseReason, again_times: int = 0) -> tuple[OpenCases, Scene]:
    scene = Scene()
    scene.do(raise_of(pressed("k1", scene)))
    scene.acknowledge()
    scene.verify(Truth.FALSE if reason is CloseReason.FALSE_ALARM else Truth.VERIFIED)
    cases = OpenCases()
    cases.note(standing_of(scene.state()))
    scene.close(reason=reason)
    assert not scene.state().is_open
    times = tuple(scene.now for _ in range(again_times))
    cases.note(structs.replace(standing_of(scene.state()), again_times=times))
    scene.run(8)
    return cases, scene


@pytest.mark.parametrize(
    ("reason", "before", "bit", "again"),
    [
        (CloseReason.FALSE_ALARM, 0, None, Again.WAIT),
        (CloseReason.SAFE, 0, None, Again.ALL),
        (CloseReason.FALSE_ALARM, 2, None, Again.HQ),
        (CloseReason.FALSE_ALARM, 0, AlarmBit.HELD, Again.HQ),
        (CloseReason.FALSE_ALARM, 0, AlarmBit.RISEN, Again.WAIT),
    ],
)
def test_a_press_after_an_end_begins_a_case_that_knows_of_it(
    reason: CloseReason, before: int, bit: AlarmBit | None, again: Again
) -> None:
    cases, scene = ended(reason, before)
    own, command = cases.join(raise_of(pressed("k2", scene, bit)), OWN)
    assert own == OWN
    assert command.again is again
    assert len(command.again_times) == before


def test_an_end_of_more_than_an_hour_ago_changes_nothing() -> None:
    cases, scene = ended(CloseReason.FALSE_ALARM)
    scene.run(WINDOW.total_seconds())
    _, command = cases.join(raise_of(pressed("k2", scene)), OWN)
    assert command.again is Again.NO


def test_a_case_begun_after_false_waits_and_one_for_hq_alone_calls_nobody() -> None:
    for again, at_once, later in ((Again.WAIT, 0, 5), (Again.HQ, 0, 0)):
        scene = Scene()
        command = structs.replace(raise_of(pressed("k1", scene)), again=again)
        scene.do(command)
        assert told(scene, Audience.DUTY) > 0
        assert told(scene, Audience.NEAREST) == at_once
        scene.run(60)
        assert told(scene, Audience.NEAREST) == later


def test_a_second_operators_voice_is_a_decision_too() -> None:
    scene = decided(Truth.VERIFIED)
    scene.verify(Truth.FALSE, ROWAN)
    pages = told(scene, Audience.DUTY)
    scene.do(raise_of(pressed("k2", scene)))
    assert told(scene, Audience.DUTY) > pages


@pytest.mark.parametrize("is_stored", [False, True])
def test_a_press_that_a_verdict_has_not_seen_asks_hq_anew(*, is_stored: bool) -> None:
    """It came, or was pressed, before the verdict, and joins the case after it."""
    scene = Scene()
    scene.do(raise_of(pressed("k1", scene)))
    scene.settle_all()
    scene.acknowledge()
    scene.run(30)
    came = pressed("k2", scene)
    scene.run(1)
    scene.verify(Truth.FALSE)
    scene.run(60)
    if is_stored:
        came = replace(came, late=True, device_at=came.at, at=scene.now)
    scene.do(raise_of(came))
    assert scene.state().acknowledged is None


def test_a_new_edge_after_a_held_bit_is_a_press_after_the_decision() -> None:
    scene = decided()
    before = told(scene, Audience.NEAREST)
    scene.do(raise_of(pressed("k2", scene, AlarmBit.HELD)))
    scene.settle_all()
    scene.acknowledge()
    scene.run(60)
    assert told(scene, Audience.NEAREST) == before
    scene.do(raise_of(pressed("k3", scene, AlarmBit.RISEN)))
    assert scene.state().acknowledged is None
    scene.run(HOLD.total_seconds() - 1)
    assert told(scene, Audience.NEAREST) == before
    scene.run(1)
    assert told(scene, Audience.NEAREST) == before + 5


def test_a_new_edge_in_a_case_that_a_held_bit_began_calls_colleagues() -> None:
    scene = Scene()
    held = raise_of(pressed("k1", scene, AlarmBit.HELD))
    scene.do(structs.replace(held, again=Again.HQ))
    scene.settle_all()
    scene.acknowledge()
    for number in range(2, 5):
        scene.run(30)
        scene.do(raise_of(pressed(f"k{number}", scene, AlarmBit.HELD)))
        assert scene.state().acknowledged is not None
    assert told(scene, Audience.NEAREST) == 0
    scene.do(raise_of(pressed("k9", scene, AlarmBit.RISEN)))
    assert scene.state().acknowledged is None
    assert told(scene, Audience.NEAREST) == 5


def test_a_press_after_hq_opened_a_case_again_repeats_none_before_its_end() -> None:
    scene = decided()
    scene.close()
    scene.settle_all()
    scene.reopen()
    scene.settle_all()
    scene.acknowledge()
    scene.run(20)
    scene.do(raise_of(pressed("k2", scene)))
    assert scene.state().acknowledged is None


def test_whoever_was_told_to_wait_is_called_once_it_is_presumed_real() -> None:
    scene = Scene()
    command = raise_of(pressed("k1", scene), PROTOCOLS["careful"])
    scene.do(structs.replace(command, again=Again.WAIT))
    scene.run(1_000, each_due=scene.settle_all)
    assert scene.state().truth is Truth.PRESUMED
    first, *_, last = [
        "".join(segment.text for segment in letter(one).segments)
        for one in scene.planned(Audience.NEAREST)
    ]
    assert "wait for HQ" in first
    assert "wait for HQ" not in last


def test_a_press_after_an_end_pages_at_once_a_rota_that_a_first_press_pages_later() -> (
    None
):
    scene = Scene()
    steps = tuple(
        replace(step, delay=timedelta(minutes=2)) if step.to is Audience.DUTY else step
        for step in scene.protocol.steps
    )
    protocol = replace(scene.protocol, steps=steps)
    command = raise_of(pressed("k1", scene), protocol)
    scene.do(structs.replace(command, again=Again.WAIT))
    assert told(scene, Audience.DUTY) > 0
