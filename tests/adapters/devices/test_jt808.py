"""`jt808` against captured frames: every alarm bit, both forms, batches, answers."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.jt808 import Jt808
from adapters.devices.jt808_frame import OTHER, STANDARD
from engine.ports.device import ReportKind, WireSession
from engine.values import Instant, Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import Vector, framed, parametrized, play

NAME = bytes.fromhex("013511221122")

# Why: docs/devices.md, "Where we differ".
DIFFERS = {
    "jt808-007": {"cells", "hdop"},
    "jt808-014": {"battery", "batteryLevel"},
    "jt808-025": {"temp2"},
    "jt808-026": {"temp2"},
    "jt808-039": {"place"},
    "jt808-047": {"engineLoad"},
    "jt808-053": {"battery", "lockStatus"},
    "jt808-058": {"answer", "reports"},
    "jt808-074": {"cover", "motion", "string"},
    "jt808-087": {"answer", "reports"},
}


def connected() -> WireSession:
    return Jt808().session()


def on_the_wire(vector: Vector) -> bytes:
    """Return the frame with its escapes: the vectors have none any more."""
    return escaped(vector.frame)


def escaped(frame: bytes) -> bytes:
    """Return a frame as it stands on the wire."""
    if not frame.startswith(b"\x7e"):
        return frame
    content = frame[1:-1].replace(b"\x7d", b"\x7d\x01")
    return b"\x7e" + content.replace(b"\x7e", b"\x7d\x02") + b"\x7e"


def answered(vector: Vector) -> Vector:
    """Return the vector with its replies as they stand on the wire."""
    replies = [
        reply | {"data": escaped(bytes.fromhex(reply["data"])).hex()}
        if reply["encoding"] == "hex" and reply.get("data")
        else reply
        for reply in vector.raw["decoded"]["replies"]
    ]
    decoded = vector.raw["decoded"] | {"replies": replies}
    return replace(vector, raw=vector.raw | {"decoded": decoded})


def place(alarm: int, *, extra: bytes = b"") -> bytes:
    status = b"\0\0\0\x03"
    where = (50087451).to_bytes(4) + (14420671).to_bytes(4) + bytes(6)
    return alarm.to_bytes(4) + status + where + bytes.fromhex("260301182030") + extra


def message(kind: int, body: bytes) -> bytes:
    head = kind.to_bytes(2) + len(body).to_bytes(2) + NAME + b"\x00\x07"
    return STANDARD.frame_of(head + body)


@parametrized("jt808")
def test_a_captured_frame_is_read_and_answered_as_its_source_does(
    vector: Vector,
) -> None:
    outcome = play(connected(), on_the_wire(vector))
    assert_agrees(answered(vector), outcome, DIFFERS.get(vector.name, ()))


@framed("jt808")
def test_a_stream_is_cut_where_its_source_cuts_it(stream: bytes, frame: bytes) -> None:
    raws = [report.raw for report in play(connected(), stream).reports]
    assert any(frame.strip(b"\x7e") in STANDARD.unescaped(raw) for raw in raws)


@parametrized("jt808", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    assert_never_nothing(connected, on_the_wire(vector))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    frames = [
        message(0x0102, b"secret"),
        message(0x0200, place(1)),
        message(0x0002, b""),
        message(0x0200, place(0x7E7D)),
    ]
    assert_interleaved(connected, frames, sizes)


@given(st.integers(0, 2**32 - 1))
def test_no_alarm_bit_masks_the_sos(alarm: int) -> None:
    (report,) = play(connected(), message(0x0200, place(alarm | 1))).reports
    assert Signal.SOS in report.signals


def test_each_record_of_a_batch_is_a_stored_report_with_its_own_signals() -> None:
    records = [place(0), place(1), place(1 << 16)]
    body = b"\x00\x03\x01" + b"".join(len(r).to_bytes(2) + r for r in records)
    reports = play(connected(), message(0x0704, body)).reports
    assert [report.part for report in reports] == [0, 1, 2]
    assert all(report.buffered for report in reports)
    assert [set(report.signals) for report in reports] == [
        set(),
        {Signal.SOS},
        {Signal.TAMPERED},
    ]


def test_the_clock_is_chinas() -> None:
    (report,) = play(connected(), message(0x0200, place(0))).reports
    local = Instant.parse("2026-03-01T18:20:30Z")
    assert report.device_at == local.plus(timedelta(hours=-8))


def test_an_unreadable_extra_field_does_not_take_the_alarm_with_it() -> None:
    frame = message(0x0200, place(1, extra=b"\x30\x09\x01"))
    (report,) = play(connected(), frame).reports
    assert report.signals == {Signal.SOS}
    assert report.fix is not None
    assert report.attributes["incomplete"] == "true"


@pytest.mark.parametrize(
    ("key", "states", "signals"),
    [
        (0x89, 0xFFFFEFFF, {Signal.REMOVED}),
        (0xC5, 0xFFFFFFBF, {Signal.VIBRATION}),
        (0xC5, 0xFE7FFFEF, set()),
    ],
)
def test_a_state_of_seeworld_is_an_alarm_where_its_bit_is_zero(
    key: int, states: int, signals: set[Signal]
) -> None:
    # W15L: "extension 0x00C5, bit 6 active-low: vibration" (traccar #5848).
    extra = b"\xeb\x08\x00\x06" + key.to_bytes(2) + states.to_bytes(4)
    (report,) = play(connected(), message(0x0200, place(0, extra=extra))).reports
    assert report.signals == signals


def test_a_wrong_checksum_is_flagged_and_never_dropped() -> None:
    frame = bytearray(message(0x0200, place(1)))
    frame[-2] ^= 1
    (report,) = play(connected(), bytes(frame)).reports
    assert report.signals == {Signal.SOS}
    assert report.checksum_ok is False


def test_a_type_that_nobody_has_described_is_shown() -> None:
    (report,) = play(connected(), message(0x0EEE, b"\x01")).reports
    assert report.kind is ReportKind.UNDECODABLE
    assert report.device == "013511221122"


def test_a_terminal_is_handed_its_id_as_its_code_and_any_code_is_taken() -> None:
    registered = play(connected(), message(0x0100, bytes(25)))
    code = NAME.hex().encode()
    body = b"\x00\x07\x00" + code
    head = b"\x81\x00" + len(body).to_bytes(2) + NAME + bytes(2)
    assert registered.answers == [STANDARD.frame_of(head + body)]
    for said in (code, b"of another platform"):
        outcome = play(connected(), message(0x0102, said))
        assert len(outcome.answers) == 1
        assert outcome.reports[0].authentic is None


def test_a_place_that_was_asked_for_is_one_with_its_alarm() -> None:
    outcome = play(connected(), message(0x0201, b"\x00\x05" + place(1)))
    assert outcome.reports[0].signals == {Signal.SOS}
    assert outcome.reports[0].fix is not None
    assert outcome.answers == []


def test_places_behind_lengths_of_one_byte_are_reports_and_are_answered() -> None:
    body = b"".join(bytes((len(one),)) + one for one in (place(0), place(1)))
    outcome = play(connected(), message(0x0210, body))
    assert [set(r.signals) for r in outcome.reports] == [set(), {Signal.SOS}]
    assert len(outcome.answers) == 1


def test_a_level_and_a_time_are_a_heartbeat() -> None:
    body = b"\x57" + bytes.fromhex("260301182030")
    (report,) = play(connected(), message(0x0210, body)).reports
    assert report.kind is ReportKind.HEARTBEAT
    assert report.battery_ratio == 0.87


@pytest.mark.parametrize("kind", [0x0003, 0x0107, 0x0506, 0x6006])
def test_what_says_no_more_than_that_it_lives_is_acknowledged(kind: int) -> None:
    outcome = play(connected(), message(kind, bytes(50)))
    assert outcome.reports[0].kind is ReportKind.HEARTBEAT
    body = b"\x00\x07" + kind.to_bytes(2) + b"\0"
    head = b"\x80\x01" + len(body).to_bytes(2) + NAME + bytes(2)
    assert outcome.answers == [STANDARD.frame_of(head + body)]


@pytest.mark.parametrize("count", [0, 3, 600, 65535])
def test_a_batch_that_has_fewer_places_than_it_says_shows_so(count: int) -> None:
    record = place(1 << 16)
    body = count.to_bytes(2) + b"\x00" + (len(record).to_bytes(2) + record) * 2
    reports = play(connected(), message(0x0704, body)).reports
    if count:
        assert [r.kind for r in reports[:2]] == [ReportKind.REPORT] * 2
    assert reports[-1].kind is ReportKind.UNDECODABLE


def test_more_places_than_a_frame_has_room_for_are_shown_once() -> None:
    body = (600).to_bytes(2) + b"\x00" + bytes(2) * 600
    frame = message(0x0704, body)
    reports = play(connected(), frame).reports
    assert len(reports) <= 257
    assert reports[-1].kind is ReportKind.UNDECODABLE


# A terminal with the other mark: an id of seven bytes, escapes of its own.
OTHER_NAME = bytes.fromhex("00012345678901")


def other(alarm: int) -> bytes:
    body = place(alarm)
    head = b"\x02\x00" + len(body).to_bytes(2) + OTHER_NAME + b"\x00\xe7"
    return OTHER.frame_of(head + body)


def test_a_frame_between_the_other_marks_is_read_and_answered_in_kind() -> None:
    outcome = play(connected(), other(1 | 0x3E3D00))
    assert Signal.SOS in outcome.reports[0].signals
    assert outcome.reports[0].device == OTHER_NAME.hex()
    assert outcome.reports[0].checksum_ok is True
    body = b"\x00\xe7\x02\x00\x00"
    head = b"\x80\x01\x00\x05" + OTHER_NAME + bytes(2)
    assert outcome.answers == [OTHER.frame_of(head + body)]


def test_an_sos_between_the_other_marks_never_ends_in_nothing() -> None:
    assert_never_nothing(connected, other(1))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_segments_of_both_forms_may_end_anywhere(sizes: list[int]) -> None:
    frames = [other(1), other(0), message(0x0200, place(1)), other(1), other(1)]
    assert_interleaved(connected, frames, sizes)


@pytest.mark.parametrize("before", [b"\xe7", b"\xe7\x02", b"\xe7\x02\0\0", b"\xe7" * 9])
def test_another_mark_that_is_none_does_not_hide_the_frame_behind_it(
    before: bytes,
) -> None:
    outcome = play(connected(), before + message(0x0200, place(1)))
    assert any(report.signals == {Signal.SOS} for report in outcome.reports)


@given(st.binary(max_size=80))
def test_what_is_escaped_is_the_same_without(data: bytes) -> None:
    for form in (STANDARD, OTHER):
        framed_data = form.frame_of(data)
        assert form.mark not in framed_data[1:-1]
        assert form.unescaped(framed_data[1:-1])[:-1] == data


def test_a_time_that_is_none_costs_no_place() -> None:
    for alarm in (0, 1):
        body = place(alarm).replace(bytes.fromhex("260301182030"), b"\xff" * 6)
        (report,) = play(connected(), message(0x0200, body)).reports
        assert report.kind is ReportKind.REPORT
        assert report.fix is not None
        assert report.device_at is None
        assert (Signal.SOS in report.signals) == bool(alarm)


@pytest.mark.parametrize("first", [0, 1])
def test_a_mark_that_two_frames_share_loses_neither(first: int) -> None:
    frames = [message(0x0200, place(first)), message(0x0200, place(1 - first))]
    outcome = play(connected(), frames[0][:-1] + frames[1])
    read = [Signal.SOS in report.signals for report in outcome.reports]
    assert read == [bool(first), not first]
    assert all(report.fix and report.checksum_ok for report in outcome.reports)
    assert len(outcome.answers) == 2
