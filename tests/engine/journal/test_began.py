"""Since when alarms are open and who was told, where a page is damaged."""

from typing import TYPE_CHECKING, cast

import pytest

from engine.errors import JournalError
from engine.journal.began import began, told
from tests.engine.alarm.test_actor import Rig

if TYPE_CHECKING:
    from engine.ports.journal import JournalReader


class Damaged:
    def began(self, prefix: str) -> None:
        raise JournalError(prefix)

    told = began


def test_what_cannot_be_read_is_left_out_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert began(cast("JournalReader", Damaged())) == {}
    assert "cannot be read: JournalError" in caplog.text


def test_where_it_cannot_be_read_who_was_told_nobody_counts_as_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert told(cast("JournalReader", Damaged())) == frozenset()
    assert "who was told cannot be read: JournalError" in caplog.text


def test_each_open_alarm_has_when_it_began() -> None:
    rig = Rig()
    now = rig.world.now()
    rig.press()
    status, since, _ = began(rig.ledger.store.reader())["alarm/first"]
    assert status == "notifying"
    assert 0 <= since.since(now).total_seconds() < 1
