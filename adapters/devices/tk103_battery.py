"""A battery box of `tk103`: what `BS50` and `BS51` say of a scooter's cells.

`BS50` is one block of little-endian numbers behind 24 cells; `BS51` is a list of
numbered blocks of eight bytes, big-endian, as a controller has them on its bus: only
so do 53.3 V, no current and 47.6 % come out of a box at rest.
"""

from adapters.devices.draft import Draft
from adapters.devices.reading import Reader, UnreadableError

BLOCK, BLOCKS = "BS50", "BS51"


def read_battery(command: str, data: str, draft: Draft) -> None:
    """Read what a box says of itself.

    Raises:
        UnreadableError: it is no hexadecimal, or shorter than its fields.

    """
    if command == BLOCK:
        _read_block(Reader(_bytes(data), little_endian=True), draft)
        return
    for part in data.split(",")[:_BLOCKS_MAX]:
        number, _, digits = part.partition(":")
        reader = _READERS.get(number)
        if reader is not None:
            reader(Reader(_bytes(digits)), draft)


def _bytes(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError as fault:
        message = "no bytes in hexadecimal"
        raise UnreadableError(message) from fault


def _read_block(box: Reader, draft: Draft) -> None:
    kept = draft.attributes
    box.take(3)
    cells = box.unsigned(1)
    for place in range(1, _CELLS + 1):
        millivolts = box.unsigned(2)
        if place <= cells:
            kept[f"cell{place}_v"] = repr(millivolts / 1000)
    draft.flag("charging", box.unsigned(1) == 0)
    kept["current_a"] = repr(box.unsigned(2) / 10)
    kept["battery_v"] = repr(box.unsigned(2) / 100)
    draft.battery_percent(box.unsigned(1))
    for name in ("overheated", "charge_cut", "discharge_cut"):
        draft.flag(name, box.unsigned(1))
    box.take(2)  # a line that dropped, cells that are being balanced
    kept["cycles"] = str(box.unsigned(2))
    kept["fault"] = str(box.unsigned(1))
    box.take(6)
    count = box.unsigned(1)
    _celsius(box, draft, "power_temperature_c", "balance_temperature_c")
    names = tuple(f"battery{place}_temperature_c" for place in range(1, 8))
    _celsius(box, draft, *names[:count])
    box.take(max(len(names) - count, 0))
    kept["calibrated_ah"] = repr(box.unsigned(2) / 100)
    kept["discharged"] = str(box.unsigned(4))


def _read_whole(block: Reader, draft: Draft) -> None:
    kept = draft.attributes
    kept["battery_v"] = repr(block.unsigned(2) / 10)
    kept["gathered_v"] = repr(block.unsigned(2) / 10)
    kept["current_a"] = repr((block.unsigned(2) - _NO_CURRENT) / 10)
    draft.battery_percent(block.unsigned(2) / 10)


def _read_extremes(block: Reader, draft: Draft) -> None:
    for name in ("cell_max", "cell_min"):
        draft.attributes[f"{name}_v"] = repr(block.unsigned(2) / 1000)
        draft.attributes[name] = str(block.unsigned(1))


def _read_warmest(block: Reader, draft: Draft) -> None:
    for name in ("warmest", "coldest"):
        _celsius(block, draft, f"{name}_temperature_c")
        draft.attributes[name] = str(block.unsigned(1))


def _read_cells(block: Reader, draft: Draft) -> None:
    block.take(1)
    _celsius(block, draft, *(f"cell{place}_temperature_c" for place in range(1, 8)))


def _celsius(block: Reader, draft: Draft, *names: str) -> None:
    for name in names:
        draft.attributes[name] = str(block.unsigned(1) - 40)


_CELLS = 24
_BLOCKS_MAX = 16
_NO_CURRENT = 30_000
_READERS = {
    "90": _read_whole,
    "91": _read_extremes,
    "92": _read_warmest,
    "96": _read_cells,
}
