"""A journal in memory that answers at once, or not at all, as a test says."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from msgspec import structs

from engine.dispatch.body import EffectBody, PublicBody, encode_body
from engine.errors import JournalError
from engine.journal.memory import Medium, MemoryStore
from engine.ports.clock import Clock
from engine.ports.journal import (
    Answer,
    Append,
    Appended,
    EffectClass,
    EffectRow,
    EffectState,
    Head,
    JournalReader,
    NewEvent,
    Reply,
    Request,
    Unknown,
)
from engine.protocol.texts import Segment
from engine.values import CommandId, EffectId, PublicText
from tests.fakes import START

SILENT, LOST, FULL, LATE = "silent", "lost", "full", "late"
DAMAGED = "damaged"


class Ledger:
    """`fault` says, for each request, what goes wrong.

    `SILENT`: nothing is written and no answer comes; `LOST`: written, and no answer
    comes; `FULL`: the disk is full; `DAMAGED`: a page cannot be read; `LATE`: no answer
    comes, and it is written once the test says `land`, or before the next request that
    is answered. So many reads fail as `read_errors` says.
    """

    def __init__(self, clock: Clock, medium: Medium | None = None) -> None:
        self.clock = clock
        self.store = MemoryStore(medium)
        self.asked: list[Request] = []
        self._under_way: list[Request] = []
        self.fault: Callable[[Request], str] = lambda _: ""
        self.read_errors = 0
        self.takes_s = 0.0
        """How long those who ask at once wait for their answers, however long it is."""

    @property
    def epoch(self) -> int:
        return self.store.epoch

    def submit(self, request: Request, reply: Reply) -> None:
        reply(self.ask(request, 1.0))

    def submit_all(self, parts: Sequence[tuple[Request, Reply]]) -> None:
        for request, reply in parts:
            self.submit(request, reply)

    def ask_all(
        self, requests: Sequence[Request], timeout_s: float
    ) -> Sequence[Answer]:
        if self.takes_s:
            self.clock.sleep(self.takes_s)
        return [self._answer(request, timeout_s) for request in requests]

    def ask(self, request: Request, timeout_s: float) -> Answer:
        (answer,) = self.ask_all((request,), timeout_s)
        return answer

    def _answer(self, request: Request, timeout_s: float) -> Answer:
        self.asked.append(request)
        fault = self.fault(request)
        if fault == FULL:
            return Unknown(reason="full", is_full=True)
        if fault == DAMAGED:
            return Unknown(reason="damaged", is_damaged=True)
        if fault == LATE:
            self._under_way.append(request)
        if fault in {SILENT, LATE}:
            return Unknown(reason=f"no answer within {timeout_s} s")
        self.land()
        (answer,) = self.store.commit((request,), self.clock.now())
        return Unknown(reason="no answer") if fault == LOST else answer

    @contextmanager
    def reader(self) -> Iterator[JournalReader]:
        if self.read_errors:
            self.read_errors -= 1
            message = "the disk does not read"
            raise JournalError(message)
        reader = self.store.reader()
        yield reader
        reader.close()

    # for tests ---------------------------------------------------------------

    def land(self) -> None:
        """Write what nobody had an answer to, in the order in which it was asked."""
        self.store.commit(self._under_way, self.clock.now())
        self._under_way = []

    def plan(self, *rows: EffectRow) -> None:
        """Make effects durable, as an alarm's decision does."""
        for row in rows:
            append = Append(
                stream=row.alarm,
                expected_seq=len(self.store.reader().stream(row.alarm)),
                epoch=self.epoch,
                command_id=CommandId(f"plan/{row.effect_id}"),
                events=(NewEvent(kind="Planned", body=b"{}"),),
                head=Head(status="raised", is_open=True),
                plans=(row,),
            )
            (answer,) = self.store.commit((append,), self.clock.now())
            assert isinstance(answer, Appended)

    def state(self, effect: str) -> EffectState:
        row = self.store.reader().effect(EffectId(effect))
        assert row is not None
        return row.state

    def kinds(self, effect: str) -> list[str]:
        return [row.kind for row in self.store.reader().stream(f"effect/{effect}")]


def row_of(
    effect: str = "e1",
    *,
    channel: str = "sms",
    rank: int = 10,
    planned_ms: int = START.ms,
    avoid_route: str = "",
    address: str = "+46701740605",
    repeat: int = 0,
    alarm: str = "a",
) -> EffectRow:
    """Return a planned effect."""
    body = EffectBody(
        address=address,
        language="en",
        segments=(Segment(priority=1, text="SOS"),),
        repeat=repeat,
    )
    return EffectRow(
        effect_id=EffectId(effect),
        alarm=f"alarm/{alarm}",
        effect_class=EffectClass.SAFETY,
        channel=channel,
        rank=rank,
        planned_at=type(START)(planned_ms),
        body=encode_body(body),
        avoid_route=avoid_route,
    )


def post_of(effect: str = "e1", *, channel: str = "email") -> EffectRow:
    """Return a planned effect for the world."""
    body = PublicBody(address="hq@x", language="en", said=PublicText("A defender."))
    return structs.replace(
        row_of(effect, channel=channel),
        effect_class=EffectClass.EXCLUSIVE,
        body=encode_body(body),
    )


def lives() -> None:
    """The beat of a worker that nobody has replaced."""
