"""The duty rota through a day: who is paged first, and the hand-over."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.roster.board import Board
from engine.roster.model import Person, Roster, Rota
from engine.roster.risk import read_window
from engine.roster.sample import sample_roster
from engine.roster.shifts import ends_at, in_order
from engine.values import Instant
from tests.engine.intake.reports import Meter
from tests.fakes import ManualClock

ROTA = sample_roster().duty()


def on(shifts: str, number: int) -> Person:
    """Return somebody of the rota with a shift in their own zone."""
    window = (read_window(shifts),) if shifts else ()
    return replace(ROTA[number], zone="Europe/Stockholm", shifts=window)


DAY, NIGHT = on("daily 08:00-20:00", 0), on("daily 20:00-08:00", 1)
SPARE = on("mon 09:00-09:30", 2)
HOURS = tuple(f"daily {hour:02}:00-{hour + 1:02}:00" for hour in range(1, 14))


@pytest.mark.parametrize(
    ("moment", "first"),
    [
        ("2026-11-25T12:00:00+01:00", [DAY, NIGHT, SPARE]),
        ("2026-11-25T19:59:00+01:00", [DAY, NIGHT, SPARE]),
        ("2026-11-25T20:00:00+01:00", [NIGHT, DAY, SPARE]),
        ("2026-11-25T23:00:00+01:00", [NIGHT, DAY, SPARE]),
        ("2026-11-26T07:59:00+01:00", [NIGHT, DAY, SPARE]),
    ],
)
def test_whoever_is_on_is_paged_first(moment: str, first: list[Person]) -> None:
    assert in_order((DAY, NIGHT, SPARE), Instant.parse(moment)) == tuple(first)


def test_whoever_hands_over_is_paged_before_who_is_off() -> None:
    rota = (SPARE, DAY, NIGHT)
    at_change = Instant.parse("2026-11-25T20:29:00+01:00")
    assert in_order(rota, at_change) == (NIGHT, DAY, SPARE)
    later = Instant.parse("2026-11-25T20:31:00+01:00")
    assert in_order(rota, later) == (NIGHT, SPARE, DAY)


def test_without_shifts_the_rota_is_paged_as_it_was_written() -> None:
    assert in_order(ROTA, Instant.parse("2026-11-25T03:00:00Z")) == ROTA


@given(st.integers(0, 2**42), st.permutations((DAY, NIGHT, SPARE)))
def test_nobody_is_ever_taken_off_the_rota(ms: int, rota: list[Person]) -> None:
    assert set(in_order(tuple(rota), Instant(ms))) == set(rota)


@pytest.mark.parametrize(
    ("shifts", "moment", "ends"),
    [
        ((), "2026-11-25T12:00:00+01:00", None),
        (("daily 08:00-20:00",), "2026-11-25T12:00:00+01:00", "2026-11-25T20:00+01:00"),
        (("daily 08:00-20:00",), "2026-11-25T20:00:00+01:00", None),
        (("daily 08:00-20:00",), "2026-11-25T07:29:00+01:00", None),
        (("daily 08:00-20:00",), "2026-11-25T07:30:00+01:00", "2026-11-25T20:00+01:00"),
        (HOURS, "2026-11-25T01:30:00+01:00", "2026-11-25T14:00+01:00"),
        (("daily 20:00-08:00",), "2026-11-25T23:00:00+01:00", "2026-11-26T08:00+01:00"),
        (
            ("wed 08:00-20:00", "wed 20:00-02:00"),
            "2026-11-25T12:00:00+01:00",
            "2026-11-26T02:00+01:00",
        ),
        (
            ("wed 08:00-20:00", "wed 12:00-16:00"),
            "2026-11-25T13:00:00+01:00",
            "2026-11-25T20:00+01:00",
        ),
        (("daily 00:00-00:00",), "2026-11-25T12:00:00+01:00", None),
    ],
    ids=[
        "none",
        "on",
        "off",
        "not soon",
        "about to come on",
        "hour by hour",
        "over midnight",
        "two on end",
        "two at once",
        "always",
    ],
)
def test_a_shift_ends_with_the_last_of_those_without_a_gap(
    shifts: tuple[str, ...], moment: str, ends: str | None
) -> None:
    windows = tuple(map(read_window, shifts))
    person = replace(ROTA[0], zone="Europe/Stockholm", shifts=windows)
    expected = None if ends is None else Instant.parse(ends)
    assert ends_at(person, Instant.parse(moment)) == expected


def test_the_board_knows_when_an_officer_goes_off_and_nobody_else() -> None:
    people = (DAY, NIGHT)
    rota = Rota(duty=(NIGHT.person,))
    clock = ManualClock()  # four at night in Stockholm
    board = Board(Roster(people=people, rota=rota), (), clock=clock, telemetry=Meter())
    assert board.off_at(NIGHT.person) == Instant.parse("2026-11-25T08:00:00+01:00")
    clock.advance(5 * 3_600)
    assert board.off_at(NIGHT.person) is None
    assert board.off_at(DAY.person) is None, "not on the rota"


def test_the_board_pages_by_its_own_clock() -> None:
    people = (DAY, NIGHT)
    rota = Rota(duty=tuple(one.person for one in people))
    clock = ManualClock()  # three at night in UTC
    board = Board(Roster(people=people, rota=rota), (), clock=clock, telemetry=Meter())
    assert board.duty() == (NIGHT, DAY)
    clock.advance(5 * 3_600)
    assert board.duty() == (DAY, NIGHT)
