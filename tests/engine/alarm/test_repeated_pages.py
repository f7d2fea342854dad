"""In which order officers are paged again: behind new alarms, in turns with calls."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from msgspec import structs

from engine.alarm.commands import Lookup, Recipient
from engine.alarm.events import NotificationPlanned
from engine.alarm.schedule import next_due
from engine.alarm.state import Kind
from engine.dispatch.body import encode_body
from engine.dispatch.queue import AGAIN, RANK_AGAIN, RANK_CALL, RANK_HQ, Queue
from engine.ports.journal import EffectRow, EffectState
from engine.protocol.model import Audience, Step
from engine.values import AlarmId, EffectId
from tests.engine.alarm.scene import ENDED_BY_ONE, Scene, colleague
from tests.engine.dispatch.ledger import row_of
from tests.fakes import START

NO_NETWORK_S = 40.0
SMS_S, CALL_S = 3.0, 40.0


class OneOfficer(Scene):
    """The rota is one person, whom a file pages by every channel; HQ has a number.

    Colleagues have mail as well.
    """

    def _answer(self, lookup: Lookup) -> tuple[Recipient, ...]:
        if lookup.audience is Audience.HQ:
            hq = colleague("hq", 0)
            return (structs.replace(hq, person="hq-1", code="", distance_m=None),)
        if lookup.audience is not Audience.DUTY:
            found = super()._answer(lookup)
            return tuple(
                structs.replace(one, addresses=(*one.addresses, ("email", "c@x")))
                for one in found
            )
        ways = (("sms", "+15550"), ("call", "+15550"), ("email", "alder@x"))
        return (
            structs.replace(colleague("alder", 0), addresses=ways, distance_m=None),
        )


def paged(step: Step) -> Step:
    ways = {
        Audience.DUTY: ("sms", "call", "email"),
        Audience.HQ: ("sms",),
        Audience.NEAREST: ("sms", "email"),
    }
    return replace(step, channels=ways.get(step.to, step.channels))


PROTOCOL = replace(ENDED_BY_ONE, steps=tuple(map(paged, ENDED_BY_ONE.steps)))


def test_the_third_page_by_mail_goes_with_what_hq_gets_and_by_sms_with_calls() -> None:
    """By mail it has no end, and each went before the first word of a new alarm."""
    scene = OneOfficer(protocol=PROTOCOL).raised()

    def lose() -> None:
        while waiting := scene.waiting():
            for effect in waiting:
                scene.settle(effect, EffectState.UNKNOWN)

    lose()
    scene.run(50, each_due=lose)
    for audience in (Audience.DUTY, Audience.NEAREST):
        texts = [one for one in scene.planned(audience) if one.channel != "call"]
        assert {one.repeat for one in texts} >= {0, 1, 2, 3}
        for one in texts:
            is_mail = one.channel == "email"
            if one.repeat < AGAIN or (is_mail and audience is not Audience.DUTY):
                assert one.rank < RANK_CALL
            else:
                assert one.rank == (RANK_HQ if is_mail else RANK_AGAIN)


@dataclass
class OneModem:
    """Takes nothing at first, then sends one after the other; nobody answers."""

    scenes: Sequence[Scene]
    takes_sms: bool = True
    queue: Queue = field(default_factory=Queue)
    of: dict[EffectId, tuple[Scene, NotificationPlanned]] = field(default_factory=dict)
    passed_s: float = 0.0

    def run(self, seconds: float) -> Iterator[NotificationPlanned]:
        """Yield what is sent."""
        while self.passed_s < seconds:
            self._look()
            row = self.queue.take(("sms", "call"), lambda _: False)
            if row is None:
                self.passed_s += 1
                continue
            is_up = self.passed_s >= NO_NETWORK_S
            scene, planned = self.of[row.effect_id]
            if scene.state().effects[row.effect_id].state is EffectState.PLANNED:
                takes_s = CALL_S if row.channel == "call" else SMS_S
                self.passed_s += takes_s if is_up else 1
                self._look()
                is_taken = is_up and (self.takes_sms or row.channel == "call")
                fate = EffectState.ACCEPTED if is_taken else EffectState.REJECTED
                scene.settle(row.effect_id, fate, retry=not is_taken)
                if is_taken:
                    yield planned

    def _look(self) -> None:
        now = START.plus(timedelta(seconds=self.passed_s))
        for scene in self.scenes:
            due = next_due(scene.state(), scene.now)
            while due is not None and scene.now < due <= now:
                scene.now = due
                scene.tick()
                due = next_due(scene.state(), scene.now)
            scene.now = now
            scene.tick()
            for one in scene.planned():
                if one.effect not in self.of:
                    self.of[one.effect] = scene, one
                    self.queue.offer(row_like(one, scene.id))


def row_like(planned: NotificationPlanned, alarm: str) -> EffectRow:
    row = row_of(
        planned.effect,
        channel=planned.channel,
        rank=planned.rank,
        planned_ms=planned.at.ms,
        avoid_route=planned.avoid_route,
        alarm=alarm,
    )
    return structs.replace(row, body=encode_body(planned.body))


def test_calls_of_three_cases_leave_no_officer_without_a_short_message() -> None:
    """One that two tries had not sent went behind them, and no round wrote another."""
    modem = OneModem([OneOfficer(id=AlarmId(f"a{n}")).raised() for n in range(3)])
    pages = Counter(
        one.effect.split(".")[0]
        for one in modem.run(600)
        if one.audience is Audience.DUTY and one.channel == "sms"
    )
    assert set(pages) == {"a0", "a1", "a2"}
    assert min(pages.values()) >= 5


def test_a_notice_to_hq_by_sms_goes_before_no_call_of_an_alarm() -> None:
    """Whoever knows numbers of ours can have one of each."""
    scene = OneOfficer(protocol=PROTOCOL, kind=Kind.NOTICE).raised()
    assert {one.rank for one in scene.planned(Audience.HQ)} == {RANK_HQ}


def test_calls_leave_no_message_to_hq_unsent_where_it_has_a_number() -> None:
    """Each rang for as long as it took until another had to ring."""
    ids = [AlarmId(f"a{n}") for n in range(3)]
    scenes = [OneOfficer(id=one, protocol=PROTOCOL).raised() for one in ids]
    told = {
        one.effect.split(".")[0]
        for one in OneModem(scenes).run(120)
        if one.audience is Audience.HQ
    }
    assert told == set(ids)


def test_telephones_ring_where_a_network_takes_no_short_message() -> None:
    """All that had been tried in vain went before them again, and hardly one rang."""
    scenes = [OneOfficer(id=AlarmId(f"a{n}")).raised() for n in range(3)]
    modem = OneModem(scenes, takes_sms=False)
    rang = Counter(one.effect.split(".")[0] for one in modem.run(900))
    assert set(rang) == {"a0", "a1", "a2"}
    assert min(rang.values()) >= 2
