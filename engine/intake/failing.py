"""A recorded signal at which intake itself fails, as HQ is shown it. Pure."""

from engine.alarm.commands import Raise
from engine.intake.answers import read_sms
from engine.intake.judge import Judge
from engine.intake.reports import decode_report
from engine.intake.sms import SOURCE_SMS, message_command, senders_of
from engine.ports.journal import InboundRow
from engine.roster.model import Person, Roster

FAILED = (
    "something recorded could not be handled: a fault of the engine. It may be a call "
    "for help: find out from them"
)

LOST = (
    "something recorded at that time was lost to a damaged page of the journal before "
    "anybody had taken it up. It may be a call for help: find out who sent something"
)


def failed_command(row: InboundRow, judge: Judge) -> Raise:
    """Return the notice of it, in the name of whose it is where that can be told."""
    try:
        person = whose(row, judge.board.roster())
    except Exception:  # noqa: BLE001 - it may be just this at which intake fails
        person = None
    return message_command(row, FAILED, person, judge)


def whose(row: InboundRow, roster: Roster) -> Person | None:
    """Return by whose telephone or device it came; None where it is nobody's."""
    if row.source == SOURCE_SMS:
        message = read_sms(row)
        senders = () if message is None else senders_of(roster, message[0])
        return next(iter(senders), None)
    report = decode_report(row.body)
    device = (
        None
        if report is None or report.device is None
        else roster.device(report.device)
    )
    return None if device is None else roster.person(device.person)
