"""SQLite and memory answer the same to any sequence of requests."""

import tempfile
from pathlib import Path

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from engine.journal.memory import Medium, MemoryStore
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import SqliteStore
from engine.journal.verify import verify
from engine.ports.journal import (
    Append,
    Code,
    EffectChange,
    EffectClass,
    EffectRow,
    EffectState,
    Head,
    JournalReader,
    NewEvent,
    Place,
    Record,
    Request,
)
from engine.ports.latest import Attend, Doubt, Seen
from engine.values import (
    CommandId,
    EffectId,
    Fix,
    Instant,
    PersonId,
    PlaceDoubt,
    ReportKey,
)

# Few names, so that requests meet each other.
STREAMS = st.sampled_from(["alarm/a", "alarm/b", "effect/a", "Ä", "\U0010ffff", ""])
EFFECT_IDS = st.sampled_from(["e1", "e2", "e3"]).map(EffectId)
KEYS = st.sampled_from(["k1", "k2", "k3"]).map(ReportKey)
PERSONS = st.sampled_from(["heron", "wren"]).map(PersonId)
STATES = st.sampled_from(EffectState)
INSTANTS = st.integers(-3, 3).map(Instant)
TEXTS = st.text(max_size=3)
BODIES = st.binary(max_size=5)

heads = st.builds(
    Head, status=TEXTS, is_open=st.booleans(), next_due=st.none() | INSTANTS
)
plans = st.builds(
    EffectRow,
    effect_id=EFFECT_IDS,
    alarm=STREAMS,
    effect_class=st.sampled_from(EffectClass),
    channel=TEXTS,
    rank=st.integers(0, 2),
    planned_at=INSTANTS,
    body=BODIES,
    avoid_route=TEXTS,
    state=st.just(EffectState.PLANNED) | STATES,
)
changes = st.builds(
    EffectChange,
    effect_id=EFFECT_IDS,
    state=STATES,
    requires=st.frozensets(STATES),
    attempt=st.none() | st.integers(0, 3),
    route=st.none() | TEXTS,
    reference=st.none() | TEXTS,
)
codes = st.builds(
    Code, code=st.sampled_from(["K7F2", "M2Q9"]), stream=STREAMS, person=PERSONS
)


def tuples(items: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    """Draw none to two, mostly none."""
    return st.just(()) | st.lists(items, max_size=2).map(tuple)


records = st.builds(Record, key=KEYS, source=TEXTS, received_at=INSTANTS, body=BODIES)
appends = st.builds(
    Append,
    stream=STREAMS,
    expected_seq=st.integers(0, 4),
    epoch=st.integers(0, 3),
    command_id=st.sampled_from([CommandId(f"c{n}") for n in range(9)]),
    events=st.lists(
        st.builds(NewEvent, kind=TEXTS, body=BODIES, version=st.integers(0, 2)),
        max_size=3,
    ).map(tuple),
    head=heads,
    owner=TEXTS,
    plans=tuples(plans),
    changes=tuples(changes),
    withdraws=tuples(EFFECT_IDS),
    takes=tuples(KEYS),
    codes=tuples(codes),
    records=tuples(records),
)
fixes = st.builds(
    Fix,
    lat_deg=st.floats(-90, 90),
    lon_deg=st.floats(),
    at=INSTANTS,
    accuracy_m=st.none() | st.floats(),
)
places = st.builds(Place, person=PERSONS, fix=fixes)
doubts = st.builds(Doubt, person=PERSONS, fix=fixes, why=st.sampled_from(PlaceDoubt))
attends = st.builds(
    Attend,
    seen=tuples(
        st.builds(
            Seen,
            device=st.sampled_from(["a", "b"]),
            at=INSTANTS,
            battery_ratio=st.none() | st.floats(),
        )
    ),
)


class Twins(RuleBasedStateMachine):
    """Two stores that are asked the same."""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "journal.db"
        self.medium = Medium()
        self.open()

    def open(self) -> None:
        self.sqlite = SqliteStore(self.path, ballast_bytes=0)
        self.memory = MemoryStore(self.medium)
        self.sqlite_reader, self.memory_reader = (
            SqliteReader(self.path),
            self.memory.reader(),
        )
        assert self.sqlite.epoch == self.memory.epoch

    @rule(
        group=st.lists(appends | records | places | doubts | attends, max_size=6),
        now=INSTANTS,
    )
    def commit(self, group: list[Request], now: Instant) -> None:
        # Nobody writes in an epoch that no opening has given.
        given = self.memory.epoch
        asked = [
            msgspec.structs.replace(one, epoch=given)
            if isinstance(one, Append) and one.epoch > given
            else one
            for one in group
        ]
        answers = list(self.sqlite.commit(asked, now))
        assert answers == list(self.memory.commit(asked, now))
        self.sqlite.tidy()

    @rule(stream=STREAMS, data=st.data())
    def append_in_order(self, stream: str, data: st.DataObject) -> None:
        head = self.memory_reader.head(stream)
        request = data.draw(appends)
        self.commit(
            [
                Append(
                    stream=stream,
                    expected_seq=0 if head is None else head.seq,
                    epoch=self.memory.epoch,
                    command_id=request.command_id,
                    events=request.events,
                    head=request.head,
                    plans=request.plans,
                    changes=request.changes,
                    withdraws=request.withdraws,
                    takes=request.takes,
                    codes=request.codes,
                    records=request.records,
                )
            ],
            Instant(5),
        )

    @rule()
    def reopen(self) -> None:
        self.sqlite_reader.close()
        self.sqlite.close()
        self.open()

    @invariant()
    def look_the_same(self) -> None:
        if hasattr(self, "sqlite"):
            assert seen(self.sqlite_reader) == seen(self.memory_reader)
            assert self.sqlite.position == self.memory.position

    def teardown(self) -> None:
        if hasattr(self, "sqlite"):
            rows = self.sqlite_reader.after(0, 10_000)
            verdict = verify(rows, self.sqlite_reader.kept())
            assert verdict.bad is None
            assert verdict == verify(rows, self.memory_reader.kept())
            assert self.sqlite_reader.page_faults() == ()
            self.sqlite_reader.close()
            self.sqlite.close()
            self.folder.cleanup()


def seen(reader: JournalReader) -> dict[str, object]:
    """Return all that a reader can answer."""
    return {
        "rows": list(reader.after(0, 10_000)),
        "stream": list(reader.stream("alarm/a", 1)),
        "began": reader.began("alarm/"),
        "told": reader.told(""),
        "position": reader.position(),
        "last_at": reader.last_at(),
        "heads": list(reader.heads("", open_only=False)),
        "open": list(reader.heads("alarm/", open_only=True)),
        "high": list(reader.heads("\U0010ffff", open_only=False)),
        "effects": list(reader.effects(frozenset(EffectState))),
        "planned": list(reader.effects(frozenset({EffectState.PLANNED}), "alarm/a")),
        "effect": reader.effect(EffectId("e1")),
        "code": reader.code("K7F2"),
        "codes": list(reader.codes_of(PersonId("heron"))),
        "places": list(reader.places()),
        "doubts": list(reader.doubts()),
        "attendance": list(reader.attendance()),
        "inbound": list(reader.inbound(untaken_only=False)),
        "untaken": list(reader.inbound(untaken_only=True)),
    }


Twins.TestCase.settings = settings(
    max_examples=40, stateful_step_count=12, deadline=None
)
TestTwins = Twins.TestCase
