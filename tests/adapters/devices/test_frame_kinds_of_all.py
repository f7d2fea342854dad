"""No kind of frame hides an alarm: kind by bit by layout, in each wire protocol.

`h02` and `gt06`, which have the most kinds, are in `test_frame_kinds.py`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import pytest

from adapters.devices.checksums import sum8
from adapters.devices.eelink import EelinkUdp, datagram_of, package_of
from adapters.devices.gl200 import Gl200
from adapters.devices.gps103 import Gps103
from adapters.devices.jt808 import Jt808
from adapters.devices.laipac import Laipac
from adapters.devices.meitrack import Meitrack
from adapters.devices.minifinder2 import Minifinder2, frame_of
from adapters.devices.tk103 import Tk103
from adapters.devices.watch import Watch
from adapters.devices.xexun import Xexun
from adapters.devices.xexun2 import Xexun2
from engine.ports.device import HttpRequest, WireSession
from engine.values import Signal
from tests.adapters.devices import (
    test_eelink,
    test_gl200_binary,
    test_jt808,
    test_laipac,
    test_meitrack,
    test_minifinder,
    test_minifinder2,
    test_osmand,
    test_owntracks,
    test_spot,
    test_teltonika,
    test_topin,
    test_trv,
    test_xexun2,
)
from tests.adapters.devices.vectors import play

Signals = frozenset[Signal]
Meanings = dict[str, set[Signal]]
Reads = Callable[[str], Signals]
Form = Callable[[str], tuple[WireSession, bytes]]

NONE: set[Signal] = set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A kind of frame in one form, and what its codes must mean there."""

    name: str
    reads: Reads
    meanings: Meanings


def said(session: WireSession, frame: bytes) -> Signals:
    told = play(session, frame).told
    return frozenset(signal for report in told for signal in report.signals)


def bits(signals: Mapping[int, Signal | None], size: int) -> Meanings:
    """Return what each of `size` bits means; an alarm that nobody named is unknown."""
    meanings = {str(bit): {Signal.UNKNOWN} for bit in range(size)}
    return meanings | {
        str(bit): NONE if signal is None else {signal}
        for bit, signal in signals.items()
    }


def named(**signals: Signal | None) -> Meanings:
    return {
        name: NONE if signal is None else {signal} for name, signal in signals.items()
    }


def layouts(meanings: Meanings, forms: Mapping[str, Form]) -> Iterator[Layout]:
    for name, form in forms.items():
        yield Layout(name=name, reads=partial(_reads, form), meanings=meanings)


def _reads(form: Form, code: str) -> Signals:
    return said(*form(code))


# --- minifinder2 -------------------------------------------------------------------

MINIFINDER2 = bits(
    {
        0: Signal.LOW_BATTERY,
        1: Signal.OVERSPEED,
        2: Signal.FALL,
        3: Signal.MOVEMENT,
        **dict.fromkeys(range(4, 8), Signal.GEOFENCE),
        8: Signal.POWER_OFF,
        9: Signal.POWER_ON,
        10: Signal.MOVEMENT,
        12: Signal.SOS,
        13: Signal.BUTTON,
        14: Signal.BUTTON,
        **dict.fromkeys((11, 15, 16, 17, 26, 27, 28, 29, 31), None),
    },
    32,
)


def minifinder2() -> Iterator[Layout]:
    imei = test_minifinder2.IMEI
    place = b"\x15\x20" + bytes(20)

    def form(before: bytes, behind: bytes, flags: int = 0x10) -> Form:
        def build(code: str) -> tuple[WireSession, bytes]:
            word = (1 << int(code)).to_bytes(4, "little")
            size = bytes((5 + len(behind.partition(b"|")[0]),))
            time, _, rest = behind.partition(b"|")
            body = b"\x01" + imei + before + size + b"\x02" + word + time + rest
            return Minifinder2().session(), frame_of(body, 1, flags=flags)

        return build

    yield from layouts(
        MINIFINDER2,
        {
            "alone": form(b"", b"|"),
            "with a time": form(b"", bytes(4) + b"|"),
            "before a place": form(b"", b"|" + place),
            "behind a place": form(place, b"|"),
            "behind a field that is torn": form(b"\x03\x2a\x80\x01", b"|"),
            "in the second record": form(place + place, b"|"),
            "without an answer": form(b"", b"|", 0x00),
        },
    )


