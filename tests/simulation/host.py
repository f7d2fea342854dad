"""A machine on which the engine runs: starts the production tree, again and again."""

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pykka

from engine.alarm.commands import Raise
from engine.alarm.desk import Desk, HqEntry, Offices
from engine.alarm.state import Alarm
from engine.app import Adapters, Current, Engine, InForce, Parts, recorded_by
from engine.clock import SystemClock
from engine.console.actor import Web
from engine.console.parts import CommitBell
from engine.health import Health
from engine.intake.actor import SOURCE_DEVICE
from engine.intake.assess import Outcome
from engine.intake.gateway.actor import LOOK, Gateway
from engine.intake.gateway.door import Door
from engine.intake.judge import Judge
from engine.intake.orders.actor import Reached
from engine.intake.orders.lines import Lines
from engine.intake.reports import decode_report
from engine.intake.shouter.actor import Unrecorded
from engine.intake.shouter.memory_case import Message
from engine.intake.shouter.memory_cases import MemoryCases
from engine.intake.shouter.unhandled import Unhandled
from engine.intake.vigil.attendance import Attendance
from engine.journal.actor import Return
from engine.journal.handle import Journal
from engine.journal.lost import LostStore
from engine.journal.memory import MemoryReader
from engine.journal.rules import records_of
from engine.ports.device import DeviceReport
from engine.ports.journal import Record, Request
from engine.probe.actor import Readiness
from engine.protocol.registry import Registry
from engine.roster.board import Board
from engine.roster.model import Roster
from engine.supervision.actor import SupervisedActor
from engine.supervision.failure import Failure
from engine.supervision.link import Link
from engine.supervision.names import Names
from engine.supervision.tree import Tree
from engine.values import DeviceId, Instant, PersonId, ReportKey
from tests.simulation.cast import registry, roster
from tests.simulation.disk import Disk, Lender, SimStore
from tests.simulation.farends import Network, SimChannel
from tests.simulation.invariants import Watching
from tests.simulation.looks import LANES, ROUTES, finders, may_rest
from tests.simulation.modem import SimModem
from tests.simulation.runtime import CHECK_INS, ORDERS, Life, World
from tests.simulation.watchers import Comparing, WatchingTelemetry
from tests.simulation.wire import WIRE

if TYPE_CHECKING:
    from engine.ports.channel import AnyChannel
    from engine.supervision.child import Spawn

EXPECTED = frozenset(
    ("journal", "timers", "alarms", "dispatcher", "intake", "gateway", *ROUTES)
)
SETTLES_S = 3.0
HQ = (("email", "duty@hq.example"), ("webhook", "hq"))
MISTAKEN = HqEntry(channel="mastodon", address="@hq")
"""A place of HQ's where the world reads: one step of `protocols/stairs.toml` has it."""
OFFICES = Offices(
    hq=(*(HqEntry(channel=c, address=a) for c, a in HQ), MISTAKEN),
    public=(HqEntry(channel="mastodon", address="public"),),
)
FLOODED = 0.2
HEARD_LATER = 0.05
"""So many presses come as if hundreds waited with them: HQ is told of them first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a device has sent; `reports` are made when it is read."""

    reports: Callable[[Instant], Sequence[DeviceReport]]
    answer: Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class Durable:
    """Something became durable: answer whom it was for."""


class SimGateway(SupervisedActor[Frame | Durable]):
    """The gateway without its sockets: one thread's worth of the same door."""

    bound: ClassVar[int] = 10_000

    def __init__(self, *, link: Link, door: Door, **_: object) -> None:
        super().__init__(link=link)
        self._door = door

    def started(self) -> None:
        """Let the door wake us."""
        self._door.wake = self._wake
        self.woke()

    def woke(self) -> None:
        """Look what waits for the disk, as the gateway does."""
        self._door.look()
        self.wake_at(self.clock.now().plus(LOOK))

    def handle(self, message: Frame | Durable) -> None:
        """Let reports in, or answer what is durable."""
        if isinstance(message, Frame):
            self._door.let_in(message.reports(self.clock.now()), message.answer)
        else:
            self._door.answer_done()

    def _wake(self) -> None:
        with suppress(pykka.ActorDeadError):
            self.actor_ref.tell(Durable())


