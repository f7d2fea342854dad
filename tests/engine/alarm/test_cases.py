"""Which case a press belongs to, and what the rows bring back of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.cases import OpenCases, standing_of
from engine.alarm.commands import Raise
from engine.alarm.state import Alarm, Kind, Response, Seen, stream_of
from engine.ports.journal import Head, HeadRow
from engine.values import AlarmId, DeviceId, PersonId, Signal
from tests.engine.alarm.scene import ALARM, Scene, head_row, press_of, raise_of
from tests.fakes import START

OWN = AlarmId("own")
PRESSED = raise_of(press_of("k2"))


def drill(*, device: DeviceId | None) -> Raise:
    press = replace(press_of("k2"), device=device)
    return structs.replace(raise_of(press), kind=Kind.EXERCISE)


def test_a_press_joins_the_open_case_of_its_kind_and_else_begins_its_own() -> None:
    cases = OpenCases()
    assert cases.join(PRESSED, OWN) == (OWN, PRESSED)
    again = raise_of(press_of("k3"))
    assert cases.join(again, AlarmId("other")) == (OWN, again)
    assert cases.of("heron") == OWN


def test_a_case_of_its_own_is_the_one_that_the_next_press_joins() -> None:
    cases = OpenCases()
    cases.note(standing_of(Scene().raised().state()))
    cases.begin(PRESSED, OWN)
    assert cases.join(PRESSED, AlarmId("other")) == (OWN, PRESSED)


def test_a_device_in_an_exercise_means_it_where_a_real_case_is_open() -> None:
    exercise = drill(device=DeviceId("d1"))
    cases = OpenCases()
    assert cases.join(exercise, OWN) == (OWN, exercise)
    cases = OpenCases()
    cases.note(standing_of(Scene().raised().state()))
    assert cases.join(exercise, OWN) == (
        ALARM,
        structs.replace(exercise, kind=Kind.REAL),
    )
    by_hq = drill(device=None)
    assert cases.join(by_hq, OWN) == (OWN, by_hq)


def test_the_end_of_a_case_is_no_end_of_a_later_one() -> None:
    first = Scene().raised().state()
    over = Scene().raised()
    over.acknowledge()
    over.close()
    cases = OpenCases()
    cases.note(standing_of(first))
    cases.begin(PRESSED, OWN)
    cases.note(standing_of(over.state()))
    assert cases.of("heron") == OWN
    cases.note(standing_of(structs.replace(first, id=OWN)))
    cases.note(standing_of(structs.replace(over.state(), id=OWN)))
    assert cases.of("heron") is None


def test_positions_are_for_a_real_case_and_for_an_exercise() -> None:
    real = Scene().raised().state()
    exercise = structs.replace(real, id=OWN, kind=Kind.EXERCISE)
    cases = OpenCases()
    for alarm in (real, exercise):
        cases.note(standing_of(alarm))
    people = [PersonId("heron"), PersonId("wren")]
    assert list(cases.of_all(people)) == [ALARM, OWN]


def read_back(*alarms: Alarm) -> OpenCases:
    """Return the book as a restart finds it."""
    cases = OpenCases()
    began = {stream_of(alarm.id): alarm.raised_at for alarm in alarms}
    for _ in range(2):
        cases.read(map(head_row, alarms), began, START)
    return cases


def test_the_clear_columns_bring_back_whose_case_is_open() -> None:
    scene = Scene().raised()
    assert read_back(scene.state()).of("heron") == ALARM
    scene.acknowledge()
    scene.close()
    assert read_back(scene.state()).of("heron") is None


def two_open() -> tuple[Alarm, Alarm]:
    """Return a case that HQ opened again, and one that began after its end."""
    first = Scene().raised().state()
    later = structs.replace(
        first, id=OWN, raised_at=first.raised_at.plus(timedelta(hours=1))
    )
    return first, later


def test_of_two_open_cases_a_press_joins_the_later_bug_whichever_had_news_last() -> (
    None
):
    first, later = two_open()
    other = AlarmId("other")
    cases = OpenCases()
    for alarm in (first, later, first):
        cases.note(standing_of(alarm))
    assert cases.join(PRESSED, other) == (OWN, PRESSED)
    assert cases.of("heron") == OWN
    for read in (read_back(first, later), read_back(later, first)):
        assert read.join(PRESSED, other) == (OWN, PRESSED)
    closed = structs.replace(later, response=Response.CLOSED)
    cases.note(standing_of(closed))
    assert cases.of("heron") == ALARM


def test_positions_are_for_both_of_two_open_cases_bug_for_one() -> None:
    first, later = two_open()
    cases = OpenCases()
    for alarm in (later, first):
        cases.note(standing_of(alarm))
    assert list(cases.of_all([PersonId("heron")])) == [OWN, ALARM]


def test_what_an_earlier_look_said_of_a_case_is_forgotten_bug_it_was_in_twice() -> None:
    first, _ = two_open()
    over = structs.replace(first, seen=Seen(closed=first.raised_at))
    cases = read_back(first, over)
    assert cases.join(PRESSED, OWN) == (OWN, structs.replace(PRESSED, after=(ALARM,)))
    assert list(read_back(over, first).of_all([PersonId("heron")])) == [ALARM]


def test_a_case_begun_for_a_press_goes_before_one_that_cannot_be_woken() -> None:
    _, later = two_open()
    cases = OpenCases()
    cases.note(standing_of(structs.replace(later, id=AlarmId("zzz"))))
    cases.begin(PRESSED, OWN)
    assert cases.of("heron") == OWN


@pytest.mark.parametrize(
    ("subjects", "several"),
    [
        (["real:heron", "real:owlet"], False),
        (["real:heron", "exercise:heron"], False),
        (["real:heron", "over/real:heron"], True),
        (["over/real:heron", "over/real:heron"], True),
        (["unseen/real:heron", "real:heron"], True),
        (["real:heron", "over/real:heron", "real:owlet"], True),
        (["", ""], False),
    ],
)
def test_when_cases_began_is_asked_where_somebody_has_several(
    subjects: list[str], *, several: bool
) -> None:
    heads = [
        HeadRow(
            stream=f"alarm/{number}",
            owner="",
            epoch=1,
            seq=1,
            head=Head(status="notifying", is_open=True, subject=subject),
        )
        for number, subject in enumerate(subjects)
    ]
    assert OpenCases().read(heads, {}, START) == several


def test_a_second_look_forgets_not_when_a_case_began() -> None:
    first, later = two_open()
    cases = OpenCases()
    cases.note(standing_of(later))
    cases.read([head_row(later)], {}, later.raised_at.plus(timedelta(days=1)))
    cases.note(
        standing_of(
            structs.replace(first, raised_at=later.raised_at.plus(timedelta(hours=1)))
        )
    )
    assert cases.of("heron") == ALARM


def test_a_case_that_looks_over_comes_behind_an_earlier_one_that_does_not() -> None:
    first, later = two_open()
    over = structs.replace(later, seen=Seen(closed=later.raised_at))
    for cases in (read_back(first, over), read_back(over, first)):
        assert cases.of("heron") == ALARM
        press = structs.replace(PRESSED, after=(OWN,))
        assert cases.join(PRESSED, AlarmId("other")) == (ALARM, press)


def test_a_case_that_a_word_of_force_began_comes_behind_one_that_is_seen() -> None:
    first, later = two_open()
    unseen = structs.replace(later, seen=Seen())
    for cases in (read_back(first, unseen), read_back(unseen, first)):
        assert cases.of("heron") == ALARM
        assert cases.join(PRESSED, AlarmId("other")) == (ALARM, PRESSED)


def test_a_press_makes_such_a_case_its_own_where_nothing_else_is_seen() -> None:
    first, later = two_open()
    unseen, over = structs.replace(later, seen=Seen()), Seen(closed=later.raised_at)
    for cases in (
        read_back(unseen, structs.replace(first, seen=over)),
        read_back(structs.replace(first, seen=over), unseen),
    ):
        press = structs.replace(PRESSED, after=(ALARM,))
        assert cases.join(PRESSED, AlarmId("other")) == (OWN, press)


def test_a_word_of_force_alone_begins_what_is_not_seen_before_its_rows_are() -> None:
    first, _ = two_open()
    cases = OpenCases()
    forced = replace(PRESSED.press, duress=True, signals=(Signal.CANCEL,))
    cases.begin(structs.replace(PRESSED, press=forced), OWN)
    cases.note(standing_of(first))
    assert cases.of("heron") == ALARM


def test_a_press_that_is_offered_again_stays_where_it_began() -> None:
    cases = OpenCases()
    for own in (OWN, ALARM):
        cases.begin(PRESSED, own)
    assert cases.join(PRESSED, OWN) == (OWN, PRESSED)


def test_of_two_that_began_at_one_moment_a_restart_finds_the_same() -> None:
    first, _ = two_open()
    twin = structs.replace(first, id=OWN)
    found = {read_back(first, twin).of("heron"), read_back(twin, first).of("heron")}
    assert len(found) == 1
