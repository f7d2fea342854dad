"""A tracker's report as a binary message: Teltonika's AVL data behind 8-bit data. Pure.

Without a data connection a TMT250 or GH5200 sends its panic records so: codec, count,
records, count again, and the IMEI as a number of eight bytes. Read is what raises and
where; everything else of a record is passed over. Total on any text.
"""

from dataclasses import dataclass

from engine.intake.trackers import TrackerText
from engine.values import DeviceId, Signal

_CODEC_8, _CODEC_8E = 0x08, 0x8E
_IMEI_BYTES, _IMEI_DIGITS = 8, 15
_RECORDS_MAX = 25
_DEGREE = 10_000_000
_LAT_MAX_DEG, _LON_MAX_DEG = 90, 180
_ALARMS = {236: Signal.SOS, 242: Signal.FALL, 389: Signal.BUTTON}


class _ShortError(ValueError):
    """It ends before its fields do."""


@dataclass(slots=True)
class _Octets:
    data: bytes
    at: int = 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise _ShortError
        taken, self.at = self.data[self.at : end], end
        return taken

    def number(self, count: int, *, signed: bool = False) -> int:
        return int.from_bytes(self.take(count), signed=signed)


def octets_of(text: str) -> bytes | None:
    """Return the octets of a text that was 8-bit data; None of one that was not."""
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        return None
    return data if data[:1] and data[0] in {_CODEC_8, _CODEC_8E} else None


def read_octets(data: bytes) -> TrackerText | None:
    """Read a message's octets; None where they are no whole one of this form."""
    octets = _Octets(data)
    try:
        wide = 2 if octets.number(1) == _CODEC_8E else 1
        count = octets.number(1)
        if not 0 < count <= _RECORDS_MAX:
            return None
        found = [_record(octets, wide) for _ in range(count)]
        if octets.number(1) != count:
            return None
        imei = f"{octets.number(_IMEI_BYTES):0{_IMEI_DIGITS}d}"
    except _ShortError:
        return None
    if octets.at != len(data) or len(imei) != _IMEI_DIGITS:
        return None
    signals = frozenset[Signal]().union(*(one.signals for one in found))
    known = signals - {Signal.UNKNOWN}
    placed = [one for one in found if one.place is not None]
    last = (placed or found)[-1]
    return TrackerText(
        device=DeviceId(imei),
        signals=known or signals,
        place=last.place,
        is_last=last.is_last,
    )


def _record(octets: _Octets, wide: int) -> TrackerText:
    octets.take(9)  # its time and priority: panic alone is an alarm of unknown kind
    lon_deg = octets.number(4, signed=True) / _DEGREE
    lat_deg = octets.number(4, signed=True) / _DEGREE
    octets.take(4)  # height and course
    satellites = octets.number(1)
    octets.take(2 + wide + wide)  # speed, the event, how many elements
    signals = set()
    for size in (1, 2, 4, 8):
        for _ in range(octets.number(wide)):
            element, value = octets.number(wide), octets.number(size)
            if value and element in _ALARMS:
                signals.add(_ALARMS[element])
    if wide > 1:
        for _ in range(octets.number(2)):
            element, size = octets.number(2), octets.number(2)
            if any(octets.take(size)) and element in _ALARMS:
                signals.add(_ALARMS[element])
    is_place = abs(lat_deg) <= _LAT_MAX_DEG and abs(lon_deg) <= _LON_MAX_DEG
    return TrackerText(
        signals=frozenset(signals or {Signal.UNKNOWN}),
        place=(lat_deg, lon_deg) if is_place else None,
        is_last=not satellites,
    )
