"""No kind of frame hides an alarm: kind by bit by layout, one wire protocol a test."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices import gt06_tables as tables
from adapters.devices.gt06 import Gt06, Gt06Decoder
from adapters.devices.gt06_packet import frame_of
from adapters.devices.h02 import H02, H02Decoder
from adapters.devices.reading import UnreadableError
from engine.ports.device import DeviceReport, WireSession
from engine.values import DeviceId, Signal
from tests.adapters.devices.vectors import RECEIVED_AT, play

Build = Callable[[int, int], bytes]


def the_report(session: WireSession, frame: bytes) -> DeviceReport:
    (report,) = play(session, frame).told
    assert "incomplete" not in report.attributes
    return report


# --- h02 ---------------------------------------------------------------------------

H02_KINDS = [
    *("V0", "V1", "V2", "V3", "V4", "V5", "V6", "V8", "V19", "VP1", "XT", "SMS"),
    *("HTBT", "LINK", "NBR", "BS", "BASE", "ICCID", "TQ", "ALRM", "D1"),
]
H02_PLACES = {
    "place": "102030,A,5005.2471,N,01425.2403,E,000.00,000,010326",
    "place without a time": ",A,5005.2471,N,01425.2403,E,000.00,000,010326",
    "place without a date": "102030,V,5005.2471,N,01425.2403,E,000.00,000,",
    "place with a battery": "102030,A,50052471,S,014252403,W,000.00,000,87,010326",
    "place and a SIM": "102030,A,5005.2471,N,01425.2403,E,0.00,0,010326,,549,895F",
    "no place": "102030,V,,,,,,,010326",
}
H02_CELLS = {
    "NBR": "102030,262,03,255,2,802,54976509,46,802,31456723,44,010326",
    "V3": "102030,26203,01,000802,54976509,46,,0292,0,X,010326",
    "LINK": "102030,15,0,84,0,0,010326",
    "BS": ",2d4,a,1b63,1969,26,1b63,10b2,31,",
    "BASE": "152609,0,0,0,0,010326",
    "VP1": "V,262,03,802,54976509,46Y802,31456723,44,010326",
    "HTBT": "87,010326",
    "V0": "87,010326",
    "XT": "1,100,010326",
}
H02_SIGNALS = {
    0: Signal.VIBRATION,
    1: Signal.SOS,
    2: Signal.OVERSPEED,
    19: Signal.POWER_CUT,
}


@pytest.mark.parametrize("behind", ["", ",460,11,d18e105,7752,6"])
@pytest.mark.parametrize(
    ("kind", "fields"),
    [(kind, fields) for kind in H02_KINDS for fields in H02_PLACES.values()]
    + list(H02_CELLS.items()),
)
def test_h02_reads_the_status_word_of_every_kind(
    kind: str, fields: str, behind: str
) -> None:
    for bit in range(32):
        word = f"{0xFFFFFFFF & ~(1 << bit):08X}"
        frame = f"*HQ,4109179024,{kind},{fields},{word}{behind}#".encode()
        (report,) = play(H02().session(), frame).told
        said = {H02_SIGNALS[bit]} if bit in H02_SIGNALS else set[Signal]()
        if kind == "ALRM" and not said:
            said = {Signal.UNKNOWN}
        assert report.signals == said, frame
        assert report.attributes["status"] == word.lower()


@pytest.mark.parametrize("tail", [0, 13, 15])
def test_h02_reads_the_status_word_of_every_binary_form(tail: int) -> None:
    head = bytes.fromhex("244109179024102030010326500524710001425240 3e009229")
    for bit in range(32):
        word = 0xFFFFFFFF & ~(1 << bit)
        report = the_report(H02().session(), head + word.to_bytes(4) + bytes(3 + tail))
        said = {H02_SIGNALS[bit]} if bit in H02_SIGNALS else set[Signal]()
        assert report.signals == said


@pytest.mark.parametrize("kind", ["XT", "V8", "HTBT", "V0", "ICCID", "BS", "VP1"])
@pytest.mark.parametrize(
    "fields", ["1,100", "89860012", "20260301", "12345678,20260301", "999999,12345678"]
)
def test_h02_takes_no_number_for_a_status_word(kind: str, fields: str) -> None:
    (report,) = play(H02().session(), f"*HQ,41091790,{kind},{fields}#".encode()).told
    assert report.signals == frozenset()


# --- gt06 --------------------------------------------------------------------------

DATE = bytes((26, 3, 1, 10, 20, 30))
WHERE = DATE + bytes.fromhex("c8055fb164018c135800145a")
IMEI = bytes.fromhex("0357789648774484")
CELLS = {
    "low MCC": bytes.fromhex("00e6011db50ca622"),
    "high MCC": bytes.fromhex("0106031234 0abcde"),
}
WIDE = bytes.fromhex("8106000312340abcde")  # an MNC of two bytes, which its MCC says
LONG_CELL = bytes.fromhex("01060312340 00abcde".replace(" ", ""))  # a number of four
WIDEST = bytes.fromhex("0106000312340 00abcde".replace(" ", ""))  # both
OF_4G = bytes.fromhex("0106030000123400000000000abcde")
WIDE_OF_4G = bytes.fromhex("810600030000123400000000000abcde")


def tail(status: int, alarm: int) -> bytes:
    return bytes((status, 4, 3, alarm, 2))


def behind(head: bytes, rest: bytes = b"") -> Build:
    return lambda status, alarm: head + tail(status, alarm) + rest


def gt06_with_status() -> Iterator[tuple[str, int, Build]]:
    """Layouts that have both places of an alarm."""
    for kind in (0x16, 0x26, 0x32, 0xA3):
        for name, cell in CELLS.items():
            yield f"counted, {name}", kind, behind(WHERE + b"\x09" + cell)
            yield (
                f"counted without itself, {name}",
                kind,
                behind(WHERE + b"\x08" + cell),
            )
            yield f"bare, {name}", kind, behind(WHERE + cell)
            yield f"and metres, {name}", kind, behind(WHERE + b"\x09" + cell, bytes(4))
        yield "wide", kind, behind(WHERE + b"\x0a" + WIDE)
        yield "wide, without itself", kind, behind(WHERE + b"\x09" + WIDE)
        yield "bare and wide", kind, behind(WHERE + WIDE)
        yield "of 4G", kind, behind(WHERE + b"\x10" + OF_4G)
        yield "wide, of 4G", kind, behind(WHERE + b"\x11" + WIDE_OF_4G)
        yield "no cell", kind, behind(WHERE + bytes(1))
        yield "zeros", kind, behind(WHERE + b"\x09" + bytes(8))
        yield "45 zeros", kind, behind(WHERE + bytes(46))
        yield "45 zeros and more", kind, behind(WHERE + bytes(46), bytes(3))
    for name, cell in CELLS.items():
        yield f"a byte more, {name}", 0x26, behind(WHERE + b"\x09" + cell, bytes(1))
        for kind in (0x27, 0xA4):
            yield f"fence, {name}", kind, behind(WHERE + b"\x09" + cell, b"\xff")
            yield f"no fence, {name}", kind, behind(WHERE + b"\x09" + cell)
        yield f"cell, {name}", 0x19, behind(cell)
        yield f"counted cell, {name}", 0x19, behind(b"\x09" + cell)
        yield f"cell without language, {name}", 0x19, without_language(cell)
        place = WHERE + b"\x02" + cell + b"\x30"
        yield f"modules, {name}", 0x39, behind(place, bytes.fromhex("006a0157"))
        for kind, byte in ((0x22, b"\x01"), (0x22, b"\x00"), (0x25, b"\x02")):
            yield f"supplies, {name}", kind, supplied(byte, kind, cell)
    yield "SeeWorld", 0x16, behind(WHERE + b"\x09" + LONG_CELL)
    yield "SL4X", 0x32, behind(WHERE + b"\x0a" + WIDEST)
    yield "SL4X and a height", 0x32, behind(WHERE + b"\x0a" + WIDEST, b"\x01\x23")
    yield "4G and a fence", 0xA4, behind(WHERE + b"\x10" + OF_4G, b"\xff")
    yield "wide 4G and a fence", 0xA4, behind(WHERE + b"\x11" + WIDE_OF_4G, b"\xff")
    yield "4G modules", 0x39, behind(WHERE + b"\x03" + OF_4G + bytes(2))
    yield "cell of 4G", 0xA5, behind(OF_4G)
    yield "heartbeat", 0x13, behind(b"")
    yield "heartbeat without language", 0x13, without_language(b"")
    yield "long heartbeat", 0x13, lambda s, a: bytes((s, 0, 3, a, 2, 80)) + bytes(8)
    yield "longer heartbeat", 0x13, lambda s, a: bytes((s, 0, 3, a, 2, 80)) + bytes(10)
    yield "modules", 0x36, behind(b"", bytes.fromhex("0018020190006a0157"))
    yield "fence without a place", 0xA3, behind(b"", b"\x0c\x01")
    cell = CELLS["high MCC"]
    yield "VXT01", 0x12, lambda s, a: WHERE + cell + bytes((s, 1, 0, 3, a))
    yield "S5", 0x12, lambda s, a: WHERE + cell + bytes((s, 1, 0, 3, a)) + bytes(7)
    cells = (
        DATE + bytes.fromhex("010603") + bytes(13 * 7) + bytes(1) + b"\x01" + bytes(7)
    )
    for kind in (0xA2, 0xA9):
        yield "stations", kind, behind(cells)


def without_language(head: bytes) -> Build:
    return lambda status, alarm: head + tail(status, alarm)[:4]


def alone(head: bytes) -> Build:
    return lambda _, alarm: head + bytes((alarm, 2))


def supplied(byte: bytes, kind: int, cell: bytes) -> Build:
    """Return the layout of NT20 and XT40, which say when they sent it."""
    head = byte + IMEI + DATE + WHERE + b"\x09" + cell + bytes(kind == 0x25)
    return lambda status, alarm: (
        head + bytes((status, 4, 210, 41, 3, alarm, 2)) + bytes(6)
    )


def gt06_with_alarm() -> Iterator[tuple[str, int, Build]]:
    """Layouts that have the alarm byte alone."""
    phone = b"13800138000".ljust(21, b"\0")
    for name, cell in CELLS.items():
        yield f"phone, {name}", 0x17, alone(cell + phone)
    yield "phone", 0x1A, alone(WHERE + phone)
    yield "phone", 0x2A, alone(WHERE + phone)
    yield "phone", 0xA7, alone(OF_4G + phone)
    short = DATE + bytes.fromhex("0106030002") + (bytes.fromhex("12340abcde32") * 2)
    long = DATE + bytes.fromhex("0106030101") + OF_4G[3:] + b"\x32"
    for cells in (short, long):
        rest = bytes(1) + b"\x01" + bytes.fromhex("aabbccddeeff40")
        yield "counted", 0xA9, alone(cells + rest)


def gt06_with_status_alone() -> Iterator[tuple[str, int, Build]]:
    """Layouts that have the status byte alone."""
    yield "wearer", 0xA3, lambda s, _: bytes((s, *bytes(18)))
    yield "armed", 0x23, lambda s, _: bytes((s, 1, 144, 3))


# All that have a name, and some that have none.
CODES = sorted({*tables.ALARMS, 0x07, 0x1C, 0x77})
STANDARD: Build = behind(WHERE + b"\x09" + CELLS["high MCC"])
GT06_STATUS = {
    0: set[Signal](),
    1: {Signal.VIBRATION},
    2: {Signal.POWER_CUT},
    3: {Signal.LOW_BATTERY},
    4: {Signal.SOS},
    5: {Signal.UNKNOWN},
    6: {Signal.GEOFENCE},
    7: {Signal.REMOVED},
}
GT06_ALARMS = {
    0x00: set[Signal](),
    0x01: {Signal.SOS},
    0x02: {Signal.POWER_CUT},
    0x03: {Signal.VIBRATION},
    0x05: {Signal.GEOFENCE},
    0x06: {Signal.OVERSPEED},
    0x0E: {Signal.LOW_BATTERY},
    0x11: {Signal.POWER_OFF},
    0x13: {Signal.TAMPERED},
    0x14: {Signal.VEHICLE},
    0x17: {Signal.JAMMED},
    0x18: {Signal.REMOVED},
    0x19: {Signal.LOW_BATTERY},
    0x23: {Signal.FALL},
    0x25: {Signal.TAMPERED},
    0x2C: {Signal.ACCIDENT},
    0x77: {Signal.UNKNOWN},
    0xF2: {Signal.ACCIDENT},
}


def gt06_says(kind: int, content: bytes, *, extended: bool = False) -> DeviceReport:
    frame = frame_of(kind, content, 7, extended=extended)
    return the_report(Gt06().session(), frame)


@cache
def standard(status: int, alarm: int) -> DeviceReport:
    return gt06_says(0x16, STANDARD(status, alarm))


def test_gt06_reads_each_code_where_an_alarm_stands() -> None:
    for code, signals in GT06_STATUS.items():
        assert standard(code << 3, 0).signals == signals
    for code, signals in GT06_ALARMS.items():
        assert standard(0, code).signals == signals


def _named(value: object) -> str | None:
    return f"{value:#x}" if isinstance(value, int) else str(value).partition("at 0x")[0]


@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize(
    ("name", "kind", "build"), list(gt06_with_status()), ids=_named
)
def test_gt06_reads_both_places_in_every_layout(
    name: str, kind: int, build: Build, *, extended: bool
) -> None:
    del name
    if extended and kind in {0x32, 0x36}:
        pytest.skip("behind the other start it is another packet")
    for status, alarm in [
        *((code << 3, 0) for code in GT06_STATUS),
        *((0x46, code) for code in CODES),
        (0x20, 0x13),
        (0x3C, 0x03),
    ]:
        report = gt06_says(kind, build(status, alarm), extended=extended)
        told = standard(status, alarm)
        assert (report.signals, report.codes) == (told.signals, told.codes)
        assert report.attributes["status"] == told.attributes["status"]


@pytest.mark.parametrize(("name", "kind", "build"), list(gt06_with_alarm()), ids=_named)
def test_gt06_reads_an_alarm_byte_that_stands_alone(
    name: str, kind: int, build: Build
) -> None:
    del name
    for code in CODES:
        report = gt06_says(kind, build(0, code))
        assert report.signals == standard(0, code).signals


@pytest.mark.parametrize(
    ("name", "kind", "build"), list(gt06_with_status_alone()), ids=_named
)
def test_gt06_reads_a_status_byte_that_stands_alone(
    name: str, kind: int, build: Build
) -> None:
    del name
    for code, signals in GT06_STATUS.items():
        assert gt06_says(kind, build(code << 3, 0)).signals == signals


@pytest.mark.parametrize("place", range(len(CELLS["high MCC"])))
@pytest.mark.parametrize("kind", [0x16, 0x26, 0x32])
def test_gt06_has_no_damaged_byte_of_a_cell_move_the_alarm(
    kind: int, place: int
) -> None:
    for flipped in range(1, 256):
        content = bytearray(STANDARD(0x20, 0x13))
        content[len(WHERE) + 1 + place] ^= flipped
        report = gt06_says(kind, bytes(content))
        assert report.signals == {Signal.SOS, Signal.TAMPERED}


def named(model: str, device: DeviceId) -> str:
    del device
    return model


@given(
    kind=st.integers(0, 255),
    content=st.binary(max_size=120),
    where=st.sampled_from((b"", DATE, WHERE, b"\x01" + IMEI + DATE + WHERE)),
    extended=st.booleans(),
)
def test_gt06_is_total_over_every_kind(
    kind: int, content: bytes, where: bytes, *, extended: bool
) -> None:
    frame = frame_of(kind, where + content, 7, extended=extended)
    for model in ("", "LW4G", "SEEWORLD", "R11", "VL103"):
        decoder = Gt06Decoder()
        decoder.device = DeviceId("1")
        decoder.model_of = partial(named, model)
        with suppress(UnreadableError):
            decoder.decode(frame, RECEIVED_AT)


@given(
    kind=st.sampled_from(H02_KINDS),
    fields=st.text(alphabet="0123456789ABCDEFNSEWV,.-Y \n", max_size=120),
)
def test_h02_is_total_over_every_kind(kind: str, fields: str) -> None:
    with suppress(UnreadableError):
        H02Decoder().decode(f"*HQ,41091790,{kind},{fields}#".encode(), RECEIVED_AT)
