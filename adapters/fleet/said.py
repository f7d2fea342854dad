"""What a simulated device wants to say, the bytes it becomes, the answer it is due."""

from dataclasses import dataclass
from typing import Protocol

from engine.ports.device import Transport
from engine.values import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One report, whatever the wire protocol; `serial` counts from 1."""

    device: str
    at: Instant
    lat_deg: float
    lon_deg: float
    serial: int
    sos: bool = False
    battery_percent: int = 80


@dataclass(frozen=True, slots=True)
class Due:
    """The answer to a frame: exact bytes, but for what the server's clock says.

    It begins with `begins`; then come `more` bytes of any kind, or anything up to and
    with `ends`.
    """

    begins: bytes
    more: int = 0
    ends: bytes = b""

    def size_in(self, buffer: bytes) -> int | None:
        """Return how long the answer at the front is; None where it is not whole.

        0 where something else stands there.
        """
        head = self.begins
        if not buffer.startswith(head):
            return None if head.startswith(buffer) else 0
        if not self.ends:
            whole = len(head) + self.more
            return whole if len(buffer) >= whole else None
        end = buffer.find(self.ends, len(head))
        return None if end < 0 else end + len(self.ends)


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes to send, and the answer; None where the wire protocol has none."""

    data: bytes
    due: Due | None = None


class Handset(Protocol):
    """A device as its wire protocol sees it: the encoder, and what answers it."""

    name: str
    transport: Transport
    port: int

    def log_in(self, device: str) -> Frame | None:
        """Return what it says first on a connection; None where it says nothing.

        What has an answer is waited for before anything else is said.
        """

    def report(self, said: Said) -> Frame:
        """Return a report with its position, an SOS where it is one."""
