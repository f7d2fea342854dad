"""Dispatcher, modems' actors and journal as the engine wires them, and nobody else.

The virtual modems run in a process of their own, as real ones run beside us: their
work is not on our bill.
"""

import queue
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from adapters.modem.driver import SerialModem
from engine.clock import SystemClock
from engine.dispatch.actor import Dispatcher, Planned
from engine.dispatch.attempts import Attempts
from engine.dispatch.body import EffectBody, encode_body
from engine.dispatch.outcomes import Settled
from engine.health import Health
from engine.journal.actor import JournalActor
from engine.journal.handle import Journal
from engine.journal.pool import ReaderPool
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.modems.actor import CHANNELS, ModemActor
from engine.modems.inbound import Ears
from engine.ports.journal import (
    Append,
    Appended,
    EffectClass,
    EffectRow,
    EffectState,
    Head,
    NewEvent,
)
from engine.protocol.texts import Segment
from engine.supervision.child import ChildSpec, OnDown, Strategy
from engine.supervision.supervisor import supervisor
from engine.supervision.tree import Root, Tree
from engine.values import CommandId, EffectId
from tests.adapters.modem.rig import ALARM, CountingTelemetry

CLOCK = SystemClock()
PLAN_AT_ONCE = 100
WAIT_S = 120.0


class VirtualModems:
    """Virtual modems in another process, each behind a pty; `ports` are theirs."""

    def __init__(self, count: int, folder: Path, answer_s: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.ports = [str(folder / f"modem-{n + 1}") for n in range(count)]
        links = [word for port in self.ports for word in ("--link", f"pty:{port}")]
        numbers = [w for n in range(count) for w in ("--number", f"+4670000000{n}")]
        # What it says goes to a file: what nobody reads fills no pipe.
        self._said = folder / "virtual-modems"
        with self._said.open("w") as out:
            self._process = subprocess.Popen(
                (
                    *(sys.executable, "-m", "engine", "modem", "virtual"),
                    *("--quiet", "--json", *numbers, *links),
                    *("--set", f"latency_s={answer_s}"),
                ),
                stdin=subprocess.PIPE,
                stdout=out,
            )
        while self._count("plugged") < count:
            assert self._process.poll() is None
            time.sleep(0.02)  # noqa: TID251 - another process is waited for

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()

    def handed(self) -> int:
        """Return how many messages the network has had from them."""
        return self._count("message")

    def _count(self, kind: str) -> int:
        return self._said.read_text().count(f'"kind": "{kind}"')


class Line:
    """A tree of journal, dispatcher and a modem's actor for each port."""

    def __init__(self, folder: Path, ports: Sequence[str]) -> None:
        self.store = SqliteStore(folder / JOURNAL_FILE)
        self.settled: queue.SimpleQueue[tuple[float, Settled]] = queue.SimpleQueue()
        self.telemetry = CountingTelemetry()
        self._planned = 0
        self.tree = Tree(clock=CLOCK, chance=lambda: 0.5)
        names = self.tree.names
        self.journal = Journal(lambda: names.lookup("journal"), self.store, _nobody)
        self._readers = ReaderPool(self.journal.reader)
        self._health = Health(self.telemetry)
        shared: dict[str, object] = {"journal": self.journal, "readers": self._readers}
        self._drivers = [
            SerialModem(port, clock=CLOCK, telemetry=self.telemetry) for port in ports
        ]
        spec = supervisor(
            "line",
            Strategy.REST_FOR_ONE,
            [self._writer(), self._dispatcher(shared), *self._modems(shared)],
        )
        ready: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._root = Root(
            spec, self.tree, on_ready=lambda: ready.put(None), on_failure=_fail
        )
        ready.get(timeout=WAIT_S)

    def _writer(self) -> ChildSpec:
        return ChildSpec(
            name="journal",
            actor=JournalActor,
            arguments={
                "store": self.store,
                "telemetry": self.telemetry,
                "on_not_recorded": _nobody,
            },
        )

    def _dispatcher(self, shared: dict[str, object]) -> ChildSpec:
        return ChildSpec(
            name="dispatcher",
            actor=Dispatcher,
            arguments={
                **shared,
                "telemetry": self.telemetry,
                "health": self._health,
                "settled": self._told,
                "channels": lambda: frozenset(CHANNELS),
            },
        )

    def _modems(self, shared: dict[str, object]) -> list[ChildSpec]:
        return [
            ChildSpec(
                name=f"modem-{number + 1}",
                actor=ModemActor,
                arguments={
                    **shared,
                    "driver": driver,
                    "attempts": Attempts(
                        route=f"modem-{number + 1}",
                        journal=self.journal,
                        readers=self._readers,
                        told=self._told,
                    ),
                    "telemetry": self.telemetry,
                    "health": self._health,
                    "ears": Ears(heard=_nobody),
                },
                on_down=OnDown.RETRY_FOREVER,
                heartbeat_s=60.0,
                interrupt=driver.interrupt,
            )
            for number, driver in enumerate(self._drivers)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._root.stop(within_s=10)

    def send(self, count: int) -> tuple[float, list[Settled]]:
        """Plan so many and wait for all; seconds from the first hint to the last."""
        rows = [
            row
            for first in range(0, count, PLAN_AT_ONCE)
            for row in self._plan(min(PLAN_AT_ONCE, count - first))
        ]
        began_s = time.perf_counter()
        self.tree.names.tell("dispatcher", Planned(rows=tuple(rows)))
        done: list[Settled] = []
        ended_s = began_s
        while len(done) < count:
            ended_s, settled = self.settled.get(timeout=WAIT_S)
            if settled.outcome.state is EffectState.ACCEPTED:
                done.append(settled)
        return ended_s - began_s, done

    def _told(self, settled: Settled) -> None:
        self.settled.put((time.perf_counter(), settled))

    def _plan(self, count: int) -> list[EffectRow]:
        self._planned += 1
        rows = [
            EffectRow(
                effect_id=EffectId(f"a/{self._planned}/{number}"),
                alarm=f"alarm/{self._planned}",
                effect_class=EffectClass.SAFETY,
                channel="sms",
                rank=10,
                planned_at=CLOCK.now(),
                body=encode_body(
                    EffectBody(
                        address=f"+4670123{self._planned % 100:02d}{number:02d}",
                        language="en",
                        segments=(Segment(priority=1, text=ALARM),),
                    )
                ),
            )
            for number in range(count)
        ]
        answer = self.journal.ask(
            Append(
                stream=f"alarm/{self._planned}",
                expected_seq=0,
                epoch=self.store.epoch,
                command_id=CommandId("plan"),
                events=(NewEvent(kind="Planned", body=b"{}"),),
                head=Head(status="notifying", is_open=True),
                plans=tuple(rows),
            ),
            WAIT_S,
        )
        assert isinstance(answer, Appended)
        return rows


def _nobody(_: object) -> None: ...


def _fail(failure: object) -> None:
    raise AssertionError(failure)
