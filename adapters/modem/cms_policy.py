"""What a +CMS or +CME error means for the message: the policy table.

Meanings: TS 24.011, annex E-2 (0 to 127); TS 23.040, 9.2.3.22 (128 to 255);
TS 27.005, 3.2.5 (300 to 511). What to do is ours.
"""

from dataclasses import dataclass
from enum import StrEnum


class FaultClass(StrEnum):
    """Whose fault a rejection is, which says what to try next."""

    RECIPIENT = "recipient"
    SIM = "sim"
    SIM_OR_RECIPIENT = "sim_or_recipient"
    TEMPORARY = "temporary"
    TEMPORARY_LONG = "temporary_long"
    CONFIG = "config"
    MODEM = "modem"
    OURS = "ours"
    SENT = "sent"
    UNKNOWN = "unknown"
    BENIGN = "benign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A code's meaning, its class, and whether another route is worth a try."""

    meaning: str
    fault: FaultClass
    retry: bool


def _policy(meaning: str, fault: FaultClass) -> Policy:
    return Policy(meaning=meaning, fault=fault, retry=fault not in _FINAL_CLASSES)


_FINAL_CLASSES = frozenset({FaultClass.RECIPIENT, FaultClass.OURS, FaultClass.SENT})
_R, _S, _T = FaultClass.RECIPIENT, FaultClass.SIM, FaultClass.TEMPORARY
_M, _C, _O = FaultClass.MODEM, FaultClass.CONFIG, FaultClass.OURS

POLICIES: dict[int, Policy] = {
    1: _policy("unassigned number", _R),
    8: _policy("operator determined barring", _S),
    10: _policy("call barred", FaultClass.SIM_OR_RECIPIENT),
    21: _policy("short message transfer rejected", FaultClass.SIM_OR_RECIPIENT),
    22: _policy("memory capacity exceeded", _T),
    27: _policy("destination out of order", _T),
    28: _policy("unidentified subscriber", _S),
    29: _policy("facility rejected", _S),
    30: _policy("unknown subscriber", _R),
    38: _policy("network out of order", FaultClass.TEMPORARY_LONG),
    41: _policy("temporary failure", _T),
    42: _policy("congestion", _T),
    47: _policy("resources unavailable", _T),
    50: _policy("requested facility not subscribed", _S),
    69: _policy("requested facility not implemented", _C),
    81: _policy("invalid short message transfer reference", _T),
    95: _policy("semantically incorrect message", _O),
    96: _policy("invalid mandatory information", _O),
    97: _policy("message type non-existent", _T),
    98: _policy("message not compatible with protocol state", _T),
    99: _policy("information element non-existent", _O),
    111: _policy("protocol error, unspecified", _T),
    127: _policy("interworking, unspecified", _T),
    192: _policy("service centre busy", _T),
    193: _policy("no service centre subscription", _S),
    194: _policy("service centre system failure", _T),
    195: _policy("invalid address", _R),
    196: _policy("destination barred", _R),
    197: _policy("rejected as a duplicate", FaultClass.SENT),
    208: _policy("SIM storage full", _M),
    211: _policy("memory capacity exceeded", _M),
    300: _policy("modem failure", _M),
    301: _policy("SMS service of the modem reserved", _M),
    302: _policy("operation not allowed", _M),
    303: _policy("operation not supported", _C),
    304: _policy("invalid PDU mode parameter", _O),
    305: _policy("invalid text mode parameter", _O),
    310: _policy("SIM not inserted", _M),
    311: _policy("SIM PIN required", _M),
    312: _policy("phone-SIM PIN required", _M),
    313: _policy("SIM failure", _M),
    314: _policy("SIM busy", _M),
    315: _policy("SIM wrong", _M),
    316: _policy("SIM PUK required", _M),
    317: _policy("SIM PIN2 required", _M),
    318: _policy("SIM PUK2 required", _M),
    320: _policy("memory failure", _M),
    321: _policy("invalid memory index", FaultClass.BENIGN),
    322: _policy("memory full", _M),
    330: _policy("service centre address unknown", _C),
    331: _policy("no network service", _M),
    332: _policy("network time-out", FaultClass.UNKNOWN),
    340: _policy("no acknowledgement expected", FaultClass.BENIGN),
    500: _policy("unknown error", FaultClass.UNKNOWN),
}

_VENDOR_FIRST = 512
_DIGITS_MAX = 5
_VENDOR = _policy("manufacturer specific", _M)
_NOT_LISTED = _policy("not listed", FaultClass.UNKNOWN)
_SIM_CODES = frozenset(
    {"10", "11", "12", "13", "15", "310", "311", "312", "313", "315", "316"}
    | {"SIM NOT INSERTED", "SIM PIN REQUIRED", "SIM PUK REQUIRED", "SIM FAILURE"}
)
_BUSY_CODES = frozenset({"14", "314", "515", "SIM BUSY"})


def policy(code: str) -> Policy:
    """Return the policy of a `+CMS ERROR` code; total over what modems write."""
    if not code.isdecimal() or len(code) > _DIGITS_MAX:
        return _NOT_LISTED
    number = int(code)
    if number >= _VENDOR_FIRST:
        return _VENDOR
    return POLICIES.get(number, _NOT_LISTED)


def is_without_sim(code: str) -> bool:
    """Return whether a modem has lost its SIM, or the SIM wants its PIN again.

    By what a submit was refused with: CMS, or CME where `cme ` stands in front.
    """
    return code.removeprefix("cme ").upper() in _SIM_CODES


def is_busy(code: str) -> bool:
    """Return whether a modem asks for patience (CME 14, CMS 314, vendors' 515)."""
    return code.upper() in _BUSY_CODES
