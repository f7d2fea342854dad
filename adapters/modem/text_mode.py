"""What arrives straight at a modem that has forgotten PDU mode; no store has it. Pure.

A profile that somebody has stored, for sketches that read SMS as texts say, is what a
modem comes back with that has started anew: until it is brought up it speaks so.
"""

import re
from datetime import UTC, datetime, timedelta

from adapters.modem.at import announces_text, fields_of, prefix_of, text_stamp
from adapters.modem.at_replies import number_of
from adapters.modem.inbound import hole, outcome_of
from engine.ports.modem import InboundSms, StatusReport
from engine.values import Instant

FLAG = "text_mode"
_CDS_FIELDS = 7
_OCTET_MAX = 255
_QUARTERS_MAX = 14 * 4
# Digits and a plus, each in two octets (UCS-2).
_WIDE_NUMBER = re.compile(r"(?:00[23][0-9A-Fa-f]){3,}")
_WIDE_TEXT = re.compile(r"(?:[0-9A-Fa-f]{4}){2,}")


def straight(line: str, text: str) -> InboundSms | StatusReport | None:
    """Return what a line and the one behind it say in text mode; None of a PDU.

    Where a text ends nobody can tell: its second line is a line as any other, which an
    answer may have swallowed. It may have had a word of force there, and calms nobody.
    """
    if not announces_text(line):
        return None
    fields = fields_of(line)
    if prefix_of(line) == "+CDS":
        return _report(fields)
    sender = fields[0]
    if _WIDE_NUMBER.fullmatch(sender):
        sender = bytes.fromhex(sender).decode("utf-16-be")
    return InboundSms(
        slot="",
        sender=sender,
        text=_readable(text) + hole(2, 2),
        sent_at=_sent_at(text_stamp(line)),
        pdu=text,
        flags=(FLAG,),
    )


def _report(fields: tuple[str, ...]) -> StatusReport | None:
    """Read `+CDS: fo,mr,ra,tora,scts,dt,st` (TS 27.005, 3.4.1)."""
    if len(fields) < _CDS_FIELDS:
        return None
    reference, status = number_of(fields[1]), number_of(fields[6])
    if reference is None or status is None or not 0 <= status <= _OCTET_MAX:
        return None
    return StatusReport(
        reference=reference,
        recipient=fields[2],
        outcome=outcome_of(status),
        status=status,
    )


def _readable(text: str) -> str:
    """Return a text, with what its digits spell where they may be UCS-2 in hex."""
    if not _WIDE_TEXT.fullmatch(text):
        return text
    spelt = bytes.fromhex(text).decode("utf-16-be", "replace")
    return f"{spelt} {text}" if "".join(spelt.split()).isprintable() else text


def _sent_at(stamp: str) -> Instant | None:
    """Read `26/12/01,10:00:00+04`, whose zone is in quarters of an hour."""
    time, quarters = stamp[:17], number_of(stamp[17:].removeprefix("+"))
    if quarters is None or abs(quarters) > _QUARTERS_MAX:
        return None
    try:
        local = datetime.strptime(time, "%y/%m/%d,%H:%M:%S").replace(tzinfo=UTC)
        return Instant.from_datetime(local - timedelta(minutes=15 * quarters))
    except (ValueError, OverflowError):
        return None
