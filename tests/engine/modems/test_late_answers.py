"""What a modem says after its actor gave up is recorded on the right effect."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from engine.dispatch.actor import Take
from engine.dispatch.attempts import Attempts
from engine.dispatch.body import EffectBody, encode_body
from engine.health import Health
from engine.journal.memory import Medium, MemoryStore
from engine.modems.actor import ModemActor
from engine.ports.journal import (
    Answer,
    Append,
    EffectClass,
    EffectRow,
    EffectState,
    Head,
    JournalReader,
    NewEvent,
    Reply,
    Request,
)
from engine.ports.modem import (
    LateAnswer,
    ModemEvent,
    ModemHealth,
    SendResult,
    SubmitOutcome,
)
from engine.protocol.texts import Segment
from engine.supervision.tree import alone
from engine.values import CommandId, EffectId, Instant
from tests.fakes import ManualClock

UNKNOWN = SubmitOutcome(
    result=SendResult.UNKNOWN, retry=True, reason="no answer", may_follow=True
)


class Silent:
    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...

    def gauge(self, name: str, value: float, **labels: str) -> None: ...

    def observe(self, name: str, value: float, **labels: str) -> None: ...


class Desk:
    """The journal at hand: commits at once, in the caller's thread."""

    def __init__(self, clock: ManualClock) -> None:
        self.store = MemoryStore(Medium())
        self._clock = clock

    @property
    def epoch(self) -> int:
        return self.store.epoch

    def submit(self, request: Request, reply: Reply) -> None:
        reply(self.ask(request, 1.0))

    def ask(self, request: Request, timeout_s: float) -> Answer:
        del timeout_s
        (answer,) = self.store.commit([request], self._clock.now())
        return answer

    @contextmanager
    def reader(self) -> Iterator[JournalReader]:
        yield self.store.reader()

    def state(self, effect: str) -> tuple[EffectState, str]:
        row = self.store.reader().effect(EffectId(effect))
        assert row is not None
        return row.state, row.reference


class SlowModem:
    """Never answers in time; says late what `late` holds at the next poll."""

    def __init__(self) -> None:
        self.late: list[ModemEvent] = []

    def open(self, *, beat: Callable[[], None]) -> ModemHealth:
        del beat
        return ModemHealth(registered=True)

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
        del number, text, validity_min, beat, late_s
        return UNKNOWN

    def ring(
        self,
        number: str,
        *,
        seconds: float,
        beat: Callable[[], None],
        between: Callable[[], None],
    ) -> bool:
        del number, seconds, beat, between
        return False

    def poll(self, *, drain: bool) -> Sequence[ModemEvent]:
        del drain
        said, self.late = self.late, []
        return said

    def wait(self, seconds: float) -> bool:
        del seconds
        return bool(self.late)

    def answers(self) -> bool:
        return True

    def delete(self, slot: str) -> None: ...

    def health(self) -> ModemHealth:
        return ModemHealth(registered=True)

    def recover(self, rung: int) -> bool:
        del rung
        return True

    def interrupt(self) -> None: ...

    def close(self) -> None: ...


def _planned(name: str) -> EffectRow:
    body = EffectBody(
        address="+46701740605", language="en", segments=(Segment(priority=1, text="x"),)
    )
    return EffectRow(
        effect_id=EffectId(name),
        alarm="alarm/a",
        effect_class=EffectClass.SAFETY,
        channel="sms",
        rank=1,
        planned_at=Instant(1),
        body=encode_body(body),
    )


@pytest.mark.parametrize(
    ("late", "ends"),
    [
        (
            SubmitOutcome(result=SendResult.SENT, reference=99),
            (EffectState.ACCEPTED, "99"),
        ),
        (
            SubmitOutcome(result=SendResult.REJECTED, code="38"),
            (EffectState.REJECTED, ""),
        ),
    ],
)
def test_a_late_answer_is_recorded_on_the_oldest_unanswered_effect(
    clock: ManualClock, late: SubmitOutcome, ends: tuple[EffectState, str]
) -> None:
    desk, modem = Desk(clock), SlowModem()
    effects = [_planned("a/1"), _planned("a/2")]
    desk.ask(
        Append(
            stream="alarm/a",
            expected_seq=0,
            epoch=desk.epoch,
            command_id=CommandId("raise"),
            events=(NewEvent(kind="AlarmRaised", body=b"{}"),),
            head=Head(status="raised", is_open=True),
            plans=tuple(effects),
        ),
        1.0,
    )
    actor = ModemActor(
        link=alone(clock, "modem-1"),
        driver=modem,
        attempts=Attempts(
            route="modem-1", journal=desk, readers=desk, told=lambda _: None
        ),
        journal=desk,
        readers=desk,
        telemetry=Silent(),
        health=Health(Silent()),
        heard=lambda _: None,
    )
    _settle(actor, clock)
    for row in effects:
        actor.handle(Take(row=row))
    assert desk.state("a/1") == desk.state("a/2") == (EffectState.UNKNOWN, "")
    modem.late.append(LateAnswer(outcome=late))
    _settle(actor, clock)
    assert desk.state("a/1") == ends
    assert desk.state("a/2") == (EffectState.UNKNOWN, "")


def _settle(actor: ModemActor, clock: ManualClock) -> None:
    clock.advance(1)
    actor.woke()
