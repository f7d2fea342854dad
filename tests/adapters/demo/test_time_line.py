"""The demo's time line as a person reads it: in a terminal, and in a file."""

import io
import os
import shutil
import sys

import pytest

from adapters.demo import cli
from adapters.demo.scenario import Seen

LONG = "SMS to Lapwing, 34 km away: SOS K7F2 Heron " + "41.31151,69.27974 " * 9


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(out: io.StringIO, monkeypatch: pytest.MonkeyPatch, columns: int) -> list[str]:
    size = os.terminal_size((columns, 24))
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: size)
    monkeypatch.setattr(sys, "stdout", out)
    cli._tell(Seen(after_ms=53.2, what=LONG, where="telephone"))
    return out.getvalue().splitlines()


def test_a_long_line_is_folded_below_its_own_beginning_in_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = told(Terminal(), monkeypatch, 80)
    assert len(lines) > 1
    assert lines[0].startswith("     53 ms  SMS to Lapwing")
    assert max(map(len, lines)) <= 80
    assert all(line.startswith(" " * 12) for line in lines[1:])
    assert " ".join("".join(lines).split()) == " ".join(
        f"53 ms {LONG}[telephone]".split()
    )


def test_a_line_in_a_file_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(told(io.StringIO(), monkeypatch, 80)) == 1
