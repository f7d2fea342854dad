"""`natalia modem console` at a terminal: Ctrl-Z sends, and suspends nothing."""

import io
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from adapters.modem.typed import LINE_MAX, at_line, typed_lines
from adapters.modem.virtual import VirtualModem
from engine.clock import SystemClock
from tests.adapters.modem.rig import ALICE, OUTSIDE
from tests.rig import eventually

# What a shell has begun in the background ignores Ctrl-C, and so do its children.
RUN = (
    "import fcntl, signal, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from adapters.modem.cli import app; app()"
)
CONTROL = 6


@dataclass(frozen=True, kw_only=True)
class Terminal:
    """A terminal: `ours` is the side of whoever types."""

    ours: int
    theirs: int

    def types(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def settings(self) -> list[object]:
        return termios.tcgetattr(self.theirs)

    def suspends(self) -> bool:
        keys: list[bytes] = termios.tcgetattr(self.theirs)[CONTROL]
        return keys[termios.VSUSP] == b"\x1a"


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    yield Terminal(ours=ours, theirs=theirs)
    os.close(ours)
    os.close(theirs)


def test_a_line_without_an_end_takes_no_memory_bug_all_of_it_was_kept() -> None:
    endless = io.StringIO("AT\n" + "x" * 10 * LINE_MAX + "\nATI\n" + "y" * LINE_MAX)
    asked: list[int] = []

    class Watched(io.StringIO):
        def readline(  # type: ignore[override] # typeshed has bytes here
            self, size: int | None = -1, /
        ) -> str:
            asked.append(-1 if size is None else size)
            return endless.readline(-1 if size is None else size)

    with typed_lines(Watched()) as lines:
        assert list(lines) == ["AT", None, "ATI", "y" * LINE_MAX]
    assert all(0 < one <= LINE_MAX + 1 for one in asked)


def _shown(terminal: Terminal, wanted: str) -> str:
    shown = ""

    def look() -> bool:
        nonlocal shown
        try:
            shown += os.read(terminal.ours, 4096).decode()
        except BlockingIOError:
            return False
        return wanted in shown

    eventually(look, timeout_s=20)
    return shown


@pytest.fixture
def console(terminal: Terminal) -> Iterator["subprocess.Popen[bytes]"]:
    """Start it as a shell does: the terminal is its own, and it is in front there."""
    with VirtualModem(ALICE, clock=SystemClock()) as modem:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, "console", modem.port],
            stdin=terminal.theirs,
            stdout=terminal.theirs,
            stderr=terminal.theirs,
            start_new_session=True,
        )
        yield process
        if process.poll() is None:
            process.kill()
        process.wait(timeout=10)


def test_ctrl_z_at_a_terminal_sends_the_message_bug_it_suspended_the_program(
    terminal: Terminal, console: "subprocess.Popen[bytes]"
) -> None:
    before = terminal.settings()
    terminal.types("AT+CMGF=1\n")
    _shown(terminal, "OK")
    assert not terminal.suspends()
    terminal.types(f'AT+CMGS="{OUTSIDE}"\n')
    _shown(terminal, "> ")
    terminal.types("hej\x1a")
    _shown(terminal, "+CMGS: 1")
    terminal.types("AT+CSQ\n")
    _shown(terminal, "+CSQ: 21,99")
    terminal.types("\x04")
    assert console.wait(timeout=10) == 0
    assert terminal.settings() == before


def test_a_console_that_is_interrupted_leaves_the_terminal_as_it_was(
    terminal: Terminal, console: "subprocess.Popen[bytes]"
) -> None:
    before = terminal.settings()
    terminal.types("AT\n")
    _shown(terminal, "OK")
    assert not terminal.suspends()
    terminal.types("\x03")
    assert console.wait(timeout=10) != 0
    assert terminal.settings() == before


def test_a_terminal_is_as_it_was_after_a_fault(terminal: Terminal) -> None:
    before = terminal.settings()
    with os.fdopen(os.dup(terminal.theirs)) as stream:

        def read() -> None:
            with typed_lines(stream) as lines:
                terminal.types("AT\n")
                assert next(lines) == "AT"
                terminal.types("hej\x1a")
                assert next(lines) == "hej\x1a"
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            read()
    assert terminal.settings() == before


def test_a_pipe_is_read_as_it_is() -> None:
    with typed_lines(io.StringIO("AT\nhej^Z\n")) as lines:
        assert list(lines) == ["AT", "hej^Z"]


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ("AT+CSQ", b"AT+CSQ\r"),
        ("hej^Z", b"hej\x1a"),
        ("hej\x1a", b"hej\x1a"),
        ("\x1a", b"\x1a"),
        ("^[", b"\x1b"),
        ("\x1b", b"\x1b"),
        ("å€", b"\xe5?\r"),
    ],
)
def test_a_typed_line_becomes_what_a_modem_reads(line: str, sent: bytes) -> None:
    assert at_line(line) == sent
