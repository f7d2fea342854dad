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
    if sent is None:
        return None
    if not 0 < row.received_at.ms - sent.ms < KEPT_MAX // timedelta(milliseconds=1):
        return None
    lay = row.received_at.since(sent)
    beyond = (lay + _EARLY) % _HALF_HOUR
    is_zone = lay < _ZONES and beyond < _EARLY + _ON_ITS_WAY
    return None if is_zone or lay <= HELD else sent


def said_at(row: InboundRow) -> Instant:
    """Return the moment at which a message speaks."""
    return sent_before(row) or row.received_at


def dated(text: str, sent: Instant | None) -> str:
    """Return words for HQ, with when they were sent where they are late."""
    if sent is None:
        return text
    return f"{text} [late: sent {sent.to_datetime():%F %H:%M} UTC]".lstrip()


def _stamp(row: InboundRow) -> Instant | None:
    try:
        sent = json.loads(row.body).get("sent_at")
    except (ValueError, AttributeError):
        return None
    return Instant(sent) if isinstance(sent, int) else None
