"""An acknowledgement is a lease; a case without one says so where auditors look."""

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.alarm.commands import Close, HandOver
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
)
from engine.alarm.rows import head_of
from engine.alarm.state import CloseReason, Kind, Response
from engine.ports.journal import Head
from engine.protocol.model import LEASE, Audience
from tests.engine.alarm.scene import ALDER, ROWAN, STANDARD, Scene
from tests.fakes import START

FOR_GOOD = replace(STANDARD, lease=None)


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
        for step in STANDARD.steps
    )
    scene = Scene(protocol=replace(STANDARD, steps=steps)).raised()
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
