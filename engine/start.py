"""From a configuration to a running engine: opens, binds, loads, then starts."""

import logging
import random
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib.metadata import version
from platform import python_version

from engine import plugins
from engine.alarm.commands import AlarmCommand
from engine.alarm.desk import Desk, Offices
from engine.alarm.flood import Flood
from engine.alarm.measures import Measures
from engine.alarm.messages import Answered, Forward
from engine.alarm.rows import kind_in
from engine.alarm.state import Kind, alarm_of
from engine.app import Adapters, Current, Engine, InForce, Parts, recorded_by
from engine.clock import SystemClock
from engine.config import Config
from engine.console.parts import WebParts
from engine.descriptors import Needs, Shares, shared_out, warning
from engine.errors import Gathered, JournalError, JournalFullError, JournalLostError
from engine.health import Health
from engine.intake.codes import new_codes
from engine.intake.gateway.door import Door
from engine.intake.gateway.listener_watch import ListenerWatch, Listening
from engine.intake.gateway.sockets import bind_unix, bind_unnamed
from engine.intake.judge import Judge
from engine.intake.orders.actor import Reached
from engine.intake.orders.lines import Lines
from engine.intake.replayed import REPLAY
from engine.intake.shouter.actor import Unrecorded
from engine.intake.shouter.call import Lost, loss_by
from engine.intake.shouter.memory_cases import MemoryCases
from engine.intake.shouter.unhandled import PutAway
from engine.intake.vigil.attendance import Attendance
from engine.journal.actor import Return
from engine.journal.handle import Journal
from engine.journal.lock import StateLock
from engine.journal.lost import LostStore
from engine.journal.mishap import unwritten
from engine.journal.moved import OpenedFile
from engine.journal.opening import Reopening, Rows, opened_beside
from engine.journal.pool import ReaderPool
from engine.journal.sqlite import JOURNAL_FILE
from engine.loading import (
    current_roster,
    hearing,
    listening,
    misrouted,
    public_ones,
)
from engine.metrics import Metrics
from engine.ports.measures import DegradedReason
from engine.ports.telemetry import Telemetry
from engine.probe.actor import Readiness
from engine.process import prepare
from engine.protocol.registry import Registry, load_registry
from engine.reconfigure import Reconfigure, offices_of, settings_of, show_protocols
from engine.reload.actor import Reload
from engine.roster.board import Board
from engine.roster.model import Roster
from engine.supervision.failure import Failure
from engine.supervision.names import Names
from engine.supervision.on_demand import OnDemandActor
from engine.supervision.tree import Tree
from engine.values import AlarmId

logger = logging.getLogger(__name__)

CONTROL_SOCKET = "control.sock"
ALL_OPEN = "whatever is open in the journal"
ACTORS = ("journal", "timers", "alarms", "dispatcher", "intake", "gateway", "web")
CHILDREN = (
    *ACTORS,
    "modems",
    "channels",
    "shouter",
    "checkins",
    "orders",
    "vigil",
    "register",
    "doors",
    "probe",
    "reloader",
    "alarm",
)


class RunningEngine:
    """An engine with what it holds beside its tree: lock, sockets, readers."""

    def __init__(
        self, engine: Engine, lock: StateLock, readers: ReaderPool, opened: ExitStack
    ) -> None:
        """Keep them until `stop`; `opened` are the listening sockets."""
        self.engine, self._lock, self._readers = engine, lock, readers
        self._opened = opened

    def stop(self) -> bool:
        """Stop the tree, then give everything back; False where it took too long."""
        in_time = self.engine.stop()
        self._opened.close()
        self._readers.close()
        self._lock.release()
        return in_time


def start(
    config: Config,
    *,
    adapters: Adapters | None = None,
    reread: Callable[[], Config] | None = None,
    gets_on: Callable[[], None] = lambda: None,
) -> RunningEngine:
    """Start an engine; returns once the tree is starting (`engine.ready` tells more).

    Args:
        config: as read and checked.
        adapters: constructed ones, for the demo and tests; None loads what the
            configuration names.
        reread: reads the configuration's file again, for a reload; None offers none.
        gets_on: called at each step of what may take long; from any thread, must not
            block or raise.

    Raises:
        ConfigError: a port, a file or an adapter is not as it must be.
        DataError: roster or action protocols are wrong.
        StateHeldError: another engine has the state folder.
        JournalError: the journal cannot be used.

    """
    open_files_max = prepare()
    wall = SystemClock()
    lock = StateLock(config.state, now=wall.now())
    opened = ExitStack()
    try:
        return _start(config, lock, adapters, opened, reread, gets_on, open_files_max)
    except BaseException:
        opened.close()
        lock.release()
        raise


