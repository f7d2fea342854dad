"""How often each device was right, and how its false alarms came about. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from engine.alarm.state import Alarm, CloseReason, FalseClass, Kind, Truth
from engine.values import tail_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRecord:
    """One device's alarms. `device` is its id, or whence it came where it has none."""

    device: str
    has_id: bool
    alarms: int
    still_open: int
    false: int
    classes: dict[FalseClass, int] = field(default_factory=dict)

    @property
    def false_ratio(self) -> float:
        """Return the share of the ended alarms that were false; 0 where none ended."""
        ended = self.alarms - self.still_open
        return self.false / ended if ended else 0.0


def by_device(alarms: Iterable[Alarm]) -> list[DeviceRecord]:
    """Return what every device's real alarms came to, the most often false first.

    Exercises, tests and notices are nobody's false alarms; a duplicate that was
    merged is counted with the alarm that it is a part of.
    """
    real = [one for one in alarms if one.kind is Kind.REAL and not one.merged_into]
    groups: dict[tuple[str, bool], list[Alarm]] = {}
    for alarm in real:
        groups.setdefault(_device_of(alarm), []).append(alarm)
    found = [_record(key, theirs) for key, theirs in groups.items()]
    return sorted(found, key=lambda one: (-one.false, -one.false_ratio, one.device))


def hidden(record: DeviceRecord) -> DeviceRecord:
    """Return a record with no more of the device's id than tells it from others."""
    if not record.has_id:
        return record
    return replace(record, device=tail_of(record.device))


def _device_of(alarm: Alarm) -> tuple[str, bool]:
    first = alarm.presses[0]
    return first.device or first.wire_protocol, bool(first.device)


def _record(key: tuple[str, bool], alarms: list[Alarm]) -> DeviceRecord:
    false = [one for one in alarms if not one.is_open and _was_false(one)]
    classes = Counter(one.false_class or FalseClass.UNEXPLAINED for one in false)
    return DeviceRecord(
        device=key[0],
        has_id=key[1],
        alarms=len(alarms),
        still_open=sum(one.is_open for one in alarms),
        false=len(false),
        classes=dict(sorted(classes.items())),
    )


def _was_false(alarm: Alarm) -> bool:
    """Say whether it was closed as false, or found false and closed as anything else.

    A verdict under force says nothing of the device, and who is detained was in danger.
    """
    if alarm.close_reason is CloseReason.DETAINED:
        return False
    found = alarm.truth is Truth.FALSE and alarm.danger_at is None
    return found or alarm.close_reason is CloseReason.FALSE_ALARM
