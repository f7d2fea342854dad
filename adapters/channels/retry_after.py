"""For how long a far end wants to be left alone.

It says so by `Retry-After` (RFC 9110, 10.2.3) or, where it counts requests, by
`X-RateLimit-Reset` alone: Mastodon by a time in ISO 8601, others by seconds since 1970.
"""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

from engine.values import Instant

AFTER_MAX_S = 3600.0
"""No far end is believed more than that, whatever it says."""
_TEXT_MAX = 64
_SECONDS = re.compile(r"[0-9]+")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T")
_SINCE_1970_S = 1e9
"""From here on it is no wait (32 years) but a time, of 2001 or later."""


def after_s(text: str, now: Instant) -> float | None:
    """Return the seconds that a header's text asks for; None where it asks nothing.

    Args:
        text: seconds or a date, as the far end wrote it: anything at all.
        now: what a date is measured from.

    """
    plain = text.strip()
    if not plain or len(plain) > _TEXT_MAX:
        return None
    try:
        seconds = _seconds(plain, now)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None  # the standard library's parsers have raised each of them
    return min(max(seconds, 0.0), AFTER_MAX_S)


def _seconds(plain: str, now: Instant) -> float:
    if _SECONDS.fullmatch(plain):
        seconds = float(plain)
        return seconds if seconds < _SINCE_1970_S else seconds - now.ms / 1000
    if _ISO.match(plain):
        return Instant.parse(plain).since(now).total_seconds()
    at = parsedate_to_datetime(plain)
    when = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return (when - now.to_datetime()).total_seconds()
