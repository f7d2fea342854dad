"""Intake: recorded signals to commands. Owns nothing: what it misses stands in rows."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import ClassVar, assert_never

from engine.alarm.commands import Raise
from engine.alarm.messages import Distress, Forward, Moved, ToOpen
from engine.errors import JournalError
from engine.intake.absence import SOURCE_ABSENCE, absence_command, absence_of
from engine.intake.answers import (
    Sms,
    code_by_word,
    code_in,
    has_ended,
    messages_of,
    read_sms,
    told_in,
)
from engine.intake.assess import Outcome
from engine.intake.calls import NOTHING, Before, before_call
from engine.intake.checkins.said import CheckInSaid, word_said
from engine.intake.checkins.words import read_check_in
from engine.intake.failing import LOST, failed_command
from engine.intake.held import said_at
from engine.intake.judge import (
    Judge,
    Judgement,
    alarm_id,
    cancel_command,
    notice_command,
    raise_command,
)
from engine.intake.reports import decode_report
from engine.intake.sms import SOURCE_SMS, device_of, is_call, message_command
from engine.intake.vigil.attendance import Attendance
from engine.ports.device import DeviceReport
from engine.ports.journal import SOURCE_DAMAGED, Code, InboundRow, ReaderLender
from engine.ports.telemetry import Telemetry
from engine.supervision.actor import SupervisedActor
from engine.supervision.failure import Failure, ReplacedError
from engine.supervision.link import Link
from engine.values import DeviceId, Instant, ReportKey

logger = logging.getLogger(__name__)

RESCAN = timedelta(seconds=2)
FRESH = timedelta(seconds=3)
PATIENCE_S = 10.0
LOOKS_RATIO = 10
"""So many times as long as a look at the rows took is left for what comes by itself."""
APART_MAX = timedelta(seconds=60)
"""No more, however long a look took: the machine may have slept meanwhile."""
UNCLAIMED = timedelta(seconds=20)
SOURCE_DEVICE = "device"
SOURCE_QUIET = "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Reports that are durable; `repeated` ones had been recorded before."""

    reports: tuple[DeviceReport, ...]
    repeated: tuple[ReportKey, ...] = ()
    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsHeard:
    """A short message is durable."""

    key: ReportKey
    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """That something did not come is durable."""

    key: ReportKey
    urgent: ClassVar[bool] = True


