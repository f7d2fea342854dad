"""A page that cannot be read between readable ones, while the console runs."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from engine.alarm.commands import Acknowledge, AddNote
from engine.alarm.state import alarm_of
from engine.console import behind
from engine.console.behind import LOOKS_MAX, Behind, News, lacking
from engine.console.cases import Cases, Unread
from engine.errors import JournalError
from engine.journal.memory import MemoryReader
from engine.journal.reading import SqliteReader
from engine.ports.journal import JournalReader, StoredEvent
from engine.values import AlarmId, CommandId
from tests.engine.console.hq import ALDER, Hq
from tests.engine.console.test_cases import end
from tests.engine.journal.test_aside import destroy, many_facts

FIRST, OTHER = AlarmId("a1"), AlarmId("a2")


@dataclass
class Damage:
    """Lends readers that give no row of a stretch of the journal."""

    hq: Hq
    lost: range = range(0)
    failed: int = 0

    @contextmanager
    def reader(self) -> Iterator[JournalReader]:
        yield cast("JournalReader", self)

    def stream(self, stream: str, after_seq: int = 0) -> Sequence[StoredEvent]:
        rows = self.inner.stream(stream, after_seq)
        self.meet(any(row.position in self.lost for row in rows))
        return rows

    def after(
        self, position: int, limit: int, *, prefix: str = ""
    ) -> Sequence[StoredEvent]:
        rows = self.inner.after(position, limit, prefix=prefix)
        last = rows[-1].position if len(rows) == limit else self.inner.position()
        self.meet(any(position < lost <= last for lost in self.lost))
        return rows

    def meet(self, is_lost: bool) -> None:  # noqa: FBT001 - what is asked, no switch
        if is_lost:
            self.failed += 1
            raise JournalError

    @property
    def inner(self) -> MemoryReader:
        return self.hq.store.reader()

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def lose(self, since: int) -> None:
        """Give no row any more that was written since."""
        self.lost = range(since + 1, self.hq.store.position + 1)


@pytest.fixture
def damage(hq: Hq) -> Damage:
    return Damage(hq)


def looks(seen: Cases, count: int = LOOKS_MAX) -> None:
    for _ in range(count):
        with suppress(JournalError):
            seen.follow()


def is_live(seen: Cases) -> bool:
    return not seen.is_behind


def acknowledged(hq: Hq, alarm: AlarmId = FIRST) -> None:
    assert hq.do(alarm, Acknowledge(command_id=CommandId("ack"), by=ALDER)).events


def noted(hq: Hq, alarm: AlarmId = FIRST) -> None:
    note = AddNote(command_id=CommandId("note"), by=ALDER, text="called the police")
    assert hq.do(alarm, note).events


def test_a_page_between_readable_ones_is_passed_bug_nothing_new_was_shown(
    hq: Hq, damage: Damage
) -> None:
    """Each case that came behind it was missing from the console until a restart."""
    hq.press(FIRST, alias="Heron")
    seen = Cases(damage)
    before, since = seen.get(FIRST), hq.store.position
    acknowledged(hq)
    damage.lose(since)
    late = hq.press(OTHER, alias="Avocet")
    looks(seen, LOOKS_MAX - 1)
    assert not is_live(seen), "it may be for a moment"
    assert late not in {one.id for one in seen.all(hq.clock.now())}
    looks(seen, 1)
    assert is_live(seen)
    assert hq.alarm(late) in seen.all(hq.clock.now())
    assert seen.stopped == {FIRST: Unread.DAMAGED}, "and HQ is told which is not whole"
    assert seen.get(FIRST) == before


def test_nothing_is_folded_behind_a_row_of_a_case_that_was_passed(
    hq: Hq, damage: Damage
) -> None:
    """It may be a word of force, or an end in appearance."""
    hq.press(FIRST)
    seen = Cases(damage)
    before, since = seen.get(FIRST), hq.store.position
    acknowledged(hq)
    damage.lose(since)
    noted(hq)
    looks(seen)
    noted_again = AddNote(command_id=CommandId("again"), by=ALDER, text="on their way")
    hq.do(FIRST, noted_again)
    looks(seen, 1)
    assert seen.get(FIRST) == before
    assert seen.stopped == {FIRST: Unread.DAMAGED}


@pytest.mark.parametrize("is_new", [True, False])
def test_what_a_disk_gives_after_all_is_whole_again(
    hq: Hq, damage: Damage, *, is_new: bool
) -> None:
    if not is_new:
        hq.press(FIRST)
    seen, since = Cases(damage), hq.store.position
    if is_new:
        hq.press(FIRST)
    acknowledged(hq)
    damage.lose(since)
    hq.press(OTHER, alias="Avocet")
    looks(seen)
    flawed = seen.unread if is_new else seen.stopped
    assert flawed == {FIRST: Unread.DAMAGED}
    damage.lost = range(0)
    healed = seen.healed
    looks(seen, 1)
    assert not seen.unread
    assert not seen.stopped
    assert seen.healed > healed, "browsers load it anew"
    assert seen.get(FIRST) == hq.alarm(FIRST)


def test_a_case_that_was_closed_and_opened_again_on_such_a_page_is_not_hidden(
    hq: Hq, damage: Damage
) -> None:
    hq.press(FIRST)
    end(hq, FIRST)
    seen = Cases(damage)
    seen._drop(FIRST)
    since = hq.store.position
    hq.clock.advance(3600)
    hq.press(FIRST)
    damage.lose(since)
    hq.press(OTHER, alias="Avocet")
    looks(seen)
    assert seen.unread == {FIRST: Unread.DAMAGED}
    assert hq.alarm(OTHER) in seen.all(hq.clock.now())


def test_many_damaged_rows_keep_nobody_waiting_for_long(
    hq: Hq, damage: Damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk may take seconds for each, and no page is served meanwhile."""
    monkeypatch.setattr(behind, "FAILS_MAX", 6)
    hq.press(FIRST)
    seen, since = Cases(damage), hq.store.position
    acknowledged(hq)
    for number in range(20):
        noted_again = AddNote(command_id=CommandId(f"n{number}"), by=ALDER, text="on")
        hq.do(FIRST, noted_again)
    damage.lose(since)
    hq.press(OTHER, alias="Avocet")
    looks(seen, LOOKS_MAX - 1)
    for _ in range(20):
        before, position = damage.failed, seen.position
        looks(seen, 1)
        assert damage.failed - before <= 6 + 4
        assert seen.position > position
        if seen.position == hq.store.position:
            break
        assert not is_live(seen)
    assert is_live(seen)
    assert hq.alarm(OTHER) in seen.all(hq.clock.now())


