"""What an operator's act takes back, and when a case may be opened again."""

import pytest
from msgspec import structs

from engine.alarm.acts import decide_act
from engine.alarm.commands import (
    Acknowledge,
    ApprovePublication,
    Close,
    ConfirmSafe,
    HandOver,
    Link,
    OperatorAct,
    Reopen,
    Reveal,
    Verify,
)
from engine.alarm.events import (
    ActRefused,
    AlarmClosed,
    AlarmReopened,
    NotificationsWithdrawn,
)
from engine.alarm.refusals import RefusalGround
from engine.alarm.state import Alarm, CloseReason, Kind, Response, Truth
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.values import AlarmId, CommandId, EffectId, Instant, OperatorId
from tests.engine.alarm.forced import forced, scene_of
from tests.engine.alarm.scene import ALDER, ENDED_BY_ONE
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
        EffectId(audience): structs.replace(model, audience=audience, state=state)
        for audience in Audience
    }
    return structs.replace(
        alarm, effects=effects, seen=structs.replace(alarm.seen, closed=closed)
    )


def plain(closed: Instant | None = None) -> Alarm:
    return with_planned(scene_of(ENDED_BY_ONE).state(), closed=closed)


def forced_case() -> Alarm:
    scene = forced(ENDED_BY_ONE)
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
    alarm = with_planned(scene_of(ENDED_BY_ONE).state(), state)
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
    alarm = structs.replace(plain(closed=closed), response=response)
    found = decide_act(alarm, REOPEN, START)
    assert isinstance(found[0], AlarmReopened if may else ActRefused)


def test_an_act_on_no_alarm_comes_to_nothing() -> None:
    assert decide_act(None, CLOSE, START) == ()
    assert decide_act(None, REOPEN, START) == ()


OWN = OperatorId("heron")
DONE = CommandId("own")
THEIRS: tuple[OperatorAct, ...] = (
    Acknowledge(command_id=DONE, by=OWN),
    Verify(command_id=DONE, by=OWN, truth=Truth.VERIFIED),
    Verify(command_id=DONE, by=OWN, truth=Truth.FALSE),
    ApprovePublication(command_id=DONE, by=OWN),
    ConfirmSafe(command_id=DONE, by=OWN, remark="I am"),
    Close(command_id=DONE, by=OWN, reason=CloseReason.SAFE),
    Reveal(command_id=DONE, by=OWN, what="details"),
    HandOver(command_id=DONE, by=OWN, to=ALDER, note=""),
    HandOver(command_id=DONE, by=ALDER, to=OWN, note=""),
)


@pytest.mark.parametrize("command", THEIRS)
def test_who_is_forced_to_act_on_their_own_alarm_is_refused_however_it_stands(
    command: OperatorAct,
) -> None:
    """A defender who is an operator closed it after force, as the second voice."""
    ended = structs.replace(plain(closed=START), response=Response.CLOSED)
    for alarm in (plain(), forced_case(), ended):
        (refused,) = decide_act(alarm, command, START)
        assert isinstance(refused, ActRefused)
        assert refused.ground is RefusalGround.OWN_CASE
    for kind in (Kind.EXERCISE, Kind.TEST):
        (event, *_) = decide_act(structs.replace(plain(), kind=kind), command, START)
        ground = event.ground if isinstance(event, ActRefused) else None
        assert ground is not RefusalGround.OWN_CASE


def test_whoever_is_at_hq_may_open_their_own_case_again_and_link_it() -> None:
    ended = structs.replace(plain(), response=Response.CLOSED)
    (opened, *_) = decide_act(ended, Reopen(command_id=DONE, by=OWN), START)
    assert isinstance(opened, AlarmReopened)
    link = Link(command_id=DONE, by=OWN, other=AlarmId("other"))
    (linked,) = decide_act(plain(), link, START)
    assert not isinstance(linked, ActRefused)


FALSE = Verify(command_id=CommandId("f"), by=ALDER, truth=Truth.FALSE)


@pytest.mark.parametrize("command", [CLOSE, FALSE], ids=["close", "false"])
def test_a_press_that_nobody_has_looked_at_is_not_ended_with_the_others(
    command: Close | Verify,
) -> None:
    """It came while the click was on its way, and was over before anybody saw it."""
    alarm = scene_of(ENDED_BY_ONE).raised("k2").state()
    (refused,) = decide_act(alarm, structs.replace(command, presses=1), START)
    assert isinstance(refused, ActRefused)
    assert refused.ground is RefusalGround.PRESSED_SINCE
    for presses in (2, 3, None):
        first, *_ = decide_act(alarm, structs.replace(command, presses=presses), START)
        assert not isinstance(first, ActRefused)


def test_what_is_verified_may_be_pressed_again_meanwhile() -> None:
    alarm = scene_of(ENDED_BY_ONE).raised("k2").state()
    true = structs.replace(FALSE, truth=Truth.VERIFIED, presses=1)
    first, *_ = decide_act(alarm, true, START)
    assert not isinstance(first, ActRefused)
