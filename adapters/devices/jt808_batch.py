"""Batches of `jt808` that come in pieces (JT/T 808, message properties, bit 13).

A piece ends anywhere, also within a record, which goes on in the next one. A record is
read once it is whole; of one that is cut off, the alarm counts at once, since nobody
can know whether the rest comes.
"""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.devices.draft import Draft
from adapters.devices.jt808_frame import Head
from adapters.devices.reading import Reader, UnreadableError
from engine.ports.device import ReportKind
from engine.values import DeviceId

ReadPlace = Callable[[Reader, Draft], None]
"""Reads a record into a draft, its alarm first."""

RECORDS_MAX = 256


@dataclass(slots=True, kw_only=True)
class _Begun:
    """What is known of a batch after one of its pieces."""

    device: DeviceId
    pieces: int
    piece: int
    records_left: int
    buffered: bool
    rest: bytes = b""


class Pieces:
    """The batch that a connection is in the middle of."""

    def __init__(self, read_place: ReadPlace) -> None:
        """Start with none."""
        self._read_place = read_place
        self._begun: _Begun | None = None
        self._last: tuple[Head, bytes] | None = None

    def read(self, head: Head, body: Reader, first: Draft) -> list[Draft]:
        """Read the records that end in this piece; one that is said again has none.

        Raises:
            UnreadableError: it is not the piece that is due.

        """
        piece = body.peek(body.left)
        if self._is_repeated(head, piece):
            first.kind = ReportKind.HEARTBEAT
            return [first]
        begun = self._continued(head, body)
        self._last = head, piece
        reader = Reader(begun.rest + body.rest())
        drafts: list[Draft] = []
        while begun.records_left and len(drafts) < RECORDS_MAX:
            size = int.from_bytes(reader.peek(_SIZE_BYTES))
            if reader.left < _SIZE_BYTES + size:
                break
            reader.take(_SIZE_BYTES)
            drafts.append(_next(first, drafts, begun))
            self._try(Reader(reader.take(size)), drafts[-1])
            begun.records_left -= 1
        begun.rest = reader.rest()
        if head.piece >= head.pieces or len(begun.rest) > _REST_BYTES_MAX:
            self._begun = None
            if begun.rest or begun.records_left:
                drafts.append(self._cut_off(first, drafts, begun))
        elif len(begun.rest) > _SIZE_BYTES:
            cut_off = self._cut_off(first, drafts, begun)
            drafts += [cut_off] if cut_off.signals else []
        if not drafts:
            first.kind = ReportKind.HEARTBEAT
        return drafts or [first]

    def _is_repeated(self, head: Head, piece: bytes) -> bool:
        """Say whether the last piece comes again: its answer was late or lost."""
        if self._last is None or head.piece == 1:
            return False
        last, said = self._last
        same = (last.device, last.pieces, last.piece, said)
        return (head.device, head.pieces, head.piece, piece) == same

    def _continued(self, head: Head, body: Reader) -> _Begun:
        begun, self._begun = self._begun, None
        if head.piece == 1:
            begun = _Begun(
                device=head.device,
                pieces=head.pieces,
                piece=1,
                records_left=body.unsigned(2),
                buffered=body.unsigned(1) > 0,
            )
        elif begun is None or (
            (head.device, head.pieces, head.piece)
            != (begun.device, begun.pieces, begun.piece + 1)
        ):
            message = "a piece of a batch whose last one is not known"
            raise UnreadableError(message)
        begun.piece = head.piece
        self._begun = begun
        return begun

    def _cut_off(self, first: Draft, drafts: list[Draft], begun: _Begun) -> Draft:
        draft = _next(first, drafts, begun)
        self._try(Reader(begun.rest[_SIZE_BYTES:]), draft)
        draft.torn()
        return draft

    def _try(self, record: Reader, draft: Draft) -> None:
        try:
            self._read_place(record, draft)
        except UnreadableError:
            draft.torn()


def _next(first: Draft, drafts: list[Draft], begun: _Begun) -> Draft:
    draft = first.next(len(drafts))
    draft.buffered = begun.buffered
    return draft


_SIZE_BYTES = 2
_REST_BYTES_MAX = 4096
