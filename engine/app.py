"""Start-up: the only wiring. The supervision tree stands here as one literal."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import starmap

from engine.alarm.cases import standing_of
from engine.alarm.commands import AlarmCommand, Tick
from engine.alarm.desk import Desk, Offices
from engine.alarm.directory.actor import Alarms
from engine.alarm.events import AlarmEvent
from engine.alarm.measures import Measures
from engine.alarm.messages import Changed, Forward
from engine.alarm.outlets import Outlets
from engine.alarm.rows import taken_by
from engine.alarm.settling import Settling
from engine.alarm.state import Alarm
from engine.console.actor import Web
from engine.console.parts import WebParts
from engine.dispatch.abandoned import counted_in
from engine.dispatch.actor import Dispatcher, Planned, RoutesChanged, Withdrawn
from engine.dispatch.attempts import Attempts
from engine.dispatch.channel.actor import ChannelWorker
from engine.health import Health
from engine.intake.actor import Intake, SmsHeard
from engine.intake.calls import calls_minded
from engine.intake.checkins.actor import CheckIns
from engine.intake.gateway.actor import Gateway, Https, Streams, Tls
from engine.intake.gateway.certificates import CertificateWatch, Validity
from engine.intake.gateway.door import Door
from engine.intake.judge import Judge
from engine.intake.orders.actor import Orders
from engine.intake.orders.lines import Lines
from engine.intake.register.actor import Register
from engine.intake.shouter.actor import Shouter, Unkept, Unrecorded
from engine.intake.shouter.memory_cases import MemoryCases
from engine.intake.shouter.whom import Address, routes_of
from engine.intake.vigil.actor import Vigil
from engine.intake.vigil.attendance import Attendance
from engine.journal.actor import JournalActor, Return
from engine.modems.actor import CHANNELS, ModemActor
from engine.modems.inbound import Ears, Inbound
from engine.modems.loopback import SelfTest
from engine.ports.channel import AnyChannel, Message, PersonalMessage
from engine.ports.device import HttpWireProtocol, WireProtocol
from engine.ports.journal import JournalAccess, JournalStore, ReaderLender
from engine.ports.measures import DegradedReason
from engine.ports.modem import ModemDriver
from engine.ports.telemetry import Telemetry
from engine.probe.actor import Probe, Readiness
from engine.protocol.registry import Registry
from engine.reload.actor import Reloader
from engine.reload.report import Report
from engine.supervision.child import ChildSpec, OnDown, Strategy
from engine.supervision.failure import Failure
from engine.supervision.names import Names
from engine.supervision.supervisor import supervisor
from engine.supervision.tree import Root, Tree
from engine.timers.actor import Arm, ArmAll, Timers
from engine.values import AlarmId, CommandId, Instant, ReportKey

STOP_WITHIN_S = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapters:
    """What the configuration names, constructed; the simulator hands in its own."""

    channels: Mapping[str, AnyChannel]
    modems: Mapping[str, ModemDriver]
    self_tests: Mapping[str, SelfTest] = field(default_factory=dict)
    streams: Streams
    https: Https
    tls: Tls = field(default_factory=dict)
    certificates: Mapping[str, Validity] = field(default_factory=dict)


def recorded_by(
    names: Names, unrecorded: Unrecorded
) -> Callable[[Alarm, Iterable[ReportKey]], None]:
    """Return who hears of a case that was begun in memory and is durable now."""

    def recorded(alarm: Alarm, keys: Iterable[ReportKey]) -> None:
        for key in keys:
            unrecorded.recorded(key)
        names.tell("alarms", Changed(now=standing_of(alarm)))
        tick = Tick(command_id=CommandId(f"from memory/{alarm.id}"))
        names.tell("alarms", Forward(alarm_id=alarm.id, command=tick))

    return recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What a reload replaces, all of it at once.

    Nobody keeps any of it: each asks for it when it is needed. A running case has its
    own action protocol in its rows.
    """

    registry: Registry
    offices: Offices
    adapters: Adapters


