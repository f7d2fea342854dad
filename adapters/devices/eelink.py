"""`eelink` over TCP and UDP: pendants and trackers of Eelink; `6767` packages.

A package is `6767 | type | length u16 | index u16 | content`; over UDP one or many
stand behind `EL | length u16 | checksum u16 | IMEI`. All but places of the old form
are answered with their type and index: over UDP also what nobody can read, where its
checksum holds, else it would stand before every later SOS. TCP has no checksum.
"""

import re
from dataclasses import replace
from struct import Struct

from adapters.devices.checksums import rotating_sum16
from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.eelink_cut import (
    DATA,
    FRAME_BYTES_MAX,
    LOG_IN,
    MARK,
    NEW,
    NORMAL,
    OLD,
    OLD_ALARM,
    OLD_PLACE,
    OLD_STATE,
    QUIET,
    REPORT,
    TEXT,
    WARNING,
    cut_package,
    end_of,
)
from adapters.devices.reading import (
    Reader,
    UnreadableError,
    decimal,
    moment_of_digits,
    moment_of_epoch,
    text_of,
)
from adapters.devices.session import (
    Cut,
    DatagramSession,
    StreamSession,
    undecodable,
)
from adapters.devices.torn import Torn
from engine.ports.device import (
    Decoded,
    DeviceReport,
    ReportKind,
    Transport,
    WireSession,
)
from engine.values import DeviceId, Instant, Signal


class Eelink:
    """The wire protocol over TCP, found by entry point."""

    name = "eelink"
    transport = Transport.TCP
    port = 5064

    def session(self) -> WireSession:
        """Start with an empty buffer and no log-in."""
        return StreamSession(EelinkDecoder(), torn=_TORN)


class EelinkUdp:
    """The wire protocol over UDP, found by entry point."""

    name = Eelink.name
    transport = Transport.UDP
    port = Eelink.port

    def session(self) -> WireSession:
        """Start with nothing; each datagram names its device."""
        return DatagramSession(EelinkUdpDecoder(), torn=_TORN_DATAGRAM)


