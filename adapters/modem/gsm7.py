"""The GSM 7 bit alphabets and their packing (3GPP TS 23.038, 6.1.2 and 6.2.1)."""

import codecs
from functools import cache

from adapters.modem.gsm7_tables import ESCAPE, GAP, LOCKING, SINGLE_SHIFT

ESCAPE_SEPTET = 0x1B
_STAGES = 8
_SEPTETS_MAX = 1 << _STAGES


class UnencodableError(ValueError):
    """A text has a character that these tables lack; the text itself is not told."""


def encode(text: str, *, locking: int = 0, single: int = 0) -> bytes:
    """Encode text as septets, one per byte.

    Args:
        text: what to encode.
        locking: language of the locking shift table, 0 for the default alphabet.
        single: language of the single shift table, 0 for the default extension.

    Raises:
        UnencodableError: a character is in neither table.

    """
    try:
        return codecs.charmap_encode(text, "strict", _encoding(locking, single))[0]
    except UnicodeEncodeError:
        message = "the text has characters outside these tables"
        raise UnencodableError(message) from None


def can_encode(text: str, *, locking: int = 0, single: int = 0) -> bool:
    """Return whether every character is in one of the two tables."""
    return length(text, locking=locking, single=single) is not None


def length(text: str, *, locking: int = 0, single: int = 0) -> int | None:
    """Return how many septets a text takes, None where the tables lack a character."""
    try:
        return len(encode(text, locking=locking, single=single))
    except UnencodableError:
        return None


def septet_cost(character: str, *, locking: int = 0, single: int = 0) -> int | None:
    """Return 1 or 2 (after the escape), None where the tables lack the character."""
    septets = _encoding(locking, single).get(ord(character))
    return None if septets is None else len(septets)


def decode(septets: bytes, *, locking: int = 0, single: int = 0) -> str:
    """Decode septets; never raises.

    An unknown language means the default tables. After an escape, a septet that
    the single shift table lacks stands for its locking table character (6.2.1.1);
    a second escape, or one at the end, is a space. Empty positions become U+FFFD.
    """
    table = LOCKING.get(locking, LOCKING[0])
    shifted = SINGLE_SHIFT.get(single, SINGLE_SHIFT[0])
    if ESCAPE_SEPTET not in septets:
        return codecs.charmap_decode(septets, "replace", table)[0]
    characters: list[str] = []
    escaped = False
    for septet in septets:
        if septet == ESCAPE_SEPTET:
            if escaped:
                characters.append(" ")
            escaped = not escaped
        elif septet >= len(table):
            characters.append(GAP)
        elif escaped:
            character = shifted[septet]
            characters.append(table[septet] if character == GAP else character)
            escaped = False
        else:
            characters.append(table[septet])
    if escaped:
        characters.append(" ")
    return "".join(characters)


def pack(septets: bytes, *, fill_bits: int = 0) -> bytes:
    """Pack septets eight into seven octets.

    Args:
        septets: values 0 to 127, at most 256 of them.
        fill_bits: zero bits in front, so that text after a header starts on a
            septet boundary (TS 23.040, 9.2.3.24).

    """
    value = int.from_bytes(septets, "little")
    for half, low, high in reversed(_MASKS):
        value = (value & low) | ((value >> half) & high)
    octets = (len(septets) * 7 + fill_bits + 7) // 8
    return (value << fill_bits).to_bytes(octets, "little")


def unpack(packed: bytes, count: int, *, fill_bits: int = 0) -> bytes:
    """Unpack up to `count` septets, fewer where the octets end earlier.

    Args:
        packed: user data without its header.
        count: septets to read, cut at 256.
        fill_bits: bits to skip in front.

    """
    available = max(0, (len(packed) * 8 - fill_bits) // 7)
    count = min(count, available, _SEPTETS_MAX)
    if count <= 0:
        return b""
    value = int.from_bytes(packed, "little") >> fill_bits
    value &= (1 << (7 * count)) - 1
    for half, low, high in _MASKS:
        value = (value & low) | ((value & high) << half)
    return value.to_bytes(count, "little")


def _spread_masks() -> tuple[tuple[int, int, int], ...]:
    """Return (shift, low, high) of each step that turns 7-bit groups into octets.

    Octet by octet in Python this is the codec's slowest loop. On one big integer
    it takes eight steps: halve every group, push the upper half up by as many
    bits as the lower half has septets, until a group is a single septet.
    """
    masks = []
    for stage in reversed(range(_STAGES)):
        half = 1 << stage
        ones = (1 << (7 * half)) - 1
        low = sum(ones << (16 * half * i) for i in range(_SEPTETS_MAX // (2 * half)))
        masks.append((half, low, low << (7 * half)))
    return tuple(masks)


_MASKS = _spread_masks()


@cache
def _encoding(locking: int, single: int) -> dict[int, bytes]:
    table = {
        ord(character): bytes((ESCAPE_SEPTET, septet))
        for septet, character in reversed(
            tuple(enumerate(SINGLE_SHIFT.get(single, SINGLE_SHIFT[0])))
        )
        if character != GAP
    }
    table |= {
        ord(character): bytes((septet,))
        for septet, character in enumerate(LOCKING.get(locking, LOCKING[0]))
        if character not in (GAP, ESCAPE)
    }
    return table
