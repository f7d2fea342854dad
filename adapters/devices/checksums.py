"""Checksums of wire protocols; CRCs named as in reveng.sourceforge.io's catalogue."""

from binascii import crc_hqx
from functools import reduce
from operator import xor


def crc16_x25(data: bytes) -> int:
    """Return CRC-16/IBM-SDLC, `X-25` in vendors' documents."""
    return _reflected(data, _SDLC, start=0xFFFF) ^ 0xFFFF


def crc16_arc(data: bytes) -> int:
    """Return CRC-16/ARC, `CRC-16/IBM` in vendors' documents."""
    return _reflected(data, _ARC, start=0)


def crc16_xmodem(data: bytes) -> int:
    """Return CRC-16/XMODEM."""
    return crc_hqx(data, 0)


def xor8(data: bytes) -> int:
    """Return all bytes combined by exclusive or."""
    return reduce(xor, data, 0)


def sum8(data: bytes) -> int:
    """Return the sum of all bytes modulo 256."""
    return sum(data) & 0xFF


def sum16_inverted(data: bytes) -> int:
    """Return the inverted sum of all bytes in 16 bits."""
    return ~sum(data) & 0xFFFF


def rotating_sum16(data: bytes) -> int:
    """Return the sum of all bytes, rotated left by one bit before each (Eelink)."""
    total = 0
    for byte in data:
        total = (((total << 1) | (total >> 15)) + byte) & 0xFFFF
    return total


def _table(polynomial: int) -> tuple[int, ...]:
    entries = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
        entries.append(value)
    return tuple(entries)


def _reflected(data: bytes, table: tuple[int, ...], *, start: int) -> int:
    value = start
    for byte in data:
        value = (value >> 8) ^ table[(value ^ byte) & 0xFF]
    return value


_SDLC = _table(0x8408)
_ARC = _table(0xA001)
