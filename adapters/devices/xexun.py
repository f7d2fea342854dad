"""`xexun` over TCP: TK-102 and relatives; a GPRMC sentence with an IMEI behind it.

`time,phone,GPRMC,...,F,alarm, imei:N,satellites,altitude,F:4.15V,...`: some send no
more than `GPRMC,...,imei:N,`, so a message ends there and what follows on the line is
its tail. The word before the IMEI names the alarm, with or without a sentence. What
leads the line, a phone number or the network's name, is kept as `number`. No answer is
due.
"""

import re

from adapters.devices.coban_words import is_alarm, read_word
from adapters.devices.coordinates import degrees_of
from adapters.devices.draft import KNOT_MPS, Draft
from adapters.devices.reading import (
    UnreadableError,
    decimal,
    integer,
    moment_of_digits,
    text_of,
)
from adapters.devices.session import Cut, StreamSession
from adapters.devices.torn import Torn, named_by
from engine.ports.device import Decoded, Transport, WireSession
from engine.values import DeviceId, Instant


class Xexun:
    """The wire protocol, found by entry point."""

    name = "xexun"
    transport = Transport.TCP
    port = 5006

    def session(self) -> WireSession:
        """Start with an empty buffer; each message names its device."""
        return StreamSession(XexunDecoder(), torn=_TORN)


class XexunDecoder:
    """What is known of one connection: the device, and whether a tail is due."""

    name = Xexun.name
    frame_bytes_max = 1024

    def __init__(self) -> None:
        """Start before any message."""
        self.device: DeviceId | None = None
        self._tail_due = False

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first message: up to its IMEI, and on to the end of the line."""
        named = _NAMED.search(buffer)
        line = _line_end(buffer)
        if self._tail_due:
            tail = _TAIL.match(buffer)
            if tail is not None:
                return Cut(0, tail.end())
            if named is None and not final:
                return None
            if named is None and _TAIL_ALONE.fullmatch(buffer):
                return Cut(0, len(buffer))
            self._tail_due = False
        if named is None:
            if not final and _HEAD.search(buffer) and _BREAKS_OFF.search(buffer[-7:]):
                return None
            return Cut(line.end(), 0) if line else None
        if line is not None and line.start() < named.start():
            return Cut(line.end(), 0)
        heads = [h.start() for h in _HEAD.finditer(buffer, 0, named.start())]
        if len(heads) > 1:
            return Cut(_line_start(buffer, heads[-1]), 0)
        if line is not None:
            return Cut(0, line.end())
        return Cut(0, len(buffer) if final else named.end())

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one message; a tail that came for itself says nothing new."""
        text = text_of(frame)
        named = _TEXT_NAMED.search(text)
        if named is None:
            if self._tail_due:
                self._tail_due = not frame.endswith(b"\n")
                return Decoded()
            message = "no device"
            raise UnreadableError(message)
        if text.count("imei:") > 1:
            message = "two messages, the first one torn"
            raise UnreadableError(message)
        self._tail_due = not frame.endswith(b"\n")
        self.device = DeviceId(named["imei"])
        draft = Draft(
            protocol=self.name,
            frame=frame,
            received_at=received_at,
            device=self.device,
        )
        word, signal = named["word"] or "", named["signal"] or ""
        if signal or is_alarm(word):
            read_word(word, draft)
        if signal:
            draft.attributes["gps_signal"] = signal
        try:
            _read_sentence(text[: named.start()], draft)
            _read_tail(text[named.end() :].strip().split(","), draft)
        except UnreadableError:
            draft.attributes["incomplete"] = "true"
        return Decoded(reports=(draft.finish(),))


def _read_sentence(text: str, draft: Draft) -> None:
    found = _SENTENCE.search(text)
    if found is None:
        return
    if found["number"]:
        draft.attributes["number"] = found["number"]
    if found["date"]:
        draft.device_at = moment_of_digits(
            found["date"], found["time"] or "", day_first=True
        )
    if found["speed"]:
        draft.speed_mps = decimal(found["speed"]) * KNOT_MPS
    if found["course"]:
        draft.course_deg = decimal(found["course"])
    if found["lat"] and found["lon"]:
        draft.locate(
            degrees_of(found["lat"], found["ns"] or ""),
            degrees_of(found["lon"], found["ew"] or ""),
            valid=found["valid"] == "A",
        )


def _read_tail(fields: list[str], draft: Draft) -> None:
    if len(fields) > 1:
        draft.number("satellites", fields[0])
        if fields[1]:
            draft.altitude_m = decimal(fields[1])
    if len(fields) > _VOLTS:
        draft.number("battery_v", fields[_VOLTS][2:].partition("V")[0])
    if len(fields) > _CELL:
        mcc, mnc = integer(fields[_CELL - 3]), integer(fields[_CELL - 2])
        lac = integer(fields[_CELL - 1], radix=16)
        draft.cell(mcc, mnc, lac, integer(fields[_CELL], radix=16))


def _line_end(buffer: bytes) -> re.Match[bytes] | None:
    """Find where the first line ends; some break it behind the sentence's sum."""
    lines = _LINE_END.finditer(buffer)
    return next((x for x in lines if not _GOES_ON.match(buffer, x.start() - 3)), None)


def _line_start(buffer: bytes, head: int) -> int:
    """Return where a message starts: its time and phone lead the sentence."""
    led = _LED.search(buffer[:head])
    return led.start() if led else head


_NAMED = re.compile(rb"imei:\d{10,15}(?:,|(?=[\r\n]))")
_LINE_END = re.compile(rb"[\r\n]+")
_GOES_ON = re.compile(rb"\*[0-9A-Fa-f]{2}\r\n,[FL],")
_BREAKS_OFF = re.compile(rb"\*[0-9A-Fa-f]{2}\r(?:\n(?:,[FL]?)?)?\Z")
_HEAD = re.compile(rb"[BG][A-Z]RMC,")
_LED = re.compile(rb"\d{12},[^,]{0,24},$")
_TAIL = re.compile(rb"(?!\d{6,12},[^,]*,[BG][A-Z]RMC)(?![BG][A-Z]RMC)[^\r\n]*[\r\n]+")
_TAIL_ALONE = re.compile(rb"\d{0,3}(?:,-?\d*\.?\d*,[FL]:[^\r\n]*|[A-Z])")
# Some write a word where no letter says whether there is a fix.
_TEXT_NAMED = re.compile(
    r"(?:(?:,(?P<signal>[FL]))?,(?P<word>[^,]{0,24}))?,? ?imei:(?P<imei>\d{10,15}),?"
)
_SENTENCE = re.compile(
    r"(?:(?<=\d,)(?P<number>[^,]{1,24}),)?[BG][A-Z]RMC,(?P<time>\d{6})?(?:\.\d+)?,(?P<valid>[AV]),"
    r"(?P<lat>\d*\.\d+)?,(?P<ns>[NS])?,(?P<lon>\d*\.\d+)?,(?P<ew>[EW])?,"
    r"(?P<speed>\d+\.?\d*)?,(?P<course>\d+\.?\d*)?,(?P<date>\d{6})?,"
)
_CELL, _VOLTS = 9, 2
# A line is led by its time and a telephone number.
_TORN = Torn(
    begins=re.compile(
        rb"[BG][A-Z]RMC,|imei:|\A\s*(?:\d{0,12}(?:,[^,]{0,24},?)?)?(?:[BG](?:[A-Z](?:RM?C?)?)?)?\Z"
    ),
    named=named_by(re.compile(rb"imei:(\d{10,15}),")),
)
