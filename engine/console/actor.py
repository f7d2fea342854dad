"""The web's actor: console, metrics and control socket in one event loop."""

import asyncio
import socket
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from typing import ClassVar

from starlette.applications import Starlette

from engine.console.control import control_app
from engine.console.desk import ConsoleDesk
from engine.console.hidden import wake
from engine.console.observe import observe_app
from engine.console.operators import FILE as OPERATORS_FILE
from engine.console.pages import console_app
from engine.console.parts import WebParts
from engine.intake.gateway.guard import Guard
from engine.intake.gateway.http_guest import PageGuest, guests, opened
from engine.journal.sqlite import JOURNAL_FILE
from engine.ports.measures import DegradedReason
from engine.supervision.actor import SupervisedActor
from engine.supervision.event_loop import EventLoop
from engine.supervision.link import Link

LOOK = timedelta(seconds=1)
GONE_MS = 30_000
"""A computer that takes nothing for so long watches no more (RFC 5482)."""
REQUEST_S = 10.0
"""So long a request may take to come, its body too; a form has 64 KiB."""
COMMAND_S = 120.0
"""So long one of the command line may: a roster is large, and the loop may be busy."""


class Web(SupervisedActor[None]):
    """Serves people and programs; its heartbeat is a round trip through the loop."""

    bound: ClassVar[int] = 100

    def __init__(self, *, link: Link, parts: WebParts) -> None:
        """Take what is served; the listening sockets outlive it."""
        super().__init__(link=link)
        self._parts = parts
        self._guards: list[Guard] = []
        self._let_go = 0
        self._loop = EventLoop("web", self.clock, self._close_all)
        self._desk: ConsoleDesk | None = None
        self._opened = ExitStack()
        self._serving: list[asyncio.Task[None]] = []

    def started(self) -> None:
        """Start the loop and accept on every listener."""
        self._loop.start()
        self._loop.call(self._listen())
        self.wake_at(self.clock.now().plus(LOOK))

    def handle(self, message: None) -> None:
        """Take no messages: requests come through the loop."""

    def woke(self) -> None:
        """Send the heartbeat through the loop."""
        self._parts.listening.watch.look()
        self._loop.beat()
        self._count_let_go()
        self._wake_the_hidden()
        self._watch_the_watchers()
        self._watch_the_journal()
        self.wake_at(self.clock.now().plus(LOOK))

    def stopping(self) -> None:
        """Close every connection, event streams included."""
        self._parts.bell.ring = None
        self._loop.stop()
        self._opened.close()

    def _close_all(self) -> None:
        for guard in self._guards:
            guard.close_all()

    def _count_let_go(self) -> None:
        let_go = sum(guard.let_go for guard in self._guards)
        if let_go > self._let_go:  # the loop's, which alone counts it up
            more = let_go - self._let_go
            self._parts.metrics.count("console_let_go_total", more)
            self._let_go = let_go

    def _wake_the_hidden(self) -> None:
        """Have cases looked at that clear columns hide: a start arms by those alone."""
        desk = self._desk
        if desk is not None and desk.hidden:
            desk.hidden = wake(desk.hidden, self._parts.command, self.clock.now())

    def _watch_the_watchers(self) -> None:
        """Say so where an alarm waits for HQ and no console is open."""
        desk = self._desk
        if desk is not None:
            nobody = desk.streams == 0 and desk.cases.wait_for_hq()
            health = self._parts.health
            health.report("nobody_watching", "console", wrong=nobody)
            desk.report_unread()
            self._loop.soon(partial(self._watch_the_page, desk))
            unread = desk.operators.look_again()
            health.report("operators_unread", OPERATORS_FILE, wrong=unread)

    def _watch_the_page(self, desk: ConsoleDesk) -> None:
        """Say so where what is new cannot be read here; in the loop's thread.

        The event streams go on meanwhile, and pages would stand still as live ones.
        """
        health, reason = self._parts.health, DegradedReason.CONSOLE_UNREAD
        health.report(reason, JOURNAL_FILE, wrong=desk.cases.is_behind)

    def _watch_the_journal(self) -> None:
        """Say so where the file that is written lies no more where a start looks.

        Whoever moves the folder, or restores a backup, under a running engine: it goes
        on, which alarms need, and the next start would know nothing of it.
        """
        is_moved = self._parts.journal_file.is_moved()
        self._parts.health.report("journal_moved", JOURNAL_FILE, wrong=is_moved)

    async def _listen(self) -> None:
        parts = self._parts
        desk = self._desk = ConsoleDesk(parts)
        parts.bell.ring = partial(self._loop.soon, desk.rang)
        shares = parts.listening.shares()
        # Half of HQ's share is kept for those who have signed in.
        half = shares.hq // 2
        own = Guard(strangers_max=shares.hq - half, known_max=half)
        self._serve("console", console_app(desk), parts.console, own)
        asking = Guard(strangers_max=shares.metrics)
        self._serve("metrics", observe_app(parts), parts.metrics_socket, asking)
        self._serve("", control_app(desk), parts.control, Guard())

    def _serve(
        self, name: str, app: Starlette, listening: socket.socket, guard: Guard
    ) -> None:
        # A copy: the listener closes what it is given, and a successor needs its own.
        copy = listening.dup()
        forgets_who_vanished(copy)
        kind = guests(PageGuest, guard, head_s=REQUEST_S if name else COMMAND_S)
        proxies = self._parts.listening.proxies
        listener, serving = opened(app, copy, kind, proxies=proxies, reserved=True)
        self._guards.append(guard)
        self._opened.callback(listener.close)
        self._serving.append(asyncio.get_running_loop().create_task(serving))
        listener.start()
        if name:  # who uses the command line sees by itself that nobody answers
            self._parts.listening.watch.add(name, listener)


def forgets_who_vanished(listening: socket.socket) -> None:
    """Have what is accepted end once nothing that was sent has arrived for long.

    A computer that loses its power, or its network, says no word of an end: the kernel
    would try for a quarter of an hour, and the console count it as watching.
    """
    if listening.family != socket.AF_UNIX:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_MS)
