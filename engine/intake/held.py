"""How long the network held a short message before it came. Pure.

A service centre stamps each message as it takes it (TP-SCTS, 3GPP TS 23.040,
9.2.3.11): a claim of somebody else's clock and zone. Believed or not, it makes nothing
less of an alarm: a call for help raises whenever it was sent, and what would calm, and
is late, does not.
"""

import json
from datetime import timedelta

from engine.ports.journal import InboundRow
from engine.values import Instant

HELD = timedelta(minutes=10)
"""What lay longer is late."""
KEPT_MAX = timedelta(weeks=63)
"""Nobody can ask a centre to keep one longer (TP-VP): its clock is not set."""
_ZONES = timedelta(hours=26)
"""Between the clocks of the first and of the last zone on Earth."""
_HALF_HOUR = timedelta(minutes=30)
_EARLY, _ON_ITS_WAY = timedelta(minutes=1), timedelta(minutes=2)


def sent_before(row: InboundRow) -> Instant | None:
    """Return when a message that is late was sent; None for one that counts as now.

    A centre that leaves its zone out, or names another, is off by whole half hours
    where it is behind. So what lay for as much, give or take its way, is of now.
    """
    sent = _stamp(row)
    return None if sent is None or _lay(row, sent) <= HELD or is_zones(row) else sent


def is_zones(row: InboundRow) -> bool:
    """Say whether a message counts as now though it may have lain for as long.

    Its stamp alone cannot tell, nor do other stamps: they may be of another centre,
    since each is that of the sender's network, and one may stamp by several clocks.
    """
    sent = _stamp(row)
    lay = timedelta(0) if sent is None else _lay(row, sent)
    beyond = (lay + _EARLY) % _HALF_HOUR
    return HELD < lay < _ZONES and beyond < _EARLY + _ON_ITS_WAY


def stamp_of(row: InboundRow) -> Instant | None:
    """Return the stamp that HQ reads beside a message: late, or a zone's perhaps."""
    return _stamp(row) if is_zones(row) else sent_before(row)


def _lay(row: InboundRow, sent: Instant) -> timedelta:
    """Return for how long it lay; not at all by a stamp that says nothing."""
    lay_ms = row.received_at.ms - sent.ms
    is_known = 0 < lay_ms < KEPT_MAX // timedelta(milliseconds=1)
    return timedelta(milliseconds=lay_ms) if is_known else timedelta(0)


def said_at(row: InboundRow) -> Instant:
    """Return the moment at which a message speaks."""
    return sent_before(row) or row.received_at


def dated(text: str, row: InboundRow) -> str:
    """Return words for HQ, with when they were sent, or may have been, if not now."""
    sent = stamp_of(row)
    if sent is None:
        return text
    said = "by its network's clock sent" if is_zones(row) else "late: sent"
    return f"{text} [{said} {sent.to_datetime():%F %H:%M} UTC]".lstrip()


def _stamp(row: InboundRow) -> Instant | None:
    try:
        sent = json.loads(row.body).get("sent_at")
    except (ValueError, AttributeError):
        return None
    return Instant(sent) if isinstance(sent, int) else None
