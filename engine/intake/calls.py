"""What a call to a SIM of HQ comes to: a press of a defender, or a notice. Pure.

The modem has hung up; a call costs nobody anything and says nothing. What is written of
it is ours: no word in it is the caller's. Else a person whose agreed word is *call*
would be safe, or forced, by calling.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from engine.alarm.commands import Raise
from engine.alarm.rows import look_in
from engine.alarm.state import alarm_of
from engine.dispatch.body import decode_body
from engine.intake.judge import Judge
from engine.intake.sms import (
    Caller,
    device_of,
    help_command,
    message_command,
    senders_of,
    tracker_command,
)
from engine.ports.journal import EffectRow, EffectState, InboundRow, JournalReader
from engine.roster.board import Board
from engine.roster.model import Person, Role, Roster
from engine.values import AlarmId, Instant

CALLS_BACK = timedelta(minutes=10)
"""So long after HQ has rung an officer their call answers that one."""
_MAY_HAVE_RUNG = frozenset(
    {EffectState.ATTEMPTING, EffectState.ACCEPTED, EffectState.UNKNOWN}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What a caller had from HQ: the cases they were told of, and was it a ring."""

    told_of: tuple[AlarmId, ...] = ()
    is_rung: bool = False


NOTHING = Before()


def calls_minded(board: Board) -> Callable[[str], bool]:
    """Return what says of a caller's number ("" where withheld) whether HQ hears of it.

    Of devices' and defenders' calls it does. Where anybody has agreed that a call of
    theirs is an SOS it hears of every call: a number may be hidden, or borrowed.
    """

    def is_minded(number: str) -> bool:
        roster = board.roster()
        return (
            any(person.call_is_sos for person in roster.people)
            or device_of(roster, number) is not None
            or any(p.has(Role.DEFENDER) for p in senders_of(roster, number))
        )

    return is_minded


def caller_in(roster: Roster, number: str) -> Caller | None:
    """Return whose press a call is; None where nobody with this number has agreed.

    Like an SMS without a sign: the number alone confirms nothing, and who else has the
    telephone is named.
    """
    senders = senders_of(roster, number)
    defenders = [one for one in senders if one.has(Role.DEFENDER)]
    agreed = next((one for one in defenders if one.call_is_sos), None)
    if agreed is None:
        return None
    others = tuple(one.alias for one in defenders if one is not agreed)
    return Caller(person=agreed, is_confirmed=False, others=others)


def before_call(
    roster: Roster, number: str, at: Instant, reader: JournalReader
) -> Before:
    """Look up what a caller had from HQ, so that a call back is known as one.

    Raises:
        JournalError: the rows cannot be read.

    """
    caller = caller_in(roster, number)
    if caller is None:
        return NOTHING
    person = caller.person
    told: list[AlarmId] = []
    is_rung = False
    for code in reader.codes_of(person.person):
        head = reader.head(code.stream)
        if head is None or _is_own(head.head.subject, person):
            continue
        told.append(alarm_of(code.stream))
        effects = reader.effects(_MAY_HAVE_RUNG, code.stream)
        is_rung |= any(_rang(one, person, at) for one in effects)
    return Before(told_of=tuple(told), is_rung=is_rung)


def call_command(
    row: InboundRow, number: str, text: str, judge: Judge, before: Before = NOTHING
) -> Raise:
    """Return the alarm of a defender who has agreed to it, else a notice for HQ.

    An officer whom HQ has just rung calls back, and raises nothing.
    """
    roster = judge.board.roster()
    tracked = tracker_command(row, number, text, judge)
    if tracked is not None:
        return tracked
    caller = caller_in(roster, number)
    if caller is None:
        senders = senders_of(roster, number)
        carrier = next((one for one in senders if one.has(Role.DEFENDER)), None)
        return message_command(row, text, carrier, judge)
    if before.is_rung and caller.person in roster.duty():
        said = f"{text} [HQ had rung this officer: a call back]"
        return message_command(row, said, caller.person, judge)
    cases = ", ".join(before.told_of)
    said = f"{text} [was told of {cases}: perhaps a call back]" if cases else text
    return help_command(row, caller, judge, said)


def _is_own(subject: str, person: Person) -> bool:
    return look_in(subject)[1].partition(":")[2] == person.person


def _rang(effect: EffectRow, person: Person, at: Instant) -> bool:
    rung_at = effect.changed_at or effect.planned_at
    return (
        effect.channel == "call"
        and at.since(rung_at) < CALLS_BACK
        and decode_body(effect.body).address in person.numbers
    )
