"""Fold a fact into an alarm; never refuses one, since it has happened."""

from functools import lru_cache
from typing import assert_never

from msgspec.structs import replace

from engine.alarm.case_events import CaseEvent
from engine.alarm.casework import UNREACHED, has_told_end, with_casework
from engine.alarm.events import (
    AcknowledgementLapsed,
    ActRefused,
    AlarmAcknowledged,
    AlarmClosed,
    AlarmEvent,
    AlarmPresumed,
    AlarmRaised,
    AlarmReopened,
    AlarmVerified,
    CancelRequested,
    DetailsRevealed,
    NoteAdded,
    NotificationPlanned,
    NotificationSettled,
    NotificationsWithdrawn,
    PositionFollowed,
    PressJoined,
    PublicationApproved,
    QuorumReached,
    RecipientsChosen,
    ReplyReceived,
    SafetyConfirmed,
    SignNoticed,
    StepFired,
    VerdictGiven,
    VerificationAsked,
)
from engine.alarm.following import with_place, with_place_told, with_position
from engine.alarm.force import (
    begun_after,
    forced,
    opened_further,
    paged_anew,
    run_anew,
    safe_from,
    urged,
    with_cancel,
    with_operators_word,
    with_seen_reopening,
    with_sign,
    with_word,
)
from engine.alarm.lease import attended
from engine.alarm.outgoing import (
    with_notification,
    with_outcome,
    with_recipients,
    with_round,
    with_withdrawal,
)
from engine.alarm.posts import doubted, with_approval, without_approval
from engine.alarm.pressed_again import (
    begun_again,
    with_hold,
    with_press_again,
    with_verdict_after,
)
from engine.alarm.presses import with_press
from engine.alarm.receipts import with_answer
from engine.alarm.state import (
    VERDICTS,
    Act,
    Alarm,
    CloseReason,
    Held,
    PressedAgain,
    ReplyKind,
    Response,
    Said,
    Truth,
)
from engine.alarm.verdicts import contradicted
from engine.ports.journal import EffectState
from engine.protocol.model import ActionProtocol, Audience, Start, Voice
from engine.values import AlarmId, Instant, OperatorId

QUORUM = OperatorId("quorum")
_VOICES = {
    Audience.NEAREST: Voice.COLLEAGUES,
    Audience.CONTACTS: Voice.CONTACTS,
    Audience.DUTY: Voice.HQ,
}


def begin(alarm_id: AlarmId, event: AlarmRaised) -> Alarm:
    """Return the alarm that a raise begins."""
    alarm = Alarm(
        id=alarm_id,
        seq=1,
        kind=event.kind,
        subject=event.subject,
        defender=event.defender,
        alias=event.alias,
        country=event.country,
        consented=event.consented,
        protocol=_shared(event.protocol),
        raised_at=event.at,
        urgent_since=event.at,
        opened_at=event.at,
        place=event.place,
        told_place=event.place,
        presses=(event.press,),
        has_words=event.has_words,
        public_name=event.public_name,
    )
    signed = with_sign(alarm, event.press, event.at)
    begun = begun_after(signed, event.after, event.at)
    return begun_again(begun, event.again, event.again_times, event.at)


@lru_cache(maxsize=1_024)
def _shared(protocol: ActionProtocol) -> ActionProtocol:
    """Return one object for all cases with the same words: each row has its own.

    It is a tenth of a case, and what it works out of its steps it works out once.
    """
    return protocol


def fold(alarm_id: AlarmId, alarm: Alarm | None, event: AlarmEvent) -> Alarm | None:
    """Return the alarm after a fact; before its raise there is none."""
    if alarm is not None:
        return evolve(alarm, event)
    return begin(alarm_id, event) if isinstance(event, AlarmRaised) else None


def evolve(alarm: Alarm, event: AlarmEvent) -> Alarm:
    """Return the alarm after a fact."""
    return replace(_evolved(alarm, event), seq=alarm.seq + 1)


def _evolved(alarm: Alarm, event: AlarmEvent) -> Alarm:
    match event:  # what comes most often first
        case NotificationSettled():
            after = with_outcome(alarm, event)
            return _told_anew(after) if _has_slipped_out(alarm, event) else after
        case NotificationPlanned():
            return with_notification(alarm, event)
        case StepFired():
            return _fired(alarm, event)
        case RecipientsChosen():
            return with_recipients(alarm, event)
        case AlarmRaised() | PressJoined():
            return _pressed(alarm, event)
        case CancelRequested() | PositionFollowed() | SignNoticed():
            return _signalled(alarm, event)
        case NotificationsWithdrawn():
            return with_withdrawal(alarm, event)
        case ReplyReceived():
            return _replied(alarm, event)
        case NoteAdded() | DetailsRevealed() | ActRefused():
            return _remarked(alarm, event)
        case _:
            return _decided(alarm, event)


