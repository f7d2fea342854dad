"""`gt06` over TCP: Concox, Jimi and the most cloned binary wire protocol of all.

A frame is `7878 | length u8 | type | content | serial u16 | CRC u16 | 0D0A`, or
`7979` with a length of two bytes. An alarm can stand in two places at once, in the
status byte and in the alarm byte, and in a heartbeat without any place: all of them
are read into one set. The CRC (X-25 over length to serial) is checked and flagged;
a frame whose CRC is wrong is a report like any other.
"""

import re
from datetime import timedelta

from adapters.devices import gt06_tables as tables
from adapters.devices.draft import Draft
from adapters.devices.gt06_cells import is_network_cells
from adapters.devices.gt06_content import Known, is_dated_cells, read_content
from adapters.devices.gt06_packet import (
    BASIC,
    EXTENDED,
    TAIL,
    Packet,
    checksum_holds,
    frame_of,
)
from adapters.devices.reading import Reader, UnreadableError
from adapters.devices.session import Cut, ModelSession, no_model
from adapters.devices.torn import Torn
from engine.ports.device import (
    Decoded,
    ModelOf,
    ReportKind,
    Transport,
    WireSession,
)
from engine.values import DeviceId, Instant


class Gt06:
    """The wire protocol, found by entry point."""

    name = "gt06"
    transport = Transport.TCP
    port = 5023

    def session(self) -> WireSession:
        """Start with an empty buffer and no log-in."""
        return ModelSession(Gt06Decoder(), torn=_TORN)


class Gt06Decoder:
    """What is known of one connection: who logged in, and the zone of its clock."""

    name = Gt06.name
    frame_bytes_max = 4096

    def __init__(self) -> None:
        """Start before the log-in."""
        self.device: DeviceId | None = None
        self.model_of: ModelOf = no_model
        self._zone = timedelta(0)

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first frame by its length, else by its end.

        Some models send a count where the length belongs. A frame that never ends
        must not swallow the SOS behind it, so a whole one inside wins.
        """
        start = _marker(buffer, 0)
        if start is None:
            keeps = 0 if final else int(buffer[-1:] in {b"\x78", b"\x79"})
            return Cut(len(buffer) - keeps, 0)
        end = _claimed_end(buffer, start)
        if end is None or end > len(buffer):
            inner = _whole_inside(buffer, start, sure=not final)
            if inner is not None:
                return Cut(inner, 0)
            if final or checksum_holds(buffer[start:]):
                return _by_tail(buffer, start)
            return None
        if buffer[end - 2 : end] == TAIL and checksum_holds(buffer[start:end]):
            return Cut(start, end - start)
        for last in (end + 2, end):  # some models leave the CRC out of the length
            if buffer[last - 2 : last] == TAIL:
                inner = _whole_inside(buffer[:last], start, sure=False)
                return Cut(start, last - start) if inner is None else Cut(inner, 0)
        inner = _whole_inside(buffer, start, sure=False)
        return Cut(inner, 0) if inner is not None else _by_tail(buffer, start)

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one frame; one with an SOS in it is a report even where torn."""
        packet = Packet.of(frame)
        if packet.type == tables.LOGIN:
            return self._log_in(packet, frame, received_at)
        draft = Draft(
            protocol=self.name,
            frame=frame,
            received_at=received_at,
            device=self.device,
            sequence=packet.serial,
            checksum_ok=None if packet.is_bare else packet.checksum_ok,
        )
        answer = _answer(packet, received_at)
        if not (packet.extended or packet.type in tables.QUIET):
            draft.attributes["type"] = str(packet.type)
        try:
            read_content(packet, draft, self._known())
        except UnreadableError:
            draft.torn()
            if not draft.signals and not packet.checksum_ok:
                answer = b""
        return Decoded(reports=(draft.finish(),), answer=answer)

    def _known(self) -> Known:
        model = "" if self.device is None else self.model_of(self.device)
        return Known(zone=self._zone, family=tables.family_of(model))

    def _log_in(self, packet: Packet, frame: bytes, received_at: Instant) -> Decoded:
        content = Reader(packet.content)
        self.device = DeviceId(content.take(8).hex()[1:])
        self._zone = timedelta(0)
        if content.left >= _TYPE_AND_ZONE:
            content.take(2)
            zone = content.unsigned(2)
            hours, minutes = divmod(zone >> 4, 100)
            ahead = timedelta(hours=hours, minutes=minutes)
            if ahead <= _ZONE_MAX:
                self._zone = -ahead if zone & 8 else ahead
        draft = Draft(
            protocol=self.name,
            frame=frame,
            received_at=received_at,
            device=self.device,
            kind=ReportKind.LOGIN,
            sequence=packet.serial,
            checksum_ok=packet.checksum_ok,
        )
        return Decoded(reports=(draft.finish(),), answer=_answer(packet, received_at))


