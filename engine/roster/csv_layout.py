"""How a CSV table is laid out: where its heading stands, and what parts its cells."""

import re
from io import StringIO
from typing import NamedTuple

from engine.errors import DataError

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
"""The first of them where a heading has none; no column's name holds any."""
_SAID = re.compile(r'"?sep=([^"\r\n]?)[",;\t ]*', re.IGNORECASE)
"""The line by which Excel is told what parts the cells; whatever else it names, the
heading decides."""
_EMPTY = '"\t\r\n ,;'


class Layout(NamedTuple):
    """The lines from the heading on, how many stand before it, and the delimiter."""

    lines: list[str]
    skipped: int
    delimiter: str


def layout_of(text: str, file: str) -> Layout | DataError:
    """Return the layout by the heading: the first line that is not empty.

    A line `sep=;` before it is passed over, unless it says something else.
    """
    lines = list(StringIO(text, newline=""))
    said, said_on = "", 0
    for skipped, line in enumerate(lines):
        if not line.strip(_EMPTY):
            continue
        found = _SAID.fullmatch(line.rstrip("\r\n"))
        if found is not None and not said_on:
            said, said_on = found[1], skipped + 1
            continue
        delimiter = max(_DELIMITERS, key=line.count)
        if said in _DELIMITERS and said != delimiter:
            reason = (
                f"says that {_DELIMITERS[said]} part the cells, and in the heading"
                f" {_DELIMITERS[delimiter]} do: take this line out"
            )
            return DataError(file, said_on, "sep", reason)
        return Layout(lines[skipped:], skipped, delimiter)
    return Layout([], 0, ",")
