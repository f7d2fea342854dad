"""Short messages that are no plain answer: a call for help, words for HQ. Pure."""

from engine.alarm.commands import Raise
from engine.alarm.state import NOWHERE, Kind, Press, SourceDoubt
from engine.intake.assess import place_without_fix
from engine.intake.judge import ALIAS_OF_A_STRANGER, Judge
from engine.ports.journal import InboundRow
from engine.protocol.registry import HQ_ALONE
from engine.roster.model import Consent, Person
from engine.values import CommandId, PersonId, Signal

_TEXT_MAX = 500


def help_command(row: InboundRow, person: Person, judge: Judge) -> Raise:
    """Return the alarm of a recipient who answers that they need help themselves.

    Runs their own action protocol, from the place that counts for them.
    """
    protocol = judge.registry().of(person.action_protocol)
    place = place_without_fix(person, judge.board.fix_of(person.person))
    return Raise(
        command_id=CommandId(row.key),
        kind=Kind.REAL,
        subject=person.person,
        defender=person.person,
        alias=person.alias,
        country=person.country,
        consented=person.publish_consent is Consent.ANONYMOUS,
        protocol=protocol,
        press=Press(
            key=row.key, at=row.received_at, wire_protocol="sms", signals=(Signal.SOS,)
        ),
        place=place,
    )


def message_command(
    row: InboundRow, text: str, person: Person | None, judge: Judge
) -> Raise:
    """Return the notice by which words that count for nothing are shown to HQ."""
    return Raise(
        command_id=CommandId(row.key),
        kind=Kind.NOTICE,
        subject="message" if person is None else person.person,
        defender=None if person is None else PersonId(person.person),
        alias=ALIAS_OF_A_STRANGER if person is None else person.alias,
        country="" if person is None else person.country,
        consented=False,
        protocol=judge.registry().protocols[HQ_ALONE],
        press=Press(
            key=row.key,
            at=row.received_at,
            wire_protocol=row.source,
            signals=(Signal.UNKNOWN,),
            doubt=None if person is not None else SourceDoubt.UNKNOWN_DEVICE,
            text=text[:_TEXT_MAX],
        ),
        place=NOWHERE,
    )
