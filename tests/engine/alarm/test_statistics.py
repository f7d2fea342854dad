"""How often each device was right."""

from dataclasses import replace

from msgspec import structs

from engine.alarm.commands import Close
from engine.alarm.state import Alarm, CloseReason, FalseClass, Kind, Truth
from engine.alarm.statistics import by_device
from engine.values import AlarmId, DeviceId
from tests.engine.alarm.scene import ALDER, Scene


def ended(
    device: str,
    reason: CloseReason = CloseReason.SAFE,
    false_class: FalseClass | None = None,
    kind: Kind = Kind.REAL,
) -> Alarm:
    scene = Scene(kind=kind).raised()
    scene.acknowledge()
    scene.do(
        Close(
            command_id=scene.command_id(),
            by=ALDER,
            reason=reason,
            false_class=false_class,
        )
    )
    return of(scene, device)


def of(scene: Scene, device: str) -> Alarm:
    alarm = scene.state()
    press = replace(alarm.presses[0], device=DeviceId(device) if device else None)
    return structs.replace(alarm, presses=(press, *alarm.presses[1:]))


def test_each_device_has_its_alarms_and_its_false_ones_by_class() -> None:
    alarms = [
        ended("one"),
        ended("one", CloseReason.FALSE_ALARM, FalseClass.BY_MISTAKE),
        ended("one", CloseReason.FALSE_ALARM, FalseClass.BY_MISTAKE),
        ended("one", CloseReason.FALSE_ALARM),
        of(Scene().raised(), "one"),
        ended("two"),
    ]
    one, two = by_device(alarms)
    assert (one.device, one.alarms, one.still_open, one.false) == ("one", 5, 1, 3)
    assert one.classes == {FalseClass.BY_MISTAKE: 2, FalseClass.UNEXPLAINED: 1}
    assert one.false_ratio == 0.75
    assert (two.false, two.false_ratio, two.classes) == (0, 0.0, {})


def test_what_was_found_false_counts_whatever_it_was_closed_as() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    scene.close()
    (found,) = by_device([of(scene, "one")])
    assert (found.false, found.classes) == (1, {FalseClass.UNEXPLAINED: 1})
    forced = structs.replace(of(scene, "one"), danger_at=scene.now)
    (record,) = by_device([forced])
    assert record.false == 0, "a verdict under force says nothing of the device"


def test_of_who_is_detained_the_alarm_was_not_false_whatever_was_found_before() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    scene.close(reason=CloseReason.DETAINED)
    (found,) = by_device([of(scene, "one")])
    assert (found.false, found.classes) == (0, {})


def test_the_most_often_false_comes_first() -> None:
    alarms = [ended("a"), ended("b", CloseReason.FALSE_ALARM, FalseClass.HOAX)]
    assert [one.device for one in by_device(alarms)] == ["b", "a"]


def test_exercises_and_what_was_merged_are_nobodys_false_alarms() -> None:
    merged = structs.replace(
        ended("one", CloseReason.DUPLICATE), merged_into=AlarmId("b2")
    )
    exercise = ended("one", CloseReason.FALSE_ALARM, kind=Kind.EXERCISE)
    assert by_device([merged, exercise]) == []


def test_an_alarm_without_a_device_is_counted_by_its_way() -> None:
    (found,) = by_device([of(Scene().raised(), "")])
    assert found.device == "gt06"
    assert found.false_ratio == 0.0
