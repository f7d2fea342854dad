"""One bad request in a group fails alone, whoever finds out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.journal.reading import SqliteReader
from engine.journal.sqlite import SqliteStore
from engine.journal.verify import verify
from engine.ports.journal import Appended, Conflict, EffectState
from engine.values import EffectId
from tests.contracts.journal.requests import NOW, append, change, plan


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "journal.db", ballast_bytes=0)
    yield store
    store.close()


def test_what_a_table_refuses_fails_alone(store: SqliteStore, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    half: Any = 1.5
    broken = append("alarm/b", plans=(plan("b", rank=half),))
    group = [append("alarm/a"), broken, append("alarm/c", plans=(plan("c"),))]

    first, second, third = store.commit(group, NOW)

    assert isinstance(first, Appended)
    assert second == Conflict(seq=0, reason="a row breaks a constraint of its table")
    assert isinstance(third, Appended)
    reader = store.reader()
    assert [row.stream for row in reader.after(0, 9)] == ["alarm/a", "alarm/c"]
    assert reader.effect(EffectId("c")) is not None
    assert verify(reader.after(0, 9), SqliteReader(path).kept()).bad is None


def test_an_effect_may_live_its_whole_life_in_one_group(store: SqliteStore) -> None:
    begun = change("a/1", EffectState.ATTEMPTING, EffectState.PLANNED, attempt=1)
    ended = change("a/1", EffectState.ACCEPTED, EffectState.ATTEMPTING, route="modem-1")
    group = [
        append(plans=(plan("a/1"),)),
        append("effect/a/1", changes=(begun,)),
        append("effect/a/1", 1, changes=(ended,)),
    ]

    answers = store.commit(group, NOW)

    assert all(isinstance(answer, Appended) for answer in answers)
    row = store.reader().effect(EffectId("a/1"))
    assert row is not None
    assert (row.state, row.attempt, row.route) == (EffectState.ACCEPTED, 1, "modem-1")


def test_what_is_refused_leaves_no_effect_behind(store: SqliteStore) -> None:
    late = change("none", EffectState.ACCEPTED, EffectState.ATTEMPTING)
    refused = append("alarm/a", plans=(plan("a/1"),), changes=(late,))

    answers = store.commit(
        [refused, append("alarm/b", plans=(plan("a/1", rank=7),))], NOW
    )

    assert isinstance(answers[0], Conflict)
    assert store.reader().effect(EffectId("a/1")) == plan("a/1", rank=7)
