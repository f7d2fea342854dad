"""What a decoder's own mistake leaves: its bytes, in front of a person.

No decoder may raise, nor return what its port does not have. One of somebody else's
that does all the same must cost nothing but the reading: there may be an SOS in what
it had.
"""

import logging
from collections.abc import Callable, Iterable, Sequence

from engine.intake.gateway.sound import slip_in, sure_of
from engine.ports.device import (
    Decoded,
    DeviceReport,
    KnowsModels,
    ModelOf,
    ReportKind,
    WireSession,
)
from engine.values import DeviceId, Instant, Signal

KEPT_BYTES_MAX = 4096
"""Longer than what is shown of a frame."""
SAID = "a wire protocol's decoder made a mistake; its bytes are shown to HQ"
UNSOUND = (
    "a wire protocol's decoder returned what its port does not have; its bytes are"
    " shown to HQ"
)
NOT_BEGUN = "a wire protocol made no session; what comes is shown to HQ"

logger = logging.getLogger(__name__)


def unread(
    protocol: str,
    raw: bytes,
    received_at: Instant,
    *,
    device: DeviceId | None = None,
    signals: frozenset[Signal] = frozenset(),
) -> DeviceReport:
    """Return the report of bytes over which a decoder made a mistake."""
    return DeviceReport(
        protocol=protocol,
        kind=ReportKind.UNDECODABLE,
        device=device,
        received_at=received_at,
        raw=raw,
        signals=signals,
        no_fix_reason="not_sent",
    )


class Caught:
    """A `WireSession` that never raises, over one that should not.

    Nor does it where the decoder leaves the process, or is one in Rust that panics: the
    loop that hears every device would end by the one, and by neither would HQ hear.

    After a mistake nobody knows what state the session is in: the connection is to end
    without an answer, so that the device says it again to a new one.
    """

    def __init__(
        self,
        begin: Callable[[], WireSession],
        protocol: str,
        model_of: ModelOf | None = None,
    ) -> None:
        """Stand before the session that `begin` makes, if it does."""
        self._protocol = protocol
        self._kept = b""
        self.is_lost = False
        self.session: WireSession | None = None
        """None where it was not made: all that comes is then shown to HQ."""
        try:
            self.session = begin()
            if model_of is not None and isinstance(self.session, KnowsModels):
                self.session.know_models(model_of)
        except BaseException:  # an adapter's; must not cost the bytes
            logger.exception(NOT_BEGUN, extra={"protocol": protocol})
            self.is_lost = True

    @property
    def device(self) -> DeviceId | None:
        """The device that speaks, where the session can still say."""
        try:
            device = None if self.session is None else self.session.device
        except BaseException:  # noqa: BLE001 - an adapter's; must not cost the bytes
            return None
        return device if isinstance(device, str) else None

    def feed(self, data: bytes, received_at: Instant) -> Sequence[Decoded]:
        """Take bytes; those that may not have been read yet are kept for showing."""
        kept = self._kept + data
        done = self._tried(lambda one: one.feed(data, received_at), kept, received_at)
        # Behind a frame there may stand the first half of the next.
        self._kept = (data if done else kept)[-KEPT_BYTES_MAX:]
        if self.is_lost:
            self._kept = b""
        return done

    def finish(self, received_at: Instant) -> Sequence[Decoded]:
        """Return what is still in the buffer."""
        kept, self._kept = self._kept, b""
        return self._tried(lambda one: one.finish(received_at), kept, received_at)

    def _tried(
        self,
        read: Callable[[WireSession], Iterable[Decoded]],
        kept: bytes,
        received_at: Instant,
    ) -> list[Decoded]:
        done: list[Decoded] = []
        unsound: list[Decoded] = []
        is_mistaken = self.session is None
        try:
            for frame in () if self.session is None else read(self.session):
                slip = slip_in(frame)
                (done if slip is None else unsound).append(frame)
                if slip is not None:
                    extra = {"protocol": self._protocol, "problem": slip}
                    logger.error(UNSOUND, extra=extra)
        except BaseException:  # an adapter's; must not cost the bytes
            logger.exception(SAID, extra={"protocol": self._protocol})
            is_mistaken = True
        if is_mistaken or unsound:
            self.is_lost = True
            done += self._unread(kept, received_at, unsound)
        return done

    def _unread(
        self, kept: bytes, received_at: Instant, unsound: Sequence[Decoded]
    ) -> list[Decoded]:
        """Return the bytes, with what could be salvaged of what was made of them."""
        if not (kept or unsound):
            return []
        device, signals = sure_of(unsound)
        report = unread(
            self._protocol,
            kept,
            received_at,
            device=device or self.device,
            signals=signals,
        )
        return [Decoded(reports=(report,), close=True)]