class Intake(SupervisedActor[Heard | SmsHeard | Noticed | Moved]):
    """Turns what was recorded into commands for the alarms' directory.

    A hint that is lost, here or on the way to the alarm, is made good by the next
    look at what no alarm has taken up.
    """

    bound: ClassVar[int] = 20_000

    def __init__(
        self,
        *,
        link: Link,
        judge: Judge,
        readers: ReaderLender,
        telemetry: Telemetry,
        attendance: Attendance,
    ) -> None:
        """Take the judge and the journal's readers.

        `attendance` hears of devices that report by SMS: that is a word of theirs too.
        """
        super().__init__(link=link)
        self._judge, self._readers, self._telemetry = judge, readers, telemetry
        self._attendance = attendance
        self._told_s: dict[ReportKey, float] = {}
        self._failed_once: set[ReportKey] = set()

    def started(self) -> None:
        """Take up what was recorded and not acted upon."""
        self._scan(at_start=True)

    def handle(self, message: Heard | SmsHeard | Noticed | Moved) -> None:
        """Act on what has just become durable."""
        match message:
            case Heard():
                again = set(message.repeated)
                untaken = {row.key for row in self._untaken(again)} if again else again
                for report in message.reports:
                    # One that fails is found in its row by the next look.
                    self._guarded(partial(self._report, report, skip=again - untaken))
            case SmsHeard() | Noticed():
                for row in self._untaken({message.key}):
                    self._take_up(row)
            case Moved():
                self._tell(message)
            case _:
                assert_never(message)

    def woke(self) -> None:
        """Look whether something was missed."""
        self._scan(at_start=False)

    def rescan(self) -> None:
        """Read the rows, since hints were dropped."""
        self._scan(at_start=True)

    def _scan(self, *, at_start: bool) -> None:
        now, now_s = self.clock.now(), self.clock.boottime_s()
        self._told_s = {
            key: told_s
            for key, told_s in self._told_s.items()
            if now_s - told_s < PATIENCE_S
        }
        for row in self._untaken():
            # What was told a moment ago is on its way: many at once take longer.
            is_new = now.since(row.received_at) < FRESH or row.key in self._told_s
            if is_new and not at_start:
                continue
            self._told_s[row.key] = now_s
            self._take_up(row)
            self.beat()
        # Whoever floods one case fills the rows: what has just come goes before a look.
        took = timedelta(seconds=self.clock.boottime_s() - now_s)
        apart = min(max(RESCAN, took * LOOKS_RATIO), APART_MAX)
        self.wake_at(self.clock.now().plus(apart))

    def _take_up(self, row: InboundRow) -> None:
        """Act on a row; one at which that fails twice is for HQ to look at.

        Else it would end intake at each look, and the engine at each start: everybody's
        alarm would be lost to a mistake of ours about one message.
        """
        if self._guarded(partial(self._act_on, row)):
            self._failed_once.discard(row.key)
        elif row.key in self._failed_once:
            self._failed_once.discard(row.key)
            self._distress(failed_command(row, self._judge))
        else:
            self._failed_once.add(row.key)

    def _guarded(self, act: Callable[[], None]) -> bool:
        """Say whether an act on one signal went well; unreadable rows are no fault."""
        try:
            act()
        except (JournalError, ReplacedError):
            raise
        except Exception as error:  # noqa: BLE001 - of whatever is wrong with one row
            # Without its text, which may quote the message.
            logger.error("a recorded signal cannot be handled: %s", Failure.of(error))  # noqa: TRY400 - see above
            return False
        return True

    def _act_on(self, row: InboundRow) -> None:
        if row.source == SOURCE_SMS:
            self._sms(row)
        elif row.source == SOURCE_DEVICE:
            self._row(row)
        elif row.source == SOURCE_ABSENCE:
            self._absence(row)
        elif row.source == SOURCE_DAMAGED:
            self._distress(message_command(row, LOST, None, self._judge))

    def _row(self, row: InboundRow) -> None:
        report = decode_report(row.body)
        if report is None:
            self._unreadable(row)
            return
        # By the row's key: an earlier engine may have made another of this report.
        self._act_on_report(report, self._judge.judge(report, row.key))

    def _absence(self, row: InboundRow) -> None:
        absence = absence_of(row.body)
        if absence is None:
            self._unreadable(row)
            return
        command = absence_command(row, absence, self._judge)
        words = f"{absence.person}, who is in the roster no more: {absence.text}"
        self._distress(command or message_command(row, words, None, self._judge))

    def _unreadable(self, row: InboundRow) -> None:
        words = "something that was recorded cannot be read"
        self._distress(message_command(row, words, None, self._judge))

    def _report(self, report: DeviceReport, *, skip: set[ReportKey]) -> None:
        judgement = self._judge.judge(report)
        if judgement.assessment.press.key not in skip:
            self._act_on_report(report, judgement)

    def _act_on_report(self, report: DeviceReport, judgement: Judgement) -> None:
        match judgement.assessment.outcome:
            case Outcome.ALARM | Outcome.NOTICE | Outcome.STRAY:
                self._distress(raise_command(judgement))
            case Outcome.CANCEL:
                self._cancel(judgement)
            case Outcome.CHECK_IN:
                self._check_in(judgement, report)
            case Outcome.POSITION | Outcome.NOTHING:
                # It meant more by the roster of the moment at which it was recorded.
                self._distress(notice_command(judgement, self._judge))
            case _:
                assert_never(judgement.assessment.outcome)

    def _check_in(self, judgement: Judgement, report: DeviceReport) -> None:
        person = judgement.person
        if person is None:
            return
        named = read_check_in(f"timer until {report.attributes.get('until', '')}")
        until, sent = None, report.device_at if report.buffered else None
        if named is not None:
            until = named.until(sent or report.received_at, person.zone)
        said = CheckInSaid(
            key=judgement.assessment.press.key,
            person=person.person,
            until=until,
            sent=sent,
            at=report.received_at,
            is_press=True,
        )
        self._tell_check_ins(said)

    def _tell_check_ins(self, said: CheckInSaid) -> None:
        self.link.tree.names.tell("checkins", said)

    def _cancel(self, judgement: Judgement) -> None:
        """Pass it to the open case; where there is none for long, HQ looks at it.

        A code of force raises a case where there is none: nobody who is not forced
        sends it. Of an open case whose journal is slow both wait for that.
        """
        press = judgement.assessment.press
        stale = self.clock.now().since(press.at) > UNCLAIMED
        otherwise = instead = None
        if press.duress:
            instead = raise_command(judgement)
        elif stale:
            instead = notice_command(judgement, self._judge)
        if instead is not None:
            otherwise = Distress(alarm_id=alarm_id(press.key), command=instead)
        command = cancel_command(judgement)
        subject = judgement.subject
        self._tell(ToOpen(subject=subject, command=command, otherwise=otherwise))
        said = word_said(judgement)
        if said is not None:
            self._tell_check_ins(said)

    def _sms(self, row: InboundRow) -> None:
        """Take an answer, a call for help, or words that nobody expected."""
        message = read_sms(row)
        if message is None:
            self._unreadable(row)
            return
        sender, text = message
        tracker = device_of(self._judge.board.roster(), sender)
        if tracker is not None:
            self._attend(tracker.device, said_at(row))
        code, cases, is_over = self._codes_of(sender, text)
        before = self._before_call(row, sender)
        stale = self.clock.now().since(row.received_at) > UNCLAIMED
        sms = Sms(
            row=row,
            sender=sender,
            text=text,
            code=code,
            stale=stale,
            is_over=is_over,
            told_in=cases,
            before=before,
        )
        for told in messages_of(sms, self._judge):
            if isinstance(told, Distress):
                self._distress(told.command)
            elif isinstance(told, CheckInSaid):
                self._tell_check_ins(told)
            else:
                self._tell(told)

    def _codes_of(
        self, sender: str, text: str
    ) -> tuple[Code | None, tuple[Code, ...], bool]:
        """Return whom a message answers, and of which cases its sender was told.

        Last comes whether the case that it answers has ended. Nothing as well where no
        row says so.

        HQ reads it then, and a call for help raises. A damaged page of old codes would
        end intake at each look, and the engine at each start.
        """
        named = code_in(text, self._judge)
        try:
            with self._readers.reader() as reader:
                if named is None:
                    code = code_by_word(sender, text, self._judge, reader)
                else:
                    code = reader.code(named)
                case = None if code is None else reader.head(code.stream)
                is_over = case is not None and has_ended(case)
                is_asked = code is None or is_over
                cases = told_in(sender, self._judge, reader) if is_asked else ()
                return code, cases, is_over
        except JournalError as error:
            logger.error("whose code it is cannot be read: %s", Failure.of(error))  # noqa: TRY400 - by its place alone
            return None, (), False

    def _before_call(self, row: InboundRow, number: str) -> Before:
        """Return what a caller had from HQ; nothing where no row says so: it raises."""
        if not is_call(row):
            return NOTHING
        try:
            with self._readers.reader() as reader:
                roster = self._judge.board.roster()
                return before_call(roster, number, row.received_at, reader)
        except JournalError as error:
            logger.error("what a caller was told cannot be read: %s", Failure.of(error))  # noqa: TRY400 - by its place alone
            return NOTHING

    def _attend(self, device: DeviceId, at: Instant) -> None:
        """Note a word, unless a later one is known: a row may have waited."""
        last = self._attendance.last(device)
        if last is None or last < at:
            self._attendance.heard(device, at)

    def _distress(self, command: Raise) -> None:
        key = ReportKey(command.press.key)
        self._told_s[key] = self.clock.boottime_s()
        self._tell(Distress(alarm_id=alarm_id(key), command=command))

    def _tell(self, message: Distress | Forward | ToOpen | Moved) -> None:
        self.link.tree.names.tell("alarms", message)

    def _untaken(self, keys: set[ReportKey] | None = None) -> list[InboundRow]:
        """Return what nobody has taken up, of these or of all.

        All of it may be thousands of rows, and every press waits while they are read.
        """
        with self._readers.reader() as reader:
            return list(reader.inbound(untaken_only=True, keys=keys))
