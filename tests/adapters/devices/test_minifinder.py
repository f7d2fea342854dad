"""`minifinder` against captured messages: every bit beside every other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.minifinder import Minifinder
from engine.ports.device import ReportKind, WireSession
from engine.values import Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.mutation import mistakes_raise
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import RECEIVED_AT, Vector, parametrized, play

LOG_IN = b"!1,860719020212696;"


def connected() -> WireSession:
    session = Minifinder().session()
    session.feed(LOG_IN, RECEIVED_AT)
    return session


def on_the_wire(vector: Vector) -> bytes:
    """Return the message with the end that the vectors have lost."""
    return vector.frame + b";"


def report(flags: int, kind: str = "D") -> bytes:
    place = "01/03/26,10:20:30,50.087451,14.420671,0,0"
    return f"!{kind},{place},{flags:x},201.3,42,8,16,0.9;".encode()


@parametrized("minifinder")
def test_a_captured_message_is_read_as_its_source_does(vector: Vector) -> None:
    assert_agrees(vector, play(connected(), on_the_wire(vector)))


@parametrized("minifinder", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    assert_never_nothing(connected, on_the_wire(vector))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    frames = [LOG_IN, report(0x41), report(1), report(0x1040)]
    assert_interleaved(Minifinder().session, frames, sizes)


@given(st.integers(0, 2**24 - 1))
def test_no_bit_masks_the_sos(flags: int) -> None:
    (got,) = play(connected(), report(flags | 1 << 6)).told
    assert Signal.SOS in got.signals


@pytest.mark.parametrize(
    ("bit", "signal"), [(6, "sos"), (8, "fall"), (12, "low_battery"), (2, "fault")]
)
def test_each_bit_is_its_own_signal(bit: int, signal: str) -> None:
    (got,) = play(connected(), report(1 << bit | 1)).told
    assert got.signals == {Signal(signal)}


def test_a_stored_report_says_so() -> None:
    (got,) = play(connected(), report(0x41, kind="B")).told
    assert got.buffered
    assert got.signals == {Signal.SOS}


def test_an_alarm_with_an_unreadable_place_is_an_alarm() -> None:
    frame = report(0x41).replace(b"50.087451", b"here")
    (got,) = play(connected(), frame).told
    assert got.signals == {Signal.SOS}
    assert got.attributes["incomplete"] == "true"


@pytest.mark.parametrize("frame", [b"!A;", b"!A,1;", b"!A,1,2,3;", b"!D,1,2,3;"])
def test_a_report_without_its_place_is_shown_as_unreadable_bug_index_error(
    frame: bytes,
) -> None:
    with mistakes_raise():
        (decoded,) = connected().feed(frame, RECEIVED_AT)
    (report,) = decoded.reports
    assert report.kind is ReportKind.UNDECODABLE


def test_a_kind_that_nobody_has_described_is_shown() -> None:
    (got,) = play(connected(), b"!Q,1,2;").told
    assert got.kind is ReportKind.UNDECODABLE


@pytest.mark.parametrize(("flags", "signals"), [("0c0041", {Signal.SOS}), ("1", set())])
def test_flags_count_where_nothing_follows_them(
    flags: str, signals: set[Signal]
) -> None:
    frame = f"!D,07/04/17,05:42:26,-37.58,145.12,0,0,{flags};".encode()
    (got,) = play(connected(), frame).reports
    assert got.signals == signals
    assert (got.kind is ReportKind.UNDECODABLE) != bool(signals)
