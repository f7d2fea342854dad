"""The words every package speaks: identifiers, time, places, signals."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NewType, Self

from engine.written import Written

AlarmId = NewType("AlarmId", str)
PersonId = NewType("PersonId", str)
OperatorId = NewType("OperatorId", str)
DeviceId = NewType("DeviceId", str)
StepId = NewType("StepId", str)
EffectId = NewType("EffectId", str)
CommandId = NewType("CommandId", str)
ReportKey = NewType("ReportKey", str)
Keys = Collection[ReportKey] | None
"""Of these reports alone; None for all."""
ChannelName = NewType("ChannelName", str)
RouteName = NewType("RouteName", str)
PublicText = NewType("PublicText", str)
"""What the world may read: `compose_public` alone makes one."""

_TAIL = 4


class Instant(Written, frozen=True, order=True, gc=False):
    """A moment in UTC, in whole milliseconds since 1970-01-01T00:00:00Z."""

    ms: int

    @classmethod
    def from_datetime(cls, moment: datetime) -> Self:
        """Take an aware datetime of any zone; fractions of a millisecond are cut."""
        return cls((moment - _EPOCH) // _MS)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ISO 8601 with an offset or `Z`.

        Raises:
            ValueError: the text is not a date with time and offset.

        """
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            message = "a time needs its offset from UTC"
            raise ValueError(message)
        return cls.from_datetime(moment)

    def to_datetime(self) -> datetime:
        """Return the same moment as an aware datetime in UTC."""
        return _EPOCH + self.ms * _MS

    def plus(self, duration: timedelta) -> "Instant":
        """Return the moment that lies `duration` later (earlier where negative)."""
        return Instant(self.ms + _ms_of(duration))

    def since(self, earlier: "Instant") -> timedelta:
        """Return the time that has passed since `earlier`; negative before it."""
        return (self.ms - earlier.ms) * _MS

    def __str__(self) -> str:
        """Return ISO 8601 in UTC with milliseconds, `2026-11-25T03:00:00.000Z`."""
        text = self.to_datetime().isoformat(timespec="milliseconds")
        return text.removesuffix("+00:00") + "Z"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


@lru_cache(maxsize=1_024)
def _ms_of(duration: timedelta) -> int:
    """Return whole milliseconds, rounded down.

    Files name a few durations, which are asked for again and again; the division costs
    as much as all the rest of a sum.
    """
    return duration // _MS


class Fix(Written, frozen=True, kw_only=True, gc=False):
    """A place with its accuracy and its time (ISO 6709: latitude first)."""

    lat_deg: float
    lon_deg: float
    at: Instant
    accuracy_m: float | None = None


class AlarmBit(StrEnum):
    """What is known of an alarm bit that a frame shows as set.

    Risen: it was seen cleared before. Held: it was set before and never seen cleared.
    Unseen: this process has seen neither.
    """

    RISEN = "risen"
    HELD = "held"
    UNSEEN = "unseen"


class Signal(StrEnum):
    """What a device says besides where it is; a report carries a set of them.

    `SILENT` and `CHECK_IN_MISSED` no device says: the engine does, where nothing came.
    """

    SOS = "sos"
    REMOVED = "removed"
    TAMPERED = "tampered"
    FALL = "fall"
    LOW_BATTERY = "low_battery"
    POWER_OFF = "power_off"
    POWER_ON = "power_on"
    POWER_CUT = "power_cut"
    POWER_RESTORED = "power_restored"
    JAMMED = "jammed"
    CHECK_IN = "check_in"
    CANCEL = "cancel"
    TEST = "test"
    BUTTON = "button"
    VIBRATION = "vibration"
    MOVEMENT = "movement"
    OVERSPEED = "overspeed"
    HARSH_DRIVING = "harsh_driving"
    ACCIDENT = "accident"
    GEOFENCE = "geofence"
    VEHICLE = "vehicle"
    FAULT = "fault"
    SILENT = "silent"
    CHECK_IN_MISSED = "check_in_missed"
    UNKNOWN = "unknown"


class PlaceDoubt(StrEnum):
    """Why a position is doubtful.

    The first three are no place at all. The others may be true, or forged.
    """

    INVALID = "invalid"
    OFF_GLOBE = "off_globe"
    ZERO = "zero"
    JUMP = "jump"
    FUTURE = "future"
    TWO_SESSIONS = "two_sessions"
    NEW_NETWORK = "new_network"
    NEW_SPEECH = "new_speech"


class Urgency(StrEnum):
    """Which lane an inbound or outbound item takes; distress overtakes all else."""

    DISTRESS = "distress"
    ROUTINE = "routine"


def tail_of(device: str) -> str:
    """Return what of a device's id tells it from others: the whole is personal."""
    return f"...{device[-_TAIL:]}"


def a_number(value: object) -> object:
    """Refuse true and false where a number is due: Python takes them for 1 and 0."""
    if isinstance(value, bool):
        message = "a number, not true or false"
        raise ValueError(message)  # noqa: TRY004 - what a validator has to raise
    return value


def printable(text: str) -> str:
    r"""Return the text with each unprintable character as its escape, such as \x1b."""
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    ).rstrip()
