"""Intake: recorded signals to commands. Owns nothing: what it misses stands in rows."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, assert_never

from engine.alarm.commands import AddNote, Raise, TakeReply
from engine.alarm.messages import Distress, Forward, ToOpen
from engine.alarm.state import ReplyKind, alarm_of
from engine.intake.assess import Outcome
from engine.intake.judge import (
    Judge,
    Judgement,
    alarm_id,
    cancel_command,
    notice_command,
    raise_command,
)
from engine.intake.replies import Reply, read_reply
from engine.intake.reports import decode_report
from engine.intake.sms import (
    Caller,
    caller_of,
    calls_for_help,
    help_command,
    message_command,
    senders_of,
    tracker_command,
)
from engine.ports.device import DeviceReport
from engine.ports.journal import Code, InboundRow, ReaderLender
from engine.ports.telemetry import Telemetry
from engine.roster.model import Person
from engine.supervision.actor import SupervisedActor
from engine.supervision.link import Link
from engine.values import CommandId, ReportKey

RESCAN = timedelta(seconds=2)
FRESH = timedelta(seconds=3)
PATIENCE_S = 10.0
UNCLAIMED = timedelta(seconds=20)
SOURCE_DEVICE = "device"
SOURCE_QUIET = "quiet"
SOURCE_SMS = "sms"


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


class Intake(SupervisedActor[Heard | SmsHeard]):
    """Turns what was recorded into commands for the alarms' directory.

    A hint that is lost, here or on the way to the alarm, is made good by the next
    look at what no alarm has taken up.
    """

    bound: ClassVar[int] = 20_000

    def __init__(
        self, *, link: Link, judge: Judge, readers: ReaderLender, telemetry: Telemetry
    ) -> None:
        """Take the judge and the journal's readers."""
        super().__init__(link=link)
        self._judge, self._readers, self._telemetry = judge, readers, telemetry
        self._told_s: dict[ReportKey, float] = {}

    def started(self) -> None:
        """Take up what was recorded and not acted upon."""
        self._scan(at_start=True)

    def handle(self, message: Heard | SmsHeard) -> None:
        """Act on what has just become durable."""
        match message:
            case Heard():
                again = set(message.repeated)
                untaken = self._untaken_keys() if again else set[ReportKey]()
                for report in message.reports:
                    self._report(report, skip=again - untaken)
            case SmsHeard():
                for row in self._untaken():
                    if row.key == message.key:
                        self._sms(row)
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
            if row.source == SOURCE_SMS:
                self._sms(row)
            elif row.source == SOURCE_DEVICE:
                self._row(row)
        self.wake_at(now.plus(RESCAN))

    def _row(self, row: InboundRow) -> None:
        report = decode_report(row.body)
        if report is None:
            self._unreadable(row)
            return
        self._report(report, skip=set())

    def _unreadable(self, row: InboundRow) -> None:
        words = "something that was recorded cannot be read"
        self._distress(message_command(row, words, None, self._judge))

    def _report(self, report: DeviceReport, *, skip: set[ReportKey]) -> None:
        judgement = self._judge.judge(report)
        press = judgement.assessment.press
        if press.key in skip:
            return
        match judgement.assessment.outcome:
            case Outcome.ALARM | Outcome.NOTICE:
                self._distress(raise_command(judgement))
            case Outcome.CANCEL:
                self._cancel(judgement)
            case Outcome.POSITION | Outcome.NOTHING:
                # It meant more by the roster of the moment at which it was recorded.
                self._distress(notice_command(judgement, self._judge))
            case _:
                assert_never(judgement.assessment.outcome)

    def _cancel(self, judgement: Judgement) -> None:
        """Pass it to the open case; where there is none, HQ looks at it."""
        press = judgement.assessment.press
        if self.clock.now().since(press.at) > UNCLAIMED:
            self._distress(notice_command(judgement, self._judge))
            return
        command = cancel_command(judgement)
        self._tell(ToOpen(subject=judgement.subject, command=command))

    def _sms(self, row: InboundRow) -> None:
        """Take an answer, a call for help, or words that nobody expected."""
        try:
            message = json.loads(row.body)
            sender, text = str(message["sender"]), str(message["text"])
        except (ValueError, KeyError, TypeError):
            self._unreadable(row)
            return
        reply = read_reply(text)
        senders = senders_of(self._judge.board.roster(), sender)
        with self._readers.reader() as reader:
            code = None if reply.code is None else reader.code(reply.code)
        if code is None:
            self._distress(self._uncoded(row, sender, text, reply, senders))
        else:
            self._coded(row, text, reply, code, senders)

    def _uncoded(
        self,
        row: InboundRow,
        sender: str,
        text: str,
        reply: Reply,
        senders: tuple[Person, ...],
    ) -> Raise:
        """Return what a message without an alarm's code comes to: always something."""
        tracker = tracker_command(row, sender, text, self._judge)
        if tracker is not None:
            return tracker
        if calls_for_help(text, reply):
            caller = caller_of(self._judge.board.roster(), senders, text)
            if caller is not None:
                return help_command(row, caller, self._judge)
        who = senders[0] if senders else None
        return message_command(row, text, who, self._judge)

    def _coded(
        self,
        row: InboundRow,
        text: str,
        reply: Reply,
        code: Code,
        senders: tuple[Person, ...],
    ) -> None:
        """Pass an answer on to its alarm; it counts only from its own recipient."""
        alarm = alarm_of(code.stream)
        authentic = any(person.person == code.person for person in senders)
        if reply.kind is None:
            note = AddNote(
                command_id=CommandId(row.key), by=None, text=text, source=row.key
            )
            self._tell(Forward(alarm_id=alarm, command=note))
            return
        person = self._judge.board.roster().person(code.person)
        helps = reply.kind is ReplyKind.NEED_HELP and person is not None
        taken = TakeReply(
            command_id=CommandId(row.key),
            person=code.person,
            reply=reply.kind,
            authentic=authentic,
            channel="sms",
            # A call for help is taken up by the alarm that it raises, not before.
            source=None if helps else row.key,
        )
        self._tell(Forward(alarm_id=alarm, command=taken))
        if helps and person is not None:
            caller = Caller(person=person, is_confirmed=authentic)
            self._distress(help_command(row, caller, self._judge))

    def _distress(self, command: Raise) -> None:
        key = ReportKey(command.press.key)
        self._told_s[key] = self.clock.boottime_s()
        self._tell(Distress(alarm_id=alarm_id(key), command=command))

    def _tell(self, message: Distress | Forward | ToOpen) -> None:
        self.link.tree.names.tell("alarms", message)

    def _untaken(self) -> list[InboundRow]:
        with self._readers.reader() as reader:
            return list(reader.inbound(untaken_only=True))

    def _untaken_keys(self) -> set[ReportKey]:
        return {row.key for row in self._untaken()}
