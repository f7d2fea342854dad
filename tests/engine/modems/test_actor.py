"""The modem's actor with a driver that does what a test says."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from engine.dispatch.actor import Dispatcher, Planned, Shout
from engine.dispatch.attempts import Attempts, Settled
from engine.dispatch.body import decode_body
from engine.errors import ModemGoneError, ModemSilentError
from engine.health import Health
from engine.modems.actor import Inbound, ModemActor
from engine.ports.journal import EffectState, Record
from engine.ports.modem import (
    InboundSms,
    ModemEvent,
    ModemHealth,
    SendResult,
    StatusReport,
    SubmitOutcome,
)
from engine.supervision.child import ChildSpec, OnDown, Strategy
from engine.supervision.supervisor import supervisor
from engine.supervision.tree import Root, Tree
from tests.engine.dispatch.ledger import SILENT, Ledger, row_of
from tests.engine.intake.reports import Meter
from tests.simulation.runtime import World

SENT = SubmitOutcome(result=SendResult.SENT, reference=7)


@dataclass
class Driver:
    """One modem: a list of what comes in, and faults for what goes out."""

    world: World
    submitted: list[tuple[str, str]] = field(default_factory=list)
    rung: list[str] = field(default_factory=list)
    arrived: list[ModemEvent] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    climbed: list[int] = field(default_factory=list)
    outcomes: list[SubmitOutcome | Exception] = field(default_factory=list)
    is_gone: bool = False
    opened: int = 0
    state: Callable[[], object] = lambda: None
    states: list[object] = field(default_factory=list)

    def open(self, *, beat: Callable[[], None]) -> ModemHealth:
        beat()
        if self.is_gone:
            raise ModemGoneError
        self.opened += 1
        return self.health()

    def fit(self, pieces: Sequence[tuple[int, str]]) -> str:
        return "".join(text for _, text in pieces)

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
    ) -> bool:
        del beat
        self.rung.append(number)
        for _ in range(int(seconds)):
            self.world.sleep(1)
            between()
        return True

    def poll(self, *, drain: bool) -> Sequence[ModemEvent]:
        del drain
        if self.is_gone:
            raise ModemGoneError
        return list(self.arrived)

    def wait(self, seconds: float) -> bool:
        del seconds
        if self.is_gone:
            raise ModemGoneError
        return bool(self.arrived)

    def delete(self, slot: str) -> None:
        self.deleted.append(slot)
        self.arrived = [e for e in self.arrived if getattr(e, "slot", "") != slot]

    def health(self) -> ModemHealth:
        return ModemHealth(registered=True, signal_dbm=-70.0)

    def recover(self, rung: int) -> bool:
        self.climbed.append(rung)
        return False

    def interrupt(self) -> None: ...
    def close(self) -> None: ...


class Rig:
    def __init__(self) -> None:
        self.world = World(1)
        self.ledger = Ledger(self.world)
        self.driver = Driver(self.world)
        self.meter = Meter()
        self.health = Health(self.meter)
        self.told: list[Settled] = []
        self.heard: list[Inbound] = []
        self.tree = Tree(
            clock=self.world, chance=self.world.chance, spawn=self.world.spawn
        )
        shared = {"journal": self.ledger, "readers": self.ledger}
        attempts = Attempts(
            route="modem-1",
            journal=self.ledger,
            readers=self.ledger,
            told=self.told.append,
        )
        dispatcher = ChildSpec(
            name="dispatcher",
            actor=Dispatcher,
            arguments={
                **shared,
                "telemetry": self.meter,
                "settled": self.told.append,
            },
        )
        modem = ChildSpec(
            name="modem-1",
            actor=ModemActor,
            arguments={
                **shared,
                "driver": self.driver,
                "attempts": attempts,
                "telemetry": self.meter,
                "health": self.health,
                "heard": self.heard.append,
            },
            on_down=OnDown.RETRY_FOREVER,
            heartbeat_s=60.0,
        )
        spec = supervisor("root", Strategy.REST_FOR_ONE, [dispatcher, modem])
        Root(spec, self.tree, on_ready=lambda: None, on_failure=lambda _: None)
        self.world.run(1)

    def plan(self, effect: str = "e1", channel: str = "sms", rank: int = 10) -> None:
        row = row_of(effect, channel=channel, rank=rank)
        self.ledger.plan(row)
        self.tree.names.tell("dispatcher", Planned(rows=(row,)))

    def outcomes(self) -> list[EffectState]:
        return [settled.outcome.state for settled in self.told]

    def recorded(self) -> list[dict[str, object]]:
        rows = self.ledger.store.reader().inbound(untaken_only=False)
        return [json.loads(row.body) for row in rows]


def message(slot: str = "SM:1", text: str = "K7F2 1") -> InboundSms:
    return InboundSms(
        slot=slot, sender="+46701740606", text=text, sent_at=None, pdu=f"pdu{slot}"
    )


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_message_goes_out_after_the_journal_has_its_attempt(rig: Rig) -> None:
    rig.driver.state = lambda: rig.ledger.state("e1")
    rig.plan()
    rig.world.run(1)
    assert rig.driver.submitted == [("+46701740605", "SOS")]
    assert rig.driver.states == [EffectState.ATTEMPTING]
    assert rig.outcomes() == [EffectState.ACCEPTED]
    assert rig.told[0].outcome.reference == "7"


@pytest.mark.parametrize(
    ("outcome", "state", "retry"),
    [
        (SubmitOutcome(result=SendResult.UNKNOWN), EffectState.UNKNOWN, False),
        (
            SubmitOutcome(result=SendResult.REJECTED, code="+CMS 500", retry=True),
            EffectState.REJECTED,
            True,
        ),
        (SubmitOutcome(result=SendResult.REJECTED), EffectState.REJECTED, False),
        (ModemSilentError(), EffectState.REJECTED, True),
        (ModemGoneError(), EffectState.REJECTED, True),
        (ZeroDivisionError(), EffectState.UNKNOWN, False),
    ],
)
def test_each_end_of_a_submit_is_told_for_what_it_is(
    rig: Rig, outcome: SubmitOutcome | Exception, state: EffectState, *, retry: bool
) -> None:
    rig.driver.outcomes = [outcome]
    rig.plan()
    rig.world.run(5)
    assert [(s.outcome.state, s.outcome.retry) for s in rig.told] == [(state, retry)]
    assert len(rig.driver.submitted) == 1
    rig.plan("e2")
    rig.world.run(60)
    assert rig.outcomes()[-1] is EffectState.ACCEPTED, "it comes back by itself"


def test_a_modem_that_is_gone_pulls_nothing_shows_and_comes_back(rig: Rig) -> None:
    rig.driver.is_gone = True
    rig.world.run(2)
    assert "modem_down" in rig.health.reasons()
    rig.plan()
    rig.world.run(120)
    assert rig.ledger.state("e1") is EffectState.PLANNED
    assert rig.driver.climbed == [], "no ladder for what is not there"
    rig.driver.is_gone = False
    rig.world.run(35)
    assert rig.outcomes() == [EffectState.ACCEPTED]
    assert rig.health.reasons() == {}


def test_what_arrives_is_durable_before_it_is_deleted(rig: Rig) -> None:
    rig.ledger.fault = lambda r: SILENT if isinstance(r, Record) else ""
    rig.driver.arrived = [message()]
    rig.world.run(2)
    assert rig.driver.deleted == []
    assert rig.heard == []
    rig.ledger.fault = lambda _: ""
    rig.world.run(2)
    assert rig.driver.deleted == ["SM:1"]
    assert len(rig.heard) == 1
    assert [one["text"] for one in rig.recorded()] == ["K7F2 1"]


def test_half_a_character_stops_no_modem_bug_crashed_for_ever(rig: Rig) -> None:
    rig.driver.arrived = [message(text="help \ud83d"), message("SM:2")]
    rig.world.run(3)
    assert [one["text"] for one in rig.recorded()] == ["help ?", "K7F2 1"]
    assert rig.driver.opened == 1


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("delivered", EffectState.DELIVERED),
        ("failed", EffectState.UNDELIVERED),
        ("pending", EffectState.ACCEPTED),
    ],
)
def test_a_status_report_is_matched_by_reference_and_number_and_freed(
    rig: Rig, outcome: str, state: EffectState
) -> None:
    rig.plan()
    rig.world.run(1)
    rig.driver.arrived = [
        StatusReport(
            reference=7,
            recipient="0701740605",
            outcome=outcome,
            status=0,
            slot="SR:1",
        )
    ]
    rig.world.run(1)
    assert rig.ledger.state("e1") is state
    assert rig.driver.deleted == ["SR:1"]


@pytest.mark.parametrize(
    ("reference", "recipient"), [(8, "+46701740605"), (7, "+46701740699")]
)
def test_a_status_report_of_another_message_changes_nothing(
    rig: Rig, reference: int, recipient: str
) -> None:
    rig.plan()
    rig.world.run(1)
    rig.driver.arrived = [
        StatusReport(
            reference=reference,
            recipient=recipient,
            outcome="delivered",
            status=0,
            slot="SR:1",
        )
    ]
    rig.world.run(1)
    assert rig.ledger.state("e1") is EffectState.ACCEPTED


def test_a_telephone_rings_and_gives_way_to_a_message(rig: Rig) -> None:
    rig.plan("ring", "call", 15)
    rig.world.run(3)
    rig.plan("e1")
    rig.world.run(3)
    assert rig.driver.rung == ["+46701740605"]
    assert len(rig.driver.submitted) == 1
    reasons = [settled.outcome.reason for settled in rig.told]
    assert "rang, cut short" in reasons


def test_what_arrives_while_a_telephone_rings_is_read(rig: Rig) -> None:
    rig.plan("ring", "call", 15)
    rig.world.run(2)
    rig.driver.arrived = [message()]
    rig.world.run(3)
    assert len(rig.heard) == 1


def test_what_cannot_be_recorded_is_sent_from_memory(rig: Rig) -> None:
    body = decode_body(row_of().body)
    rig.tree.names.tell("modem-1", Shout(channel="sms", body=body))
    rig.world.run(1)
    assert rig.driver.submitted == [("+46701740605", "SOS")]
    assert rig.told == []


def test_a_silent_modem_is_closed_and_its_ladder_climbed(rig: Rig) -> None:
    rig.driver.outcomes = [ModemSilentError()]
    rig.plan()
    rig.world.run(2)
    assert rig.driver.climbed == [0]
    assert rig.driver.opened == 2
