"""A case in memory: whom the first step tells, and what its rows say later."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from engine.alarm.codec import decode, replay
from engine.alarm.commands import Raise, TakeReply
from engine.alarm.desk import Desk
from engine.alarm.events import ReplyReceived
from engine.alarm.state import Alarm, ReplyKind, alarm_of, stream_of
from engine.intake.judge import alarm_id, raise_command
from engine.intake.reports import encode_report
from engine.intake.shouter.memory_case import (
    MemoryCase,
    appends_of,
    begin,
    heard,
    joined,
    messages_of,
    rows_of,
)
from engine.journal.memory import MemoryStore
from engine.ports.device import DeviceReport
from engine.ports.journal import Appended, Conflict, Record
from engine.values import CommandId, ReportKey
from tests.engine.intake.reports import STRANGERS, judge_of, report
from tests.fakes import START

NEAREST = ["cormorant", "lapwing", "owlet", "quelea", "tinamou"]
LATER = START.plus(timedelta(seconds=40))


def desk() -> Desk:
    codes = iter(f"K{a}{b}2" for a in "ABCDEFGH" for b in "ABCDEFGH")
    board = judge_of().board
    return Desk(board=board, codes=lambda count: [next(codes) for _ in range(count)])


def command_of(said: DeviceReport) -> Raise:
    return raise_command(judge_of().judge(said))


def record_of(said: DeviceReport, command: Raise) -> Record:
    key = command.press.key
    return Record(key=key, source="device", received_at=START, body=encode_report(said))


def case_of(said: DeviceReport) -> MemoryCase:
    command = command_of(said)
    case = begin(command, (record_of(said, command),), desk(), START)
    assert case is not None
    return case


def people(case: MemoryCase) -> list[str]:
    told = {message.effect.split(".")[3] for message in messages_of(case, START)}
    return sorted(told)


def written(store: MemoryStore, case: MemoryCase) -> Alarm:
    """Commit a case's rows, and fold what stands there."""
    answers = store.commit(appends_of(case, store.epoch, LATER), LATER)
    assert isinstance(answers[0], Appended)
    alarm = replay(case.alarm.id, None, store.reader().stream(stream_of(case.alarm.id)))
    assert alarm is not None
    return alarm


def test_the_first_step_of_the_persons_own_protocol_tells_its_audience() -> None:
    case = case_of(report())
    assert people(case) == NEAREST
    assert case.alarm.id == alarm_id(command_of(report()).press.key)


@pytest.mark.parametrize(
    "said", [report(device=STRANGERS), report(authentic=False)], ids=str
)
def test_what_nobody_can_vouch_for_tells_hq_alone(said: DeviceReport) -> None:
    assert people(case_of(said)) == []


def test_a_press_with_a_word_of_duress_sends_the_same_bytes_and_is_kept_as_said() -> (
    None
):
    command = command_of(report())
    press = replace(command.press, duress=True, proven=False)
    forced = structs.replace(command, press=press)
    plain, quiet = begin(command, (), desk(), START), begin(forced, (), desk(), START)
    assert plain is not None
    assert quiet is not None
    assert messages_of(plain, START) == messages_of(quiet, START)
    alarm = written(MemoryStore(), quiet)
    assert alarm.presses[-1].duress
    assert alarm.force
    assert not written(MemoryStore(), plain).force


def test_its_signal_is_recorded_with_it_and_taken_up() -> None:
    case, store = case_of(report()), MemoryStore()
    written(store, case)
    (row,) = store.reader().inbound(untaken_only=False)
    assert row.taken_by == stream_of(case.alarm.id)


def test_the_normal_path_finds_its_own_command_done() -> None:
    case, store = case_of(report()), MemoryStore()
    written(store, case)
    (whole, *_) = appends_of(case, store.epoch, LATER)
    (again,) = store.commit((whole,), LATER)
    assert isinstance(again, Appended)
    assert again.repeated


def test_a_code_that_somebody_else_has_costs_that_code_alone() -> None:
    first, second = case_of(report()), case_of(report(device_at=LATER, raw=b"other"))
    store = MemoryStore()
    written(store, first)
    answers = store.commit(appends_of(second, store.epoch, LATER), LATER)
    assert isinstance(answers[0], Appended)
    assert sum(isinstance(one, Conflict) for one in answers) == len(second.alarm.told)


def test_a_second_press_joins_and_tells_nobody_anew() -> None:
    case = case_of(report())
    later = report(device_at=LATER, received_at=LATER, raw=b"later")
    more = joined(case, command_of(later), (), LATER)
    assert messages_of(more, START) == messages_of(case, START)
    assert len(written(MemoryStore(), more).presses) == 2


@given(reply=st.sampled_from(ReplyKind), duress=st.booleans())
def test_an_answer_stands_in_rows_as_of_its_arrival(
    reply: ReplyKind,
    duress: bool,  # noqa: FBT001 - drawn
) -> None:
    case = case_of(report())
    answer = TakeReply(
        command_id=CommandId("sms-1"),
        person="lapwing",
        reply=reply,
        authentic=True,
        channel="sms",
        source=ReportKey("sms-1"),
        duress=duress,
    )
    record = Record(key=ReportKey("sms-1"), source="sms", received_at=LATER, body=b"{}")
    store = MemoryStore()
    alarm = written(store, heard(case, answer, record, LATER))
    rows = store.reader().stream(stream_of(alarm.id))
    (event,) = [one for one in map(decode, rows) if isinstance(one, ReplyReceived)]
    assert (event.at, event.reply, event.duress) == (LATER, reply, duress)


def test_a_repeat_is_worded_as_the_normal_path_words_one() -> None:
    for message in messages_of(case_of(report()), START):
        assert message.again.repeat == 1
        assert message.again.address == message.body.address
        assert message.again.text(START) != message.body.text(START)


def test_its_rows_are_of_its_own_stream() -> None:
    case = case_of(report())
    assert {alarm_of(row.alarm) for row in rows_of(case).values()} == {case.alarm.id}
