"""How cases go together: handed over, linked, merged, followed by another. Pure.

A merged case ends, and those who were told of it hear nothing of an end: it goes on
under another name, whose own end they hear of. What hands them on is in the rows, and
is done again until the other case has them. So is what tells a case that looks over to
the defender of a press that began another one.
"""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import assert_never

from msgspec.structs import replace

from engine.alarm.case_events import (
    AlarmsLinked,
    CaseEvent,
    CaseHandedOver,
    EarlierCaseTold,
    PeopleHandedOn,
    PeopleLeftOut,
    PeopleTakenIn,
    PersonCountsAgain,
    PressedAnew,
    TakenIn,
)
from engine.alarm.commands import (
    CountAgain,
    CountAsTold,
    HandOver,
    HandPeopleOn,
    HearOfPress,
    Link,
    TakeIn,
)
from engine.alarm.events import NotificationSettled, NotificationsWithdrawn
from engine.alarm.force import has_opened, knows, with_press_elsewhere
from engine.alarm.lease import attended
from engine.alarm.left_out import (
    count_again_refusal,
    is_cut_off,
    with_counted_again,
    with_left_out,
)
from engine.alarm.refusals import RefusalGround
from engine.alarm.state import Alarm, Force, Held, Told
from engine.ports.journal import TOLD, EffectState
from engine.protocol.model import Audience
from engine.values import CommandId, Instant

AGAIN = timedelta(seconds=5)
AGAIN_MAX = timedelta(minutes=5)
NOT_STOPPED = frozenset(
    {Audience.PUBLIC, Audience.TOLD, Audience.DEFENDER, Audience.EVERYONE}
)
UNREACHED = frozenset(
    {EffectState.PLANNED, EffectState.WITHDRAWN, EffectState.REJECTED}
)
_HEARD = TOLD | {EffectState.ATTEMPTING}
CaseCommand = TakeIn | HandPeopleOn | HearOfPress | CountAsTold


def casework(
    alarm: Alarm | None, command: CaseCommand, now: Instant
) -> tuple[CaseEvent, ...]:
    """Return what one case tells another; each is done once."""
    if alarm is None:
        return ()
    match command:
        case TakeIn(other=other, people=people):
            return (PeopleTakenIn(at=now, other=other, people=people),)
        case HandPeopleOn(into=into, missing=missing):
            is_due = alarm.merged_into == into and not alarm.handed_on
            handed = PeopleHandedOn(at=now, into=into, missing=missing)
            return (handed,) if is_due else ()
        case HearOfPress(other=other):
            is_news = not knows(alarm, other) or len(alarm.safe) > alarm.safe_heard
            return (PressedAnew(at=now, other=other),) if is_news else ()
        case CountAsTold(other=other, occasion=occasion):
            is_told = other in alarm.after and occasion == occasion_of(alarm)
            return (EarlierCaseTold(at=now, other=other),) if is_told else ()
        case _:
            assert_never(command)


def case_refusal(
    alarm: Alarm, command: HandOver | Link | CountAgain
) -> RefusalGround | None:
    """Return why an operator may not hand over, link, or count somebody again."""
    if isinstance(command, CountAgain):
        return count_again_refusal(alarm, command)
    if isinstance(command, Link):
        done = command.other in alarm.links or command.other == alarm.id
        return RefusalGround.ALREADY_DONE if done else None
    if not alarm.is_open:
        return RefusalGround.ALARM_CLOSED
    taken = alarm.acknowledged
    if taken is None:
        return RefusalGround.NOT_ACKNOWLEDGED
    return RefusalGround.ALREADY_DONE if taken.by == command.to else None


def with_casework(alarm: Alarm, event: CaseEvent) -> Alarm:
    """Fold a fact of casework into an alarm."""
    match event:
        case CaseHandedOver():
            held = Held(by=event.to, at=event.at, until=event.until)
            return replace(
                alarm,
                acknowledged=held if alarm.acknowledged is not None else None,
                operators=alarm.operators | {event.to},
                attended_at=event.at,
            )
        case AlarmsLinked():
            links = alarm.links | {event.other}
            seen_at = attended(alarm, event.by, event.at)
            return replace(alarm, links=links, attended_at=seen_at)
        case PeopleTakenIn():
            return _taken_in(alarm, event)
        case PeopleHandedOn():
            into = None if event.missing else alarm.merged_into
            return replace(alarm, handed_on=True, merged_into=into)
        case PressedAnew():
            return with_press_elsewhere(alarm, event.other, event.at)
        case PeopleLeftOut():
            return with_left_out(alarm, event)
        case PersonCountsAgain():
            seen_at = attended(alarm, event.by, event.at)
            return replace(with_counted_again(alarm, event), attended_at=seen_at)
        case EarlierCaseTold():
            left = tuple(one for one in alarm.after if one != event.other)
            return replace(alarm, after=left)
        case _:
            assert_never(event)


def reached(alarm: Alarm) -> dict[tuple[str, str], str]:
    """Return the address of each person and channel that news of it may have reached.

    Whom another case had told, before it was merged into this one, among them.
    """
    found = {
        (one.person, channel): address
        for one in alarm.taken_in
        for channel, address in one.ways
    }
    return found | {
        (effect.person, effect.channel): effect.address
        for effect in alarm.effects.values()
        if effect.state not in UNREACHED and effect.audience not in NOT_STOPPED
    }


def has_told_end(alarm: Alarm) -> bool:
    """Say whether somebody may believe that it has ended, since the last opening."""
    return any(
        effect.audience is Audience.TOLD
        and effect.state not in UNREACHED
        and effect.round > alarm.spent.get(effect.step, 0)
        for effect in alarm.effects.values()
    )


