"""What events come to in the clear columns, where those lay on a damaged page."""

from collections.abc import Sequence

import pytest

from engine.alarm.codec import decode
from engine.alarm.rows import append_of, head_of, key_of
from engine.alarm.schedule import next_due
from engine.alarm.state import Kind, stream_of
from engine.dispatch.outcomes import ATTEMPTING, SETTLED, Outcome, settled_body
from engine.intake.checkins.timer import Fact as Timed
from engine.intake.checkins.timer import event_of
from engine.intake.orders.order import Fact as Ordered
from engine.intake.orders.order import fact_event, given_event, open_head
from engine.intake.replayed import (
    replayed_codes,
    replayed_effects,
    replayed_head,
)
from engine.ports.device import DeviceCommand, DeviceOrder
from engine.ports.journal import EffectState, NewEvent, StoredEvent
from engine.stored import write_plain
from engine.values import CommandId, DeviceId, Instant
from tests.engine.alarm.scene import ALARM, PROTOCOLS, Scene
from tests.fakes import START

STREAM = stream_of(ALARM)
UNREAD = ("unread", True, START)


def stored(stream: str, *events: NewEvent) -> list[StoredEvent]:
    return [
        StoredEvent(
            position=seq,
            stream=stream,
            seq=seq,
            epoch=1,
            command_id=CommandId("c"),
            kind=event.kind,
            version=event.version,
            at=START,
            body=event.body,
            hash=b"",
        )
        for seq, event in enumerate(events, start=1)
    ]


def said(stream: str, rows: Sequence[StoredEvent]) -> tuple[object, ...]:
    head = replayed_head(stream, rows, START)
    return head.status, head.is_open, head.next_due


def scene() -> Scene:
    return Scene(PROTOCOLS["standard"]).raised()


def test_an_open_case_is_found_by_whose_it_is_and_falls_due_as_its_rows_have_it() -> (
    None
):
    alarm = scene()
    head = replayed_head(STREAM, alarm.rows, alarm.now)
    assert head == head_of(alarm.state(), next_due(alarm.state(), alarm.now))
    assert head.is_open
    assert head.subject == key_of(Kind.REAL, alarm.state().subject)


@pytest.mark.parametrize("stream", [STREAM, "check-in/heron", "order/o1"])
def test_what_cannot_be_read_is_to_be_looked_at(stream: str) -> None:
    broken = stored(stream, NewEvent(kind="AlarmRaised", body=b"\xff"))
    assert said(stream, ()) == UNREAD
    if stream == STREAM:
        assert said(stream, broken) == UNREAD


def test_a_timer_that_is_over_is_waited_for_no_more() -> None:
    stream, due = "check-in/heron", Instant(START.ms + 60_000)
    rows = stored(stream, event_of(Timed.STARTED, due), event_of(Timed.ENDED, due))
    assert said(stream, rows[:1]) == ("running", True, due)
    assert said(stream, rows) == ("over", False, None)


def test_an_order_that_is_over_is_sent_no_more() -> None:
    order = DeviceOrder(
        device=DeviceId("d"), command=next(iter(DeviceCommand)), every_s=10, at=START
    )
    given = given_event(order, "alder")
    rows = stored("order/o1", given, fact_event(Ordered.SENT, "sms"))
    assert replayed_head("order/o1", rows[:1], START) == open_head(order)
    assert said("order/o1", rows)[1:] == (False, None)


def test_nobody_looks_for_an_effects_head() -> None:
    assert said("effect/a1.1", ())[1:] == (False, None)


def begun(stream: str, *more: NewEvent) -> list[StoredEvent]:
    body = write_plain({"attempt": 2, "route": "modem-1"})
    return stored(stream, NewEvent(kind=ATTEMPTING, body=body), *more)


def test_messages_come_back_as_they_stand_and_none_of_them_is_sent_anew() -> None:
    alarm = scene()
    outcome = Outcome(state=EffectState.DELIVERED, reference="17")
    body = write_plain(settled_body(outcome, "modem-1"))
    plans = [plan.effect for plan in alarm.planned()]
    waits, sends, has_sent, gone = plans[:4]
    streams: dict[str, list[StoredEvent] | None] = {
        f"effect/{sends}": begun("effect"),
        f"effect/{has_sent}": begun("effect", NewEvent(kind=SETTLED, body=body)),
        f"effect/{gone}": None,
    }
    found = replayed_effects(STREAM, alarm.rows, lambda name: streams.get(name, []))
    assert [row.effect_id for row in found] == plans
    shown = {row.effect_id: (row.state, row.attempt, row.reference) for row in found}
    assert shown[waits] == (EffectState.PLANNED, 0, "")
    assert shown[sends] == (EffectState.ATTEMPTING, 2, "")
    assert shown[has_sent] == (EffectState.DELIVERED, 2, "17")
    assert shown[gone][0] is EffectState.UNKNOWN, "it may have been sent"


def test_what_the_alarm_heard_holds_where_rows_are_gone_bug_it_was_sent_anew() -> None:
    """As unknown a page is repeated up to twelve times."""
    alarm = scene()
    sent, began, *_ = alarm.waiting()
    alarm.settle(sent, EffectState.ACCEPTED)
    alarm.settle(began, EffectState.ATTEMPTING)
    found = replayed_effects(STREAM, alarm.rows, lambda _: None)
    shown = {row.effect_id: (row.state, row.attempt, row.route) for row in found}
    assert shown[sent] == (EffectState.ACCEPTED, 1, "modem-1")
    assert shown[began][0] is EffectState.UNKNOWN


def test_codes_come_back_to_whom_they_were_given() -> None:
    alarm = scene()
    events = tuple(map(decode, alarm.rows))
    written = append_of(None, alarm.state(), events, CommandId("c"), 1, None).codes
    assert written
    found = replayed_codes(STREAM, alarm.rows)
    assert {one.code: one for one in found} == {one.code: one for one in written}
    broken = stored(STREAM, NewEvent(kind="AlarmRaised", body=b"\xff"))
    assert not replayed_codes(STREAM, broken)


def test_what_was_taken_back_stays_so() -> None:
    alarm = scene()
    alarm.acknowledge()
    waiting = set(alarm.waiting())
    found = replayed_effects(STREAM, alarm.rows, lambda _: [])
    planned = {row.effect_id for row in found if row.state is EffectState.PLANNED}
    assert planned == waiting
    assert len(planned) < len(found)


def test_of_rows_that_cannot_be_read_no_message_is_made_up() -> None:
    assert replayed_effects(STREAM, (), lambda _: []) == ()
    assert replayed_effects("order/o1", scene().rows, lambda _: []) == ()
