"""Devices, colleagues and operators: they act in the world and outlive the engine."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache

from engine.alarm.commands import (
    Acknowledge,
    AlarmCommand,
    ApprovePublication,
    Close,
    ConfirmSafe,
    Reopen,
    Verify,
)
from engine.alarm.messages import Done, Forward
from engine.alarm.state import CloseReason, Kind, Truth
from engine.intake.assess import report_key
from engine.intake.replies import CODE
from engine.journal.memory import MemoryReader
from engine.ports.device import DeviceReport, ReportKind
from engine.values import (
    AlarmId,
    CommandId,
    DeviceId,
    Fix,
    Instant,
    OperatorId,
    Signal,
)
from tests.simulation.cast import AGREED, DURESS_CODE, SAFE_CODE, roster
from tests.simulation.host import Frame, Host
from tests.simulation.invariants import Watching
from tests.simulation.plan import Item
from tests.simulation.tasks import Wait

ACTS = frozenset({Signal.SOS, Signal.REMOVED, Signal.CANCEL, Signal.FALL})
ANSWER_WITHIN_S = 10.0
AGAIN_S = 5.0
OPERATORS = ("alder", "rowan", "spruce")
Given = Callable[[CommandId], AlarmCommand]


@cache
def devices() -> dict[str, tuple[str, str]]:
    """Return each defender's device: wire protocol and id."""
    return {
        str(device.person): (device.wire_protocol, str(device.device))
        for device in roster().devices
    }


NEEDS_HELP = 0.01
ANSWERS = ("1", "1", "2", "2", "coming", "no")


class Devices:
    """Devices repeat a frame, byte for byte, until they are answered."""

    def __init__(self, host: Host, watching: Watching) -> None:
        self._host, self._watching = host, watching
        self._draw = host.world.fork("devices")
        self._last: dict[str, DeviceReport] = {}
        self._serial = 0

    def press(self, item: Item) -> None:
        """Send what the plan says, and see to it that it is answered."""
        report = self.report(item)
        self._last[item.who] = report
        self.send(report)
        if item.what == "twice":
            self.send(report)

    def replay(self, who: str) -> None:
        """Send an earlier frame again, as somebody who has recorded it would."""
        if who in self._last:
            self.send(self._last[who])

    def send(self, report: DeviceReport) -> None:
        """Send one frame until it is answered."""
        self._host.world.begin(lambda: self._until_answered(report), "device")

    def _until_answered(self, report: DeviceReport) -> None:
        world = self._host.world
        waits: list[Wait] = []
        answers: list[bool] = []
        read: list[DeviceReport] = []

        def reports(now: Instant) -> Sequence[DeviceReport]:
            read.append(replace(report, received_at=now))
            return (read[-1],)

        def answer(is_durable: bool) -> None:  # noqa: FBT001 - a yes-or-no question
            answers.append(is_durable)
            if is_durable and bool(report.signals & ACTS):
                for one in read:
                    key = report_key(one)
                    if key in self._host.disk.medium.inbound or one is read[-1]:
                        self._watching.device_acknowledged(
                            key, world.boottime_s(), acts=True
                        )
            world.wake(waits)

        while True:
            del answers[:]
            frame = Frame(reports=reports, answer=answer)
            if self._host.names.tell("gateway", frame):
                world.park(ANSWER_WITHIN_S, waits)
            if True in answers:
                return
            world.sleep(AGAIN_S)

    def report(self, item: Item) -> DeviceReport:
        """Make the report that an item speaks of."""
        draw, world = self._draw, self._host.world
        wire, device = devices()[item.who]
        self._serial += 1
        at = world.now()
        person = next(p for p in roster().people if p.person == item.who)
        place = person.declared
        assert place is not None
        fix = Fix(
            lat_deg=place.lat_deg + draw.uniform(-0.2, 0.2),
            lon_deg=place.lon_deg + draw.uniform(-0.2, 0.2),
            at=at,
            accuracy_m=20.0,
        )
        report = DeviceReport(
            protocol=wire,
            kind=ReportKind.REPORT,
            device=DeviceId(device),
            received_at=at,
            raw=f"{device}/{self._serial}".encode(),
            signals=frozenset({Signal.SOS}),
            device_at=at,
            fix=fix,
            sequence=self._serial % 65_536,
        )
        changes: dict[str, dict[str, object]] = {
            "removed": {"signals": frozenset({Signal.REMOVED})},
            "no_fix": {"fix": None, "no_fix_reason": "no satellites"},
            "late": {
                "buffered": True,
                "device_at": at.plus(timedelta(hours=-1)),
            },
            "clock": {"device_at": at.plus(timedelta(days=draw.choice((-9, 3_000))))},
            "zero": {"fix": replace(fix, lat_deg=0.0, lon_deg=0.0)},
            "checksum": {"checksum_ok": False, "fix": None, "doubtful_fix": fix},
            "unauthentic": {"authentic": False},
            "stranger": {"device": DeviceId(f"stranger-{self._serial}")},
            "fall": {"signals": frozenset({Signal.FALL})},
            "walks": {"signals": frozenset()},
            "cancel": {"signals": frozenset({Signal.CANCEL})},
            "safe_code": {
                "signals": frozenset({Signal.CANCEL}),
                "codes": (SAFE_CODE,),
            },
            "duress_code": {
                "signals": frozenset({Signal.CANCEL}),
                "codes": (DURESS_CODE,),
            },
            "undecodable": {
                "kind": ReportKind.UNDECODABLE,
                "signals": frozenset(),
                "fix": None,
            },
        }
        return replace(report, **changes.get(item.what, {}))  # type: ignore[arg-type] # a table of fields


