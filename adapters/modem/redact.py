"""Takes numbers and texts out of a report that a person sends to support."""

import re

_NUMBER = re.compile(r"\+?\d{7,}")
_PDU = re.compile(r"\b[0-9A-Fa-f]{20,}\b")
# Each of these carries a PIN or a password (TS 27.007), quoted or not.
_PIN = re.compile(r"(\+(?:CPIN|CPWD|CLCK)=)[^\r\n;]*", re.IGNORECASE)
# Area and cell say where the modem stands: quoted, or longer than a state is.
_REGISTRATION = re.compile(r"\+C(?:G|E|5G)?REG:[^\r\n]*")
_PLACE = re.compile(r'"[^"]*"|\b[0-9A-Fa-f]{3,}\b')
_KEPT_FRONT, _KEPT_BACK = 3, 2


def redact(line: str) -> str:
    """Return a line without PINs, PDUs, cells and the middles of numbers.

    The first three digits (country, or maker of an IMEI) and the last two stay:
    enough to tell two numbers apart, too little to call one.
    """
    line = _PIN.sub(r"\1****", line)
    line = _REGISTRATION.sub(lambda match: _without_place(match.group()), line)
    line = _PDU.sub(lambda match: _hidden(match.group()), line)
    return _NUMBER.sub(lambda match: number(match.group()), line)


class Stream:
    """Redacts what comes in pieces: a number may be cut anywhere."""

    def __init__(self) -> None:
        """Begin with nothing held back."""
        self._rest = ""

    def feed(self, text: str) -> str:
        """Return the lines that are whole, and a prompt; "" says that all has come."""
        lines, newline, rest = (self._rest + text).rpartition("\n")
        if text and rest.rstrip(" ") != ">":
            self._rest = rest
            return redact(lines) + newline
        self._rest = ""
        return redact(lines) + newline + redact(rest)


def number(text: str) -> str:
    """Return a number without its middle."""
    sign = "+" if text.startswith("+") else ""
    digits = text.removeprefix("+")
    if len(digits) <= _KEPT_FRONT + _KEPT_BACK:
        return sign + "*" * len(digits)
    return f"{sign}{digits[:_KEPT_FRONT]}***{digits[-_KEPT_BACK:]}"


def _without_place(registration: str) -> str:
    name, _, told = registration.partition(":")
    return f"{name}:{_PLACE.sub('****', told)}"


def _hidden(text: str) -> str:
    return number(text) if text.isdecimal() else f"<PDU, {len(text) // 2} octets>"
