"""`gps103` against captured messages: words, zones, the answer that ends an alarm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.gps103 import Gps103, Gps103Udp
from engine.ports.device import ReportKind, WireSession
from engine.values import Instant, Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import Vector, parametrized, play

SOS = (
    b"imei:359586015829802,help me,2603011020,13554900601,F,102030.000,A,"
    b"5005.2471,N,01425.2403,E,0.00,0;"
)

# Why: docs/devices.md, "Where we differ".
DIFFERS = {"gps103-079": {"temp1"}, "gps103-sos-exclam": {"answer"}}


def connected() -> WireSession:
    return Gps103().session()


def on_the_wire(vector: Vector) -> bytes:
    """Return the message with the end that the vectors have lost."""
    ended = vector.frame.endswith((b";", b"*"))
    return vector.frame if ended else vector.frame + b";"


@parametrized("gps103")
def test_a_captured_message_is_read_and_answered_as_its_source_does(
    vector: Vector,
) -> None:
    outcome = play(connected(), on_the_wire(vector))
    assert_agrees(vector, outcome, DIFFERS.get(vector.name, ()))


@parametrized("gps103", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    assert_never_nothing(connected, on_the_wire(vector))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    frames = [b"##,imei:359586015829802,A;", SOS, b"359586015829802;", SOS]
    assert_interleaved(connected, frames, sizes)


@pytest.mark.parametrize("word", ["help me", "help me!", "HELP ME", "sos"])
def test_each_spelling_of_help_is_an_sos_and_is_answered(word: str) -> None:
    outcome = play(connected(), SOS.replace(b"help me", word.encode()))
    assert outcome.told[0].signals == {Signal.SOS}
    assert outcome.answers == [b"**,imei:359586015829802,E;"]


def test_a_call_for_help_counts_though_nothing_follows_it() -> None:
    outcome = play(Gps103().session(), b"imei:359586015829802,help me;")
    assert outcome.told[0].signals == {Signal.SOS}
    assert outcome.answers == [b"**,imei:359586015829802,E;"]
    (other,) = play(Gps103().session(), b"imei:359586015829802,tracker;").told
    assert other.kind is ReportKind.UNDECODABLE


def test_a_word_that_nobody_has_described_is_an_unknown_signal() -> None:
    (report,) = play(connected(), SOS.replace(b"help me", b"fire alarm")).reports
    assert report.signals == {Signal.UNKNOWN}
    assert report.codes == ("word:fire alarm",)


def test_an_sos_without_gps_is_an_sos_with_its_cell() -> None:
    frame = b"imei:359586015829802,help me,2603011020,,L,,,10b4,,5235,,,;"
    (report,) = play(connected(), frame).reports
    assert report.signals == {Signal.SOS}
    assert report.cells == ("0-0-4276-21045",)


@pytest.mark.parametrize(
    ("local", "utc", "moment"),
    [
        ("2603011020", "102030", "2026-03-01T10:20:30Z"),
        ("2603011820", "102030", "2026-03-01T10:20:30Z"),
        ("2603020130", "173030", "2026-03-01T17:30:30Z"),
        ("2602282230", "023030", "2026-03-01T02:30:30Z"),
    ],
)
def test_the_day_is_told_by_local_time_and_utc(
    local: str, utc: str, moment: str
) -> None:
    frame = SOS.replace(b"2603011020", local.encode())
    frame = frame.replace(b"102030.000", utc.encode() + b".000")
    assert play(connected(), frame).told[0].device_at == Instant.parse(moment)


def test_a_phone_number_stays_out_of_attributes_and_codes() -> None:
    (report,) = play(connected(), SOS).reports
    assert "13554900601" not in f"{report.attributes}{report.codes}"


def test_a_datagram_is_whole_even_without_its_end() -> None:
    outcome = play(Gps103Udp().session(), SOS[:-1])
    assert outcome.reports[0].signals == {Signal.SOS}


def test_what_names_no_device_is_shown_once_a_device_has_spoken() -> None:
    (report,) = play(connected(), b"hello;").reports
    assert report.kind is ReportKind.NOISE
    report = play(connected(), SOS, b"hello;").reports[-1]
    assert report.kind is ReportKind.UNDECODABLE


@pytest.mark.parametrize("separators", [b";", b"*", b"; *\r\n\0"])
def test_a_datagram_of_separators_is_read_in_a_few_steps_and_so_is_an_sos_behind_them(
    separators: bytes,
) -> None:
    """One by one 60 kB of them took more than a second, in which nobody was heard."""
    many = (separators * 60_000)[:60_000]
    frames = Gps103Udp().session().feed(many + SOS, Instant(0))
    assert len(frames) < 50
    (report,) = (report for frame in frames for report in frame.reports)
    assert report.signals == {Signal.SOS}


def test_an_sos_whose_end_is_missing_is_read_before_what_follows() -> None:
    tracker = SOS.replace(b"help me", b"tracker")
    first, second = play(connected(), SOS[:-1] + tracker).reports
    assert first.signals == {Signal.SOS}
    assert first.fix is not None
    assert not second.signals
    first, second = play(connected(), tracker[:30] + SOS).reports
    assert first.kind is ReportKind.UNDECODABLE
    assert second.signals == {Signal.SOS}


@pytest.mark.parametrize("letter", "bcefgijknqrstz")
def test_the_answer_to_a_command_is_no_alarm(letter: str) -> None:
    (report,) = play(
        connected(), SOS.replace(b"help me", f"{letter}t".encode())
    ).reports
    assert not report.signals


@pytest.mark.parametrize(
    "place", [b"5005.2471,S,01425.2403,W,", b"S,5005.2471,W,01425.2403,"]
)
def test_a_hemisphere_may_stand_before_its_degrees(place: bytes) -> None:
    frame = SOS.replace(b"5005.2471,N,01425.2403,E,", place)
    (report,) = play(connected(), frame).reports
    assert report.signals == {Signal.SOS}
    assert report.fix is not None
    assert report.fix.lat_deg == pytest.approx(-50.087452, abs=1e-5)
    assert report.fix.lon_deg == pytest.approx(-14.420672, abs=1e-5)
    assert report.speed_mps == 0
