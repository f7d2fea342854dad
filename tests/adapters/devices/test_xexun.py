"""`xexun` against captured messages: the word before the IMEI, with GPS or without."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.xexun import Xexun
from engine.ports.device import READINGS, WireSession
from engine.values import Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import Vector, framed, parametrized, play

SOS = (
    b"111111120009,+436763737552,GPRMC,120600.000,A,6000.0000,N,13000.0000,E,0.00,"
    b"0.00,010112,,,A*68,F,help me!, imei:123456789012345,04,481.2,F:4.15V,0,139,"
    b"2689,232,03,2725,0576\r\n"
)

# Why: docs/devices.md, "Where we differ".
DIFFERS = {"xexun-020": {"time"}}


def connected() -> WireSession:
    return Xexun().session()


def on_the_wire(vector: Vector) -> bytes:
    """Return the line with its end."""
    return vector.frame + b"\r\n"


@parametrized("xexun")
def test_a_captured_message_is_read_as_its_source_does(vector: Vector) -> None:
    outcome = play(connected(), on_the_wire(vector))
    assert_agrees(vector, outcome, DIFFERS.get(vector.name, ()))


@framed("xexun")
def test_a_stream_is_cut_at_least_where_its_source_cuts_it(
    stream: bytes, frame: bytes
) -> None:
    assert frame in play(connected(), stream).reports[0].raw


@parametrized("xexun", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    assert_never_nothing(connected, on_the_wire(vector))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    plain = SOS.replace(b"help me!", b"")
    assert_interleaved(connected, [plain, SOS, SOS, plain], sizes)


def test_a_message_ends_at_its_imei_and_its_tail_is_no_second_one() -> None:
    (report,) = play(connected(), SOS[:-40], SOS[-40:]).reports
    assert report.signals == {Signal.SOS}


def test_an_alarm_without_a_sentence_is_an_alarm() -> None:
    frame = b",+48606717068,,L,help me!, imei:012207005047292,,,F:4.28V,1,52\r\n"
    (report,) = play(connected(), frame).reports
    assert report.signals == {Signal.SOS}
    assert report.fix is None


@pytest.mark.parametrize(
    "behind",
    [b",help me!,imei:", b",S,help me!, imei:", b",F,SOS alarm!, imei:"],
)
def test_a_call_for_help_counts_whatever_stands_before_it(behind: bytes) -> None:
    frame = SOS.replace(b",F,help me!, imei:", behind)
    (report,) = play(connected(), frame).reports
    assert report.signals == {Signal.SOS}
    assert report.fix is not None


def test_the_end_of_a_sentence_is_no_word() -> None:
    frame = SOS.replace(b",F,help me!, imei:", b",imei:")
    (report,) = play(connected(), frame).reports
    assert not report.signals


def test_a_phone_number_is_kept_for_whoever_asks_and_is_no_code() -> None:
    (report,) = play(connected(), SOS).reports
    assert report.attributes["number"] == "+436763737552"
    assert "number" not in READINGS
    assert "436763737552" not in f"{report.codes}"
    assert report.cells == ("232-3-10021-1398",)


def test_a_torn_message_behind_one_without_a_tail_is_shown() -> None:
    bare = SOS[: SOS.index(b"imei:") + len("imei:123456789012345,")]
    for length in range(4, len(bare) - 1):
        assert play(connected(), bare, bare[:length]).reports[1:], length


def test_a_message_may_end_with_its_imei() -> None:
    bare = SOS[: SOS.index(b"imei:") + len("imei:123456789012345")] + b"\r\n"
    first, second = play(connected(), bare, bare).reports
    assert first.signals == second.signals == {Signal.SOS}
    assert first.fix is not None


def test_a_sentence_without_a_place_has_its_time() -> None:
    start, end = SOS.index(b",A,") + 1, SOS.index(b",0.00,")
    frame = SOS[:start] + b"V,,,," + SOS[end:]
    (report,) = play(connected(), frame).reports
    assert report.signals == {Signal.SOS}
    assert report.device_at is not None
    assert report.doubtful_fix is None


@pytest.mark.parametrize("talker", [b"GL", b"GB", b"BD"])
def test_a_sentence_of_any_satellites_has_a_place(talker: bytes) -> None:
    frame = SOS.replace(b"GPRMC", talker + b"RMC")
    for size in (7, 1000):
        pieces = [frame[at : at + size] for at in range(0, len(frame), size)]
        (report,) = play(connected(), *pieces).reports
        assert report.fix is not None
        assert report.attributes["number"] == "+436763737552"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_line_that_is_broken_behind_its_sum_lost_its_place(size: int) -> None:
    broken = SOS.replace(b"*68,F", b"*68\r\n,F")
    stream = broken + SOS + broken
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    told = play(connected(), *pieces).told
    assert len(told) == 3
    for report in told:
        assert report.signals == {Signal.SOS}
        assert report.fix is not None


def test_a_sentence_that_nothing_follows_is_shown_at_the_end() -> None:
    sentence = SOS[: SOS.index(b",F,help")] + b"\r\n"
    assert play(connected(), sentence).reports
    (_, report) = play(connected(), sentence, SOS).reports
    assert report.signals == {Signal.SOS}
