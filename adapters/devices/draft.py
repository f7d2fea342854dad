"""A report in the making: what a decoder fills in while it reads a frame."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from typing import TypeVar

from engine.ports.device import DeviceReport, ReportKind
from engine.values import DeviceId, Fix, Instant, Signal

Code = TypeVar("Code", int, str)

KNOT_MPS = 1852 / 3600
KMH_MPS = 1 / 3.6


class NoFix(StrEnum):
    """Why a report has no fix."""

    NOT_SENT = "not_sent"
    NOT_VALID = "not_valid"
    ZERO = "zero"
    OUT_OF_RANGE = "out_of_range"


@dataclass(slots=True, kw_only=True)
class Draft:
    """Collects one report; `finish` freezes it.

    Signals are a set: nothing that is read later can take one away. One that comes as
    an event is no level in the same report, whatever else shows it.
    """

    protocol: str
    frame: bytes
    received_at: Instant
    part: int = 0
    device: DeviceId | None = None
    kind: ReportKind = ReportKind.REPORT
    signals: set[Signal] = field(default_factory=set)
    codes: list[str] = field(default_factory=list)
    levels: set[Signal] = field(default_factory=set)
    events: set[Signal] = field(default_factory=set)
    device_at: Instant | None = None
    fix: Fix | None = None
    doubtful_fix: Fix | None = None
    no_fix_reason: NoFix | None = NoFix.NOT_SENT
    speed_mps: float | None = None
    course_deg: float | None = None
    altitude_m: float | None = None
    battery_ratio: float | None = None
    cells: list[str] = field(default_factory=list)
    wifi: list[str] = field(default_factory=list)
    sequence: int | None = None
    buffered: bool = False
    checksum_ok: bool | None = None
    authentic: bool | None = None
    attributes: dict[str, str] = field(default_factory=dict)

    def next(self, part: int) -> "Draft":
        """Return an empty draft for another report of the same frame.

        It has what belongs to the frame: who sent it, and whether it is whole.
        """
        return Draft(
            protocol=self.protocol,
            frame=self.frame,
            received_at=self.received_at,
            part=part,
            device=self.device,
            kind=self.kind,
            sequence=self.sequence,
            checksum_ok=self.checksum_ok,
            authentic=self.authentic,
        )

    def signal(self, code: str, *signals: Signal) -> None:
        """Add what `code`, as the device sent it, stands for: an event."""
        self.events.update(signals)
        self._say(code, *signals)

    def level(self, code: str, *signals: Signal, is_set: bool) -> None:
        """Add what a field that shows the present state says: set, or clear."""
        self.levels.update(signals)
        if is_set:
            self._say(code, *signals)

    def _say(self, code: str, *signals: Signal) -> None:
        self.signals.update(signals)
        self.codes.append(code)

    def look_up(
        self,
        place: str,
        code: Code,
        table: Mapping[Code, tuple[Signal, ...]],
        *,
        held: bool = False,
    ) -> None:
        """Add what a table says of a code; one that it lacks is `UNKNOWN`.

        Where it is `held`, the field says how each signal of the table is now.
        """
        signals = table.get(code, (Signal.UNKNOWN,))
        if held:
            self.levels.update(signal for said in table.values() for signal in said)
        if signals:
            shown = f"0x{code:02x}" if isinstance(code, int) else str(code)
            add = self._say if held else self.signal
            add(f"{place}:{shown}", *signals)

    def bits(
        self,
        place: str,
        value: int,
        table: Mapping[int, tuple[Signal, ...]],
        *,
        alarms: range = range(0),
        held: bool = False,
    ) -> None:
        """Add what every set bit stands for, whatever else is set.

        Args:
            place: names the bits in `codes`.
            value: the bits.
            table: bit number to signals; empty for a bit that is a mere state.
            alarms: bits that are alarms even where the table lacks them: `UNKNOWN`.
            held: the device holds each bit up to its end. What several bits mean is no
                level: one that rises must not pass for another that was there.

        """
        if held:
            said = Counter(signal for each in table.values() for signal in each)
            self.levels.update(signal for signal, bits in said.items() if bits == 1)
        for bit in range(value.bit_length()):
            if value >> bit & 1 and (bit in table or bit in alarms):
                signals = table.get(bit, (Signal.UNKNOWN,))
                if signals:
                    add = self._say if held else self.signal
                    add(f"{place}:bit{bit}", *signals)

    def locate(
        self,
        lat_deg: float,
        lon_deg: float,
        *,
        valid: bool = True,
        accuracy_m: float | None = None,
        at: Instant | None = None,
    ) -> None:
        """Set the fix, or the doubtful one with the reason why it is.

        Args:
            lat_deg: north positive.
            lon_deg: east positive.
            valid: what the device says of it.
            accuracy_m: where the device sent it.
            at: the fix's own time; by default the device's, else the receipt's.

        """
        if not (abs(lat_deg) <= _LAT_MAX_DEG and abs(lon_deg) <= _LON_MAX_DEG):
            self.no_fix_reason = NoFix.OUT_OF_RANGE
            return
        place = Fix(
            lat_deg=lat_deg + 0.0,  # no minus zero
            lon_deg=lon_deg + 0.0,
            at=at or self.device_at or self.received_at,
            accuracy_m=_positive(accuracy_m),
        )
        if lat_deg == 0 and lon_deg == 0:
            self.doubtful_fix, self.no_fix_reason = place, NoFix.ZERO
        elif valid:
            self.fix, self.no_fix_reason = place, None
        else:
            self.doubtful_fix, self.no_fix_reason = place, NoFix.NOT_VALID

    def battery_percent(self, percent: float) -> None:
        """Set the battery where the percentage is one."""
        if isfinite(percent) and 0 <= percent <= _PERCENT:
            self.battery_ratio = percent / _PERCENT

    def battery_text(self, text: str) -> None:
        """Set the battery where a text is a percentage; what is none is let go."""
        found = _NUMBER.fullmatch(text.strip().removesuffix("%"))
        if found is not None:
            self.battery_percent(float(found.group()))

    def cell(
        self,
        mcc: int,
        mnc: int,
        lac: int,
        cid: int,
        rssi_dbm: int | None = None,
    ) -> None:
        """Add a cell as `mcc-mnc-lac-cid` or `mcc-mnc-lac-cid@dBm`; none for zeros."""
        if (lac or cid) and len(self.cells) < _NEIGHBOURS_MAX:
            strength = "" if rssi_dbm is None else f"@{rssi_dbm}"
            self.cells.append(f"{mcc}-{mnc}-{lac}-{cid}{strength}")

    def access_point(self, mac: str, rssi_dbm: int | None = None) -> None:
        """Add a Wi-Fi station as `aa:bb:cc:dd:ee:ff@dBm`."""
        octets = mac.lower().replace("-", "").replace(":", "")[:12]
        if octets.strip("0") and len(self.wifi) < _NEIGHBOURS_MAX:
            pairs = [octets[index : index + 2] for index in range(0, len(octets), 2)]
            strength = "" if rssi_dbm is None else f"@{rssi_dbm}"
            self.wifi.append(":".join(pairs) + strength)

    def number(self, name: str, text: str) -> None:
        """Keep a reading as the device wrote it; what is no number is let go."""
        if text.isdecimal() and text.isascii() and len(text) <= _DIGITS_MAX:
            self.attributes[name] = text.lstrip("0") or "0"
            return
        found = _NUMBER.fullmatch(text)
        if found is not None:
            self.attributes[name] = "".join(found.groups())

    def scaled(self, name: str, text: str, *, units: float) -> None:
        """Keep a reading of which `units` make one; what is no number is let go."""
        plain = text.isdecimal() and text.isascii() and len(text) <= _DIGITS_MAX
        if plain or _NUMBER.fullmatch(text):
            self.attributes[name] = repr(round(float(text) / units, 3))

    def flag(self, name: str, value: object) -> None:
        """Keep what is or is not so."""
        self.attributes[name] = "true" if value else "false"

    def said(self, text: str) -> None:
        """Keep what a device answered to a command, the end of a long one cut off."""
        self.attributes["said"] = text.strip()[:_SAID_CHARS_MAX]

    def torn(self) -> None:
        """Say that the rest could not be read: what signals anything still counts."""
        if self.signals:
            self.attributes["incomplete"] = "true"
        else:
            self.kind = ReportKind.UNDECODABLE

    def finish(self) -> DeviceReport:
        """Return the frozen report; a heartbeat with a signal is more than one."""
        if self.signals and self.kind is ReportKind.HEARTBEAT:
            self.kind = ReportKind.REPORT
        return DeviceReport(
            protocol=self.protocol,
            kind=self.kind,
            device=self.device,
            received_at=self.received_at,
            raw=self.frame,
            part=self.part,
            signals=frozenset(self.signals),
            codes=tuple(self.codes),
            levels=frozenset(self.levels - self.events - {Signal.UNKNOWN}),
            device_at=self.device_at,
            fix=self.fix,
            doubtful_fix=self.doubtful_fix,
            no_fix_reason=self.no_fix_reason,
            speed_mps=_positive(self.speed_mps),
            course_deg=_course(self.course_deg),
            altitude_m=self.altitude_m,
            battery_ratio=self.battery_ratio,
            cells=tuple(self.cells),
            wifi=tuple(self.wifi),
            sequence=self.sequence,
            buffered=self.buffered,
            checksum_ok=self.checksum_ok,
            authentic=self.authentic,
            attributes=self.attributes,
        )


def _course(value: float | None) -> float | None:
    return value if value is not None and 0 <= value <= _CIRCLE_DEG else None


def _positive(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) and value >= 0 else None


_LAT_MAX_DEG = 90
_LON_MAX_DEG = 180
_PERCENT = 100
_CIRCLE_DEG = 360
_NEIGHBOURS_MAX = 64
_SAID_CHARS_MAX = 512
_DIGITS_MAX = 10
# The padding of a number is not kept.
_NUMBER = re.compile(r"(-?)0{0,10}([0-9]{1,10}(?:\.[0-9]{1,6})?)")
