"""From octets to TPDUs; never raises on what was received (TS 23.040, 9.2.2)."""

import string

from adapters.modem import pdu_text
from adapters.modem.pdu import (
    Command,
    Deliver,
    DeliverReport,
    StatusReport,
    Submit,
    SubmitReport,
    Tpdu,
    Undecodable,
)
from adapters.modem.pdu_fields import (
    Address,
    Flag,
    Reader,
    decode_address,
    decode_coding,
    decode_smsc,
    decode_time,
)
from adapters.modem.pdu_text import UserData
from adapters.modem.pdu_validity import decode_validity

_OCTETS_MAX = 300
_RESERVED_TYPE = 3
_HEX = frozenset(string.hexdigits)
_NOWHERE = frozenset({Flag.BAD_ADDRESS, Flag.BAD_TIME})


def decode(
    text: str,
    *,
    from_mobile: bool = False,
    has_smsc: bool = True,
    acknowledged: bool = False,
) -> Tpdu:
    """Decode a PDU as modems write it: hex digits, the service centre in front.

    Args:
        text: hex, of any length and quality; 300 octets of it are read.
        from_mobile: the direction, that TP-MTI needs (SUBMIT, not DELIVER).
        has_smsc: False for a bare TPDU.
        acknowledged: a report is that of an RP-ACK and has no failure cause.

    """
    digits = "".join(text.split())
    clean = digits
    if not _HEX.issuperset(digits):
        clean = digits[: next(i for i, c in enumerate(digits) if c not in _HEX)]
    clean = clean[: 2 * _OCTETS_MAX]
    reader = Reader(bytes.fromhex(clean[: len(clean) // 2 * 2]))
    if len(clean) % 2 or clean != digits:
        reader.flag(Flag.NOT_HEX)
    smsc = decode_smsc(reader) if has_smsc else None
    if reader.left <= 0:
        reader.flag(Flag.TRUNCATED)
        return _undecodable(reader)
    first = reader.octet()
    match first & 3, from_mobile:
        case ((0 | 3), False):
            return _deliver(reader, first, smsc)
        case 0, True:
            return _deliver_report(reader, first, smsc, acknowledged=acknowledged)
        case 1, True:
            return _submit(reader, first, smsc)
        case 1, False:
            return _submit_report(reader, first, smsc, acknowledged=acknowledged)
        case 2, False:
            return _status_report(reader, first, smsc)
        case 2, True:
            return _command(reader, first, smsc)
        case _:
            reader.flag(Flag.RESERVED_TYPE)
            return _undecodable(reader)


def decode_stored(text: str) -> Tpdu:
    """Decode a PDU from storage, which also keeps SUBMITs that were written there."""
    decoded = decode(text)
    return (
        decode(text, from_mobile=True) if isinstance(decoded, SubmitReport) else decoded
    )


def _deliver(reader: Reader, first: int, smsc: Address | None) -> Deliver | Undecodable:
    sender = decode_address(reader)
    protocol_id = reader.octet()
    dcs = reader.octet()
    sent_at = decode_time(reader)
    user_data = _user_data(reader, first, dcs)
    if first & 3 == _RESERVED_TYPE:
        # 9.2.3.1: it shall be processed as if it were a DELIVER; where it cannot be
        # one its octets say more.
        reader.flag(Flag.RESERVED_TYPE)
        if Flag.TRUNCATED in reader.flags or _is_shifted(reader):
            return _undecodable(reader)
    return Deliver(
        sender=sender,
        protocol_id=protocol_id,
        dcs=dcs,
        sent_at=sent_at,
        user_data=user_data,
        more_messages=not first & 0x04,
        status_report_indication=bool(first & 0x20),
        reply_path=bool(first & 0x80),
        smsc=smsc,
        flags=tuple(reader.flags),
        first_octet=first,
    )


def _is_shifted(reader: Reader) -> bool:
    """Return whether fields may be others' octets: the line has lost some before."""
    return Flag.NOT_HEX in reader.flags or _NOWHERE.issubset(reader.flags)


def _undecodable(reader: Reader) -> Undecodable:
    return Undecodable(raw=reader.data.hex().upper(), flags=tuple(reader.flags))


def _submit(reader: Reader, first: int, smsc: Address | None) -> Submit:
    reference = reader.octet()
    recipient = decode_address(reader)
    protocol_id = reader.octet()
    dcs = reader.octet()
    validity = decode_validity(reader, first >> 3 & 3)
    user_data = _user_data(reader, first, dcs)
    return Submit(
        recipient=recipient,
        user_data=user_data,
        dcs=dcs,
        reference=reference,
        protocol_id=protocol_id,
        validity=validity,
        status_report_request=bool(first & 0x20),
        reject_duplicates=bool(first & 0x04),
        reply_path=bool(first & 0x80),
        smsc=smsc,
        flags=tuple(reader.flags),
        first_octet=first,
    )


def _status_report(
    reader: Reader, first: int, smsc: Address | None
) -> StatusReport | Undecodable:
    reference = reader.octet()
    recipient = decode_address(reader)
    sent_at = decode_time(reader)
    discharged_at = decode_time(reader)
    if reader.left <= 0:
        reader.flag(Flag.TRUNCATED)
    if reader.left <= 0 or _is_shifted(reader):
        # Nothing for TP-ST would be 0, which says that the message was received, as may
        # what stands behind it; and a DELIVER that is shifted is a report to nobody.
        return _undecodable(reader)
    status = reader.octet()
    # A report may end before TP-PI (9.2.2.3).
    indicator = _indicator(reader) if reader.left > 0 else None
    protocol_id, dcs, user_data = _indicated(reader, first, indicator or 0)
    return StatusReport(
        reference=reference,
        recipient=recipient,
        sent_at=sent_at,
        discharged_at=discharged_at,
        status=status,
        for_command=bool(first & 0x20),
        more_messages=not first & 0x04,
        protocol_id=protocol_id,
        dcs=dcs,
        user_data=user_data,
        smsc=smsc,
        flags=tuple(reader.flags),
        first_octet=first,
        indicator=indicator,
    )


def _submit_report(
    reader: Reader, first: int, smsc: Address | None, *, acknowledged: bool
) -> SubmitReport:
    cause = None if acknowledged else reader.octet()
    indicator = _indicator(reader)
    sent_at = decode_time(reader)
    protocol_id, dcs, user_data = _indicated(reader, first, indicator)
    return SubmitReport(
        failure_cause=cause,
        sent_at=sent_at,
        protocol_id=protocol_id,
        dcs=dcs,
        user_data=user_data,
        smsc=smsc,
        flags=tuple(reader.flags),
        first_octet=first,
        indicator=indicator,
    )


def _deliver_report(
    reader: Reader, first: int, smsc: Address | None, *, acknowledged: bool
) -> DeliverReport:
    cause = None if acknowledged else reader.octet()
    indicator = _indicator(reader)
    protocol_id, dcs, user_data = _indicated(reader, first, indicator)
    return DeliverReport(
        failure_cause=cause,
        protocol_id=protocol_id,
        dcs=dcs,
        user_data=user_data,
        smsc=smsc,
        flags=tuple(reader.flags),
        first_octet=first,
        indicator=indicator,
    )


def _command(reader: Reader, first: int, smsc: Address | None) -> Command:
    reference = reader.octet()
    protocol_id = reader.octet()
    command_type = reader.octet()
    message_number = reader.octet()
    recipient = decode_address(reader)
    data = reader.octets(reader.octet())
    return Command(
        reference=reference,
        protocol_id=protocol_id,
        command_type=command_type,
        message_number=message_number,
        recipient=recipient,
        data=data,
        status_report_request=bool(first & 0x20),
        smsc=smsc,
        flags=tuple(reader.flags),
        first_octet=first,
    )


def _user_data(reader: Reader, first: int, dcs: int) -> UserData:
    coding = decode_coding(dcs)
    if not coding.known or coding.compressed:
        reader.flag(Flag.UNKNOWN_CODING)
    return pdu_text.decode(reader, coding, has_header=bool(first & 0x40))


def _indicator(reader: Reader) -> int:
    """Read TP-PI; what its extensions would announce is reserved (9.2.3.27)."""
    indicator = octet = reader.octet()
    while octet & 0x80 and reader.left > 0:
        octet = reader.octet()
    return indicator


def _indicated(
    reader: Reader, first: int, indicator: int
) -> tuple[int | None, int | None, UserData]:
    protocol_id = reader.octet() if indicator & 1 else None
    dcs = reader.octet() if indicator & 2 else None
    if not indicator & 4:
        return protocol_id, dcs, UserData()
    return protocol_id, dcs, _user_data(reader, first, dcs or 0)
