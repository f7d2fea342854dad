"""When each enrolled device was last heard, and its battery; written by every door.

In memory, since every report is a word. The register keeps it in rows, of which the
next process begins.
"""

import hashlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from engine.intake.vigil.strangers import Strangers
from engine.ports.device import DeviceReport
from engine.ports.latest import Seen
from engine.values import DeviceId, Instant

# So much later, or so much less in the battery, is worth a row.
LATER_MS = 30_000
BATTERY_RATIO = 0.01

_NONE: Mapping[str, str] = MappingProxyType({})


class Attendance:
    """The last word of each device. Any thread; costs a door one assignment.

    Only enrolled devices are noted in it, so that strangers cannot fill it.
    """

    def __init__(self, alive_at: Instant, rows: Iterable[Seen] = ()) -> None:
        """Start with what the rows say; the engine was last alive at `alive_at`."""
        self._heard: dict[DeviceId, Instant] = {}
        self._battery: dict[DeviceId, float] = {}
        self._readings: dict[DeviceId, Mapping[str, str]] = {}
        self._before = {row.device: row for row in rows}
        self._rows: dict[DeviceId, Seen] = {}
        self._due: dict[DeviceId, None] = {}
        self._alive_at = alive_at
        self.strangers = Strangers()
        """Those who speak and are not enrolled."""
        self.overdue: frozenset[DeviceId] | None = None
        """Those silent for too long, as the vigil last saw it; None: not yet looked."""

    def heard(
        self, device: DeviceId, at: Instant, battery_ratio: float | None = None
    ) -> None:
        """Note a word of a device, and its battery (0 to 1) where it says."""
        self._heard[device] = at
        if battery_ratio is not None:
            self._battery[device] = battery_ratio
        self._weigh(device, at)

    def told(self, device: DeviceId, report: DeviceReport) -> None:
        """Note a report of a device: that it lives, its battery and its readings."""
        self.heard(device, report.received_at, report.battery_ratio)
        if report.attributes:
            self._readings[device] = report.attributes

    def last(self, device: DeviceId) -> Instant | None:
        """Return when a device was heard last, by this process or one before."""
        heard = self._heard.get(device)
        if heard is not None:
            return heard
        row = self._row(device)
        return None if row is None else row.at

    def battery_ratio(self, device: DeviceId) -> float | None:
        """Return the last battery (0 to 1) that a device has told of."""
        battery = self._battery.get(device)
        if battery is not None:
            return battery
        row = self._row(device)
        return None if row is None else row.battery_ratio

    def readings(self, device: DeviceId) -> Mapping[str, str]:
        """Return what else its last report with any reading has told."""
        return self._readings.get(device, _NONE)

    def alive(self, now: Instant) -> Instant:
        """Return since when nobody was listening, and note that somebody is now."""
        before, self._alive_at = self._alive_at, now
        return min(before, now)

    def unkept(self, most: int) -> Mapping[DeviceId, Seen]:
        """Return rows that are worth writing, at most so many: the longest due first.

        Costs what it returns, whatever the number of devices: a look at ten thousand
        of them would keep the doors from answering meanwhile.
        """
        due = list(self._due)[:most]  # in one step: doors add to it meanwhile
        return {device: self._seen(device) for device in due}

    def differing(self) -> Mapping[DeviceId, Seen]:
        """Return all that the rows do not say yet, by a look at each device."""
        seen = {device: self._seen(device) for device in list(self._heard)}
        rows = {device: self._row(device) for device in seen}
        return {
            device: row
            for device, row in seen.items()
            if (kept := rows[device]) is None
            or is_worth_a_row(kept, row.at, row.battery_ratio, exactly=True)
        }

    def keep(self, rows: Mapping[DeviceId, Seen]) -> None:
        """Note that rows are durable."""
        self._rows.update(rows)
        for device in rows:
            self._due.pop(device, None)
            # A door may have heard it since; it notes that before it looks at the row.
            self._weigh(device, self._heard[device])

    def _weigh(self, device: DeviceId, at: Instant) -> None:
        row = self._row(device)
        if row is None or is_worth_a_row(
            row, at, self._battery.get(device, row.battery_ratio), exactly=False
        ):
            self._due.setdefault(device)

    def _seen(self, device: DeviceId) -> Seen:
        return Seen(
            device=pseudonym(device),
            at=self._heard[device],
            battery_ratio=self.battery_ratio(device),
        )

    def _row(self, device: DeviceId) -> Seen | None:
        row = self._rows.get(device)
        if row is None:
            row = self._before.get(pseudonym(device))
            if row is not None:
                self._rows[device] = row
        return row


def is_worth_a_row(
    row: Seen, at: Instant, battery_ratio: float | None, *, exactly: bool
) -> bool:
    """Say whether what was heard is to be kept, beside the row that there is."""
    before = row.battery_ratio
    if exactly or before is None or battery_ratio is None:
        differs = before != battery_ratio or (exactly and row.at != at)
    else:
        differs = abs(battery_ratio - before) >= BATTERY_RATIO
    return differs or abs(at.ms - row.at.ms) >= LATER_MS


def pseudonym(device: DeviceId) -> str:
    """Return by what the journal's clear columns know a device."""
    return hashlib.sha256(device.encode()).hexdigest()[:16]
