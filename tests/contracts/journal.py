"""The contract of `engine.ports.journal`; every store inherits it.

A subclass gives `open_store`: each call opens the same medium once more, as after
a restart. The suite closes what it opened.
"""

from collections.abc import Callable, Iterator
from typing import TypedDict, Unpack

import pytest

from engine.ports.journal import (
    Answer,
    Append,
    Appended,
    Code,
    Conflict,
    EffectChange,
    EffectClass,
    EffectRow,
    EffectState,
    Fenced,
    Head,
    JournalStore,
    NewEvent,
    Place,
    Placed,
    Record,
    Recorded,
    Request,
)
from engine.values import CommandId, EffectId, Fix, Instant, PersonId, ReportKey

OPEN = Head(status="raised", is_open=True, next_due=Instant(5_000))
NOW = Instant(1_000)


class Parts(TypedDict, total=False):
    """What an append may carry besides events."""

    plans: tuple[EffectRow, ...]
    changes: tuple[EffectChange, ...]
    withdraws: tuple[EffectId, ...]
    takes: tuple[ReportKey, ...]
    codes: tuple[Code, ...]


def append(
    stream: str = "alarm/a",
    expected_seq: int = 0,
    *,
    epoch: int = 1,
    command: str = "",
    kinds: tuple[str, ...] = ("Raised",),
    head: Head = OPEN,
    **parts: Unpack[Parts],
) -> Append:
    """Build an append; the command defaults to one of its own for each seq."""
    return Append(
        stream=stream,
        expected_seq=expected_seq,
        epoch=epoch,
        command_id=CommandId(command or f"{stream}-{expected_seq}"),
        events=tuple(NewEvent(kind=kind, body=kind.encode()) for kind in kinds),
        head=head,
        **parts,
    )


def plan(effect_id: str = "a/1", *, rank: int = 5, planned_ms: int = 1) -> EffectRow:
    """Build a planned effect of alarm a."""
    return EffectRow(
        effect_id=EffectId(effect_id),
        alarm="alarm/a",
        effect_class=EffectClass.SAFETY,
        channel="sms",
        rank=rank,
        planned_at=Instant(planned_ms),
        body=b"sealed",
    )


def change(
    effect_id: str,
    state: EffectState,
    *requires: EffectState,
    attempt: int | None = None,
    route: str | None = None,
) -> EffectChange:
    """Build a change of an effect."""
    return EffectChange(
        effect_id=EffectId(effect_id),
        state=state,
        requires=frozenset(requires),
        attempt=attempt,
        route=route,
    )


def record(key: str = "k1", received_ms: int = 1, body: bytes = b"\x78\x78") -> Record:
    """Build an inbound signal."""
    return Record(
        key=ReportKey(key), source="gt06", received_at=Instant(received_ms), body=body
    )


def place(person: str = "heron", at_ms: int = 1, lat_deg: float = 41.5) -> Place:
    """Build a last fix."""
    fix = Fix(lat_deg=lat_deg, lon_deg=69.25, accuracy_m=20.0, at=Instant(at_ms))
    return Place(person=PersonId(person), fix=fix)


def code(text: str = "K7F2", person: str = "wren", stream: str = "alarm/a") -> Code:
    """Build a reply code."""
    return Code(code=text, stream=stream, person=PersonId(person))


def ids(*effect_ids: str) -> tuple[EffectId, ...]:
    """Name effects."""
    return tuple(map(EffectId, effect_ids))


def keys(*report_keys: str) -> tuple[ReportKey, ...]:
    """Name inbound signals."""
    return tuple(map(ReportKey, report_keys))


