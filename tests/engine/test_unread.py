"""Whoever writes waits for no reader that hangs, and cuts nothing that fits."""

import fcntl
import io
import os
import select
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from engine.cli.saying import say
from engine.unread import Outflow

PIPE_BYTES = 4 * select.PIPE_BUF
LONG = "Тревога " * 1_000 + "\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    """Give both ends of a pipe that is soon full."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        yield reader, stream
    os.close(reader)


def test_a_pipe_takes_a_line_as_long_as_there_is_room_for_the_longest(
    pipe: tuple[int, TextIO],
) -> None:
    reader, stream = pipe
    outflow = Outflow(stream)
    while outflow.takes(0):
        stream.write(outflow.fitting(LONG) + "\n")
        stream.flush()
    *lines, last = os.read(reader, PIPE_BYTES).decode().split("\n")
    assert lines
    assert last == ""
    assert all(LONG.startswith(line) for line in lines)
    assert {len(f"{line}\n".encode()) for line in lines} <= {4095, 4096}


def test_a_line_is_cut_for_a_pipe_alone(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("w") as to_socket:
        assert Outflow(to_socket).fitting(LONG) == LONG
    with (tmp_path / "log").open("w") as to_file:
        assert Outflow(to_file).fitting(LONG) == LONG
    assert Outflow(io.StringIO()).fitting(LONG) == LONG


def test_a_socket_that_nobody_reads_takes_a_line_until_it_would_wait() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("w", encoding="utf-8") as stream:
        outflow, lines = Outflow(stream), 0
        while outflow.takes(0):
            stream.write(LONG)
            stream.flush()
            lines += 1
        assert lines


def test_what_can_only_fail_is_taken(pipe: tuple[int, TextIO]) -> None:
    """To wait for it would be of no use, and who writes hears why."""
    reader, stream = pipe
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, reader)
    os.close(nowhere)
    assert Outflow(stream).takes(0)
    assert Outflow(io.StringIO()).takes(0)


def test_a_word_that_nobody_takes_holds_up_no_service_bug_it_never_got_ready(
    pipe: tuple[int, TextIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, stream = pipe
    monkeypatch.setattr(sys, "stdout", stream)
    say("ready\n" * 5_000)
    said = os.read(reader, PIPE_BYTES)
    assert said.startswith(b"ready\nready\n")
    say("ended\n")
    assert os.read(reader, PIPE_BYTES) == b"ended\n"
