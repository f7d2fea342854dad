"""What no route took is shouted again, until one has taken it, and not without end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest
from pykka._envelope import Envelope

from engine.dispatch.actor import Shout
from engine.dispatch.body import EffectBody
from engine.dispatch.channel.actor import ChannelWorker
from engine.dispatch.outcomes import AWAY, Outcome
from engine.errors import DeliveryError, ModemSilentError
from engine.health import Health
from engine.intake.shouter.actor import KEPT, Shouter, Unkept, Unrecorded
from engine.intake.shouter.call import NOT_RECORDED
from engine.intake.shouter.unheard import AGAIN, GIVEN_UP_S, STRIKES_MAX
from engine.ports.channel import PersonalMessage, Receipt
from engine.ports.journal import EffectState
from engine.ports.modem import SendResult, SubmitOutcome
from engine.supervision.actor import SupervisedActor
from engine.supervision.child import ChildSpec, OnDown
from engine.supervision.inbox import Inbox
from engine.supervision.link import Link
from engine.supervision.tree import Tree
from engine.values import ChannelName, ReportKey
from tests.engine.alarm.scene import press_of, raise_of
from tests.engine.dispatch.ledger import Ledger
from tests.engine.dispatch.wiring import attempts_on
from tests.engine.grown import grow, tree_in
from tests.engine.intake.reports import Meter, judge_of
from tests.engine.modems import rig as modems
from tests.simulation.runtime import World

HQ = "duty@hq"
EMAIL = ChannelName("email")
TAKEN = Outcome(state=EffectState.ACCEPTED)
UNKNOWN = Outcome(state=EffectState.UNKNOWN, retry=True)
NEVER = Outcome(state=EffectState.REJECTED)
AGAIN_S = AGAIN.total_seconds()
ERROR = object()
DOWN_S = 4.0


@dataclass
class Says:
    """What a route answers, over its instances; an exception is raised."""

    outcome: Outcome | Exception | None = TAKEN
    asked: list[str] = field(default_factory=list)
    answer: Callable[[Outcome], None] = lambda _: None


class Route(SupervisedActor[Shout]):
    def __init__(self, *, link: Link, says: Says) -> None:
        super().__init__(link=link)
        self.says = says

    def handle(self, message: Shout) -> None:
        self.says.asked.append(message.body.address)
        self.says.answer = message.answered
        outcome = self.says.outcome
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is not None:
            message.answered(outcome)


@dataclass
class Medium:
    """A channel that refuses for as long as it is told to."""

    name: ChannelName = EMAIL
    carries: type[PersonalMessage] = PersonalMessage
    timeout_s: float = 10.0
    refuses: bool = True
    sent: list[PersonalMessage] = field(default_factory=list)

    def send(self, notification: PersonalMessage) -> Receipt:
        if self.refuses:
            raise DeliveryError(self.name, "refused", retry=True)
        self.sent.append(notification)
        return Receipt(reference="ref-1")

    def check(self) -> None: ...
    def rest(self) -> None: ...
    def interrupt(self) -> None: ...
    def close(self) -> None: ...


class Hq:
    """A shouter with one address of HQ, in a tree with the routes to it."""

    def __init__(
        self,
        world: World,
        tree: Tree,
        channel: str = "email",
        routes: Sequence[ChildSpec] = (),
        workers: Sequence[str] = (),
        addresses: int = 1,
    ) -> None:
        self.world, self.tree, self.meter = world, tree, Meter()
        judge = judge_of(clock=world)
        self.unrecorded = Unrecorded(
            lambda hint: tree.names.tell("shouter", hint), judge.board.roster
        )
        names = [*workers, *(one.name for one in routes)]
        arguments = {
            "judge": judge,
            "board": judge.board,
            "hq": lambda: ((channel, HQ),) * addresses,
            "routes": lambda: tuple((name, channel) for name in names),
            "unrecorded": self.unrecorded,
            "telemetry": self.meter,
        }
        shouter = ChildSpec(
            name="shouter",
            actor=Shouter,
            arguments=arguments,
            on_down=OnDown.RETRY_FOREVER,
            intensity=0,
            retry_s=DOWN_S,
        )
        # First, lest the end of a route restarts it.
        grow(tree, world, [shouter, *routes], run_s=1)

    def press(self, key: str = "k1", run_s: float = 1) -> ReportKey:
        command = raise_of(press_of(key))
        self.unrecorded.say(Unkept(command=command))
        self.world.run(run_s)
        return command.press.key

    def crash(self) -> None:
        """Say what the shouter dies of, as of a mistake in its code."""
        self.unrecorded.say(cast("Unkept", ERROR))
        self.world.run(1)
        assert self.tree.names.lookup("shouter") is None, "for a while"

    def count(self, name: str) -> float:
        return self.meter.counted.get(name, 0)


def hq_with(*says: Says) -> Hq:
    world = World(1)
    routes = [
        ChildSpec(
            name=f"email/{number}",
            actor=Route,
            arguments={"says": one},
            on_down=OnDown.RETRY_FOREVER,
        )
        for number, one in enumerate(says, start=1)
    ]
    return Hq(world, tree_in(world), routes=routes)


def hq_by_modem(rig: modems.Rig) -> Hq:
    return Hq(rig.world, rig.tree, channel="sms", workers=["modem-1"])


def to_hq(rig: modems.Rig) -> list[str]:
    return [text for number, text in rig.driver.submitted if number == HQ]


def test_a_modem_that_is_closed_at_the_moment_sends_it_when_it_is_back() -> None:
    rig = modems.Rig()
    hq = hq_by_modem(rig)
    rig.driver.is_gone = True
    rig.world.run(2)
    hq.press()
    assert to_hq(rig) == []
    rig.driver.is_gone = False
    rig.world.run(120)
    (text,) = to_hq(rig)
    assert text.startswith(NOT_RECORDED)


def test_a_modem_that_refuses_or_falls_silent_sends_it_once_it_takes_it() -> None:
    rig = modems.Rig()
    hq = hq_by_modem(rig)
    refusal = SubmitOutcome(result=SendResult.REJECTED, retry=True)
    rig.driver.outcomes = [refusal] * 8
    rig.driver.outcomes.append(ModemSilentError())
    hq.press(run_s=200)
    told = to_hq(rig)
    assert len(told) > 1
    hq.world.run(60)
    assert to_hq(rig) == told, "once it is taken nobody asks again"
    assert rig.driver.outcomes == []


def test_a_channel_that_refuses_and_recovers_sends_it_once() -> None:
    world, medium, meter = World(1), Medium(), Meter()
    tree = tree_in(world)
    worker = ChildSpec(
        name="email",
        actor=ChannelWorker,
        arguments={
            "channel": medium,
            "is_first": True,
            "attempts": attempts_on(Ledger(world), "email", lambda _: None),
            "telemetry": meter,
            "health": Health(meter),
        },
    )
    hq = Hq(world, tree, routes=[worker])
    hq.press(run_s=60)
    medium.refuses = False
    world.run(60)
    (sent,) = medium.sent
    assert (sent.address, sent.text[: len(NOT_RECORDED)]) == (HQ, NOT_RECORDED)


def test_who_has_taken_it_is_not_asked_again_nor_another_on_their_behalf() -> None:
    takes, away = Says(), Says(AWAY)
    hq = hq_with(takes, away)
    for _ in range(3):
        hq.press(run_s=60)
    assert (takes.asked, away.asked) == ([HQ], [HQ])
    assert len(hq.unrecorded.lines()) == 1
    assert hq.count("alarms_unrecorded_total") == 1
    assert hq.count("alarms_unheard_total") == 0


def test_a_route_that_is_not_up_is_asked_once_it_is() -> None:
    world = World(1)
    tree, says = tree_in(world), Says()
    hq = Hq(world, tree, workers=["late"])
    hq.press(run_s=30)
    late = ChildSpec(name="late", actor=Route, arguments={"says": says})
    grow(tree, world, [late], run_s=AGAIN_S + 1)
    assert says.asked == [HQ]


@pytest.mark.parametrize("outcome", [UNKNOWN, NEVER, ZeroDivisionError()])
def test_where_its_fate_is_open_or_the_no_is_final_it_goes_out_twice_at_most(
    outcome: Outcome | Exception,
) -> None:
    says = Says(outcome)
    hq = hq_with(says)
    hq.press(run_s=GIVEN_UP_S)
    assert says.asked == [HQ] * STRIKES_MAX
    assert hq.count("alarms_unheard_total") == 1


def test_a_route_that_has_it_in_hand_is_not_given_it_again() -> None:
    says = Says(None)
    hq = hq_with(says)
    hq.press(run_s=GIVEN_UP_S)
    assert says.asked == [HQ]


def test_it_is_given_up_after_minutes_and_a_repeat_of_the_device_begins_anew() -> None:
    says = Says(AWAY)
    hq = hq_with(says)
    hq.press(run_s=GIVEN_UP_S + AGAIN_S + 1)
    asked = len(says.asked)
    assert asked == pytest.approx(GIVEN_UP_S / AGAIN_S, abs=2)
    assert hq.count("alarms_unheard_total") == 1
    hq.world.run(60)
    assert len(says.asked) == asked
    says.outcome = TAKEN
    hq.press()
    assert len(says.asked) == asked + 1


def test_what_the_machine_slept_gives_up_nothing_that_nobody_was_told() -> None:
    """It was given up at once, with every route there: one sent once was lost."""
    says = Says(AWAY)
    hq = hq_with(says)
    hq.press(run_s=30)
    says.outcome = TAKEN
    asked = len(says.asked)
    hq.world.suspend(8 * 3600.0)
    hq.world.run(AGAIN_S + 1)
    assert len(says.asked) == asked + 1
    assert hq.count("alarms_unheard_total") == 0


def test_what_no_route_has_taken_outlives_the_shouter_bug_it_died_with_it() -> None:
    says = Says(AWAY)
    hq = hq_with(says)
    hq.press()
    hq.crash()
    asked = len(says.asked)
    says.outcome = TAKEN
    hq.world.run(AGAIN_S + 1)
    assert says.asked == [HQ] * (asked + 1)
    hq.press(run_s=60)
    assert len(says.asked) == asked + 1, "and so does that somebody has it"
    assert hq.count("alarms_unrecorded_total") == 1


def test_what_is_said_while_no_shouter_is_up_is_shouted_by_the_next_one() -> None:
    says = Says()
    hq = hq_with(says)
    hq.crash()
    hq.press(run_s=AGAIN_S)
    assert says.asked == [HQ]


def test_what_lay_in_the_inbox_of_a_shouter_that_died_is_shouted() -> None:
    says = Says()
    hq = hq_with(says)
    hq.unrecorded.say(cast("Unkept", ERROR))
    hq.press(run_s=AGAIN_S)
    assert says.asked == [HQ]


def test_an_answer_that_comes_while_no_shouter_is_up_is_heard() -> None:
    says = Says(None)
    hq = hq_with(says)
    hq.press()
    hq.crash()
    says.answer(TAKEN)
    hq.world.run(60)
    assert says.asked == [HQ]
    assert hq.unrecorded.unheard == {}


def test_once_it_is_an_alarm_that_one_tells_people() -> None:
    says = Says(AWAY)
    hq = hq_with(says)
    hq.unrecorded.recorded(hq.press())
    asked = len(says.asked)
    hq.world.run(60)
    assert len(says.asked) == asked
    assert hq.count("alarms_unheard_total") == 0


def test_no_more_are_kept_than_the_last_ones() -> None:
    says = Says(AWAY)
    hq = hq_with(says)
    for number in range(KEPT + 20):
        hq.press(f"k{number}", run_s=0)
    hq.world.run(1)
    assert hq.count("alarms_unheard_total") == 20
    said = len(says.asked)
    hq.world.run(AGAIN_S)
    assert len(says.asked) - said <= KEPT


def test_an_inbox_that_is_full_or_closed_answers_that_nothing_was_sent() -> None:
    told: list[Outcome] = []
    body = EffectBody(address=HQ, language="en", segments=())
    shout = Shout(channel="email", body=body, answered=told.append)
    inbox = Inbox(1, now_s=World(1).boottime_s)
    inbox.put(Envelope(shout))
    assert told == []
    inbox.put(Envelope(shout))
    assert told == [AWAY]
    inbox.close()
    assert told == [AWAY, AWAY]
