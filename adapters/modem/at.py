"""The grammar of AT replies (3GPP TS 27.007, 27.005; ITU-T V.250): pure, total.

Modems end lines with CR, LF or any mix, echo or not, and put unsolicited result
codes anywhere but inside a line. This module cuts the stream into tokens and says
what each one can be; who asked for what is the dialogue's business.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

_LINE_MAX = 4096
# No reply begins with a control character or outside ASCII; noise does, and the
# echo of ESC.
_NOISE = "".join(map(chr, (*range(0x21), *range(0x7F, 0x100))))
_NOISE_OCTETS = _NOISE.encode("latin-1")
_LINE_END = re.compile(rb"[\r\n\x00]+")

REGISTRATIONS = frozenset({"+CREG", "+CGREG", "+CEREG", "+C5GREG"})
MESSAGE_COMMANDS = frozenset({"+CMGS", "+CMGF", "+CMGL", "+CMGR", "+CMGD"}) | {
    *("+CPMS", "+CNMI", "+CSMS", "+CNMA", "+CSCA")
}
"""Those that a +CMS ERROR can answer (TS 27.005)."""
ASKED_ALONE = frozenset({"+CPIN", "+CFUN", "+CMGF", "+CMGS"})
"""Those whose answer is one line, behind which an OK may not come."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its ending, leading blanks and noise; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """`>` at the start of a line, or behind noise: the modem waits for a PDU."""


Token = Line | Prompt


class FinalKind(StrEnum):
    """What a final result code says of the command."""

    OK = "ok"
    ERROR = "error"
    CME = "cme"
    CMS = "cms"
    CALL = "call"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """A final result code; `code` is the number or the text behind the colon."""

    kind: FinalKind
    code: str = ""

    @property
    def ok(self) -> bool:
        """Return whether the command was carried out."""
        return self.kind is FinalKind.OK

    def __str__(self) -> str:
        """Return it for people: `ok`, `cms 500`, `call NO CARRIER`."""
        return f"{self.kind} {self.code}".strip()


_FINALS: dict[str, Final] = {
    "OK": Final(kind=FinalKind.OK),
    "ERROR": Final(kind=FinalKind.ERROR),
    "COMMAND NOT SUPPORT": Final(kind=FinalKind.UNSUPPORTED),
    "TOO MANY PARAMETERS": Final(kind=FinalKind.UNSUPPORTED),
    "NO CARRIER": Final(kind=FinalKind.CALL, code="NO CARRIER"),
    "NO DIALTONE": Final(kind=FinalKind.CALL, code="NO DIALTONE"),
    "NO DIAL TONE": Final(kind=FinalKind.CALL, code="NO DIALTONE"),
    "NO ANSWER": Final(kind=FinalKind.CALL, code="NO ANSWER"),
    "BUSY": Final(kind=FinalKind.CALL, code="BUSY"),
    "CONNECT": Final(kind=FinalKind.OK, code="CONNECT"),
}

_CODED = (("+CME ERROR:", FinalKind.CME), ("+CMS ERROR:", FinalKind.CMS))


def final_of(line: str) -> Final | None:
    """Return the final result code that a line is, None where it is none.

    `+CMS ERROR:` alone, cut before the blank that parts it from its code, is none.
    """
    known = _FINALS.get(line.strip())
    if known is not None:
        return known
    if line.startswith("CONNECT "):
        return _FINALS["CONNECT"]  # with its rate (ITU-T V.250)
    for prefix, kind in _CODED:
        if line.startswith(prefix) and len(line) > len(prefix):
            return Final(kind=kind, code=line.removeprefix(prefix).strip())
    return None


@dataclass(slots=True)
class Tokenizer:
    """Cuts a byte stream into tokens; keeps what is not complete yet.

    A line never exceeds 4096 octets: a longer one is cut there. Octets outside
    ASCII are kept as Latin-1.
    """

    _rest: bytes = field(default=b"", init=False)

    def feed(self, data: bytes) -> list[Token]:
        """Take bytes as they come; return the tokens that they completed."""
        buffer = self._rest + data
        tokens: list[Token] = []
        at = 0
        for ending in _LINE_END.finditer(buffer):
            self._line(buffer[at : ending.start()], tokens)
            at = ending.end()
        rest = buffer[at:].lstrip(_NOISE_OCTETS)
        if rest.startswith(b">"):
            tokens.append(Prompt())
            rest = rest[1:].lstrip(b" ")
        while len(rest) > _LINE_MAX:
            self._line(rest[:_LINE_MAX], tokens)
            rest = rest[_LINE_MAX:]
        self._rest = rest
        return tokens

    def flush(self) -> list[Token]:
        """Return what stands without a line end, once silence says it is all."""
        rest, self._rest = self._rest, b""
        tokens: list[Token] = []
        self._line(rest, tokens)
        return tokens

    def reset(self) -> None:
        """Forget an incomplete line: the port is new."""
        self._rest = b""

    @staticmethod
    def _line(raw: bytes, tokens: list[Token]) -> None:
        raw = raw.lstrip(_NOISE_OCTETS)
        while raw.startswith(b">"):
            tokens.append(Prompt())
            raw = raw[1:].lstrip(_NOISE_OCTETS)
        for cut in range(0, len(raw), _LINE_MAX):
            text = raw[cut : cut + _LINE_MAX].decode("latin-1").lstrip(_NOISE)
            if text:
                tokens.append(Line(text))


_PREFIX = re.compile(r"[+^*%#$!][A-Za-z0-9_]+(?=[:=]|$)")


def prefix_of(line: str) -> str:
    """Return `+CREG` of `+CREG: 0,1`, the whole line where it has no prefix."""
    match = _PREFIX.match(line)
    return match.group() if match else line


def fields_of(line: str) -> tuple[str, ...]:
    """Split what follows the colon at commas outside quotes and brackets.

    Quotes go, blanks around a field go; `(0-3)` stays one field.
    """
    _, colon, body = line.partition(":")
    if not colon:
        body = line
    if "(" in body:
        return _bracketed_fields(body)
    # Every other piece stood in quotes, where a comma parts nothing.
    pieces = body.split('"')
    if any("," in piece for piece in pieces[1::2]):
        return _bracketed_fields(body)
    return tuple(map(str.strip, "".join(pieces).split(",")))


def _bracketed_fields(body: str) -> tuple[str, ...]:
    fields: list[str] = []
    current: list[str] = []
    depth = 0
    quoted = False
    # Cut where anything can begin or end: a noisy line is long and has few of these.
    for piece in _STOPS.split(body):
        if piece == '"':
            quoted = not quoted
        elif piece == "," and depth == 0 and not quoted:
            fields.append("".join(current).strip())
            current.clear()
        else:
            if not quoted:
                depth = max(depth + _DEPTHS.get(piece, 0), 0)
            current.append(piece)
    fields.append("".join(current).strip())
    return tuple(fields)


_STOPS = re.compile(r'(["(),])')
_DEPTHS = {"(": 1, ")": -1}


_SIGNS = frozenset("+^*%#$!")
_ANNOUNCES = frozenset({"+CMT", "+CDS", "+CBM"})
_TEXT_FIELDS_MIN = 3
_QUOTED = re.compile(r':\s*"')
_STAMP = re.compile(r'"(\d\d/\d\d/\d\d,\d\d:\d\d:\d\d(?:[+-]\d\d)?)"', re.ASCII)
_BOOT = frozenset(
    {
        "RDY",
        "SMS READY",
        "CALL READY",
        "SMS DONE",
        "PB DONE",
        "NORMAL POWER DOWN",
        "POWERED DOWN",
        "UNDER-VOLTAGE POWER DOWN",
        "OVER-VOLTAGE POWER DOWN",
        "START",
    }
)
_BOOT_PREFIXES = ("^BOOT:", "*ATREADY:", "+CFUN:", "+CPIN:", "^SYSSTART", "+QIND: SMS")
_UNSOLICITED = frozenset(
    {
        "+CMTI",
        "+CMT",
        "+CDS",
        "+CDSI",
        "+CBM",
        "+CLIP",
        "+CRING",
        "+CUSD",
        "+CIEV",
        "+CSSU",
        "+CSSI",
        "+CCWA",
        "^RSSI",
        "^SRVST",
        "^MODE",
        "^SIMST",
        "^STIN",
        "^DSFLOWRPT",
        "^HCSQ",
        "^CSNR",
        "^SMMEMFULL",
        "^BOOT",
        "^SYSSTART",
        "*ATREADY",
        "+ZDONR",
        "+ZPASR",
        "+ZUSIMR",
        "+QIND",
        "RING",
        "RDY",
        # SIM800 spells it so, later ones as all do.
        "UNDER-VOLTAGE WARNNING",
        "OVER-VOLTAGE WARNNING",
        "UNDER-VOLTAGE WARNING",
        "OVER-VOLTAGE WARNING",
        "DST: 0",
        "DST: 1",
        "DST: 2",
    }
)


def is_boot(line: str) -> bool:
    """Return whether an unasked line says that the modem has just started.

    `+CPIN:` and `+CFUN:` are such only where nobody asked for them.
    """
    return line.upper() in _BOOT or line.startswith(_BOOT_PREFIXES)


def is_unsolicited(line: str) -> bool:
    """Return whether a line is a result code that no command of ours asks for."""
    return prefix_of(line) in _UNSOLICITED or line.upper() in _BOOT


def has_sign(line: str) -> bool:
    """Return whether a line carries a command's prefix, not bare information."""
    return line[:1] in _SIGNS


