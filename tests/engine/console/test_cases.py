"""The console's own picture of the cases, against the journal's."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import pytest
from msgspec import structs

from engine.alarm.codec import encode
from engine.alarm.events import AlarmAcknowledged
from engine.alarm.schedule import WATCH
from engine.alarm.state import stream_of
from engine.console import behind, cases
from engine.console.cases import Cases, Unread
from engine.console.view import STOPPED, listed
from engine.errors import JournalError
from engine.intake.judge import ALIAS_OF_A_STRANGER
from engine.journal.memory import MemoryReader
from engine.ports.journal import Append, Head, JournalReader, NewEvent, StoredEvent
from engine.ports.measures import DegradedReason
from engine.values import AlarmId, CommandId
from tests.engine.console.hq import ALDER, Hq, browser, say_safe


def end(hq: Hq, alarm: AlarmId) -> None:
    """Close it by two, and answer for the defender, so that nobody is asked later."""
    say_safe(hq, alarm, "rowan")
    with browser(hq) as at:
        at.act(alarm, "acknowledge")
        assert at.act(alarm, "close", reason="safe")["done"]
        hq.clock.advance(WATCH.total_seconds())  # what was taken back is looked at
        assert at.act(alarm, "safe", click="after", remark="saw them")["done"]


def order(hq: Hq) -> list[str]:
    hq.desk.cases.follow()
    return [one.alias for one in hq.desk.cases.all(hq.clock.now())]


def test_what_waits_for_hq_comes_first_and_the_longest_wait_before_all(
    hq: Hq,
) -> None:
    for number, alias in enumerate(("Ended", "Taken", "Longest", "Latest")):
        hq.press(f"a{number}", alias=alias)
        hq.clock.advance(5)
    with browser(hq) as at:
        for alarm in ("a0", "a1"):
            at.act(alarm, "acknowledge")
        say_safe(hq, AlarmId("a0"), "rowan")
        at.act("a0", "close", reason="safe")
    assert order(hq) == ["Longest", "Latest", "Taken", "Ended"]


def test_however_many_strangers_wait_somebody_in_the_roster_stands_above_them(
    hq: Hq,
) -> None:
    for number in range(3):
        hq.press(f"s{number}", alias=ALIAS_OF_A_STRANGER)
        hq.clock.advance(5)
    hq.press("a1", alias="Heron")
    assert order(hq) == ["Heron", *[ALIAS_OF_A_STRANGER] * 3]


def test_following_is_the_same_as_reading_anew(hq: Hq) -> None:
    alarm = hq.press()
    end(hq, alarm)
    hq.press("a2", alias="Avocet")
    hq.desk.cases.follow()
    fresh = Cases(hq)
    now = hq.clock.now()
    assert fresh.all(now) == hq.desk.cases.all(now)
    assert fresh.position == hq.desk.cases.position


def test_a_row_that_is_met_twice_counts_once(hq: Hq) -> None:
    """A commit between reading the position and the rows was folded twice."""
    hq.press()
    hq.press()
    seen = Cases(hq)
    seen.position = 0
    seen.follow()
    found = seen.get(AlarmId("a1"))
    assert found == hq.alarm(AlarmId("a1"))


def test_a_read_that_fails_costs_no_row_bug_a_case_stayed_unacknowledged(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarm = hq.press()
    desk = Cases(hq)
    end(hq, alarm)
    monkeypatch.setattr(behind, "PAGE", 1)
    after, reads = MemoryReader.after, iter([False, True])

    def failing(
        reader: MemoryReader, position: int, limit: int, *, prefix: str = ""
    ) -> Sequence[StoredEvent]:
        if next(reads, False):
            raise JournalError
        return after(reader, position, limit, prefix=prefix)

    monkeypatch.setattr(MemoryReader, "after", failing)
    with pytest.raises(JournalError):
        desk.follow()
    desk.follow()
    assert not desk.wait_for_hq()
    assert desk.get(alarm) == hq.alarm(alarm)
    hq.desk.cases.follow()
    assert desk.position == hq.desk.cases.position


def test_a_case_closed_long_ago_and_pressed_again_is_seen(hq: Hq) -> None:
    """Only the last closed ones were kept, and the reopening of others was dropped."""
    alarm = hq.press()
    end(hq, alarm)
    desk = hq.desk.cases
    desk.follow()
    del desk._alarms[alarm], desk._seqs[alarm]
    hq.clock.advance(3600)
    hq.press()
    desk.follow()
    found = desk.get(alarm)
    assert found == hq.alarm(alarm)
    assert found is not None
    assert found.is_open
    assert desk.wait_for_hq()


def test_old_cases_are_let_go_and_can_still_be_looked_at(hq: Hq) -> None:
    kept, cases.CLOSED_KEPT = cases.CLOSED_KEPT, 1
    try:
        for number in range(3):
            end(hq, hq.press(f"a{number}", alias=f"Bird{number}"))
            hq.clock.advance(1)
        assert order(hq) == ["Bird2"]
        found = hq.desk.cases.get(AlarmId("a0"))
        assert found == hq.alarm(AlarmId("a0"))
    finally:
        cases.CLOSED_KEPT = kept


def test_a_row_of_a_newer_engine_stops_its_case_and_hides_nothing(hq: Hq) -> None:
    """It was passed over: closed as detained there, and in somebody's hand here."""
    alarm, other = hq.press(), hq.press("a2", alias="Avocet")
    found = hq.alarm(alarm)
    assert found is not None
    strange = Append(
        stream=stream_of(alarm),
        expected_seq=found.seq,
        epoch=hq.epoch,
        command_id=CommandId("strange"),
        events=(
            NewEvent(kind="AlarmTeleported", body=b"{}"),
            encode(AlarmAcknowledged(at=hq.clock.now(), by=ALDER)),
        ),
        head=Head(status="raised", is_open=True),
    )
    hq.store.commit([strange], hq.clock.now())
    hq.desk.cases.follow()
    assert hq.desk.cases.get(alarm) == found, "what came behind it is not folded"
    assert hq.desk.cases.lines(alarm)[found.seq].kind == "AlarmTeleported"
    with browser(hq) as at:
        page = at.client.get(f"/alarms/{alarm}").text
        rows = at.client.get("/api/alarms").json()
    assert "a row that this engine cannot read" in page
    assert [row["id"] for row in rows] == [alarm, other]
    for shown in (page, str(rows[0])):
        assert STOPPED in shown
        assert Unread.NEWER in shown
    assert "backup" not in Unread.NEWER
    assert rows[0]["next"] == ""


