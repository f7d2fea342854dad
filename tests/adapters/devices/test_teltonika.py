"""`teltonika` against captured packets: every codec, the count that is answered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.checksums import crc16_arc
from adapters.devices.teltonika import Teltonika, TeltonikaUdp
from engine.ports.device import ReportKind, WireSession
from engine.values import Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import (
    RECEIVED_AT,
    Vector,
    framed,
    parametrized,
    play,
)

LOG_IN = b"\x00\x0f123456789012345"

# Why: docs/devices.md, "Where we differ".
DIFFERS = {
    "teltonika-034": {"answer", "reports"},
    "teltonika-051": {"answer"},
    "teltonika-052": {"answer"},
    "teltonika-8e-alarm236": {"alarms"},
}


def connected(vector: Vector | None = None) -> WireSession:
    if vector is not None and vector.raw["transport"] == "udp":
        return TeltonikaUdp().session()
    session = Teltonika().session()
    session.feed(LOG_IN, RECEIVED_AT)
    return session


def packet(records: list[bytes], codec: int = 0x08) -> bytes:
    data = bytes((codec, len(records))) + b"".join(records) + bytes((len(records),))
    check = crc16_arc(data).to_bytes(4)
    return bytes(4) + len(data).to_bytes(4) + data + check


def datagram(data: bytes) -> bytes:
    body = b"\xca\xfe\x01\x22" + LOG_IN + data
    return len(body).to_bytes(2) + body


def record(*elements: tuple[int, int], event: int = 0, priority: int = 0) -> bytes:
    head = (1772360430000).to_bytes(8) + bytes((priority,))
    place = (144206710).to_bytes(4) + (500874510).to_bytes(4)
    motion = bytes(2 + 2) + b"\x08" + bytes(2)
    ones = b"".join(bytes(pair) for pair in elements)
    counts = bytes((event, len(elements), len(elements)))
    return head + place + motion + counts + ones + bytes(3)


@parametrized("teltonika")
def test_a_captured_packet_is_read_and_answered_as_its_source_does(
    vector: Vector,
) -> None:
    outcome = play(connected(vector), vector.frame)
    assert_agrees(vector, outcome, DIFFERS.get(vector.name, ()))


@framed("teltonika")
def test_a_stream_is_cut_where_its_source_cuts_it(stream: bytes, frame: bytes) -> None:
    assert play(connected(), stream).reports[0].raw == frame


@parametrized("teltonika", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    assert_never_nothing(connected, vector.frame)


def test_an_sos_of_codec_8_torn_split_or_repeated_never_ends_in_nothing() -> None:
    assert_never_nothing(connected, packet([record((236, 1), event=236, priority=2)]))


def wide_record(*elements: tuple[int, int], event: int = 0) -> bytes:
    """Return a record of codec 16: ids of two bytes, and what made it be sent."""
    head = record()[: 8 + 1 + 8 + 7]
    ones = b"".join(
        element.to_bytes(2) + bytes((value,)) for element, value in elements
    )
    counts = event.to_bytes(2) + bytes((5, len(elements), len(elements)))
    return head + counts + ones + bytes(3)


def test_an_sos_of_codec_16_torn_split_or_repeated_never_ends_in_nothing() -> None:
    frame = packet([wide_record((236, 1), (66, 9), event=236)], codec=0x10)
    outcome = play(connected(), frame)
    assert outcome.answers == [b"\0\0\0\x01"]
    assert outcome.told[0].signals == {Signal.SOS}
    assert_never_nothing(connected, frame)


def test_what_a_command_was_answered_with_is_kept() -> None:
    said = b"Camera: not installed"
    data = b"\x0c\x01\x06" + len(said).to_bytes(4) + said + b"\x01"
    frame = bytes(4) + len(data).to_bytes(4) + data + crc16_arc(data).to_bytes(4)
    (report,) = play(connected(), frame).told
    assert report.kind is ReportKind.HEARTBEAT
    assert report.attributes["said"] == said.decode()


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    frames = [LOG_IN, packet([record((236, 1))]), b"\xff", packet([record()] * 3)]
    assert_interleaved(Teltonika().session, frames, sizes)


@given(
    st.lists(
        st.tuples(st.integers(0, 255), st.integers(0, 255)).filter(
            lambda pair: pair[0] != 236
        ),
        max_size=8,
    )
)
def test_no_element_masks_the_alarm_button(elements: list[tuple[int, int]]) -> None:
    frame = packet([record(*elements, (236, 1))])
    assert Signal.SOS in play(connected(), frame).told[0].signals


def test_man_down_is_a_fall() -> None:
    report = play(connected(), packet([record((242, 1), event=242)])).told[0]
    assert report.signals == {Signal.FALL}
    assert report.codes == ("io242:1",)


def test_panic_without_a_known_element_is_an_alarm_of_unknown_kind() -> None:
    report = play(connected(), packet([record((99, 1), event=99, priority=2)])).told[0]
    assert report.signals == {Signal.UNKNOWN}


@pytest.mark.parametrize(
    ("elements", "event"), [(((253, 1),), 1), (((255, 1),), 255), (((252, 1),), 252)]
)
def test_panic_is_not_masked_by_what_a_vehicle_says(
    elements: tuple[tuple[int, int], ...], event: int
) -> None:
    frame = packet([record(*elements, event=event, priority=2)])
    (report,) = play(connected(), frame).told
    assert Signal.UNKNOWN in report.signals
    assert len(report.signals) == 2


def test_each_record_is_a_report_with_its_part() -> None:
    frame = packet([record(), record((236, 1)), record()])
    outcome = play(connected(), frame)
    assert outcome.answers == [b"\0\0\0\x03"]
    assert [report.part for report in outcome.told] == [0, 1, 2]
    assert [Signal.SOS in report.signals for report in outcome.told] == [0, 1, 0]


def test_a_packet_nobody_can_read_is_kept_and_answered_lest_it_block_the_next() -> None:
    frame = packet([b"\x01\x02\x03"])
    outcome = play(connected(), frame)
    assert outcome.told[0].kind is ReportKind.UNDECODABLE
    assert outcome.answers == [b"\0\0\0\x01"]


def test_a_damaged_packet_nobody_can_read_is_not_answered() -> None:
    frame = bytearray(packet([b"\x01\x02\x03"]))
    frame[-1] ^= 1
    assert play(connected(), bytes(frame)).answers == []


def test_a_datagram_is_answered_with_its_own_id() -> None:
    frame = datagram(packet([record((236, 1))])[8:-4])
    outcome = play(TeltonikaUdp().session(), frame)
    assert outcome.answers == [bytes.fromhex("00050000012201")]
    assert outcome.told[0].device == "123456789012345"
    assert outcome.told[0].signals == {Signal.SOS}


@pytest.mark.parametrize("is_udp", [False, True])
def test_records_behind_a_torn_one_are_shown_bug_the_sos_in_them_was_answered_for(
    *, is_udp: bool
) -> None:
    """Its power was cut, says the first, and nobody can tell where it ends."""
    endless = record((252, 1), event=252)[:-1] + b"\x05\xff\xff"
    frame = packet([endless, record((236, 1))])
    session = TeltonikaUdp().session() if is_udp else connected()
    outcome = play(session, datagram(frame[8:-4]) if is_udp else frame)
    first, rest = outcome.reports[-2:]
    assert first.signals == {Signal.POWER_CUT}
    assert rest.kind is ReportKind.UNDECODABLE
    assert (first.part, rest.part) == (0, 1)
    assert outcome.answers


def test_a_datagram_nobody_can_read_was_sent_again_before_every_later_one() -> None:
    unread = datagram(packet([b"\x01\x02\x03"])[8:-4])
    outcome = play(TeltonikaUdp().session(), unread)
    assert outcome.told[0].kind is ReportKind.UNDECODABLE
    assert outcome.answers == [bytes.fromhex("00050000012201")]
    whole = datagram(packet([record((236, 1))])[8:-4])
    assert play(TeltonikaUdp().session(), whole[:-1]).answers == []


def test_satellites_that_are_jammed_are_told_by_their_event_and_were_nothing() -> None:
    for event, value, signals in (
        (318, 2, {Signal.JAMMED}),
        (318, 0, set()),
        (240, 2, set()),
    ):
        frame = packet([wide_record((318, value), event=event)], codec=0x10)
        assert play(connected(), frame).told[0].signals == signals


@pytest.mark.parametrize(("value", "codes"), [(0, ()), (1, ("io400:1",))])
def test_the_countdown_of_a_lone_worker_reached_nobody(
    value: int, codes: tuple[str, ...]
) -> None:
    frame = packet([wide_record((400, value), event=400)], codec=0x10)
    (report,) = play(connected(), frame).told
    assert report.codes == codes
    assert report.signals == ({Signal.UNKNOWN} if codes else set())
    frame = packet([wide_record((400, value), event=240)], codec=0x10)
    assert not play(connected(), frame).told[0].signals


def test_an_unknown_device_is_let_in_so_that_its_sos_is_heard() -> None:
    session = Teltonika().session()
    (decoded,) = session.feed(LOG_IN, RECEIVED_AT)
    assert decoded.answer == b"\x01"
    assert session.device == "123456789012345"


def test_a_flood_of_marks_does_not_hide_the_sos_behind_it() -> None:
    outcome = play(connected(), bytes(3000) + packet([record((236, 1))]))
    assert outcome.told[0].kind is ReportKind.UNDECODABLE
    assert outcome.told[1].signals == {Signal.SOS}


@pytest.mark.parametrize("digits", [14, 15, 16])
def test_a_log_in_is_answered_whatever_the_length_of_its_imei(digits: int) -> None:
    name = "3520930814522512"[:digits]
    log_in = bytes((0, digits)) + name.encode()
    for pieces in ([log_in], [log_in[:1], log_in[1:7], log_in[7:]]):
        outcome = play(Teltonika().session(), *pieces)
        assert [report.device for report in outcome.reports] == [name]
        assert outcome.answers == [b"\x01"]