def text_stamp(line: str) -> str:
    """Return the time stamp that a message in text mode is announced with, else "".

    `+CMT: "+46...",,"26/12/01,10:00:00+04"` (TS 27.005, 3.4.1): a text follows, no PDU.
    """
    match = _STAMP.search(line) if prefix_of(line) in _ANNOUNCES else None
    return match.group(1) if match else ""


def announces_text(line: str) -> bool:
    """Return whether a text follows on the next line, and no PDU.

    Before a PDU stand a name and its length, with an empty field between at most;
    whoever writes the stamp in another way, or none, has three fields all the same.
    """
    if text_stamp(line):
        return True
    if prefix_of(line) != "+CMT" or not _QUOTED.search(line):
        return False
    fields = fields_of(line)
    is_length = len(fields) == _TEXT_FIELDS_MIN and fields[-1].isdecimal()
    return len(fields) >= _TEXT_FIELDS_MIN and not is_length


def announces_pdu(line: str) -> bool:
    """Return whether a PDU, or a text, follows on the next line: `+CMT` and `+CDS`.

    A report in text mode is one line.
    """
    prefix = prefix_of(line)
    return prefix in _ANNOUNCES and not (prefix == "+CDS" and text_stamp(line))


def may_follow(line: str, announced: str) -> bool:
    """Return whether a line can be the PDU, or the text, that another announces.

    Between the two others may stand: Huawei's ^RSSI. A text may begin with a sign, as a
    tracker's does, or be "Start" and no more.
    """
    if announces_text(announced):
        return prefix_of(line) == line or not is_unsolicited(line)
    return not (has_sign(line) or is_unsolicited(line))


def command_prefix(text: str) -> str:
    """Return `+CREG` of `AT+CREG?`, "" where the command has no prefix."""
    return prefix_of(text[2:].rstrip("?").partition("=")[0]) if text[:2] == "AT" else ""
