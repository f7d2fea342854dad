"""A modem's actor with its dispatcher and a driver that does what a test says."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import structs

from engine.dispatch.actor import Planned
from engine.dispatch.outcomes import ATTEMPTING
from engine.errors import ModemError, ModemGoneError, ModemSilentError
from engine.health import Health
from engine.journal.memory import Medium
from engine.modems.actor import ModemActor
from engine.modems.inbound import Ears, nobody
from engine.modems.loopback import SelfTest
from engine.ports.journal import EffectState
from engine.ports.modem import (
    Forms,
    InboundSms,
    ModemEvent,
    ModemHealth,
    RingResult,
    SendResult,
    SubmitOutcome,
)
from engine.supervision.child import ChildSpec, OnDown
from tests.engine.dispatch.ledger import Ledger, row_of
from tests.engine.dispatch.wiring import attempts_on, dispatcher_on
from tests.engine.grown import grow, tree_in
from tests.engine.intake.reports import Meter
from tests.fakes import START
from tests.simulation.runtime import World

if TYPE_CHECKING:
    from engine.dispatch.outcomes import Settled
    from engine.modems.inbound import Inbound
    from tests.simulation.tasks import Wait


def never() -> bool:
    return False


SENT = SubmitOutcome(result=SendResult.SENT, reference=7)


@dataclass
class Driver:
    """One modem: a list of what comes in, and faults for what goes out."""

    world: World
    submitted: list[tuple[str, str]] = field(default_factory=list)
    rung: list[str] = field(default_factory=list)
    rung_s: list[float] = field(default_factory=list)
    arrived: list[ModemEvent] = field(default_factory=list)
    announced: list[ModemEvent] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    delete_raises: list[Exception] = field(default_factory=list)
    deletes_s: float = 0.0
    frees: bool = True
    climbed: list[int] = field(default_factory=list)
    outcomes: list[SubmitOutcome | Exception] = field(default_factory=list)
    is_gone: bool = False
    opened: int = 0
    tried: int = 0
    gone: ModemError = field(default_factory=ModemGoneError)
    drained_s: list[float] = field(default_factory=list)
    drains_s: float = 0.0
    polls_s: float = 0.0
    takes_s: float = 0.0
    state: Callable[[], object] = lambda: None
    takes_commands: bool = True
    registered: bool = True
    operator: str = ""
    states: list[object] = field(default_factory=list)
    number: int = 1
    owes: Sequence[int] = ()
    holds: int = 160
    hangs_in_store: bool = False
    hangs_s: float = 0.0
    hung_s: list[float] = field(default_factory=list)
    takes_commands_after: bool = True
    rings: RingResult = RingResult.RANG
    cut_short: RingResult = RingResult.CUT_SHORT
    _waits: "list[Wait]" = field(default_factory=list)

    def open(self, *, beat: Callable[[], None]) -> ModemHealth:
        beat()
        self.tried += 1
        if self.is_gone:
            raise self.gone
        self.opened += 1
        return self.health()

    def fit(self, pieces: Sequence[Forms]) -> str:
        return "".join(forms[0][1] for forms in pieces)[: self.holds]

    def submit(
        self,
        number: str,
        text: str,
        *,
        validity_min: int,
        beat: Callable[[], None],
        late_s: float,
    ) -> SubmitOutcome:
        del validity_min, late_s
        beat()
        self.states.append(self.state())
        if self.is_gone:
            raise ModemGoneError
        self.submitted.append((number, text))
        self.world.sleep(self.takes_s)
        outcome = self.outcomes.pop(0) if self.outcomes else SENT
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def ring(
        self,
        number: str,
        *,
        seconds: float,
        beat: Callable[[], None],
        between: Callable[[], None],
        gives_way: Callable[[], bool],
    ) -> RingResult:
        del beat
        self.rung.append(number)
        self.rung_s.append(self.world.boottime_s())
        for _ in range(int(seconds)):
            self.world.park(1, self._waits)
            if gives_way():
                return self.cut_short
            between()
        return self.rings

    def poll(
        self, *, drain: bool, gives_way: Callable[[], bool]
    ) -> Sequence[ModemEvent]:
        if self.is_gone:
            raise ModemGoneError
        ends_s = self.world.boottime_s() + self.polls_s
        while (left_s := ends_s - self.world.boottime_s()) > 0:
            self.world.park(left_s, self._waits)
            if gives_way():
                return ()
        if drain and self.hangs_in_store:
            self.hung_s.append(self.world.boottime_s())
            self.world.sleep(self.hangs_s)
            self.takes_commands = self.takes_commands_after
            raise ModemSilentError
        if drain:
            self.drained_s.append(self.world.boottime_s())
            self.world.sleep(self.drains_s)
        # What lies in a store is announced once, and read again until it is deleted.
        events = self.arrived if drain else self._unheard()
        self.arrived = [e for e in self.arrived if getattr(e, "slot", None)]
        self.announced = list(self.arrived)
        return events

    def _unheard(self) -> list[ModemEvent]:
        return [e for e in self.arrived if e not in self.announced]

    def unstored(self) -> Sequence[ModemEvent]:
        unstored = [e for e in self.arrived if not getattr(e, "slot", None)]
        self.arrived = [e for e in self.arrived if getattr(e, "slot", None)]
        return unstored

    def wait(self, seconds: float) -> bool:
        del seconds
        if self.is_gone:
            raise ModemGoneError
        return bool(self._unheard())

    def next_number(self) -> int:
        return self.number

    def pass_over(self, number: int) -> None:
        self.number = max(self.number, number + 1)

    def owed(self) -> Sequence[int]:
        return self.owes

    def answers(self) -> bool:
        return self.takes_commands

    def delete(self, slot: str) -> bool:
        if self.delete_raises:
            raise self.delete_raises.pop(0)
        self.world.sleep(self.deletes_s)
        self.deleted.append(slot)
        if self.frees:
            self.arrived = [e for e in self.arrived if getattr(e, "slot", "") != slot]
        return self.frees

    def health(self, *, gives_way: Callable[[], bool] = never) -> ModemHealth:
        del gives_way
        return ModemHealth(
            registered=self.registered, signal_dbm=-70.0, operator=self.operator or None
        )

    def recover(self, rung: int) -> bool:
        self.climbed.append(rung)
        return False

    def interrupt(self) -> None: ...
    def wake(self) -> None:
        self.world.wake(self._waits)

    def close(self) -> None: ...


class Rig:
    """`driver` is modem-1's; `drivers` are all of them.

    `before` is the process before this one, which was killed; `owes` are the numbers
    of its messages that may still be answered, `number` that of the next one. It begins
    so much `later_s` than that one was killed.
    """

    def __init__(
        self,
        modems: int = 1,
        self_test: SelfTest | None = None,
        before: "Rig | None" = None,
        owes: Sequence[int] = (),
        number: int = 0,
        minds_call: Callable[[str], bool] = nobody,
        later_s: float = 0.0,
    ) -> None:
        if before is None:
            self.world = World(1)
            self.medium = Medium()
        else:
            at = before.world.now().plus(timedelta(seconds=later_s))
            self.world = World(1, at)
            self.medium = before.medium
        self.ledger = Ledger(self.world, self.medium)
        number = number or max(owes, default=0) + 1
        self.drivers = [
            Driver(self.world, owes=owes, number=number) for _ in range(modems)
        ]
        self.driver = self.drivers[0]
        self.meter = Meter()
        self.health = Health(self.meter)
        self.told: list[Settled] = []
        self.heard: list[Inbound] = []
        self.tree = tree_in(self.world)
        dispatcher = dispatcher_on(
            self.ledger, self.told.append, meter=self.meter, health=self.health
        )
        children = [
            ChildSpec(
                name=f"modem-{number}",
                actor=ModemActor,
                arguments={
                    "journal": self.ledger,
                    "readers": self.ledger,
                    "driver": driver,
                    "attempts": attempts_on(
                        self.ledger, f"modem-{number}", self.told.append
                    ),
                    "telemetry": self.meter,
                    "health": self.health,
                    "ears": Ears(heard=self.heard.append, minds_call=minds_call),
                    "self_test": self_test,
                },
                on_down=OnDown.RETRY_FOREVER,
                heartbeat_s=60.0,
            )
            for number, driver in enumerate(self.drivers, start=1)
        ]
        grow(self.tree, self.world, [dispatcher, *children], run_s=1)

    def plan(
        self,
        effect: str = "e1",
        channel: str = "sms",
        rank: int = 10,
        *,
        avoid_route: str = "",
        address: str = "+46701740605",
        body: bytes | None = None,
    ) -> None:
        row = row_of(
            effect,
            channel=channel,
            rank=rank,
            avoid_route=avoid_route,
            address=address,
            planned_ms=self.world.now().ms,
        )
        if body is not None:
            row = structs.replace(row, body=body)
        self.ledger.plan(row)
        self.tree.names.tell("dispatcher", Planned(rows=(row,)))

    def begun(self, effect: str) -> dict[str, object]:
        """Return what is noted with an effect's latest attempt."""
        rows = self.ledger.store.reader().stream(f"effect/{effect}")
        noted: dict[str, object]
        *_, noted = (json.loads(row.body) for row in rows if row.kind == ATTEMPTING)
        return noted

    def outcomes(self) -> list[EffectState]:
        return [settled.outcome.state for settled in self.told]

    def recorded(self) -> list[dict[str, object]]:
        rows = self.ledger.store.reader().inbound(untaken_only=False)
        return [json.loads(row.body) for row in rows]


def message(slot: str = "SM:1", text: str = "K7F2 1") -> InboundSms:
    return InboundSms(
        slot=slot, sender="+46701740606", text=text, sent_at=START, pdu=f"pdu{slot}"
    )
