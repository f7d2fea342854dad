"""What an operator's act takes back, and when a case may be opened again."""

from dataclasses import replace

import pytest

from engine.alarm.acts import decide_act
from engine.alarm.commands import Close, Reopen
from engine.alarm.events import (
    ActRefused,
    AlarmClosed,
    AlarmReopened,
    NotificationsWithdrawn,
)
from engine.alarm.state import Alarm, CloseReason, Response
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.values import CommandId, EffectId, Instant
from tests.engine.alarm.forced import forced, scene_of
from tests.engine.alarm.scene import ALDER, STANDARD
from tests.fakes import START

CLOSE = Close(command_id=CommandId("c"), by=ALDER, reason=CloseReason.SAFE)
REOPEN = Reopen(command_id=CommandId("r"), by=ALDER)


def with_planned(
    alarm: Alarm,
    state: EffectState = EffectState.PLANNED,
    closed: Instant | None = None,
) -> Alarm:
    """Return a case in which something is planned for each audience."""
    model = next(iter(alarm.effects.values()))
    effects = {
        EffectId(audience): replace(model, audience=audience, state=state)
        for audience in Audience
    }
    return replace(alarm, effects=effects, seen=replace(alarm.seen, closed=closed))


def plain(closed: Instant | None = None) -> Alarm:
    return with_planned(scene_of(STANDARD).state(), closed=closed)


def forced_case() -> Alarm:
    scene = forced(STANDARD)
    scene.acknowledge()
    return scene.state()


def withdrawn(alarm: Alarm) -> set[str]:
    closed, *taken_back = decide_act(alarm, CLOSE, START)
    assert isinstance(closed, AlarmClosed)
    found: set[str] = set()
    for event in taken_back:
        assert isinstance(event, NotificationsWithdrawn)
        found |= set(event.effects)
    return found


def test_an_end_takes_back_whatever_nobody_has_sent_yet() -> None:
    assert withdrawn(plain()) == set(Audience)


def test_an_end_that_only_seems_one_takes_back_what_the_defender_would_see() -> None:
    alarm = with_planned(forced_case())
    (closed, _) = decide_act(alarm, CLOSE, START)
    assert isinstance(closed, AlarmClosed)
    assert closed.apparent
    assert withdrawn(alarm) == {Audience.DEFENDER}


def test_the_end_after_one_that_only_seemed_so_sends_the_defender_what_came_since() -> (
    None
):
    assert withdrawn(plain(closed=START)) == set(Audience) - {Audience.DEFENDER}
    alarm = with_planned(forced_case(), closed=START)
    (refused,) = decide_act(alarm, CLOSE, START)
    assert isinstance(refused, ActRefused)


@pytest.mark.parametrize(
    "state", [one for one in EffectState if one is not EffectState.PLANNED]
)
def test_nothing_that_was_tried_is_taken_back(state: EffectState) -> None:
    alarm = with_planned(scene_of(STANDARD).state(), state)
    assert len(decide_act(alarm, CLOSE, START)) == 1


@pytest.mark.parametrize(
    ("response", "closed", "may"),
    [
        (Response.CLOSED, None, True),
        (Response.CLOSED, START, True),
        (Response.NOTIFYING, None, False),
        (Response.NOTIFYING, START, True),
    ],
)
def test_what_goes_on_and_seems_to_is_not_opened_again(
    response: Response, closed: Instant | None, *, may: bool
) -> None:
    alarm = replace(plain(closed=closed), response=response)
    found = decide_act(alarm, REOPEN, START)
    assert isinstance(found[0], AlarmReopened if may else ActRefused)


def test_an_act_on_no_alarm_comes_to_nothing() -> None:
    assert decide_act(None, CLOSE, START) == ()
    assert decide_act(None, REOPEN, START) == ()
