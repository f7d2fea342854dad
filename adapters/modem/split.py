"""A long text in several TPDUs (3GPP TS 23.040, 9.2.3.24.1).

Alarms are one part on purpose (`adapters.modem.compose`); this is for what people
write, and for whoever takes the codec out and uses it elsewhere.
"""

from adapters.modem import gsm7, pdu_text
from adapters.modem.pdu_fields import Charset
from adapters.modem.pdu_text import OCTETS_MAX, Concat, UserData, encode_header

PARTS_MAX = 255
_BMP_LAST = 0xFFFF


def split(
    text: str,
    *,
    reference: int,
    wide: bool = False,
    locking: int = 0,
    single: int = 0,
) -> tuple[UserData, ...]:
    """Split a text so that no escape and no surrogate pair is torn.

    Args:
        text: of any length; UCS-2 where the tables lack a character.
        reference: the same for all parts, 0 to 255, or 65,535 where wide.
        wide: number the parts with the 16 bit reference.
        locking: language of the locking shift table, 0 for none.
        single: language of the single shift table, 0 for none.

    Returns:
        one part without a number where the text fits, else up to 255 numbered ones.

    Raises:
        ValueError: the text needs more than 255 parts.

    """
    is_gsm7 = gsm7.can_encode(text, locking=locking, single=single)
    charset = Charset.GSM7 if is_gsm7 else Charset.UCS2
    if not is_gsm7:
        locking = single = 0
    alone = pdu_text.build(text, charset, locking=locking, single=single)
    if _cost(alone) <= _room(alone):
        return (alone,)
    first = Concat(reference=reference, total=1, number=1, wide=wide)
    numbered = pdu_text.build("", charset, concat=first, locking=locking, single=single)
    pieces = _pieces(text, alone, _room(numbered))
    if len(pieces) > PARTS_MAX:
        message = "the text needs more than 255 parts"
        raise ValueError(message)
    return tuple(
        pdu_text.build(
            piece,
            charset,
            concat=Concat(
                reference=reference, total=len(pieces), number=number, wide=wide
            ),
            locking=locking,
            single=single,
        )
        for number, piece in enumerate(pieces, start=1)
    )


def _pieces(text: str, like: UserData, room: int) -> list[str]:
    pieces: list[str] = []
    start, used = 0, 0
    for at, character in enumerate(text):
        if like.charset is Charset.GSM7:
            cost = gsm7.septet_cost(character, locking=like.locking, single=like.single)
        else:
            cost = 2 if ord(character) > _BMP_LAST else 1
        if used + (cost or 1) > room:
            pieces.append(text[start:at])
            start, used = at, 0
        used += cost or 1
    return [*pieces, text[start:]]


def _cost(data: UserData) -> int:
    return len(data.units) // (1 if data.charset is Charset.GSM7 else 2)


def _room(data: UserData) -> int:
    """Return septets, or UCS-2 units, that fit behind the header."""
    octets = OCTETS_MAX - len(encode_header(data.elements))
    return octets * 8 // 7 if data.charset is Charset.GSM7 else octets // 2
