"""Who a report is from and what it means: one judgement for gateway and intake."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from msgspec import structs

from engine.alarm.commands import Raise, RequestCancel
from engine.alarm.state import Kind, KnownPlace
from engine.alarm.strangers import DEVICE
from engine.intake.assess import (
    FOR_HQ_ALONE,
    Assessment,
    Outcome,
    assess,
    place_without_fix,
)
from engine.intake.drills import Drills
from engine.ports.device import DeviceReport
from engine.protocol.model import ActionProtocol
from engine.protocol.registry import HQ_ALONE, UNKNOWN_DEVICE, Registry
from engine.roster.board import Board
from engine.roster.model import Consent, Person
from engine.values import AlarmId, CommandId, ReportKey

ALIAS_OF_A_STRANGER = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """An assessment with the person and the action protocol that it was made by."""

    assessment: Assessment
    person: Person | None
    protocol: ActionProtocol

    @property
    def subject(self) -> str:
        """By whom further presses find the open case: person, else device."""
        if self.person is not None:
            return self.person.person
        press = self.assessment.press
        name = f"{press.wire_protocol}/{press.device or ''}"
        return DEVICE + hashlib.sha256(name.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges reports by the roster and action protocols as they are now."""

    board: Board
    registry: Callable[[], Registry]
    drills: Drills = field(default_factory=Drills)

    def judge(self, report: DeviceReport, key: ReportKey | None = None) -> Judgement:
        """Return what a report means; pure but for the snapshots it reads.

        Args:
            report: what was decoded.
            key: of the recorded row that it is read from, where that is not the
                report's own (a text message); an alarm is known by it.

        """
        roster, registry = self.board.roster(), self.registry()
        device = None if report.device is None else roster.device(report.device)
        person = None if device is None else roster.person(device.person)
        word = None if device is None else device.word_of(report.codes)
        profile = None if device is None else roster.profile_of(device)
        if profile is not None:
            read = profile.read(report.signals, report.codes)
            report = replace(report, signals=read)
        protocol = registry.of(person.action_protocol if person else None)
        triggers = last = doubted = None
        if person is not None:
            now = report.received_at
            triggers = protocol.raising(at_risk=person.at_risk(now))
            last = self.board.fix_of(person.person)
            doubted = self.board.doubted_of(person.person)
        assessment = assess(report, person, triggers, last, word, doubted)
        if key is not None:
            press = replace(assessment.press, key=key)
            assessment = replace(assessment, press=press)
        if self._is_drill(report, assessment):
            assessment = replace(assessment, kind=Kind.EXERCISE)
        if assessment.outcome in FOR_HQ_ALONE:
            protocol = registry.protocols[HQ_ALONE]
        elif person is None:
            protocol = registry.protocols[UNKNOWN_DEVICE]
        return Judgement(assessment=assessment, person=person, protocol=protocol)

    def _is_drill(self, report: DeviceReport, assessment: Assessment) -> bool:
        """Say whether it is the press that somebody was asked for just now.

        What the device had stored is older than the drill, and force is never one.
        """
        press = assessment.press
        return (
            assessment.outcome is Outcome.ALARM
            and report.device is not None
            and not (report.buffered or press.duress or report.authentic is False)
            and self.drills.takes(report.device, press.key, report.received_at)
        )


def place_of(person: Person, board: Board) -> KnownPlace:
    """Return where somebody is believed to be of whom nothing names a place now."""
    name = person.person
    return place_without_fix(person, board.fix_of(name), board.doubted_of(name))


def raise_command(judgement: Judgement) -> Raise:
    """Return the command that an alarm or a notice comes to."""
    person, assessment = judgement.person, judgement.assessment
    agreed = person is not None and person.publish_consent is not Consent.NONE
    return Raise(
        command_id=CommandId(assessment.press.key),
        kind=assessment.kind,
        subject=judgement.subject,
        defender=None if person is None else person.person,
        alias=ALIAS_OF_A_STRANGER if person is None else person.alias,
        country="" if person is None else person.country,
        consented=agreed and assessment.kind is Kind.REAL,
        protocol=judgement.protocol,
        press=assessment.press,
        place=assessment.place,
        has_words=person is not None and bool(person.safe_word),
        public_name="" if person is None else person.published_name,
    )


def notice_command(judgement: Judgement, judge: Judge) -> Raise:
    """Return the notice by which HQ alone looks at a report."""
    return structs.replace(
        raise_command(judgement),
        kind=Kind.NOTICE,
        consented=False,
        protocol=judge.registry().protocols[HQ_ALONE],
    )


def cancel_command(judgement: Judgement) -> RequestCancel:
    """Return the command that a cancel comes to."""
    press = judgement.assessment.press
    return RequestCancel(command_id=CommandId(press.key), press=press)


def alarm_id(key: ReportKey) -> AlarmId:
    """Return the id of the alarm that a report would raise; derived from its key."""
    return AlarmId(key[-12:])
