"""A console without an engine: rows in memory, alarms decided by the real rules."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import structs
from sse_starlette import ServerSentEvent
from starlette.testclient import TestClient

from engine.alarm.codec import replay
from engine.alarm.commands import (
    AlarmCommand,
    Raise,
    Recipient,
    Settle,
    TakeReply,
    Tick,
)
from engine.alarm.decide import consider, lookups
from engine.alarm.messages import Answered, Done
from engine.alarm.rows import append_of
from engine.alarm.state import (
    Alarm,
    Kind,
    KnownPlace,
    PlaceSource,
    Press,
    ReplyKind,
    stream_of,
)
from engine.console.control import control_app
from engine.console.desk import ConsoleDesk
from engine.console.observe import observe_app
from engine.console.pages import console_app
from engine.console.parts import WebParts
from engine.console.stream import follow
from engine.descriptors import Needs, shared_out
from engine.health import Health
from engine.intake.drills import Drills
from engine.intake.gateway.listener_watch import ListenerWatch, Listening
from engine.intake.judge import ALIAS_OF_A_STRANGER
from engine.intake.orders.actor import Give
from engine.intake.shouter.actor import Unrecorded
from engine.intake.vigil.attendance import Attendance
from engine.journal.memory import MemoryReader, MemoryStore
from engine.journal.moved import OpenedFile
from engine.journal.sqlite import JOURNAL_FILE
from engine.metrics import Metrics
from engine.ports.journal import Answer, Appended, EffectState, Request, Unknown
from engine.probe.actor import Readiness
from engine.protocol.model import ActionProtocol, Audience
from engine.protocol.registry import load_registry
from engine.roster.board import Board
from engine.roster.sample import sample_roster
from engine.values import (
    AlarmId,
    CommandId,
    EffectId,
    OperatorId,
    PersonId,
    ReportKey,
    Signal,
)
from tests.fakes import ManualClock

ALDER = OperatorId("alder")
LAT_DEG, LON_DEG = 41.31151, 69.27974
SECRETS = ("Lapwing", "lapwing", "+998555000111", "41.31151", "69.27974", "Yurt Lane")
RAW = "78780d0112345678"
REGISTRY = load_registry(None, "standard")
ROSTER = sample_roster()
NEEDS = Needs(listeners=3, modems=0, lanes=0, devices=0)
COLLEAGUE = Recipient(
    person="lapwing",
    alias="Lapwing",
    language="en",
    sign="Lantern",
    addresses=(("sms", "+998555000111"),),
    code="K7F2",
    distance_m=34_012.0,
)


@dataclass(kw_only=True)
class Hq:
    """A desk with its surroundings; `command` is what an alarm's actor would do."""

    state: Path
    clock: ManualClock = field(default_factory=ManualClock)
    store: MemoryStore = field(default_factory=MemoryStore)
    is_away: bool = False
    keeps_waiting: bool = False
    """Whether the journal answers nobody who does not block for it."""
    is_full: bool = False
    is_damaged: bool = False
    """Why the journal takes nothing."""
    public_language: str = "en"

    def __post_init__(self) -> None:
        self.late: list[tuple[Answer, Callable[[Answer], None]]] = []
        self.metrics = Metrics({"channel": ["sms"]})
        self.health = Health(self.metrics)
        self.unrecorded = Unrecorded(lambda _: True, lambda: ROSTER)
        self.readiness = Readiness(self.clock.boottime_s)
        self.readiness.back()
        self.given: list[Give] = []
        self.refusal: str | None = None
        self.attendance, self.drills = Attendance(self.clock.now()), Drills()
        self.desk = ConsoleDesk(self.parts())

    def parts(self) -> WebParts:
        closed = socket.socket()
        closed.close()
        return WebParts(
            console=closed,
            metrics_socket=closed,
            control=closed,
            state=self.state,
            clock=self.clock,
            journal=self,
            journal_file=OpenedFile(self.state / JOURNAL_FILE),
            readers=self,
            board=Board(ROSTER, (), clock=self.clock, telemetry=self.metrics),
            registry=lambda: REGISTRY,
            command=self.command,
            metrics=self.metrics,
            health=self.health,
            readiness=self.readiness,
            unrecorded=self.unrecorded,
            attendance=self.attendance,
            drills=self.drills,
            give=self.give,
            listening=Listening(
                watch=ListenerWatch(
                    self.health,
                    self.clock,
                    self.unrecorded.say,
                    self.unrecorded.recorded,
                ),
                shares=lambda: shared_out(4_096, NEEDS),
            ),
            is_heard=lambda name: name != "watch",
            public_language=lambda: self.public_language,
        )

    def give(self, order: Give) -> bool:
        self.given.append(order)
        order.answered(self.refusal)
        return True

    def restart(self) -> "Hq":
        """Return the console of another process on the same state and journal."""
        self.desk._checker.shutdown(wait=True)
        return Hq(state=self.state, clock=self.clock, store=self.store)

    # the journal ---------------------------------------------------------------

    @property
    def epoch(self) -> int:
        return self.store.epoch

    def submit(self, request: Request, reply: Callable[[Answer], None]) -> None:
        if self.is_full or self.is_damaged:
            reply(Unknown(reason="", is_full=self.is_full, is_damaged=self.is_damaged))
            return
        answer = self.store.commit([request], self.clock.now())[0]
        if self.keeps_waiting:
            self.late.append((answer, reply))
        else:
            reply(answer)

    def answer_late(self) -> None:
        """Have the journal give the answers that it owes."""
        self.keeps_waiting = False
        for answer, reply in self.late:
            reply(answer)

    def submit_all(
        self, parts: Sequence[tuple[Request, Callable[[Answer], None]]]
    ) -> None:
        for request, reply in parts:
            self.submit(request, reply)

    def ask_all(
        self, requests: Sequence[Request], timeout_s: float
    ) -> Sequence[Answer]:
        return [self.ask(request, timeout_s) for request in requests]

    def ask(self, request: Request, timeout_s: float) -> Answer:
        del timeout_s
        return self.store.commit([request], self.clock.now())[0]

    @contextmanager
    def reader(self) -> Iterator[MemoryReader]:
        yield self.store.reader()

    # the alarms ----------------------------------------------------------------

    def command(
        self, alarm_id: AlarmId, command: AlarmCommand, answered: Answered
    ) -> bool:
        if self.is_away:
            return False
        if self.is_full or self.is_damaged:
            full, damaged = self.is_full, self.is_damaged
            answered(Done(failed=True, is_full=full, is_damaged=damaged))
            return True
        answered(self.do(alarm_id, command))
        return True

    def do(self, alarm_id: AlarmId, command: AlarmCommand) -> Done:
        now, before = self.clock.now(), self.alarm(alarm_id)
        colleague = structs.replace(COLLEAGUE, code=f"K{self.store.position}")
        found = {
            (one.step, one.round): (colleague,)
            if one.audience is Audience.NEAREST and one.round == 1
            else ()
            for one in lookups(alarm_id, before, command, {}, now)
        }
        decided = consider(alarm_id, before, command, found, now)
        events, after = decided.events, decided.alarm
        if not events:
            return Done(alarm=before)
        assert after is not None
        key, due = command.command_id, decided.due
        append = append_of(before, after, events, key, self.epoch, due)
        answer = self.store.commit([append], now)[0]
        assert isinstance(answer, Appended), answer
        if answer.repeated:
            return Done(alarm=before)
        return Done(events=events, alarm=after)

    def alarm(self, alarm_id: AlarmId) -> Alarm | None:
        with self.reader() as reader:
            return replay(alarm_id, None, reader.stream(stream_of(alarm_id)))

    def press(
        self,
        alarm: str = "a1",
        *,
        alias: str = "Heron",
        kind: Kind = Kind.REAL,
        consented: bool = True,
        undecodable: bool = False,
        place_doubtful: bool = False,
        protocol: str | ActionProtocol | None = None,
        readings: tuple[tuple[str, str], ...] = (),
        text: str = "",
    ) -> AlarmId:
        """Raise an alarm, or press again."""
        now = self.clock.now()
        key = ReportKey(f"{alarm}/{self.store.position}")
        press = Press(
            key=key,
            at=now,
            wire_protocol="gt06",
            signals=() if undecodable else (Signal.SOS,),
            undecodable=undecodable,
            place_doubtful=place_doubtful,
            battery_ratio=0.42 if readings else None,
            readings=readings,
            raw=RAW,
            text=text,
        )
        place = KnownPlace(
            source=PlaceSource.DEVICE,
            lat_deg=LAT_DEG,
            lon_deg=LON_DEG,
            accuracy_m=20.0,
            at=now,
            name="Yurt Lane",
        )
        command = Raise(
            command_id=CommandId(f"raise/{key}"),
            kind=kind,
            subject=alias.lower(),
            defender=(
                None if alias == ALIAS_OF_A_STRANGER else PersonId(alias.lower())
            ),
            alias=alias,
            country="UZ",
            consented=consented,
            protocol=protocol
            if isinstance(protocol, ActionProtocol)
            else REGISTRY.of(protocol),
            press=press,
            place=place,
        )
        self.do(AlarmId(alarm), command)
        self.do(AlarmId(alarm), Tick(command_id=CommandId(f"tick/{key}")))
        return AlarmId(alarm)

    def reply(
        self,
        alarm: AlarmId,
        reply: ReplyKind = ReplyKind.COMING,
        *,
        text: str = "",
    ) -> None:
        """Let the colleague answer."""
        command = TakeReply(
            command_id=CommandId(f"reply/{self.store.position}"),
            person="lapwing",
            reply=reply,
            authentic=True,
            channel="sms",
            text=text,
        )
        self.do(alarm, command)

    def settle(
        self, alarm: AlarmId, state: EffectState, reason: str = "", of: str = ""
    ) -> None:
        """Let the colleague's SMS come to something."""
        found = self.alarm(alarm)
        assert found is not None
        theirs = (key for key in found.effects if "lapwing" in key)
        effect = next(key for key in theirs if of in key)
        command = Settle(
            command_id=CommandId(f"{effect}/{state}"),
            effect=EffectId(effect),
            state=state,
            attempt=1,
            route="modem-1",
            reason=reason,
        )
        self.do(alarm, command)

    def enrol(self, operator: str = "alder") -> str:
        """Add an operator; return the password."""
        first = self.desk.operators.add(OperatorId(operator))
        return first.path.read_text().strip()

    def token(self, operator: str = "alder") -> str:
        """Open a session without asking for a password."""
        token, _ = self.desk.sessions.open(OperatorId(operator), self.desk.now_s())
        return token


