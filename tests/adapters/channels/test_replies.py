"""A mail server, or whoever speaks in its place, that never comes to an end."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import pytest

from adapters.channels.replies import SAID_BYTES_MAX, Replies
from adapters.channels.smtp import SmtpChannel
from adapters.demo.farends.shelf import Switch
from engine.errors import DeliveryError
from tests.adapters.channels.contract import LoopbackClock, Rig
from tests.fakes import ManualClock

READ_S = 0.5
CUT_AFTER_S = 5.0
"""A channel that does not end by itself is cut then, as its supervisor would later."""


def lines(said: socket.socket) -> None:
    said.sendall(b"220-" + b"x" * 400 + b"\r\n")


def one_line(said: socket.socket) -> None:
    said.sendall(b"x" * 400)


def trickle(said: socket.socket) -> None:
    said.sendall(b"2")
    time.sleep(0.1)  # noqa: TID251 - a slow server on a real socket


Says = Callable[[socket.socket], None]


@pytest.fixture(params=[lines, one_line, trickle])
def talker(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    """Give where a server greets without an end."""
    says: Says = request.param
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def talk() -> None:
            with suppress(OSError):
                said, _ = listening.accept()
                with closing(said):
                    while True:
                        says(said)

        talking = threading.Thread(target=talk, daemon=True)
        talking.start()
        host, port = listening.getsockname()
        yield host, port
    talking.join(5)


def test_a_greeting_without_an_end_costs_an_attempt_and_neither_time_nor_memory(
    talker: tuple[str, int],
) -> None:
    """Its lines were kept as they came: 80 MB of them a second."""
    host, port = talker
    rig = Rig(
        cls=SmtpChannel,
        options={
            "host": host,
            "port": port,
            "security": "none",
            "sender": "duty@hq.example",
            "read_timeout_s": READ_S,
        },
        address_key="host",
        switch=Switch(),
        kept=lambda: 0,
    )
    channel = rig.channel()
    cut = threading.Timer(CUT_AFTER_S, channel.interrupt)
    cut.start()
    began_s = time.monotonic()
    with pytest.raises(DeliveryError) as caught:
        channel.send(rig.now())
    took_s = time.monotonic() - began_s
    cut.cancel()
    assert caught.value.retry
    assert took_s < CUT_AFTER_S - 1


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_lines_are_given_one_by_one_and_the_last_as_far_as_it_came(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    replies = Replies(ours, LoopbackClock(), LoopbackClock().boottime_s() + 5)
    theirs.sendall(b"220-one\r\n220 two\r\n250 long line\r\n22")
    theirs.shutdown(socket.SHUT_WR)
    read = [replies.readline(100), replies.readline(100), replies.readline(8)]
    assert read == [b"220-one\r\n", b"220 two\r\n", b"250 long"]
    assert replies.readline(100) == b" line\r\n"
    assert [replies.readline(100), replies.readline(100)] == [b"22", b""]


def test_what_is_said_counts_over_all_lines_and_its_time_ends(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    clock = ManualClock()
    replies = Replies(ours, clock, clock.boottime_s() + 5)
    line = b"x" * 1023 + b"\n"
    for _ in range(SAID_BYTES_MAX // len(line)):
        theirs.sendall(line)
        assert replies.readline(5000) == line
    theirs.sendall(line)
    with pytest.raises(ConnectionAbortedError):
        replies.readline(5000)
    clock.advance(6)
    with pytest.raises(TimeoutError):
        replies.readline(5000)