# --- watch -------------------------------------------------------------------------

WATCH_STATES = {
    0: Signal.LOW_BATTERY,
    1: Signal.GEOFENCE,
    2: Signal.GEOFENCE,
    14: Signal.POWER_CUT,
}
WATCH_ALARMS = {
    16: Signal.SOS,
    17: Signal.LOW_BATTERY,
    18: Signal.GEOFENCE,
    19: Signal.GEOFENCE,
    20: Signal.REMOVED,
    21: Signal.FALL,
    22: Signal.FALL,
}
WATCH = bits(
    {**dict.fromkeys(range(16), None), **WATCH_STATES, **WATCH_ALARMS}, size=32
)


def watch() -> Iterator[Layout]:
    def form(kind: str, index: str, valid: str) -> Form:
        def build(code: str) -> tuple[WireSession, bytes]:
            place = f"010326,102030,{valid},50.087451,N,14.4206710,E,0.00,0.0,0.0"
            content = f"{kind},{place},8,80,44,1200,50,{1 << int(code):08X},0,255"
            frame = f"[3G*3907919734*{index}{len(content):04x}*{content}]"
            return Watch().session(), frame.encode()

        return build

    makes = [("", "A"), ("0035*", "A"), ("", "V")]
    for kind in ("UD", "UD2", "UD_LTE", "WT", "WG", "WAD,CH", "AL", "AL_LTE"):
        for index, valid in makes:
            meanings = dict(WATCH)
            if kind.startswith("AL"):  # a state alone does not say what the alarm is
                for bit in range(16):
                    meanings[str(bit)] = meanings[str(bit)] | {Signal.UNKNOWN}
            forms = {f"{kind} {index} {valid}": form(kind, index, valid)}
            yield from layouts(meanings, forms)


# --- gl200 -------------------------------------------------------------------------

GL200 = named(
    GTSOS=Signal.SOS,
    GTBPL=Signal.LOW_BATTERY,
    GTPFA=Signal.POWER_OFF,
    GTPNA=Signal.POWER_ON,
    GTMPF=Signal.POWER_CUT,
    GTMPN=Signal.POWER_RESTORED,
    GTJDR=Signal.JAMMED,
    GTTOW=Signal.MOVEMENT,
    GTSPD=Signal.OVERSPEED,
    GTGEO=Signal.GEOFENCE,
    GTCRA=Signal.ACCIDENT,
    GTFRI=None,
    GTZZZ=Signal.UNKNOWN,
)
GL200_RECORDS = {
    "16": {Signal.SOS},
    "5": {Signal.POWER_OFF},
    "32": {Signal.LOW_BATTERY},
    "116": {Signal.ACCIDENT},
    "3": NONE,
    "129": {Signal.TAMPERED},
}


def gl200() -> Iterator[Layout]:
    place = "0,0.0,92,70.0,14.420671,50.087451,20260301102030,0230,0001,1DB5,A622,"

    def form(head: str, where: str) -> Form:
        def build(code: str) -> tuple[WireSession, bytes]:
            front = f"{head}{code},1A0102,860599000306845,GL300,,0,1,1,"
            frame = f"{front}{where},100,20260301102035,1234$"
            return Gl200().session(), frame.encode()

        return build

    for head in ("+RESP:", "+BUFF:"):
        forms = {f"{head} place": form(head, place), f"{head} none": form(head, ",,,,")}
        yield from layouts(GL200, forms)

    def binary(form: bytes) -> Form:
        def build(code: str) -> tuple[WireSession, bytes]:
            record = test_gl200_binary.record(int(code), event=1)
            frame = test_gl200_binary.frame(record)
            return Gl200().session(), form + frame[1:]

        return build

    forms = {"newer": binary(b"+"), "newer, stored": binary(b"-")}
    yield from layouts(GL200_RECORDS, forms)
    for mark in (b"+RSP", b"+BSP"):
        yield from layouts(
            {"10": {Signal.SOS}, "1": {Signal.MOVEMENT}, "9": {Signal.OVERSPEED}},
            {str(mark): partial(older, mark)},
        )
    for mark in (b"+EVT", b"+BVT"):
        yield from layouts(
            {"2": {Signal.POWER_OFF}, "6": {Signal.LOW_BATTERY}, "20": {Signal.JAMMED}},
            {str(mark): partial(older, mark)},
        )


