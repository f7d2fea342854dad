"""A channel's worker: journals, sends, settles, and tries only what may be tried."""

import logging
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from engine.alarm.repeats import RETRY_MAX
from engine.dispatch.actor import Planned, Shout
from engine.dispatch.audience import NOT_PERSONAL, NOT_PUBLIC
from engine.dispatch.body import decode_body
from engine.dispatch.channel.actor import (
    GIVEN_BACK_S,
    NOT_TRIED,
    ChannelWorker,
    lane_name,
)
from engine.dispatch.channel.retry import TRIES
from engine.errors import DeliveryError
from engine.health import HOLDS_S, Health
from engine.ports.channel import PersonalMessage, PublicMessage
from engine.ports.journal import EffectRow, EffectState
from engine.supervision.child import ChildSpec, OnDown
from tests.engine.dispatch.channel.medium import SILENCE, Medium, refused
from tests.engine.dispatch.ledger import LOST, Ledger, post_of, row_of
from tests.engine.dispatch.wiring import attempts_on, dispatcher_on
from tests.engine.grown import grow, tree_in
from tests.engine.intake.reports import Meter
from tests.simulation.runtime import World

if TYPE_CHECKING:
    from engine.dispatch.outcomes import Outcome, Settled


class Rig:
    def __init__(
        self,
        lanes: int = 1,
        *,
        seed: int = 1,
        waiting: int = 0,
        checking_s: float = 0.0,
        carries: type[PersonalMessage] | type[PublicMessage] = PersonalMessage,
    ) -> None:
        self.world = World(seed)
        self.ledger = Ledger(self.world)
        self.medium = Medium(self.world, checking_s=checking_s, carries=carries)
        self.medium.seen = lambda: self.ledger.state("e1")
        self.meter = Meter()
        self.health = Health(self.meter)
        self.told: list[Settled] = []
        self.tree = tree_in(self.world)
        dispatcher = dispatcher_on(
            self.ledger, self.told.append, meter=self.meter, health=self.health
        )
        for n in range(waiting):
            row = row_of(f"e{n + 1}", channel="email", address="hq@x")
            self.ledger.plan(row)
        workers = [self._lane(lane_name("email", n + 1)) for n in range(lanes)]
        grow(self.tree, self.world, [dispatcher, *workers])

    def _lane(self, name: str) -> ChildSpec:
        attempts = attempts_on(
            self.ledger,
            name,
            self.told.append,
            health=self.health,
            meter=self.meter,
            carries=self.medium.carries,
        )
        return ChildSpec(
            name=name,
            actor=ChannelWorker,
            arguments={
                "channel": self.medium,
                "is_first": name == "email",
                "attempts": attempts,
                "telemetry": self.meter,
                "health": self.health,
            },
            on_down=OnDown.RETRY_FOREVER,
        )

    def plan(self, effect: str = "e1", repeat: int = 0) -> None:
        row = structs.replace(
            row_of(effect, channel="email", address="hq@x", repeat=repeat),
            avoid_route="elsewhere" if repeat else "",
        )
        self.offer(row)

    def offer(self, row: EffectRow) -> None:
        self.ledger.plan(row)
        self.tree.names.tell("dispatcher", Planned(rows=(row,)))

    def outcomes(self) -> list[tuple[EffectState, str, bool]]:
        return [(s.outcome.state, s.outcome.reason, s.outcome.retry) for s in self.told]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_notification_goes_out_after_the_journal_has_its_attempt(rig: Rig) -> None:
    rig.plan(repeat=2)
    rig.world.run(1)
    (sent,) = rig.medium.sent
    assert rig.medium.states == [EffectState.ATTEMPTING]
    assert (sent.key, sent.address, sent.text) == ("e1", "hq@x", "SOS")
    assert (sent.attempt, sent.repeat) == (1, 2)
    assert rig.outcomes() == [(EffectState.ACCEPTED, "", False)]
    assert rig.told[0].outcome.reference == "ref-1"


