"""Coordinates as text: degrees and minutes run together, with a hemisphere."""

import re

from adapters.devices.reading import UnreadableError, decimal


def degrees_of(text: str, hemisphere: str) -> float:
    """Return signed degrees of `ddmm.mmmm`, `dddmm.mmmm` or bare minutes.

    Args:
        text: the last two digits before the point are minutes (NMEA 0183).
        hemisphere: N, S, E, W, or empty where the device leaves it out.

    Raises:
        UnreadableError: the text is none, or has 60 minutes or more.

    """
    found = _RUN_TOGETHER.fullmatch(text.strip())
    if found is None:
        message = "not degrees and minutes"
        raise UnreadableError(message)
    minutes = decimal(found["minutes"])
    if minutes >= _MINUTES:
        message = "60 minutes and more"
        raise UnreadableError(message)
    degrees = decimal(found["degrees"] or "0") + minutes / _MINUTES
    return -degrees if hemisphere in {"S", "W"} else degrees


_MINUTES = 60
_RUN_TOGETHER = re.compile(r"(?P<degrees>\d{0,3}?)(?P<minutes>\d{1,2}(?:\.\d{1,8})?)")
