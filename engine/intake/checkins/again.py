"""Words about a timer that an alarm took up, read from the rows once more.

An alarm and the check-ins hear of a word of safety or of force at once, and the alarm
alone takes it up. Whoever dies in between finds here what it did not hear: else a word
of force would leave a timer running that a word of safety ends, and beside a time it
would set none.
"""

import logging
from collections.abc import Callable, Mapping

from engine.alarm.state import is_alarms
from engine.errors import JournalError
from engine.intake.actor import SOURCE_DEVICE
from engine.intake.answers import Sms, code_in, messages_of, read_sms
from engine.intake.checkins.said import CheckInSaid, word_said
from engine.intake.checkins.words import LASTS_MAX
from engine.intake.judge import Judge
from engine.intake.reports import decode_report
from engine.intake.sms import SOURCE_SMS
from engine.ports.journal import Code, InboundRow, JournalReader
from engine.supervision.failure import Failure
from engine.values import Instant, PersonId, ReportKey

logger = logging.getLogger(__name__)

CodeOf = Callable[[str], Code | None]


class HeardByAlarms:
    """What alarms took up, read again and again while it may still come to be known.

    Each row is read once, as long as the roster is the same: it is a day of them.
    """

    def __init__(self, judge: Judge) -> None:
        """Begin with nothing read."""
        self._judge = judge
        self._roster: object = None
        self._said: dict[ReportKey, CheckInSaid | None] = {}
        self._has_case = False

    def of(
        self,
        reader: JournalReader,
        begun_at: Mapping[PersonId, Instant | None],
        now: Instant,
    ) -> list[CheckInSaid]:
        """Return what was said of what runs since it was set, and of what may run.

        A time beside a word of force may have set a timer of who has none: for a day
        back, and only while a case is open, since that word has one opened. Nothing
        where the signals cannot be read: somebody may be missed who has said a word.
        """
        froms = [*filter(None, begun_at.values())]
        self._has_case = self._has_case or bool(reader.heads("alarm/", open_only=True))
        if self._has_case:
            froms.append(now.plus(-LASTS_MAX))
        found: list[CheckInSaid] = []
        if not froms:
            return found
        try:
            rows = reader.inbound(untaken_only=False, since=min(froms))
        except JournalError as error:
            # A damaged page, however old: at each start it would end the engine.
            logger.error("earlier words cannot be read: %s", Failure.of(error))  # noqa: TRY400 - by its place alone
            return found
        before, self._said = self._still_so(), {}
        for row in rows:
            # No device says a time and a word.
            is_any = row.source == SOURCE_SMS or bool(begun_at)
            said = self._said_in(row, reader, before) if is_any else None
            if said is None:
                continue
            begun = begun_at.get(said.person)
            is_since = begun is not None and row.received_at >= begun
            if said.until is not None or is_since:
                found.append(said)
        return found

    def _still_so(self) -> dict[ReportKey, CheckInSaid | None]:
        """Return what was read by this roster; older rows than a look's are let go."""
        was, self._roster = self._roster, self._judge.board.roster()
        return self._said if was is self._roster else {}

    def _said_in(
        self,
        row: InboundRow,
        reader: JournalReader,
        before: Mapping[ReportKey, CheckInSaid | None],
    ) -> CheckInSaid | None:
        if not is_alarms(row.taken_by):
            return None
        if row.key in before:
            said = before[row.key]
        else:
            said = said_in(row, reader.code, self._judge)
        self._said[row.key] = said
        return said


def said_in(row: InboundRow, code_of: CodeOf, judge: Judge) -> CheckInSaid | None:
    """Return the word that a row shares with an alarm; None where it has none."""
    if row.source == SOURCE_DEVICE:
        report = decode_report(row.body)
        return None if report is None else word_said(judge.judge(report, row.key))
    message = read_sms(row) if row.source == SOURCE_SMS else None
    if message is None:
        return None
    sender, text = message
    named = code_in(text, judge)
    code = None if named is None else code_of(named)
    sms = Sms(row=row, sender=sender, text=text, code=code)
    told = (one for one in messages_of(sms, judge) if isinstance(one, CheckInSaid))
    return next((one for one in told if one.is_shared), None)