def test_a_case_is_read_once_in_a_look_bug_it_was_for_each_row_behind_the_damage(
    hq: Hq, damage: Damage
) -> None:
    """Each of those reads fails as well, and as slowly."""
    hq.press(FIRST)
    seen, since = Cases(damage), hq.store.position
    acknowledged(hq)
    damage.lose(since)
    for number in range(40):
        note = AddNote(command_id=CommandId(f"n{number}"), by=ALDER, text="on")
        assert hq.do(FIRST, note).events
    looks(seen, LOOKS_MAX - 1)
    before = damage.failed
    looks(seen, 1)
    assert is_live(seen)
    halved = (hq.store.position - since).bit_length() + 1
    assert damage.failed - before <= 1 + halved + 1
    assert seen.stopped == {FIRST: Unread.DAMAGED}


def test_while_clear_columns_cannot_be_read_either_it_says_that_it_is_behind(
    hq: Hq, damage: Damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of which cases rows are missing nobody could say."""
    hq.press(FIRST)
    seen, since = Cases(damage), hq.store.position
    acknowledged(hq)
    damage.lose(since)
    hq.press(OTHER, alias="Avocet")

    def unread(*_: object, **__: object) -> None:
        raise JournalError

    monkeypatch.setattr(MemoryReader, "heads", unread)
    looks(seen, LOOKS_MAX * 2)
    assert not is_live(seen)
    assert seen.position == since
    monkeypatch.undo()
    looks(seen, 1)
    assert seen.stopped == {FIRST: Unread.DAMAGED}


@pytest.mark.parametrize("fraction", [0.0, 0.5, 0.99])
def test_of_a_real_page_that_is_written_over_its_rows_alone_are_missing(
    tmp_path: Path, fraction: float
) -> None:
    path = many_facts(tmp_path)
    with closing(SqliteReader(path)) as reader:
        whole, known = reader.after(0, 1_000), reader.position()
    destroy(path, "event", fraction)
    with closing(SqliteReader(path)) as reader:
        news, found = Behind(), News([], 0)
        for _ in range(50):
            with suppress(JournalError):
                found = _joined(found, news.read(reader, found.position))
            if found.position == known:
                break
        lost = [row for row in whole if row not in found.rows]
        assert found.position == known
        assert 0 < len(lost) < len(whole) / 2
        at = [row.position for row in lost]
        assert at == list(range(at[0], at[-1] + 1))
        seqs = {alarm_of(row.stream): row.seq for row in found.rows}
        assert set(lacking(reader, seqs)) == {alarm_of(row.stream) for row in lost}


def _joined(one: News, other: News) -> News:
    return News(one.rows + other.rows, other.position)
