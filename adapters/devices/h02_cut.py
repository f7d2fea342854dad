"""Where binary messages of `h02` end, which have neither a length nor a checksum.

They have 32, 45 or 47 bytes (the last in Traccar #3884), or 42 with an IMEI in place
of an id of five bytes (as the Traccar server reads it): a message ends where another
begins. `$`, and the `X` of some, stand inside as numbers as well. Of one that is torn
behind its status all that came is handed on: an SOS in it is one.
"""

import re

from adapters.devices.reading import moment_of_digits
from adapters.devices.session import Cut


def cut_binary(
    buffer: bytes, start: int, *, text: re.Pattern[bytes], usual: int, final: bool
) -> Cut | None:
    """Find the first binary message; one that a text follows has ended there.

    Args:
        buffer: all that has come.
        start: where the message begins.
        text: what a text message begins with.
        usual: how long the last one of the connection was.
        final: no more bytes will come.

    """
    behind = text.search(buffer, start + 1)
    if behind is None:
        return _cut_piece(buffer, start, usual, final=final)
    return _cut_piece(buffer[: behind.start()], start, usual, final=True)


def has_imei(frame: bytes) -> bool:
    """Say whether a date stands behind eight bytes of a name, and none behind five."""
    return _is_dated(frame[9:15]) and not _is_dated(frame[6:12])


def _cut_piece(buffer: bytes, start: int, usual: int, *, final: bool) -> Cut | None:
    left = len(buffer) - start
    if left in BINARY and left < usual and not final:
        return None
    size = left if left == usual else _size_at(buffer, start)
    if size:
        whole = _whole_inside(buffer[start : start + size])
        return Cut(start + whole, 0) if whole else Cut(start, size)
    is_torn = _is_torn(buffer[start:])
    for later in (found.start() for found in _MARK.finditer(buffer, start + 1)):
        is_own = later < start + _STATUS_AT and not is_torn
        if is_own and not _is_dated(buffer[later + 6 : later + 12]):
            continue
        if any(_ends_at(buffer, later + size) for size in _OF_ID):
            return _up_to(buffer, start, later)
    if final and left <= LONGEST:
        return _up_to(buffer, start, len(buffer))
    if left < LONGEST:
        return Cut(start, 0) if start else None
    return Cut(start, usual)


def _size_at(buffer: bytes, start: int) -> int:
    """Return how long a binary message is, or zero: sure where its id comes again."""
    again = buffer[start : start + 6]
    for size in _OF_ID:
        if buffer.startswith(again, start + size):
            return size
    for size in BINARY:
        fits = size != WITH_IMEI or has_imei(buffer[start : start + size])
        if len(buffer) - start >= size and fits and _ends_at(buffer, start + size):
            return size
    return 0


def _ends_at(buffer: bytes, end: int) -> bool:
    """Say whether a frame may end here: nothing follows, or what may be a head.

    A mark is a number inside a longer frame where no packed id and hour follow it, or
    no letters.
    """
    mark, rest = buffer[end : end + 1], buffer[end + 1 : end + 8]
    if mark == b"*":
        return rest[:2].isalpha() or not rest
    return (mark in {b"$", b"X"} and _is_packed(rest)) or end == len(buffer)


def _whole_inside(frame: bytes) -> int:
    """Return where a whole message stands at the end of a torn one, or zero.

    That one has a date.
    """
    if not _is_torn(frame):
        return 0
    for size in (SHORT, LONG):
        at = len(frame) - size
        is_marked = at > 0 and frame[at : at + 1] == b"$"
        if is_marked and _is_dated(frame[at + 6 : at + 12]):
            return at
    return 0


def _is_torn(frame: bytes) -> bool:
    """Say whether it has no date, or another's packed digits where its status begins.

    Before that of one that is not torn, a mark is a number.
    """
    return _is_packed(frame[_STATUS_AT : _STATUS_AT + 2]) or not _is_dated(frame[6:12])


def _up_to(buffer: bytes, start: int, end: int) -> Cut:
    """Return a message of no length that we know: read if it is dated, else let go."""
    piece = buffer[start:end]
    is_one = piece[:1] == b"$" and len(piece) >= SHORT and _is_dated(piece[6:12])
    return Cut(start, end - start) if is_one else Cut(end, 0)


def _is_dated(data: bytes) -> bool:
    digits = data.hex()
    return moment_of_digits(digits[6:], digits[:6], day_first=True) is not None


def _is_packed(data: bytes) -> bool:
    return _PACKED.fullmatch(data.hex()) is not None


BINARY = SHORT, WITH_IMEI, LONG, LONGEST = 32, 42, 45, 47
_STATUS_AT = 25
_OF_ID = (SHORT, LONG, LONGEST)
_MARK = re.compile(rb"[$X]")
_PACKED = re.compile(r"\d{0,14}")