def _remarked(alarm: Alarm, event: NoteAdded | DetailsRevealed | ActRefused) -> Alarm:
    seen = replace(alarm, attended_at=attended(alarm, event.by, event.at))
    if isinstance(event, NoteAdded) and event.urges:
        return urged(replace(seen, words_at=event.at), event.at)
    return seen


def _signalled(
    alarm: Alarm, event: CancelRequested | PositionFollowed | SignNoticed
) -> Alarm:
    match event:
        case CancelRequested():
            return with_cancel(alarm, event)
        case PositionFollowed():
            return with_position(alarm, event)
        case SignNoticed():
            return forced(alarm, event.sign, event.at)


def _fired(alarm: Alarm, event: StepFired) -> Alarm:
    step = alarm.protocol.step(event.step)
    is_update = step is not None and step.after == Start.MOVED.value
    told = with_place_told(alarm, event.at) if is_update else alarm
    return with_round(told, event)


def _decided(
    alarm: Alarm,
    event: AlarmAcknowledged
    | AcknowledgementLapsed
    | AlarmVerified
    | VerdictGiven
    | QuorumReached
    | VerificationAsked
    | AlarmPresumed
    | PublicationApproved
    | AlarmClosed
    | SafetyConfirmed
    | AlarmReopened
    | CaseEvent,
) -> Alarm:
    if isinstance(event, CaseEvent):
        return with_casework(alarm, event)
    match event:
        case AlarmAcknowledged():
            truth = alarm.truth
            return replace(
                with_hold(alarm) if event.holds else alarm,
                response=Response.ACKNOWLEDGED,
                truth=Truth.VERIFYING if truth is Truth.UNVERIFIED else truth,
                acknowledged=Held(by=event.by, at=event.at, until=event.until),
                operators=alarm.operators | {event.by},
                attended_at=event.at,
            )
        case AcknowledgementLapsed():
            return urged(alarm, event.at, from_first=event.off_duty)
        case PublicationApproved():
            return with_approval(alarm, event)
        case AlarmClosed():
            return _closed(alarm, event)
        case SafetyConfirmed():
            return with_operators_word(alarm, event)
        case AlarmReopened():
            return _reopened(alarm, event)
        case _:
            return _weighed(alarm, event)


def _weighed(
    alarm: Alarm,
    event: AlarmVerified
    | VerdictGiven
    | QuorumReached
    | VerificationAsked
    | AlarmPresumed,
) -> Alarm:
    match event:
        case AlarmVerified():
            judged = _judged(alarm, event.truth, Act(by=event.by, at=event.at))
            return doubted(judged, event.by, event.truth)
        case QuorumReached():
            judged = _judged(alarm, event.truth, Act(by=QUORUM, at=event.at))
            return doubted(judged, QUORUM, event.truth)
        case VerdictGiven():
            spoken = _spoken(alarm, event.by, Voice.HQ, event.truth, event.at)
            said = replace(spoken, attended_at=event.at, decided_at=event.at)
            return doubted(said, event.by, event.truth)
        case VerificationAsked():
            return urged(replace(alarm, ask=event.ask), event.at)
        case AlarmPresumed():
            presumed = replace(alarm, truth=Truth.PRESUMED)
            return with_verdict_after(presumed, event.at)
        case _:
            assert_never(event)


def _judged(alarm: Alarm, truth: Truth, act: Act) -> Alarm:
    """Take a decision; what people have said so far has gone into it."""
    response = alarm.response
    if alarm.is_open and alarm.acknowledged is not None:
        response = Response.FOLLOWING_UP
    is_real = truth is Truth.VERIFIED
    decided = with_verdict_after(alarm, act.at) if is_real else alarm
    return replace(
        decided,
        decided_at=act.at,
        truth=truth,
        response=response,
        verified=act,
        heard=len(alarm.voices),
        judged_presses=alarm.press_count,
        ask=None,
        attended_at=alarm.attended_at if act.by == QUORUM else act.at,
    )


def _spoken(alarm: Alarm, name: str, voice: Voice, truth: Truth, at: Instant) -> Alarm:
    said = Said(name=name, voice=voice, truth=truth, at=at)
    return replace(alarm, voices=(*alarm.voices, said))


def _pressed(alarm: Alarm, event: AlarmRaised | PressJoined) -> Alarm:
    pressed = replace(
        contradicted(alarm),
        presses=with_press(alarm.presses, event.press, alarm.protocol),
        press_count=alarm.press_count + 1,
    )
    joined = with_place(pressed, event.place, event.at)
    signed = with_sign(joined, event.press, event.at)
    followed = begun_after(signed, event.after, event.at)
    if isinstance(event, AlarmRaised):
        return followed
    asked = with_press_again(followed, event.again, event.at)
    return urged(asked, event.at) if event.urges else asked


