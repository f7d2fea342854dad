"""`minifinder` over TCP: EV-07S, EV-07W, MiniFinder Pico; text that ends with `;`.

`!1,IMEI;` logs in, `!D` is a live report, `!B` one out of the device's memory. All
alarms are bits of one word. No answer is due.
"""

import re

from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.framing import cut_between
from adapters.devices.reading import (
    UnreadableError,
    decimal,
    device_id,
    integer,
    moment,
    text_of,
)
from adapters.devices.session import Cut, StreamSession
from adapters.devices.torn import Torn
from engine.ports.device import Decoded, ReportKind, Transport, WireSession
from engine.values import DeviceId, Instant, Signal


class Minifinder:
    """The wire protocol, found by entry point."""

    name = "minifinder"
    transport = Transport.TCP
    port = 5062

    def session(self) -> WireSession:
        """Start with an empty buffer and no log-in."""
        return StreamSession(MinifinderDecoder(), torn=_TORN)


class MinifinderDecoder:
    """What is known of one connection: who logged in."""

    name = Minifinder.name
    frame_bytes_max = 1024

    def __init__(self) -> None:
        """Start before the log-in."""
        self.device: DeviceId | None = None

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first message."""
        return cut_between(buffer, opening=b"!", closing=(b";",), final=final)

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one message."""
        kind, *fields = text_of(frame).strip("!;").split(",")
        draft = Draft(
            protocol=self.name,
            frame=frame,
            received_at=received_at,
            device=self.device,
        )
        if kind == "1" and fields:
            self.device = draft.device = device_id(fields[0])
            draft.kind = ReportKind.LOGIN
        elif kind == "5":
            draft.kind = ReportKind.HEARTBEAT
            if len(fields) > _STATUS_BATTERY:
                draft.battery_text(fields[_STATUS_BATTERY])
        elif kind in _QUIET:
            draft.kind = ReportKind.HEARTBEAT
            draft.attributes["type"] = kind
            if kind == "3":
                draft.said(",".join(fields))
            elif kind == "4":
                _read_numbers(fields[1:4], draft)
        elif kind in _PLACES:
            draft.buffered = kind == "B"
            draft.attributes["type"] = kind
            _read_report(kind, fields, draft)
        else:
            draft.kind = ReportKind.UNDECODABLE
        return Decoded(reports=(draft.finish(),))


def _read_numbers(numbers: list[str], draft: Draft) -> None:
    """Keep the telephone numbers that the device calls, up to three."""
    for place, number in enumerate(numbers, 1):
        if number:
            draft.attributes[f"number{place}"] = number[:_NUMBER_CHARS_MAX]


def _read_report(kind: str, fields: list[str], draft: Draft) -> None:
    """Read a report, its alarm bits first; `!A` has a place and nothing else."""
    flags = _VALID
    if len(fields) <= (_LONGITUDE if kind == "A" else _FLAGS):
        message = "shorter than its place and flags"
        raise UnreadableError(message)
    if kind != "A":
        flags = integer(fields[_FLAGS], radix=16)
        draft.bits("flags", flags, _SIGNALS, held=True)
        if len(fields) <= _BATTERY:
            draft.torn()
            return
    try:
        _read_rest(kind, fields, flags, draft)
    except UnreadableError:
        if kind == "A":
            raise
        draft.attributes["incomplete"] = "true"


def _read_rest(kind: str, fields: list[str], flags: int, draft: Draft) -> None:
    parts = [*fields[0].split("/"), *fields[1].split(":")]
    if len(parts) == _MOMENT_PARTS:
        day, month, year, *clock = (integer(part) for part in parts)
        draft.device_at = moment(year, month, day, *clock)
    draft.locate(decimal(fields[2]), decimal(fields[3]), valid=bool(flags & _VALID))
    if kind != "A":
        draft.speed_mps = decimal(fields[4]) * KMH_MPS
        draft.course_deg = decimal(fields[5])
        draft.altitude_m = decimal(fields[7])
        draft.battery_percent(decimal(fields[_BATTERY]))
        draft.flag("charging", flags >> 22 & 1)
        draft.attributes["gsm"] = str(flags >> 16 & 0x1F)
        if kind == "D":
            for name, text in zip(_GPS, fields[_BATTERY + 1 :], strict=False):
                draft.number(name, text)


_PLACES = frozenset("ABCD")
_QUIET = frozenset("234")
_VALID = 3
_LONGITUDE, _FLAGS, _BATTERY, _STATUS_BATTERY = 3, 6, 8, 2
_MOMENT_PARTS = 6
_NUMBER_CHARS_MAX = 24
_GPS = ("satellites", "satellites_in_view", "hdop")
_SIGNALS = {
    2: (Signal.FAULT,),
    6: (Signal.SOS,),
    7: (Signal.OVERSPEED,),
    8: (Signal.FALL,),
    9: (Signal.GEOFENCE,),
    10: (Signal.GEOFENCE,),
    11: (Signal.GEOFENCE,),
    12: (Signal.LOW_BATTERY,),
    14: (Signal.MOVEMENT,),
    15: (Signal.MOVEMENT,),
}
_TORN = Torn(begins=re.compile(rb"![0-9A-D],|\A\s*!.?\Z"))
