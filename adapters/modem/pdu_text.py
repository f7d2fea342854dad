"""User data: its header, its coding, its text (3GPP TS 23.040, 9.2.3.24)."""

from dataclasses import dataclass, field

from adapters.modem import gsm7
from adapters.modem.gsm7_tables import LOCKING, SINGLE_SHIFT
from adapters.modem.pdu_fields import Charset, Coding, Flag, Reader

OCTETS_MAX = 140
IEI_CONCAT_8 = 0x00
IEI_CONCAT_16 = 0x08
IEI_SINGLE_SHIFT = 0x24
IEI_LOCKING_SHIFT = 0x25
_WIDE_REFERENCE = 0xFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Concat:
    """One part of a longer message: `number` counts from 1 to `total`.

    `wide` tells the 16 bit reference (0x08), which is another key than the 8 bit
    one of equal value.
    """

    reference: int
    total: int
    number: int
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """An information element of the header, as received."""

    iei: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class UserData:
    """Header and payload of one TPDU.

    `units` is the payload before decoding: septets one per byte, or octets. `text`
    never holds a lone surrogate; joined parts are decoded from `units` again. `length`
    is TP-UDL as received.
    """

    charset: Charset = Charset.GSM7
    elements: tuple[Element, ...] = ()
    units: bytes = b""
    text: str = ""
    concat: Concat | None = None
    locking: int = 0
    single: int = 0
    length: int = field(default=0, compare=False)


def concat_element(concat: Concat) -> Element:
    """Build the element that numbers a part."""
    tail = bytes((concat.total, concat.number))
    if concat.wide or concat.reference > _WIDE_REFERENCE:
        reference = concat.reference.to_bytes(2, "big")
        return Element(iei=IEI_CONCAT_16, data=reference + tail)
    return Element(iei=IEI_CONCAT_8, data=bytes((concat.reference,)) + tail)


def build(
    text: str,
    charset: Charset,
    *,
    concat: Concat | None = None,
    locking: int = 0,
    single: int = 0,
) -> UserData:
    """Code a text for one TPDU; its length is the caller's business.

    Raises:
        UnencodableError: GSM 7 bit is asked for and a character is in no table.

    """
    elements = []
    if concat is not None:
        elements.append(concat_element(concat))
    if single:
        elements.append(Element(iei=IEI_SINGLE_SHIFT, data=bytes((single,))))
    if locking:
        elements.append(Element(iei=IEI_LOCKING_SHIFT, data=bytes((locking,))))
    match charset:
        case Charset.GSM7:
            units = gsm7.encode(text, locking=locking, single=single)
        case Charset.UCS2:
            units = text.encode("utf-16-be", "surrogatepass")
        case Charset.DATA:
            units = text.encode("latin-1", "replace")
    return UserData(
        charset=charset,
        elements=tuple(elements),
        units=units,
        text=text,
        concat=concat,
        locking=locking,
        single=single,
    )


def encode_header(elements: tuple[Element, ...]) -> bytes:
    """Encode the header with its length in front; nothing where it is empty."""
    if not elements:
        return b""
    body = b"".join(bytes((e.iei, len(e.data))) + e.data for e in elements)
    return bytes((len(body),)) + body


def encode(user_data: UserData) -> bytes:
    """Encode TP-UDL and TP-UD: septets where GSM 7 bit, octets elsewhere.

    Raises:
        ValueError: it is longer than one TPDU holds, which is 140 octets.

    """
    header = encode_header(user_data.elements)
    if user_data.charset is Charset.GSM7:
        header_septets = -(-len(header) * 8 // 7)
        fill_bits = header_septets * 7 - len(header) * 8
        length = header_septets + len(user_data.units)
        octets = header + gsm7.pack(user_data.units, fill_bits=fill_bits)
    else:
        octets = header + user_data.units
        length = len(octets)
    if len(octets) > OCTETS_MAX:
        message = f"one TPDU holds {OCTETS_MAX} octets, not {len(octets)}"
        raise ValueError(message)
    return bytes((length,)) + octets


def decode(reader: Reader, coding: Coding, *, has_header: bool) -> UserData:
    """Decode TP-UDL and TP-UD; what overruns is cut, what lies behind is flagged."""
    length = reader.octet()
    packed = coding.charset is Charset.GSM7 and not coding.compressed
    octets = -(-length * 7 // 8) if packed else length
    if octets > OCTETS_MAX:
        reader.flag(Flag.BAD_LENGTH)
    data = reader.octets(octets)
    if reader.left:
        reader.flag(Flag.TRAILING)
    elements: tuple[Element, ...] = ()
    header_octets = 0
    if has_header:
        elements, header_octets = _decode_header(data, reader)
    if packed:
        header_septets = -(-header_octets * 8 // 7)
        units = gsm7.unpack(
            data[header_octets:],
            length - header_septets,
            fill_bits=header_septets * 7 - header_octets * 8,
        )
    else:
        units = data[header_octets:]
    return _with_text(coding.charset, elements, units, reader, length=length)


def decode_units(
    charset: Charset, units: bytes, *, locking: int = 0, single: int = 0
) -> str:
    """Decode the payload of one TPDU, or of all parts of a message joined.

    A lone surrogate becomes U+FFFD.
    """
    match charset:
        case Charset.GSM7:
            return gsm7.decode(units, locking=locking, single=single)
        case Charset.UCS2:
            return units.decode("utf-16-be", "replace")
        case Charset.DATA:
            return units.decode("latin-1")


def _with_text(
    charset: Charset,
    elements: tuple[Element, ...],
    units: bytes,
    reader: Reader,
    *,
    length: int,
) -> UserData:
    concat, locking, single = None, 0, 0
    for element in elements:
        match element.iei, len(element.data):
            case (0x00, 3) | (0x08, 4):
                concat = _concat(element, reader) or concat
            case ((0x00 | 0x08), _):
                reader.flag(Flag.BAD_HEADER)
            case (0x24, 1):
                single = element.data[0]
            case (0x25, 1):
                locking = element.data[0]
            case _:
                pass
    if locking not in LOCKING or single not in SINGLE_SHIFT:
        reader.flag(Flag.UNKNOWN_CODING)
    if charset is Charset.UCS2 and len(units) % 2:
        reader.flag(Flag.BAD_TEXT)
    return UserData(
        charset=charset,
        elements=elements,
        units=units,
        text=decode_units(charset, units, locking=locking, single=single),
        concat=concat,
        locking=locking,
        single=single,
        length=length,
    )


def _concat(element: Element, reader: Reader) -> Concat | None:
    """Read a part's number; one that cannot be shall be ignored (9.2.3.24.1)."""
    *reference, total, number = element.data
    if not 1 <= number <= total:
        reader.flag(Flag.BAD_HEADER)
        return None
    return Concat(
        reference=int.from_bytes(reference),
        total=total,
        number=number,
        wide=element.iei == IEI_CONCAT_16,
    )


def _decode_header(data: bytes, reader: Reader) -> tuple[tuple[Element, ...], int]:
    if not data:
        reader.flag(Flag.BAD_HEADER)
        return (), 0
    end = 1 + data[0]
    if end > len(data):
        reader.flag(Flag.BAD_HEADER)
        end = len(data)
    elements = []
    at = 1
    while at < end:
        if at + 2 > end or at + 2 + data[at + 1] > end:
            reader.flag(Flag.BAD_HEADER)
            break
        behind = at + 2 + data[at + 1]
        elements.append(Element(iei=data[at], data=data[at + 2 : behind]))
        at = behind
    return tuple(elements), end
