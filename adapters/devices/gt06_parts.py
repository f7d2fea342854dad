"""The parts that packets of `gt06` share: GPS, cell, status and both alarm places."""

from datetime import timedelta

from adapters.devices import gt06_tables as tables
from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.reading import Reader, moment
from engine.ports.device import ReportKind


def read_gps(content: Reader, draft: Draft, zone: timedelta) -> None:
    """Read date, satellites, place, speed and flags; `zone` is taken off the clock."""
    draft.device_at = moment(*content.take(6), offset=zone)
    draft.attributes["satellites"] = str(content.unsigned(1) & 15)
    lat, lon = content.unsigned(4), content.unsigned(4)
    draft.speed_mps = content.unsigned(1) * KMH_MPS
    set_place(draft, lat, lon, content.unsigned(2))


def set_place(draft: Draft, lat: int, lon: int, flags: int) -> None:
    """Set a place: units of 1/1,800,000 degree, hemispheres and validity in `flags`."""
    north = 1 if flags & 0x0400 else -1
    east = -1 if flags & 0x0800 else 1
    draft.course_deg = float(flags & 0x03FF)
    if flags & 0x4000:
        draft.flag("ignition", flags & 0x8000)
    draft.locate(
        north * lat / _DEGREE, east * lon / _DEGREE, valid=bool(flags & 0x1000)
    )


def read_network(content: Reader, *, mnc: int | None = None) -> tuple[int, int]:
    """Return MCC and MNC; the MCC's top bit says that the MNC has two bytes."""
    mcc = content.unsigned(2)
    size = mnc or (2 if mcc & 0x8000 else 1)
    return mcc & 0x7FFF, content.unsigned(size)


def read_cell(
    content: Reader,
    draft: Draft,
    *,
    lac: int = 2,
    mnc: int | None = None,
    cid: int | None = None,
) -> None:
    """Read a cell without a length before it; `lac` and such are sizes in bytes."""
    mcc, network = read_network(content, mnc=mnc)
    area = content.unsigned(lac)
    usual = 8 if lac == _LONG_LAC else 4 if mnc else 3
    draft.cell(mcc, network, area, content.unsigned(cid or usual))


def read_typed_cell(content: Reader, draft: Draft) -> None:
    """Read a cell behind the number of its kind, from 3 on one of 4G."""
    is_long = content.unsigned(1) >= _FIRST_LONG_KIND
    read_cell(content, draft, lac=_LONG_LAC if is_long else 2)
    content.take(2 if is_long else 1)  # its strength


def read_counted_cell(
    content: Reader, draft: Draft, *, tail: int, is_longer: bool = True
) -> None:
    """Read a cell behind its length, which some models count without itself.

    Others leave the length out: taken for one, the cell's first byte would shift the
    alarm behind it. Its first byte is the MCC's, which no length is.

    Args:
        content: where the length stands.
        draft: keeps the cell.
        tail: how many bytes most models have behind it.
        is_longer: what fills the packet is a longer cell, where a byte more behind
            the tail would as well (SeeWorld's 0x16).

    """
    if _is_bare_cell(content, tail):
        read_cell(content, draft)
        return
    length = content.unsigned(1)
    if not length:
        _pass_zeros(content, tail)
        return
    cell = Reader(content.take(_cell_size(length, content, tail, is_longer=is_longer)))
    mcc, mnc = read_network(cell, mnc=2 if cell.left == _CELL_BYTES + 2 else None)
    area = cell.unsigned(4 if cell.left >= _LONG_CELL_BYTES else 2)
    draft.cell(mcc, mnc, area, cell.unsigned(min(cell.left, 8)))


def _is_bare_cell(content: Reader, tail: int) -> bool:
    """Say whether a cell begins here: an MCC, and what fills the packet with it.

    Behind it the language may be missing, or a distance be added.
    """
    mcc = int.from_bytes(content.peek(2))
    size = _CELL_BYTES + (mcc >> 15)
    fills = content.left - size - tail in {-1, 0, _DISTANCE_BYTES}
    return fills and _is_mcc(mcc)


def _is_mcc(mcc: int) -> bool:
    return _MCC_MIN <= mcc & _MCC <= _MCC_MAX