class Current:
    """Holds what is in force; any thread reads it, the reloader's replaces it."""

    def __init__(self, value: InForce) -> None:
        """Hold what the engine starts with."""
        self._value = value

    def __call__(self) -> InForce:
        """Return what is in force now."""
        return self._value

    def replace(self, value: InForce) -> None:
        """Put another in force."""
        self._value = value


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that the tree's literal speaks of."""

    in_force: Callable[[], InForce]
    store: JournalStore
    journal: JournalAccess
    readers: ReaderLender
    telemetry: Telemetry
    health: Health
    readiness: Readiness
    judge: Judge
    desk: Desk
    measures: Measures
    door: Door
    attendance: Attendance
    lines: Lines
    unrecorded: Unrecorded
    cases: MemoryCases
    web: WebParts
    tree: Tree
    jump_s: Callable[[], float]  # how far the wall clock has drifted
    come_back: Return
    returned: threading.Event = field(default_factory=threading.Event)
    reload: Callable[[], Report] | None = None  # None: nothing to read again
    forget: Callable[[str], None] = lambda _: None  # a route that has left for good


def tree_of(parts: Parts) -> ChildSpec:
    """Return the supervision tree: started in this order, stopped in reverse.

    Under rest_for_one whoever stands below a child is restarted with it, since it
    may rely on what that child had in memory.
    """
    p, adapters, left = parts, parts.in_force().adapters, partial(_left, parts)
    shared = {"journal": p.journal, "readers": p.readers}
    tells = partial(p.health.teller, component="journal")
    return supervisor(
        "engine",
        Strategy.REST_FOR_ONE,
        [
            ChildSpec(
                name="journal",
                actor=JournalActor,
                arguments={
                    "store": p.store,
                    "telemetry": p.telemetry,
                    "on_not_recorded": p.unrecorded.refused,
                    "listeners": (p.door.committed, p.web.bell.committed),
                    "lacks_reserve": tells(DegradedReason.NO_RESERVE),
                    "is_damaged": tells(DegradedReason.JOURNAL_DAMAGED),
                    "is_unread": tells(DegradedReason.JOURNAL_UNREAD),
                    "come_back": p.come_back,
                },
                intensity=0,
                heartbeat_s=60.0,
            ),
            ChildSpec(
                name="timers",
                actor=Timers,
                arguments={"lagged": partial(p.telemetry.observe, "timer_lag_seconds")},
            ),
            ChildSpec(
                name="alarms",
                actor=Alarms,
                arguments={**shared, "desk": p.desk, "outlets": outlets_of(p)},
            ),
            ChildSpec(
                name="dispatcher",
                actor=Dispatcher,
                arguments={
                    **shared,
                    "telemetry": p.telemetry,
                    "health": p.health,
                    "settled": _settling(p, "dispatcher"),
                    "channels": partial(_all_channels, p),
                },
            ),
            ChildSpec(
                name="intake",
                actor=Intake,
                arguments={
                    "judge": p.judge,
                    "readers": p.readers,
                    "attendance": p.attendance,
                    "telemetry": p.telemetry,
                },
            ),
            ChildSpec(
                name="checkins",
                actor=CheckIns,
                arguments={**shared, "judge": p.judge, "health": p.health},
                heartbeat_s=60.0,
            ),
            ChildSpec(
                name="orders",
                actor=Orders,
                arguments={
                    **shared,
                    "judge": p.judge,
                    "lines": p.lines,
                    "wires": wires_of(adapters),
                },
                heartbeat_s=60.0,
            ),
            ChildSpec(
                name="vigil",
                actor=Vigil,
                arguments={
                    **shared,
                    "board": p.judge.board,
                    "attendance": p.attendance,
                    "telemetry": p.telemetry,
                },
            ),
            ChildSpec(
                name="register",
                actor=Register,
                arguments={"attendance": p.attendance, "journal": p.journal},
            ),
            *(
                supervisor(name, Strategy.ONE_FOR_ONE, partial(specs, p), left=left)
                for name, specs in (("modems", _modems), ("channels", _channels))
            ),
            ChildSpec(
                name="shouter",
                actor=Shouter,
                arguments={
                    "judge": p.judge,
                    "board": p.judge.board,
                    "hq": lambda: addresses_of(p.in_force().offices),
                    "routes": partial(_routes, p),
                    "unrecorded": p.unrecorded,
                    "telemetry": p.telemetry,
                    "cases": p.cases,
                },
            ),
            supervisor(
                "doors",
                Strategy.ONE_FOR_ONE,
                [
                    ChildSpec(
                        name="gateway",
                        actor=Gateway,
                        arguments={
                            "streams": adapters.streams,
                            "https": adapters.https,
                            "tls": lambda: p.in_force().adapters.tls,
                            "certificates": CertificateWatch(
                                lambda: p.in_force().adapters.certificates,
                                p.health,
                                p.telemetry,
                            ),
                            "lines": p.lines,
                            "door": p.door,
                            "telemetry": p.telemetry,
                            "listening": p.web.listening,
                        },
                        heartbeat_s=10.0,
                        shutdown_s=1.5,
                    ),
                    ChildSpec(
                        name="web",
                        actor=Web,
                        arguments={"parts": p.web},
                        heartbeat_s=10.0,
                        shutdown_s=1.5,
                        on_down=OnDown.RETRY_FOREVER,
                    ),
                ],
            ),
            ChildSpec(
                name="probe",
                actor=Probe,
                arguments={
                    "journal": p.journal,
                    "readiness": p.readiness,
                    "health": p.health,
                    "telemetry": p.telemetry,
                    "jump_s": p.jump_s,
                },
            ),
            *_reloader(p),
        ],
    )


