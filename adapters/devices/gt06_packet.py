"""A packet of `gt06`: taken apart, put together, its CRC checked."""

from dataclasses import dataclass

from adapters.devices import gt06_tables as tables
from adapters.devices.checksums import crc16_x25
from adapters.devices.reading import UnreadableError


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """A frame taken apart; `serial` is None where it is too short to have one."""

    extended: bool
    type: int
    content: bytes
    serial: int | None
    checksum_ok: bool

    @property
    def is_bare(self) -> bool:
        """Whether it is of those that have neither serial nor CRC."""
        return self.type in tables.BARE and self.serial is None

    @classmethod
    def of(cls, frame: bytes) -> "Packet":
        """Take a frame apart by its ends; the length byte is not to be trusted.

        Raises:
            UnreadableError: it has no type.

        """
        extended = frame[:2] == EXTENDED
        start = 4 if extended else 3
        if len(frame) < start + 1 + len(TAIL):
            message = "too short to have a type"
            raise UnreadableError(message)
        kind, body = frame[start], frame[start + 1 : -2]
        bare = kind in tables.BARE and not (
            kind == tables.CARD_OR_PHONE
            and frame[2] + _BESIDE_LENGTH == len(frame)
            and checksum_holds(frame)
        )
        if bare or len(body) < _SERIAL_AND_CRC:
            return cls(
                extended=extended,
                type=kind,
                content=body,
                serial=None,
                checksum_ok=False,
            )
        return cls(
            extended=extended,
            type=kind,
            content=body[:-4],
            serial=int.from_bytes(body[-4:-2]),
            checksum_ok=checksum_holds(frame),
        )


def frame_of(
    kind: int, content: bytes, serial: int, *, extended: bool = False
) -> bytes:
    """Return a whole frame, length and CRC made."""
    length = len(content) + 5
    head = length.to_bytes(2 if extended else 1) + bytes((kind,))
    body = head + content + serial.to_bytes(2)
    start = EXTENDED if extended else BASIC
    return start + body + crc16_x25(body).to_bytes(2) + TAIL


def checksum_holds(frame: bytes) -> bool:
    """Say whether the CRC holds; of a torn frame it does not."""
    if frame[-2:] != TAIL or len(frame) < _FRAME_BYTES_MIN:
        return False
    return crc16_x25(frame[2:-4]) == int.from_bytes(frame[-4:-2])


BASIC, EXTENDED, TAIL = b"\x78\x78", b"\x79\x79", b"\r\n"
_SERIAL_AND_CRC = 4
_BESIDE_LENGTH = 5  # start, length and end, which it does not count
_FRAME_BYTES_MIN = 10
