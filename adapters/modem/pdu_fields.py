"""The fields that TPDUs share: addresses, times, validity, coding schemes.

Decoding is tolerant: what is missing or wrong is mended and flagged, nothing
raises on received bytes. Clauses are those of 3GPP TS 23.040, where not said.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

from adapters.modem import gsm7
from engine.values import Instant


class Flag(StrEnum):
    """What a tolerant decoder had to mend or to leave out."""

    NOT_HEX = "not_hex"
    TRUNCATED = "truncated"
    TRAILING = "trailing"
    BAD_SMSC = "bad_smsc"
    BAD_ADDRESS = "bad_address"
    BAD_TIME = "bad_time"
    BAD_HEADER = "bad_header"
    BAD_LENGTH = "bad_length"
    BAD_TEXT = "bad_text"
    RESERVED_TYPE = "reserved_type"
    UNKNOWN_CODING = "unknown_coding"


class TypeOfNumber(StrEnum):
    """TON of an address (9.1.2.5)."""

    UNKNOWN = "unknown"
    INTERNATIONAL = "international"
    NATIONAL = "national"
    NETWORK = "network"
    SUBSCRIBER = "subscriber"
    ALPHANUMERIC = "alphanumeric"
    ABBREVIATED = "abbreviated"
    RESERVED = "reserved"


class Charset(StrEnum):
    """How user data is coded (TS 23.038, clause 4)."""

    GSM7 = "gsm7"
    DATA = "8bit"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A number as written: `+` in front where international, text where alphanumeric.

    `toa` is the type-of-address octet as received.
    """

    text: str
    toa: int

    @property
    def type_of_number(self) -> TypeOfNumber:
        """Return the type that the octet claims."""
        return _TYPES_OF_NUMBER[self.toa >> 4 & 7]


@dataclass(slots=True)
class Reader:
    """A cursor over received octets that runs dry instead of raising."""

    data: bytes
    at: int = 0
    flags: list[Flag] = field(default_factory=list)

    def flag(self, flag: Flag) -> None:
        """Note what was mended, once."""
        if flag not in self.flags:
            self.flags.append(flag)

    @property
    def left(self) -> int:
        """Return how many octets remain."""
        return len(self.data) - self.at

    def octet(self) -> int:
        """Return the next octet; 0 and a flag where there is none."""
        if self.left <= 0:
            self.flag(Flag.TRUNCATED)
            return 0
        self.at += 1
        return self.data[self.at - 1]

    def octets(self, count: int) -> bytes:
        """Return the next octets, fewer and a flag where they end."""
        taken = self.data[self.at : self.at + count]
        self.at += len(taken)
        if len(taken) < count:
            self.flag(Flag.TRUNCATED)
        return taken


_TYPES_OF_NUMBER = tuple(TypeOfNumber)
_INTERNATIONAL = 0x91
_UNKNOWN_NUMBER = 0x81
_ALPHANUMERIC = 0xD0
_ADDRESS_DIGITS_MAX = 20
_DIGITS = "0123456789*#abc"
_FILLER = 0xF
_SEMI_OCTET = {digit: value for value, digit in enumerate(_DIGITS)}


def encode_address(number: str) -> bytes:
    """Encode an address field: length in semi-octets, type, digits (9.1.2.5).

    Args:
        number: digits, `*`, `#`, with `+` in front where international.

    Raises:
        ValueError: the number is empty, longer than 20 digits, or no number.

    """
    toa, digits = _split_number(number)
    return bytes((len(digits), toa)) + _pack_digits(digits)


def encode_smsc(number: str) -> bytes:
    """Encode the service centre in front of a TPDU; "" takes the SIM's own.

    Its length counts octets, type included (TS 24.011, 8.2.5.1).
    """
    if not number:
        return b"\x00"
    toa, digits = _split_number(number)
    packed = _pack_digits(digits)
    return bytes((len(packed) + 1, toa)) + packed


