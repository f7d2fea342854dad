"""Checksums of wire protocols; CRCs named as in reveng.sourceforge.io's catalogue."""

from array import array
from binascii import crc_hqx
from struct import unpack


def crc16_x25(data: bytes) -> int:
    """Return CRC-16/IBM-SDLC, `X-25` in vendors' documents."""
    # The same code as `crc_hqx`, bits from the other end: C instead of a loop.
    mirrored = crc_hqx(data.translate(_BITS_REVERSED), 0xFFFF).to_bytes(2, "little")
    return int.from_bytes(mirrored.translate(_BITS_REVERSED)) ^ 0xFFFF


def crc16_arc(data: bytes) -> int:
    """Return CRC-16/ARC, `CRC-16/IBM` in vendors' documents."""
    # Two bytes at a time; a zero in front changes nothing, since it starts at zero.
    even = data if len(data) % 2 == 0 else b"\0" + data
    value = 0
    for word in unpack(f"<{len(even) // 2}H", even):
        value = _WORDS_ARC[value ^ word]
    return value


def crc8_nrsc5(data: bytes) -> int:
    """Return CRC-8/NRSC-5 (Queclink)."""
    value = 0xFF
    for byte in data:
        value = _BYTES_NRSC5[value ^ byte]
    return value


def crc16_xmodem(data: bytes) -> int:
    """Return CRC-16/XMODEM."""
    return crc_hqx(data, 0)


def xor8(data: bytes) -> int:
    """Return all bytes combined by exclusive or."""
    # Halves are laid on one another until a byte is left: a dozen steps, no loop.
    value, size = int.from_bytes(data), len(data)
    while size > 1:
        size = (size + 1) // 2
        value = value >> 8 * size ^ value & (1 << 8 * size) - 1
    return value


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


def _reversed_bits(value: int, width: int) -> int:
    return int(f"{value:0{width}b}"[::-1], 2)


def _step_arc(value: int) -> int:
    """Return what two bytes come to, combined with the remainder so far."""
    for _ in range(16):
        value = (value >> 1) ^ (_ARC if value & 1 else 0)
    return value


def _words_arc() -> "array[int]":
    """Return the remainder of every two bytes, from those of each alone.

    The code is linear: what both come to is what the low and the high byte do.
    """
    low = [_step_arc(byte) for byte in range(256)]
    high = [_step_arc(byte << 8) for byte in range(256)]
    return array("H", [one ^ other for other in high for one in low])


def _step_nrsc5(value: int) -> int:
    for _ in range(8):
        value = (value << 1 ^ _NRSC5) & 0xFF if value & 0x80 else value << 1
    return value


_NRSC5 = 0x31
_BYTES_NRSC5 = bytes(map(_step_nrsc5, range(256)))
_ARC = 0xA001
_WORDS_ARC = _words_arc()
_BITS_REVERSED = bytes(_reversed_bits(byte, 8) for byte in range(256))
