"""How durations, lists and channels are said to people. Pure."""

from collections.abc import Iterable
from datetime import timedelta

_CHANNELS = {
    "sms": "SMS",
    "call": "a ringing call",
    "email": "e-mail",
    "mastodon": "Mastodon",
}


def span(duration: timedelta) -> str:
    """Return a duration as people say it."""
    seconds = round(duration.total_seconds())
    units = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
    for size, unit in units:
        if seconds >= size and seconds % size == 0:
            number = seconds // size
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{seconds} seconds"


def channel_words(channel: str) -> str:
    """Return a channel as people call it."""
    return _CHANNELS.get(channel, channel)


def listed(words: Iterable[str], joined: str) -> str:
    """Return words as one enumeration: `a, b and c`."""
    *rest, last = list(words)
    return f"{', '.join(rest)} {joined} {last}" if rest else last
