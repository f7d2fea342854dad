"""The contract of `engine.ports.journal`; every store inherits it.

A subclass gives `open_store`: each call opens the same medium once more, as after
a restart. The suite closes what it opened.
"""

from collections.abc import Callable

from engine.ports.journal import (
    Appended,
    EffectState,
    JournalStore,
    Request,
)
from engine.values import EffectId, Instant
from tests.contracts.journal.appends import AppendContract
from tests.contracts.journal.effects import EffectContract
from tests.contracts.journal.requests import (
    NOW,
    append,
    attend,
    code,
    doubt,
    ids,
    keys,
    place,
    plan,
    positions,
    record,
)
from tests.contracts.journal.signals import SignalContract

_ALL_STATES = frozenset(EffectState)


class JournalContract(AppendContract, EffectContract, SignalContract):
    """What holds for every store, on an empty medium."""

    def test_the_last_time_is_that_of_the_last_commit(
        self, store: JournalStore
    ) -> None:
        reader = store.reader()
        assert reader.last_at() is None

        store.commit([append()], Instant(7))
        store.commit([record()], Instant(8))

        assert reader.last_at() == Instant(8)

    def test_what_a_reader_has_answered_stays_as_it_was(
        self, store: JournalStore
    ) -> None:
        store.commit([append(plans=(plan(),)), record(), place()], NOW)
        reader = store.reader()
        before = (
            reader.stream("alarm/a"),
            reader.after(0, 9),
            reader.heads("", open_only=False),
            reader.effects(_ALL_STATES),
            reader.inbound(untaken_only=False),
            reader.places(),
        )
        counts = [len(rows) for rows in before]

        store.commit(
            [
                append(expected_seq=1, withdraws=ids("a/1"), takes=keys("k1")),
                place("b"),
            ],
            NOW,
        )

        assert [len(rows) for rows in before] == counts
        assert before[3][0].state is EffectState.PLANNED
        assert before[4][0].taken_by == ""
        assert reader.position() == 2

    def test_all_is_there_after_another_opening(
        self, open_store: Callable[[], JournalStore]
    ) -> None:
        first = open_store()
        group: list[Request] = [
            append(plans=(plan(),), codes=(code(),)),
            record(),
            place(),
            attend(("a", 1, 0.5)),
            doubt(),
        ]
        (stored, *_) = first.commit(group, NOW)
        first.tidy()
        first.close()
        first.close()

        second = open_store()

        assert isinstance(stored, Appended)
        reader = second.reader()
        assert tuple(reader.stream("alarm/a")) == stored.events
        assert reader.effect(EffectId("a/1")) == plan()
        assert reader.code("K7F2") == code()
        assert len(reader.inbound(untaken_only=True)) == 1
        assert list(reader.places()) == [place()]
        assert tuple(reader.attendance()) == attend(("a", 1, 0.5)).seen
        assert list(reader.doubts()) == [doubt()]
        (after,) = second.commit([append(expected_seq=1, epoch=second.epoch)], NOW)
        assert positions(after) == [2]