def decode_address(reader: Reader) -> Address:
    """Decode an address field and move behind it."""
    count = reader.octet()
    toa = reader.octet()
    if count > _ADDRESS_DIGITS_MAX + 2:
        reader.flag(Flag.BAD_ADDRESS)
    octets = reader.octets((count + 1) // 2)
    if toa & 0x70 == _ALPHANUMERIC & 0x70:
        # FRANCOIS has 14 semi-octets: the eighth septet of seven octets is padding
        # only where the length says so.
        septets = gsm7.unpack(octets, count * 4 // 7)
        return Address(text=gsm7.decode(septets), toa=toa)
    return _number(toa, _unpack_digits(octets, count, reader))


def decode_smsc(reader: Reader) -> Address | None:
    """Decode the service centre's field; None where it is left to the SIM."""
    length = reader.octet()
    if length == 0:
        return None
    if length > _ADDRESS_DIGITS_MAX // 2 + 2 or length > reader.left:
        reader.flag(Flag.BAD_SMSC)
    toa = reader.octet()
    octets = reader.octets(length - 1)
    if toa & 0x70 == _ALPHANUMERIC & 0x70:
        reader.flag(Flag.BAD_SMSC)
        return Address(text="", toa=toa)
    digits = _unpack_digits(octets, 2 * len(octets), reader)
    return _number(toa, digits)


def _number(toa: int, digits: str) -> Address:
    # A sign without a digit would be no number, and could not be encoded again.
    is_signed = digits and toa & 0x70 == _INTERNATIONAL & 0x70
    return Address(text=f"+{digits}" if is_signed else digits, toa=toa)


def _split_number(number: str) -> tuple[int, str]:
    toa = _INTERNATIONAL if number.startswith("+") else _UNKNOWN_NUMBER
    digits = number.removeprefix("+")
    if not 0 < len(digits) <= _ADDRESS_DIGITS_MAX or not set(digits) <= set(_DIGITS):
        message = "an address is 1 to 20 digits, with + in front where international"
        raise ValueError(message)
    return toa, digits


def _pack_digits(digits: str) -> bytes:
    values = [_SEMI_OCTET[digit] for digit in digits]
    if len(values) % 2:
        values.append(_FILLER)
    return bytes(
        low | high << 4 for low, high in zip(values[::2], values[1::2], strict=True)
    )


def _unpack_digits(octets: bytes, count: int, reader: Reader) -> str:
    nibbles = [nibble for octet in octets for nibble in (octet & 15, octet >> 4)]
    digits = nibbles[:count]
    while digits and digits[-1] == _FILLER:
        digits.pop()
    if _FILLER in digits:
        reader.flag(Flag.BAD_ADDRESS)
        digits = digits[: digits.index(_FILLER)]
    return "".join(_DIGITS[nibble] for nibble in digits)


def encode_time(moment: datetime) -> bytes:
    """Encode a time stamp in its own zone, to quarter hours (9.2.3.11)."""
    offset = moment.utcoffset() or timedelta()
    quarters = abs(offset) // timedelta(minutes=15)
    zone = _swapped_bcd(quarters) | (0x08 if offset < timedelta() else 0)
    fields = (
        moment.year % 100,
        moment.month,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second,
    )
    return bytes(_swapped_bcd(value) for value in fields) + bytes((zone,))


def encode_instant(at: Instant) -> bytes:
    """Encode a moment as a time stamp in UTC."""
    return encode_time(at.to_datetime())


def decode_time(reader: Reader) -> datetime | None:
    """Decode a time stamp; None and a flag where it is no time.

    The sign of the zone is bit 3 of its octet, not that of its tens digit. A zone
    of garbage costs the zone, not the time.
    """
    octets = reader.octets(_TIME_OCTETS)
    if len(octets) < _TIME_OCTETS:
        return None
    values = [_unswapped_bcd(octet) for octet in octets[:6]]
    zone = _zone(octets[6], reader)
    if None in values:
        reader.flag(Flag.BAD_TIME)
        return None
    year, month, day, hour, minute, second = (value or 0 for value in values)
    try:
        return datetime(
            2000 + year if year < _PIVOT_YEAR else 1900 + year,
            month,
            day,
            hour,
            minute,
            second,
            tzinfo=zone,
        )
    except ValueError:
        reader.flag(Flag.BAD_TIME)
        return None


_TIME_OCTETS = 7
_DECIMAL = range(10)
_PIVOT_YEAR = 90
_ZONE_QUARTERS_MAX = 14 * 4


def _zone(octet: int, reader: Reader) -> timezone:
    quarters = _unswapped_bcd(octet & 0xF7)
    if quarters is None or quarters > _ZONE_QUARTERS_MAX:
        reader.flag(Flag.BAD_TIME)
        return UTC
    offset = timedelta(minutes=15 * quarters)
    return timezone(-offset if octet & 0x08 else offset)


def _swapped_bcd(value: int) -> int:
    return value // 10 | value % 10 << 4


def _unswapped_bcd(octet: int) -> int | None:
    tens, ones = octet & 15, octet >> 4
    return tens * 10 + ones if tens in _DECIMAL and ones in _DECIMAL else None


# The table of 9.2.3.12.1: the last value of each row, and the days that one counts.
_LAST_OF_MINUTES, _LAST_OF_HALF_HOURS, _LAST_OF_DAYS = 143, 167, 196
_DAYS_MAX = 30


def encode_relative_validity(minutes: int) -> int:
    """Return the shortest TP-VP that lasts at least so long (9.2.3.12.1)."""
    if minutes <= 12 * 60:
        return max(0, -(-minutes // 5) - 1)
    if minutes <= 24 * 60:
        return 143 + -(-(minutes - 12 * 60) // 30)
    days = -(-minutes // (24 * 60))
    if days <= _DAYS_MAX:
        return max(168, 166 + days)
    return min(255, max(197, 192 + -(-days // 7)))


def decode_relative_validity(value: int) -> timedelta:
    """Return how long a relative TP-VP lasts."""
    if value <= _LAST_OF_MINUTES:
        return timedelta(minutes=5 * (value + 1))
    if value <= _LAST_OF_HALF_HOURS:
        return timedelta(hours=12, minutes=30 * (value - 143))
    if value <= _LAST_OF_DAYS:
        return timedelta(days=value - 166)
    return timedelta(weeks=value - 192)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """What a data coding scheme says (TS 23.038, clause 4).

    `message_class` 0 is shown at once and not stored.
    """

    charset: Charset
    message_class: int | None = None
    compressed: bool = False
    known: bool = True


def decode_coding(dcs: int) -> Coding:
    """Read a data coding scheme; reserved ones count as the default alphabet."""
    group = dcs >> 4
    has_class = dcs & 3 if dcs & 0x10 else None
    match group:
        case 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7:
            return Coding(
                charset=_CHARSETS[dcs >> 2 & 3],
                message_class=has_class,
                compressed=bool(dcs & 0x20),
                known=dcs & 0x0C != _RESERVED_CHARSET,
            )
        case 0xC | 0xD:
            return Coding(charset=Charset.GSM7)
        case 0xE:
            return Coding(charset=Charset.UCS2)
        case 0xF:
            charset = Charset.DATA if dcs & 4 else Charset.GSM7
            return Coding(charset=charset, message_class=dcs & 3)
        case _:
            return Coding(charset=Charset.GSM7, known=False)


_RESERVED_CHARSET = 0x0C
_CHARSETS = (Charset.GSM7, Charset.DATA, Charset.UCS2, Charset.GSM7)
