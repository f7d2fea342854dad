"""The same actor and handle without threads, in virtual time, through crashes."""

from collections.abc import Sequence

from engine.journal.actor import JournalActor
from engine.journal.handle import Journal
from engine.journal.memory import Medium, MemoryStore
from engine.journal.verify import verify
from engine.ports.journal import Answer, Append, Appended, Conflict, Request, Unknown
from engine.supervision.link import Link
from engine.supervision.tree import Tree
from engine.values import CommandId, Instant
from tests.contracts.journal.requests import append
from tests.simulation.runtime import World

OWNERS = 4
APPENDS = 6


class SlowStore(MemoryStore):
    """Takes up to 10 s of virtual time for a commit: at times longer than an ask."""

    def __init__(self, medium: Medium, world: World) -> None:
        super().__init__(medium)
        self._world, self._draw = world, world.fork("disk")

    def commit(self, group: Sequence[Request], now: Instant) -> Sequence[Answer]:
        self._world.sleep(self._draw.choice([0.001, 0.02, 5.0]))
        answers = super().commit(group, now)
        self._world.sleep(self._draw.choice([0.0, 5.0]))
        return answers


class Silent:
    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...

    def gauge(self, name: str, value: float, **labels: str) -> None: ...

    def observe(self, name: str, value: float, **labels: str) -> None: ...


def own(journal: Journal, stream: str) -> None:
    """Append until the stream has all, asking again under the same command id."""
    while True:
        reader = journal.reader()
        seq = len(reader.stream(stream))
        if seq >= APPENDS:
            return
        request = Append(
            stream=stream,
            expected_seq=seq,
            epoch=journal.epoch,
            command_id=CommandId(f"{stream}/{seq}"),
            events=append().events,
            head=append().head,
        )
        match journal.ask(request, 2.0):
            case Appended() | Conflict() | Unknown():
                continue
            case answer:
                raise AssertionError(answer)


def live(seed: int, medium: Medium, until_s: float) -> str:
    """Run owners on a journal for some virtual time, then kill the world."""
    world = World(seed)
    store = SlowStore(medium, world)
    lost: list[Request] = []
    ref = world.spawn(
        JournalActor,
        link=Link(
            "journal",
            Tree(clock=world, chance=world.chance),
            changed=lambda _: None,
        ),
        store=store,
        telemetry=Silent(),
        on_not_recorded=lost.extend,
    )
    journal = Journal(lambda: ref, store, lost.extend)  # type: ignore[arg-type,return-value] # Pykka's refs are invariant
    for number in range(OWNERS):
        world.begin(lambda number=number: own(journal, f"alarm/{number}"))  # type: ignore[misc] # bound now
    world.run(until_s)
    trace = world.trace
    world.crash()
    return trace


def test_time_outs_and_crashes_neither_lose_nor_repeat_a_row() -> None:
    for seed in range(30):
        medium = Medium()
        for life, until_s in enumerate((0.05, 3.0, 9.0, 3_600.0)):
            live(seed * 10 + life, medium, until_s)

        reader = MemoryStore(medium).reader()
        rows = reader.after(0, 1_000)
        assert verify(rows, reader.kept()).bad is None
        for number in range(OWNERS):
            commands = [row.command_id for row in reader.stream(f"alarm/{number}")]
            assert commands == [f"alarm/{number}/{seq}" for seq in range(APPENDS)]


def test_one_seed_is_one_history() -> None:
    assert live(7, Medium(), 60.0) == live(7, Medium(), 60.0)
