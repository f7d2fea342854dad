"""TP-VP: how long the service centre keeps trying (3GPP TS 23.040, 9.2.3.12)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from adapters.modem.pdu_fields import (
    Flag,
    Reader,
    decode_relative_validity,
    decode_time,
    encode_relative_validity,
    encode_time,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnhancedValidity:
    """The enhanced form (9.2.3.12.3): to the second, and tried once if so asked.

    `lasts` None leaves the time to the network. It is sent to the second up to
    99:59:59, and beyond that as the relative form's next longer step. Few networks
    take this form, so it is sent where it is asked for and never by itself.
    """

    lasts: timedelta | None = None
    single_shot: bool = False


Validity = timedelta | datetime | EnhancedValidity | None

_NONE, _ENHANCED, _RELATIVE, _ABSOLUTE = range(4)
_OCTETS = 7
_EXTENDED, _SINGLE_SHOT, _FORMAT = 0x80, 0x40, 0x07
_FORMAT_NONE, _FORMAT_RELATIVE, _FORMAT_SECONDS, _FORMAT_CLOCK = range(4)
_SECONDS_MAX = 255
_CLOCK_S_MAX = 99 * 3600 + 59 * 60 + 59
_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def encode_validity(validity: Validity) -> tuple[int, bytes]:
    """Return TP-VPF and the octets of TP-VP."""
    match validity:
        case None:
            return _NONE, b""
        case datetime():
            return _ABSOLUTE, encode_time(validity)
        case timedelta():
            return _RELATIVE, _relative(validity)
        case EnhancedValidity():
            return _ENHANCED, _enhanced(validity).ljust(_OCTETS, b"\0")
        case _:
            assert_never(validity)


def decode_validity(reader: Reader, form: int) -> Validity:
    """Read TP-VP of the form that TP-VPF tells."""
    match form:
        case 0b10:
            return decode_relative_validity(reader.octet())
        case 0b11:
            return decode_time(reader)
        case 0b01:
            return _read_enhanced(reader)
        case _:
            return None


def _relative(lasts: timedelta) -> bytes:
    return bytes((encode_relative_validity(-(-lasts // _MINUTE)),))


def _enhanced(validity: EnhancedValidity) -> bytes:
    once = _SINGLE_SHOT if validity.single_shot else 0
    if validity.lasts is None:
        return bytes((once | _FORMAT_NONE,))
    # Zero seconds are reserved.
    seconds = max(1, -(-validity.lasts // _SECOND))
    if seconds <= _SECONDS_MAX:
        return bytes((once | _FORMAT_SECONDS, seconds))
    if seconds <= _CLOCK_S_MAX:
        minutes, second = divmod(seconds, 60)
        parts = (*divmod(minutes, 60), second)
        return bytes((once | _FORMAT_CLOCK, *map(_swapped, parts)))
    return bytes((once | _FORMAT_RELATIVE,)) + _relative(validity.lasts)


def _swapped(value: int) -> int:
    return value // 10 | value % 10 << 4


def _read_enhanced(reader: Reader) -> EnhancedValidity | None:
    """Read seven octets, whatever the first says of them."""
    octets = reader.octets(_OCTETS)
    if len(octets) < _OCTETS:
        return None
    once = bool(octets[0] & _SINGLE_SHOT)
    at = 2 if octets[0] & _EXTENDED else 1
    lasts = None
    match octets[0] & _FORMAT:
        case 0:
            pass
        case 1:
            lasts = decode_relative_validity(octets[at])
        case 2:
            lasts = timedelta(seconds=octets[at])
        case 3:
            parts = [(o & 15) * 10 + (o >> 4) for o in octets[at : at + 3]]
            lasts = timedelta(hours=parts[0], minutes=parts[1], seconds=parts[2])
        case _:
            reader.flag(Flag.BAD_TIME)
    return EnhancedValidity(lasts=lasts, single_shot=once)
