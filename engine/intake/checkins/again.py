"""Words about a timer that an alarm took up, read from the rows once more.

An alarm and the check-ins hear of a word of safety or of force at once, and the alarm
alone takes it up. Whoever dies in between finds here what it did not hear: else a word
of force would leave a timer running that a word of safety ends.
"""

from collections.abc import Callable

from engine.intake.actor import SOURCE_DEVICE, SOURCE_SMS
from engine.intake.answers import Sms, code_in, messages_of, read_sms
from engine.intake.checkins.said import CheckInSaid, word_said
from engine.intake.judge import Judge
from engine.intake.reports import decode_report
from engine.ports.journal import Code, InboundRow

CodeOf = Callable[[str], Code | None]


def said_in(row: InboundRow, code_of: CodeOf, judge: Judge) -> CheckInSaid | None:
    """Return the word that a row shares with an alarm; None where it has none."""
    if row.source == SOURCE_DEVICE:
        report = decode_report(row.body)
        return None if report is None else word_said(judge.judge(report))
    message = read_sms(row) if row.source == SOURCE_SMS else None
    if message is None:
        return None
    sender, text = message
    named = code_in(text, judge)
    code = None if named is None else code_of(named)
    sms = Sms(row=row, sender=sender, text=text, code=code)
    told = (one for one in messages_of(sms, judge) if isinstance(one, CheckInSaid))
    return next((one for one in told if one.is_shared), None)
