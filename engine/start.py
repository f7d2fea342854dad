"""From a configuration to a running engine: opens, binds, loads, then starts."""

import logging
import os
import random
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib.metadata import version
from platform import python_version

from engine import plugins
from engine.alarm.commands import AlarmCommand
from engine.alarm.desk import Desk, HqEntry
from engine.alarm.flood import Flood
from engine.alarm.measures import Measures
from engine.alarm.messages import Answered, Forward
from engine.alarm.rows import kind_in
from engine.alarm.state import Kind, alarm_of
from engine.app import Adapters, Engine, Parts, recorded_by
from engine.clock import SystemClock
from engine.config import Config
from engine.console.desk import KEPT_ROSTER
from engine.console.parts import WebParts
from engine.descriptors import Needs, Shares, shared_out, warning
from engine.errors import (
    ConfigError,
    JournalError,
    JournalFullError,
    JournalLostError,
)
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
from engine.loading import hearing, listening
from engine.metrics import Metrics
from engine.ports.measures import DegradedReason
from engine.ports.telemetry import Telemetry
from engine.probe.actor import Readiness
from engine.process import prepare
from engine.protocol.registry import Registry, load_registry
from engine.roster.board import Board
from engine.roster.model import Roster
from engine.roster.parse import load_roster
from engine.roster.rules import Known
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
    gets_on: Callable[[], None] = lambda: None,
) -> RunningEngine:
    """Start an engine; returns once the tree is starting (`engine.ready` tells more).

    Args:
        config: as read and checked.
        adapters: constructed ones, for the demo and tests; None loads what the
            configuration names.
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
        return _start(config, lock, adapters, opened, gets_on, open_files_max)
    except BaseException:
        opened.close()
        lock.release()
        raise


def _start(
    config: Config,
    lock: StateLock,
    adapters: Adapters | None,
    opened: ExitStack,
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
    health = Health(metrics, tell_nobody=config.tell_nobody())
    _hold(roster, registry, health)
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
    judge = Judge(board=board, registry=lambda: registry)
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
    pages, adapters = listening(config, adapters, clock, metrics, opened)
    if (little := warning(open_files_max, needs_of(config, roster))) is not None:
        logger.warning("%s", little)

    def shares() -> Shares:
        return shared_out(open_files_max, needs_of(config, board.roster()))

    desk = desk_of(config, board, readers, clock.boottime_s)
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
        registry=lambda: registry,
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
        public_language=config.hq_language,
    )
    parts = Parts(
        adapters=adapters,
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
        hq=tuple((entry.channel, entry.address) for entry in config.hq),
        jump_s=clock.jump_s,
    )
    return RunningEngine(Engine(parts), lock, readers, opened)


def _files(config: Config) -> tuple[Registry, Roster]:
    registry = load_registry(config.protocols.folder, config.protocols.default)
    return registry, current_roster(config)


def _hold(roster: Roster, registry: Registry, health: Health) -> None:
    """Say where somebody's action protocol is gone: their alarms run on the default.

    Its file was taken away after the roster had been checked; an engine that would not
    start for it would take no alarm at all. A name may be a person's: none is told.
    """
    lost = [
        person
        for person in roster.people
        if (person.action_protocol or registry.default) not in registry.protocols
    ]
    if lost:
        logger.error(
            "%s people have an action protocol that is not there: theirs is the"
            " default; `natalia check-config` names the lines",
            len(lost),
        )
    health.report(DegradedReason.PROTOCOL_MISSING, "roster", wrong=bool(lost))


def _say_lost(
    why: JournalError, *, health: Health, unrecorded: Unrecorded, clock: SystemClock
) -> None:
    """Tell HQ now: what was open stands still, and the next SOS may be days away."""
    health.report(DegradedReason.JOURNAL_UNREAD, "journal", wrong=True)
    health.report(DegradedReason.ALARM_STANDING_STILL, ALL_OPEN, wrong=True)
    unrecorded.say(Lost(loss=loss_by(why), at=clock.now()))


def current_roster(config: Config, *, known: Known | None = None) -> Roster:
    """Return the roster in force: the one last imported, else the configured one.

    Where something is `known` beside it, it must fit that.

    Raises:
        DataError: names file, line and field.
        ConfigError: the state folder cannot be looked into, or the file be read.

    """
    is_kept = has_kept_roster(config)
    path = config.state / KEPT_ROSTER if is_kept else config.roster
    if path is None:
        return Roster()
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as error:
        # Which of two files of that name it is has to be said.
        expected = f"{'an imported' if is_kept else 'a'} roster that can be read"
        cure = f"{path}: {error.strerror}; mend the path or its rights"
        key = "state" if is_kept else "roster"
        raise ConfigError(key, expected, cure) from error
    return load_roster([path], known=known)


def has_kept_roster(config: Config) -> bool:
    """Say whether a roster was imported: the configured one counts no more.

    Raises:
        ConfigError: the state folder cannot be looked into.

    """
    try:
        return (config.state / KEPT_ROSTER).exists()
    except OSError as error:
        expected = "a folder that this user may look into"
        cure = f"{config.state}: {error.strerror}; mend its permissions"
        key = "state"
        raise ConfigError(key, expected, cure) from error


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
    config: Config, board: Board, readers: ReaderPool, now_s: Callable[[], float]
) -> Desk:
    """Return what look-ups are answered from."""
    flood = Flood(OnDemandActor.crew.waiting, now_s)
    return Desk(
        board=board,
        codes=partial(new_codes, readers),
        hq=tuple(HqEntry(channel=e.channel, address=e.address) for e in config.hq),
        public=tuple(
            HqEntry(channel=e.channel, address=e.address) for e in config.public
        ),
        hq_language=config.hq_language,
        console=config.console.address,
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