class SimWeb(SupervisedActor[None]):
    """Stands where the console's sockets are: operators tell the directory."""

    def __init__(self, *, link: Link, **_: object) -> None:
        super().__init__(link=link)

    def handle(self, message: None) -> None:
        """Take nothing."""


STAND_INS: dict[type[Any], type[Any]] = {Gateway: SimGateway, Web: SimWeb}


PROBED_S = 10.0
"""The probe goes through the journal more often than this."""


class SimClock(SystemClock):
    """The engine's own clock; only its sleep is the world's."""

    def __init__(self, last_row: Instant | None, life: Life) -> None:
        world = life.world
        super().__init__(last_row, wall_ns=world.wall_ns, boot_ns=world.boot_ns)
        self._life = life

    def sleep(self, seconds: float) -> None:
        """Park the caller."""
        self._life.sleep(seconds)


class _Status:
    """Notes when an actor failed: until it is up again nobody idles."""

    def __init__(self, host: "Host") -> None:
        self._host = host

    def failed(self, child: str, failure: Failure) -> None:
        """Take note."""
        self._host.unsettled_until_s = self._host.world.boottime_s() + 60
        self._host.failures[f"{child}: {failure.kind}"] = (
            self._host.failures.get(f"{child}: {failure.kind}", 0) + 1
        )

    def restarted(self, child: str) -> None:
        """Take note: it looks round once."""
        del child
        self._host.unsettled_until_s = self._host.world.boottime_s() + SETTLES_S

    def down(self, child: str, *, is_down: bool) -> None:
        """Take note: it is retried slowly."""
        del child
        if is_down:
            self._host.unsettled_until_s = self._host.world.boottime_s() + 120


