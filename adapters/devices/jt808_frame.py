"""Frames of `jt808`: between marks, with escapes, a head and a checksum.

`7E | type u16 | attributes u16 | id | index u16 | body | xor | 7E`, with `7D01` for
`7D` and `7D02` for `7E` inside. Some terminals have `E7` for a mark, with escapes of
its own and an id of seven bytes. Bit 14 of the attributes is the form of 2019, whose
id has ten bytes in place of six. Bit 13 says that the message comes in pieces, each in
a frame of its own: behind the index stand how many there are, and which one it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.devices import jt808_fields as fields
from adapters.devices.checksums import xor8
from adapters.devices.reading import Reader, UnreadableError
from engine.values import DeviceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a frame is marked; `escapes` says what stands for which byte inside."""

    mark: bytes
    escapes: Mapping[bytes, bytes]
    id_bytes: int
    escaped_re: re.Pattern[bytes]
    plain_re: re.Pattern[bytes]

    @classmethod
    def of(cls, mark: bytes, escapes: Mapping[bytes, bytes], id_bytes: int) -> "Form":
        """Return a form; `escapes` is from what is meant to what is sent."""
        return cls(
            mark=mark,
            escapes={sent: meant for meant, sent in escapes.items()},
            id_bytes=id_bytes,
            escaped_re=re.compile(b"|".join(map(re.escape, escapes.values()))),
            plain_re=re.compile(b"|".join(map(re.escape, escapes))),
        )

    def unescaped(self, data: bytes) -> bytes:
        """Return what stands between the marks without its escapes."""
        return self.escaped_re.sub(lambda found: self.escapes[found.group()], data)

    def frame_of(self, content: bytes) -> bytes:
        """Return a whole frame: checksum made, escaped, between marks."""
        checked = content + bytes((xor8(content),))
        meant = {meant: sent for sent, meant in self.escapes.items()}
        inside = self.plain_re.sub(lambda found: meant[found.group()], checked)
        return self.mark + inside + self.mark

    def fits(self, frame: bytes) -> bool:
        """Say whether a frame is whole, by its checksum or by its length."""
        content = self.unescaped(frame[1:-1])
        if content and xor8(content) == 0:
            return True
        try:
            head, body = head_of(content[:-1], self)
        except UnreadableError:
            return False
        return head.attributes & _LENGTH_MASK == body.left


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands before the body."""

    form: Form
    type: int
    attributes: int
    version: bytes
    id: bytes
    index: int
    pieces: int = 1
    piece: int = 1

    @property
    def device(self) -> DeviceId:
        """The id as people know it: decimals, or an IMEI packed into 48 bits."""
        digits = self.id.hex()
        if digits.isdecimal():
            return DeviceId(digits)
        number = str(int.from_bytes(self.id[:6] if len(self.id) < 8 else self.id))  # noqa: PLR2004 - the form of 2019 has ten
        return DeviceId(number + _luhn(number))

    def answer(self, kind: int, body: bytes) -> bytes:
        """Return a frame for this device, in its own form."""
        form = self.attributes & _FORM_2019
        length = (len(body) | form).to_bytes(2)
        head = kind.to_bytes(2) + length + self.version + self.id + bytes(2)
        return self.form.frame_of(head + body)

    def short_answer(self) -> bytes:
        """Return the answer to a message with an index of one byte."""
        kind = self.type.to_bytes(2)
        head = b"\x44\x01\x00\x03" + self.id + b"\x01"
        return self.form.frame_of(head + kind + b"\0")


def head_of(content: bytes, form: Form) -> tuple[Head, Reader]:
    """Read the head; return it with what is behind it.

    Raises:
        UnreadableError: it is not there whole.

    """
    reader = Reader(content)
    kind, attributes = reader.unsigned(2), reader.unsigned(2)
    new = bool(attributes & _FORM_2019)
    version = reader.take(1 if new else 0)
    name = reader.take(10 if new else form.id_bytes)
    index = reader.unsigned(1 if kind in fields.SHORT_INDEX else 2)
    # Some set the bit without pieces: the length, which leaves their count out, tells.
    length = attributes & _LENGTH_MASK
    split = attributes & _PIECES and reader.left - _PIECES_BYTES == length
    pieces, piece = (reader.unsigned(2), reader.unsigned(2)) if split else (1, 1)
    head = Head(
        form=form,
        type=kind,
        attributes=attributes,
        version=version,
        id=name,
        index=index,
        pieces=pieces,
        piece=piece,
    )
    return head, reader


def form_of(frame: bytes) -> Form:
    """Return the form that a frame's first byte says."""
    return OTHER if frame.startswith(OTHER.mark) else STANDARD


def _luhn(number: str) -> str:
    """Return the check digit of an IMEI (3GPP TS 23.003, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return str(-total % 10)


_FORM_2019 = 0x4000
_PIECES, _PIECES_BYTES = 0x2000, 4
_LENGTH_MASK = 0x03FF
STANDARD = Form.of(b"\x7e", {b"\x7d": b"\x7d\x01", b"\x7e": b"\x7d\x02"}, 6)
OTHER = Form.of(
    b"\xe7",
    {
        b"\xe6": b"\xe6\x01",
        b"\xe7": b"\xe6\x02",
        b"\x3e": b"\x3e\x01",
        b"\x3d": b"\x3e\x02",
    },
    7,
)
