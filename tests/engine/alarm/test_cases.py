"""Which case a press belongs to, and what the rows bring back of it."""

from dataclasses import replace

from engine.alarm.cases import OpenCases
from engine.alarm.commands import Raise
from engine.alarm.rows import head_of
from engine.alarm.state import Alarm, Kind
from engine.values import AlarmId, DeviceId, PersonId
from tests.engine.alarm.scene import ALARM, Scene, press_of, raise_of

OWN = AlarmId("own")
PRESSED = raise_of(press_of("k2"))


def drill(*, device: DeviceId | None) -> Raise:
    press = replace(press_of("k2"), device=device)
    return replace(raise_of(press), kind=Kind.EXERCISE)


def test_a_press_joins_the_open_case_of_its_kind_and_else_begins_its_own() -> None:
    cases = OpenCases()
    assert cases.join(PRESSED, OWN) == (OWN, PRESSED)
    again = raise_of(press_of("k3"))
    assert cases.join(again, AlarmId("other")) == (OWN, again)
    assert cases.of("heron") == OWN


def test_a_case_of_its_own_is_the_one_that_the_next_press_joins() -> None:
    cases = OpenCases()
    cases.note(Scene().raised().state())
    cases.begin(PRESSED, OWN)
    assert cases.join(PRESSED, AlarmId("other")) == (OWN, PRESSED)


def test_a_device_in_an_exercise_means_it_where_a_real_case_is_open() -> None:
    exercise = drill(device=DeviceId("d1"))
    cases = OpenCases()
    assert cases.join(exercise, OWN) == (OWN, exercise)
    cases = OpenCases()
    cases.note(Scene().raised().state())
    assert cases.join(exercise, OWN) == (ALARM, replace(exercise, kind=Kind.REAL))
    by_hq = drill(device=None)
    assert cases.join(by_hq, OWN) == (OWN, by_hq)


def test_the_end_of_a_case_is_no_end_of_a_later_one() -> None:
    first = Scene().raised().state()
    over = Scene().raised()
    over.acknowledge()
    over.close()
    cases = OpenCases()
    cases.note(first)
    cases.begin(PRESSED, OWN)
    cases.note(over.state())
    assert cases.of("heron") == OWN
    cases.note(replace(first, id=OWN))
    cases.note(replace(over.state(), id=OWN))
    assert cases.of("heron") is None


def test_positions_are_for_a_real_case_and_for_an_exercise() -> None:
    real = Scene().raised().state()
    exercise = replace(real, id=OWN, kind=Kind.EXERCISE)
    cases = OpenCases()
    for alarm in (real, exercise):
        cases.note(alarm)
    people = [PersonId("heron"), PersonId("wren")]
    assert list(cases.of_all(people)) == [ALARM, OWN]


def read_back(*alarms: Alarm) -> OpenCases:
    """Return the book as a restart finds it."""
    cases = OpenCases()
    for alarm in alarms:
        cases.read(alarm.id, head_of(alarm, alarm.opened_at).subject)
    return cases


def test_the_clear_columns_bring_back_whose_case_is_open() -> None:
    scene = Scene().raised()
    assert read_back(scene.state()).of("heron") == ALARM
    scene.acknowledge()
    scene.close()
    assert read_back(scene.state()).of("heron") is None
