"""Messages of `jt808` that come in pieces: JT/T 808, message properties, bit 13."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.jt808 import Jt808
from adapters.devices.jt808_frame import STANDARD
from engine.ports.device import ReportKind, WireSession
from engine.values import Signal
from tests.adapters.devices.test_jt808 import NAME, message, place
from tests.adapters.devices.vectors import play

RECORDS = [
    place(0),
    place(1),
    place(1 << 16),
    place(0, extra=b"\x30\x01\x14"),
    place(1),
]


def connected() -> WireSession:
    return Jt808().session()


def batch(records: list[bytes], *, count: int | None = None) -> bytes:
    said = len(records) if count is None else count
    return (
        said.to_bytes(2) + b"\x01" + b"".join(len(r).to_bytes(2) + r for r in records)
    )


def piece(kind: int, body: bytes, number: int, pieces: int, *, index: int = 7) -> bytes:
    head = kind.to_bytes(2) + (0x2000 | len(body)).to_bytes(2) + NAME
    said = index.to_bytes(2) + pieces.to_bytes(2) + number.to_bytes(2)
    return STANDARD.frame_of(head + said + body)


def split(kind: int, body: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(body)}), len(body)]
    parts = [body[a:b] for a, b in pairwise(edges)]
    return [
        piece(kind, part, number, len(parts), index=number)
        for number, part in enumerate(parts, 1)
    ]


@given(st.lists(st.integers(3, 160), min_size=1, max_size=5))
def test_a_batch_in_pieces_says_what_it_says_whole(cuts: list[int]) -> None:
    body = batch(RECORDS)
    (whole, pieces) = (
        [
            (report.device_at, report.fix, report.signals, report.buffered)
            for report in play(connected(), *frames).reports
            if report.kind is ReportKind.REPORT
            and "incomplete" not in report.attributes
        ]
        for frames in ([message(0x0704, body)], split(0x0704, body, cuts))
    )
    assert pieces == whole
    assert len(whole) == len(RECORDS)


def test_each_piece_is_acknowledged_by_its_own_index() -> None:
    frames = split(0x0704, batch(RECORDS), [40, 80])
    answers = play(connected(), *frames).answers
    head = b"\x80\x01\x00\x05" + NAME + bytes(2)
    assert answers == [
        STANDARD.frame_of(head + index.to_bytes(2) + b"\x07\x04\x00")
        for index in (1, 2, 3)
    ]


def test_the_sos_of_a_record_that_is_cut_off_waits_for_no_other_piece() -> None:
    body = batch([place(1)])
    (report,) = play(connected(), split(0x0704, body, [12])[0]).reports
    assert report.signals == {Signal.SOS}
    assert report.attributes["incomplete"] == "true"
    assert report.buffered


def test_a_piece_without_a_whole_record_is_a_heartbeat() -> None:
    (report,) = play(connected(), split(0x0704, batch([place(0)]), [12])[0]).reports
    assert report.kind is ReportKind.HEARTBEAT


@pytest.mark.parametrize("numbers", [(2,), (1, 3)])
def test_a_piece_out_of_turn_is_shown_and_spoils_no_later_batch(
    numbers: tuple[int, ...],
) -> None:
    frames = split(0x0704, batch(RECORDS), [40, 80])
    outcome = play(connected(), *(frames[number - 1] for number in numbers), *frames)
    out_of_turn = outcome.reports[-len(RECORDS) - 4 :]
    assert any(report.kind is ReportKind.UNDECODABLE for report in outcome.reports)
    assert sum(Signal.SOS in report.signals for report in out_of_turn) >= 2


@pytest.mark.parametrize("numbers", [(1, 2, 2, 3), (1, 1, 2, 3), (1, 2, 3, 3)])
def test_a_piece_that_is_said_again_spoils_nothing(numbers: tuple[int, ...]) -> None:
    # A terminal says a piece again whose answer did not come in time.
    frames = split(0x0704, batch(RECORDS), [40, 80])
    session = connected()
    outcome = play(session, *(frames[number - 1] for number in numbers))
    assert len(outcome.answers) == len(numbers)
    assert all(r.kind is not ReportKind.UNDECODABLE for r in outcome.reports)
    whole = [r for r in outcome.reports if "incomplete" not in r.attributes and r.fix]
    assert sum(Signal.SOS in report.signals for report in whole) >= 2


def test_a_batch_that_ends_before_its_count_shows_so() -> None:
    frames = split(0x0704, batch(RECORDS, count=9), [40])
    assert play(connected(), *frames).reports[-1].kind is ReportKind.UNDECODABLE


def test_a_place_that_says_it_is_one_piece_of_one_is_read_as_a_whole_one() -> None:
    (report,) = play(connected(), piece(0x0200, place(1), 1, 1)).reports
    assert report.signals == {Signal.SOS}
    assert report.fix is not None


def test_a_bit_that_is_set_without_pieces_takes_nothing_of_the_body() -> None:
    body = place(1)
    head = b"\x02\x00" + (0x2000 | len(body)).to_bytes(2) + NAME + b"\x00\x07"
    (report,) = play(connected(), STANDARD.frame_of(head + body)).reports
    assert report.signals == {Signal.SOS}
    assert report.fix is not None


# JT/T 808-2011, 0x0800 and 0x0801: 2 is a robbery alarm, 3 a collision. Only the first
# piece says so, the others are data.
@pytest.mark.parametrize("kind", [0x0800, 0x0801])
@pytest.mark.parametrize(("event", "signal"), [(2, Signal.SOS), (3, Signal.ACCIDENT)])
def test_what_was_photographed_at_an_alarm_says_so(
    kind: int, event: int, signal: Signal
) -> None:
    media = bytes((0, 0, 0, 1, 0, 0, event, 1)) + b"\xff\xd8" + bytes(60)
    for frames in ([message(kind, media)], split(kind, media, [20, 40])):
        outcome = play(connected(), *frames)
        assert outcome.reports[0].signals == {signal}
        assert outcome.reports[0].kind is ReportKind.REPORT
        assert all(not report.signals for report in outcome.reports[1:])
    quiet = play(connected(), message(kind, bytes(70))).reports[0]
    assert quiet.kind is ReportKind.HEARTBEAT


def test_an_order_to_a_vehicle_is_answered_with_a_place_and_its_alarm() -> None:
    (report,) = play(connected(), message(0x0500, b"\0\5" + place(1))).reports
    assert report.signals == {Signal.SOS}
    assert report.fix is not None


@pytest.mark.parametrize("kind", [0x0004, 0x0005, 0x0108, 0x0301, 0x0705, 0x0802])
def test_what_the_standard_names_and_is_no_place_is_a_heartbeat(kind: int) -> None:
    (report,) = play(connected(), message(kind, bytes(4))).reports
    assert report.kind is ReportKind.HEARTBEAT


def test_alarms_of_driving_stand_in_two_bytes_where_else_are_stations() -> None:
    frame = message(0x0200, place(0, extra=b"\xf4\x02\x00\x11"))
    (report,) = play(connected(), frame).reports
    assert report.signals == {Signal.ACCIDENT, Signal.HARSH_DRIVING}
