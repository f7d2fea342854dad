"""Who climbs when, looked at one condition at a time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.effects import Effect
from engine.alarm.ladder import Climb, climbs
from engine.alarm.state import Alarm, ReplyKind, Said, Truth
from engine.ports.journal import EffectState
from engine.protocol.model import Proof, Voice
from engine.values import EffectId, Instant, StepId
from tests.engine.alarm.test_ladder import climbing
from tests.fakes import START

WITHIN_S, SETTLED_S = 60, 10


def after(seconds: float) -> Instant:
    return START.plus(timedelta(seconds=seconds))


class Rung:
    """A case in which one SMS stands on the lowest rung, as a test changes it."""

    def __init__(self) -> None:
        scene = climbing()
        self.alarm = scene.state()
        (self.sms,) = [e for e in self.alarm.effects.values() if e.person == "c1"]
        self.sms = structs.replace(self.sms, planned_at=START)
        (self.step,) = [s for s in self.alarm.protocol.steps if s.ladder]
        self.has(self.sms)

    def has(self, *effects: Effect) -> "Rung":
        by_id = {EffectId(f"e{number}"): one for number, one in enumerate(effects)}
        self.alarm = structs.replace(self.alarm, effects=by_id)
        return self

    def told(self, **changes: object) -> "Rung":
        told = structs.replace(self.alarm.told["c1"], **changes)
        self.alarm = structs.replace(self.alarm, told={**self.alarm.told, "c1": told})
        return self

    def climbs(self, alarm: Alarm | None = None) -> list[Climb]:
        return list(climbs(alarm or self.alarm, self.step))

    def due(self) -> Instant | None:
        found = self.climbs()
        assert len(found) < 2
        return found[0].at if found else None


@pytest.fixture
def rung() -> Rung:
    return Rung()


@pytest.mark.parametrize(
    ("state", "retry", "repeated", "due_s"),
    [
        (EffectState.PLANNED, False, False, WITHIN_S),
        (EffectState.ATTEMPTING, False, False, WITHIN_S),
        (EffectState.ACCEPTED, False, False, WITHIN_S),
        (EffectState.DELIVERED, False, False, None),
        (EffectState.UNKNOWN, False, False, WITHIN_S),
        (EffectState.UNKNOWN, False, True, None),
        (EffectState.REJECTED, False, False, SETTLED_S),
        (EffectState.REJECTED, True, False, WITHIN_S),
        (EffectState.REJECTED, True, True, None),
        (EffectState.UNDELIVERED, False, False, SETTLED_S),
        (EffectState.UNDELIVERED, False, True, SETTLED_S),
        (EffectState.EXPIRED, True, True, SETTLED_S),
    ],
)
def test_a_rung_is_left_when_its_time_is_over_or_it_has_failed(
    rung: Rung,
    state: EffectState,
    due_s: float | None,
    *,
    retry: bool,
    repeated: bool,
) -> None:
    sms = structs.replace(
        rung.sms,
        state=state,
        retry=retry,
        repeated=repeated,
        settled_at=after(SETTLED_S),
    )
    assert rung.has(sms).due() == (None if due_s is None else after(due_s))


@pytest.mark.parametrize("proof", [Proof.SENT, Proof.ACCEPTED])
@pytest.mark.parametrize(
    ("state", "due_s"),
    [
        (EffectState.PLANNED, WITHIN_S),
        (EffectState.ATTEMPTING, WITHIN_S),
        (EffectState.UNKNOWN, WITHIN_S),
        (EffectState.ACCEPTED, None),
        (EffectState.DELIVERED, None),
    ],
)
def test_an_attempt_that_lasts_is_no_proof_that_anything_was_sent(
    rung: Rung, proof: Proof, state: EffectState, due_s: float | None
) -> None:
    """A modem that hung held everybody on its rung for as long as the attempt took."""
    lowest, *others = rung.step.ladder
    rung.step = replace(rung.step, ladder=(replace(lowest, proof=proof), *others))
    due = rung.has(structs.replace(rung.sms, state=state)).due()
    assert due == (None if due_s is None else after(due_s))


def test_a_failure_whose_moment_is_not_known_waits_for_its_time(rung: Rung) -> None:
    sms = structs.replace(rung.sms, state=EffectState.UNDELIVERED, settled_at=None)
    assert rung.has(sms).due() == after(WITHIN_S)


def test_who_has_answered_or_has_heard_of_the_end_climbs_no_further(rung: Rung) -> None:
    assert rung.due() == after(WITHIN_S)
    assert rung.told(reply=ReplyKind.COMING).due() is None
    assert rung.told(reply=None).due() == after(WITHIN_S)
    assert rung.told(ended=True).due() is None
    rung.told(ended=False)
    assert rung.climbs(structs.replace(rung.alarm, told={})) == []


@pytest.mark.parametrize(("name", "climbs"), [("c1", False), ("c2", True)])
def test_a_voice_on_the_case_is_an_answer_of_whoever_raised_it(
    rung: Rung, name: str, *, climbs: bool
) -> None:
    said = Said(name=name, voice=Voice.COLLEAGUES, truth=Truth.VERIFIED, at=START)
    rung.alarm = structs.replace(rung.alarm, voices=(said,))
    assert (rung.due() is not None) is climbs


def test_the_time_runs_from_the_first_try_on_the_same_rung(rung: Rung) -> None:
    late = structs.replace(rung.sms, planned_at=after(50))
    first = structs.replace(rung.sms, planned_at=after(5), repeated=True)
    assert rung.has(
        late, structs.replace(first, state=EffectState.UNKNOWN)
    ).due() == after(5 + WITHIN_S)


@pytest.mark.parametrize(
    "other",
    [
        {"step": StepId("other")},
        {"round": 2},
        {"person": "c2"},
        {"channel": "call"},
    ],
)
def test_tries_of_others_give_it_neither_more_nor_less_time(
    rung: Rung, other: dict[str, object]
) -> None:
    late = structs.replace(rung.sms, planned_at=after(50))
    earlier = structs.replace(rung.sms, planned_at=START, climbed=True, **other)
    found = rung.has(late, earlier).climbs()
    if other.get("channel") == "call":
        assert found == [], "the next rung has been begun"
    else:
        assert [climb.at for climb in found] == [after(50 + WITHIN_S)]


@pytest.mark.parametrize(
    "changes",
    [{"climbed": True}, {"step": StepId("other")}, {"channel": "webhook"}],
)
def test_what_has_climbed_or_is_on_no_rung_of_this_step_stays(
    rung: Rung, changes: dict[str, object]
) -> None:
    changed = structs.replace(rung.sms, **changes)
    assert rung.has(changed).climbs() == []


def test_a_round_that_is_spent_climbs_no_more(rung: Rung) -> None:
    step, last = rung.step.id, rung.sms.round
    assert rung.climbs(structs.replace(rung.alarm, spent={step: last})) == []
    assert rung.climbs(structs.replace(rung.alarm, spent={step: last - 1})) != []
    assert rung.climbs(structs.replace(rung.alarm, spent={StepId("other"): last})) != []


@pytest.mark.parametrize(
    ("changes", "is_tried"),
    [
        ({}, True),
        ({"round": 2}, False),
        ({"person": "c2"}, False),
        ({"step": StepId("other")}, False),
    ],
)
def test_a_rung_that_was_begun_for_this_round_and_person_is_not_begun_again(
    rung: Rung, changes: dict[str, object], *, is_tried: bool
) -> None:
    call = structs.replace(rung.sms, channel="call", climbed=True, **changes)
    assert (rung.has(rung.sms, call).climbs() == []) is is_tried


@pytest.mark.parametrize(
    ("ways", "next_way"),
    [
        ((("sms", "+1"), ("call", "+2"), ("email", "c1@x")), ("call", "+2")),
        ((("sms", "+1"), ("email", "c1@x")), ("email", "c1@x")),
        ((("sms", "+1"),), None),
        ((), None),
    ],
)
def test_the_next_rung_is_the_next_that_has_an_address(
    rung: Rung,
    ways: tuple[tuple[str, str], ...],
    next_way: tuple[str, str] | None,
) -> None:
    found = rung.told(ways=ways).climbs()
    assert [(climb.channel, climb.address) for climb in found] == (
        [] if next_way is None else [next_way]
    )
    assert all(climb.effect == rung.sms for climb in found)