def _closed(alarm: Alarm, event: AlarmClosed) -> Alarm:
    is_held = event.reason is CloseReason.DETAINED
    closed, detained = alarm.seen.closed, alarm.seen.detained or is_held
    seen = replace(alarm.seen, closed=closed or event.at, detained=detained)
    if event.apparent:
        return replace(alarm, seen=seen)
    return replace(
        alarm,
        seen=seen,
        response=Response.CLOSED,
        closed=Act(by=event.by, at=event.at),
        close_reason=event.reason,
        ended_as=alarm.truth,
        # What was said before they were taken ends no question of HQ's.
        safe_confirmed=None if is_held else alarm.safe_confirmed,
        false_class=event.false_class,
        merged_into=event.into,
        handed_on=False,
    )


def _replied(before: Alarm, event: ReplyReceived) -> Alarm:
    alarm = with_answer(before, event)
    told = alarm.told.get(event.person)
    if event.duress or event.person == alarm.defender:
        return with_word(alarm, event)
    if told is None or not event.authentic:
        return alarm
    if event.reply in {ReplyKind.SAFE, ReplyKind.FALSE} and told.audience in _VOICES:
        alarm = safe_from(alarm, event.person, event.at)
    if event.reply is ReplyKind.SAFE:
        return alarm
    truth, voice = VERDICTS.get(event.reply), _VOICES.get(told.audience)
    if truth is not None and voice is not None:
        return _spoken(alarm, told.person, voice, truth, event.at)
    if truth is not None:
        return alarm
    entry = replace(told, reply=event.reply, replied_at=event.at, forced_reply=None)
    return replace(alarm, told={**alarm.told, event.person: entry})


def _has_slipped_out(alarm: Alarm, event: NotificationSettled) -> bool:
    """Say whether a stop message that a reopening held back is out all the same.

    A modem had it already, and the alarm had not heard of it.
    """
    effect = alarm.effects.get(event.effect)
    if effect is None or effect.audience is not Audience.TOLD or not alarm.is_open:
        return False
    return effect.state is EffectState.WITHDRAWN and event.state not in UNREACHED


def _told_anew(alarm: Alarm) -> Alarm:
    """Let every step for people run anew while it is open: somebody thinks it over."""
    anew = {
        step.id
        for step in alarm.protocol.steps
        if step.to not in {Audience.PUBLIC, Audience.DEFENDER}
        and not alarm.protocol.begins_at_close(step)
    }
    told = {person: replace(one, ended=True) for person, one in alarm.told.items()}
    begun = run_anew(alarm, anew)
    return replace(begun, told=told, told_place=alarm.place, moved_at=None)


def _reopened(alarm: Alarm, event: AlarmReopened) -> Alarm:
    """Begin the response again: HQ acknowledges anew.

    A press after the end is a distress that nobody hears of unless every step for
    people runs anew; so is an operator's reopening where somebody has heard of the end.
    Else what was sent is left as sent. What the world was told stays told.
    """
    seen = with_seen_reopening(alarm, event)
    if event.apparent:
        return replace(seen, decided_at=event.at)
    by_press = event.by is None
    tells_anew = by_press or has_told_end(alarm)
    anew = {
        step.id
        for step in alarm.protocol.steps
        if step.to not in {Audience.PUBLIC, Audience.DEFENDER}
        and (tells_anew or alarm.protocol.begins_at_close(step))
    }
    is_over = by_press and alarm.truth in {Truth.FALSE, Truth.PRESUMED}
    told = {
        person: replace(
            entry, ended=True, reply=None, replied_at=None, forced_reply=None
        )
        for person, entry in alarm.told.items()
    }
    begun = run_anew(without_approval(seen), anew)
    return replace(
        begun,
        fired=paged_anew(begun),
        response=Response.NOTIFYING,
        acknowledged=None,
        closed=None,
        close_reason=None,
        false_class=None,
        merged_into=None,
        urgent_since=event.at,
        opened_at=event.at,
        heard=len(alarm.voices),
        judged_presses=0,
        # What a press has opened, it repeats; else HQ had closed it before.
        decided_at=None if by_press and not event.silent else event.at,
        again=PressedAgain(times=alarm.again.times),
        ask=None,
        safe=(),
        safe_heard=0,
        safe_confirmed=None,
        called_off=False,
        cancelled_place=None,
        danger_at=None,
        force=frozenset(),
        duress=False,
        truth=Truth.UNVERIFIED if is_over else alarm.truth,
        verified=None if is_over else alarm.verified,
        told=told if tells_anew else opened_further(alarm, event.at),
        told_place=alarm.place if tells_anew else alarm.told_place,
        moved_at=None if tells_anew else alarm.moved_at,
    )
