"""The shell around every stream decoder: framing buffer, log-in, nothing dropped."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from adapters.devices.draft import Draft
from adapters.devices.mistakes import tell
from adapters.devices.torn import Torn
from engine.ports.device import Decoded, DeviceReport, ModelOf, ReportKind
from engine.values import DeviceId, Instant

MISTAKES: tuple[type[Exception], ...] = (
    *(ArithmeticError, AssertionError, AttributeError),
    *(LookupError, TypeError, ValueError),
)
"""What a decoder may get wrong and must not lose a frame by: it is shown all the
same. `UnreadableError` is the only one that any raises on purpose; the log has the
others."""

_BLANKS = b" \t\r\n\0"
_ANY = Torn()


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the next frame stands: `skip` bytes belong to none, then `take` bytes do.

    With `take` 0 the skipped bytes are all that can be told yet.
    """

    skip: int
    take: int


class StreamDecoder(Protocol):
    """What one wire protocol knows of one connection."""

    name: str
    frame_bytes_max: int
    device: DeviceId | None

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first frame; None where more bytes are needed.

        Args:
            buffer: never empty.
            final: no more bytes will come; None then gives the rest up.

        """

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one frame.

        Raises:
            UnreadableError: it does not hold what its type requires.

        """


class StreamSession:
    """A `WireSession` over any stream decoder.

    Every byte ends in a report: as a frame, as an undecodable frame or as what
    stood between frames, unless that was nothing but `blanks`. What stands between is
    one report however small the pieces that it came in. What is not read belongs to the
    device that the connection is known by, else to the one that `torn` finds named in
    it; what names nobody and shows no frame is noise.
    """

    def __init__(
        self, decoder: StreamDecoder, *, blanks: bytes = _BLANKS, torn: Torn = _ANY
    ) -> None:
        """Start with an empty buffer."""
        self._decoder = decoder
        self._torn = torn
        self._blanks = blanks
        self._buffer = b""
        self._between = b""

    @property
    def device(self) -> DeviceId | None:
        """The device that has logged in or named itself on this connection."""
        return self._decoder.device

    def feed(self, data: bytes, received_at: Instant) -> Sequence[Decoded]:
        """Take bytes as they come; return what whole frames they completed."""
        limit = self._decoder.frame_bytes_max
        answers: list[Decoded] = []
        for start in range(0, len(data), limit):
            self._buffer += data[start : start + limit]
            answers += self._drain(received_at, final=False)
            if len(self._buffer) > limit:
                answers += self._drain(received_at, final=True)
        return answers

    def finish(self, received_at: Instant) -> Sequence[Decoded]:
        """Give up waiting: what is still in the buffer becomes reports."""
        return self._drain(received_at, final=True)

    def _drain(self, received_at: Instant, *, final: bool) -> list[Decoded]:
        done: list[Decoded] = []
        while self._buffer:
            try:
                cut = self._decoder.cut(self._buffer, final=final)
            except MISTAKES as mistake:
                tell(self._decoder.name, mistake)
                # Nobody knows where the frame ends: all of it is shown.
                cut = Cut(len(self._buffer), 0)
            if cut is None or cut.skip + cut.take <= 0:
                if not final:
                    break
                cut = Cut(len(self._buffer), 0)
            end = cut.skip + cut.take
            frame = self._buffer[cut.skip : end]
            self._between += self._buffer[: cut.skip]
            self._buffer = self._buffer[end:]
            if frame:
                done += self._give_up_between(received_at)
                done.append(self._decode(frame, received_at))
        if final or len(self._between) > self._decoder.frame_bytes_max:
            done += self._give_up_between(received_at)
        return done

    def _give_up_between(self, received_at: Instant) -> list[Decoded]:
        between, self._between = self._between, b""
        told = between.strip(self._blanks) if self._blanks else between
        if not told:
            return []
        return [Decoded(reports=(self._unread(between, received_at),))]

    def _decode(self, frame: bytes, received_at: Instant) -> Decoded:
        try:
            decoded = self._decoder.decode(frame, received_at)
        except MISTAKES as mistake:
            tell(self._decoder.name, mistake)
            return Decoded(reports=(self._unread(frame, received_at),))
        if any(report.kind is ReportKind.UNDECODABLE for report in decoded.reports):
            return replace(decoded, reports=tuple(map(self._judged, decoded.reports)))
        return decoded

    def _unread(self, raw: bytes, received_at: Instant) -> DeviceReport:
        device = self._decoder.device or self._torn.named(raw)
        report = undecodable(self._decoder.name, raw, received_at, device=device)
        return self._judged(report)

    def _judged(self, report: DeviceReport) -> DeviceReport:
        """Return a report, as noise where it is unread and shows no frame."""
        is_unread = report.kind is ReportKind.UNDECODABLE and report.device is None
        if is_unread and not self._torn.begins.search(report.raw):
            return replace(report, kind=ReportKind.NOISE)
        return report


class ModelDecoder(StreamDecoder, Protocol):
    """One that reads some frames by the model of their device."""

    model_of: ModelOf


def no_model(device: DeviceId) -> str:
    """Return that nothing is known of a device's model."""
    del device
    return ""


class ModelSession(StreamSession):
    """A session of a wire protocol some of whose models differ."""

    def __init__(self, decoder: ModelDecoder, *, torn: Torn = _ANY) -> None:
        """Start with an empty buffer, and no model known."""
        super().__init__(decoder, torn=torn)
        self._of_model = decoder

    def know_models(self, model_of: ModelOf) -> None:
        """Read frames by their device's model from now on."""
        self._of_model.model_of = model_of


class DatagramSession:
    """A `WireSession` whose every datagram is whole: the buffer ends with it."""

    def __init__(self, decoder: StreamDecoder, *, torn: Torn = _ANY) -> None:
        """Start with nothing."""
        self._session = StreamSession(decoder, torn=torn)

    @property
    def device(self) -> DeviceId | None:
        """The device that has named itself from this peer."""
        return self._session.device

    def feed(self, data: bytes, received_at: Instant) -> Sequence[Decoded]:
        """Take one datagram; return what it held."""
        return [
            *self._session.feed(data, received_at),
            *self._session.finish(received_at),
        ]

    def finish(self, received_at: Instant) -> Sequence[Decoded]:
        """Return nothing: no datagram is ever half read."""
        return self._session.finish(received_at)


def undecodable(
    protocol: str, raw: bytes, received_at: Instant, *, device: DeviceId | None
) -> DeviceReport:
    """Return the report of bytes that could not be read; HQ sees its hex."""
    return Draft(
        protocol=protocol,
        frame=raw,
        received_at=received_at,
        device=device,
        kind=ReportKind.UNDECODABLE,
    ).finish()
