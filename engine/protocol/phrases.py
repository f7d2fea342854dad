"""How a duration is said to HQ, in English. Pure."""

from datetime import timedelta

from engine.protocol.agreed import words
from engine.protocol.language import FALLBACK


def span(duration: timedelta) -> str:
    """Return a duration as people say it."""
    return words(duration, FALLBACK)
