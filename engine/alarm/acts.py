"""Privileged acts of operators: done, or refused for the record. Pure.

Acknowledge, verify, approve and close are separate acts, each with a name behind it.
"""

from typing import assert_never

from engine.alarm.case_events import (
    AlarmsLinked,
    CaseHandedOver,
    PersonCountsAgain,
)
from engine.alarm.casework import case_refusal
from engine.alarm.commands import (
    Acknowledge,
    ApprovePublication,
    Close,
    ConfirmSafe,
    CountAgain,
    HandOver,
    Link,
    OperatorAct,
    Reopen,
    Reveal,
    Verify,
)
from engine.alarm.events import (
    ActRefused,
    AlarmAcknowledged,
    AlarmEvent,
    AlarmReopened,
    DetailsRevealed,
    NotificationsWithdrawn,
    PublicationApproved,
)
from engine.alarm.lease import renews
from engine.alarm.paging import needless_pages
from engine.alarm.posts import is_judged_by_approver, may_be_public
from engine.alarm.pressed_again import may_hold
from engine.alarm.refusals import RefusalGround
from engine.alarm.safety import (
    close_of,
    close_refusal,
    confirm_refusal,
    confirmation_of,
    ends_writing,
)
from engine.alarm.state import Alarm, CloseReason, Kind, Truth, is_own
from engine.alarm.verification import judges_of, verdict_of, verdict_refusal
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.values import EffectId, Instant, OperatorId

Events = tuple[AlarmEvent, ...]


def decide_act(
    alarm: Alarm | None,
    command: OperatorAct,
    now: Instant,
) -> Events:
    """Return what an act comes to; without an alarm nothing."""
    by = command.by
    ground = _refusal(alarm, command, now)
    if ground is not None or alarm is None:
        act = type(command).__name__
        ground = ground or RefusalGround.NOT_RAISED
        return (ActRefused(at=now, by=by, act=act, ground=ground),) if alarm else ()
    match command:
        case Acknowledge():
            pages = needless_pages(alarm)
            holds = command.holds and may_hold(alarm, now)
            taken = AlarmAcknowledged(at=now, by=by, until=command.until, holds=holds)
            return (taken, *_taken_back(pages, now))
        case Verify():
            return _verify(alarm, command, now)
        case ApprovePublication():
            return (PublicationApproved(at=now, by=by, template=command.template),)
        case ConfirmSafe():
            return _confirm(alarm, command, now)
        case Close():
            return _close(alarm, command, now)
        case Reopen():
            return reopen(alarm, now, by=by)
        case HandOver() | Link() | Reveal() | CountAgain():
            return (_noted(command, now),)
        case _:
            assert_never(command)


def _noted(
    command: HandOver | Link | Reveal | CountAgain, now: Instant
) -> CaseHandedOver | AlarmsLinked | DetailsRevealed | PersonCountsAgain:
    match command:
        case HandOver(by=by, to=to, note=note, until=until):
            return CaseHandedOver(at=now, by=by, to=to, note=note, until=until)
        case CountAgain(by=by, case=case):
            return PersonCountsAgain(at=now, by=by, case=case)
        case Link(by=by, other=other):
            return AlarmsLinked(at=now, by=by, other=other)
        case Reveal(by=by, what=what):
            return DetailsRevealed(at=now, by=by, what=what)


def _verify(alarm: Alarm, command: Verify, now: Instant) -> Events:
    verdict = verdict_of(alarm, command, now)
    alone = is_judged_by_approver(alarm, command.by)
    if command.truth is Truth.VERIFIED and not alone:
        return (verdict,)
    # What is false must not go out because the way to the public was slow; nor what one
    # operator alone has approved and verified.
    return (verdict, *_withdrawal(alarm, now, frozenset({Audience.PUBLIC})))


def _confirm(alarm: Alarm, command: ConfirmSafe, now: Instant) -> Events:
    confirmed = confirmation_of(alarm, command, now)
    gone = {Audience.DEFENDER} if ends_writing(alarm, command) else set()
    return (confirmed, *_withdrawal(alarm, now, frozenset(gone)))


def _close(alarm: Alarm, command: Close, now: Instant) -> Events:
    closed = close_of(alarm, command, now)
    gone = {Audience.DEFENDER} if closed.apparent else set(Audience)
    if alarm.seen.closed is not None and command.reason is not CloseReason.DETAINED:
        # Theirs were taken back when it seemed to end; what came since goes out.
        gone -= {Audience.DEFENDER}
    return (closed, *_withdrawal(alarm, now, frozenset(gone)))