def test_what_was_certainly_not_sent_is_tried_again_within_the_attempt(
    rig: Rig,
) -> None:
    rig.medium.faults = [refused(retry=True)] * 2
    rig.plan()
    rig.world.run(3)
    assert len(rig.medium.sent) == 3
    assert len({sent.key for sent in rig.medium.sent}) == 1
    assert rig.outcomes() == [(EffectState.ACCEPTED, "", False)]


def test_the_tries_end_and_the_alarm_decides_on_the_next(rig: Rig) -> None:
    rig.medium.faults = [refused(retry=True)] * 99
    rig.plan()
    rig.world.run(4)
    assert len(rig.medium.sent) == TRIES
    assert rig.outcomes() == [(EffectState.REJECTED, "refused", True)]
    assert "channel_down" in rig.health.reasons()


def test_slow_failures_end_with_the_slack_and_not_with_the_tries(rig: Rig) -> None:
    rig.medium.faults = [refused(retry=True)] * 99
    rig.medium.takes_s = 4.0
    rig.plan()
    rig.world.run(20)
    assert len(rig.medium.sent) == 2


def busy(after_s: float) -> DeliveryError:
    return DeliveryError("email", "answered 503", retry=True, after_s=after_s)


def test_a_far_end_that_asks_for_a_minute_keeps_no_safety_message_waiting(
    rig: Rig,
) -> None:
    rig.medium.faults = [busy(60.0)]
    rig.plan()
    rig.world.run(1)
    assert rig.outcomes() == [(EffectState.REJECTED, "answered 503", True)]


def test_a_public_post_waits_for_it_since_no_alarm_posts_it_again() -> None:
    rig = Rig(carries=PublicMessage)
    rig.medium.faults = [busy(60.0)]
    rig.offer(post_of("e1"))
    rig.world.run(59)
    assert len(rig.medium.sent) == 1
    rig.world.run(3)
    assert rig.outcomes() == [(EffectState.ACCEPTED, "", False)]
    rig.medium.faults = [busy(3600.0)]
    rig.offer(post_of("e2"))
    rig.world.run(1)
    assert rig.outcomes()[1:] == [(EffectState.REJECTED, "answered 503", True)]


@pytest.mark.parametrize(
    ("carries", "row", "reason"),
    [
        (PublicMessage, row_of(channel="email"), NOT_PUBLIC.reason),
        (PersonalMessage, post_of(), NOT_PERSONAL.reason),
    ],
)
def test_a_channel_never_gets_a_message_that_it_does_not_carry(
    carries: type[PersonalMessage] | type[PublicMessage], row: EffectRow, reason: str
) -> None:
    rig = Rig(carries=carries)
    rig.offer(row)
    rig.world.run(3)
    assert rig.medium.sent == []
    assert rig.outcomes() == [(EffectState.REJECTED, reason, False)]
    assert rig.health.reasons() == {"channel_misrouted": ("email",)}
    assert rig.meter.counted["deliveries_total"] == 1


def test_a_public_channel_gets_posts_and_nothing_that_is_sent_from_memory() -> None:
    rig = Rig(carries=PublicMessage)
    rig.offer(post_of())
    answers: list[Outcome] = []
    body = decode_body(row_of(address="hq@x").body)
    rig.tree.names.tell(
        "email", Shout(channel="email", body=body, answered=answers.append)
    )
    rig.world.run(3)
    (sent,) = rig.medium.sent
    assert isinstance(sent, PublicMessage)
    assert (sent.key, sent.text, sent.attempt) == ("e1", "A defender.", 1)
    assert answers == [NOT_PUBLIC]


def test_a_final_no_is_not_tried_again(rig: Rig) -> None:
    rig.medium.faults = [refused(retry=False)]
    rig.plan()
    rig.world.run(3)
    assert len(rig.medium.sent) == 1
    assert rig.outcomes() == [(EffectState.REJECTED, "refused", False)]


