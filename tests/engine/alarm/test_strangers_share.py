"""Strangers without number share cases, and nobody else does."""

from collections import Counter
from dataclasses import replace

import pytest
from msgspec import structs

from engine.alarm.cases import OpenCases, standing_of
from engine.alarm.commands import Raise
from engine.alarm.state import Alarm, Kind, Response
from engine.alarm.strangers import (
    ALIAS_OF_MANY,
    SHARED,
    SIDE_BY_SIDE,
    STRANGERS_MAX,
    TOGETHER_MAX,
    in_a_shared_case,
    is_strangers,
)
from engine.values import AlarmId, DeviceId
from tests.engine.alarm.scene import Scene, head_row, press_of, raise_of
from tests.fakes import START


def pressed(name: str, subject: str = "") -> Raise:
    """Return a stranger's distress."""
    command = raise_of(press_of(name))
    subject = subject or f"device-{name}"
    return structs.replace(command, subject=subject, defender=None, alias="unknown")


def flooded(cases: OpenCases, count: int, first: int = 0) -> list[AlarmId]:
    """Have so many strangers press; return the case of each."""
    return [
        cases.join(pressed(f"k{number}"), AlarmId(f"a{number}"))[0]
        for number in range(first, first + count)
    ]


def is_at(command: Raise, subject: str) -> bool:
    return in_a_shared_case(command).subject == subject


def case_of(command: Raise, alarm: AlarmId) -> Alarm:
    """Return the open case that a stranger's press has begun."""
    own = Scene().raised().state()
    subject, alias = command.subject, command.alias
    return structs.replace(own, id=alarm, subject=subject, defender=None, alias=alias)


@pytest.fixture
def full() -> OpenCases:
    cases = OpenCases()
    assert len(set(flooded(cases, STRANGERS_MAX))) == STRANGERS_MAX
    return cases


def test_past_a_bound_strangers_share_cases_bug_they_filled_the_memory(
    full: OpenCases,
) -> None:
    shared = Counter(flooded(full, 10 * TOGETHER_MAX, first=1000))
    assert shared.total() == 10 * TOGETHER_MAX
    assert len(shared) <= 10 + SIDE_BY_SIDE
    assert max(shared.values()) <= TOGETHER_MAX


def test_whoever_is_in_the_roster_has_a_case_of_their_own_amid_any_flood(
    full: OpenCases,
) -> None:
    flooded(full, 50, first=1000)
    command = raise_of(press_of("heron-1"))
    assert full.join(command, AlarmId("heron")) == (AlarmId("heron"), command)
    again = raise_of(press_of("heron-2"))
    assert full.join(again, AlarmId("other")) == (AlarmId("heron"), again)


def test_a_stranger_who_has_a_case_goes_on_in_it_amid_any_flood(
    full: OpenCases,
) -> None:
    again = pressed("again", subject="device-k7")
    assert full.join(again, AlarmId("other")) == (AlarmId("a7"), again)


def test_a_shared_case_says_that_it_is_many(full: OpenCases) -> None:
    case, command = full.join(pressed("one-more"), AlarmId("own"))
    assert case == AlarmId("own")
    assert command.alias == ALIAS_OF_MANY
    assert command.subject.startswith(SHARED)
    assert command.press == pressed("one-more").press


def test_a_press_that_is_told_again_stays_in_the_case_that_it_began(
    full: OpenCases,
) -> None:
    told = [full.join(pressed("one-more"), AlarmId("own")) for _ in range(2)]
    assert told[0] == told[1]


def test_a_shared_case_takes_as_many_as_it_may_and_no_more(full: OpenCases) -> None:
    where = in_a_shared_case(pressed("one")).subject
    alike = [one for one in map(pressed, map(str, range(5000))) if is_at(one, where)]
    taken = [full.join(one, AlarmId(one.press.key))[0] for one in alike]
    assert Counter(taken)[taken[0]] == TOGETHER_MAX
    assert taken[TOGETHER_MAX] != taken[0]
    assert Counter(taken)[taken[TOGETHER_MAX]] == TOGETHER_MAX