class Host:
    """Starts and kills engines on one disk; what a service manager and a plug do."""

    def __init__(
        self, world: World, disk: Disk, network: Network, watching: Watching
    ) -> None:
        self.world, self.disk, self.network = world, disk, network
        self.watching = watching
        self.unsettled_until_s = 0.0
        self.failures: dict[str, int] = {}
        self.life = Life(world)
        self.life.dead = True
        self.engine: Engine | None = None
        self.names = Names()
        self.unrecorded = _unrecorded(self.names, roster)
        self.clock: SimClock | None = None
        self.judge: Judge | None = None
        self.store: SimStore | None = None
        self.roster, self.registry = roster(), registry()
        """What the next start reads; a roster that is imported counts at once."""
        self.waited_for: set[PersonId] = set()
        """Whose device has agreed to be heard, and no case knows yet that it is not."""
        self.orders_wait = False
        """Whether something is asked of a device."""
        self.lines = Lines(self._reached)
        self._board: Board | None = None
        self.up_since_s = 0.0
        self._codes = world.fork("codes")
        self._floods, self._news = world.fork("floods"), world.fork("news")
        world.idle = self._is_idle
        world.keeps_time = self._keeps_time

    def boot(self) -> None:
        """Start a process."""
        self.life = life = Life(self.world)
        self.names = names = Names()
        self.store, self.lines = SimStore(self.disk, life), Lines(self._reached)
        self._catch_up()
        reader = MemoryReader(self.disk.medium)
        last_at = reader.last_at()
        self.clock = clock = SimClock(last_at, life)
        attendance = Attendance(last_at or clock.now(), reader.attendance())
        telemetry = WatchingTelemetry(self.watching)
        health = Health(telemetry)
        self._board = board = self._board_by(reader, clock, telemetry)
        self.unrecorded = unrecorded = _unrecorded(names, board.roster)
        unrecorded.hears = self._hears
        refused, judge = unrecorded.refused, Judge(board=board, registry=self._registry)
        journal = Journal(lambda: names.lookup("journal"), self.store, refused)
        self.judge = judge
        door = Door(
            judge=judge,
            journal=journal,
            clock=clock,
            telemetry=telemetry,
            hint=lambda heard: names.tell("intake", heard),
            recorded=unrecorded.recorded,
            not_recorded=refused,
            attendance=attendance,
        )
        tree = Tree(
            clock=clock,
            chance=life.chance,
            spawn=cast("Spawn", self._spawn),
            names=names,
            status=_Status(self),
            on_quarantine=self._quarantined,
        )
        desk, returned = self._desk(board), threading.Event()
        cases = self._cases(desk, last_at)
        self.engine = Engine(
            Parts(
                in_force=self._in_force(life),
                cases=cases,
                come_back=Return(
                    debts=cases,
                    reopen=lambda: SimStore(self.disk, life),
                    lose=lambda why: LostStore(Path("journal.db"), why),
                    returned=returned.set,
                ),
                returned=returned,
                store=self.store,
                journal=journal,
                readers=Lender(self.disk),
                telemetry=telemetry,
                health=health,
                readiness=Readiness(clock.boottime_s),
                judge=judge,
                desk=desk,
                measures=Comparing(self.watching, telemetry, clock),
                door=door,
                attendance=attendance,
                lines=self.lines,
                unrecorded=unrecorded,
                web=cast("Any", SimpleNamespace(bell=CommitBell(), listening=None)),
                tree=tree,
                jump_s=clock.jump_s,
            )
        )
        self.up_since_s = self.unsettled_until_s = self.world.boottime_s()

    def _hears(self, record: Record) -> None:
        """Have the watcher hear as well of each press that is not recorded."""
        report, judge = decode_report(record.body), self.judge
        if record.source == SOURCE_DEVICE and report is not None and judge is not None:
            judged = judge.judge(report)
            if judged.assessment.outcome is Outcome.ALARM and judged.person:
                now_s = self.life.boottime_s()
                self.watching.from_memory.refused(self.life, record.key, now_s)

    def _cases(self, desk: Desk, last_at: Instant | None) -> MemoryCases:
        """Begin what is told from memory; whom, the watcher hears as well."""
        memory, life, clock = self.watching.from_memory, self.life, self.clock
        told = recorded_by(self.names, self.unrecorded)
        assert clock is not None

        def recorded(alarm: Alarm, keys: Iterable[ReportKey]) -> None:
            memory.recorded.add(alarm.id)
            told(alarm, keys)

        class Cases(MemoryCases):
            def begin(
                self, command: Raise, records: tuple[Record, ...]
            ) -> Sequence[Message]:
                messages = super().begin(command, records)
                memory.begun(life, command, messages)
                return messages

        return Cases(
            desk=desk,
            clock=clock,
            recorded=recorded,
            has_predecessor=last_at is not None,
            codes=lambda _, count: desk.codes(count),
        )

    def _board_by(
        self, reader: MemoryReader, clock: SimClock, telemetry: WatchingTelemetry
    ) -> Board:
        places = [(place.person, place.fix) for place in reader.places()]
        doubts = reader.doubts()
        return Board(self.roster, places, doubts, clock=clock, telemetry=telemetry)

    def put_in_force(self, new: Roster) -> None:
        """Import a roster: whoever runs goes by it, and whoever starts next."""
        self.watching.retired.replaced(self.roster, new, self.world.boottime_s())
        self.roster = new
        if self._board is not None and not self.life.dead:
            self._board.replace(new)

    def wait_for(self, who: PersonId) -> None:
        """Have the vigil look as often as it does until a case knows of a silence."""
        self.waited_for.add(who)
        # Else it is not called back to what it leaves out while all idle.
        self.unsettled_until_s = max(
            self.unsettled_until_s, self.world.boottime_s() + SETTLES_S
        )

    def _keeps_time(self, actor: str) -> bool:
        if actor == ORDERS:
            return self.orders_wait
        return bool(self.disk.timers if actor == CHECK_INS else self.waited_for)

    def _reached(self, device: DeviceId) -> None:
        self.names.tell("orders", Reached(device=device))

    def _registry(self) -> Registry:
        return self.registry

    def _catch_up(self) -> None:
        """Have the disk know how late it is, as the probe's round trips tell it.

        They are among the looks that are left out while all idle.
        """
        medium, world = self.disk.medium, self.world
        if self.clock is not None and medium.at is not None:
            behind_s = world.boottime_s() - world.left_out_s + PROBED_S
            known = self.clock.now().plus(timedelta(seconds=-behind_s))
            medium.at = max(medium.at, known)

    def kill(self) -> None:
        """`kill -9`."""
        self.life.kill()
        self.engine = None
        self.names = Names()

    @property
    def is_over(self) -> bool:
        """Whether the process has ended, or will not act again."""
        engine = self.engine
        is_ended = engine is not None and engine.is_over
        return self.life.doomed or is_ended

    def _spawn(self, actor: type[Any], /, **arguments: object) -> object:
        return self.life.spawn(STAND_INS.get(actor, actor), **arguments)

    def _in_force(self, life: Life) -> Current:
        adapters = self._adapters(life)
        return Current(
            InForce(registry=self.registry, offices=OFFICES, adapters=adapters)
        )

    def _adapters(self, life: Life) -> Adapters:
        network = self.network
        return Adapters(
            channels={
                lane: cast(
                    "AnyChannel",
                    SimChannel(network, network.servers[name], life, lane),
                )
                for name, lanes in LANES.items()
                for lane in lanes
            },
            modems={
                name: SimModem(network, hardware, life)
                for name, hardware in network.hardware.items()
            },
            streams={WIRE.name: (cast("Any", WIRE), cast("Any", None))},
            https={},
        )

    def _desk(self, board: Board) -> Desk:
        return Desk(
            board=board,
            codes=lambda count: [self._code() for _ in range(count)],
            offices=lambda: OFFICES,
            is_flooded=lambda: self._floods.random() < FLOODED,
            was_flooded=lambda: self._news.random() < HEARD_LATER,
        )

    def _code(self) -> str:
        while True:
            letter = self._codes.choice("ABCDEFGHJKMNPQRTUVWXY")
            tail = "".join(self._codes.choice("2346789") for _ in range(3))
            if letter + tail not in self.disk.medium.codes:
                return letter + tail

    def _quarantined(self, child: str, message: object) -> None:
        del child
        command = getattr(message, "command", None)
        if command is not None and type(command).__name__ == "Raise":
            self.unrecorded.say(Unhandled(command=command))

    def _is_idle(self) -> bool:
        """Say whether a look at rows and ports would find nothing to do."""
        # Asked at every other step of the world.
        self.world.alone = ()
        if self.life.dead:
            return True
        now_s = self.world.boottime_s()
        if now_s < self.unsettled_until_s or now_s < self.up_since_s + SETTLES_S:
            return False
        if not self.names._refs.keys() >= EXPECTED or not may_rest(self.network, now_s):
            return False
        self.world.alone = finders(self.disk, self.network, now_s)
        return not self.world.alone


class SimUnrecorded(Unrecorded):
    """The engine's own; `hears` is told of each signal that is not recorded."""

    hears: Callable[[Record], None] = staticmethod(lambda _: None)

    def refused(self, requests: Sequence[Request]) -> None:
        """Take what the journal could not make durable."""
        for record in chain.from_iterable(map(records_of, requests)):
            self.hears(record)
        super().refused(requests)


def _unrecorded(names: Names, roster: Callable[[], Roster]) -> SimUnrecorded:
    return SimUnrecorded(lambda hint: names.tell("shouter", hint), roster)
