"""What scanners ask of a web server, told from what a telephone may say. Pure.

A request that came whole, names nobody and signals nothing is noise where it has not
even a field of `osmand`, nor the beginning of one, nor a word of distress anywhere.
What broke off is never noise: the rest of it may have been an SOS.
"""

import re
from collections.abc import Iterable
from urllib.parse import unquote_plus

_FIELDS = (
    "accuracy",
    "activity",
    "alarm",
    "altitude",
    "batt",
    "bearing",
    "cell",
    "charge",
    "coords",
    "device",
    "event",
    "extras",
    "heading",
    "hdop",
    "id",
    "lat",
    "level",
    "location",
    "lon",
    "motion",
    "odometer",
    "speed",
    "steps",
    "timestamp",
    "until",
    "valid",
    "wifi",
)
_WORDS = ("alarm", "sos", "help", "panic", "emergency")
_IN_JSON = re.compile(r'"([^"]{0,64})"\s{0,8}:')
"""Keys at any depth: of a document only those at their place become fields."""

_BYTES_MAX = 8 * 1024
"""No longer request is looked through: it counts as what may be a device's."""


def is_noise(raw: bytes, keys: Iterable[str]) -> bool:
    """Say whether a whole request of nobody can be no device's.

    Args:
        raw: all of it that is kept.
        keys: the names of its fields, of every report that it may be.

    """
    if len(raw) > _BYTES_MAX or any(map(_may_be_ours, keys)):
        return False
    # Twice, since whoever relays a request may write it so once more.
    said = unquote_plus(unquote_plus(raw.decode("latin-1"))).casefold()
    if "\\u" in said or any(word in said for word in _WORDS):
        return False
    return not any(map(_may_be_ours, _IN_JSON.findall(said)))


def _may_be_ours(key: str) -> bool:
    name = key.strip().casefold()
    return any(one.startswith(name) or name.startswith(one) for one in _FIELDS)