def older(mark: bytes, code: str) -> tuple[WireSession, bytes]:
    return Gl200().session(), test_gl200_binary.older(mark, int(code))


# --- teltonika ---------------------------------------------------------------------

TELTONIKA = {
    "236": {Signal.SOS},
    "242": {Signal.FALL},
    "240": NONE,
    "239": NONE,
}


def teltonika() -> Iterator[Layout]:
    head = (1772360430000).to_bytes(8) + bytes(1)
    head += (144206710).to_bytes(4) + (500874510).to_bytes(4) + bytes(4) + b"\x08"
    head += bytes(2)

    def form(codec: int, size: int, *, is_event: bool) -> Callable[[str], bytes]:
        wide = 1 if codec == 0x08 else 2
        counted = 2 if codec == 0x8E else 1

        def build(code: str) -> bytes:
            event = int(code) if is_event else 0
            body = head + event.to_bytes(wide) + bytes(codec == 0x10)
            body += (1).to_bytes(counted)
            for each in (1, 2, 4, 8):
                body += (each == size).to_bytes(counted)
                if each == size:
                    body += int(code).to_bytes(wide) + (1).to_bytes(size)
            return body + bytes(2 if codec == 0x8E else 0)

        return build

    for codec in (0x08, 0x8E, 0x10):
        for size in (1, 2, 4, 8):
            for is_event in (False, True):
                make = form(codec, size, is_event=is_event)

                def one(
                    code: str, make: Callable[[str], bytes] = make, codec: int = codec
                ) -> tuple[WireSession, bytes]:
                    records = [make("1"), make(code)]
                    frame = test_teltonika.packet(records, codec)
                    return test_teltonika.connected(), frame

                yield from layouts(TELTONIKA, {f"{codec:#x} {size} {is_event}": one})


# --- gps103, xexun -----------------------------------------------------------------

WORDS = {
    "help me": {Signal.SOS},
    "help me!": {Signal.SOS},
    "low battery": {Signal.LOW_BATTERY},
    "move": {Signal.MOVEMENT},
    "speed": {Signal.OVERSPEED},
    "stockade": {Signal.GEOFENCE},
    "ac alarm": {Signal.POWER_CUT},
    "accident alarm": {Signal.ACCIDENT},
    "sensor alarm": {Signal.VIBRATION},
    "tracker": NONE,
    "acc on": NONE,
    "never heard": {Signal.UNKNOWN},
}


def gps103() -> Iterator[Layout]:
    place = "102030.000,A,5005.2471,N,01425.2403,E,0.00,0"
    forms = {
        "place": f"2603011020,,F,{place}",
        "long": f"2603011020,,F,{place},,1,0,0.00%,0.00%,+25",
        "no fix": "2603011020,,L,,,1db5,,a622,,",
        "state": "2603011020,,",
    }

    def form(behind: str, end: str) -> Form:
        return lambda code: (
            Gps103().session(),
            f"imei:359586015829802,{code},{behind}{end}".encode(),
        )

    for name, behind in forms.items():
        for end in (";", "\r\n"):
            yield from layouts(WORDS, {f"{name} {end!r}": form(behind, end)})


