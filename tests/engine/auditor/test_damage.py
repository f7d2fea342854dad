"""A journal of which a row makes no sense: it is shouted, and what else is wrong."""

from contextlib import closing
from pathlib import Path

import apsw
import pytest

from engine.auditor.findings import Ground
from engine.journal.sqlite import SqliteStore
from engine.ports.journal import Append, EffectClass, EffectRow, Head, NewEvent
from engine.values import CommandId, EffectId
from tests.engine.auditor.test_watch import Ear, Engine, watch_on
from tests.fakes import ManualClock


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    store = SqliteStore(tmp_path / "journal.db", ballast_bytes=0)
    return Engine(store, ManualClock())


def damage(engine: Engine, path: Path) -> None:
    """Leave an effect whose row no engine can have written."""
    plan = EffectRow(
        effect_id=EffectId("e"),
        alarm="alarm/a",
        effect_class=EffectClass.SAFETY,
        channel="sms",
        rank=10,
        planned_at=engine.clock.now(),
        body=b"{}",
    )
    append = Append(
        stream="alarm/a",
        expected_seq=0,
        epoch=engine.store.epoch,
        command_id=CommandId("1"),
        events=(NewEvent(kind="AlarmRaised", body=b"{}"),),
        head=Head(status="notifying", is_open=True),
        plans=(plan,),
    )
    engine.store.commit([append], engine.clock.now())
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON").fetchall()
        connection.execute("UPDATE effect SET class = '?'")


def test_a_row_that_no_engine_has_written_so_is_shouted_as_unreadable(
    engine: Engine, tmp_path: Path
) -> None:
    damage(engine, tmp_path / "journal.db")
    ear = Ear()
    (found,) = watch_on(tmp_path, engine.clock, ear).look()
    assert found.ground is Ground.JOURNAL_UNREADABLE
    assert len(ear.heard) == 1


def test_an_engine_that_ends_beside_a_damaged_page_is_shouted_as_silent(
    engine: Engine, tmp_path: Path
) -> None:
    """It goes on beside one: that the journal is unread said nothing of its end."""
    damage(engine, tmp_path / "journal.db")
    ear = Ear()
    watch = watch_on(tmp_path, engine.clock, ear)
    engine.live(watch, 120)
    assert len(ear.heard) == 1
    for _ in range(14):
        engine.clock.advance(5.0)
        found = watch.look()
    assert {one.ground for one in found} == {
        Ground.JOURNAL_UNREADABLE,
        Ground.ENGINE_SILENT,
    }
    assert "the engine writes nothing since 65 s" in ear.heard[1]
