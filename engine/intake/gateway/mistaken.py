"""What a decoder's own mistake leaves: its bytes, in front of a person.

No decoder may raise. One of somebody else's that does all the same must cost nothing
but the reading: there may be an SOS in what it had.
"""

import logging
from collections.abc import Callable, Sequence

from engine.ports.device import Decoded, DeviceReport, ReportKind, WireSession
from engine.values import DeviceId, Instant

KEPT_BYTES_MAX = 4096
"""Longer than what is shown of a frame."""
SAID = "a wire protocol's decoder made a mistake; its bytes are shown to HQ"

logger = logging.getLogger(__name__)


def unread(
    protocol: str, raw: bytes, received_at: Instant, *, device: DeviceId | None = None
) -> DeviceReport:
    """Return the report of bytes over which a decoder raised."""
    return DeviceReport(
        protocol=protocol,
        kind=ReportKind.UNDECODABLE,
        device=device,
        received_at=received_at,
        raw=raw,
        no_fix_reason="not_sent",
    )


class Caught:
    """A `WireSession` that never raises, over one that should not.

    After a mistake nobody knows what state the session is in: the connection is to end
    without an answer, so that the device says it again to a new one.
    """

    def __init__(self, session: WireSession, protocol: str) -> None:
        """Stand before `session`."""
        self._session, self._protocol = session, protocol
        self._kept = b""
        self.is_lost = False

    @property
    def device(self) -> DeviceId | None:
        """The device that speaks, where the session can still say."""
        try:
            return self._session.device
        except Exception:  # noqa: BLE001 - an adapter's; must not cost the bytes
            return None

    def feed(self, data: bytes, received_at: Instant) -> Sequence[Decoded]:
        """Take bytes; those that may not have been read yet are kept for showing."""
        kept = self._kept + data
        done = self._tried(
            lambda: self._session.feed(data, received_at), kept, received_at
        )
        # Behind a frame there may stand the first half of the next.
        self._kept = (data if done else kept)[-KEPT_BYTES_MAX:]
        if self.is_lost:
            self._kept = b""
        return done

    def finish(self, received_at: Instant) -> Sequence[Decoded]:
        """Return what is still in the buffer."""
        kept, self._kept = self._kept, b""
        return self._tried(lambda: self._session.finish(received_at), kept, received_at)

    def _tried(
        self, read: Callable[[], Sequence[Decoded]], kept: bytes, received_at: Instant
    ) -> list[Decoded]:
        done: list[Decoded] = []
        try:
            done.extend(read())
        except Exception:  # an adapter's; must not cost the bytes
            logger.exception(SAID, extra={"protocol": self._protocol})
            self.is_lost = True
            if kept:
                report = unread(self._protocol, kept, received_at, device=self.device)
                done.append(Decoded(reports=(report,), close=True))
        return done
