"""`trv` against captured messages: the kind of an alarm, the answer to each type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.trv import Trv
from engine.ports.device import ReportKind, WireSession
from engine.values import Instant, Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import RECEIVED_AT, Vector, parametrized, play

LOG_IN = b"TRVAP00353456789012345#"

# Why: docs/devices.md, "Where we differ".
DIFFERS: dict[str, set[str]] = {}


def connected() -> WireSession:
    session = Trv().session()
    session.feed(LOG_IN, RECEIVED_AT)
    return session


def on_the_wire(vector: Vector) -> bytes:
    """Return the message with the end that the vectors have lost."""
    return vector.frame if vector.frame.endswith(b"#") else vector.frame + b"#"


def alarm(kind: str) -> bytes:
    place = "260301A5005.2471N01425.2403E000.0102030000.0000800806000502"
    return f"TRVAP10{place},230,1,7605,42530,{kind}#".encode()


@parametrized("trv")
def test_a_captured_message_is_read_and_answered_as_its_source_does(
    vector: Vector,
) -> None:
    outcome = play(connected(), on_the_wire(vector))
    assert_agrees(vector, outcome, DIFFERS.get(vector.name, ()))


@parametrized("trv", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    assert_never_nothing(connected, on_the_wire(vector))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    frames = [LOG_IN, alarm("01"), b"TRVCP01,06000908000102#", alarm("05")]
    assert_interleaved(Trv().session, frames, sizes)


@pytest.mark.parametrize(
    ("kind", "signal"),
    [
        *(("01", "sos"), ("02", "low_battery"), ("03", "removed")),
        *(("05", "fall"), ("06", "fall"), ("77", "unknown")),
    ],
)
def test_each_kind_of_alarm_is_its_own_signal(kind: str, signal: str) -> None:
    (report,) = play(connected(), alarm(kind)).told
    assert report.signals == {Signal(signal)}


@pytest.mark.parametrize(
    ("event", "signals"),
    [
        ("APFD,353456789012345,1772323200", {Signal.FALL}),
        ("APWR,353456789012345,0,1772323200", {Signal.REMOVED}),
        ("APWR,353456789012345,1,1772323200", set[Signal]()),
        ("APWR,353456789012345,7,1772323200", {Signal.UNKNOWN}),
    ],
)
def test_a_fall_and_a_watch_taken_off_come_without_a_place(
    event: str, signals: set[Signal]
) -> None:
    (report,) = play(connected(), f"IW{event}#".encode()).told
    assert report.signals == signals
    assert report.device_at == Instant.parse("2026-03-01T00:00:00Z")


@pytest.mark.parametrize(
    "event",
    ["APFD260301A5005.2471N01425.2403E000.0102030000.0000", "APWR", "APFD,1,2,3"],
)
def test_an_event_of_another_form_is_shown(event: str) -> None:
    (report,) = play(connected(), f"IW{event}#".encode()).told
    assert report.kind is ReportKind.UNDECODABLE


def test_an_alarm_with_an_unreadable_place_is_an_alarm() -> None:
    (report,) = play(connected(), alarm("01").replace(b"5005", b"here")).told
    assert report.signals == {Signal.SOS}
    assert report.attributes["incomplete"] == "true"


def test_the_log_in_of_an_iw_watch_is_answered_with_the_time() -> None:
    outcome = play(Trv().session(), b"IWAP00353456789012345#")
    assert outcome.answers == [b"IWBP00,20261125030000,0#"]


def test_the_names_of_stations_stay_out_of_reports() -> None:
    frame = alarm("01")[:-1] + b",zh,00,Our House|74-DE-2B-44-88-8C|97#"
    (report,) = play(connected(), frame).told
    assert report.wifi == ("74:de:2b:44:88:8c@-97",)


@pytest.mark.parametrize("cut", [b",01#", b",42530,01#", b"260301A"])
def test_an_alarm_without_its_kind_is_an_alarm_and_is_answered(cut: bytes) -> None:
    outcome = play(connected(), alarm("01").partition(cut)[0] + b"#")
    (report,) = outcome.told
    assert report.signals == {Signal.UNKNOWN}
    assert report.attributes["incomplete"] == "true"
    assert outcome.answers == [b"TRVBP10#"]


def test_a_place_without_its_cell_is_a_place() -> None:
    place = "080524A2232.9806N11404.9355E000.1061830323.8706000908000502"
    outcome = play(connected(), f"TRVAP01{place}#".encode())
    (got,) = outcome.reports
    assert got.kind is ReportKind.REPORT
    assert got.fix is not None
    assert got.battery_ratio == 0.8
    assert got.attributes["incomplete"] == "true"
    assert outcome.answers == [b"TRVBP01#"]


def test_a_beat_of_either_kind_says_the_battery() -> None:
    (got,) = play(connected(), b"IWAP03,06000908000102,5555,30#").reports
    assert got.kind is ReportKind.HEARTBEAT
    assert got.battery_ratio == 0.8


def test_the_kind_of_an_alarm_may_have_one_digit() -> None:
    place = "080524A2232.9806N11404.9355E000.1061830323.8706000908000502"
    (got,) = play(connected(), f"IWAP10{place},460,0,9520,3671,1,zh-cn#".encode()).told
    assert got.signals == {Signal.SOS}


def test_who_asks_where_its_cells_are_is_told_that_nobody_knows() -> None:
    asked = b"TRVAP14,460,0,7,4,1,9520|3671|13,9520|3672|12#"
    assert play(connected(), asked).answers == [b"TRVBP14,0.000,0.000#"]
    assert play(connected(), b"IWAP14,080835#").answers == []
