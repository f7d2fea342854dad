"""Who is under attack is not asked to help: left out until HQ counts them again. Pure.

Whoever has a real case of their own, or is detained, may have lost their telephone to
the attacker. Another case writes nothing there and counts no answer from there. Of an
attack that the attacker must not see, as after a duress word, nothing shows: messages
go on to whoever was told before, and what they answer changes nothing.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from engine.alarm.case_events import LeftOut, PeopleLeftOut, PersonCountsAgain
from engine.alarm.commands import CountAgain
from engine.alarm.events import NotificationsWithdrawn
from engine.alarm.refusals import RefusalGround
from engine.alarm.state import Alarm, CloseReason, Kind
from engine.ports.journal import EffectState
from engine.values import AlarmId, Instant, PersonId


class Attack(Struct, frozen=True, gc=False):
    """In which case somebody is under attack; `is_seen`: whoever attacks knows it."""

    case: AlarmId
    is_seen: bool


Attacked = Mapping[PersonId, Attack]


def is_detained(alarm: Alarm) -> bool:
    """Say whether a case ended with its defender held, and nobody says since: safe."""
    is_over = not alarm.is_open and alarm.merged_into is None
    is_held = alarm.seen.detained or alarm.close_reason is CloseReason.DETAINED
    is_theirs = alarm.kind is Kind.REAL and alarm.defender is not None
    return is_over and is_held and is_theirs and alarm.safe_confirmed is None


def forced_in(alarm: Alarm) -> tuple[PersonId, ...]:
    """Return the colleagues who have said in an open case that they are forced."""
    if not alarm.is_open:
        return ()
    forced = (one for one in alarm.told.values() if one.under_force_at is not None)
    return tuple(PersonId(one.person) for one in forced)


def to_leave_out(alarm: Alarm, attacked: Attacked) -> tuple[LeftOut, ...]:
    """Return whom of those who were told a case has to leave out now."""
    if not attacked:
        return ()
    return tuple(
        LeftOut(
            person=told.person,
            alias=told.alias,
            case=attack.case,
            is_hidden=not attack.is_seen,
        )
        for told in alarm.told.values()
        if (attack := attacked.get(PersonId(told.person))) is not None
        and is_news(alarm, told.person, attack)
    )


def is_news(alarm: Alarm, person: str, attack: Attack) -> bool:
    """Say whether somebody's attack changes anything for a case.

    HQ's word that they count again holds for the attack that HQ knew of.
    """
    if person == alarm.defender or attack.case == alarm.id:
        return False
    if alarm.let_in.get(person) == attack.case:
        return False
    before = alarm.left_out.get(person)
    return before is None or (before.is_hidden and attack.is_seen)


def leave_out(
    alarm: Alarm, people: Sequence[LeftOut], now: Instant
) -> tuple[PeopleLeftOut | NotificationsWithdrawn, ...]:
    """Return that people are left out, and what waits to be sent to them with it."""
    if not people:
        return ()
    cut_off = {one.person for one in people if not one.is_hidden}
    gone = tuple(
        effect.effect
        for effect in alarm.effects.values()
        if effect.state is EffectState.PLANNED and effect.person in cut_off
    )
    left = PeopleLeftOut(at=now, people=tuple(people))
    return (left, NotificationsWithdrawn(at=now, effects=gone)) if gone else (left,)


def count_again_refusal(alarm: Alarm, command: CountAgain) -> RefusalGround | None:
    """Return why nobody is counted again for a case; nobody counts themselves."""
    people = _left_for(alarm, command.case)
    if str(command.by) in people:
        return RefusalGround.OWN_CASE
    return None if people else RefusalGround.ALREADY_DONE


def with_left_out(alarm: Alarm, event: PeopleLeftOut) -> Alarm:
    """Leave people out from now on."""
    new = {one.person: one for one in event.people}
    return replace(alarm, left_out={**alarm.left_out, **new})


def with_counted_again(alarm: Alarm, event: PersonCountsAgain) -> Alarm:
    """Count people again: the next round may choose them."""
    people = _left_for(alarm, event.case)
    left = {who: one for who, one in alarm.left_out.items() if who not in people}
    let_in = {**alarm.let_in, **dict.fromkeys(people, event.case)}
    return replace(alarm, left_out=left, let_in=let_in)


def _left_for(alarm: Alarm, case: AlarmId) -> frozenset[str]:
    return frozenset(who for who, one in alarm.left_out.items() if one.case == case)


def is_cut_off(alarm: Alarm, person: str) -> bool:
    """Say whether nothing is written to somebody, and no answer of theirs counts."""
    left = alarm.left_out.get(person)
    return left is not None and not left.is_hidden
