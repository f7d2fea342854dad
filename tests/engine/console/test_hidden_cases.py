"""Cases whose clear columns somebody has changed: looked at by their rows."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import pytest
from msgspec import structs

from engine.alarm.commands import Acknowledge
from engine.alarm.state import ReplyKind, alarm_of
from engine.console.cases import Cases
from engine.console.hidden import LATE, hidden, wake
from engine.ports.journal import EffectState, Head, HeadRow, JournalReader
from engine.values import AlarmId, CommandId
from tests.engine.console.hq import ALDER, Hq


def heads(hq: Hq) -> dict[AlarmId, Head]:
    with hq.reader() as reader:
        rows = reader.heads("alarm/", open_only=True)
        return {alarm_of(row.stream): row.head for row in rows}


def test_a_case_is_not_hidden_by_what_the_engine_has_written(hq: Hq) -> None:
    hq.press()
    assert heads(hq)
    assert Cases(hq).hidden(hq.clock.now()) == []
    hq.clock.advance(3600)
    assert Cases(hq).hidden(hq.clock.now()) == []


@dataclass
class Answered:
    """Lends readers; a colleague turns it down once the columns have been read."""

    hq: Hq
    alarm_id: AlarmId
    has_come: bool = False

    @contextmanager
    def reader(self) -> Iterator[JournalReader]:
        yield cast("JournalReader", self)

    def heads(self, prefix: str, *, open_only: bool) -> Sequence[HeadRow]:
        found = self.hq.store.reader().heads(prefix, open_only=open_only)
        if not self.has_come:
            self.has_come = True
            self.hq.reply(self.alarm_id, ReplyKind.CANNOT)
        return found

    def __getattr__(self, name: str) -> object:
        # As SQLite's: each answer is of a moment of its own.
        return getattr(self.hq.store.reader(), name)


def test_what_is_decided_while_they_are_folded_is_nobodys_change(hq: Hq) -> None:
    """An answer while a console started was told as columns that differ."""
    alarm_id = hq.press()
    hq.do(alarm_id, Acknowledge(command_id=CommandId("taken"), by=ALDER))
    hq.reply(alarm_id, ReplyKind.COMING)
    hq.settle(alarm_id, EffectState.ACCEPTED)
    hq.settle(alarm_id, EffectState.ACCEPTED, of="_receipt_taken")
    before = heads(hq)[alarm_id].next_due
    folded = Cases(Answered(hq, alarm_id))
    after = heads(hq)[alarm_id].next_due
    assert before is not None
    assert after is not None
    assert before.since(after) > LATE
    assert folded.hidden(hq.clock.now()) == []
    assert folded.get(alarm_id) == hq.alarm(alarm_id)


@pytest.mark.parametrize(
    "change",
    [
        lambda _: None,
        lambda head: structs.replace(head, next_due=None),
        lambda head: structs.replace(
            head, next_due=head.next_due.plus(timedelta(days=9))
        ),
    ],
    ids=["shown as closed", "without a deadline", "its deadline put off"],
)
def test_a_case_whose_clear_columns_were_changed_is_looked_at(
    hq: Hq, change: Callable[[Head], Head | None]
) -> None:
    alarm_id = hq.press()
    alarm = hq.alarm(alarm_id)
    assert alarm is not None
    changed = change(heads(hq)[alarm_id])
    shown = {} if changed is None else {alarm_id: changed}
    assert hidden([alarm], shown, hq.clock.now()) == [alarm_id]


def test_whoever_is_not_there_yet_is_told_again(hq: Hq) -> None:
    alarm_id = hq.press()
    hq.is_away = True
    left = wake([alarm_id], hq.command, hq.clock.now())
    assert left == [alarm_id]
    hq.is_away = False
    assert wake(left, hq.command, hq.clock.now()) == []