def test_hq_is_waited_for_until_every_open_case_is_acknowledged(hq: Hq) -> None:
    assert not hq.desk.cases.wait_for_hq()
    alarm = hq.press()
    hq.desk.cases.follow()
    assert hq.desk.cases.wait_for_hq()
    end(hq, alarm)
    assert not hq.desk.cases.wait_for_hq()


@dataclass
class Damaged:
    """A reader of a journal in which one page is damaged."""

    inner: MemoryReader
    stream_: str
    first: int
    last: int

    def stream(self, stream: str, after_seq: int = 0) -> Sequence[StoredEvent]:
        if stream == self.stream_:
            raise JournalError
        return self.inner.stream(stream, after_seq)

    def after(
        self, position: int, limit: int, *, prefix: str = ""
    ) -> Sequence[StoredEvent]:
        if position < self.last and position + limit >= self.first:
            raise JournalError
        return self.inner.after(position, limit, prefix=prefix)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


@dataclass
class Lender:
    """Lends nothing but damaged readers."""

    hq: Hq
    stream: str
    first: int
    last: int

    @contextmanager
    def reader(self) -> Iterator[JournalReader]:
        inner = self.hq.store.reader()
        damaged = Damaged(inner, self.stream, self.first, self.last)
        yield cast("JournalReader", damaged)


@pytest.mark.parametrize("is_open", [True, False])
def test_a_damaged_page_costs_hq_no_other_case_bug_the_console_was_gone(
    hq: Hq, monkeypatch: pytest.MonkeyPatch, *, is_open: bool
) -> None:
    monkeypatch.setattr(cases, "PAGE", 1)
    first = hq.press("a1", alias="Lost")
    if not is_open:
        end(hq, first)
    damaged = hq.store.reader().position()
    whole = hq.press("a2", alias="Avocet")
    end(hq, whole)
    seen = Cases(Lender(hq, stream_of(first), first=1, last=damaged))
    assert [one.alias for one in seen.all(hq.clock.now())] == ["Avocet"]
    late = hq.press("a3", alias="Gannet")
    seen.follow()
    assert seen.get(late) == hq.alarm(late)


def unread_desk(hq: Hq, *, is_open: bool, alias: str = "Lost") -> AlarmId:
    """Let the desk find a journal in which one case's page is damaged."""
    lost = hq.press("a1", alias=alias)
    if not is_open:
        end(hq, lost)
    lender = Lender(hq, stream_of(lost), first=-1, last=-1)
    hq.desk.cases = Cases(lender)
    return lost


def test_an_open_case_that_cannot_be_read_is_listed_first_bug_no_open_alarm(
    hq: Hq,
) -> None:
    lost = unread_desk(hq, is_open=True)
    with browser(hq) as at:
        page = at.client.get("/").text
        assert Unread.DAMAGED in page
        assert "No open alarm" not in page
        rows = at.client.get("/api/alarms").json()
        assert [(row["id"], row["unread"]) for row in rows] == [(lost, True)]
        assert at.client.get(f"/alarms/{lost}").status_code == 503
        assert at.client.get(f"/api/alarms/{lost}").status_code == 503
        hq.press("a2", alias="Avocet")
        rows = at.client.get("/api/alarms").json()
        assert [row["id"] for row in rows] == [lost, "a2"]


