"""What holds for inbound signals, last places and the last word of a device."""

from engine.ports.journal import (
    Conflict,
    JournalStore,
    Placed,
    Recorded,
)
from engine.ports.latest import Attended
from engine.values import Instant, PlaceDoubt, ReportKey
from tests.contracts.journal.opened import StoreContract
from tests.contracts.journal.requests import (
    NOW,
    append,
    attend,
    doubt,
    keys,
    place,
    record,
)


class SignalContract(StoreContract):
    """Each signal is recorded once and taken once; the newer fix stays."""

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

    def test_an_append_records_signals_with_its_rows(self, store: JournalStore) -> None:
        both = append(records=(record("k1"), record("k2")), takes=keys("k2"))

        store.commit([record("k1", body=b"first"), both], NOW)

        rows = store.reader().inbound(untaken_only=False)
        assert {row.key: (row.body, row.taken_by) for row in rows} == {
            "k1": (b"first", ""),
            "k2": (record().body, "alarm/a"),
        }

    def test_signals_since_a_moment_are_those_received_then_or_later(
        self, store: JournalStore
    ) -> None:
        store.commit([record("k1", 2), record("k2", 1), record("k3", 3)], NOW)
        reader = store.reader()

        found = reader.inbound(untaken_only=False, since=Instant(2))

        assert [row.key for row in found] == ["k1", "k3"]
        assert not reader.inbound(untaken_only=True, since=Instant(4))

    def test_signals_are_found_by_their_keys(self, store: JournalStore) -> None:
        store.commit([record("k1", 2), record("k2", 1), record("k3", 3)], NOW)
        store.commit([append(takes=keys("k3"))], NOW)
        reader = store.reader()
        asked = keys("k1", "k3", "k9", "k2")

        untaken = reader.inbound(untaken_only=True, keys=asked)
        known = reader.inbound(untaken_only=False, since=Instant(2), keys=asked)

        assert [row.key for row in untaken] == ["k2", "k1"]
        assert [row.key for row in known] == ["k1", "k3"]
        assert not reader.inbound(untaken_only=False, keys=())

    def test_a_refused_append_records_nothing(self, store: JournalStore) -> None:
        store.commit([append(), append(command="late", records=(record(),))], NOW)

        assert not store.reader().inbound(untaken_only=False)

    def test_a_signal_that_no_medium_could_keep_refuses_its_append(
        self, store: JournalStore
    ) -> None:
        (answer,) = store.commit([append(records=(record("\ud800"),))], NOW)

        assert isinstance(answer, Conflict)
        assert store.position == 0

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

    def test_the_newer_word_of_each_device_is_kept(self, store: JournalStore) -> None:
        answers = store.commit(
            [
                attend(("b", 5, 0.5), ("a", 3, None), ("b", 4, 0.9)),
                attend(("a", 3, 0.25)),
                attend(("b", 6, None)),
                attend(),
            ],
            NOW,
        )

        assert list(answers) == [Attended()] * 4
        kept = attend(("a", 3, 0.25), ("b", 6, None)).seen
        assert tuple(store.reader().attendance()) == kept
        assert store.position == 0

    def test_many_devices_are_one_request(self, store: JournalStore) -> None:
        seen = attend(*((f"{number:04}", number, 1.0) for number in range(700)))

        store.commit([seen], NOW)

        assert tuple(store.reader().attendance()) == seen.seen

    def test_a_word_that_no_medium_could_keep_is_refused_alone(
        self, store: JournalStore
    ) -> None:
        refused = [
            attend(("a", 1, None), ("b", 1, float("nan"))),
            attend(("\ud800", 1, None)),
            attend(("a", 1 << 70, None)),
        ]

        *conflicts, taken = store.commit([*refused, attend(("c", 1, None))], NOW)

        assert all(isinstance(answer, Conflict) for answer in conflicts)
        assert taken == Attended()
        assert [one.device for one in store.reader().attendance()] == ["c"]

    def test_the_newer_doubt_is_kept_and_is_no_last_fix(
        self, store: JournalStore
    ) -> None:
        answers = store.commit(
            [
                doubt(at_ms=5),
                doubt(at_ms=4, lat_deg=1.0),
                doubt(at_ms=5, lat_deg=0.0, why=PlaceDoubt.ZERO),
                doubt("wren"),
            ],
            NOW,
        )
        store.commit([doubt("wren", 0)], NOW)

        assert list(answers) == [Placed()] * 4
        kept = [doubt(at_ms=5, lat_deg=0.0, why=PlaceDoubt.ZERO), doubt("wren")]
        assert list(store.reader().doubts()) == kept
        assert list(store.reader().places()) == []

    def test_a_doubt_that_is_no_number_is_refused_alone(
        self, store: JournalStore
    ) -> None:
        (refused, taken) = store.commit(
            [doubt(lat_deg=float("nan")), doubt("wren")], NOW
        )

        assert isinstance(refused, Conflict)
        assert taken == Placed()
