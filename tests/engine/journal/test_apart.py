"""Of a group, who meets a page that cannot be read is refused, and nobody else."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import JournalDamagedError, JournalError
from engine.journal.actor import JournalActor
from engine.journal.apart import apart
from engine.journal.sqlite import SqliteStore
from engine.ports.journal import Answer, Appended, Record, Recorded, Request, Unknown
from engine.supervision.tree import alone
from tests.contracts.journal.requests import NOW, append, record
from tests.engine.journal.gated import Answers, Meter, entry
from tests.engine.journal.test_aside import destroy, many_facts
from tests.engine.journal.test_indices import filled
from tests.fakes import ManualClock
from tests.faults_vfs import Act, FaultsVfs

REFUSAL = JournalDamagedError("a page")
REFUSED = Unknown(reason="a page", is_damaged=True)


@pytest.fixture
def store(tmp_path: Path, vfs: FaultsVfs) -> Iterator[SqliteStore]:
    """Yield a store of whose events the first page is torn, with an alarm on it."""
    path = many_facts(tmp_path)
    destroy(path, "event", 0.0)
    store = SqliteStore(path, vfs=vfs.name, ballast_bytes=0)
    yield store
    store.close()


def press(store: SqliteStore, key: str = "alarm/new") -> list[Request]:
    return [record(key), append(key, epoch=store.epoch)]


def repeat(store: SqliteStore) -> Request:
    """Return what asks for the row on the torn page."""
    return append("alarm/a", epoch=store.epoch)


def test_an_sos_beside_a_repeat_of_an_unread_event_is_recorded_bug_it_was_refused(
    store: SqliteStore,
) -> None:
    """And it was so each time that the two met."""
    for number in range(3):
        group = press(store, f"alarm/n{number}")
        for place in range(3):
            asked = [*group[:place], repeat(store), *group[place:]]
            answers = list(store.commit(asked, NOW))
            refused = answers.pop(place)
            assert isinstance(refused, Unknown)
            assert refused.is_damaged
            assert [type(answer) for answer in answers] == [Recorded, Appended]
    store.tidy()


def test_of_a_table_that_cannot_begin_anew_nobody_else_is_refused(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    path = filled(tmp_path)
    for table in ("stream", "sqlite_autoindex_event_1", "event"):
        destroy(path, table, 0.0)
    store = SqliteStore(path, vfs=vfs.name, ballast_bytes=0)
    met = append("alarm/0000", 1, epoch=store.epoch)
    refused, other = store.commit([met, append("alarm/z", epoch=store.epoch)], NOW)
    assert isinstance(refused, Unknown)
    assert refused.is_damaged
    assert isinstance(other, Appended)
    store.close()


def test_a_disk_that_fails_meanwhile_ends_the_store_and_nothing_is_said_to_be_unwritten(
    store: SqliteStore, vfs: FaultsVfs
) -> None:
    store.commit([append("alarm/first", epoch=store.epoch)], NOW)
    vfs.fail = {Act.SYNC: vfs.acts[Act.SYNC] + 2}
    group = [append("alarm/b", 9, epoch=1), *press(store), repeat(store)]
    for _ in range(2):
        with pytest.raises(JournalError, match="SQLITE_IOERR_FSYNC") as failed:
            store.commit(group, NOW)
        assert not isinstance(failed.value, JournalDamagedError)


def test_who_is_refused_of_a_group_is_told_of_and_the_rest_is_answered(
    store: SqliteStore,
) -> None:
    said, answers = list[object](), Answers()
    actor = JournalActor(
        link=alone(ManualClock()),
        store=store,
        telemetry=Meter(),
        on_not_recorded=said.append,
        is_unread=said.append,
    )
    kept = record("k")
    actor.handle(entry(answers, kept, repeat(store)))
    actor.handle(entry(answers, record("l")))
    assert [type(answer) for answer in answers.seen] == [Recorded, Unknown, Recorded]
    assert said == [[repeat(store)], True, False]


@given(
    st.lists(st.sampled_from(["good", "met"]), min_size=1, max_size=40),
    st.integers(min_value=0, max_value=40),
)
def test_whatever_the_group_each_is_written_once_in_its_order_or_refused(
    kinds: list[str], room: int
) -> None:
    group = [record(f"{kind}{number}") for number, kind in enumerate(kinds)]
    written: list[Request] = []

    def write(asked: Sequence[Request]) -> Sequence[Answer]:
        part = [one for one in asked if isinstance(one, Record)]
        if len(written) + len(part) > room:
            raise apsw.FullError
        if any(one.key.startswith("met") for one in part):
            raise apsw.CorruptError
        written.extend(part)
        return [Recorded(key=one.key, repeated=False) for one in part]

    answers = apart(group, write, REFUSAL)
    kept = [
        one
        for one, answer in zip(group, answers, strict=True)
        if isinstance(answer, Recorded)
    ]
    assert written == kept
    assert all(answer.is_unwritten for answer in answers if isinstance(answer, Unknown))
    if room >= len(group) > 1:
        assert [isinstance(one, Recorded) for one in answers] == [
            kind == "good" for kind in kinds
        ]
