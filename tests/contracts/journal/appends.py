"""What holds for appends and the streams that they make."""

from collections.abc import Callable

from engine.ports.journal import (
    Appended,
    Conflict,
    EffectState,
    Fenced,
    Head,
    JournalStore,
)
from engine.values import EffectId, Instant
from tests.contracts.journal.opened import StoreContract
from tests.contracts.journal.requests import (
    NOW,
    append,
    change,
    code,
    keys,
    place,
    plan,
    positions,
    record,
    repeated,
)


class AppendContract(StoreContract):
    """Order, repetition, fencing; a refusal leaves no trace."""

    def test_an_append_answers_with_the_rows_as_stored(
        self, store: JournalStore
    ) -> None:
        (answer,) = store.commit([append(kinds=("Raised", "Asked"))], NOW)

        assert isinstance(answer, Appended)
        assert not answer.repeated
        first, second = answer.events
        assert (first.position, first.seq, first.kind) == (1, 1, "Raised")
        assert (second.position, second.seq, second.kind) == (2, 2, "Asked")
        assert first.at == NOW
        assert first.body == b"Raised"
        assert len(first.hash) == 32
        assert first.hash != second.hash
        assert tuple(store.reader().stream("alarm/a")) == answer.events

    def test_an_append_behind_a_moved_stream_is_a_conflict(
        self, store: JournalStore
    ) -> None:
        store.commit([append(), append(expected_seq=1)], NOW)

        late, early = store.commit(
            [append(expected_seq=1, command="x"), append(expected_seq=7, command="y")],
            NOW,
        )

        assert isinstance(late, Conflict)
        assert isinstance(early, Conflict)
        assert late.seq == early.seq == 2
        assert store.position == 2

    def test_a_repeated_command_answers_with_its_first_rows(
        self, store: JournalStore
    ) -> None:
        first, _ = store.commit([append(kinds=("A", "B")), append(expected_seq=2)], NOW)

        again, decided_anew = store.commit(
            [
                append(kinds=("A", "B")),
                append(expected_seq=3, command="alarm/a-0", kinds=("Other",)),
            ],
            Instant(9_000),
        )

        assert isinstance(first, Appended)
        for answer in (again, decided_anew):
            assert isinstance(answer, Appended)
            assert answer.repeated
            assert answer.events == first.events
        assert store.position == 3

    def test_a_command_repeated_in_one_group_is_applied_once(
        self, store: JournalStore
    ) -> None:
        answers = store.commit([append(), append()], NOW)

        assert [repeated(answer) for answer in answers] == [False, True]
        assert store.position == 1

    def test_a_command_id_belongs_to_its_stream_alone(
        self, store: JournalStore
    ) -> None:
        answers = store.commit(
            [append("alarm/a", command="c"), append("alarm/b", command="c")], NOW
        )

        assert [repeated(answer) for answer in answers] == [False, False]

    def test_an_append_without_events_moves_the_head_alone(
        self, store: JournalStore
    ) -> None:
        closed = Head(status="closed", is_open=False)
        store.commit([append()], NOW)

        (answer,) = store.commit([append(expected_seq=1, kinds=(), head=closed)], NOW)

        assert answer == Appended(events=())
        row = store.reader().head("alarm/a")
        assert row is not None
        assert (row.seq, row.head) == (1, closed)
        assert store.position == 1

    def test_each_opening_has_a_larger_epoch(
        self, open_store: Callable[[], JournalStore]
    ) -> None:
        epochs = [open_store().epoch for _ in range(3)]

        assert epochs == [1, 2, 3]

    def test_a_smaller_epoch_is_fenced_and_leaves_no_trace(
        self, store: JournalStore
    ) -> None:
        store.commit([append(epoch=3)], NOW)

        answers = store.commit(
            [append(expected_seq=1, epoch=2), append(epoch=2)], NOW
        )  # the second one repeats a command: fenced all the same

        assert list(answers) == [Fenced(epoch=3), Fenced(epoch=3)]
        assert store.position == 1

    def test_a_larger_epoch_takes_the_stream_over(self, store: JournalStore) -> None:
        store.commit([append(epoch=1)], NOW)

        store.commit([append(expected_seq=1, epoch=4)], NOW)

        row = store.reader().head("alarm/a")
        assert row is not None
        assert (row.owner, row.epoch, row.seq) == ("engine", 4, 2)

    def test_a_request_that_breaks_a_rule_fails_alone(
        self, store: JournalStore
    ) -> None:
        good, bad, better = store.commit(
            [
                append("alarm/a"),
                append(
                    "alarm/b",
                    plans=(plan("b/1"),),
                    takes=keys("k"),
                    codes=(code(),),
                    changes=(change("none", EffectState.UNKNOWN, EffectState.PLANNED),),
                ),
                append("alarm/c"),
            ],
            NOW,
        )

        assert isinstance(bad, Conflict)
        assert positions(good) == [1]
        assert positions(better) == [2]
        reader = store.reader()
        assert reader.head("alarm/b") is None
        assert reader.effect(EffectId("b/1")) is None
        assert reader.code("K7F2") is None

    def test_what_cannot_be_stored_fails_alone(self, store: JournalStore) -> None:
        answers = store.commit(
            [
                append("alarm/\ud800"),
                append("alarm/b", epoch=1 << 70),
                record(body=bytes((1 << 20) + 1)),
                place(lat_deg=float("nan")),
                append("alarm/a"),
            ],
            NOW,
        )

        assert [type(answer) for answer in answers] == [Conflict] * 4 + [Appended]
        assert store.position == 1

    def test_an_empty_group_is_answered(self, store: JournalStore) -> None:
        assert list(store.commit([], NOW)) == []

    def test_heads_come_soonest_due_first_and_undated_last(
        self, store: JournalStore
    ) -> None:
        def head(due_ms: int | None, *, is_open: bool = True) -> Head:
            due = None if due_ms is None else Instant(due_ms)
            return Head(status="raised", is_open=is_open, next_due=due)

        store.commit(
            [
                append("alarm/late", head=head(9)),
                append("alarm/never", head=head(None)),
                append("alarm/soon", head=head(-3)),
                append("alarm/closed", head=head(1, is_open=False)),
                append("effect/x", head=head(2)),
            ],
            NOW,
        )

        reader = store.reader()
        open_alarms = reader.heads("alarm/", open_only=True)
        alarms = reader.heads("alarm/", open_only=False)
        assert [row.stream for row in open_alarms] == [
            "alarm/soon",
            "alarm/late",
            "alarm/never",
        ]
        assert [row.stream for row in alarms][1] == "alarm/closed"
        assert len(reader.heads("", open_only=False)) == 5
        assert reader.heads("alarm/%", open_only=False) in ((), [])

    def test_positions_are_gap_free_over_all_streams(self, store: JournalStore) -> None:
        group = [append("alarm/a"), append("alarm/a"), append("alarm/b", 3)]
        store.commit([*group, append("alarm/c", kinds=("A", "B"))], NOW)
        store.commit([append("alarm/b")], NOW)

        reader = store.reader()
        rows = reader.after(0, 100)
        assert [row.position for row in rows] == [1, 2, 3, 4]
        assert [row.position for row in reader.after(1, 2)] == [2, 3]
        assert list(reader.after(4, 100)) == []
        assert reader.position() == store.position == 4

    def test_rows_of_some_streams_alone_are_read(self, store: JournalStore) -> None:
        rows = [append("alarm/a"), append("effect/a"), append("alarms"), append("é/b")]
        store.commit([*rows, append("alarm/b", kinds=("A", "B"))], NOW)

        def found(position: int, limit: int, prefix: str) -> list[int]:
            rows = store.reader().after(position, limit, prefix=prefix)
            return [row.position for row in rows]

        assert found(0, 100, "alarm/") == [1, 5, 6]
        assert found(0, 2, "alarm/") == [1, 5]
        assert found(1, 1, "alarm/") == [5]
        assert found(0, 100, "é/") == [4]
        assert found(6, 100, "alarm/") == found(0, 100, "alarm%") == []

    def test_a_stream_is_read_from_behind_a_seq(self, store: JournalStore) -> None:
        store.commit([append(kinds=("A", "B", "C"))], NOW)

        reader = store.reader()
        assert [row.seq for row in reader.stream("alarm/a", 1)] == [2, 3]
        assert len(reader.stream("alarm/b")) == 0

    def test_open_streams_tell_when_they_began(self, store: JournalStore) -> None:
        reader = store.reader()
        assert reader.began("alarm/") == {}

        head = Head(status="raised", is_open=True, subject="real:heron")
        store.commit([append(stream="alarm/a", expected_seq=0)], Instant(7))
        store.commit(
            [append(stream="alarm/a", expected_seq=1, command="2", head=head)],
            Instant(8),
        )
        store.commit([append(stream="effect/a", command="3")], Instant(9))

        began = {"alarm/a": ("raised", Instant(7), "real:heron")}
        assert reader.began("alarm/") == began