class EelinkDecoder:
    """What is known of one connection: who logged in."""

    name = Eelink.name
    frame_bytes_max = FRAME_BYTES_MAX

    def __init__(self) -> None:
        """Start before the log-in."""
        self.device: DeviceId | None = None

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first package by its length; there is nothing to check it by."""
        return cut_package(buffer, final=final)

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one package."""
        draft = Draft(
            protocol=self.name,
            frame=frame,
            received_at=received_at,
            device=self.device,
        )
        answer = self._read(frame, draft)
        return Decoded(reports=(draft.finish(),), answer=answer)

    def _read(self, package: bytes, draft: Draft) -> bytes:
        """Read a package into a draft; return its answer."""
        content = Reader(package)
        content.take(2)
        kind = content.unsigned(1)
        content.take(2)
        index = content.unsigned(2)
        draft.sequence = index
        if kind == LOG_IN:
            self.device = draft.device = DeviceId(content.take(8).hex()[1:])
            draft.kind = ReportKind.LOGIN
            epoch = (draft.received_at.ms // 1000).to_bytes(4)
            return package_of(kind, index, epoch + b"\x00\x01\x00")
        try:
            _read_content(kind, content, draft)
        except UnreadableError:
            draft.torn()
            if not (draft.signals or draft.checksum_ok):
                return b""
        return b"" if kind in _UNANSWERED else package_of(kind, index, b"")


class EelinkUdpDecoder(EelinkDecoder):
    """One peer: every datagram has a header with the IMEI, and many packages."""

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Take the datagram whole."""
        return Cut(0, len(buffer)) if final else None

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one datagram; its packages are answered together."""
        if frame[:2] != b"EL" or len(frame) <= _HEADER_BYTES:
            message = "no header with a package behind it"
            raise UnreadableError(message)
        name = frame[6:14]
        self.device = DeviceId(name.hex()[1:])
        holds = rotating_sum16(frame[6:]) == int.from_bytes(frame[4:6])
        packages, answers = frame[_HEADER_BYTES:], b""
        reports: list[DeviceReport] = []
        while packages and len(reports) < _PACKAGES_MAX:
            end = end_of(packages, 0)
            if not packages.startswith(MARK) or not end or end > len(packages):
                end = len(packages)
            package, packages = packages[:end], packages[end:]
            draft = Draft(
                protocol=self.name,
                frame=frame,
                part=len(reports),
                received_at=received_at,
                device=self.device,
                checksum_ok=holds,
            )
            try:
                answers += self._read(package, draft)
            except UnreadableError:
                draft.kind = ReportKind.UNDECODABLE
            reports.append(draft.finish())
        if packages:
            rest = undecodable(self.name, frame, received_at, device=self.device)
            reports.append(replace(rest, part=len(reports)))
        answer = datagram_of(name, answers) if answers else b""
        return Decoded(reports=tuple(reports), answer=answer)


def package_of(kind: int, index: int, content: bytes) -> bytes:
    """Return a whole package."""
    length = (len(content) + 2).to_bytes(2)
    return MARK + bytes((kind,)) + length + index.to_bytes(2) + content


def datagram_of(name: bytes, packages: bytes) -> bytes:
    """Return a whole datagram; `name` is the IMEI in eight bytes."""
    body = name + packages
    return b"EL" + (len(body) + 2).to_bytes(2) + rotating_sum16(body).to_bytes(2) + body


def _named(raw: bytes) -> DeviceId | None:
    """Return whom the header of a torn datagram names."""
    name = raw[6:_HEADER_BYTES]
    is_whole = raw.startswith(b"EL") and len(raw) >= _HEADER_BYTES
    return DeviceId(name.hex()[1:]) if is_whole else None


def _read_content(kind: int, content: Reader, draft: Draft) -> None:
    if kind in OLD:
        _read_old(kind, content, draft)
    elif kind in NEW:
        _read_new(kind, content, draft)
    elif kind == TEXT:
        _read_text(content, draft)
    elif kind in QUIET:
        draft.kind = ReportKind.HEARTBEAT
        if kind in _BEATS and content.left >= _STATUS_BYTES:
            _read_status(content.unsigned(2), draft)
    else:
        message = "a type that nobody has described"
        raise UnreadableError(message)


def _read_old(kind: int, content: Reader, draft: Draft) -> None:
    draft.device_at = moment_of_epoch(content.unsigned(4))
    lat, lon = content.signed(4), content.signed(4)
    draft.speed_mps = content.unsigned(1) * KMH_MPS
    draft.course_deg = float(content.unsigned(2))
    mcc, mnc, lac = (content.unsigned(2) for _ in range(3))
    draft.cell(mcc, mnc, lac, content.unsigned(3))
    draft.locate(lat / _DEGREE, lon / _DEGREE, valid=bool(content.unsigned(1) & 1))
    if kind == OLD_ALARM:
        draft.look_up("alarm", content.unsigned(1), _ALARMS)
    elif kind == OLD_STATE and content.left:
        event = content.unsigned(1)
        draft.attributes["event"] = str(event)
        if event in _OLD_STATES and content.left >= _OLD_READINGS:
            content.take(4)  # the device's time once more
            _read_status(content.unsigned(2), draft)
    elif content.left >= _OLD_READINGS:
        _read_status(content.unsigned(2), draft)
        draft.attributes["battery_v"] = repr(content.unsigned(2) / 1000)
        for name in ("gsm", "adc1", "adc2"):
            if content.left >= 2:  # noqa: PLR2004 - a u16
                draft.attributes[name] = str(content.unsigned(2))


def _read_new(kind: int, content: Reader, draft: Draft) -> None:
    draft.device_at = moment_of_epoch(content.unsigned(4))
    parts = content.unsigned(1)
    place = _read_gps(content, draft) if parts & 1 else None
    _read_neighbours(parts, content, draft)
    if kind == WARNING:
        draft.look_up("alarm", content.unsigned(1), _ALARMS)
    elif kind == REPORT:
        draft.attributes["report_type"] = str(content.unsigned(1))
    status = content.unsigned(2)
    _read_status(status, draft)
    draft.flag("moving", status & 0x200)
    if place is not None:
        draft.locate(*place, valid=bool(status & 1))
    if kind == NORMAL:
        _read_readings(content, draft)


def _read_status(status: int, draft: Draft) -> None:
    """Read states, most of which another bit says that the device has."""
    kept = draft.attributes
    kept["status"] = f"0x{status:04x}"
    if status & 0x02:
        kept["ignition"] = "true" if status & 0x04 else "false"
    if status & 0x80:
        kept["charging"] = "true" if status & 0x100 else "false"


def _read_readings(content: Reader, draft: Draft) -> None:
    """Read what may stand behind the status, as far as it goes."""
    kept = draft.attributes
    left = content.left
    for form in _READINGS:
        if form.size <= left:
            break
    else:
        return
    values = form.unpack(content.take(form.size))
    for (name, units), value in zip(_MEASURED, values, strict=False):
        kept[name] = repr(value / units) if units else str(value)
    if content.left >= _TAG_COUNT_BYTES:
        _read_tags(content.unsigned(1), content.rest()[1:], kept)


def _read_tags(count: int, data: bytes, kept: dict[str, str]) -> None:
    """Read beacons in reach, each with its address, volts, degrees and data."""
    whole = data[: min(len(data) // _TAG.size, count, _TAGS_MAX) * _TAG.size]
    for place, values in enumerate(_TAG.iter_unpack(whole), 1):
        address, millivolts, degrees, said = values
        kept[f"tag{place}_id"] = address.hex()
        kept[f"tag{place}_battery_v"] = repr(millivolts / 1000)
        kept[f"tag{place}_temperature_c"] = repr(degrees / 256)
        kept[f"tag{place}_data"] = str(said)


def _read_gps(content: Reader, draft: Draft) -> tuple[float, float]:
    lat, lon, height, speed, course, seen = _GPS.unpack(content.take(_GPS.size))
    draft.altitude_m = float(height)
    draft.speed_mps = speed * KMH_MPS
    draft.course_deg = float(course)
    draft.attributes["satellites"] = str(seen)
    return lat / _DEGREE, lon / _DEGREE


def _read_neighbours(parts: int, content: Reader, draft: Draft) -> None:
    mcc = mnc = 0
    for bit in (1, 2, 3) if parts & _CELL_BITS else ():
        if parts >> bit & 1:
            if bit == 1:
                mcc, mnc = content.unsigned(2), content.unsigned(2)
            lac, cid = content.unsigned(2), content.unsigned(4)
            draft.cell(mcc, mnc, lac, cid, -content.unsigned(1))
    for bit in (4, 5, 6) if parts & _STATION_BITS else ():
        if parts >> bit & 1:
            draft.access_point(content.take(6).hex(), content.signed(1))
    if parts & 0x80:
        content.take(1)
        counts = content.unsigned(1)
        if counts & 7:
            mcc, mnc, lac = (content.unsigned(2) for _ in range(3))
            content.take(2)
            cid = content.unsigned(4)
            content.take(6)
            draft.cell(mcc, mnc, lac, cid, content.signed(1))
            content.take(5 * ((counts & 7) - 1))
        for _ in range(counts >> 3 & 15):
            draft.access_point(content.take(6).hex(), content.signed(1))


def _read_text(content: Reader, draft: Draft) -> None:
    """Read the reply to a command; one of them is a place."""
    draft.kind = ReportKind.HEARTBEAT
    found = _TEXT_PLACE.search(text_of(content.rest()))
    if found is not None:
        draft.kind = ReportKind.REPORT
        date, time = found["date"].replace("-", ""), found["time"].replace(":", "")
        draft.device_at = moment_of_digits(date[2:], time)
        draft.course_deg = decimal(found["course"])
        draft.speed_mps = decimal(found["speed"]) * KMH_MPS
        draft.locate(
            decimal(found["lat"]) * (1 if found["ns"] == "N" else -1),
            decimal(found["lon"]) * (1 if found["ew"] == "E" else -1),
        )


_CELL_BITS, _STATION_BITS = 0x0E, 0x70
_HEADER_BYTES = 14
_PACKAGES_MAX = 256
# Volts, two inputs, distance, counters, steps, minutes walked, and the air: the longest
# form that a package has. What each number is, and how many units of it make one.
_READINGS = tuple(
    Struct(f">{form}")
    for form in ("HHHI4xH2xhHIIh", "HHHI4xH2xhHII", "HHHI4xH2x", "HHHI", "HHH", "H")
)
_MEASURED = (
    *(("battery_v", 1000), ("adc0", 0), ("adc1", 0), ("odometer_m", 0), ("steps", 0)),
    *(("temperature_c", 256), ("humidity_percent", 10), ("illuminance_lx", 256)),
    *(("co2_ppm", 0), ("temperature2_c", 16)),
)
_GPS = Struct(">iihHHB")
_TAG, _TAG_COUNT_BYTES, _TAGS_MAX = Struct(">6s4xHhH"), 2, 32
_STATUS_BYTES, _OLD_READINGS = 2, 6
_BEATS = frozenset({0x03, 0x07})
_DEGREE = 1_800_000
_OLD_STATES = frozenset({1, 2, 3})
_UNANSWERED = frozenset({OLD_PLACE, DATA})
_TEXT_PLACE = re.compile(
    r"Lat:(?P<ns>[NS])(?P<lat>\d{1,3}\.\d{1,9})\s*Lon:(?P<ew>[EW])(?P<lon>\d{1,3}\.\d{1,9})"
    r"\s*Course:(?P<course>\d{1,3}\.\d{1,4})\s*Speed:(?P<speed>\d{1,4}\.\d{1,4})[^D]{0,9}"
    r"Date ?Time:(?P<date>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d)"
)
_ALARMS: dict[int, tuple[Signal, ...]] = {
    0x01: (Signal.POWER_OFF,),
    0x02: (Signal.SOS,),
    0x03: (Signal.LOW_BATTERY,),
    0x04: (Signal.VIBRATION,),
    0x05: (Signal.MOVEMENT,),
    0x08: (Signal.FAULT,),  # GPS antenna
    0x09: (Signal.FAULT,),
    0x25: (Signal.REMOVED,),
    0x81: (),  # slow
    0x82: (Signal.OVERSPEED,),
    0x83: (Signal.GEOFENCE,),
    0x84: (Signal.GEOFENCE,),
    0x85: (Signal.ACCIDENT,),
    0x86: (Signal.FALL,),
}
# A torn package takes the first byte of the one behind it where that is all it lacked.
_TORN = Torn(
    begins=re.compile(rb"gg[\x01-\x1f\x80\x81]|\Agg?\Z|\Ag[\x01-\x1f\x80\x81]\x00")
)
_TORN_DATAGRAM = Torn(begins=re.compile(rb"\AE(?:L|\Z)"), named=_named)
