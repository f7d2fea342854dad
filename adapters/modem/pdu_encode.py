"""From TPDUs to octets (3GPP TS 23.040, 9.2.2)."""

from adapters.modem import gsm7, pdu_text
from adapters.modem.pdu import Deliver, StatusReport, Submit
from adapters.modem.pdu_fields import (
    Address,
    Charset,
    encode_address,
    encode_smsc,
    encode_time,
)
from adapters.modem.pdu_text import UserData
from adapters.modem.pdu_validity import Validity, encode_validity

_DCS_CLASS = 0x10
_DCS = {Charset.GSM7: 0x00, Charset.DATA: 0x04, Charset.UCS2: 0x08}
_ALPHANUMERIC = 0xD0


def submit(
    number: str,
    user_data: UserData,
    *,
    validity: Validity = None,
    reference: int = 0,
    status_report_request: bool = False,
    reject_duplicates: bool = False,
    message_class: int | None = None,
    smsc: str = "",
) -> Submit:
    """Build a SUBMIT of one part; `encode_submit` makes its octets.

    Args:
        number: digits, with `+` in front where international.
        user_data: what `pdu_text.build` makes of a text that fits one part; see
            `adapters.modem.compose`.
        validity: how long, or until when; None leaves it to the network.
        reference: TP-MR; most modems put in their own.
        status_report_request: ask for a status report.
        reject_duplicates: ask the service centre to refuse a copy (TP-RD).
        message_class: 0 is shown at once and not stored.
        smsc: the service centre; "" takes the SIM's own.

    Raises:
        ValueError: the number is empty, longer than 20 digits, or no number.

    """
    encode_address(number)
    dcs = _DCS[user_data.charset]
    if message_class is not None:
        dcs |= _DCS_CLASS | message_class
    return Submit(
        recipient=Address(text=number, toa=0x91 if number.startswith("+") else 0x81),
        user_data=user_data,
        dcs=dcs,
        reference=reference,
        validity=validity,
        status_report_request=status_report_request,
        reject_duplicates=reject_duplicates,
        smsc=Address(text=smsc, toa=0x91) if smsc else None,
    )


def encode_submit(pdu: Submit) -> tuple[str, int]:
    """Return the hex for `AT+CMGS` and the length that it is announced with.

    The length counts the TPDU alone, without the service centre (TS 27.005, 3.5.1).

    Raises:
        ValueError: the recipient's number is none, or the text longer than one part.

    """
    form, validity = encode_validity(pdu.validity)
    first = (
        0x01
        | form << 3
        | (0x04 if pdu.reject_duplicates else 0)
        | (0x20 if pdu.status_report_request else 0)
        | (0x40 if pdu.user_data.elements else 0)
        | (0x80 if pdu.reply_path else 0)
    )
    tpdu = (
        bytes((first, pdu.reference))
        + _encode_party(pdu.recipient)
        + bytes((pdu.protocol_id, pdu.dcs))
        + validity
        + pdu_text.encode(pdu.user_data)
    )
    return _hex(pdu.smsc, tpdu), len(tpdu)


def encode_deliver(pdu: Deliver) -> tuple[str, int]:
    """Return hex and TPDU length of a DELIVER; without a time stamp all zero."""
    first = (
        (0 if pdu.more_messages else 0x04)
        | (0x20 if pdu.status_report_indication else 0)
        | (0x40 if pdu.user_data.elements else 0)
        | (0x80 if pdu.reply_path else 0)
    )
    tpdu = (
        bytes((first,))
        + _encode_party(pdu.sender)
        + bytes((pdu.protocol_id, pdu.dcs))
        + (encode_time(pdu.sent_at) if pdu.sent_at else bytes(7))
        + pdu_text.encode(pdu.user_data)
    )
    return _hex(pdu.smsc, tpdu), len(tpdu)


def encode_status_report(pdu: StatusReport) -> tuple[str, int]:
    """Return hex and TPDU length of a status report without optional fields."""
    first = 0x02 | (0 if pdu.more_messages else 0x04)
    first |= 0x20 if pdu.for_command else 0
    tpdu = (
        bytes((first, pdu.reference))
        + _encode_party(pdu.recipient)
        + (encode_time(pdu.sent_at) if pdu.sent_at else bytes(7))
        + (encode_time(pdu.discharged_at) if pdu.discharged_at else bytes(7))
        + bytes((pdu.status,))
    )
    return _hex(pdu.smsc, tpdu), len(tpdu)


def _hex(smsc: Address | None, tpdu: bytes) -> str:
    return (encode_smsc(smsc.text if smsc else "") + tpdu).hex().upper()


def _encode_party(address: Address) -> bytes:
    if address.toa & 0x70 == _ALPHANUMERIC & 0x70:
        septets = gsm7.encode(address.text)
        return bytes((-(-len(septets) * 7 // 4), address.toa)) + gsm7.pack(septets)
    if not address.text:
        return bytes((0, address.toa))
    return (
        bytes((encode_address(address.text)[0], address.toa))
        + (encode_address(address.text)[2:])
    )
