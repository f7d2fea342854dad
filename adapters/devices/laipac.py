"""`laipac` over TCP and UDP: StarLoc and S-911; NMEA-like lines with a checksum.

A lower-case status asks for `$EAVACK`; an SOS, a tamper and some others ask for a
`$AVCFG` order that ends them on the device, and so leave only once they are durable.
The password in it is the factory's, since it goes to whoever names the device; one with
another password repeats its event.
"""

import re

from adapters.devices.checksums import xor8
from adapters.devices.coordinates import degrees_of
from adapters.devices.draft import KNOT_MPS, Draft
from adapters.devices.reading import (
    UnreadableError,
    decimal,
    device_id,
    integer,
    moment_of_digits,
    text_of,
)
from adapters.devices.session import Cut, DatagramSession, StreamSession
from adapters.devices.torn import Torn, named_by
from engine.ports.device import Decoded, ReportKind, Transport, WireSession
from engine.values import DeviceId, Instant, Signal


class Laipac:
    """The wire protocol over TCP, found by entry point."""

    name = "laipac"
    transport = Transport.TCP
    port = 5048

    def session(self) -> WireSession:
        """Start with an empty buffer; each line names its device."""
        return StreamSession(LaipacDecoder(), torn=_TORN)


class LaipacUdp:
    """The wire protocol over UDP, found by entry point."""

    name = Laipac.name
    transport = Transport.UDP
    port = Laipac.port

    def session(self) -> WireSession:
        """Start with nothing."""
        return DatagramSession(LaipacDecoder(), torn=_TORN)


class LaipacDecoder:
    """What is known of one connection: which device last named itself."""

    name = Laipac.name
    frame_bytes_max = 1024

    def __init__(self) -> None:
        """Start before any line."""
        self.device: DeviceId | None = None

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first line: from its dollar to its checksum, or to its end."""
        start = buffer.find(b"$")
        if start < 0:
            return Cut(len(buffer), 0)
        again = buffer.find(b"$", start + 1)
        end = _END.search(buffer, start, again if again >= 0 else len(buffer))
        if end is not None:
            return Cut(start, end.end() - start)
        if again >= 0:
            return Cut(again, 0)
        return Cut(start, 0) if start and not final else None

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one line."""
        body, _, check = text_of(frame[1:].rstrip()).partition("*")
        kind, *fields = body.split(",")
        if len(fields) < (1 if check else _NAMED_FIELDS):
            message = "no device"
            raise UnreadableError(message)
        self.device = device_id(fields[0])
        draft = Draft(
            protocol=self.name,
            frame=frame,
            received_at=received_at,
            device=self.device,
            checksum_ok=_holds(body, check) if check else None,
        )
        answer = b""
        if kind == "AVRMC":
            _read_report(fields, draft)
            answer = _answer(fields, check)
        elif kind == "ECHK":
            draft.kind = ReportKind.HEARTBEAT
            answer = frame + b"\r\n"
        elif kind in _QUIET:
            draft.kind = ReportKind.HEARTBEAT
            for name, at in _SYSTEM.get(kind, ()):
                if len(fields) > at and fields[at]:
                    draft.attributes[name] = fields[at][:_CHARS_MAX]
        else:
            draft.kind = ReportKind.UNDECODABLE
        if not check:  # some of it may be missing
            draft.torn()
            answer = b""
        return Decoded(reports=(draft.finish(),), answer=answer)


def _holds(body: str, check: str) -> bool:
    return xor8(body.encode("latin-1")) == integer(check, radix=16)


def _read_report(fields: list[str], draft: Draft) -> None:
    """Read a report, its event first."""
    if len(fields) <= _EVENT:
        message = "shorter than its event"
        raise UnreadableError(message)
    event = fields[_EVENT]
    draft.look_up("event", event, _EVENTS)
    draft.attributes["event"] = event[:_CHARS_MAX]
    draft.attributes["status"] = fields[2][:_CHARS_MAX]
    if event in _INPUTS:
        draft.flag("in1", event in "BDPR")
        draft.flag("in2", event in "CDQR")
    try:
        _read_rest(fields, draft)
    except UnreadableError:
        draft.attributes["incomplete"] = "true"