def _answer(packet: Packet, received_at: Instant) -> bytes:
    kind = packet.type
    if packet.is_bare and not packet.extended:
        return BASIC + bytes((0, kind)) + packet.content[:6] + TAIL
    if packet.serial is None:
        return b""
    if packet.extended and kind != tables.TIME_REQUEST:
        if kind in tables.EXTENDED_ANSWERED_BASIC:
            return frame_of(kind, b"", packet.serial)
        if kind in tables.EXTENDED_CELLS:
            return frame_of(kind, b"", packet.serial, extended=True)
        return b""
    if kind == tables.TIME_REQUEST:
        now = received_at.to_datetime()
        parts = (now.month, now.day, now.hour, now.minute, now.second)
        return frame_of(kind, bytes((now.year % 100, *parts)), 0)
    if kind == tables.ADDRESS_REQUEST:
        content = bytes((len(_NO_ADDRESS),)) + bytes(4) + _NO_ADDRESS
        return frame_of(tables.ADDRESS_RESPONSE, content, 0, extended=True)
    is_cells = is_network_cells(kind, packet.content)
    silent = (kind in tables.UNANSWERED and not is_cells) or (
        kind == tables.COUNTED_CELLS and packet.content[6:7] >= b"\xc0"
    )
    if silent or is_dated_cells(packet):
        return b""
    return frame_of(kind, b"", packet.serial)


def _marker(buffer: bytes, start: int) -> int | None:
    found = [at for at in (buffer.find(m, start) for m in _MARKERS) if at >= 0]
    return min(found) if found else None


def _claimed_end(buffer: bytes, start: int) -> int | None:
    """Return where the frame ends by its length; None where that is not there yet."""
    extended = buffer[start : start + 2] == EXTENDED
    head = 4 if extended else 3
    length = buffer[start + 2 : start + head]
    if len(length) < head - 2:
        return None
    end = start + head + int.from_bytes(length) + 2
    return min(end, start + Gt06Decoder.frame_bytes_max)


def _whole_inside(buffer: bytes, start: int, *, sure: bool) -> int | None:
    """Return where a later frame starts that is whole.

    Args:
        buffer: all that has come.
        start: where the torn frame starts.
        sure: its CRC must hold; else it is enough that it ends where it says.

    """
    at = _marker(buffer, start + 1)
    for _ in range(_MARKERS_MAX):
        if at is None:
            break
        end = _claimed_end(buffer, at)
        fits = end is not None and buffer[end - 2 : end] == TAIL
        if fits and (not sure or checksum_holds(buffer[at:end])):
            return at
        at = _marker(buffer, at + 1)
    return None


def _by_tail(buffer: bytes, start: int) -> Cut | None:
    tail = buffer.find(TAIL, start)
    return None if tail < 0 else Cut(start, tail + 2 - start)


_MARKERS = (BASIC, EXTENDED)
_MARKERS_MAX = 64  # a flood of markers must stay cheap
_TYPE_AND_ZONE = 4
_ZONE_MAX = timedelta(hours=14)
_NO_ADDRESS = b"NA&&NA&&0##"
_TORN = Torn(begins=re.compile(rb"xx|yy|\A[xy]\Z"))
