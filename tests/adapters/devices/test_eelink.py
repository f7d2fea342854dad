"""`eelink` against captured packages, alone over TCP and many in a datagram."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.eelink import Eelink, EelinkUdp, datagram_of, package_of
from engine.ports.device import ReportKind, WireSession
from engine.values import Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import RECEIVED_AT, Vector, parametrized, play

LOG_IN = bytes.fromhex("676701000c007b03525440717505180104")
NAME = bytes.fromhex("0352544071677471")

# Why: docs/devices.md, "Where we differ".
DIFFERS: dict[str, set[str]] = {}


def connected(vector: Vector | None = None) -> WireSession:
    if vector is not None and vector.frame.startswith(b"EL"):
        return EelinkUdp().session()
    session = Eelink().session()
    session.feed(LOG_IN, RECEIVED_AT)
    return session


def warning(code: int) -> bytes:
    place = (40603230).to_bytes(4) + (205072735).to_bytes(4) + bytes(6) + b"\x08"
    content = (1772360430).to_bytes(4) + b"\x01" + place + bytes((code,)) + b"\x00\x01"
    return package_of(0x14, 7, content)


@parametrized("eelink")
def test_a_captured_package_is_read_and_answered_as_its_source_does(
    vector: Vector,
) -> None:
    outcome = play(connected(vector), vector.frame)
    assert_agrees(vector, outcome, DIFFERS.get(vector.name, set()) | {"answer"})
    answers = b"".join(outcome.answers)
    if vector.frame.startswith(b"EL") and answers:
        assert answers == datagram_of(vector.frame[6:14], answers[14:])
        answers = answers[14:]
    if None not in vector.replies:
        assert answers == b"".join(reply or b"" for reply in vector.replies)


@parametrized("eelink", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    assert_never_nothing(connected, vector.frame)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    frames = [LOG_IN, warning(2), package_of(3, 8, b"\x00\x01"), warning(0x25)]
    assert_interleaved(Eelink().session, frames, sizes)


@pytest.mark.parametrize(
    ("code", "signal"),
    [(0x02, "sos"), (0x25, "removed"), (0x86, "fall"), (0x77, "unknown")],
)
def test_each_warning_is_its_own_signal(code: int, signal: str) -> None:
    (report,) = play(connected(), warning(code)).told
    assert report.signals == {Signal(signal)}
    assert report.fix is not None


def test_a_log_in_is_answered_with_the_time_of_receipt() -> None:
    (decoded,) = Eelink().session().feed(LOG_IN, RECEIVED_AT)
    epoch = (RECEIVED_AT.ms // 1000).to_bytes(4)
    assert decoded.answer == b"gg\x01\x00\x09\x00\x7b" + epoch + b"\x00\x01\x00"


def test_each_package_of_a_datagram_is_a_part_with_its_own_signals() -> None:
    frame = datagram_of(NAME, warning(2) + package_of(3, 8, b"\0\1") + warning(0x25))
    outcome = play(EelinkUdp().session(), frame)
    assert [report.part for report in outcome.reports] == [0, 1, 2]
    assert outcome.reports[0].signals == {Signal.SOS}
    assert outcome.reports[2].signals == {Signal.REMOVED}
    assert all(report.checksum_ok for report in outcome.reports)
    assert outcome.reports[0].device == "352544071677471"


def test_a_torn_datagram_is_flagged_and_its_whole_packages_are_read() -> None:
    frame = datagram_of(NAME, warning(2) + warning(0x25))
    outcome = play(EelinkUdp().session(), frame[:-3])
    assert outcome.reports[0].signals == {Signal.SOS}
    assert not outcome.reports[0].checksum_ok
    assert outcome.reports[1].signals == {Signal.REMOVED} or (
        outcome.reports[1].kind is ReportKind.UNDECODABLE
    )


def test_what_nobody_can_read_of_a_whole_datagram_was_sent_again_for_ever() -> None:
    frame = datagram_of(NAME, package_of(0x66, 9, b"\1\2") + warning(2))
    outcome = play(EelinkUdp().session(), frame)
    assert outcome.reports[0].kind is ReportKind.UNDECODABLE
    assert outcome.reports[1].signals == {Signal.SOS}
    answered = package_of(0x66, 9, b"") + package_of(0x14, 7, b"")
    assert outcome.answers == [datagram_of(NAME, answered)]
    torn = datagram_of(NAME, package_of(0x66, 9, b"\1\2"))[:-1]
    assert play(EelinkUdp().session(), torn).answers == []


def test_a_type_that_nobody_has_described_is_shown() -> None:
    (report,) = play(connected(), package_of(0x66, 1, b"\x01\x02")).told
    assert report.kind is ReportKind.UNDECODABLE
