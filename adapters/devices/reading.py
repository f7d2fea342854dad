"""Bounded reading of bytes and text; whatever does not fit is `UnreadableError`."""

import re
from datetime import date, timedelta
from math import isfinite
from typing import Literal

from engine.values import DeviceId, Instant


class UnreadableError(ValueError):
    """A frame does not hold what its type requires.

    Never leaves this package: the session turns it into an undecodable report.
    """


class Reader:
    """Reads a frame from front to back and never past its end."""

    def __init__(self, data: bytes, *, little_endian: bool = False) -> None:
        """Start at the first byte."""
        self._data = data
        self._at = 0
        self._end = len(data)
        self._order: Literal["little", "big"] = "little" if little_endian else "big"

    @property
    def is_untouched(self) -> bool:
        """Whether nothing has been read yet."""
        return self._at == 0

    @property
    def left(self) -> int:
        """How many bytes have not been read."""
        return self._end - self._at

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes.

        Raises:
            UnreadableError: fewer are left, or `count` is negative.

        """
        start = self._at
        end = start + count
        if not start <= end <= self._end:
            message = "shorter than its fields"
            raise UnreadableError(message)
        self._at = end
        return self._data[start:end]

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(self.left)

    def peek(self, count: int) -> bytes:
        """Return up to `count` bytes and leave them unread."""
        return self._data[self._at : self._at + count]

    def unsigned(self, count: int) -> int:
        """Return an unsigned number of `count` bytes."""
        start = self._at
        if count == 1 and start < self._end:  # what most of them are
            self._at = start + 1
            return self._data[start]
        return int.from_bytes(self.take(count), self._order)

    def signed(self, count: int) -> int:
        """Return a two's complement number of `count` bytes."""
        return int.from_bytes(self.take(count), self._order, signed=True)


def decimal(text: str) -> float:
    """Read a finite number.

    Raises:
        UnreadableError: the text is none.

    """
    try:
        value = float(text)
    except ValueError as fault:
        message = "not a number"
        raise UnreadableError(message) from fault
    if not isfinite(value) or "_" in text:
        message = "not a finite number"
        raise UnreadableError(message)
    return value


def integer(text: str, *, radix: int = 10) -> int:
    """Read a whole number of at most 20 digits.

    Raises:
        UnreadableError: the text is none.

    """
    digits = text.strip()
    if len(digits) > _DIGITS_MAX or "_" in digits:
        message = "not a whole number"
        raise UnreadableError(message)
    try:
        return int(digits, radix)
    except ValueError as fault:
        message = "not a whole number"
        raise UnreadableError(message) from fault


def text_of(data: bytes) -> str:
    """Read bytes as Latin-1: total, one character per byte, reversible."""
    return data.decode("latin-1")


def device_id(text: str) -> DeviceId:
    """Return what a device calls itself.

    Raises:
        UnreadableError: it is empty, longer than 64 characters, or has others than
            visible ASCII.

    """
    if not _DEVICE_ID.fullmatch(text):
        message = "not a name that a device can have"
        raise UnreadableError(message)
    return DeviceId(text)


def bcd(data: bytes) -> str:
    """Return the digits of packed decimals.

    Raises:
        UnreadableError: a nibble is above nine.

    """
    digits = data.hex()
    if not digits.isdecimal():
        message = "not packed decimals"
        raise UnreadableError(message)
    return digits


def moment(
    year: int,
    month: int,
    day: int,
    hour: int = 0,
    minute: int = 0,
    second: int = 0,
    *,
    offset: timedelta = timedelta(0),
) -> Instant | None:
    """Return the moment of a device's calendar, None where there is no such date.

    Args:
        year: of two digits or four; two mean 20xx.
        month: from 1.
        day: from 1.
        hour: from 0.
        minute: from 0.
        second: from 0; a leap second has no moment here and is None.
        offset: how far the device's zone is ahead of UTC.

    """
    whole_year = year + _CENTURY if year < _YEARS_SHORT else year
    if not _YEAR_MIN <= whole_year <= _YEAR_MAX:
        return None
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):  # noqa: PLR2004
        return None
    try:
        days = date(whole_year, month, day).toordinal() - _EPOCH_DAY
    except (ValueError, OverflowError):
        return None
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
    return Instant(seconds * 1000 - (offset // _MS if offset else 0))


def moment_of_digits(
    date: str, time: str, *, day_first: bool = False, offset: timedelta = timedelta(0)
) -> Instant | None:
    """Return the moment of `yymmdd` (or `ddmmyy`) and `hhmmss`; None where none."""
    digits = date + time[:6]
    if len(digits) != _DIGITS_OF_MOMENT or not (digits.isascii() and digits.isdigit()):
        return None
    rest, second = divmod(int(digits), 100)
    rest, minute = divmod(rest, 100)
    rest, hour = divmod(rest, 100)
    rest, last = divmod(rest, 100)
    first, month = divmod(rest, 100)
    year, day = (last, first) if day_first else (first, last)
    return moment(year, month, day, hour, minute, second, offset=offset)


def moment_of_six(data: bytes) -> Instant | None:
    """Return the moment of six bytes from the year on; None where there is none.

    They are packed decimals, of some models plain numbers: `1A` is the year 26.
    """
    digits = data.hex()
    if digits.isdecimal():
        return moment_of_digits(digits[:6], digits[6:])
    return moment(*data)


def moment_of_epoch(seconds: float) -> Instant | None:
    """Return the moment of Unix time in seconds; None outside the years 1970 to 2199.

    Zero is what a device without a clock sends and is None too.
    """
    inside = 0 < seconds < _EPOCH_S_MAX
    return Instant(round(seconds * 1000)) if inside else None


_MS = timedelta(milliseconds=1)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DIGITS_MAX = 20
_DIGITS_OF_MOMENT = 12
_CENTURY = 2000
_YEARS_SHORT = 100
_YEAR_MIN, _YEAR_MAX = 1970, 2199
_EPOCH_S_MAX = 7_258_118_400
_DEVICE_ID = re.compile(r"[!-~]{1,64}")
