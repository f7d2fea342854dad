"""Numbers in a row: what most packets have behind all that matters of them."""

from collections.abc import Sequence

from adapters.devices.draft import Draft
from adapters.devices.reading import Reader

Row = Sequence[tuple[str, int, float]]
"""What each number is (nothing where nobody has described it), in how many bytes it
stands, and how many units of it make one."""


def read_row(reader: Reader, draft: Draft, row: Row) -> None:
    """Keep a row's numbers as far as they go; a missing one tears nothing."""
    kept = draft.attributes
    for name, size, units in row:
        if reader.left < size:
            return
        value = reader.unsigned(size)
        if name:
            kept[name] = str(value) if units == 1 else repr(round(value / units, 3))
