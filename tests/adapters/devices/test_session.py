"""The shell around every stream decoder: nothing dropped, nothing kept for ever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.framing import cut_between
from adapters.devices.reading import UnreadableError
from adapters.devices.session import Cut, DatagramSession, StreamSession, undecodable
from engine.ports.device import Decoded, ReportKind
from engine.values import DeviceId, Instant
from tests.adapters.devices.vectors import RECEIVED_AT, play


class Bracketed:
    """A decoder of `<...>`: a report of each, a mistake where `mistake` is said."""

    name = "bracketed"
    frame_bytes_max = 64

    def __init__(self) -> None:
        self.device: DeviceId | None = DeviceId("one")

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        return cut_between(buffer, opening=b"<", closing=(b">",), final=final)

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        mistakes = {
            b"<value>": ValueError,
            b"<key>": KeyError,
            b"<zero>": ArithmeticError,
            b"<none>": AttributeError,
            b"<type>": TypeError,
            b"<wrong>": AssertionError,
        }
        if frame in mistakes:
            raise mistakes[frame]
        report = undecodable(self.name, frame, received_at, device=self.device)
        return Decoded(reports=(report,), answer=b"ok")


@given(st.lists(st.binary(max_size=20), max_size=12))
def test_every_byte_that_is_no_blank_stands_in_one_report(pieces: list[bytes]) -> None:
    outcome = play(StreamSession(Bracketed(), blanks=b""), *pieces)
    assert b"".join(report.raw for report in outcome.reports) == b"".join(pieces)


def test_what_stands_between_is_one_report_however_it_came() -> None:
    outcome = play(StreamSession(Bracketed()), b"a", b"b", b"c", b"<d>")
    assert [report.raw for report in outcome.reports] == [b"abc", b"<d>"]


def test_blanks_alone_are_let_go_and_blanks_in_between_are_kept() -> None:
    outcome = play(StreamSession(Bracketed()), b"\r\n \0<d>\r\nx \r\n")
    assert [report.raw for report in outcome.reports] == [b"<d>", b"\r\nx \r\n"]


def test_what_never_ends_is_given_up_at_the_longest_frame() -> None:
    session = StreamSession(Bracketed())
    decoded = session.feed(b"<" + b"x" * 500, RECEIVED_AT)
    assert decoded
    assert all(report.device == "one" for one in decoded for report in one.reports)
    assert play(session, b"<d>").answers == [b"ok"]


@pytest.mark.parametrize(
    "frame", [b"<value>", b"<key>", b"<zero>", b"<none>", b"<type>", b"<wrong>"]
)
def test_a_decoders_mistake_ends_in_front_of_a_person(frame: bytes) -> None:
    outcome = play(StreamSession(Bracketed()), frame + b"<next>")
    assert [report.kind for report in outcome.reports] == [ReportKind.UNDECODABLE] * 2
    assert outcome.reports[0].raw == frame
    assert outcome.answers == [b"ok"]


def test_a_mistake_in_finding_a_frame_ends_in_front_of_a_person_too() -> None:
    """It left the connection by way of the event loop, with the bytes."""

    class Lost(Bracketed):
        def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
            if b"?" in buffer:
                raise TypeError
            return super().cut(buffer, final=final)

    outcome = play(StreamSession(Lost()), b"<a>", b"<?", b"<next>")
    assert [report.raw for report in outcome.reports] == [b"<a>", b"<?", b"<next>"]


def test_finish_says_nothing_where_nothing_waits() -> None:
    session = StreamSession(Bracketed())
    session.feed(b"<d>", RECEIVED_AT)
    assert list(session.finish(RECEIVED_AT)) == []


def test_a_datagram_never_waits_for_the_next_one() -> None:
    session = DatagramSession(Bracketed())
    torn = session.feed(b"<half", RECEIVED_AT)
    assert [report.raw for one in torn for report in one.reports] == [b"<half"]
    whole = session.feed(b"<d>", RECEIVED_AT)
    assert [report.raw for one in whole for report in one.reports] == [b"<d>"]


class Stumbling(Bracketed):
    """A decoder whose code has a slip in it, at two places."""

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        if frame == b"<cut>":
            message = "cut off"
            raise UnreadableError(message)
        if frame == b"<b>":
            return {b"a": Decoded()}[frame]
        return super().decode(frame * int(frame), received_at)


def test_a_slip_in_a_decoders_code_is_told_once_and_its_frames_are_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It looked like frames that cannot be read, to whoever had written the code."""
    for _ in range(2):  # also on a new connection
        outcome = play(StreamSession(Stumbling()), b"<cut><+46701740610><+1>")
        assert len(outcome.reports) == 3
    (told,) = caplog.records
    assert vars(told)["protocol"] == "bracketed"
    assert told.exc_info is not None
    assert told.exc_info[0] is ValueError
    play(StreamSession(Stumbling()), b"<b>")
    assert len(caplog.records) == 2, "another place of the code"
