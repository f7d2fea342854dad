"""Who was heard when: in memory at once, and in rows for the next process."""

from datetime import timedelta

import pytest

from engine.intake.vigil.attendance import Attendance, is_worth_a_row, pseudonym
from engine.ports.latest import Seen
from engine.values import DeviceId
from tests.engine.intake.reports import HERONS
from tests.fakes import START

WRENS = DeviceId("004999010640026")
SECOND = timedelta(seconds=1)


def test_the_next_process_begins_with_what_the_rows_say() -> None:
    before = Attendance(START)
    before.heard(HERONS, START, 0.4)

    after = Attendance(START, before.unkept(9).values())

    assert (after.last(HERONS), after.battery_ratio(HERONS)) == (START, 0.4)
    assert (after.last(WRENS), after.battery_ratio(WRENS)) == (None, None)


def test_a_word_without_a_battery_leaves_the_one_that_the_row_has() -> None:
    row = Seen(device=pseudonym(HERONS), at=START, battery_ratio=0.4)
    attendance = Attendance(START, [row])

    attendance.heard(HERONS, START.plus(SECOND * 60))

    assert attendance.last(HERONS) == START.plus(SECOND * 60)
    assert attendance.battery_ratio(HERONS) == 0.4
    (unkept,) = attendance.unkept(9).values()
    assert unkept.battery_ratio == 0.4


def test_who_is_due_longest_is_written_first_and_nobody_is_forgotten() -> None:
    attendance = Attendance(START)
    for second in range(5):
        attendance.heard(DeviceId(f"d{second}"), START.plus(second * SECOND))
    attendance.keep(attendance.unkept(9))
    for number in [5, 3, 1, 4, 0, 2]:
        attendance.heard(DeviceId(f"d{number}"), START.plus(60 * SECOND))

    kept: list[DeviceId] = []
    while some := attendance.unkept(2):
        attendance.heard(DeviceId("d5"), START.plus(61 * SECOND))
        attendance.keep(some)
        kept += some

    assert kept == ["d5", "d3", "d1", "d4", "d0", "d2"]


def test_what_is_heard_while_its_row_is_written_is_due_again() -> None:
    attendance = Attendance(START)
    attendance.heard(HERONS, START)
    rows = attendance.unkept(9)
    attendance.heard(HERONS, START.plus(SECOND * 40))

    attendance.keep(rows)

    (row,) = attendance.unkept(9).values()
    assert row.at == START.plus(SECOND * 40)


def test_what_differs_by_a_second_is_not_due_but_known_to_differ() -> None:
    attendance = Attendance(START)
    attendance.heard(HERONS, START)
    attendance.keep(attendance.unkept(9))
    attendance.heard(HERONS, START.plus(SECOND))

    assert attendance.unkept(9) == {}
    assert attendance.differing()[HERONS].at == START.plus(SECOND)


@pytest.mark.parametrize(
    ("later_s", "battery_ratio", "is_worth", "is_worth_at_stop"),
    [
        (0, 0.5, False, False),
        (29, 0.5, False, True),
        (30, 0.5, True, True),
        (-30, 0.5, True, True),
        (0, 0.495, False, True),
        (0, 0.48, True, True),
        (0, None, True, True),
    ],
)
def test_half_a_minute_or_a_hundredth_of_the_battery_is_worth_a_row(
    later_s: float,
    battery_ratio: float | None,
    *,
    is_worth: bool,
    is_worth_at_stop: bool,
) -> None:
    row = Seen(device="a", at=START, battery_ratio=0.5)
    at = START.plus(timedelta(seconds=later_s))
    assert is_worth_a_row(row, at, battery_ratio, exactly=False) is is_worth
    assert is_worth_a_row(row, at, battery_ratio, exactly=True) is is_worth_at_stop


def test_no_devices_number_is_in_a_row() -> None:
    attendance = Attendance(START)
    attendance.heard(HERONS, START)
    (row,) = attendance.unkept(9).values()
    assert HERONS not in repr(row)
