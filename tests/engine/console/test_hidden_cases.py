"""Cases whose clear columns somebody has changed: looked at by their rows."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.alarm.state import alarm_of
from engine.console.cases import Cases
from engine.console.hidden import hidden, wake
from engine.ports.journal import Head
from engine.values import AlarmId
from tests.engine.console.hq import Hq


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


@pytest.mark.parametrize(
    "change",
    [
        lambda _: None,
        lambda head: replace(head, next_due=None),
        lambda head: replace(head, next_due=head.next_due.plus(timedelta(days=9))),
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