def _pass_zeros(content: Reader, tail: int) -> None:
    """Pass over a cell that is not there, of which some models send the zeros."""
    said = content.peek(content.left)
    if len(said) >= _NO_CELL_BYTES and not said[_CELL_BYTES + 1 : _NO_CELL_BYTES].strip(
        b"\0"
    ):
        content.take(_NO_CELL_BYTES)
        return
    zeros = content.left - tail
    if zeros > 0 and not said[:zeros].strip(b"\0"):
        content.take(zeros)


def _cell_size(length: int, content: Reader, tail: int, *, is_longer: bool) -> int:
    """Return how many bytes the cell behind a length has, by what fills the packet."""
    left = content.left
    mcc = int.from_bytes(content.peek(2))
    wide = bool(mcc >> 15) and _is_mcc(mcc)  # its MNC has two bytes
    if length == _CELL_BYTES + 1 and wide and left - _CELL_BYTES != tail:
        return length
    fits = [size for size in (length - 1, length) if left - size == tail]
    if fits == [_CELL_BYTES + 1] and length == _CELL_BYTES + 1:
        # Nine bytes and the tail, or eight and a byte more behind the tail.
        said = content.peek(left)
        is_eight = _is_status(said[8:]) and not _is_status(said[9:])
        return length if is_longer and not is_eight else _CELL_BYTES
    if fits:
        return fits[0]
    if length == _CELL_BYTES + 2 and not wide and left - length == tail + 2:
        return length  # with a height behind the tail (SL4X)
    return max(length - 1, _CELL_BYTES)


def _is_status(said: bytes) -> bool:
    """Say whether bytes may be status, battery, signal, alarm and language."""
    _, battery, _, alarm, language = said[:5].ljust(5, b"\xff")
    return battery <= 100 and alarm in tables.ALARMS and language <= _LANGUAGE_MAX  # noqa: PLR2004


def read_status(
    content: Reader, draft: Draft, meanings: tables.Meanings = tables.ALARMS
) -> int:
    """Read status, battery, GSM signal and the alarm byte: both places of an alarm.

    Returns:
        The alarm byte.

    """
    alarm = content.peek(4)[3:]
    read_status_bits(content.unsigned(1), draft, is_named=any(map(meanings.get, alarm)))
    set_battery(content.unsigned(1), draft)
    draft.attributes["gsm"] = str(content.unsigned(1))
    return read_alarm(content, draft, meanings)


def read_alarm(
    content: Reader, draft: Draft, meanings: tables.Meanings = tables.ALARMS
) -> int:
    """Read the alarm byte; the language's high nibble may be a part of its number.

    A heartbeat has the present state in it, any other packet an event.
    """
    is_beat = draft.kind is ReportKind.HEARTBEAT
    alarm = content.unsigned(1)
    longer = (content.peek(1) or b"\0")[0] >> 4 << 8 | alarm
    if longer in tables.LONGER_ALARMS:
        draft.signal(f"alarm:0x{longer:04x}", *tables.LONGER_ALARMS[longer])
    else:
        draft.look_up("alarm", alarm, meanings, held=is_beat)
    return alarm


def read_status_bits(status: int, draft: Draft, *, is_named: bool = False) -> None:
    """Read the status byte; bits 3 to 5 are the first place of an alarm.

    Args:
        status: the byte.
        draft: keeps it.
        is_named: the second place names an alarm, so that a code here that nobody
            has described is no riddle.

    """
    draft.attributes["status"] = f"0x{status:02x}"
    draft.flag("ignition", status & 2)
    draft.flag("charging", status & 4)
    code, is_beat = status >> 3 & 7, draft.kind is ReportKind.HEARTBEAT
    if code in tables.STATUS_ALARMS or not code or not is_named:
        draft.look_up("status", code, tables.STATUS_ALARMS | {0: ()}, held=is_beat)
    else:
        draft.codes.append(f"status:0x{code:02x}")


def set_battery(level: int, draft: Draft) -> None:
    """Set the battery from a level of 0 to 6, or a percentage above it."""
    draft.battery_percent(level * 100 / 6 if level <= _LEVEL_MAX else level)


_DEGREE = 1_800_000
_CELL_BYTES, _NO_CELL_BYTES, _DISTANCE_BYTES = 8, 45, 4
_MCC, _MCC_MIN, _MCC_MAX = 0x7FFF, 200, 799
_LANGUAGE_MAX = 2
_LONG_LAC = 4
_FIRST_LONG_KIND = 3
_LONG_CELL_BYTES = 12
_LEVEL_MAX = 6
