"""Every version of the tables is brought up to the newest, with what it holds."""

from pathlib import Path

import pytest

from engine.journal import connection, schema
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from tests.contracts.journal.requests import NOW, attend, doubt, place


@pytest.mark.parametrize("version", range(1, len(schema.VERSIONS)))
def test_a_journal_of_every_released_version_is_brought_up_with_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    path = tmp_path / JOURNAL_FILE
    monkeypatch.setattr(connection, "VERSIONS", schema.VERSIONS[:version])
    old = connection.open_writer(path)
    old.execute("INSERT INTO place VALUES ('heron', 41.5, 69.25, 20.0, 1)")
    old.close()
    monkeypatch.undo()

    store = SqliteStore(path, ballast_bytes=0)
    store.commit([attend(("a", 1, 0.5)), doubt()], NOW)

    reader = store.reader()
    assert list(reader.places()) == [place()]
    assert tuple(reader.attendance()) == attend(("a", 1, 0.5)).seen
    assert list(reader.doubts()) == [doubt()]
    reader.close()
    store.close()