def _reloader(p: Parts) -> list[ChildSpec]:
    """Return the actor that reloads; none where no file was read."""
    if p.reload is None:
        return []
    arguments = {"reload": p.reload}
    return [
        ChildSpec(
            name="reloader", actor=Reloader, arguments=arguments, heartbeat_s=60.0
        )
    ]


def addresses_of(offices: Offices) -> tuple[Address, ...]:
    """Return HQ's own addresses, as the shouter takes them."""
    return tuple((entry.channel, entry.address) for entry in offices.hq)


def _routes(p: Parts) -> tuple[tuple[str, str], ...]:
    adapters = p.in_force().adapters
    return routes_of(adapters.modems, adapters.channels)


def _left(p: Parts, name: str) -> None:
    """Settle what a route that is not configured any more had in hand; forget it."""
    p.tree.names.tell("dispatcher", RoutesChanged(gone=name))
    p.forget(name)


def wires_of(adapters: Adapters) -> Mapping[str, WireProtocol | HttpWireProtocol]:
    """Return the wire protocols that are spoken, by their own names."""
    spoken: list[WireProtocol | HttpWireProtocol] = [
        *(wire for wire, _ in adapters.streams.values()),
        *(wire for wire, _ in adapters.https.values()),
    ]
    return {wire.name: wire for wire in spoken}


def _modems(p: Parts) -> list[ChildSpec]:
    adapters = p.in_force().adapters
    return [
        ChildSpec(
            name=name,
            actor=ModemActor,
            arguments={
                "driver": driver,
                "attempts": _attempts(p, name, PersonalMessage),
                "journal": p.journal,
                "readers": p.readers,
                "telemetry": p.telemetry,
                "health": p.health,
                "ears": ears_of(p),
                "self_test": adapters.self_tests.get(name),
            },
            on_down=OnDown.RETRY_FOREVER,
            heartbeat_s=60.0,
            interrupt=driver.interrupt,
        )
        for name, driver in adapters.modems.items()
    ]


def _channels(p: Parts) -> list[ChildSpec]:
    return [
        ChildSpec(
            name=name,
            label=channel.name,
            actor=ChannelWorker,
            arguments={
                "channel": channel,
                "is_first": name == channel.name,
                "attempts": _attempts(p, name, channel.carries),
                "telemetry": p.telemetry,
                "health": p.health,
            },
            on_down=OnDown.RETRY_FOREVER,
            heartbeat_s=channel.timeout_s * 2,
            interrupt=channel.interrupt,
        )
        for name, channel in p.in_force().adapters.channels.items()
    ]


def _all_channels(p: Parts) -> list[str]:
    adapters = p.in_force().adapters
    spoken = [channel for _ in adapters.modems for channel in CHANNELS]
    return [*spoken, *(c.name for c in adapters.channels.values())]


