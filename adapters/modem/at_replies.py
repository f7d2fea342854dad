"""What single AT replies mean, as values; total, None where they say nothing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from adapters.modem.at import fields_of, has_sign

_NUMBER = re.compile(r"-?[0-9]{1,11}")
_RANGE_MAX = 1000
_NOVATEL_FIELDS = 4
_KNOWN_RSSI = range(32)
# Up to ten digits: a cell of NR has five octets (TS 27.007, +C5GREG).
_HEX_QUOTED = re.compile(r"[0-9A-Fa-f]{1,10}")


def number_of(text: str) -> int | None:
    """Return a decimal field, leading zeros allowed; None where it is none."""
    return int(text) if _NUMBER.fullmatch(text) else None


def _at(fields: Sequence[str], index: int) -> str:
    return fields[index] if index < len(fields) else ""


class Registration(StrEnum):
    """Registration with the network (TS 27.007, 7.2)."""

    NOT_REGISTERED = "not_registered"
    HOME = "home"
    SEARCHING = "searching"
    DENIED = "denied"
    UNKNOWN = "unknown"
    ROAMING = "roaming"
    HOME_SMS_ONLY = "home_sms_only"
    ROAMING_SMS_ONLY = "roaming_sms_only"
    EMERGENCY_ONLY = "emergency_only"
    HOME_NO_CSFB = "home_no_csfb"
    ROAMING_NO_CSFB = "roaming_no_csfb"
    RLOS = "rlos"

    @property
    def can_send(self) -> bool:
        """Return whether the network takes an SMS in this state."""
        return self in _CAN_SEND


_STATES = tuple(Registration)
_STATE_DIGITS_MAX = 2
_CAN_SEND = frozenset(
    {
        Registration.HOME,
        Registration.ROAMING,
        Registration.HOME_SMS_ONLY,
        Registration.ROAMING_SMS_ONLY,
        Registration.HOME_NO_CSFB,
        Registration.ROAMING_NO_CSFB,
    }
)


class Technology(StrEnum):
    """Access technology of a cell, in the order of its numbers (TS 27.007, 7.2)."""

    GSM = "gsm"
    GSM_COMPACT = "gsm_compact"
    UTRAN = "utran"
    EDGE = "edge"
    HSDPA = "hsdpa"
    HSUPA = "hsupa"
    HSPA = "hspa"
    LTE = "lte"
    EC_GSM_IOT = "ec_gsm_iot"
    NB_IOT = "nb_iot"
    LTE_5GCN = "lte_5gcn"
    NR_5GCN = "nr_5gcn"
    NG_RAN = "ng_ran"
    LTE_NR_DUAL = "lte_nr_dual"


_TECHNOLOGIES = tuple(Technology)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationReply:
    """State, area and cell of `+CREG`, `+CGREG`, `+CEREG` or `+C5GREG`."""

    state: Registration
    area: int | None = None
    cell: int | None = None
    technology: Technology | None = None


def registration(line: str, *, asked: bool) -> RegistrationReply | None:
    """Read a registration line; `asked` says that a mode stands in front.

    Some modems put the mode into the unsolicited form too (Samsung Wave S8500,
    Alcatel X220D) and some an area that is all digits: the second field is a state
    only where it is one or two digits, unquoted.
    """
    _, _, body = line.partition(":")
    raw = [field.strip() for field in body.split(",")]
    plain = [field.strip('"') for field in raw]
    second = raw[1] if len(raw) > 1 else ""
    has_mode = second.isdecimal() and (asked or len(second) <= _STATE_DIGITS_MAX)
    at = 1 if has_mode else 0
    state = number_of(plain[at]) if at < len(plain) else None
    if state is None or not 0 <= state < len(_STATES):
        return None
    rest = plain[at + 1 :]
    hexes = [int(f, 16) if _HEX_QUOTED.fullmatch(f) else None for f in rest]
    area = hexes[0] if hexes else None
    cell, technology = _cell(line, rest, hexes)
    return RegistrationReply(
        state=_STATES[state], area=area, cell=cell, technology=technology
    )


def _cell(
    line: str, rest: list[str], hexes: list[int | None]
) -> tuple[int | None, Technology | None]:
    # Novatel's CEREG has four fields behind the state: area, rac, cell, technology.
    if line.startswith("+CEREG") and len(rest) == _NOVATEL_FIELDS:
        return hexes[2], _technology(rest[3])
    cell = hexes[1] if len(hexes) > 1 else None
    return cell, _technology(_at(rest, 2))


def _technology(text: str) -> Technology | None:
    number = number_of(text)
    known = number is not None and 0 <= number < len(_TECHNOLOGIES)
    return _TECHNOLOGIES[number] if known and number is not None else None


def signal_dbm(line: str) -> float | None:
    """Read `+CSQ: 21,99` as dBm; None where not known (99)."""
    fields = fields_of(line)
    rssi = number_of(fields[0]) if fields else None
    if rssi is None or rssi not in _KNOWN_RSSI:
        return None
    return -113.0 + 2 * rssi


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedSignal:
    """What `+CESQ` measures (TS 27.007, 8.69); None where the modem does not know.

    `bit_errors` is a class of 0 to 7; the others are the lower ends of their steps.
    """

    rssi_dbm: float | None = None
    bit_errors: int | None = None
    rscp_dbm: float | None = None
    ecno_db: float | None = None
    rsrq_db: float | None = None
    rsrp_dbm: float | None = None


def extended_signal(line: str) -> ExtendedSignal | None:
    """Read `+CESQ: 10,6,255,255,255,255`; None where it has fewer than six fields."""
    levels = [number_of(field) for field in fields_of(line)]
    if len(levels) < len(_CESQ):
        return None
    values = [
        low + step * level if level is not None and 0 <= level <= highest else None
        for level, (highest, low, step) in zip(levels, _CESQ, strict=False)
    ]
    errors = values[1]
    return ExtendedSignal(
        rssi_dbm=values[0],
        bit_errors=None if errors is None else int(errors),
        rscp_dbm=values[2],
        ecno_db=values[3],
        rsrq_db=values[4],
        rsrp_dbm=values[5],
    )


# The highest level, where level 0 is, and the step.
_CESQ = (
    (63, -111, 1),
    (7, 0, 1),
    (96, -121, 1),
    (49, -24.5, 0.5),
    (34, -20, 0.5),
    (97, -141, 1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """One of the three stores of `+CPMS`: `name` is "" where not told.

    One that is not counted has neither number, and keeps its place among the three.
    """

    name: str
    used: int | None
    size: int | None


def storages(line: str) -> tuple[Storage, ...]:
    """Read `+CPMS: "SM",1,25,...` or, after a set command, `+CPMS: 1,25,...`."""
    fields = fields_of(line)
    found = []
    names = bool(fields) and number_of(fields[0]) is None
    step = 3 if names else 2
    for at in range(0, len(fields) - step + 1, step):
        used = number_of(fields[at + step - 2])
        size = number_of(fields[at + step - 1])
        if used is None or size is None:
            used = size = None
        name = fields[at] if names else ""
        found.append(Storage(name=name, used=used, size=size))
    return tuple(found)


def choices(field: str) -> frozenset[str]:
    """Read `("SM","ME")`, `(0-3)`, `(0,1,3)` or `2` as the values that it lists."""
    found: set[str] = set()
    for part in field.strip("()").split(","):
        value = part.strip().strip('"')
        low, dash, high = value.partition("-")
        first, last = number_of(low), number_of(high)
        if (
            dash
            and first is not None
            and last is not None
            and last - first < _RANGE_MAX
        ):
            found.update(str(n) for n in range(first, last + 1))
        elif value:
            found.add(value)
    return frozenset(found)


def operator(line: str) -> str | None:
    """Read the operator of `+COPS: 0,2,"24001",7`; None while there is none."""
    fields = fields_of(line)
    return _at(fields, 2) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPdu:
    """One message of `+CMGL` or `+CMGR`; the index is None where not told.

    `is_text` says that the header is of text mode, whose status is a word (TS 27.005,
    3.4.2): what follows it is no PDU. `is_counted` says that it has as many octets as
    the header says, or that the header says nothing.
    """

    index: int | None
    status: int | None
    pdu: str
    is_text: bool = False
    is_counted: bool = True


def stored_pdus(lines: tuple[str, ...]) -> tuple[StoredPdu, ...]:
    """Pair each `+CMGL` or `+CMGR` header with the PDU behind it.

    A PDU that something else has torn (its line is shorter than the header tells, and
    more hex follows) is whole again.
    """
    found = []
    for at, header in enumerate(lines[:-1]):
        if not header.startswith(("+CMGL:", "+CMGR:")):
            continue
        fields = fields_of(header)
        pdu, behind = lines[at + 1], at + 2
        while behind < len(lines) and _is_torn(pdu, lines[behind], fields[-1]):
            pdu += lines[behind]
            behind += 1
        is_list = header.startswith("+CMGL:")
        index = number_of(fields[0]) if is_list else None
        told = _at(fields, 1 if is_list else 0)
        status = number_of(told)
        is_text = status is None and told.startswith(_TEXT_STATES)
        digits = _digits_told(pdu, fields[-1])
        one = StoredPdu(
            index=index,
            status=status,
            pdu=pdu,
            is_text=is_text,
            is_counted=digits in {None, len(pdu.strip())},
        )
        found.append(one)
    return tuple(found)


_TEXT_STATES = ("REC ", "STO ")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_TPDU_OCTETS_MAX = 200


def _digits_told(pdu: str, length: str) -> int | None:
    """Return how many digits it has; `length` counts without the service centre."""
    octets = number_of(length)
    if octets is None or not 0 < octets <= _TPDU_OCTETS_MAX:
        return None
    return 2 * (1 + int(pdu[:2], 16) + octets) if _HEX.fullmatch(pdu) else None


def is_short(pdu: str, length: str) -> bool:
    """Return whether a PDU has fewer octets than its header says."""
    digits = _digits_told(pdu, length)
    return digits is not None and len(pdu) < digits


def _is_torn(pdu: str, rest: str, length: str) -> bool:
    """Return whether a PDU lacks octets, which stand in the next line."""
    return is_short(pdu, length) and bool(_HEX.fullmatch(rest))


_SUBMIT_REFERENCE = re.compile(r"\+CMGS:\s*(\d{1,3})")


def submit_reference(line: str) -> int | None:
    """Read TP-MR of `+CMGS: 78` (a report may follow it)."""
    match = _SUBMIT_REFERENCE.match(line)
    return int(match.group(1)) & 0xFF if match else None


_STORED = re.compile(r'\+(?:CMTI|CDSI):\s*"?([A-Z]*)"?\s*,\s*(-?\d+)')


def stored_at(line: str) -> tuple[str, int] | None:
    """Read store and index of `+CMTI` and `+CDSI`; None for `+CMTI: ,-1`."""
    match = _STORED.match(line)
    if match is None or int(match.group(2)) < 0:
        return None
    return match.group(1), int(match.group(2))


def text_mode(line: str) -> bool:
    """Read `+CMGF: 1`: a PDU would go out as the text, to the number of its length."""
    return line.startswith("+CMGF:") and number_of(fields_of(line)[0]) == 1


def pin_state(line: str) -> str:
    """Read `READY`, `SIM PIN`, `SIM PUK` of `+CPIN: READY`, with or without prefix."""
    return line.partition(":")[2].strip() if ":" in line else line.strip()


def answer_of(lines: Sequence[str]) -> str:
    """Return the line with the command's prefix, else the first; "" of none.

    A bare line can be the whole answer (`SIM PUK2`), or a word about its supply.
    """
    return next(filter(has_sign, lines), lines[0] if lines else "")


def caller(line: str) -> str | None:
    """Read the number of `+CLIP: "+4670...",145`; None where withheld."""
    fields = fields_of(line)
    return fields[0] or None if fields else None