def xexun() -> Iterator[Layout]:
    sentence = "GPRMC,102030.000,A,5005.2471,N,01425.2403,E,0.00,0.00,010326,,,A*6B"
    words = {
        "help me": {Signal.SOS},
        "help me!": {Signal.SOS},
        "low battery": {Signal.LOW_BATTERY},
        "move!": {Signal.MOVEMENT},
        "moved!": {Signal.MOVEMENT},
        "accstart": NONE,
        "accstop": NONE,
        "": NONE,
    }

    def form(head: str, tail: str) -> Form:
        return lambda code: (
            Xexun().session(),
            f"{head}{sentence},F,{code},imei:359587011016261,{tail}\r\n".encode(),
        )

    yield from layouts(
        words,
        {
            "basic": form("", ""),
            "full": form("260301102030,+46850104,", "05,41.9,F:4.32V,0"),
        },
    )


# --- tk103 -------------------------------------------------------------------------

TK103 = {
    "ZC11": {Signal.MOVEMENT},
    "ZC12": {Signal.LOW_BATTERY},
    "ZC13": {Signal.POWER_CUT},
    "ZC17": {Signal.REMOVED},
    "ZC25": {Signal.SOS},
    "ZC26": {Signal.TAMPERED},
    "ZC27": {Signal.LOW_BATTERY},
    "DW31": {Signal.MOVEMENT},
    "DW32": {Signal.LOW_BATTERY},
    "DW33": {Signal.POWER_CUT},
    "DW37": {Signal.REMOVED},
    "DW3E": {Signal.SOS},
    "DW3F": {Signal.TAMPERED},
    "DW40": {Signal.LOW_BATTERY},
    "DW51": {Signal.MOVEMENT},
    "DW57": {Signal.REMOVED},
    "DW5E": {Signal.SOS},
    "DW5F": {Signal.TAMPERED},
    "BO012": {Signal.SOS},
    "BO011": {Signal.ACCIDENT},
    "BO013": {Signal.VIBRATION},
    "BO015": {Signal.OVERSPEED},
    "BO016": {Signal.GEOFENCE},
    "BO01": {Signal.UNKNOWN},
    "BR00": NONE,
    "BP04": NONE,
    "BS08": NONE,
    "BT04": NONE,
    "ZC7F": {Signal.UNKNOWN},
}


def tk103() -> Iterator[Layout]:
    place = "260301A5005.2471N01425.2403E000.0102030000.00"

    def form(inputs: str, *, with_comma: bool) -> Form:
        def build(code: str) -> tuple[WireSession, bytes]:
            if with_comma:
                head, kind = code[:4], code[4:]
                data = "010326,A,5005.2471N,01425.2403E,000.0,102030,000.00,"
                text = f"(8613800138000,{head},{kind}{data}{inputs}L00000000)"
            else:
                text = f"(013800138000{code}{place}{inputs}L00000000)"
            return Tk103().session(), text.encode()

        return build

    plain = form("00000000", with_comma=False)
    yield from layouts(TK103, {"brackets": plain})
    panic = {code: signals | {Signal.SOS} for code, signals in TK103.items()}
    pressed = form("00200000", with_comma=False)
    yield from layouts(panic, {"panic input": pressed})
    events = {code: s for code, s in TK103.items() if code[:2] in {"ZC", "DW"}}
    comma = form("00000000", with_comma=True)
    yield from layouts(events, {"comma": comma})


# --- minifinder, laipac, topin, trv ------------------------------------------------