def hears_no_more(alarm: Alarm, told: Told, audience: Audience) -> bool:
    """Say whether somebody was told that it ended, and hears of this no more.

    A second end, of a case that their own word of force has opened again, would show
    that it has: after a true one there would be none.
    """
    if audience is Audience.EVERYONE:
        return told.ended
    return has_opened(alarm, told) and _has_heard_end(alarm, told.person)


def ends_held_back(alarm: Alarm, now: Instant) -> Iterator[NotificationsWithdrawn]:
    """Yield that an end that waits is taken back, where it has come to be none.

    One that waited for whoever's word of force opened the case goes out to them, and
    not once they have answered freely, or were told of a case that is part of this one.
    """
    if not alarm.is_open or Force.COLLEAGUE_FORCED not in alarm.force:
        return
    over = {who for who, one in alarm.told.items() if has_opened(alarm, one)}
    gone = tuple(
        effect.effect
        for effect in alarm.effects.values()
        if effect.state is EffectState.PLANNED
        and effect.audience is Audience.TOLD
        and effect.person not in over
    )
    if gone:
        yield NotificationsWithdrawn(at=now, effects=gone)


def _has_heard_end(alarm: Alarm, person: str) -> bool:
    """Say whether what somebody was told last of a case is that it has ended.

    Of what may not have come, nobody has heard: they are told rather twice than never.
    """
    has_heard = False
    for effect in alarm.effects.values():
        if effect.person != person or effect.state in UNREACHED:
            continue
        if effect.audience is Audience.TOLD:
            has_heard = has_heard or effect.state in _HEARD
        elif effect.audience not in NOT_STOPPED:
            has_heard = False
    return has_heard


def are_handed_on(alarm: Alarm, event: NotificationSettled) -> bool:
    """Say whether the other case has everybody whom a merged one has told by now.

    What a modem had at the merge may tell one more than were handed on. Or the end that
    was enough for whoever's word of force opened it never came: they hear of another.
    """
    effect = alarm.effects.get(event.effect)
    if effect is None or not alarm.handed_on:
        return alarm.handed_on
    if effect.audience is Audience.TOLD:
        told = alarm.told.get(effect.person)
        was_heard = effect.state in _HEARD and event.state not in _HEARD
        return not (was_heard and told is not None and has_opened(alarm, told))
    is_one_more = effect.state in UNREACHED and event.state not in UNREACHED
    return not is_one_more or effect.audience in NOT_STOPPED


def people_of(alarm: Alarm) -> TakeIn | None:
    """Return what the case into which this one was merged still has to hear."""
    if alarm.merged_into is None or alarm.handed_on or alarm.is_open:
        return None
    ways: dict[str, list[tuple[str, str]]] = {}
    found = {
        (person, channel): address
        for (person, channel), address in reached(alarm).items()
        if not is_cut_off(alarm, person)
        and (
            (told := alarm.told.get(person)) is None
            or not hears_no_more(alarm, told, Audience.TOLD)
        )
    }
    for (person, channel), address in found.items():
        ways.setdefault(person, []).append((channel, address))
    # Of each merge, and of these very ways: given twice it is one already. There may be
    # as many as before, where one was refused and another one came later.
    ended_ms = 0 if alarm.closed is None else alarm.closed.at.ms
    these = hashlib.sha256(repr(sorted(found)).encode()).hexdigest()[:16]
    return TakeIn(
        command_id=CommandId(f"merge/{alarm.id}/{ended_ms}/{these}"),
        other=alarm.id,
        people=tuple(
            TakenIn(
                person=person,
                alias=told.alias,
                audience=told.audience,
                language=told.language,
                sign=told.sign,
                code=told.code,
                zone=told.zone,
                ways=tuple(theirs),
                console=told.console,
            )
            for person, theirs in ways.items()
            if (told := alarm.told.get(person)) is not None
        ),
    )


def occasion_of(alarm: Alarm) -> str:
    """Return of what other cases of the same defender have to hear: its latest."""
    danger_ms = 0 if alarm.danger_at is None else alarm.danger_at.ms
    return f"{alarm.press_count}/{danger_ms}"


def handing_due(alarm: Alarm, now: Instant) -> Instant | None:
    """Return when to tell other cases again what they have not taken yet.

    Ever more slowly: one whose rows cannot be read takes nothing before a restart.
    """
    if people_of(alarm) is None and not alarm.after:
        return None
    acts = (alarm.presses[-1].at, alarm.opened_at, alarm.danger_at)
    ended = None if alarm.closed is None else alarm.closed.at
    since = max(at for at in (*acts, ended) if at is not None)
    return now.plus(min(AGAIN_MAX, max(AGAIN, now.since(since) / 4)))


def _taken_in(alarm: Alarm, event: PeopleTakenIn) -> Alarm:
    new = {
        # Whose word of force opened this one was told of the other, and not anew.
        one.person: replace(told, ended=False, opened_at=None)
        for one in event.people
        if (told := alarm.told.get(one.person)) and has_opened(alarm, told)
    }
    new |= {
        one.person: Told(
            person=one.person,
            alias=one.alias,
            audience=one.audience,
            language=one.language,
            sign=one.sign,
            code=one.code,
            zone=one.zone,
            console=one.console,
        )
        for one in event.people
        if one.person not in alarm.told
    }
    return replace(
        alarm,
        told={**alarm.told, **new},
        taken_in=(*alarm.taken_in, *event.people),
        decided_at=event.at,
        links=alarm.links | {event.other},
        # One that was merged itself hands these on as well.
        handed_on=False,
    )