def test_where_a_shared_case_takes_none_they_share_another_bug_each_began_their_own(
    full: OpenCases,
) -> None:
    """Its rows cannot be read: the directory begins a case for whom it takes not."""
    dead = set(flooded(full, 50, first=1000))
    assert len(dead) == SIDE_BY_SIDE
    began = []
    for number in range(2000, 2400):
        own = AlarmId(f"a{number}")
        case, command = full.join(pressed(f"k{number}"), own)
        if case in dead:
            full.begin(command, own)
            began.append(own)
    assert len(began) == SIDE_BY_SIDE


def test_after_a_start_a_shared_case_is_counted_anew() -> None:
    shared_press = in_a_shared_case(pressed("one"))
    own = [case_of(pressed(f"k{n}"), AlarmId(f"a{n}")) for n in range(STRANGERS_MAX)]
    cases = OpenCases()
    shared = case_of(shared_press, AlarmId("shared"))
    cases.read(map(head_row, [*own, shared]), {}, START)
    numbered = map(pressed, map(str, range(5000)))
    alike = [one for one in numbered if is_at(one, shared_press.subject)]
    taken = [cases.join(one, AlarmId(one.press.key))[0] for one in alike]
    assert Counter(taken)[shared.id] == TOGETHER_MAX


def test_what_hq_has_closed_takes_no_more_and_makes_room(full: OpenCases) -> None:
    shared, command = full.join(pressed("one-more"), AlarmId("own"))
    over = structs.replace(case_of(command, shared), response=Response.CLOSED)
    assert not over.is_open
    full.note(standing_of(over))
    later, _ = full.join(pressed("one-more"), AlarmId("later"))
    assert later == AlarmId("later"), "a closed case would be opened again"
    for number in range(10):
        alarm = case_of(pressed(f"k{number}"), AlarmId(f"a{number}"))
        full.note(standing_of(structs.replace(alarm, response=Response.CLOSED)))
    again = pressed("k5000")
    assert full.join(again, AlarmId("own-again")) == (AlarmId("own-again"), again)


def test_a_start_counts_the_strangers_whose_cases_are_open() -> None:
    strangers = [
        case_of(pressed(f"k{number}"), AlarmId(f"a{number}"))
        for number in range(STRANGERS_MAX - 1)
    ]
    shared_press = in_a_shared_case(pressed("one-more"))
    strangers.append(case_of(shared_press, AlarmId("shared")))
    cases = OpenCases()
    cases.read(map(head_row, strangers), {}, START)
    case, command = cases.join(pressed("one-more"), AlarmId("own"))
    assert (case, command.subject) == (AlarmId("shared"), shared_press.subject)


@pytest.mark.parametrize(
    ("subject", "is_so"),
    [("device-0a1b", True), ("message", True), ("strangers-3", True), ("heron", False)],
)
def test_a_strangers_case_is_known_by_its_subject(subject: str, *, is_so: bool) -> None:
    assert is_strangers(subject) is is_so


def test_notices_and_alarms_are_not_mixed(full: OpenCases) -> None:
    notice = structs.replace(pressed("one-more"), kind=Kind.NOTICE)
    alarm, _ = full.join(pressed("one-more"), AlarmId("alarm"))
    assert full.join(notice, AlarmId("notice"))[0] == AlarmId("notice") != alarm


def test_a_shared_case_that_hq_has_taken_sounds_again_for_the_next_stranger() -> None:
    """Else whoever shares one would be a line that nobody looks at."""

    def by(device: str, name: str) -> Raise:
        command = pressed(name)
        press = replace(command.press, device=DeviceId(device))
        return in_a_shared_case(structs.replace(command, press=press))

    scene = Scene()
    scene.do(by("a", "k1"))
    scene.acknowledge()
    scene.do(by("a", "k2"))
    assert scene.state().acknowledged is not None, "the same one, a moment later"
    scene.do(by("b", "k3"))
    assert scene.state().acknowledged is None