MINIFINDER = bits(
    {
        **dict.fromkeys(range(24), None),
        2: Signal.FAULT,
        6: Signal.SOS,
        7: Signal.OVERSPEED,
        8: Signal.FALL,
        **dict.fromkeys((9, 10, 11), Signal.GEOFENCE),
        12: Signal.LOW_BATTERY,
        14: Signal.MOVEMENT,
        15: Signal.MOVEMENT,
    },
    24,
)
LAIPAC = named(
    T=Signal.TAMPERED,
    Z=Signal.LOW_BATTERY,
    H=Signal.POWER_OFF,
    X=Signal.GEOFENCE,
    Y=Signal.MOVEMENT,
    **dict.fromkeys("ABCDOPQRSM"),
    K=Signal.UNKNOWN,
) | {
    "3": {Signal.SOS},
    "4": {Signal.GEOFENCE},
    "5": {Signal.POWER_CUT},
    "6": {Signal.OVERSPEED},
    "7": {Signal.GEOFENCE},
    "8": {Signal.VIBRATION},
    "0": NONE,
}
TOPIN = bits({0: Signal.VIBRATION, 1: Signal.OVERSPEED, 4: Signal.LOW_BATTERY}, 8)
TRV = {
    "00": NONE,
    "01": {Signal.SOS},
    "02": {Signal.LOW_BATTERY},
    "03": {Signal.REMOVED},
    "05": {Signal.FALL},
    "06": {Signal.FALL},
    "77": {Signal.UNKNOWN},
}


def minifinder() -> Iterator[Layout]:
    for kind in "BCD":
        yield from layouts(
            MINIFINDER,
            {kind: partial(_of_minifinder, kind)},
        )


def _of_minifinder(kind: str, code: str) -> tuple[WireSession, bytes]:
    report = test_minifinder.report(1 << int(code), kind)
    return test_minifinder.connected(), report


def laipac() -> Iterator[Layout]:
    for status in "AVRPavrp":
        yield from layouts(
            LAIPAC,
            {status: partial(_of_laipac, status)},
        )


def _of_laipac(status: str, code: str) -> tuple[WireSession, bytes]:
    return Laipac().session(), test_laipac.line(code, status)


def topin() -> Iterator[Layout]:
    where = bytes((26, 3, 1, 10, 20, 30)) + bytes.fromhex("c8055fb164018c135800145a")
    date = bytes.fromhex("260301102030")
    station = bytes.fromhex("aabbccddeeff40")
    cells = {2: bytes.fromhex("0100e6011db5a62240")}
    cells[4] = bytes.fromhex("0100e60100001db50000a62240")

    def form(kind: int, count: int, content: bytes) -> Form:
        def build(code: str) -> tuple[WireSession, bytes]:
            body = content + bytes((1 << int(code),))
            frame = b"\x78\x78" + bytes((count, kind)) + body + b"\r\n"
            return test_topin.connected(), frame

        return build

    forms = {
        hex(kind): form(kind, len(where) + 4, where + b"\x00\xc8")
        for kind in (0x10, 0x11)
    }
    forms |= {
        f"{kind:#x} {count}": form(kind, count, date + station * count + cells[size])
        for kind, size in ((0x17, 2), (0x69, 2), (0x18, 4), (0x19, 4))
        for count in (0, 1, 3)
    }
    yield from layouts(TOPIN, forms)


def trv() -> Iterator[Layout]:
    place = "260301A5005.2471N01425.2403E000.0102030000.0000800806000502"
    cell = "230,1,7605,42530"

    def form(head: str, behind: str) -> Form:
        return lambda code: (
            test_trv.connected(),
            f"{head}{place},{cell},{code}{behind}#".encode(),
        )

    stations = ",en,00,HOME|74-DE-2B-44-88-8C|97"
    for kind in ("AP10", "AP01", "YP03", "YP14"):
        for prefix in ("TRV", "IW"):
            forms = {
                f"{prefix}{kind}{behind}": form(prefix + kind, behind)
                for behind in ("", stations)
            }
            yield from layouts(TRV, forms)


# --- eelink, meitrack --------------------------------------------------------------