def _refusal(
    alarm: Alarm | None, command: OperatorAct, now: Instant
) -> RefusalGround | None:
    if alarm is None:
        return RefusalGround.NOT_RAISED
    # Before all else: it must not tell how the case stands.
    if _is_their_own(alarm, command):
        return RefusalGround.OWN_CASE
    if isinstance(command, Reveal):
        return None
    if isinstance(command, HandOver | Link | CountAgain):
        return case_refusal(alarm, command)
    if isinstance(command, Reopen):
        goes_on = alarm.is_open and alarm.seen.closed is None
        return RefusalGround.ALARM_OPEN if goes_on else None
    if isinstance(command, ConfirmSafe):
        return confirm_refusal(alarm, command)
    if not alarm.is_open:
        return RefusalGround.ALARM_CLOSED
    if isinstance(command, Verify | Close) and alarm.acknowledged is None:
        return RefusalGround.NOT_ACKNOWLEDGED
    if _overlooks_a_press(alarm, command):
        return RefusalGround.PRESSED_SINCE
    return _open_refusal(alarm, command, now)


def _overlooks_a_press(alarm: Alarm, command: OperatorAct) -> bool:
    """Say whether it would end a press that whoever acts has not had before them.

    An end, or a word that it is false, is about what is known: a press that came while
    it was on its way would be over before anybody had seen it.
    """
    match command:
        case Close(presses=presses) | Verify(presses=presses, truth=Truth.FALSE):
            return presses is not None and presses < alarm.press_count
        case _:
            return False


def _is_their_own(alarm: Alarm, command: OperatorAct) -> bool:
    """Say whether a defender acts on their own alarm, or is given it.

    Whoever forces them has their place at HQ as well; an operator and a person of one
    name are one. They may open it again, and say what it belongs with.
    """
    if not is_own(alarm, command.by):
        return isinstance(command, HandOver) and is_own(alarm, command.to)
    return not isinstance(command, Link | Reopen)


def _open_refusal(
    alarm: Alarm,
    command: Acknowledge | Verify | ApprovePublication | Close,
    now: Instant,
) -> RefusalGround | None:
    match command:
        case Acknowledge():
            taken = alarm.acknowledged
            if taken is None or renews(alarm, command.by, now):
                return None
            return RefusalGround.ALREADY_DONE
        case Verify():
            return verdict_refusal(alarm, command.by, command.truth)
        case Close():
            return close_refusal(alarm, command)
        case ApprovePublication():
            return _publication_refusal(alarm, command.by, command.template)
        case _:
            assert_never(command)


def _publication_refusal(
    alarm: Alarm, by: OperatorId, template: str
) -> RefusalGround | None:
    published = {
        step.text for step in alarm.protocol.steps if step.to is Audience.PUBLIC
    }
    checks = (
        (alarm.kind is not Kind.REAL, RefusalGround.NOT_REAL),
        (
            alarm.approved is not None or may_be_public(alarm),
            RefusalGround.ALREADY_DONE,
        ),
        (alarm.truth is not Truth.VERIFIED, RefusalGround.NOT_VERIFIED),
        (alarm.ask is not None, RefusalGround.DISPUTED),
        (not alarm.consented, RefusalGround.NO_CONSENT),
        (
            alarm.protocol.publication.decider not in {None, by},
            RefusalGround.NOT_DECIDER,
        ),
        (by in judges_of(alarm), RefusalGround.SAME_OPERATOR),
        (not published, RefusalGround.NO_PUBLIC_STEP),
        (template not in published, RefusalGround.UNKNOWN_TEMPLATE),
    )
    return next((ground for failed, ground in checks if failed), None)


def reopen(
    alarm: Alarm,
    now: Instant,
    *,
    by: OperatorId | None,
    silent: bool = False,
    but: str = "",
) -> Events:
    """Open again, and hold back the stop messages that have not gone out.

    `but` whoever's word of force it was: after a true one theirs would come.
    """
    stops = _withdrawal(alarm, now, frozenset({Audience.TOLD}), but)
    reopened = AlarmReopened(at=now, by=by, apparent=alarm.is_open, silent=silent)
    return (reopened, *stops)


def _withdrawal(
    alarm: Alarm, now: Instant, of: frozenset[Audience], but: str = ""
) -> Events:
    planned = tuple(
        key
        for key, effect in alarm.effects.items()
        if effect.state is EffectState.PLANNED
        and effect.audience in of
        and effect.person != but
    )
    return _taken_back(planned, now)


def _taken_back(effects: tuple[EffectId, ...], now: Instant) -> Events:
    return (NotificationsWithdrawn(at=now, effects=effects),) if effects else ()
