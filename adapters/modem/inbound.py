"""What a received PDU is to the engine: a message, or what became of one. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.modem.at import fields_of
from adapters.modem.at_replies import is_short, number_of
from adapters.modem.heard import Unsolicited
from adapters.modem.pdu import Deliver
from adapters.modem.pdu_decode import decode_stored
from adapters.modem.pdu_fields import Charset, Flag
from engine.ports.modem import InboundSms, ModemEvent, StatusReport
from engine.values import Instant

# TP-ST (TS 23.040, 9.2.3.15). Between the first and what is given up a centre still
# tries, or is done without knowing: 0x01 is *forwarded, unable to confirm delivery*.
# What is reserved among them shall be taken for *service rejected*.
_RECEIVED, _GIVEN_UP = 0x00, 0x40
_RESERVED = frozenset((*range(0x03, 0x10), *range(0x26, 0x30)))
_MENDED = frozenset({Flag.NOT_HEX, Flag.TRUNCATED, Flag.BAD_ADDRESS})


def is_mended(pdu: str) -> bool:
    """Return whether a PDU came with less, or other, than it says that it has."""
    return not _MENDED.isdisjoint(decode_stored(pdu).flags)


def hole(number: int, total: int) -> str:
    """Return what stands in a text where a part, or its end, never came."""
    return f"[{number}/{total} missing]"


def is_cut(decoded: Deliver) -> bool:
    """Return whether a text may have had more than came: a word of force, say.

    Its octets end before it does, or its header cannot be read and it may be a part.
    A tracker's octets have no hole: what reads them counts them. They begin with no
    character, other than the words that some send as 8-bit data.
    """
    data, flags = decoded.user_data, decoded.flags
    is_part = data.concat is None and Flag.BAD_HEADER in flags
    is_text = data.charset is not Charset.DATA or data.text[:1].isprintable()
    return is_text and (Flag.TRUNCATED in flags or is_part)


def inbound(decoded: Deliver, pdu: str, slot: str) -> InboundSms:
    """Return the message, or the part of one, that a PDU has."""
    concat = decoded.user_data.concat
    return InboundSms(
        slot=slot,
        sender=decoded.sender.text,
        text=decoded.user_data.text + (hole(2, 2) if is_cut(decoded) else ""),
        sent_at=Instant.from_datetime(decoded.sent_at) if decoded.sent_at else None,
        pdu=pdu,
        part=(concat.reference, concat.number, concat.total) if concat else None,
        flags=tuple(decoded.flags),
    )


def in_doubt(message: InboundSms) -> InboundSms:
    """Return a message that came right behind a text, whose next lines it may be.

    It calms nobody, as the text does, and is part of no other: whoever wrote the text
    may have written it, and in whose name they liked.
    """
    end = hole(2, 2)
    return replace(message, text=message.text.removesuffix(end) + end, part=None)


def outcome_of(status: int) -> str:
    """Return what TP-ST says of a message (TS 23.040, 9.2.3.15)."""
    if status == _RECEIVED:
        return "delivered"
    is_open = status < _GIVEN_UP and status not in _RESERVED
    return "pending" if is_open else "failed"


def as_believed(urc: Unsolicited, events: Sequence[ModemEvent]) -> Sequence[ModemEvent]:
    """Return what came straight; a report that may be none tells of no delivery.

    Right behind a text somebody may have written it there. Of one that came short what
    stands behind its status is in its place: TP-PI is often 0. One that has all its
    octets where the centre's are counted as well is of a modem that does so: no line
    loses just as many as these are.
    """
    length = fields_of(urc.line)[-1]
    has_centre = not urc.pdu.startswith("00")
    is_all = has_centre and number_of(length) == len(urc.pdu) / 2
    if not urc.behind and (is_all or not is_short(urc.pdu, length)):
        return events
    return [
        replace(one, outcome="pending")
        if isinstance(one, StatusReport) and one.outcome == "delivered"
        else one
        for one in events
    ]
