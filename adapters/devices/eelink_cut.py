"""Where packages of `eelink` begin and end in a stream that has no checksum.

A package is `6767 | type | length u16 | ...`. A torn one is told by a package that
seems to start inside it; a number may look like such a start as well.
"""

import re

from adapters.devices.framing import cut_by_length
from adapters.devices.session import Cut


def cut_package(buffer: bytes, *, final: bool) -> Cut | None:
    """Find the first package: by what follows it, else by its length."""
    end = _end_before_another(buffer)
    if end:
        return Cut(0, end)
    return cut_by_length(buffer, marks=(MARK,), end_of=end_of, holds=_fits, final=final)


def end_of(buffer: bytes, start: int) -> int | None:
    """Return where a package ends: 0 for too long, none if that has not come."""
    length = buffer[start + 3 : start + 5]
    if len(length) < 2:  # noqa: PLR2004 - a u16
        return None
    end = start + 5 + int.from_bytes(length)
    return end if end - start <= FRAME_BYTES_MAX else 0


def _fits(frame: bytes) -> bool:
    """Say whether a type is known and no package starts inside: else it is torn."""
    return frame[2] in _KNOWN and not _inside(frame, len(frame))


def _is_known(buffer: bytes, at: int) -> bool:
    return at < len(buffer) and buffer[at] in _KNOWN


def _inside(buffer: bytes, end: int) -> list[int]:
    """Return where packages seem to start inside the first one, which ends at `end`.

    An index, a place or an address may hold a mark as well: what stands behind it
    then seldom is a type and a length.
    """
    marks = (found.start() for found in _STARTS.finditer(buffer, 5, end))
    return [at for at in marks if end_of(buffer, at) != 0]


def _end_before_another(buffer: bytes) -> int:
    """Return the end of a first package that another follows, or zero.

    It is whole with a mark inside too, unless a package seems to end behind that one.
    One that lacks a single byte ends before the mark of which it would take half.
    """
    end = end_of(buffer, 0) if buffer.startswith(MARK) else None
    if not end or buffer[2] not in _KNOWN:
        return 0
    if not buffer.startswith(MARK, end):
        lacks_one = buffer.startswith(MARK, end - 1) and _is_known(buffer, end + 1)
        end = end - 1 if lacks_one else 0
    ends = [end_of(buffer, at) or 0 for at in _inside(buffer, end)]
    # A mark begins there, or a byte before, where that one lacks its last as well.
    torn = any(
        at == len(buffer) or MARK in buffer[at - 1 : at + 2] for at in ends if at
    )
    return 0 if torn else end


MARK, FRAME_BYTES_MAX = b"gg", 4096
LOG_IN, OLD_PLACE, OLD_ALARM, OLD_STATE, DATA = 0x01, 0x02, 0x04, 0x05, 0x81
TEXT, NORMAL, WARNING, REPORT = 0x80, 0x12, 0x14, 0x15
OLD = frozenset({OLD_PLACE, OLD_ALARM, 0x05, 0x06})
NEW = frozenset({NORMAL, WARNING, REPORT, 0x16})
QUIET = frozenset({0x03, 0x07, 0x17, 0x18, 0x19, 0x1A, 0x1B, 0x1E, 0x1F, DATA})
_KNOWN = OLD | NEW | QUIET | {LOG_IN, TEXT}
# As `finditer` ends there, a mark at the very end counts with or without its type.
_STARTS = re.compile(
    MARK + b"(?=[" + b"".join(rb"\x%02x" % kind for kind in sorted(_KNOWN)) + rb"]|\Z)"
)