def _read_rest(fields: list[str], draft: Draft) -> None:
    draft.device_at = moment_of_digits(fields[9], fields[1], day_first=True)
    draft.locate(
        degrees_of(fields[3], fields[4]),
        degrees_of(fields[5], fields[6]),
        valid=fields[2].upper() in {"A", "R", "P"},
    )
    draft.speed_mps = decimal(fields[7]) * KNOT_MPS
    draft.course_deg = decimal(fields[8])
    battery, kilometres, *_ = [*fields[11:13], "", ""]
    # Volts with a point, millivolts without.
    draft.scaled("battery_v", battery, units=1 if "." in battery else 1000)
    draft.scaled("odometer_m", kilometres, units=1 / 1000)
    if len(fields) > _WIRES:
        draft.attributes["gps"] = fields[_WIRES - 1][:_CHARS_MAX]
        draft.number("adc1", fields[_WIRES])
        draft.number("adc2", "".join(fields[_WIRES + 1 : _WIRES + 2]))
    if len(fields) > _CELL + 1:
        cell, network = fields[_CELL], fields[_CELL + 1]
        if len(cell) == _CELL_DIGITS and len(network) == _NETWORK_DIGITS:
            mcc, mnc = integer(network[:3]), integer(network[3:])
            lac, cid = (integer(part, radix=16) for part in (cell[:4], cell[4:]))
            draft.cell(mcc, mnc, lac, cid)


def _answer(fields: list[str], check: str) -> bytes:
    status, event = fields[2], fields[_EVENT]
    answer = b""
    if status.islower():
        answer += _line(f"EAVACK,{event},{check}")
    if event in _ORDERS:
        answer += _line(f"AVCFG,{_PASSWORD},{_ORDERS[event]}")
    return answer


def _line(body: str) -> bytes:
    data = body.encode("latin-1")
    return b"$" + data + f"*{xor8(data):02X}\r\n".encode()


_END = re.compile(rb"\*[0-9A-Fa-f]{2}|[\r\n]")
# Without a checksum an id may be cut off where nothing follows it.
_NAMED_FIELDS = 2
_EVENT = 10
_CELL, _CELL_DIGITS, _NETWORK_DIGITS = 16, 8, 6
_PASSWORD = "00000000"  # noqa: S105 - the factory's, printed in every manual
_WIRES = 14
_INPUTS = frozenset("ABCDOPQR")
# What a device says of itself, and where.
_SYSTEM = {
    "AVSYS": (("firmware", 1), ("serial", 2)),
    "EAVSYS": (("iccid", 1), ("number", 2), ("firmware", 4)),
}
_CHARS_MAX = 32
_QUIET = frozenset({"AVSYS", "EAVSYS", "AVSTS", "AVGPS", "EAVGOF"})
_ORDERS = {
    "3": "d",
    "S": "t",
    "T": "t",
    "X": "x",
    "4": "x",
    "Y": "y",
    "Z": "z",
    "M": "m",
}
_EVENTS: dict[str, tuple[Signal, ...]] = {
    "3": (Signal.SOS,),
    "T": (Signal.TAMPERED,),
    "Z": (Signal.LOW_BATTERY,),
    "H": (Signal.POWER_OFF,),
    "5": (Signal.POWER_CUT,),
    "6": (Signal.OVERSPEED,),
    "8": (Signal.VIBRATION,),
    "4": (Signal.GEOFENCE,),
    "7": (Signal.GEOFENCE,),
    "X": (Signal.GEOFENCE,),
    "Y": (Signal.MOVEMENT,),
    # A plain report, inputs, a tamper that is over, a mileage.
    "0": (),
    "A": (),
    "B": (),
    "C": (),
    "D": (),
    **dict.fromkeys("OPQR", ()),
    "a": (),
    "S": (),
    "M": (),
}
_TORN = Torn(
    begins=re.compile(rb"\$(?:E?AV|ECH)|\A\s*\$[A-Z]{0,2}\Z"),
    named=named_by(re.compile(rb"\$[A-Z]{4,6},([0-9A-Za-z_-]{1,64})[,*]")),
)
