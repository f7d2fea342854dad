"""What the sources assert of a PDU, by their names: none is left uncompared."""

from collections.abc import Callable
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from adapters.modem import pdu_text
from adapters.modem.pdu import (
    Command,
    Deliver,
    StatusReport,
    Submit,
    Tpdu,
    Undecodable,
)
from adapters.modem.pdu_fields import Address, Charset, decode_relative_validity


def _party(pdu: Tpdu) -> Address | None:
    match pdu:
        case Deliver():
            return pdu.sender
        case Submit() | StatusReport() | Command():
            return pdu.recipient
        case _:
            return None


def time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def disagreements(vector: dict[str, Any], pdu: Tpdu) -> list[str]:
    """Compare all that the source asserts; say what differs, or is not known."""
    expected = vector["expected"]
    assert not isinstance(pdu, Undecodable)
    found = [f"unknown {key}" for key in expected.keys() - KNOWN]
    actual = {key: read(pdu) for key, read in FIELDS.items() if key in expected}
    asserted = {key: _asserted(key, expected[key]) for key in actual}
    if vector["source"] == "node-pdu":  # writes no sign
        actual |= {"number": (_number(pdu) or "").lstrip("+")}
        asserted.setdefault("number", actual["number"])
    return found + [
        f"{key} {value!r}" for key, value in actual.items() if value != asserted[key]
    ]


def _asserted(key: str, value: Any) -> Any:
    match key:
        case "DA" | "RA" | "OA":
            return value["Addr"], value["TOA"]
        case "SCTS" | "DT" | "timestamp" | "timestamp_utc" | "discharge_timestamp":
            return time(value)
        case "data_hex":
            return value[:20].lower()
        case "udh":
            return _header_asserted(value)
        case "status_report":
            # This source leaves the zone out.
            times = [datetime.fromisoformat(value[name]) for name in ("scts", "dt")]
            return value["recipient"], value["status"], *times
        case "vp_relative":
            return decode_relative_validity(value)
        case _:
            return value


def _header_asserted(value: Any) -> Any:
    """Return the header as we tell it: a note on its elements, a port, or a part."""
    match value:
        case "text-formatting IEs (IEI 0x0A)":
            return {0x0A}
        case {"app_port_16bit": {"dst": port}}:
            return {"port": port}
        case [{"iei": 0, **part}]:
            return part
        case _:
            raise AssertionError(value)


def _header(pdu: Any) -> Any:
    data = pdu.user_data
    ports = [element.data for element in data.elements if element.iei == _PORTS]
    if ports:
        return {"port": int.from_bytes(ports[0][:2])}
    return _concat(pdu) or {element.iei for element in data.elements}


def _concat(pdu: Any) -> dict[str, int] | None:
    concat = pdu.user_data.concat
    if concat is None:
        return None
    return {"ref": concat.reference, "total": concat.total, "seq": concat.number}


def _number(pdu: Any) -> str | None:
    party = _party(pdu)
    return party.text if party else None


def _header_octets(pdu: Any) -> int:
    return len(pdu_text.encode_header(pdu.user_data.elements)) - 1


def _payload(pdu: Any) -> str:
    if isinstance(pdu, Command):
        return pdu.data.hex()
    data = pdu.user_data
    is_gsm7 = data.charset is Charset.GSM7
    return str((data.text.encode() if is_gsm7 else data.units).hex())


def _address(pdu: Any) -> tuple[str, int] | None:
    party = _party(pdu)
    return (party.text.lstrip("+"), party.toa) if party else None


def _report(pdu: Any) -> tuple[Any, ...]:
    times = [moment.replace(tzinfo=None) for moment in (pdu.sent_at, pdu.discharged_at)]
    return pdu.recipient.text, pdu.status, *times


# What sources name as the standard does, and how we name it.
FIELDS: dict[str, Callable[[Any], Any]] = {
    "MR": attrgetter("reference"),
    "ST": attrgetter("status"),
    "PID": attrgetter("protocol_id"),
    "DCS": lambda pdu: 4 if isinstance(pdu, Command) else pdu.dcs,
    "FCS": attrgetter("failure_cause"),
    "CT": attrgetter("command_type"),
    "MN": attrgetter("message_number"),
    "SCTS": attrgetter("sent_at"),
    "DT": attrgetter("discharged_at"),
    "DA": _address,
    "RA": _address,
    "OA": _address,
    "UD_hex": _payload,
    "vp_relative": attrgetter("validity"),
    "status_report": _report,
    "number": _number,
    "smsc": lambda pdu: pdu.smsc.text if pdu.smsc else None,
    "type": lambda pdu: TYPES[type(pdu)],
    "text": attrgetter("user_data.text"),
    "data_hex": lambda pdu: pdu.user_data.units.hex()[:20],
    "text_utf8_or_septets_hex": lambda pdu: pdu.user_data.units.hex(),
    "charset": attrgetter("user_data.charset"),
    "locking_shift_nli": attrgetter("user_data.locking"),
    "single_shift_nli": attrgetter("user_data.single"),
    "concat": _concat,
    "multipart": lambda pdu: pdu.user_data.concat is not None,
    "udh": _header,
    "udhl": _header_octets,
    "udl": attrgetter("user_data.length"),
    "dcs": attrgetter("dcs"),
    "pid": attrgetter("protocol_id"),
    "mr": attrgetter("reference"),
    "timestamp": attrgetter("sent_at"),
    "timestamp_utc": attrgetter("sent_at"),
    "discharge_timestamp": attrgetter("discharged_at"),
    "vpf": lambda pdu: FORMS[pdu.first_octet >> 3 & 3],
    "FirstOctet": attrgetter("first_octet"),
    "PI": attrgetter("indicator"),
}
FORMS: tuple[str, ...] = ("none", "enhanced", "relative", "absolute")
TYPES: dict[type, str] = {
    Deliver: "SMS-DELIVER",
    Submit: "SMS-SUBMIT",
    StatusReport: "SMS-STATUS-REPORT",
}
_PORTS = 0x05
# Compared elsewhere: that it is read at all, its octets again, its group's whole text.
KNOWN = FIELDS.keys() | {"error", "error_text", "valid", "parses", "roundtrip"}
KNOWN |= {"tpdu_len", "group_text"}