def test_a_closed_case_that_cannot_be_read_keeps_nobody_awake(hq: Hq) -> None:
    lost = unread_desk(hq, is_open=False)
    with browser(hq) as at:
        rows = at.client.get("/api/alarms").json()
        page = at.client.get("/").text
    assert lost not in {row["id"] for row in rows}
    assert Unread.DAMAGED not in page


@pytest.mark.parametrize("is_pressed", [True, False])
def test_a_case_that_can_be_read_again_is_a_case_again(
    hq: Hq, caplog: pytest.LogCaptureFixture, *, is_pressed: bool
) -> None:
    """A moment's fault told HQ to restore a backup until the next start."""
    lost = unread_desk(hq, is_open=True)
    seen = hq.desk.cases
    seen.follow()
    assert seen.unread == {lost: Unread.DAMAGED}
    assert len(caplog.records) == 1
    seen._readers = hq
    if is_pressed:
        hq.press("a1", alias="Lost")
    seen.follow()
    assert seen.unread == {}
    assert seen.get(lost) == hq.alarm(lost)


@dataclass
class Garbled:
    """Lends readers of a journal in which what the rows of one case say is damaged."""

    hq: Hq
    stream_: str

    @contextmanager
    def reader(self) -> Iterator[JournalReader]:
        yield cast("JournalReader", self)

    def stream(self, stream: str, after_seq: int = 0) -> Sequence[StoredEvent]:
        rows = self.hq.store.reader().stream(stream, after_seq)
        if stream != self.stream_:
            return rows
        return [structs.replace(row, body=b"\xff") for row in rows]

    def __getattr__(self, name: str) -> object:
        return getattr(self.hq.store.reader(), name)


def test_an_open_case_whose_raise_says_nothing_is_listed_bug_it_was_nowhere(
    hq: Hq,
) -> None:
    lost, whole = hq.press("a1", alias="Lost"), hq.press("a2", alias="Avocet")
    closed = hq.press("a3", alias="Ended")
    end(hq, closed)
    hq.desk.cases = Cases(Garbled(hq, stream_of(lost)))
    rows = listed(hq.desk.cases, hq.clock.now())
    assert [(row["id"], row["unread"]) for row in rows] == [
        (lost, True),
        (whole, False),
        (closed, False),
    ]
    hq.desk.cases = Cases(Garbled(hq, stream_of(closed)))
    assert hq.desk.cases.unread == {}


@dataclass
class Newer(Garbled):
    """Lends readers of a journal of which a newer engine wrote a case's last row."""

    def stream(self, stream: str, after_seq: int = 0) -> Sequence[StoredEvent]:
        rows = self.hq.store.reader().stream(stream, after_seq)
        if stream != self.stream_:
            return rows
        return [*rows[:-1], structs.replace(rows[-1], version=99)]


def test_a_closed_case_with_a_row_of_a_newer_engine_says_so(hq: Hq) -> None:
    closed = hq.press("a1", alias="Ended")
    end(hq, closed)
    hq.desk.cases = Cases(Newer(hq, stream_of(closed)))
    hq.desk.cases._alarms.clear()
    with browser(hq) as at:
        assert at.client.get("/api/alarms").json() == []
        assert Unread.NEWER in at.client.get(f"/alarms/{closed}").text


def test_a_case_that_a_newer_engine_opened_again_is_not_among_the_closed_ones(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stood so as its end had left it: behind `--all`, and then it was let go."""
    opened = hq.press("a1", alias="Ended")
    end(hq, opened)
    found = hq.alarm(opened)
    assert found is not None
    newer = Append(
        stream=stream_of(opened),
        expected_seq=found.seq,
        epoch=hq.epoch,
        command_id=CommandId("newer"),
        events=(NewEvent(kind="AlarmReopened", version=99, body=b"{}"),),
        head=Head(status="raised", is_open=True),
    )
    hq.store.commit([newer], hq.clock.now())
    monkeypatch.setattr(cases, "CLOSED_KEPT", 0)
    hq.desk.cases = Cases(hq)
    with browser(hq) as at:
        rows = at.client.get("/api/alarms").json()
        page = at.client.get("/").text
    assert [(row["id"], row["open"], row["state"]) for row in rows] == [
        (opened, True, STOPPED)
    ]
    assert page.index("In hand") < page.index(opened)
    assert "No open alarm" not in page


def test_a_case_in_hand_that_cannot_be_read_stands_still_at_once_bug_it_was_ready(
    hq: Hq,
) -> None:
    held = hq.press("a1", alias="Held")
    with browser(hq) as at:
        at.act(held, "acknowledge")
    whole = hq.desk.cases
    hq.desk.cases = Cases(Newer(hq, stream_of(held)))
    hq.desk.report_unread()
    still = DegradedReason.ALARM_STANDING_STILL
    assert hq.desk.parts.health.reasons()[still] == (held,)
    hq.desk.cases = whole
    hq.desk.report_unread()
    assert still not in hq.desk.parts.health.reasons()