EELINK = {
    "1": {Signal.POWER_OFF},
    "2": {Signal.SOS},
    "3": {Signal.LOW_BATTERY},
    "4": {Signal.VIBRATION},
    "5": {Signal.MOVEMENT},
    "37": {Signal.REMOVED},
    "130": {Signal.OVERSPEED},
    "131": {Signal.GEOFENCE},
    "133": {Signal.ACCIDENT},
    "134": {Signal.FALL},
    "119": {Signal.UNKNOWN},
}
MEITRACK = {
    "1": {Signal.SOS},
    "17": {Signal.LOW_BATTERY},
    "23": {Signal.POWER_CUT},
    "36": {Signal.MOVEMENT},
    "44": {Signal.JAMMED},
    "65": {Signal.SOS},
    "79": {Signal.FALL},
    "81": {Signal.REMOVED},
    "35": NONE,
    "144": NONE,
    "30": {Signal.UNKNOWN},
}


def eelink() -> Iterator[Layout]:
    time = (1772360430).to_bytes(4)
    old = time + (90157412).to_bytes(4) + (25957208).to_bytes(4) + bytes(3)
    old += bytes.fromhex("00e600011db500a62201")
    gps = (90157412).to_bytes(4) + (25957208).to_bytes(4) + bytes(6) + b"\x08"
    cell, more = (
        bytes.fromhex("00e600011db50000a62240"),
        bytes.fromhex("1db50000a62240"),
    )
    station = bytes.fromhex("aabbccddeeffc0")
    parts = {
        0x00: b"",
        0x01: gps,
        0x02: cell,
        0x06: cell + more,
        0x11: gps + station,
        0x7F: gps + cell + more * 2 + station * 3,
    }

    def form(kind: int, head: bytes, behind: bytes) -> Callable[[str], bytes]:
        return lambda code: package_of(kind, 7, head + bytes((int(code),)) + behind)

    forms = {"old": form(0x04, old, b"")}
    forms |= {
        f"new {mask:#x}": form(0x14, time + bytes((mask,)) + part, b"\x00\x01")
        for mask, part in parts.items()
    }
    for name, make in forms.items():
        yield from layouts(
            EELINK,
            {
                f"{name}, TCP": partial(_over_tcp, make),
                f"{name}, UDP": partial(_over_udp, make),
            },
        )


def _over_tcp(make: Callable[[str], bytes], code: str) -> tuple[WireSession, bytes]:
    return test_eelink.connected(), make(code)


def _over_udp(make: Callable[[str], bytes], code: str) -> tuple[WireSession, bytes]:
    packages = package_of(3, 1, b"\x00\x01") + make(code)
    return EelinkUdp().session(), datagram_of(test_eelink.NAME, packages)


def of_meitrack(content: bytes) -> bytes:
    body = b",353358017784062," + content + b"*"
    head = b"$$A%d" % (len(body) + 4)
    return head + body + b"%02X\r\n" % sum8(head + body)


def meitrack() -> Iterator[Layout]:
    def text(kind: str) -> Form:
        return lambda code: (
            Meitrack().session(),
            test_meitrack.message(int(code)).replace(b"AAA,", kind.encode()),
        )

    yield from layouts(MEITRACK, {"AAA": text("AAA,"), "AFF": text("AFF,1,")})

    def numbered(key: bytes, size: int) -> Form:
        def build(code: str) -> tuple[WireSession, bytes]:
            counts = [b"\x00"] * 3
            value = int(code).to_bytes(size, "little")
            counts[{1: 0, 2: 1, 4: 2}[size]] = b"\x01" + key + value
            record = b"\x01\x00" + b"".join(counts) + b"\x00"
            data = bytes(4) + b"\x01\x00" + len(record).to_bytes(2, "little") + record
            return Meitrack().session(), of_meitrack(b"CCE," + data)

        return build

    for key in (b"\x01", b"\x40"):
        for size in (1, 2, 4):
            yield from layouts(MEITRACK, {f"CCE {key!r} {size}": numbered(key, size)})

    def fixed(code: str) -> tuple[WireSession, bytes]:
        record = bytes((int(code),)) + bytes(51)
        data = b"\x01\x00" + len(record).to_bytes(2, "little") + bytes(4) + record
        return Meitrack().session(), of_meitrack(b"CCC," + data)

    yield from layouts(MEITRACK, {"CCC": fixed})


