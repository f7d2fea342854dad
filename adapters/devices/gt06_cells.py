"""The packets of `gt06` that have cells or Wi-Fi stations and no place."""

from datetime import timedelta

from adapters.devices import gt06_tables as tables
from adapters.devices.draft import Draft
from adapters.devices.gt06_parts import read_alarm, read_network, read_status
from adapters.devices.reading import Reader, UnreadableError, moment, moment_of_six


def read_cells(
    kind: int,
    content: Reader,
    draft: Draft,
    zone: timedelta,
    meanings: tables.Meanings,
) -> None:
    """Read a date, cells of one network, and the stations of those that have some."""
    draft.device_at = moment(*content.take(6), offset=zone)
    if kind == tables.CELLS_ALARM and _is_counted_alarm(content):
        _read_counted_alarm(content, draft, meanings)
        return
    counted = kind == tables.COUNTED_CELLS and content.left == _COUNTED_CELLS_BYTES
    if counted:
        content.take(1)
    mcc, mnc = read_network(content)
    count = content.unsigned(1) if counted else tables.CELL_COUNT.get(kind, 7)
    sizes = _cell_sizes(kind, content)
    for _ in range(count):
        lac, cid = (content.unsigned(size) for size in sizes)
        draft.cell(mcc, mnc, lac, cid, -content.unsigned(1))
    if not counted:
        content.take(1)
    if kind in tables.WITH_STATIONS and content.left:
        for _ in range(content.unsigned(1)):
            draft.access_point(content.take(6).hex(), -content.unsigned(1))
    if kind in tables.CELLS_MAY_ALARM:
        _read_trailing_alarm(content, draft, meanings)


def read_network_cells(content: Reader, draft: Draft, zone: timedelta) -> None:
    """Read the cells of SL4X: an MNC of two bytes, cells of two and four."""
    draft.device_at = moment(*content.take(6), offset=zone)
    content.take(1)  # the timing advance
    mcc, mnc = read_network(content, mnc=2)
    while content.left >= _WIDE_CELL_BYTES:
        lac, cid = content.unsigned(2), content.unsigned(4)
        draft.cell(mcc, mnc, lac, cid, -content.unsigned(1))


def is_network_cells(kind: int, content: bytes) -> bool:
    """Say whether a packet of X1's type is one of SL4X's cells.

    That one begins with its date, and the other has its date behind four bytes.
    """
    return kind == tables.X1 and is_date(content) and not is_date(content[4:])


def read_stations(content: Reader, draft: Draft, *, count: int) -> None:
    """Read a date, counted stations, and cells of two bytes."""
    draft.device_at = moment_of_six(content.take(6))
    for _ in range(count):
        draft.access_point(content.take(6).hex(), -content.unsigned(1))
    cells = content.unsigned(1)
    mcc, mnc = content.unsigned(2), content.unsigned(1)
    for _ in range(cells):
        area, cid = content.unsigned(2), content.unsigned(2)
        draft.cell(mcc, mnc, area, cid, -content.unsigned(1))


def is_date(data: bytes) -> bool:
    """Say whether bytes begin with a moment of six plain numbers."""
    return len(data) >= _DATE_BYTES and moment(*data[:_DATE_BYTES]) is not None


def _cell_sizes(kind: int, content: Reader) -> tuple[int, int]:
    """Return how many bytes an area and a cell have, behind the network.

    Of the six cells of 0x33 there are two forms; the count of stations behind them
    says which one fills the packet.
    """
    if kind not in tables.LONG_CELLS:
        return 2, 3
    if kind == tables.CELLS_AND_STATIONS:
        behind = content.peek(content.left)[6 * _WIDE_CELL_BYTES + 1 :]
        if behind and len(behind) == 1 + behind[0] * _STATION_BYTES:
            return 2, 4
    return 4, 8


def _is_counted_alarm(content: Reader) -> bool:
    """Say whether counted cells and stations fill an alarm packet (Jimi's 4G)."""
    said = content.peek(content.left)
    head = 2 + (2 if said[:1] >= b"\x80" else 1)
    if len(said) < head + 2:
        return False
    long, count = said[head : head + 2]
    stations = head + 2 + count * (_LONG_CELL_BYTES if long else _CELL_BYTES) + 1
    found = said[stations : stations + 1]
    behind = stations + 1 + _ALARM_AND_LANGUAGE
    return bool(found) and len(said) == behind + found[0] * _STATION_BYTES


def _read_counted_alarm(
    content: Reader, draft: Draft, meanings: tables.Meanings
) -> None:
    mcc, mnc = read_network(content)
    sizes = (4, 8) if content.unsigned(1) else (2, 3)
    for _ in range(content.unsigned(1)):
        lac, cid = (content.unsigned(size) for size in sizes)
        draft.cell(mcc, mnc, lac, cid, -content.unsigned(1))
    content.take(1)  # the timing advance
    for _ in range(content.unsigned(1)):
        draft.access_point(content.take(6).hex(), -content.unsigned(1))
    read_alarm(content, draft, meanings)


def _read_trailing_alarm(
    content: Reader, draft: Draft, meanings: tables.Meanings
) -> None:
    if content.left == _STATUS_BYTES:
        read_status(content, draft, meanings)
    elif content.left == _ALARM_AND_LANGUAGE:
        read_alarm(content, draft, meanings)
    elif content.left:
        message = "an alarm packet whose end nobody has described"
        raise UnreadableError(message)


_DATE_BYTES = 6
_STATUS_BYTES, _ALARM_AND_LANGUAGE = 5, 2
_COUNTED_CELLS_BYTES = 38
_WIDE_CELL_BYTES, _STATION_BYTES = 7, 7
_CELL_BYTES, _LONG_CELL_BYTES = 6, 13  # each with its strength
