"""Checksums against the check values of the CRC catalogue, and against devices."""

from adapters.devices import checksums

CHECK = b"123456789"  # the catalogue's message for each CRC's check value


def test_each_crc_gives_the_catalogues_check_value() -> None:
    assert checksums.crc16_x25(CHECK) == 0x906E
    assert checksums.crc16_arc(CHECK) == 0xBB3D
    assert checksums.crc16_xmodem(CHECK) == 0x31C3
    assert checksums.crc8_nrsc5(CHECK) == 0xF7


def test_sums_give_what_devices_send() -> None:
    assert checksums.xor8(b"EAVACK,a,78") == 0x75
    assert checksums.sum8(b"@@A25,123456789012345,A10*") == 0x58
    assert checksums.sum16_inverted(b"\x01") == 0xFFFE
    package = bytes.fromhex("0123456789012345676780000f0000010000000052454c41592c3123")
    assert checksums.rotating_sum16(package) == 0xB41A


def test_nothing_has_a_checksum_too() -> None:
    assert checksums.xor8(b"") == 0
    assert checksums.sum8(b"") == 0
    assert checksums.crc16_x25(b"") == 0
