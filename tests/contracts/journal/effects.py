"""What holds for effects and reply codes."""

from msgspec.structs import replace

from engine.ports.journal import (
    Appended,
    Conflict,
    EffectRow,
    EffectState,
    Head,
    JournalStore,
)
from engine.values import EffectId, Instant, PersonId
from tests.contracts.journal.opened import StoreContract
from tests.contracts.journal.requests import NOW, append, change, code, ids, plan

_ALL_STATES = frozenset(EffectState)


def other(stream: str) -> EffectRow:
    """Build a planned effect of another stream."""
    return replace(plan(f"{stream}/1"), alarm=stream)


class EffectContract(StoreContract):
    """Each effect is planned once, pulled once, withdrawn while planned."""

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

    def test_a_stream_is_told_while_an_effect_of_it_is_accepted_or_delivered(
        self, store: JournalStore
    ) -> None:
        reader = store.reader()
        store.commit([append(plans=(plan("a/1"), plan("a/2")))], NOW)
        store.commit([append("alarm/b", plans=(other("alarm/b"),))], NOW)
        assert reader.told("alarm/") == frozenset()

        told = set()
        for seq, state in enumerate(_ALL_STATES):
            changed = change("a/1", state, *_ALL_STATES)
            store.commit([append("effect/a/1", seq, changes=(changed,))], NOW)
            assert reader.told("alarm/") <= {"alarm/a"}
            if reader.told("alarm/"):
                told.add(state)
        assert told == {EffectState.ACCEPTED, EffectState.DELIVERED}

    def test_what_is_closed_or_of_another_prefix_is_not_told(
        self, store: JournalStore
    ) -> None:
        reader = store.reader()
        store.commit([append(plans=(plan(),)), append("timer/1")], NOW)
        store.commit([append("timer/1", 1, plans=(other("timer/1"),))], NOW)
        for seq, effect_id in enumerate(("a/1", "timer/1/1")):
            accepted = change(effect_id, EffectState.ACCEPTED, EffectState.PLANNED)
            store.commit([append("effect/x", seq, changes=(accepted,))], NOW)
        assert reader.told("alarm/") == {"alarm/a"}
        assert reader.told("") == {"alarm/a", "timer/1"}

        closed = Head(status="closed", is_open=False)
        store.commit([append(expected_seq=1, head=closed)], NOW)

        assert reader.told("alarm/") == frozenset()

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
        assert store.reader().codes_in_use(["none", "K7F2"]) == {"K7F2"}
        assert store.reader().codes_in_use([]) == frozenset()

    def test_a_persons_codes_are_those_of_what_stands_open(
        self, store: JournalStore
    ) -> None:
        store.commit(
            [
                append(codes=(code(), code("M3K4"), code("P8Q9", person="crane"))),
                append("alarm/b", codes=(code("B2C3", stream="alarm/b"),)),
            ],
            NOW,
        )
        wren, reader = PersonId("wren"), store.reader()
        assert [one.code for one in reader.codes_of(wren)] == ["B2C3", "K7F2", "M3K4"]
        ended = append(expected_seq=1, head=Head(status="closed", is_open=False))
        store.commit([ended], NOW)
        assert [one.code for one in store.reader().codes_of(wren)] == ["B2C3"]
        assert store.reader().codes_of(PersonId("nobody")) == []
