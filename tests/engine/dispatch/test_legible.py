"""A damaged page of effects: what lies elsewhere is sent all the same."""

import logging
from datetime import timedelta
from functools import partial
from pathlib import Path

import apsw
import pytest
from msgspec import structs

from engine.dispatch.legible import OWNERS, Legible, shown_by
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
    unread: list[str] = []
    legible = Legible(readers, unread.append)
    with caplog.at_level(logging.ERROR):
        found = [row.effect_id for row in legible.effects(PLANNED)]
        legible.effects(PLANNED)
    assert 100 < len(found) < 200
    assert found == sorted(found, reverse=True)
    assert found[0] == "e0199"
    assert caplog.text.count("some effects cannot be read") == 1
    # HQ sees whose they are, each once: what waits there is not sent.
    assert len(unread) == len(set(unread)) == 200 - len(found)
    assert not {row.alarm for row in map(planned, range(200))} - {
        *unread,
        *(planned(int(effect[1:])).alarm for effect in found),
    }


def test_hq_sees_a_case_whose_effects_are_unread_as_one_that_stands_still() -> None:
    health = Health(Meter())
    shown_by(health)("alarm/K7F2")
    assert health.reasons() == {"alarm_standing_still": ("K7F2",)}


def test_whoever_plans_effects_is_looked_at() -> None:
    assert set(OWNERS) == {"alarm/", CHECK_IN, ORDER}