# --- jt808, xexun2 -----------------------------------------------------------------

JT808_BITS: dict[int, Signal | None] = {
    0: Signal.SOS,
    **dict.fromkeys((1, 13), Signal.OVERSPEED),
    **dict.fromkeys((2, 14), Signal.HARSH_DRIVING),
    **dict.fromkeys((4, 5, 6, 9, 10, 11, 12, 24), Signal.FAULT),
    **dict.fromkeys((7, 18), Signal.LOW_BATTERY),
    8: Signal.POWER_OFF,
    15: Signal.VIBRATION,
    **dict.fromkeys((16, 17), Signal.TAMPERED),
    **dict.fromkeys((19, 22), None),
    **dict.fromkeys((20, 21, 23), Signal.GEOFENCE),
    **dict.fromkeys((25, 27, 31), Signal.VEHICLE),
    28: Signal.MOVEMENT,
    **dict.fromkeys((29, 30), Signal.ACCIDENT),
}
JT808 = {**bits(JT808_BITS, 32), "26": {Signal.VEHICLE, Signal.UNKNOWN}}


def jt808() -> Iterator[Layout]:
    def form(kind: int, before: bytes, behind: bytes = b"", *, sized: int = 0) -> Form:
        def build(code: str) -> tuple[WireSession, bytes]:
            place = test_jt808.place(1 << int(code), extra=behind)
            size = len(place).to_bytes(sized) if sized else b""
            return Jt808().session(), test_jt808.message(kind, before + size + place)

        return build

    empty = len(test_jt808.place(0)).to_bytes(2) + test_jt808.place(0)
    photograph = bytes.fromhex("000000010000") + b"\x01\x01"
    odd = b"\x00\x00\x00\x01\x00\x00\x01\x02"
    forms = {
        "place": form(0x0200, b""),
        "with fields": form(0x0200, b"", bytes.fromhex("0104000000013001ff")),
        "with a torn field": form(0x0200, b"", bytes.fromhex("01ff00")),
        "asked for": form(0x0201, b"\x00\x01"),
        "of an order": form(0x0500, b"\x00\x01"),
        "batch": form(0x0704, b"\x00\x01\x00", sized=2),
        "stored batch": form(0x0704, b"\x00\x01\x01", sized=2),
        "second of a batch": form(0x0704, b"\x00\x02\x01" + empty, sized=2),
        "short batch": form(0x0210, b"", sized=1),
        "photograph": form(0x0801, photograph, b"\xff\xd8" + bytes(64)),
        "photograph of a timer": form(0x0801, odd, bytes(64)),
    }
    yield from layouts(JT808, forms)

    def other(code: str) -> tuple[WireSession, bytes]:
        return Jt808().session(), test_jt808.other(1 << int(code))

    yield from layouts(JT808, {"the other mark": other})


XEXUN2 = {str(bit): {Signal.UNKNOWN} for bit in range(32)} | {
    "0": {Signal.SOS},
    "1": {Signal.REMOVED},
    "15": {Signal.FALL},
}


def xexun2() -> Iterator[Layout]:
    def form(parts: int, behind: bytes, *, leads: int) -> Form:
        head = b"\x01" + (1772360430).to_bytes(4) + b"\x16\x00\x2a"

        def build(code: str) -> tuple[WireSession, bytes]:
            plain = head + b"\x00"
            alarm = head + bytes((parts,)) + (1 << int(code)).to_bytes(4) + behind
            records = [plain] * leads + [alarm]
            sizes = b"".join(len(one).to_bytes(2) for one in records)
            body = bytes((len(records),)) + sizes + b"".join(records)
            return Xexun2().session(), test_xexun2.of_type(b"\x00\x14", body)

        return build

    yield from layouts(
        XEXUN2,
        {
            "alone": form(0x01, b"", leads=0),
            "third": form(0x01, b"", leads=2),
            "before a place": form(0x03, b"\x00", leads=0),
            "before a torn place": form(0x03, b"\x01", leads=0),
        },
    )


