"""In a flood HQ is told of each alarm first, and the searches follow."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

from engine.alarm.asking import HELD, Questions
from engine.alarm.commands import AlarmCommand, Settle, Tick
from engine.alarm.decide import Decision
from engine.alarm.desk import Desk, HqEntry, Offices
from engine.alarm.events import NotificationPlanned
from engine.alarm.schedule import next_due
from engine.alarm.state import Alarm
from engine.ports.journal import EffectState
from engine.protocol.model import ActionProtocol, Audience, Step
from engine.roster.board import Board
from engine.roster.model import Rota
from engine.values import AlarmId, CommandId, Instant, StepId
from tests.engine.alarm.scene import ENDED_BY_ONE, press_of, raise_of
from tests.engine.intake.reports import ROSTER, judge_of
from tests.fakes import ManualClock

FIRST = AlarmId("first")
DUTY = HqEntry(channel="email", address="duty@hq.example")


@dataclass
class Case:
    """One alarm's questions, by hand."""

    hq: tuple[HqEntry, ...] = (DUTY,)
    is_flooded: bool = True
    board: Board = field(default_factory=lambda: judge_of().board)
    clock: ManualClock = field(default_factory=ManualClock)
    alarm: Alarm | None = None

    def __post_init__(self) -> None:
        codes = count()
        self.desk = Desk(
            board=self.board,
            codes=lambda n: [f"K{next(codes)}" for _ in range(n)],
            offices=lambda: Offices(hq=self.hq),
            is_flooded=lambda: self.is_flooded,
        )
        self.questions = Questions(desk=self.desk)

    @property
    def now(self) -> Instant:
        return self.clock.now()

    def press(self, protocol: ActionProtocol = ENDED_BY_ONE) -> Decision:
        return self.do(raise_of(press_of("k1", self.now), protocol))

    def tick(self) -> Decision:
        return self.do(Tick(command_id=CommandId(f"tick/{self.now.ms}")))

    def do(self, command: AlarmCommand) -> Decision:
        decision = self.questions.considered(FIRST, self.alarm, command, self.now)
        self.alarm = decision.alarm
        return decision

    def due(self) -> Instant | None:
        assert self.alarm is not None
        return self.questions.armed(next_due(self.alarm, self.now), self.now)


def told(decision: Decision) -> set[Audience]:
    return {
        event.audience
        for event in decision.events
        if isinstance(event, NotificationPlanned)
    }


def test_in_a_flood_hq_is_told_and_the_search_follows_seconds_later() -> None:
    case = Case()
    assert told(case.press()) == {Audience.HQ, Audience.DUTY}
    assert case.due() == case.now.plus(HELD)
    case.clock.advance(HELD)
    assert case.due() == case.now
    assert told(case.tick()) == {Audience.NEAREST}


def test_by_the_facts_the_search_is_due_all_the_while() -> None:
    """Whoever reads the rows after a crash runs it at once."""
    case = Case()
    case.press()
    assert case.alarm is not None
    assert next_due(case.alarm, case.now) == case.now
    case.questions = Questions(desk=case.desk)
    assert told(case.tick()) == {Audience.NEAREST}


def test_where_nobody_at_hq_is_told_nothing_is_held() -> None:
    case = Case(hq=(), board=judge_of(replace(ROSTER, rota=Rota())).board)
    assert told(case.press()) == {Audience.NEAREST}


def test_what_goes_to_the_defender_alone_holds_nothing_bug_it_did() -> None:
    received = Step(
        id=StepId("received"),
        after="raised",
        to=Audience.DEFENDER,
        channels=("sms",),
        text="received",
    )
    steps = (received, *ENDED_BY_ONE.steps)
    case = Case(hq=(), board=judge_of(replace(ROSTER, rota=Rota())).board)
    pressed = case.press(replace(ENDED_BY_ONE, steps=steps))
    assert told(pressed) == {Audience.DEFENDER, Audience.NEAREST}


def test_without_a_flood_all_are_told_at_once() -> None:
    case = Case(is_flooded=False)
    assert Audience.NEAREST in told(case.press())
    assert case.due() != case.now.plus(HELD)


def test_an_outcome_that_comes_meanwhile_does_not_bring_the_search_forward() -> None:
    case = Case()
    case.press()
    assert case.alarm is not None
    effect = next(iter(case.alarm.effects))
    case.clock.advance(1.0)
    accepted = Settle(
        command_id=CommandId("settled"),
        effect=effect,
        state=EffectState.ACCEPTED,
        attempt=1,
    )
    assert told(case.do(accepted)) == set()
    assert case.due() == case.now.plus(HELD - timedelta(seconds=1))


def test_a_clock_that_jumps_ends_it() -> None:
    case = Case()
    case.press()
    assert case.questions.hold_until(case.now) == case.now.plus(HELD)
    for jump in (timedelta(hours=-1), timedelta(hours=1)):
        assert case.questions.hold_until(case.now.plus(jump)) is None