class JournalContract:
    """What holds for every store, on an empty medium."""

    @pytest.fixture
    def open_store(self) -> Iterator[Callable[[], JournalStore]]:
        """Yield what opens the medium once more; given by each subclass."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, open_store: Callable[[], JournalStore]) -> JournalStore:
        return open_store()

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

        assert [_repeated(answer) for answer in answers] == [False, True]
        assert store.position == 1

    def test_a_command_id_belongs_to_its_stream_alone(
        self, store: JournalStore
    ) -> None:
        answers = store.commit(
            [append("alarm/a", command="c"), append("alarm/b", command="c")], NOW
        )

        assert [_repeated(answer) for answer in answers] == [False, False]

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
        assert _positions(good) == [1]
        assert _positions(better) == [2]
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

    def test_a_planned_effect_is_inserted_once(self, store: JournalStore) -> None:
        store.commit([append(plans=(plan(rank=1),))], NOW)

        store.commit([append(expected_seq=1, plans=(plan(rank=9),))], NOW)

        assert store.reader().effect(EffectId("a/1")) == plan(rank=1)

    def test_effects_come_by_rank_then_age(self, store: JournalStore) -> None:
        plans = (
            plan("c", rank=2, planned_ms=1),
            plan("b", rank=1, planned_ms=9),
            plan("a", rank=1, planned_ms=3),
        )
        store.commit([append(plans=plans)], NOW)

        reader = store.reader()
        planned = frozenset({EffectState.PLANNED})
        assert [row.effect_id for row in reader.effects(planned)] == ["a", "b", "c"]
        assert len(reader.effects(planned, "alarm/a")) == 3
        assert len(reader.effects(planned, "alarm/b")) == 0
        assert len(reader.effects(frozenset({EffectState.UNKNOWN}))) == 0
        assert len(reader.effects(frozenset(EffectState))) == 3

    def test_a_change_keeps_what_it_does_not_name(self, store: JournalStore) -> None:
        store.commit([append(plans=(plan(),))], NOW)
        pulled = change(
            "a/1",
            EffectState.ATTEMPTING,
            EffectState.PLANNED,
            attempt=1,
            route="modem-1",
        )
        store.commit([append("effect/a/1", changes=(pulled,))], Instant(2_000))

        accepted = change("a/1", EffectState.ACCEPTED, EffectState.ATTEMPTING)
        store.commit([append("effect/a/1", 1, changes=(accepted,))], Instant(3_000))

        row = store.reader().effect(EffectId("a/1"))
        assert row is not None
        assert (row.state, row.attempt, row.route, row.changed_at) == (
            EffectState.ACCEPTED,
            1,
            "modem-1",
            Instant(3_000),
        )

    def test_two_who_pull_one_effect_get_it_once(self, store: JournalStore) -> None:
        store.commit([append(plans=(plan(),))], NOW)
        pull = change("a/1", EffectState.ATTEMPTING, EffectState.PLANNED)

        first, second = store.commit(
            [append("effect/1", changes=(pull,)), append("effect/2", changes=(pull,))],
            NOW,
        )

        assert isinstance(first, Appended)
        assert isinstance(second, Conflict)
        assert "attempting" in second.reason

    def test_an_append_may_change_what_it_plans(self, store: JournalStore) -> None:
        pull = change("a/1", EffectState.ATTEMPTING, EffectState.PLANNED)

        store.commit([append(plans=(plan(),), changes=(pull,))], NOW)

        row = store.reader().effect(EffectId("a/1"))
        assert row is not None
        assert row.state is EffectState.ATTEMPTING

    def test_only_what_is_still_planned_is_withdrawn(self, store: JournalStore) -> None:
        pull = change("a/2", EffectState.ATTEMPTING, EffectState.PLANNED)
        store.commit([append(plans=(plan("a/1"), plan("a/2")), changes=(pull,))], NOW)

        (answer,) = store.commit(
            [append(expected_seq=1, withdraws=ids("a/1", "a/2", "a/3"))], NOW
        )

        assert isinstance(answer, Appended)
        reader = store.reader()
        states = {row.effect_id: row.state for row in reader.effects(_ALL_STATES)}
        assert states == {"a/1": "withdrawn", "a/2": "attempting"}

    def test_a_code_belongs_to_one_stream_and_person_for_ever(
        self, store: JournalStore
    ) -> None:
        mine, again, other_person, other_stream = store.commit(
            [
                append(codes=(code(),)),
                append(expected_seq=1, codes=(code(),)),
                append(expected_seq=2, codes=(code(person="crane"),)),
                append("alarm/b", codes=(code(stream="alarm/b"),)),
            ],
            NOW,
        )

        assert isinstance(mine, Appended)
        assert isinstance(again, Appended)
        assert isinstance(other_person, Conflict)
        assert other_person.seq == 2
        assert isinstance(other_stream, Conflict)
        assert store.reader().code("K7F2") == code()
        assert store.reader().code("none") is None

    def test_a_signal_is_recorded_once_by_its_key(self, store: JournalStore) -> None:
        answers = store.commit(
            [record(body=b"first"), record(body=b"second"), record("k2")], NOW
        )

        assert list(answers) == [
            Recorded(key=ReportKey("k1")),
            Recorded(key=ReportKey("k1"), repeated=True),
            Recorded(key=ReportKey("k2")),
        ]
        rows = store.reader().inbound(untaken_only=True)
        assert [row.body for row in rows] == [b"first", b"\x78\x78"]

    def test_a_taken_signal_stays_with_who_took_it(self, store: JournalStore) -> None:
        store.commit([record("k1", 2), record("k2", 1), record("k3", 3)], NOW)

        store.commit(
            [
                append("alarm/a", takes=keys("k1", "none")),
                append("alarm/b", takes=keys("k1")),
            ],
            NOW,
        )

        reader = store.reader()
        untaken = reader.inbound(untaken_only=True)
        assert [row.key for row in untaken] == ["k2", "k3"]
        taken_by = {row.key: row.taken_by for row in reader.inbound(untaken_only=False)}
        assert taken_by == {"k2": "", "k1": "alarm/a", "k3": ""}

    def test_a_refused_append_takes_nothing(self, store: JournalStore) -> None:
        store.commit([record(), append()], NOW)

        store.commit([append(command="late", takes=keys("k1"))], NOW)

        assert len(store.reader().inbound(untaken_only=True)) == 1

    def test_the_newer_fix_is_kept(self, store: JournalStore) -> None:
        answers = store.commit(
            [
                place(at_ms=5),
                place(at_ms=4, lat_deg=1.0),
                place(at_ms=5, lat_deg=2.0),
                place("wren", at_ms=1),
            ],
            NOW,
        )

        assert list(answers) == [
            Placed(),
            Placed(kept_newer=True),
            Placed(),
            Placed(),
        ]
        kept = [place(at_ms=5, lat_deg=2.0), place("wren", at_ms=1)]
        assert list(store.reader().places()) == kept
        assert store.position == 0

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

    def test_a_stream_is_read_from_behind_a_seq(self, store: JournalStore) -> None:
        store.commit([append(kinds=("A", "B", "C"))], NOW)

        reader = store.reader()
        assert [row.seq for row in reader.stream("alarm/a", 1)] == [2, 3]
        assert len(reader.stream("alarm/b")) == 0

    def test_the_last_time_is_that_of_the_last_commit(
        self, store: JournalStore
    ) -> None:
        reader = store.reader()
        assert reader.last_at() is None

        store.commit([append()], Instant(7))
        store.commit([record()], Instant(8))

        assert reader.last_at() == Instant(8)

    def test_open_streams_tell_when_they_began(self, store: JournalStore) -> None:
        reader = store.reader()
        assert reader.began("alarm/") == {}

        store.commit([append(stream="alarm/a", expected_seq=0)], Instant(7))
        store.commit(
            [append(stream="alarm/a", expected_seq=1, command="2")], Instant(8)
        )
        store.commit([append(stream="effect/a", command="3")], Instant(9))

        assert reader.began("alarm/") == {"alarm/a": Instant(7)}

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
        (after,) = second.commit([append(expected_seq=1, epoch=second.epoch)], NOW)
        assert _positions(after) == [2]


_ALL_STATES = frozenset(EffectState)


def _repeated(answer: Answer) -> bool:
    assert isinstance(answer, Appended)
    return answer.repeated


def _positions(answer: Answer) -> list[int]:
    assert isinstance(answer, Appended)
    return [row.position for row in answer.events]
