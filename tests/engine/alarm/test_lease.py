"""An acknowledgement is a lease; a case without one says so where auditors look."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.commands import (
    Acknowledge,
    AddNote,
    AlarmCommand,
    Close,
    HandOver,
    Link,
    Tick,
)
from engine.alarm.events import (
    AcknowledgementLapsed,
    ActRefused,
    AlarmAcknowledged,
)
from engine.alarm.lease import (
    WITHOUT_LEASE,
    is_held_for_good,
    lease_due,
    renews,
    response_of,
    status_of,
    wakes_at,
    with_shift,
)
from engine.alarm.rows import head_of
from engine.alarm.state import CloseReason, Kind, Response
from engine.ports.journal import Head
from engine.protocol.model import LEASE, Audience
from engine.values import AlarmId, OperatorId
from tests.engine.alarm.scene import ALDER, ENDED_BY_ONE, ROWAN, Scene
from tests.fakes import START

FOR_GOOD = replace(ENDED_BY_ONE, lease=None)
ALL_DAY = replace(ENDED_BY_ONE, lease=timedelta(days=1))


@pytest.mark.parametrize("kind", [Kind.REAL, Kind.EXERCISE, Kind.NOTICE])
def test_an_officer_who_falls_asleep_silences_nothing_by_any_sample(kind: Kind) -> None:
    scene = Scene(kind=kind).raised()
    scene.acknowledge()
    scene.settle_all()
    pages = len(scene.planned(Audience.DUTY))
    scene.run(LEASE.total_seconds() + 1, each_due=scene.settle_all)
    assert len(scene.of(AcknowledgementLapsed)) == 1
    assert len(scene.planned(Audience.DUTY)) > pages
    head = head_of(scene.state(), scene.now)
    assert head.next_due is not None, "the next officer, a minute later"


@pytest.mark.parametrize(
    ("rounds", "every_s"), [(1, None), (1, 60), (2, 60)], ids=["once", "one", "two"]
)
def test_a_rota_that_is_paged_no_more_is_paged_anew_where_nobody_attends(
    rounds: int, every_s: float | None
) -> None:
    every = None if every_s is None else timedelta(seconds=every_s)
    steps = tuple(
        replace(step, every=every, rounds=rounds) if step.to is Audience.DUTY else step
        for step in ENDED_BY_ONE.steps
    )
    scene = Scene(protocol=replace(ENDED_BY_ONE, steps=steps)).raised()
    scene.run(300, each_due=scene.settle_all)
    first = len(scene.told(Audience.DUTY))
    scene.acknowledge()
    scene.run(LEASE.total_seconds() - 1, each_due=scene.settle_all)
    assert len(scene.told(Audience.DUTY)) == first
    scene.run(300, each_due=scene.settle_all)
    assert len(scene.told(Audience.DUTY)) == 2 * first
    scene.acknowledge()
    scene.now = scene.now.plus(timedelta(minutes=6))
    scene.raised("again")
    scene.run(300, each_due=scene.settle_all)
    assert len(scene.told(Audience.DUTY)) == 3 * first, (
        "a further press is news as well"
    )
    keys = [planned.effect for planned in scene.planned(Audience.DUTY)]
    assert len(set(keys)) == len(keys)


def test_a_case_that_somebody_has_says_when_they_have_to_act() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    scene.settle_all()
    head = head_of(scene.state(), scene.now)
    assert head.status == "acknowledged"
    assert lease_due(scene.state()) == scene.now.plus(LEASE)
    assert head.next_due is not None
    assert head.next_due <= scene.now.plus(LEASE)


def test_a_second_click_is_no_second_look() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    scene.run(5)
    scene.acknowledge()
    assert len(scene.of(ActRefused)) == 1
    scene.run(1)
    scene.acknowledge()
    assert len(scene.of(AlarmAcknowledged)) == 2
    scene.acknowledge(ROWAN)
    assert len(scene.of(ActRefused)) == 2
    scene.run(60)
    scene.acknowledge(ROWAN)
    assert len(scene.of(ActRefused)) == 3, "it is still in another's hands"


HERON = OperatorId("heron")
ACTS: dict[str, Callable[[Scene], AlarmCommand]] = {
    "a note": lambda scene: AddNote(
        command_id=scene.command_id(), by=HERON, text="all is well"
    ),
    "a link": lambda scene: Link(
        command_id=scene.command_id(), by=HERON, other=AlarmId("b2")
    ),
    "an act that is refused": lambda scene: Acknowledge(
        command_id=scene.command_id(), by=HERON
    ),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
@pytest.mark.parametrize("kind", [Kind.REAL, Kind.EXERCISE])
def test_the_defender_at_hq_keeps_nobody_from_being_paged_bug_their_acts_did(
    act: Callable[[Scene], AlarmCommand], kind: Kind
) -> None:
    """Whoever forces them needed no more than a click in half an hour."""
    scene = Scene(kind=kind).raised()
    scene.acknowledge()
    scene.run(1_200)
    scene.do(act(scene))
    scene.run(LEASE.total_seconds() - 1_200)
    is_held = scene.state().acknowledged is not None
    assert is_held is (kind is Kind.EXERCISE), "of an exercise they are an operator"


def test_where_nothing_lapses_nothing_is_renewed() -> None:
    scene = Scene(protocol=FOR_GOOD).raised()
    assert not renews(scene.state(), ALDER, scene.now)
    scene.acknowledge()
    assert not renews(scene.state(), ALDER, scene.now.plus(timedelta(hours=1)))
    leased = Scene().raised()
    assert not renews(leased.state(), ALDER, leased.now)
    leased.acknowledge()
    assert renews(leased.state(), ALDER, leased.now.plus(timedelta(hours=1)))
    assert not renews(leased.state(), ROWAN, leased.now.plus(timedelta(hours=1)))


def test_a_closed_case_is_held_by_nobody() -> None:
    scene = Scene(protocol=FOR_GOOD).raised()
    scene.acknowledge()
    command = scene.command_id()
    scene.do(Close(command_id=command, by=ALDER, reason=CloseReason.SAFE))
    assert not is_held_for_good(scene.state())
    assert WITHOUT_LEASE not in head_of(scene.state(), scene.now).status


def test_whoever_it_is_handed_to_has_a_lease_of_their_own() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    scene.run(1_700, each_due=scene.settle_all)
    over = HandOver(command_id=scene.command_id(), by=ALDER, to=ROWAN, note="yours")
    scene.do(over)
    scene.run(1_700, each_due=scene.settle_all)
    assert scene.of(AcknowledgementLapsed) == []
    scene.run(101)
    (lapse,) = scene.of(AcknowledgementLapsed)
    assert isinstance(lapse, AcknowledgementLapsed)
    assert lapse.by == ROWAN


def test_a_closed_case_has_no_lease_and_a_reopened_one_that_nobody_has_neither() -> (
    None
):
    scene = Scene().raised()
    scene.acknowledge()
    command = scene.command_id()
    scene.do(Close(command_id=command, by=ALDER, reason=CloseReason.SAFE))
    assert lease_due(scene.state()) is None
    scene.run(4_000, each_due=scene.settle_all)
    assert scene.of(AcknowledgementLapsed) == []
    scene.raised("again")
    assert scene.state().is_open
    assert lease_due(scene.state()) is None


def test_a_case_whose_file_wants_no_lease_is_named_in_its_clear_columns() -> None:
    scene = Scene(protocol=FOR_GOOD).raised()
    assert not is_held_for_good(scene.state())
    assert head_of(scene.state(), scene.now).status == "notifying"
    scene.acknowledge()
    assert status_of(scene.state()) == "acknowledged_without_lease"
    scene.verify()
    assert status_of(scene.state()) == "following_up_without_lease"
    scene.run(86_400, each_due=scene.settle_all)
    assert scene.of(AcknowledgementLapsed) == []


@pytest.mark.parametrize("response", list(Response))
def test_a_status_tells_the_response_with_a_lease_and_without(
    response: Response,
) -> None:
    assert response_of(response.value) is response
    assert response_of(f"{response}{WITHOUT_LEASE}") is response


def taken_until(scene: Scene, hours: float) -> None:
    """Have alder take a case, on a shift that ends in so many hours."""
    until = scene.now.plus(timedelta(hours=hours))
    command_id = scene.command_id()
    scene.do(Acknowledge(command_id=command_id, by=ALDER, until=until))


def test_with_the_shift_of_whoever_has_it_a_case_comes_to_who_is_on_next() -> None:
    scene = Scene(protocol=ALL_DAY).raised()
    scene.run(70, each_due=scene.settle_all)
    assert scene.told(Audience.DUTY)[-1] == "rowan"
    taken_until(scene, 2)
    scene.run(2 * 3_600 - 1, each_due=scene.settle_all)
    assert scene.of(AcknowledgementLapsed) == []
    paged = len(scene.told(Audience.DUTY))
    scene.run(1, each_due=scene.settle_all)
    (lapse,) = scene.of(AcknowledgementLapsed)
    assert isinstance(lapse, AcknowledgementLapsed)
    assert lapse.off_duty
    assert scene.state().response is Response.NOTIFYING
    assert scene.told(Audience.DUTY)[paged:] == ["alder"] * 2, "SMS and call, at once"
    scene.run(60, each_due=scene.settle_all)
    assert scene.told(Audience.DUTY)[paged + 2 :] == ["rowan"] * 2


def test_who_has_slept_is_not_the_first_who_is_paged_again() -> None:
    scene = Scene().raised()
    scene.run(5, each_due=scene.settle_all)
    paged = scene.told(Audience.DUTY)
    assert set(paged) == {"alder"}
    taken_until(scene, 2)
    scene.run(LEASE.total_seconds(), each_due=scene.settle_all)
    (lapse,) = scene.of(AcknowledgementLapsed)
    assert isinstance(lapse, AcknowledgementLapsed)
    assert not lapse.off_duty
    assert scene.told(Audience.DUTY)[len(paged)] == "rowan"


def test_a_shift_that_is_over_while_the_engine_is_down_is_found_at_the_start() -> None:
    scene = Scene(protocol=ALL_DAY).raised()
    taken_until(scene, 2)
    until = scene.now.plus(timedelta(hours=2))
    assert lease_due(scene.state()) == until
    assert head_of(scene.state(), scene.now).next_due is not None
    scene.now = scene.now.plus(timedelta(days=3))
    scene.tick()
    assert len(scene.of(AcknowledgementLapsed)) == 1


def test_who_acts_after_their_shift_stays_on() -> None:
    scene = Scene(protocol=ALL_DAY).raised()
    taken_until(scene, 2)
    scene.now = scene.now.plus(timedelta(hours=2))
    scene.verify()
    assert scene.of(AcknowledgementLapsed) == []
    assert lease_due(scene.state()) == scene.now.plus(timedelta(days=1))


def test_a_case_that_is_handed_over_lasts_as_long_as_the_others_shift() -> None:
    scene = Scene(protocol=ALL_DAY).raised()
    taken_until(scene, 2)
    ends = scene.now.plus(timedelta(hours=9))
    command_id = scene.command_id()
    over = HandOver(command_id=command_id, by=ALDER, to=ROWAN, note="n", until=ends)
    scene.do(over)
    assert lease_due(scene.state()) == ends


def test_a_file_that_wants_no_lease_does_not_ask_at_the_end_of_a_shift() -> None:
    scene = Scene(protocol=FOR_GOOD).raised()
    taken_until(scene, 2)
    assert lease_due(scene.state()) is None


def test_whoever_is_given_a_case_has_it_with_the_end_of_their_own_shift() -> None:
    ends = {ALDER: START.plus(timedelta(hours=1)), ROWAN: None}
    scene = Scene()
    taken = Acknowledge(command_id=scene.command_id(), by=ALDER)
    assert with_shift(taken, ends.get) == structs.replace(taken, until=ends[ALDER])
    over = HandOver(command_id=scene.command_id(), by=ROWAN, to=ALDER, note="yours")
    assert with_shift(over, ends.get) == structs.replace(over, until=ends[ALDER])
    back = structs.replace(over, by=ALDER, to=ROWAN)
    assert with_shift(back, ends.get) == back
    tick = Tick(command_id=scene.command_id())
    assert with_shift(tick, ends.get) is tick


LATER = START.plus(timedelta(minutes=1))


@pytest.mark.parametrize(
    ("head", "at"),
    [
        (Head(status="acknowledged", is_open=True), START),
        (Head(status="following_up", is_open=True), START),
        (Head(status="acknowledged_without_lease", is_open=True), None),
        (Head(status="acknowledged", is_open=True, next_due=LATER), LATER),
        (Head(status="notifying", is_open=True), None),
        (Head(status="acknowledged", is_open=False), None),
    ],
)
def test_columns_that_do_not_say_why_nothing_falls_due_are_looked_at(
    head: Head, at: object
) -> None:
    assert wakes_at(head, START) == at