def _start(
    config: Config,
    lock: StateLock,
    adapters: Adapters | None,
    opened: ExitStack,
    reread: Callable[[], Config] | None,
    gets_on: Callable[[], None],
    open_files_max: int,
) -> RunningEngine:
    path, files = config.state / JOURNAL_FILE, partial(_files, config)
    opening, (registry, roster) = opened_beside(
        path, files, replay=REPLAY, gets_on=gets_on
    )
    store, readers, rows = opening.store, opening.readers, opening.rows
    clock = SystemClock(rows.last_at)
    attendance = Attendance(rows.last_at or clock.now(), rows.attendance)
    metrics = metrics_of(config)
    places = [(place.person, place.fix) for place in rows.places]
    board = Board(roster, places, rows.doubts, clock=clock, telemetry=metrics)
    health = Health(metrics)
    show_protocols(roster, registry, health)
    names = Names()
    unrecorded = Unrecorded(lambda hint: names.tell("shouter", hint), board.roster)
    lost = partial(_say_lost, health=health, unrecorded=unrecorded, clock=clock)

    def lose(why: JournalError) -> LostStore:
        is_known = isinstance(why, JournalLostError | JournalFullError)
        found = why if is_known else unwritten(path, str(why))
        lost(found)
        return LostStore(path, found)

    if opening.lost_by is not None:
        lost(opening.lost_by)
    tree = Tree(
        clock=clock,
        chance=random.random,
        status=_Status(metrics, health),
        names=names,
        on_quarantine=PutAway(metrics, health, unrecorded.say),
    )
    journal = Journal(lambda: names.lookup("journal"), store, unrecorded.refused)
    pages, adapters = listening(config, adapters, clock, metrics, opened)
    health.tells_nobody(public_ones(adapters.channels))
    current = Current(
        InForce(registry=registry, offices=offices_of(config), adapters=adapters)
    )
    judge = Judge(board=board, registry=lambda: current().registry)
    door = Door(
        judge=judge,
        journal=journal,
        clock=clock,
        telemetry=metrics,
        hint=lambda heard: names.tell("intake", heard),
        recorded=unrecorded.recorded,
        not_recorded=unrecorded.refused,
        attendance=attendance,
    )
    # A device is answered before those who have one already are told of.
    OnDemandActor.crew.gives_way = door.has_signals
    lines = Lines(lambda device: names.tell("orders", Reached(device=device)))
    readiness = Readiness(clock.boottime_s)
    measures = Measures(metrics, clock)
    _seed(measures, rows)
    _sample(metrics, measures, tree)
    bound = bind_unnamed if opening.lost_by else bind_unix
    if (little := warning(open_files_max, needs_of(config, roster))) is not None:
        logger.warning("%s", little)
    reconfigure = reread and Reconfigure(
        reread=reread,
        settings=settings_of(config, registry, roster),
        current=current,
        board=board,
        names=names,
        clock=clock,
        metrics=metrics,
        health=health,
    )

    def shares() -> Shares:
        configured = config if reconfigure is None else reconfigure.config
        return shared_out(open_files_max, needs_of(configured, board.roster()))

    desk = desk_of(lambda: current().offices, board, readers, clock.boottime_s)
    cases = MemoryCases(
        desk=desk,
        clock=clock,
        recorded=recorded_by(names, unrecorded),
        has_predecessor=opening.lost_by is not None or rows.last_at is not None,
    )
    returned = threading.Event()
    web = WebParts(
        console=pages["console"],
        metrics_socket=pages["metrics"],
        control=opened.enter_context(bound(config.state / CONTROL_SOCKET)),
        state=config.state,
        clock=clock,
        journal=journal,
        journal_file=OpenedFile(path),
        readers=opening.shown,
        board=board,
        registry=lambda: current().registry,
        command=_commander(tree),
        metrics=metrics,
        health=health,
        readiness=readiness,
        unrecorded=unrecorded,
        attendance=attendance,
        drills=judge.drills,
        give=lambda order: names.tell("orders", order),
        listening=Listening(
            watch=ListenerWatch(health, clock, unrecorded.say, unrecorded.recorded),
            shares=shares,
            proxies=config.proxies,
        ),
        is_heard=hearing(config),
        is_demo=config.demo,
        public_language=lambda: current().offices.language,
        reload=lambda answered: names.tell("reloader", Reload(answered=answered)),
        last_reload=lambda: reconfigure.last if reconfigure else None,
    )
    parts = Parts(
        in_force=current,
        store=store,
        journal=journal,
        readers=readers,
        telemetry=metrics,
        health=health,
        readiness=readiness,
        judge=judge,
        desk=desk,
        measures=measures,
        door=door,
        attendance=attendance,
        lines=lines,
        unrecorded=unrecorded,
        cases=cases,
        come_back=Return(
            debts=cases,
            is_lost=opening.lost_by is not None,
            reopen=Reopening(path, REPLAY, opening.under_way),
            lose=lose,
            returned=returned.set,
        ),
        returned=returned,
        web=web,
        tree=tree,
        jump_s=clock.jump_s,
        reload=reconfigure,
        forget=_forgetting(current, metrics, health),
    )
    return RunningEngine(Engine(parts), lock, readers, opened)


