"""How frames are found in a stream: by length and checksum, or between two marks.

A frame that never ends must not swallow the one behind it: a whole frame inside a
torn one wins, so an SOS is not kept waiting by what was lost before it.
"""

from collections.abc import Callable, Sequence

from adapters.devices.session import Cut

EndOf = Callable[[bytes, int], int | None]
"""Where the frame that starts at an index ends; None where that is not there yet,
a number not behind the start where nothing can start there."""


def cut_by_length(
    buffer: bytes,
    *,
    marks: Sequence[bytes],
    end_of: EndOf,
    holds: Callable[[bytes], bool],
    final: bool,
) -> Cut | None:
    """Find the first frame of a wire protocol that says how long it is.

    Args:
        buffer: all that has come.
        marks: what a frame can start with.
        end_of: reads the length.
        holds: says whether a frame's checksum is right.
        final: no more bytes will come.

    """
    starts, looked_to = _starts(buffer, marks, end_of)
    if not starts:
        keep = 0 if final else _partial_mark(buffer, marks)
        return Cut(min(looked_to, len(buffer) - keep), 0)
    start = starts[0]
    end = end_of(buffer, start)
    if end is not None and end <= len(buffer) and holds(buffer[start:end]):
        return Cut(start, end - start)
    for later in starts[1:]:
        later_end = end_of(buffer, later)
        if later_end is not None and later_end <= len(buffer):
            if holds(buffer[later:later_end]):
                return Cut(later, 0)
        elif not final:
            return None
    if end is not None and end <= len(buffer):
        return Cut(start, end - start)
    return Cut(start, 0) if start else None


def cut_between(
    buffer: bytes, *, opening: bytes, closing: Sequence[bytes], final: bool
) -> Cut | None:
    """Find the first text from its opening to its closing mark, both included.

    A second opening before the closing shows that the first text is torn.
    """
    start = buffer.find(opening)
    if start < 0:
        keep = 0 if final else _partial_mark(buffer, (opening,))
        return Cut(len(buffer) - keep, 0)
    found = [(buffer.find(mark, start + 1), len(mark)) for mark in closing]
    ends = [at + size for at, size in found if at >= 0]
    again = buffer.find(opening, start + len(opening))
    if again >= 0 and (not ends or again < min(ends)):
        return Cut(again, 0)
    if ends:
        return Cut(start, min(ends) - start)
    return Cut(start, 0) if start else None


def cut_line(buffer: bytes, *, closing: Sequence[bytes]) -> Cut | None:
    """Find the first text that ends with a mark; blanks before it are skipped."""
    start = len(buffer) - len(buffer.lstrip(_BLANKS))
    found = [(buffer.find(mark, start), len(mark)) for mark in closing]
    ends = [at + size for at, size in found if at >= 0]
    if ends:
        return Cut(start, min(ends) - start)
    return Cut(start, 0) if start else None


def _starts(
    buffer: bytes, marks: Sequence[bytes], end_of: EndOf
) -> tuple[list[int], int]:
    """Return where frames may start, and how far that has been looked for.

    Only the first marks are looked at, so that a flood of them stays cheap.
    """
    found: list[int] = []
    looked_to = len(buffer)
    for mark in marks:
        at, looked_at = buffer.find(mark), 0
        while at >= 0 and len(found) < _STARTS_MAX:
            if looked_at == _MARKS_MAX:
                looked_to = min(looked_to, at)
                break
            end = end_of(buffer, at)
            if end is None or end > at:
                found.append(at)
            at, looked_at = buffer.find(mark, at + 1), looked_at + 1
    return sorted(found), looked_to


def _partial_mark(buffer: bytes, marks: Sequence[bytes]) -> int:
    sizes = (
        size
        for mark in marks
        for size in range(len(mark) - 1, 0, -1)
        if buffer.endswith(mark[:size])
    )
    return max(sizes, default=0)


_BLANKS = b" \t\r\n\0"
_STARTS_MAX = 64
_MARKS_MAX = 512
