"""`h02` against captured messages: active-low bits, text and binary, answers."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.h02 import H02, H02Udp
from engine.ports.device import ReportKind, WireSession
from engine.values import Instant, Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import (
    RECEIVED_AT,
    Vector,
    framed,
    parametrized,
    play,
)

# Why: docs/devices.md, "Where we differ".
TILT = {"h02-074", "h02-075", "h02-sos-bit18"}
DIFFERS = {
    "h02-017": {"answer"},
    "h02-043": {"time"},
    "h02-056": {"answer"},
} | {name: {"alarms"} for name in TILT}


def connected() -> WireSession:
    return H02().session()


def report(status: int) -> bytes:
    place = "102030,A,5005.2471,N,01425.2403,E,000.00,000,010326"
    return f"*HQ,4109179024,V1,{place},{status:08X}#".encode()


@parametrized("h02")
def test_a_captured_message_is_read_and_answered_as_its_source_does(
    vector: Vector,
) -> None:
    outcome = play(connected(), vector.frame)
    assert_agrees(vector, outcome, DIFFERS.get(vector.name, ()))


@framed("h02")
def test_a_stream_is_cut_where_its_source_cuts_it(stream: bytes, frame: bytes) -> None:
    cut = play(connected(), stream).reports[0].raw
    assert cut.replace(b"\r\n", b"#") == frame


@parametrized("h02", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    if vector.name not in TILT:
        assert_never_nothing(connected, vector.frame)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    beat = b"*HQ,861234567890123,HTBT,87#"
    frames = [beat, report(0xFFFFFFFD), report(0xFFFFFFFF), beat]
    assert_interleaved(connected, frames, sizes)


@given(st.integers(0, 2**32 - 1))
def test_no_bit_masks_the_sos(status: int) -> None:
    (got,) = play(connected(), report(status & ~2)).reports
    assert Signal.SOS in got.signals


def test_each_alarm_is_a_zero_of_its_own() -> None:
    (got,) = play(connected(), report(0xFFF7FFF8)).reports
    assert got.signals == {
        Signal.SOS,
        Signal.VIBRATION,
        Signal.OVERSPEED,
        Signal.POWER_CUT,
    }


def test_bit_18_is_a_code_for_the_profile_and_no_signal() -> None:
    (got,) = play(connected(), report(0xFFFBFFFF)).reports
    assert got.signals == frozenset()
    assert got.codes == ("status:bit18",)


def test_a_place_report_is_answered_with_the_time_of_receipt() -> None:
    outcome = play(connected(), report(0xFFFFFFFF))
    assert outcome.answers == [b"*HQ,4109179024,V4,V1,20261125030000#"]


@pytest.mark.parametrize("maker", ["HQ", "TH", "hq"])
@pytest.mark.parametrize("battery", ["87", "", "x", "100%"])
def test_a_beat_goes_back_as_it_came(maker: str, battery: str) -> None:
    beat = f"*{maker},861234567890123,HTBT"
    outcome = play(connected(), f"{beat},{battery}#".encode())
    assert outcome.answers == [f"{beat}#".encode()]
    assert outcome.reports[0].kind is ReportKind.HEARTBEAT


def test_a_short_report_without_a_place_has_its_cells() -> None:
    cells = b"V,470,002,92,3565,10Y92,1433,30Y92,1431,20"
    (got,) = play(connected(), b"*hq,356327080425330,VP1," + cells + b"#").reports
    assert got.cells == ("470-2-92-3565@-10", "470-2-92-1433@-30", "470-2-92-1431@-20")
    assert "incomplete" not in got.attributes


# As in the log of Traccar #3884: the second has a `$` where 32 bytes end.
LONGEST = tuple(
    bytes.fromhex(text)
    for text in (
        (
            "2441091790241027330103265005247104014252403e009229ffe7fbffff00133500"
            "00007600e801ff3f00000004ec"
        ),
        (
            "2441091790241027530103265005251104014252413e006206ffe7fbffff00132400"
            "00007600e801ff3f00000004ed"
        ),
    )
)


@pytest.mark.parametrize("joined", [True, False])
def test_a_binary_message_of_47_bytes_is_whole(*, joined: bool) -> None:
    sos = LONGEST[1].replace(b"\xff\xe7\xfb\xff", b"\xff\xff\xfb\xfd")
    frames = [sos, *LONGEST, sos]
    session = connected()
    segments = [b"".join(frames)] if joined else frames
    told = [
        report
        for segment in segments
        for decoded in session.feed(segment, RECEIVED_AT)
        for report in decoded.reports
    ]
    assert [report.raw for report in told] == frames
    assert {report.device for report in told} == {"4109179024"}
    assert [Signal.SOS in report.signals for report in told] == [
        True,
        False,
        False,
        True,
    ]
    assert told[1].fix is not None
    assert told[1].fix.lat_deg == pytest.approx(50.087452, abs=1e-6)


@pytest.mark.parametrize("size", [45, 47])
@pytest.mark.parametrize("at", [32, 45])
@pytest.mark.parametrize("mark", [b"*", b"X", b"$"])
def test_a_number_that_looks_like_a_mark_does_not_end_a_binary_message(
    size: int, at: int, mark: bytes
) -> None:
    sos = bytearray(LONGEST[0].replace(b"\xff\xe7\xfb\xff", b"\xff\xff\xfb\xfd")[:size])
    sos[at : at + 1] = mark[: max(size - at, 0)]
    frame = bytes(sos)
    told = play(connected(), frame * 3).told
    assert [report.raw for report in told] == [frame] * 3
    assert all(Signal.SOS in report.signals for report in told)


@pytest.mark.parametrize(("speed", "course"), [("", "180"), ("", ""), ("000.00", "")])
@pytest.mark.parametrize("kind", ["V1", "V4,S20,102029", "V19"])
def test_a_place_may_lack_speed_and_course(kind: str, speed: str, course: str) -> None:
    # "Speed maybe empty, as longitude,G,,direction, speed is 0": LKGPS protocol, 1.
    place = f"102030,A,5005.2471,S,01425.2403,W,{speed},{course},010326"
    frame = f"*HQ,4109179024,{kind},{place},FFFFFFFD#".encode()
    (got,) = play(connected(), frame).reports
    assert got.signals == {Signal.SOS}
    assert got.fix is not None
    assert got.fix.lat_deg == pytest.approx(-50.087452)
    assert got.fix.lon_deg == pytest.approx(-14.420672)
    assert got.speed_mps == 0


@pytest.mark.parametrize(
    "rest",
    [
        "",
        ",1",
        ",102030,A,5005.2471,N,01425.2403,E,000.00,000,010326",
        ",102030,A,5005.2471,N,01425.2403,E,000.00,000,010326,FFFFFFFF",
    ],
)
def test_an_alarm_that_no_status_word_names_is_unknown(rest: str) -> None:
    # "5. Device alarm (ALRM)", traccar.org/protocol/5013-h02/document.pdf, V1.0.5.
    (got,) = play(connected(), f"*HQ,356327080425330,ALRM{rest}#".encode()).reports
    assert got.kind is ReportKind.REPORT
    assert got.signals == {Signal.UNKNOWN}
    assert (got.fix is not None) == (len(rest) > len(",1"))


def test_an_alarm_with_a_status_word_is_what_that_says() -> None:
    frame = report(0xFFFFFFFD).replace(b",V1,", b",ALRM,")
    assert play(connected(), frame).reports[0].signals == {Signal.SOS}


def test_an_unreadable_place_does_not_take_the_alarm_with_it() -> None:
    frame = report(0xFFFFFFFD).replace(b"5005.2471", b"5099.2471")
    (got,) = play(connected(), frame).reports
    assert got.signals == {Signal.SOS}
    assert got.attributes["incomplete"] == "true"


@pytest.mark.parametrize("digits", range(8))
def test_a_status_word_that_is_cut_off_is_shown(digits: int) -> None:
    frame = report(0xFFFFFFFD)[: -9 + digits] + b"#"
    (got,) = play(connected(), frame).reports
    assert got.kind is ReportKind.UNDECODABLE
    assert got.device == "4109179024"


def test_a_datagram_is_whole_even_without_its_end() -> None:
    outcome = play(H02Udp().session(), report(0xFFFFFFFD)[:-20], report(0xFFFFFFFD))
    assert outcome.reports[0].kind is ReportKind.UNDECODABLE
    assert outcome.reports[1].signals == {Signal.SOS}


# Traccar's H02ProtocolDecoder, `longId`: 42 bytes, of which the name takes eight.
IMEI_SOS = bytes.fromhex(
    "2486123456789012301020300103265005247157014252403e000090fffffffd" + "00" * 10
)


@pytest.mark.parametrize("connect", [connected, H02Udp().session])
def test_a_binary_report_may_name_its_device_by_an_imei(
    connect: Callable[[], WireSession],
) -> None:
    outcome = play(connect(), IMEI_SOS, IMEI_SOS)
    assert [report.raw for report in outcome.reports] == [IMEI_SOS, IMEI_SOS]
    got = outcome.reports[0]
    assert got.device == "861234567890123"
    assert got.signals == {Signal.SOS}
    assert got.fix is not None
    assert got.fix.lat_deg == pytest.approx(50.087452, abs=1e-5)
    assert got.course_deg == 90
    assert got.battery_ratio == 0.87


def test_a_report_without_a_fix_has_its_time() -> None:
    frame = b"*HQ,4109179024,V1,102030,V,,,,,,,010326,FFFFFFFD#"
    (got,) = play(connected(), frame).reports
    assert got.signals == {Signal.SOS}
    assert got.device_at == Instant.parse("2026-03-01T10:20:30Z")


def test_a_course_that_is_none_costs_no_place() -> None:
    frame = report(0xFFFFFFFD).replace(b",000,", b",-1,")
    assert b",-1," in frame
    (got,) = play(connected(), frame).reports
    assert got.fix is not None
    assert got.course_deg is None


LTE_CELLS = {
    "NBR": "NBR,102030,262,03,255,2,802,54976509,46,802,31456723,44,010326,{}",
    "NBR with more behind": "NBR,102030,262,03,255,1,802,54976509,46,010326,{},5",
    "NBR with much behind": "NBR,102030,262,03,255,1,802,54976509,46,010326,{},262,03,"
    "802,,54976509,6",
    "V3": "V3,102030,26203,01,000802,54976509,46,,0292,0,X,010326,{}",
}


@pytest.mark.parametrize("form", LTE_CELLS)
@pytest.mark.parametrize(
    ("status", "signals"), [("FFFFFFFD", {Signal.SOS}), ("FFFFFFFF", set())]
)
def test_a_cell_of_eight_digits_is_no_status_and_hid_the_sos(
    form: str, status: str, signals: set[Signal]
) -> None:
    frame = f"*HQ,4109179024,{LTE_CELLS[form].format(status)}#".encode()
    (got,) = play(connected(), frame).reports
    assert got.signals == signals
    assert got.attributes["status"] == status.lower()
    assert got.device_at == Instant.parse("2026-03-01T10:20:30Z")
    assert got.cells[0] == "262-3-802-54976509@-46"


def test_a_status_that_has_no_letter_stands_at_the_end() -> None:
    frame = f"*HQ,4109179024,{LTE_CELLS['NBR'].format('77777775')}#".encode()
    (got,) = play(connected(), frame).reports
    assert got.attributes["status"] == "77777775"
    assert Signal.SOS in got.signals


def test_cells_without_a_status_signal_nothing_by_their_numbers() -> None:
    cells = b"V,262,03,802,54976509,46Y802,31456723,44"
    (got,) = play(connected(), b"*hq,356327080425330,VP1," + cells + b"#").reports
    assert got.signals == frozenset()
    assert len(got.cells) == 2


def test_a_place_that_nobody_can_read_is_no_status() -> None:
    frame = b"*HQ,4109179024,V1,102030,A,50052471,,014252403,,0,0,010326,FFFFFFFD#"
    (got,) = play(connected(), frame).reports
    assert got.signals == {Signal.SOS}


@pytest.mark.parametrize(
    ("date", "at"),
    [("251126", RECEIVED_AT), ("241126", Instant.parse("2026-11-24T00:00:00Z"))],
)
def test_a_place_of_today_without_its_hour_was_hours_old(
    date: str, at: Instant
) -> None:
    place = f"VP1,A,5005.2471,S,01425.2403,W,0.48,0.0000,{date}"
    (got,) = play(connected(), f"*hq,356327080425330,{place}#".encode()).reports
    assert got.fix is not None
    assert got.fix.at == at
    assert got.device_at == (None if at == RECEIVED_AT else at)