class People:
    """Telephones and who holds them; what each does is drawn for each seed anew."""

    def __init__(self, host: Host, watching: Watching, *, two_at_once: bool) -> None:
        self._host, self._watching = host, watching
        self._draw = host.world.fork("people")
        self._two_at_once = two_at_once
        self._by_number = {
            str(number): person
            for person in roster().people
            for number in person.addresses_on("sms")
        }
        self.asleep_until_s = 0.0
        self.reopens = False
        self.next_needs_help = False
        self.did: Callable[[str], object] = str
        self._roused: set[str] = set()
        self._run: set[AlarmId] = set()
        self._running: set[AlarmId] = set()
        self._courses = 0
        self._serial = 0

    def arrival(self, channel: str, address: str, text: str) -> None:
        """Something has arrived at a telephone or a mailbox."""
        if channel == "mastodon":
            self._watching.public(text)
        elif channel in {"email", "webhook"}:
            self._rouse("alder", self._draw.uniform(30, 240))
        else:
            person = self._by_number.get(address)
            if person is None:
                return
            if person.person in OPERATORS:
                self._rouse(str(person.person), self._draw.uniform(5, 60))
            elif channel == "sms":
                self._answer(address, text)

    # colleagues --------------------------------------------------------------------

    def _answer(self, number: str, text: str) -> None:
        found = CODE.search(text)
        if found is None or "1" not in text or self._draw.random() < 0.5:
            return
        code = found[1]
        # Whoever needs help themselves has an alarm of their own, whose colleagues may
        # need help in turn: more often than this a day is nothing but that, unless the
        # plan says so.
        needs_help = self._draw.random() < NEEDS_HELP or self.next_needs_help
        if self.next_needs_help:
            self.did("needs_help")
            self.next_needs_help = False
        words = "3" if needs_help else self._draw.choice(ANSWERS)
        self.reply_from(number, f"{code} {words}", self._draw.uniform(10, 400))

    def say(self, word: str) -> None:
        """Have the defender who has agreed words send one by SMS."""
        person = next(p for p in roster().people if p.person == AGREED)
        self.reply_from(str(person.numbers[0]), word, 0.0)

    def reply_from(self, number: str, text: str, after_s: float) -> None:
        """Send us a short message after a while."""
        code = CODE.search(text)
        row = None if code is None else self._host.disk.medium.codes.get(code[1])
        person = self._by_number.get(number)
        if row is not None and person is not None and row.person == person.person:
            alarm = AlarmId(row.stream.removeprefix("alarm/"))
            self._watching.replied.add((alarm, str(person.person)))

        def send() -> None:
            self._host.world.sleep(after_s)
            self._host.network.send_in(number, text)

        self._host.world.begin(send, "phone")

    # HQ ----------------------------------------------------------------------------

    def _rouse(self, operator: str, after_s: float) -> None:
        now_s = self._host.world.boottime_s()
        if operator in self._roused or now_s < self.asleep_until_s:
            return
        self._roused.add(operator)

        def look() -> None:
            self._host.world.sleep(after_s)
            self._roused.discard(operator)
            self._take_all(operator)

        self._host.world.begin(look, "operator")

    def _take_all(self, operator: str) -> None:
        reader = MemoryReader(self._host.disk.medium)
        for row in reader.heads("alarm/", open_only=True):
            alarm_id = AlarmId(row.stream.removeprefix("alarm/"))
            alarm = self._watching.alarms.get(alarm_id)
            if alarm is None or alarm.acknowledged is not None or not alarm.is_open:
                continue
            self._acknowledge(alarm_id, operator)
            if self._two_at_once:
                self.did("two_at_once")
                self._acknowledge(alarm_id, "spruce")
            if alarm_id not in self._running:
                self._running.add(alarm_id)
                self._courses += 1
                self._host.world.begin(
                    self._course(alarm_id, alarm.kind, operator), "case"
                )

    def _acknowledge(self, alarm_id: AlarmId, operator: str) -> None:
        by = OperatorId(operator)
        self.give(alarm_id, operator, lambda c: Acknowledge(command_id=c, by=by))

    def _confirm(self, alarm_id: AlarmId, operator: str) -> None:
        by = OperatorId(operator)
        self.give(alarm_id, operator, lambda c: ConfirmSafe(command_id=c, by=by))

    def _course(self, alarm: AlarmId, kind: Kind, operator: str) -> Callable[[], None]:
        """Return what HQ does with a case once somebody has it."""
        draw = random.Random(f"{self._host.world.seed}/course/{self._courses}")
        second = next(one for one in OPERATORS if one != operator)
        # Who is called back to a case that was forgotten sees it through: cases that
        # go on all day, paging every half hour, would cost what ten other days do.
        again = alarm in self._run
        self._run.add(alarm)

        def course() -> None:
            world = self._host.world
            world.sleep(draw.uniform(20, 600))
            truth = Truth.VERIFIED if draw.random() < 0.7 else Truth.FALSE
            if draw.random() < 0.7 and kind is Kind.REAL:
                by = OperatorId(operator)
                self.give(
                    alarm, operator, lambda c: Verify(command_id=c, by=by, truth=truth)
                )
                world.sleep(draw.uniform(5, 100))
                if draw.random() < 0.6:
                    other = OperatorId(second)
                    self.give(
                        alarm,
                        second,
                        lambda c: ApprovePublication(command_id=c, by=other),
                    )
            world.sleep(draw.uniform(60, 1_200))
            if draw.random() < 0.4 or again:
                for name in (operator, second):
                    self._confirm(alarm, name)
            if draw.random() < 0.85 or again:
                by = OperatorId(operator)
                self.give(
                    alarm,
                    operator,
                    lambda c: Close(command_id=c, by=by, reason=CloseReason.SAFE),
                )
            if self.reopens and not again:
                self.did("reopen")
                world.sleep(draw.uniform(0, 60))
                other = OperatorId(second)
                self.give(alarm, second, lambda c: Reopen(command_id=c, by=other))
            # Whoever takes it when nobody attends to it any more begins anew.
            self._running.discard(alarm)

        return course

    def give(self, alarm: AlarmId, operator: str, make: Given) -> None:
        """Give a command until the engine has answered, as one who watches does."""
        self._serial += 1
        command = make(CommandId(f"hq/{self._serial}"))
        act = type(command).__name__.replace("ApprovePublication", "Approve")
        self._watching.given.add((act, alarm, operator))
        self._host.world.begin(lambda: self._until_done(alarm, command), "console")

    def _until_done(self, alarm: AlarmId, command: AlarmCommand) -> None:
        world = self._host.world
        while True:
            waits: list[Wait] = []
            done: list[Done] = []

            def answered(
                one: Done, done: list[Done] = done, waits: list[Wait] = waits
            ) -> None:
                done.append(one)
                world.wake(waits)

            forward = Forward(alarm_id=alarm, command=command, answered=answered)
            if self._host.names.tell("alarms", forward):
                world.park(15.0, waits)
            if done and not done[0].failed:
                return
            world.sleep(5.0)


@cache
def secrets() -> frozenset[str]:
    """Return what must reach no label, log or public text: numbers, and aliases."""
    words = re.compile(r"^\+\d{6,}$")
    people = roster().people
    numbers = {
        str(number)
        for person in people
        for number in person.addresses_on("sms")
        if words.match(str(number))
    }
    defenders = {p.alias for p in people if str(p.person) in devices()}
    return frozenset(numbers | defenders)
