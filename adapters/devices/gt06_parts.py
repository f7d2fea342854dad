"""The parts that packets of `gt06` share: GPS, cell, status and both alarm places."""

from datetime import timedelta

from adapters.devices import gt06_tables as tables
from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.reading import Reader, moment


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
    content: Reader, draft: Draft, *, lac: int = 2, mnc: int | None = None
) -> None:
    """Read a cell without a length before it; `lac` and `mnc` are sizes in bytes."""
    mcc, network = read_network(content, mnc=mnc)
    area = content.unsigned(lac)
    wide = 4 if mnc else 3
    draft.cell(mcc, network, area, content.unsigned(8 if lac == _LONG_LAC else wide))


def read_counted_cell(content: Reader, draft: Draft, *, tail: int) -> None:
    """Read a cell behind its length, which some models count without itself.

    Others leave the length out: taken for one, the cell's first byte would shift the
    alarm behind it. No MCC begins like a length of eight or nine.
    """
    head = content.peek(_CELL_BYTES)
    is_bare = content.left == _CELL_BYTES + tail and head.strip(b"\0")
    if is_bare and head[0] not in {_CELL_BYTES, _CELL_BYTES + 1}:
        read_cell(content, draft)
        return
    length = content.unsigned(1)
    if not length:
        zeros = content.left - tail
        if zeros > 0 and not content.peek(zeros).strip(b"\0"):
            content.take(zeros)
        return
    fits = [size for size in (length - 1, length) if content.left - size == tail]
    cell = Reader(content.take(fits[0] if fits else max(length - 1, _CELL_BYTES)))
    mcc, mnc = read_network(cell, mnc=2 if cell.left == _CELL_BYTES + 2 else None)
    area = cell.unsigned(4 if cell.left >= _LONG_CELL_BYTES else 2)
    draft.cell(mcc, mnc, area, cell.unsigned(min(cell.left, 8)))


def read_status(content: Reader, draft: Draft) -> int:
    """Read status, battery, GSM signal and the alarm byte: both places of an alarm.

    Returns:
        The alarm byte.

    """
    read_status_bits(content.unsigned(1), draft)
    set_battery(content.unsigned(1), draft)
    draft.attributes["gsm"] = str(content.unsigned(1))
    alarm = content.unsigned(1)
    draft.look_up("alarm", alarm, tables.ALARMS)
    return alarm


def read_status_bits(status: int, draft: Draft) -> None:
    """Read the status byte; bits 3 to 5 are the first place of an alarm."""
    draft.attributes["status"] = f"0x{status:02x}"
    draft.flag("ignition", status & 2)
    draft.flag("charging", status & 4)
    if status & 0x38:
        draft.look_up("status", status >> 3 & 7, tables.STATUS_ALARMS)


def set_battery(level: int, draft: Draft) -> None:
    """Set the battery from a level of 0 to 6, or a percentage above it."""
    draft.battery_percent(level * 100 / 6 if level <= _LEVEL_MAX else level)


_DEGREE = 1_800_000
_CELL_BYTES = 8
_STATUS_BYTES = 5
_LONG_LAC = 4
_LONG_CELL_BYTES = 12
_LEVEL_MAX = 6
