"""Which devices speak that nobody has enrolled: for whoever sets one up.

One with a slip in its id is answered like any other, and its positions are nobody's:
without this nothing would tell until it is pressed. In memory, and bounded, since
anybody may name as many as they like.
"""

from msgspec import Struct

from engine.ports.device import DeviceReport
from engine.values import DeviceId, Instant

STRANGERS_MAX = 256
ID_CHARS_MAX = 64
"""A longer one could not be enrolled."""


class Stranger(Struct, frozen=True, gc=False):
    """The last word of a device that is not enrolled."""

    protocol: str
    at: Instant


class Strangers:
    """The devices that spoke last; who was heard longest ago gives way. Any thread."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._heard: dict[DeviceId, Stranger] = {}

    def met(self, report: DeviceReport) -> None:
        """Note a report of one that is not enrolled; in the door's thread alone."""
        device = report.device
        if device is None or len(device) > ID_CHARS_MAX:
            return
        self._heard.pop(device, None)
        self._heard[device] = Stranger(report.protocol, report.received_at)
        if len(self._heard) > STRANGERS_MAX:
            self._heard.pop(next(iter(self._heard)))

    def latest(self) -> list[tuple[DeviceId, Stranger]]:
        """Return all of them, who spoke last first."""
        return list(self._heard.items())[::-1]  # in one step: the door adds meanwhile


def alike(device: str) -> str:
    """Return an id as it is whoever typed it: without its case and leading zeros."""
    return device.strip().casefold().lstrip("0")
