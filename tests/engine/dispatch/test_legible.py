"""A damaged page of effects: what lies elsewhere is sent all the same."""

import logging
from datetime import timedelta
from functools import partial
from pathlib import Path

import apsw
import pytest
from msgspec import structs

from engine.dispatch.legible import OWNERS, Legible, Shown
from engine.errors import JournalError
from engine.health import Health
from engine.intake.checkins.timer import PREFIX as CHECK_IN
from engine.intake.orders.order import PREFIX as ORDER
from engine.journal.pool import ReaderPool
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import SqliteStore
from engine.ports.journal import Append, EffectRow, EffectState, Head, NewEvent
from engine.values import CommandId
from tests.engine.dispatch.ledger import row_of
from tests.engine.intake.reports import Meter
from tests.fakes import START

PLANNED = frozenset({EffectState.PLANNED})
PAGE_OF_THE_FIRST = (
    "SELECT pgoffset, pgsize FROM dbstat"
    " WHERE name = 'effect' AND pagetype = 'leaf' ORDER BY path LIMIT 1"
)


def planned(number: int) -> EffectRow:
    """Return an effect of an alarm of its own; the later numbers are more urgent."""
    row = row_of(f"e{number:04}", alarm=f"{number:04}", rank=300 - number)
    at = START.plus(timedelta(seconds=number))
    return structs.replace(row, planned_at=at)


@pytest.fixture
def readers(tmp_path: Path) -> ReaderPool:
    """Return views of a journal whose first page of effects is destroyed."""
    path = tmp_path / "journal.db"
    store = SqliteStore(path, ballast_bytes=0)
    for number in range(200):
        row = planned(number)
        append = Append(
            stream=row.alarm,
            expected_seq=0,
            epoch=store.epoch,
            command_id=CommandId("1"),
            events=(NewEvent(kind="AlarmRaised", body=b"{}"),),
            head=Head(status="notifying", is_open=True),
            plans=(row,),
        )
        store.commit([append], START)
    store.close()
    with apsw.Connection(str(path)) as connection:
        ((offset, size),) = connection.execute(PAGE_OF_THE_FIRST)
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * size)
    return ReaderPool(partial(SqliteReader, path))


def test_all_that_lies_on_other_pages_is_found_by_rank(
    readers: ReaderPool, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(JournalError), readers.reader() as reader:
        reader.effects(PLANNED)
    unread: set[str] = set()
    legible = Legible(readers, unread.update)
    with caplog.at_level(logging.ERROR):
        found = [row.effect_id for row in legible.effects(PLANNED)]
        legible.effects(PLANNED)
    assert 100 < len(found) < 200
    assert found == sorted(found, reverse=True)
    assert found[0] == "e0199"
    assert caplog.text.count("some effects cannot be read") == 1
    # HQ sees whose they are: what waits there is not sent.
    assert len(unread) == 200 - len(found)
    assert not {row.alarm for row in map(planned, range(200))} - {
        *unread,
        *(planned(int(effect[1:])).alarm for effect in found),
    }


def test_hq_sees_a_case_whose_effects_are_unread_until_it_is_over(
    readers: ReaderPool, tmp_path: Path
) -> None:
    """Its actor, which reads other pages, took the word of it back at once."""
    health = Health(Meter())
    legible = Legible(readers, Shown(health))
    legible.effects(PLANNED)
    (still,) = health.reasons().items()
    reason, names = still
    assert reason == "alarm_standing_still"
    assert "0000 with its messages" in names
    health.report(reason, "0000", wrong=False)  # what its actor says once it is awake
    legible.effects(PLANNED)
    assert health.reasons() == {reason: names}
    with apsw.Connection(str(tmp_path / "journal.db")) as connection:
        connection.execute("UPDATE stream SET is_open = 0")
    legible.effects(PLANNED)
    assert not health.reasons()


def test_no_word_is_left_of_what_can_be_read_again() -> None:
    health = Health(Meter())
    shown = Shown(health)
    shown(frozenset({"alarm/K7F2", "alarm/M3PX"}))
    shown(frozenset({"alarm/M3PX"}))
    assert health.reasons() == {"alarm_standing_still": ("M3PX with its messages",)}
    shown(frozenset())
    assert not health.reasons()


def test_readiness_names_nobody_bug_whoever_has_a_timer_was_told_to_all() -> None:
    health = Health(Meter())
    Shown(health)(frozenset({"check-in/alder", "order/7"}))
    names = ("check-in with its messages", "order with its messages")
    assert health.reasons() == {"alarm_standing_still": names}


def test_whoever_plans_effects_is_looked_at() -> None:
    assert set(OWNERS) == {"alarm/", CHECK_IN, ORDER}
