"""Intake: what was recorded becomes commands, and what nobody took is told again."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.alarm.commands import AddNote, TakeReply
from engine.alarm.messages import Distress, Forward, ToOpen
from engine.alarm.state import Kind, PlaceSource, ReplyKind, SourceDoubt
from engine.intake.absence import Absence, record_of
from engine.intake.actor import Heard, Intake, Noticed, SmsHeard
from engine.intake.assess import report_key
from engine.intake.reports import encode_report
from engine.intake.vigil.attendance import Attendance
from engine.ports.device import DeviceReport
from engine.ports.journal import Append, Code, Head, NewEvent, Record
from engine.supervision.actor import SupervisedActor
from engine.supervision.child import ChildSpec
from engine.supervision.link import Link
from engine.values import CommandId, PersonId, ReportKey, Signal
from tests.engine.dispatch.ledger import Ledger
from tests.engine.grown import grow, tree_in
from tests.engine.intake.reports import (
    HERON,
    ROSTER,
    Meter,
    fix,
    judge_of,
    report,
)
from tests.simulation.runtime import World

LAPWING = PersonId("lapwing")


class Directory(SupervisedActor[object]):
    """Stands for the alarms, and takes nothing up by itself."""

    def __init__(self, *, link: Link, told: list[object]) -> None:
        super().__init__(link=link)
        self.told = told

    def handle(self, message: object) -> None:
        self.told.append(message)


def number_of(person: PersonId) -> str:
    found = ROSTER.person(person)
    assert found is not None
    return found.numbers[0]


class Rig:
    def __init__(self) -> None:
        self.world = World(1)
        self.ledger = Ledger(self.world)
        self.judge = judge_of(clock=self.world)
        self.told: list[object] = []
        self.timed: list[object] = []
        self.attendance = Attendance(self.world.now())
        self.tree = tree_in(self.world)

    def start(self) -> "Rig":
        children = [
            ChildSpec(name="alarms", actor=Directory, arguments={"told": self.told}),
            ChildSpec(name="checkins", actor=Directory, arguments={"told": self.timed}),
            ChildSpec(
                name="intake",
                actor=Intake,
                arguments={
                    "judge": self.judge,
                    "readers": self.ledger,
                    "telemetry": Meter(),
                    "attendance": self.attendance,
                },
            ),
        ]
        grow(self.tree, self.world, children)
        return self

    def record(self, said: DeviceReport) -> ReportKey:
        key = report_key(said)
        body = encode_report(said)
        self.raw(key, "device", body)
        return key

    def raw(self, key: str, source: str, body: bytes) -> None:
        request = Record(
            key=ReportKey(key), source=source, received_at=self.world.now(), body=body
        )
        self.ledger.ask(request, 1.0)

    def hear(
        self, *reports: DeviceReport, repeated: tuple[ReportKey, ...] = ()
    ) -> None:
        message = Heard(reports=reports, repeated=repeated)
        assert self.tree.names.tell("intake", message)
        self.world.run(0.1)

    def sms(
        self,
        text: str,
        sender: str = "",
        key: str = "sms-1",
        lay: timedelta | None = None,
    ) -> list[object]:
        """Record a message, which lay with its network for so long."""
        body: dict[str, object] = {
            "sender": sender or number_of(LAPWING),
            "text": text,
            "sent_at": None if lay is None else self.world.now().plus(-lay).ms,
        }
        self.raw(key, "sms", json.dumps(body).encode())
        before = len(self.told)
        assert self.tree.names.tell("intake", SmsHeard(key=ReportKey(key)))
        self.world.run(0.1)
        return self.told[before:]

    def take(
        self,
        *keys: str,
        codes: tuple[Code, ...] = (),
        stream: str = "alarm/a",
        is_open: bool = True,
        subject: str = "",
        status: str = "notifying",
    ) -> None:
        """Stand for the alarm that takes reports up and gives codes out."""
        seq = len(self.ledger.store.reader().stream(stream))
        append = Append(
            stream=stream,
            expected_seq=seq,
            epoch=self.ledger.epoch,
            command_id=CommandId(f"take-{seq}-{keys}-{codes}"),
            events=(NewEvent(kind="X", body=b"{}"),),
            head=Head(status=status, is_open=is_open, subject=subject),
            takes=tuple(map(ReportKey, keys)),
            codes=codes,
        )
        self.ledger.ask(append, 1.0)


@pytest.fixture
def rig() -> Rig:
    return Rig().start()


def now(rig: Rig) -> DeviceReport:
    at = rig.world.now()
    return report(received_at=at, device_at=at, fix=fix(at=at))


def test_an_sos_that_is_durable_is_told_to_the_alarms_at_once(rig: Rig) -> None:
    said = now(rig)
    key = rig.record(said)
    rig.hear(said)
    (distress,) = rig.told
    assert isinstance(distress, Distress)
    assert distress.command.press.key == key
    assert key.endswith(distress.alarm_id)


def test_a_frame_that_an_alarm_has_taken_is_not_told_again(rig: Rig) -> None:
    said = now(rig)
    key = rig.record(said)
    rig.take(key)
    rig.hear(said, repeated=(key,))
    rig.world.run(60)
    assert rig.told == []


def test_a_frame_sent_again_before_anybody_took_it_is_told_again(rig: Rig) -> None:
    said = now(rig)
    key = rig.record(said)
    rig.hear(said, repeated=(key,))
    assert len(rig.told) == 1


def test_what_no_alarm_took_up_is_told_again_until_one_does(rig: Rig) -> None:
    key = rig.record(now(rig))
    rig.world.run(60)
    told = len(rig.told)
    assert told >= 4
    rig.take(key)
    rig.world.run(60)
    assert len(rig.told) == told


def test_what_was_recorded_before_a_start_is_told_at_the_start() -> None:
    rig = Rig()
    rig.record(now(rig))
    rig.start()
    assert len(rig.told) == 1


def test_a_cancel_goes_to_the_open_case_and_soon_to_hq_where_there_is_none(
    rig: Rig,
) -> None:
    said = replace(now(rig), signals=frozenset({Signal.CANCEL}))
    rig.record(said)
    rig.hear(said)
    rig.world.run(60)
    first, last = rig.told[0], rig.told[-1]
    assert isinstance(first, ToOpen)
    assert isinstance(last, ToOpen)
    assert first.otherwise is None
    assert last.otherwise
    assert last.otherwise.command.kind is Kind.NOTICE


def test_a_report_that_meant_more_when_it_was_recorded_goes_to_hq_bug_for_ever_untaken(
    rig: Rig,
) -> None:
    rig.record(replace(now(rig), signals=frozenset({Signal.LOW_BATTERY})))
    rig.world.run(10)
    last = rig.told[-1]
    assert isinstance(last, Distress)
    assert last.command.kind is Kind.NOTICE


@pytest.mark.parametrize("source", ["device", "sms"])
@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b"[1]", b'{"sender":1}'])
def test_a_row_that_cannot_be_read_goes_to_hq_and_stops_nobody(
    rig: Rig, source: str, body: bytes
) -> None:
    rig.raw("bad", source, body)
    rig.world.run(10)
    notices = [one for one in rig.told if isinstance(one, Distress)]
    assert notices[0].command.kind is Kind.NOTICE
    assert notices[0].command.press.key == "bad"
    said = now(rig)
    rig.record(said)
    rig.hear(said)
    last = rig.told[-1]
    assert isinstance(last, Distress)
    assert last.command.kind is Kind.REAL


def test_an_answer_with_its_code_reaches_its_alarm_from_whatever_modem(
    rig: Rig,
) -> None:
    rig.take(codes=(Code(code="K7F2", stream="alarm/a", person=LAPWING),))
    (forward,) = rig.sms("k7f2 1")
    assert isinstance(forward, Forward)
    assert forward.alarm_id == "a"
    assert isinstance(forward.command, TakeReply)
    assert (forward.command.person, forward.command.reply) == (
        LAPWING,
        ReplyKind.COMING,
    )
    assert forward.command.authentic
    assert forward.command.source == "sms-1"


def test_a_code_from_another_telephone_is_shown_and_not_authentic(rig: Rig) -> None:
    rig.take(codes=(Code(code="K7F2", stream="alarm/a", person=LAPWING),))
    (forward,) = rig.sms("K7F2 1", sender="+15550001111")
    assert isinstance(forward, Forward)
    assert isinstance(forward.command, TakeReply)
    assert not forward.command.authentic


@pytest.mark.parametrize("text", ["K7F2 which street?", "K7F2 no help needed"])
def test_a_code_with_words_that_are_no_answer_is_a_note(rig: Rig, text: str) -> None:
    rig.take(codes=(Code(code="K7F2", stream="alarm/a", person=LAPWING),))
    (forward,) = rig.sms(text)
    assert isinstance(forward, Forward)
    assert isinstance(forward.command, AddNote)
    assert forward.command.text == text
    assert forward.command.person == LAPWING


def test_who_offers_help_without_a_code_raises_no_alarm_of_their_own(rig: Rig) -> None:
    (distress,) = rig.sms("I can help")
    assert isinstance(distress, Distress)
    assert distress.command.kind is Kind.NOTICE, "HQ reads it, and nobody is called"


def test_an_answer_without_a_code_goes_to_hq_and_stops_nothing(rig: Rig) -> None:
    (distress,) = rig.sms("1")
    assert isinstance(distress, Distress)
    assert (distress.command.kind, distress.command.press.text) == (Kind.NOTICE, "1")


def test_three_from_a_known_telephone_is_an_alarm_of_its_own(rig: Rig) -> None:
    (distress,) = rig.sms("3")
    assert isinstance(distress, Distress)
    command = distress.command
    assert (command.kind, command.subject) == (Kind.REAL, LAPWING)
    assert command.place.source is PlaceSource.DECLARED
    assert command.press.doubt is SourceDoubt.FAILED_AUTHENTICATION


def test_whoever_needs_help_is_placed_by_their_last_fix_bug_the_declared_town(
    rig: Rig,
) -> None:
    rig.judge.board.move(LAPWING, fix(41.5, at=rig.world.now()))
    (distress,) = rig.sms("3")
    assert isinstance(distress, Distress)
    assert distress.command.place.source is PlaceSource.LAST_FIX
    assert distress.command.place.lat_deg == 41.5


def test_three_from_a_stranger_goes_to_hq(rig: Rig) -> None:
    (distress,) = rig.sms("3", sender="+15550001111")
    assert isinstance(distress, Distress)
    assert (distress.command.kind, distress.command.alias) == (Kind.NOTICE, "unknown")


def test_a_colleague_who_needs_help_answers_and_raises_and_neither_is_lost(
    rig: Rig,
) -> None:
    rig.take(codes=(Code(code="K7F2", stream="alarm/a", person=LAPWING),))
    both = rig.sms("K7F2 3")
    (forward,) = (one for one in both if isinstance(one, Forward))
    (distress,) = (one for one in both if isinstance(one, Distress))
    assert isinstance(forward.command, TakeReply)
    assert forward.command.source is None, "the new alarm takes the message up"
    assert distress.command.subject == LAPWING
    assert distress.command.press.doubt is None


def test_a_colleagues_code_from_another_telephone_raises_not_confirmed(
    rig: Rig,
) -> None:
    rig.take(codes=(Code(code="K7F2", stream="alarm/a", person=LAPWING),))
    both = rig.sms("K7F2 3", sender="+15550001111")
    (forward,) = (one for one in both if isinstance(one, Forward))
    (distress,) = (one for one in both if isinstance(one, Distress))
    assert isinstance(forward.command, TakeReply)
    assert not forward.command.authentic
    assert distress.command.press.doubt is SourceDoubt.FAILED_AUTHENTICATION


def test_an_sos_in_what_is_answered_raises_nothing(rig: Rig) -> None:
    rig.take(codes=(Code(code="K7F2", stream="alarm/a", person=LAPWING),))
    (forward,) = rig.sms("K7F2 1 > SOS Heron")
    assert isinstance(forward, Forward)
    assert isinstance(forward.command, TakeReply)
    assert forward.command.reply is ReplyKind.COMING


def test_a_trackers_message_is_its_defenders_alarm(rig: Rig) -> None:
    (distress,) = rig.sms("004999010640018 Alarm", sender="+15550001111")
    assert isinstance(distress, Distress)
    assert (distress.command.kind, distress.command.subject) == (Kind.REAL, HERON)


def test_a_defenders_own_id_is_the_subject_of_a_second_press(rig: Rig) -> None:
    one, two = now(rig), replace(now(rig), raw=b"two")
    for said in (one, two):
        rig.record(said)
        rig.hear(said)
    subjects = [one.command.subject for one in rig.told if isinstance(one, Distress)]
    assert subjects == [HERON, HERON]


def test_what_did_not_come_is_told_to_the_alarms_like_any_report(rig: Rig) -> None:
    absence = Absence(person=HERON, signal=Signal.SILENT, text="Heartbeat overdue")
    record = record_of(absence, ReportKey("absence-1"), rig.world.now())
    rig.ledger.ask(record, 1.0)
    assert rig.tree.names.tell("intake", Noticed(key=record.key))
    rig.world.run(0.1)
    (notice,) = rig.told
    assert isinstance(notice, Distress)
    assert notice.command.kind is Kind.NOTICE
    assert notice.command.press.signals == (Signal.SILENT,)
    rig.world.run(30)
    assert len(rig.told) > 1, "until it is taken up"


@pytest.mark.parametrize(
    "body", [b"{}", b"[", b'{"person": "nobody", "signal": "silent", "device": null}']
)
def test_an_absence_that_nobody_can_read_is_shown_to_hq(rig: Rig, body: bytes) -> None:
    rig.raw("absence-2", "absence", body)
    assert rig.tree.names.tell("intake", Noticed(key=ReportKey("absence-2")))
    rig.world.run(0.1)
    (notice,) = rig.told
    assert isinstance(notice, Distress)
    assert notice.command.kind is Kind.NOTICE


def test_who_left_the_roster_while_waited_for_is_shown_to_hq_by_their_id(
    rig: Rig,
) -> None:
    """HQ read that somebody was waited for, and not who or for what."""
    text = "Check-in missed: expected by 21:00"
    absence = Absence(person=PersonId("nobody"), signal=Signal.SILENT, text=text)
    rig.ledger.ask(record_of(absence, ReportKey("a-3"), rig.world.now()), 1.0)
    assert rig.tree.names.tell("intake", Noticed(key=ReportKey("a-3")))
    rig.world.run(0.1)
    (notice,) = rig.told
    assert isinstance(notice, Distress)
    assert notice.command.press.text == f"nobody, who is in the roster no more: {text}"
    assert notice.command.kind is Kind.NOTICE