# --- over HTTP ---------------------------------------------------------------------

OSMAND = named(
    sos=Signal.SOS,
    removing=Signal.REMOVED,
    tampering=Signal.TAMPERED,
    fallDown=Signal.FALL,
    lowBattery=Signal.LOW_BATTERY,
    powerOff=Signal.POWER_OFF,
    powerCut=Signal.POWER_CUT,
    jamming=Signal.JAMMED,
    vibration=Signal.VIBRATION,
    tow=Signal.MOVEMENT,
    accident=Signal.ACCIDENT,
    geofenceExit=Signal.GEOFENCE,
    door=Signal.VEHICLE,
    general=Signal.UNKNOWN,
)


def osmand() -> Iterator[Layout]:
    where = {"timestamp": "2026-03-01T10:20:30Z", "coords": {}}
    where["coords"] = {"latitude": 50.0, "longitude": 14.0}

    def document(location: Mapping[str, object]) -> str:
        return json.dumps({"device_id": "48241179", "location": {**where, **location}})

    def reads(body: Callable[[str], HttpRequest | str]) -> Reads:
        def read(code: str) -> Signals:
            made = body(code)
            request = test_osmand.post(made) if isinstance(made, str) else made
            decoded = test_osmand.decode(request)
            return frozenset(s for report in decoded.reports for s in report.signals)

        return read

    form = "application/x-www-form-urlencoded"
    fields = "id=48241179&lat=50.0&lon=14.0&timestamp=1772360430&alarm="
    bodies: dict[str, Callable[[str], HttpRequest | str]] = {
        "query": lambda code: test_osmand.get(fields + code),
        "query without a place": lambda code: test_osmand.get(f"id=4&alarm={code}"),
        "form": lambda code: test_osmand.post(fields + code, form),
        "document": lambda code: document({"alarm": code}),
        "extras": lambda code: document({"extras": {"alarm": code}}),
        "array": lambda code: json.dumps([{"id": "48241179", "alarm": code}]),
    }
    for name, body in bodies.items():
        yield Layout(name=name, reads=reads(body), meanings=OSMAND)


def owntracks() -> Iterator[Layout]:
    place = test_owntracks.PLACE
    for key in ("tag", "poi"):
        for kind in ("location", "transition", "lwt", "waypoint"):
            fence = {Signal.GEOFENCE} if kind == "transition" else NONE

            def read(word: str, key: str = key, kind: str = kind) -> Signals:
                message = {**place, "_type": kind, key: word}
                (report,) = test_owntracks.decode(message).reports
                return report.signals

            meanings = {"SOS": {Signal.SOS} | fence, "help": {Signal.SOS} | fence}
            meanings["home"] = fence
            yield Layout(name=f"{key} {kind}", reads=read, meanings=meanings)


def spot() -> Iterator[Layout]:
    meanings = {
        "HELP": {Signal.SOS},
        "SOS": {Signal.SOS},
        "OK": {Signal.CHECK_IN},
        "TRACK": NONE,
        "CUSTOM": {Signal.UNKNOWN},
    }
    for name, make in (("push", test_spot.push), ("feed", test_spot.feed_in_xml)):

        def read(code: str, make: Callable[[str], bytes] = make) -> Signals:
            (report,) = test_spot.decode(make(code)).reports
            return report.signals

        yield Layout(name=name, reads=read, meanings=meanings)


ALL = [
    pytest.param(layout, id=f"{protocol.__name__}-{layout.name}")
    for protocol in (
        *(minifinder2, watch, gl200, teltonika, gps103, xexun, tk103, minifinder),
        *(laipac, topin, trv, eelink, meitrack, jt808, xexun2, osmand, owntracks, spot),
    )
    for layout in protocol()
]


@pytest.mark.parametrize("layout", ALL)
def test_each_code_is_its_signal_in_every_kind_and_form(layout: Layout) -> None:
    read = {code: layout.reads(code) for code in layout.meanings}
    assert read == layout.meanings
