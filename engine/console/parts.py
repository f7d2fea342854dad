"""What the console, the metrics' port and the control socket are given."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine.alarm.commands import AlarmCommand
from engine.alarm.messages import Answered
from engine.health import Health
from engine.intake.drills import Drills
from engine.intake.gateway.listener_watch import Listening
from engine.intake.orders.actor import Give
from engine.intake.shouter.actor import Unrecorded
from engine.intake.vigil.attendance import Attendance
from engine.journal.moved import OpenedFile
from engine.metrics import Metrics
from engine.ports.clock import Clock
from engine.ports.journal import JournalAccess, ReaderLender
from engine.probe.actor import Readiness
from engine.protocol.registry import Registry
from engine.reload.report import Report
from engine.roster.board import Board
from engine.values import AlarmId

Command = Callable[[AlarmId, AlarmCommand, Answered], bool]
"""Tells the directory a command; False where the directory is not up just now."""


@dataclass(slots=True)
class CommitBell:
    """Rings for each commit; in the journal's thread, so it must not block."""

    ring: Callable[[], None] | None = None

    def committed(self, position: int) -> None:
        """Ring, if anybody listens."""
        del position
        ring = self.ring
        if ring is not None:
            ring()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebParts:
    """The engine as the web sees it: views to read, one way to command.

    The sockets listen already; `control` is a Unix socket with mode 0600.
    """

    console: socket.socket
    metrics_socket: socket.socket
    control: socket.socket
    state: Path
    clock: Clock
    journal: JournalAccess
    journal_file: OpenedFile
    readers: ReaderLender
    board: Board
    registry: Callable[[], Registry]
    command: Command
    metrics: Metrics
    health: Health
    readiness: Readiness
    unrecorded: Unrecorded
    attendance: Attendance
    drills: Drills
    listening: Listening
    give: Callable[[Give], bool]
    is_heard: Callable[[str], bool]
    """Says whether a listener is there for a wire protocol."""
    bell: CommitBell = field(default_factory=CommitBell)
    is_demo: bool = False
    public_language: Callable[[], str] = lambda: "en"
    """In which language the world is told."""
    reload: Callable[[Callable[[Report], None]], bool] = lambda _: False
    """Has the configuration read again; False where that cannot be asked just now."""
    last_reload: Callable[[], Report | None] = lambda: None
