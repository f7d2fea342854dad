"""`Retry-After` (RFC 9110, 10.2.3): for how long a far end wants to be left alone."""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

from engine.values import Instant

AFTER_MAX_S = 3600.0
"""No far end is believed more than that, whatever it says."""
_TEXT_MAX = 64
_SECONDS = re.compile(r"[0-9]+")


def after_s(text: str, now: Instant) -> float | None:
    """Return the seconds that a header's text asks for; None where it asks nothing.

    Args:
        text: seconds or an HTTP date, as the far end wrote it: anything at all.
        now: what a date is measured from.

    """
    plain = text.strip()
    if not plain or len(plain) > _TEXT_MAX:
        return None
    if _SECONDS.fullmatch(plain):
        return min(float(plain), AFTER_MAX_S)
    try:
        at = parsedate_to_datetime(plain)
        when = at.replace(tzinfo=UTC) if at.tzinfo is None else at
        seconds = (when - now.to_datetime()).total_seconds()
    except (ValueError, OverflowError, IndexError, TypeError):
        return None  # the standard library's parser has raised each of them
    return min(max(seconds, 0.0), AFTER_MAX_S)
