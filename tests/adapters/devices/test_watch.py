"""`watch` against captured frames: every bit, both frame forms, no answer missing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.watch import Watch, unescaped
from engine.ports.device import ReportKind, WireSession
from engine.values import Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import Vector, framed, parametrized, play

# Why: docs/devices.md, "Where we differ".
DIFFERS: dict[str, set[str]] = {}


def connected() -> WireSession:
    return Watch().session()


def on_the_wire(vector: Vector) -> bytes:
    """Return the frame as a watch sends it: the vectors have no escapes any more."""
    head = re.match(rb"\[.*?JXTK,[^,]*,[^,]*,\d+,\d+,", vector.frame, re.DOTALL)
    if head is None:
        return vector.frame
    audio = vector.frame[head.end() : -1]
    for code, plain in ((1, b"}"), (2, b"["), (3, b"]"), (4, b","), (5, b"*")):
        audio = audio.replace(plain, bytes((0x7D, code)))
    return head.group() + audio + b"]"


def report(kind: str, status: str, *, valid: str = "A") -> bytes:
    content = (
        f"{kind},010326,102030,{valid},50.087451,N,14.4206710,E,0.00,0.0,0.0,8,80,44,"
        f"1200,50,{status},1,255,230,1,7605,42530,118,0,12.0"
    )
    return f"[3G*3907919734*{len(content):04X}*{content}]".encode()


@parametrized("watch")
def test_a_captured_frame_is_read_and_answered_as_its_source_does(
    vector: Vector,
) -> None:
    outcome = play(connected(), on_the_wire(vector))
    assert_agrees(vector, outcome, DIFFERS.get(vector.name, ()))


@framed("watch")
def test_a_stream_is_cut_where_its_source_cuts_it(stream: bytes, frame: bytes) -> None:
    assert unescaped(play(connected(), stream).reports[0].raw) == frame


@parametrized("watch", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    assert_never_nothing(connected, vector.frame)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    frames = [b"[3G*3907919734*0002*LK]", report("AL", "00010000"), report("UD", "0")]
    assert_interleaved(connected, frames, sizes)


@given(st.integers(0, 2**32 - 1))
def test_no_bit_masks_the_sos(status: int) -> None:
    frame = report("AL", f"{status | 1 << 16:08x}")
    assert Signal.SOS in play(connected(), frame).told[0].signals


@pytest.mark.parametrize(
    ("bit", "signal"), [(16, "sos"), (20, "removed"), (21, "fall"), (22, "fall")]
)
def test_an_alarm_bit_counts_in_an_ordinary_report_too(bit: int, signal: str) -> None:
    frame = report("UD", f"{1 << bit:08X}", valid="V")
    assert play(connected(), frame).told[0].signals == {Signal(signal)}


def test_an_alarm_without_an_alarm_bit_is_one_of_a_kind_unknown() -> None:
    got = play(connected(), report("AL", "00000000")).told[0]
    assert got.signals == {Signal.UNKNOWN}
    assert got.codes == ("AL",)


def test_a_bit_that_nobody_has_described_is_an_unknown_signal() -> None:
    got = play(connected(), report("AL", "40000000")).told[0]
    assert got.signals == {Signal.UNKNOWN}
    assert got.codes == ("status:bit30",)


def test_a_sign_and_a_hemisphere_are_one() -> None:
    frame = report("UD", "0").replace(b"14.4206710,E", b"-14.420671,W")
    fix = play(connected(), frame).told[0].fix
    assert fix is not None
    assert fix.lon_deg == -14.420671


def test_an_alarm_with_unreadable_cells_keeps_alarm_and_place() -> None:
    frame = report("AL", "00010000").replace(b"7605,42530", b"x,y")
    got = play(connected(), frame).told[0]
    assert got.signals == {Signal.SOS}
    assert got.fix is not None
    assert got.attributes["incomplete"] == "true"


@pytest.mark.parametrize(
    ("content", "answer"),
    [("INIT,1,2", "0006*INIT,1"), ("TKQ2", "0004*TKQ2"), ("LK,0,0,9", "0002*LK")],
)
def test_what_a_watch_waits_for_is_answered_in_its_own_form(
    content: str, answer: str
) -> None:
    plain = play(connected(), f"[CS*1234567890*0004*{content}]".encode())
    assert plain.answers == [f"[CS*1234567890*{answer}]".encode()]
    counted = play(connected(), f"[ZJ*1234567890*0A34*0004*{content}]".encode())
    assert counted.answers == [f"[ZJ*1234567890*0A34*{answer}]".encode()]


@pytest.mark.parametrize("battery", ["", "-", "80%", "101", "x"])
def test_a_reading_that_is_none_costs_neither_answer_nor_alarm(battery: str) -> None:
    beat = play(connected(), f"[3G*3907919734*0007*LK,0,0,{battery}]".encode())
    assert beat.answers == [b"[3G*3907919734*0002*LK]"]
    assert beat.reports[0].kind is ReportKind.HEARTBEAT
    frame = report("AL", "00010000").replace(b",80,44,", f",80,{battery},".encode())
    alarm = play(connected(), frame)
    assert alarm.reports[0].signals == {Signal.SOS}
    assert alarm.reports[0].fix is not None
    assert alarm.answers == [b"[3G*3907919734*0002*AL]"]


def test_a_type_that_nobody_has_described_is_shown_with_its_device() -> None:
    (got,) = play(connected(), b"[3G*3907919734*0007*NOBODY1]").reports
    assert got.kind is ReportKind.UNDECODABLE
    assert got.device == "3907919734"


def test_a_bracket_in_a_stations_name_does_not_end_the_frame() -> None:
    frame = report("AL", "00010000").replace(
        b"118,0,", b"118,1,my]net,aa:bb:cc:00:11:22,-60,"
    )
    length = len(frame) - len(b"[3G*3907919734*0000*]")
    frame = re.sub(rb"\*[0-9A-F]{4}\*AL", b"*%04X*AL" % length, frame)
    (got,) = play(connected(), frame).reports
    assert got.wifi == ("aa:bb:cc:00:11:22@-60",)


@pytest.mark.parametrize("rest", ["", ",010326,102030", ",010326" + "," * 20 + "zz"])
def test_an_alarm_without_its_status_is_an_alarm_and_is_answered(rest: str) -> None:
    content = f"AL{rest}"
    frame = f"[3G*3907919734*{len(content):04X}*{content}]".encode()
    outcome = play(connected(), frame)
    (got,) = outcome.reports
    assert got.kind is ReportKind.REPORT
    assert got.signals == {Signal.UNKNOWN}
    assert outcome.answers == [b"[3G*3907919734*0002*AL]"]


def test_an_sos_with_an_odd_blank_before_its_status_is_an_sos() -> None:
    content = "AL,010326" + "," * 15 + "\x1d00010000"
    frame = f"[3G*3907919734*{len(content):04X}*{content}]".encode()
    (got,) = play(connected(), frame).reports
    assert Signal.SOS in got.signals


def test_indoors_a_blank_place_costs_neither_cells_nor_stations() -> None:
    blank = report("AL", "00010000", valid="V").replace(
        b"50.087451,N,14.4206710,E,0.00,0.0,0.0", b",,,,,,"
    )
    frame = blank.replace(b"118,0,12.0", b"118,1,home,aa:bb:cc:00:11:22,-60,12.0")
    (got,) = play(connected(), frame).reports
    assert got.signals == {Signal.SOS}
    assert (got.fix, got.doubtful_fix) == (None, None)
    assert got.cells == ("230-1-7605-42530@-118",)
    assert got.wifi == ("aa:bb:cc:00:11:22@-60",)


@pytest.mark.parametrize("cells", ["1,255,230,1,7605,42530,118", "1,0,230,1,x,y,1"])
def test_a_comma_in_a_stations_name_hides_no_station(cells: str) -> None:
    frame = report("UD", "0").replace(
        b"1,255,230,1,7605,42530,118,0",
        f"{cells},2,my, home,aa:bb:cc:00:11:22,-60,,aa:bb:cc:00:11:23,-7".encode(),
    )
    (got,) = play(connected(), frame).reports
    assert got.wifi == ("aa:bb:cc:00:11:22@-60", "aa:bb:cc:00:11:23@-7")


@pytest.mark.parametrize("kind", ["WG", "WAD,CH"])
def test_who_asks_where_they_are_says_where_they_are(kind: str) -> None:
    (got,) = play(connected(), report(kind, "00010000")).reports
    assert got.signals == {Signal.SOS}
    assert got.fix is not None


@pytest.mark.parametrize(
    ("cells", "read_as"),
    [
        ("1D65,A622,13,1D65,7F,20", ("230-1-7525-42530@-13", "230-1-7525-127@-20")),
        ("7525,42530,13,7525,127,20", ("230-1-7525-42530@-13", "230-1-7525-127@-20")),
        ("1D65,2622,13,7525,7F,20", ("230-1-7525-9762@-13", "230-1-29989-127@-20")),
    ],
)
def test_cells_in_hexadecimal_were_lost_with_all_behind_them(
    cells: str, read_as: tuple[str, ...]
) -> None:
    content = f"AL,010326,102030,V,,,,,,,,,,50,0,0,00010000,2,1,230,1,{cells},0"
    frame = f"[3G*1234567890*{len(content):04x}*{content}]".encode()
    (report,) = play(connected(), frame).reports
    assert report.signals == {Signal.SOS}
    assert report.cells == read_as
    assert "incomplete" not in report.attributes


@pytest.mark.parametrize("name", ["Cafe", "ABBA", "office"])
def test_a_station_named_as_hexadecimal_moves_no_cell_bug_it_was_another_town(
    name: str,
) -> None:
    """It stands where a cell would that was counted and is not there."""
    heard = f"3,1,230,1,7525,9762,13,2998,1234,20,1,{name},aa:bb:cc:dd:ee:ff,-40"
    content = f"AL,010326,102030,V,,,,,,,,,,50,0,0,00010000,{heard}"
    frame = f"[3G*1234567890*{len(content):04x}*{content}]".encode()
    (report,) = play(connected(), frame).reports
    assert report.signals == {Signal.SOS}
    assert report.cells == ("230-1-7525-9762@-13", "230-1-2998-1234@-20")