def _settling(p: Parts, name: str) -> Settling:
    def arm(at: Instant, message: object) -> Arm:
        return Arm(key=f"news/{name}", at=at, message=message, to="alarms")

    return Settling(p.tree.names.tell, arm, p.tree.clock.now, p.desk.was_flooded)


def _attempts(p: Parts, route: str, carries: type[Message]) -> Attempts:
    return Attempts(
        route=route,
        journal=p.journal,
        readers=p.readers,
        told=_settling(p, route),
        full=p.health.teller(DegradedReason.DISK_FULL, route),
        uncounted=counted_in(p.telemetry),
        is_nobodys=p.judge.board.is_nobodys,
        carries=carries,
        misrouted=p.health.teller(DegradedReason.CHANNEL_MISROUTED, route),
    )


def ears_of(parts: Parts) -> Ears:
    """Return whom a modem tells of a message once it is durable, and of which calls."""

    def heard(inbound: Inbound) -> None:
        # The journal's first answer may have been too late, and HQ told of that.
        parts.unrecorded.recorded(inbound.key)
        parts.tree.names.tell("intake", SmsHeard(key=inbound.key))

    return Ears(heard=heard, minds_call=calls_minded(parts.judge.board))


def outlets_of(parts: Parts) -> Outlets:
    """Return whom an alarm tells after its commit."""
    names, measures, health = parts.tree.names, parts.measures, parts.health
    refused = threading.Event()

    def arm(alarm_id: AlarmId, at: Instant | None) -> Arm:
        tick = Tick(command_id=CommandId(f"tick/{alarm_id}/{at and at.ms}"))
        message = Forward(alarm_id=alarm_id, command=tick)
        return Arm(key=f"alarm/{alarm_id}", at=at, message=message, to="alarms")

    def changed(alarm: Alarm, events: tuple[AlarmEvent, ...]) -> None:
        measures.changed(alarm, events)
        if refused.is_set():
            refused.clear()
            health.report(DegradedReason.DISK_FULL, "alarms", wrong=False)
        for key in taken_by(events):
            parts.unrecorded.recorded(key)

    def unkept(command: AlarmCommand, alarm_id: AlarmId) -> None:
        # The probe's one small row may still find room.
        refused.set()
        is_unread = DegradedReason.JOURNAL_UNREAD in health.reasons()
        health.report(DegradedReason.DISK_FULL, "alarms", wrong=not is_unread)
        parts.unrecorded.unkept(command, alarm_id)

    return Outlets(
        planned=lambda rows: names.tell("dispatcher", Planned(rows=rows)),
        withdrawn=lambda gone: names.tell("dispatcher", Withdrawn(effects=gone)),
        due=lambda alarm_id, at: names.tell("timers", arm(alarm_id, at)),
        due_all=lambda dues: names.tell("timers", ArmAll(tuple(starmap(arm, dues)))),
        stands=lambda now: names.tell("alarms", Changed(now=now)),
        changed=changed,
        found=measures.found,
        unkept=unkept,
        untaken=parts.unrecorded.unkept,
        unbegun=lambda command: parts.unrecorded.say(
            Unkept(command=command, begins=True)
        ),
        still=partial(health.report, DegradedReason.ALARM_STANDING_STILL),
    )


class Engine:
    """A running tree: `ready` once every child is up, `over` where it cannot go on.

    It has `returned` where a lost journal can be used again: another process goes on.
    """

    def __init__(self, parts: Parts) -> None:
        """Start the tree; returns at once."""
        self.parts = parts
        self.ready = threading.Event()
        self.over = threading.Event()
        self.returned = parts.returned
        self.failure: Failure | None = None
        self._root = Root(
            tree_of(parts), parts.tree, on_ready=self.ready.set, on_failure=self._failed
        )

    @property
    def is_over(self) -> bool:
        """Whether it cannot go on, or another process has to."""
        return self.over.is_set() or self.returned.is_set()

    @property
    def progress(self) -> int:
        """A number that grows every second while the root gets on."""
        return self._root.link.progress

    def stop(self) -> bool:
        """Stop all in reverse order; False where that took longer than allowed."""
        return self._root.stop(within_s=STOP_WITHIN_S)

    def _failed(self, failure: Failure) -> None:
        self.failure = failure
        self.over.set()
