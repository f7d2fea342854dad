"""What is left of a frame that is torn: whether it was one, and whose it is."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from adapters.devices.reading import text_of
from engine.values import DeviceId

Named = Callable[[bytes], DeviceId | None]
"""Whose bytes are, by an id that stands whole in them; never by a shortened one."""

_ANYTHING = re.compile(rb"")


def nobody(raw: bytes) -> DeviceId | None:
    """Return None: frames of this wire protocol do not name their device."""
    del raw
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Torn:
    """By what a wire protocol's frames are known when they cannot be read.

    `begins` finds where a frame begins, or bytes that are nothing but the beginning
    of one; what it does not find in bytes that name nobody is noise. `named` is asked
    where the connection does not say who speaks.
    """

    begins: re.Pattern[bytes] = _ANYTHING
    named: Named = nobody


def named_by(pattern: re.Pattern[bytes]) -> Named:
    """Return what reads an id by a pattern.

    Args:
        pattern: its only group that takes part is the id, and what ends the id is
            in the pattern too, so that one that was cut is none.

    """

    def named(raw: bytes) -> DeviceId | None:
        found = pattern.search(raw)
        if found is None or found.lastindex is None:
            return None
        return DeviceId(text_of(found[found.lastindex]))

    return named