def _files(config: Config) -> tuple[Registry, Roster]:
    registry = load_registry(config.protocols.folder, config.protocols.default)
    gathered = Gathered()
    gathered.faults += misrouted(config, registry)
    gathered.tell()
    return registry, current_roster(config)


def _say_lost(
    why: JournalError, *, health: Health, unrecorded: Unrecorded, clock: SystemClock
) -> None:
    """Tell HQ now: what was open stands still, and the next SOS may be days away."""
    health.report(DegradedReason.JOURNAL_UNREAD, "journal", wrong=True)
    health.report(DegradedReason.ALARM_STANDING_STILL, ALL_OPEN, wrong=True)
    unrecorded.say(Lost(loss=loss_by(why), at=clock.now()))


def needs_of(config: Config, roster: Roster) -> Needs:
    """Return what file descriptors are needed for."""
    doors = sum(1 if one.tls is None else 2 for one in config.gateway.values())
    return Needs(
        listeners=doors + len(("console", "metrics", "control")),
        modems=len(config.modem),
        lanes=sum(table.lanes for table in config.channel),
        devices=len(roster.devices),
    )


def desk_of(
    offices: Callable[[], Offices],
    board: Board,
    readers: ReaderPool,
    now_s: Callable[[], float],
) -> Desk:
    """Return what look-ups are answered from."""
    flood = Flood(OnDemandActor.crew.waiting, now_s)
    return Desk(
        board=board,
        codes=partial(new_codes, readers),
        offices=offices,
        is_flooded=flood.is_on,
        was_flooded=flood.was_lately,
    )


def metrics_of(config: Config) -> Metrics:
    """Return the metrics with the configuration's own names as label values."""
    modems = tuple(table.name for table in config.modem)
    channels = tuple(table.name for table in config.channel)
    known = {
        "channel": (*channels, "sms", "call"),
        "modem": modems,
        "child": (*CHILDREN, *modems, *channels),
        "actor": ACTORS,
        "protocol": plugins.names(plugins.DEVICE),
    }
    metrics = Metrics(known, version=version("natalia-engine"), python=python_version())
    # Not of SMS and calls, which no worker of a channel would ever show as up.
    for name in channels:
        metrics.gauge("channel_up", 0, channel=name)
    return metrics


def _forgetting(
    current: Current, metrics: Metrics, health: Health
) -> Callable[[str], None]:
    def forget(route: str) -> None:
        adapters, name = current().adapters, route.partition("/")[0]
        if name in adapters.modems or name in adapters.channels:
            return  # a lane less, of a channel that is there
        health.forget(name)
        for label in ("modem", "channel"):
            metrics.retire(label, name)

    return forget


def _commander(tree: Tree) -> Callable[[AlarmId, AlarmCommand, Answered], bool]:
    def command(alarm_id: AlarmId, given: AlarmCommand, answered: Answered) -> bool:
        forward = Forward(alarm_id=alarm_id, command=given, answered=answered)
        return tree.names.tell("alarms", forward)

    return command


def _seed(measures: Measures, rows: Rows) -> None:
    measures.seed(
        (
            (alarm_of(stream), kind_in(subject), status, since)
            for stream, (status, since, subject) in rows.open_alarms.items()
        ),
        told=frozenset(map(alarm_of, rows.told)),
    )


def _sample(metrics: Metrics, measures: Measures, tree: Tree) -> None:
    def depth(actor: str) -> float:
        return float(tree.names.depths().get(actor, 0))

    for actor in ACTORS:
        metrics.sample("inbox_depth", partial(depth, actor), actor=actor)
    for kind in Kind:
        for name, oldest_s in (
            ("oldest_unnotified_alarm_seconds", measures.oldest_unnotified_s),
            ("oldest_unacknowledged_alarm_seconds", measures.oldest_unacknowledged_s),
        ):
            metrics.sample(name, partial(oldest_s, kind), kind=kind.value)


class _Status:
    """Supervision's news as measurements."""

    def __init__(self, telemetry: Telemetry, health: Health) -> None:
        self._telemetry, self._health = telemetry, health

    def failed(self, child: str, failure: Failure) -> None:
        """Leave it to the restart that follows, and to the log."""

    def restarted(self, child: str) -> None:
        """Count it."""
        self._telemetry.count("restarts_total", child=child)

    def down(self, child: str, *, is_down: bool) -> None:
        """Show it."""
        self._health.report("child_failing", child, wrong=is_down)
