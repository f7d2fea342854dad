"""How long the network held a short message before it came. Pure.

A service centre stamps each message as it takes it. Believed or not, the stamp makes
nothing less of an alarm: a call for help raises whenever it was sent, and what would
calm, and is late, does not.
"""

from datetime import timedelta

from engine.modems.stamps import is_late, is_zones, lay_of
from engine.ports.journal import InboundRow
from engine.stored import read_plain
from engine.values import Instant


def sent_before(row: InboundRow) -> Instant | None:
    """Return when a message that is late was sent; None for one that counts as now."""
    sent = _stamp(row)
    return sent if sent is not None and is_late(_lay(row)) else None


def is_of_a_zone(row: InboundRow) -> bool:
    """Say whether a message counts as now though it may have lain for as long.

    Its stamp alone cannot tell, nor do other stamps: they may be of another centre,
    since each is that of the sender's network, and one may stamp by several clocks.
    """
    return is_zones(_lay(row))


def stamp_of(row: InboundRow) -> Instant | None:
    """Return the stamp that HQ reads beside a message: late, or a zone's perhaps."""
    return _stamp(row) if is_of_a_zone(row) else sent_before(row)


def said_at(row: InboundRow) -> Instant:
    """Return the moment at which a message speaks."""
    return sent_before(row) or row.received_at


def dated(text: str, row: InboundRow) -> str:
    """Return words for HQ, with when they were sent, or may have been, if not now."""
    sent = stamp_of(row)
    if sent is None:
        return text
    said = "by its network's clock sent" if is_of_a_zone(row) else "late: sent"
    return f"{text} [{said} {sent.to_datetime():%F %H:%M} UTC]".lstrip()


def _lay(row: InboundRow) -> timedelta:
    sent = _stamp(row)
    return timedelta(0) if sent is None else lay_of(row.received_at, sent)


def _stamp(row: InboundRow) -> Instant | None:
    try:
        sent = read_plain(row.body).get("sent_at")
    except (ValueError, AttributeError):
        return None
    return Instant(sent) if isinstance(sent, int) else None