@dataclass(kw_only=True)
class At:
    """A browser at the console, signed in as an operator."""

    client: TestClient
    csrf: str = ""
    clicks: int = 0

    def act(
        self, alarm: str, name: str, click: str = "", **fields: str
    ) -> dict[str, object]:
        """Do an act; return what the console says."""
        self.clicks += 1
        answer = self.client.post(
            f"/alarms/{alarm}/{name}",
            data={"csrf": self.csrf, "id": click or f"c{self.clicks}", **fields},
            headers={"accept": "application/json"},
        )
        return {"status": answer.status_code, **answer.json()}


def kinds(hq: Hq, stream: str) -> list[str]:
    with hq.reader() as reader:
        return [row.kind for row in reader.stream(stream)]


@contextmanager
def browser(hq: Hq, operator: str | None = "alder") -> Iterator[At]:
    """Open a browser; `None` is not signed in."""
    with TestClient(console_app(hq.desk), follow_redirects=False) as client:
        if operator is None:
            yield At(client=client)
            return
        token, session = hq.desk.sessions.open(OperatorId(operator), hq.desk.now_s())
        client.cookies.set("natalia_session", token)
        yield At(client=client, csrf=session.csrf)


def say_safe(hq: Hq, alarm: AlarmId, *operators: str) -> None:
    """Have operators who have signed in say it: an all-clear takes two voices."""
    for operator in operators:
        with browser(hq, operator) as at:
            assert at.act(alarm, "safe")["done"]


@contextmanager
def control(hq: Hq) -> Iterator[TestClient]:
    """Talk to the control socket's application."""
    with TestClient(control_app(hq.desk)) as client:
        yield client


@contextmanager
def observed(hq: Hq) -> Iterator[TestClient]:
    """Ask the metrics' port."""
    with TestClient(observe_app(hq.desk.parts)) as client:
        yield client


async def events(
    hq: Hq, position: int, token: str, wanted: int
) -> list[ServerSentEvent]:
    """Read so many events of a stream, then leave."""
    found: list[ServerSentEvent] = []
    stream: AsyncIterator[ServerSentEvent] = follow(hq.desk, token, position)
    async with asyncio.timeout(5):
        async for event in stream:
            found.append(event)
            if len(found) == wanted:
                break
    await stream.aclose()  # type: ignore[attr-defined]
    return found