def test_silence_is_unknown_and_never_tried_again_in_the_attempt(rig: Rig) -> None:
    rig.medium.faults = [SILENCE]
    rig.plan()
    rig.world.run(30)
    assert len(rig.medium.sent) == 1
    assert rig.outcomes() == [(EffectState.UNKNOWN, "no answer", False)]


def test_a_worker_that_dies_while_sending_leaves_unknown_and_goes_on(rig: Rig) -> None:
    rig.medium.faults = [SystemExit()]
    rig.plan("e1")
    rig.world.run(3)
    assert rig.outcomes() == [(EffectState.UNKNOWN, "restart", False)]
    rig.plan("e2")
    rig.world.run(3)
    assert [sent.key for sent in rig.medium.sent] == ["e1", "e2"]


def test_an_outcome_that_was_not_answered_is_told_within_seconds(rig: Rig) -> None:
    rig.ledger.fault = lambda request: LOST if "accepted" in str(request) else ""
    rig.plan()
    rig.world.run(1)
    assert rig.told == []
    rig.ledger.fault = lambda _: ""
    rig.world.run(20)
    assert rig.outcomes() == [(EffectState.ACCEPTED, "", False)]


def test_a_far_end_that_is_gone_shows_and_comes_back_by_itself(rig: Rig) -> None:
    rig.medium.is_there = False
    rig.world.run(20)
    assert rig.health.reasons() == {
        "all_channels_down": ("every route",),
        "channel_down": ("email",),
    }
    rig.plan()
    rig.world.run(1)
    assert len(rig.medium.sent) == 1, "it tries all the same: there may be no other"
    rig.medium.is_there = True
    rig.world.run(20)
    assert rig.health.reasons() == {}


