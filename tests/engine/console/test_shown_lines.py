"""Lines for operators on the case alone: a sign of force, and what it began."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.events import NotificationSettled, NotificationsWithdrawn
from engine.alarm.state import Alarm
from engine.console.cases import Line
from engine.console.view import begun_by_force, detail
from engine.protocol.model import Audience
from engine.protocol.texts import Segment
from engine.roster.model import Word
from engine.values import OperatorId, StepId
from tests.engine.alarm.forced import CAREFUL, scene_of
from tests.engine.alarm.scene import ALDER, ROWAN, Scene
from tests.engine.console.hq import Hq, events

MORE = next(step for step in CAREFUL.steps if step.after == "duress")
WAIT = timedelta(seconds=9)
LATER = replace(MORE, id=StepId("later"), after="more", delay=WAIT, count=3)
LAST = replace(LATER, id=StepId("last"), after="later", count=2)
CHAINED = replace(CAREFUL, steps=(LAST, *CAREFUL.steps, LATER))


def cancelled(word: Word) -> Scene:
    """Return a case with a step that force begins, and with two that follow it."""
    scene = scene_of(CHAINED)
    scene.cancel(word)
    scene.settle_all()
    scene.acknowledge()
    scene.run(30, each_due=scene.settle_all)
    return scene


def lines_of(scene: Scene, operator: OperatorId | None) -> list[dict[str, object]]:
    lines = [
        Line(position=number, at=event.at, event=event, kind=type(event).__name__)
        for number, event in enumerate(scene.events)
    ]
    return shown(scene.state(), lines, scene, operator)


def shown(
    alarm: Alarm, lines: list[Line], scene: Scene, operator: OperatorId | None
) -> list[dict[str, object]]:
    found = detail(alarm, lines, scene.now, revealed=False, operator=operator)["lines"]
    assert isinstance(found, list)
    return found


def said(scene: Scene, operator: OperatorId | None) -> list[tuple[object, object]]:
    return [(line["kind"], line["text"]) for line in lines_of(scene, operator)]


@pytest.mark.parametrize("operator", [ROWAN, None])
def test_to_operators_who_are_not_on_the_case_both_words_have_the_same_lines(
    operator: OperatorId | None,
) -> None:
    true, false = (cancelled(word) for word in Word)
    assert len(false.told(Audience.NEAREST)) == len(true.told(Audience.NEAREST)) + 15
    assert said(false, operator) == said(true, operator)


def test_a_row_that_cannot_be_read_is_named_to_those_on_the_case_alone() -> None:
    """A newer sign of force stood there by its name, for whoever forces somebody."""
    scene = cancelled(Word.DURESS)
    line = Line(position=1, at=scene.now, event=None, kind="SignNoticed")
    kinds = [
        shown(scene.state(), [line], scene, who)[0]["kind"]
        for who in (ALDER, ROWAN, None)
    ]
    assert kinds == ["SignNoticed", "Unreadable", "Unreadable"]
    titles = [str(shown(scene.state(), [line], scene, ROWAN)[0]["title"])]
    assert titles == ["Unreadable"]


@pytest.mark.parametrize("is_plan_unread", [False, True])
def test_behind_a_row_that_cannot_be_read_no_outcome_tells_what_force_began(
    *, is_plan_unread: bool
) -> None:
    """The case stands as it was before that: it knows no message behind it."""
    scene = cancelled(Word.DURESS)
    alarm = scene_of(CHAINED).state()
    begun = begun_by_force(CHAINED)
    steps = {one.effect: one.step for one in scene.planned(Audience.NEAREST)}
    others = [one for one, step in steps.items() if step not in begun]
    lines = []
    for number, event in enumerate(scene.events):
        is_unread = is_plan_unread and getattr(event, "step", "") in begun
        lines.append(
            Line(
                position=number,
                at=event.at,
                event=None if is_unread else event,
                kind=type(event).__name__,
            )
        )
    by_force = {
        number
        for number, event in enumerate(scene.events)
        if isinstance(event, NotificationSettled) and steps.get(event.effect) in begun
    }
    assert others
    assert by_force
    seen = {line["position"] for line in shown(alarm, lines, scene, ROWAN)}
    assert not seen & by_force
    last = len(scene.events) - 1
    wholly = {line["position"] for line in lines_of(scene, ROWAN)}
    assert seen >= wholly
    assert {line["position"] for line in shown(alarm, lines, scene, ALDER)} == {
        *range(last + 1)
    }


def test_operators_on_the_case_see_what_a_sign_of_force_began() -> None:
    scene = cancelled(Word.DURESS)
    assert len(lines_of(scene, ALDER)) == len(scene.events)
    texts = [text for _, text in said(scene, ALDER)]
    assert "more, round 1: 10 found" in texts
    assert "last, round 1: 2 found" in texts


def test_a_search_that_found_nobody_says_that_nobody_is_told() -> None:
    scene = Scene(colleagues=()).raised()
    scene.acknowledge(ALDER)
    texts = [text for _, text in said(scene, ALDER)]
    assert "colleagues, round 1: 0 found, so it tells nobody" in texts


def test_steps_that_follow_what_force_began_are_begun_by_it_in_any_order() -> None:
    assert begun_by_force(CHAINED) == {"more", "later", "last"}
    assert begun_by_force(replace(CAREFUL, steps=CAREFUL.steps[:1])) == frozenset()


def test_a_step_of_before_that_is_called_as_the_start_is_no_sign_of_force() -> None:
    before = replace(MORE, id=StepId("duress"), after="raised")
    assert begun_by_force(replace(CAREFUL, steps=(before, MORE))) == frozenset()


def test_of_what_was_withdrawn_only_what_force_did_not_begin_is_counted() -> None:
    scene = cancelled(Word.DURESS)
    planned = scene.planned(Audience.NEAREST)
    force = [one.effect for one in planned if one.step == "more"]
    others = [one.effect for one in planned if one.step == "colleagues"]
    lines = [
        Line(
            position=number,
            at=scene.now,
            event=NotificationsWithdrawn(at=scene.now, effects=tuple(effects)),
            kind="NotificationsWithdrawn",
        )
        for number, effects in enumerate((force, [*force, *others]))
    ]
    one, both = (shown(scene.state(), lines, scene, who) for who in (ROWAN, ALDER))
    assert [line["text"] for line in one] == ["5 not sent any more"]
    assert [line["text"] for line in both] == [
        "10 not sent any more",
        "15 not sent any more",
    ]


def planned(channel: str, text: str, *, revealed: bool = True) -> str:
    """Return the line of a message to the first colleague."""
    scene = Scene().raised()
    first = scene.planned(Audience.NEAREST)[0]
    body = structs.replace(first.body, segments=(Segment(priority=1, text=text),))
    event = replace(first, channel=channel, body=body)
    line = Line(position=1, at=event.at, event=event, kind="NotificationPlanned")
    found = detail(scene.state(), [line], scene.now, revealed=revealed)["lines"]
    assert isinstance(found, list)
    return str(found[0]["text"])


@pytest.mark.parametrize(
    ("channel", "text", "said"),
    [
        ("sms", "a" * 160, f": {'a' * 160}"),
        ("sms", "a" * 161, f", as much as one SMS holds: {'a' * 161}"),
        ("sms", "а" * 70, f": {'а' * 70}"),  # noqa: RUF001 - Cyrillic
        ("sms", "а" * 71, f", as much as one SMS holds: {'а' * 71}"),  # noqa: RUF001
        ("email", "a" * 161, f": {'a' * 161}"),
        ("call", "SOS K7F2", ""),
    ],
)
def test_a_text_is_not_said_to_be_sent_whole_where_it_is_not_bug_hq_read_more(
    channel: str, text: str, said: str
) -> None:
    """In Russian the colleague had half of what the time line had, a call nothing."""
    assert planned(channel, text).endswith(f" (+1555c1){said}")
    assert text not in planned(channel, text, revealed=False)


@pytest.mark.parametrize("revealed", [False, True])
def test_a_post_and_a_question_to_the_defender_say_to_whom_bug_to_somebody(
    *, revealed: bool
) -> None:
    scene = Scene()
    scene.raised()
    scene.acknowledge()
    scene.verify()
    scene.approve()
    scene.settle_all()
    scene.confirm_safe()
    scene.close(by=ROWAN)
    scene.run(timedelta(days=2).total_seconds(), each_due=scene.settle_all)
    lines = [
        Line(position=number, at=event.at, event=event, kind=type(event).__name__)
        for number, event in enumerate(scene.events)
    ]
    found = detail(scene.state(), lines, scene.now, revealed=revealed, operator=ALDER)
    rows = found["lines"]
    assert isinstance(rows, list)
    told = [str(row["text"]) for row in rows]
    assert told.count("the world") == 1, "chosen"
    for one in ("public to the world", "SMS to the defender"):
        assert sum(text.startswith(one) for text in told) == 2, "planned, and settled"
    assert not any("somebody" in text for text in told)


def test_no_stream_of_events_says_what_a_row_is_of(hq: Hq) -> None:
    hq.press("a1", protocol="careful")
    hq.desk.cases.follow()
    end = hq.store.position
    found = asyncio.run(events(hq, 0, hq.token(), 1 + end))
    rows = [json.loads(str(one.data)) for one in found if one.event == "case"]
    assert len(rows) == end
    assert {frozenset(row) for row in rows} == {
        frozenset({"position", "at", "id", "alarm"})
    }