def test_why_a_channel_is_down_is_logged_once_bug_the_log_had_no_word_of_it(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    rig.medium.is_there = False
    rig.world.run(100)
    assert caplog.messages == ["email cannot be used: refused"]
    rig.medium.is_there, rig.medium.faults = True, [SILENCE]
    rig.plan()
    rig.world.run(100)
    rig.world.run(HOLDS_S)
    silent, again = "email cannot be used: no answer", "email can be used again"
    assert caplog.messages[1:] == [silent, again]


@pytest.mark.parametrize("fault", [refused(retry=True), SILENCE, TypeError()])
def test_a_far_end_that_greets_and_takes_no_message_stays_down(
    rig: Rig, fault: Exception
) -> None:
    rig.medium.faults = [fault] * TRIES
    rig.plan()
    rig.world.run(60)
    assert rig.medium.checks > 2
    assert "channel_down" in rig.health.reasons()
    rig.medium.faults = []
    rig.plan("e2")
    rig.world.run(3)
    assert rig.health.reasons() == {}, "a message that is taken mends it at once"


def test_where_nothing_more_is_owed_a_check_is_believed_after_a_while(rig: Rig) -> None:
    rig.medium.faults = [SILENCE]
    rig.plan()
    rig.world.run(HOLDS_S - 20)
    assert "channel_down" in rig.health.reasons()
    rig.world.run(40)
    assert rig.health.reasons() == {}


def test_what_one_lane_saw_holds_for_the_check_of_another() -> None:
    rig = Rig(lanes=3)
    rig.medium.faults = [SILENCE] * 3
    for effect in ("e1", "e2", "e3"):
        rig.plan(effect)
    rig.world.run(60)
    assert "channel_down" in rig.health.reasons()


def test_a_channel_is_held_longer_than_the_longest_wait_before_a_repeat() -> None:
    assert RETRY_MAX.total_seconds() < HOLDS_S


def test_what_cannot_be_recorded_goes_out_at_once_each_under_its_own_key(
    rig: Rig,
) -> None:
    rig.medium.seen = lambda: None
    for address in ("hq@x", "second@x"):
        body = decode_body(row_of(address=address).body)
        rig.tree.names.tell("email", Shout(channel="email", body=body))
    rig.world.run(1)
    assert [sent.address for sent in rig.medium.sent] == ["hq@x", "second@x"]
    assert len({sent.key for sent in rig.medium.sent}) == 2
    assert all(sent.key.startswith("unrecorded.") for sent in rig.medium.sent)
    assert rig.ledger.asked == []


def test_lanes_send_at_the_same_time_and_each_effect_goes_out_once() -> None:
    rig = Rig(lanes=3)
    rig.medium.takes_s = 4.0
    for effect in ("e1", "e2", "e3", "e4"):
        rig.plan(effect)
    rig.world.run(3)
    assert sorted(sent.key for sent in rig.medium.sent) == ["e1", "e2", "e3"]
    rig.world.run(4)
    assert sorted(sent.key for sent in rig.medium.sent) == ["e1", "e2", "e3", "e4"]
    assert {one.route for one in rig.told} <= {"email", "email/2", "email/3"}


def test_what_waits_together_is_begun_in_one_commit_and_sent_in_its_order() -> None:
    rig = Rig()
    rig.medium.takes_s = 0.1
    rig.medium.seen = lambda: {name: rig.ledger.state(name) for name in "abcd"}
    for effect in "abcd":
        rig.plan(effect)
    rig.world.run(3)
    planned, attempting = EffectState.PLANNED, EffectState.ATTEMPTING
    accepted = EffectState.ACCEPTED
    assert rig.medium.states[0] == {
        "a": attempting,
        "b": planned,
        "c": planned,
        "d": planned,
    }
    assert rig.medium.states[1:3] == [
        {"a": accepted, "b": attempting, "c": attempting, "d": attempting},
        {"a": accepted, "b": accepted, "c": attempting, "d": attempting},
    ]
    assert [sent.key for sent in rig.medium.sent] == ["a", "b", "c", "d"]
    assert [settled.outcome.state for settled in rig.told] == [accepted] * 4


def test_what_was_begun_behind_a_slow_one_is_given_back_and_not_sent_late() -> None:
    rig = Rig()

    def slower() -> None:
        rig.medium.takes_s = 0.1 if len(rig.medium.sent) == 1 else GIVEN_BACK_S * 0.6

    rig.medium.seen = slower
    for effect in "abcd":
        rig.plan(effect)
    rig.world.run(10)
    assert [sent.key for sent in rig.medium.sent] == ["a", "b", "c"]
    assert rig.outcomes()[-1] == (EffectState.REJECTED, NOT_TRIED, True)
    assert rig.told[-1].effect == "d"


def test_where_the_far_end_takes_its_time_each_is_begun_alone() -> None:
    rig = Rig()
    rig.medium.takes_s = 0.3
    rig.medium.seen = lambda: [rig.ledger.state(name) for name in "abc"].count(
        EffectState.ATTEMPTING
    )
    for effect in "abc":
        rig.plan(effect)
    rig.world.run(3)
    assert rig.medium.states == [1, 1, 1]


def test_after_a_death_all_that_was_begun_together_is_unknown() -> None:
    rig = Rig()
    rig.medium.takes_s = 0.1

    def deadly() -> None:
        if len(rig.medium.sent) == 2:
            rig.medium.faults = [SystemExit()]

    rig.medium.seen = deadly
    for effect in "abcd":
        rig.plan(effect)
    rig.world.run(3)
    assert [(one.effect, one.outcome.reason) for one in rig.told] == [
        ("a", ""),
        ("b", "restart"),
        ("c", "restart"),
        ("d", "restart"),
    ]
    assert [sent.key for sent in rig.medium.sent] == ["a", "b"]


def test_the_first_lane_asks_whether_the_far_end_is_there_and_each_gives_back() -> None:
    rig, alone = Rig(lanes=3), Rig()
    for one in (rig, alone):
        one.medium.checks = one.medium.rests = 0
        one.world.run(59)
    assert rig.medium.checks == alone.medium.checks > 0
    assert rig.medium.rests == 3 * rig.medium.checks, "a connection it had kept"
