"""What is read where people's files lie: files, and nothing that has no end."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.config import load_config
from engine.console.operators import Operators
from engine.errors import EngineError
from engine.files import SIZE_MAX, read_text
from engine.journal.connection import open_writer
from engine.protocol.parse import load_protocol
from engine.roster.parse import load_roster

PATIENCE_S = 10.0
Make = Callable[[Path], object]


def deep(path: Path) -> None:
    path.write_text("a = " + "[" * 20_000 + "]" * 20_000)


def long_number(path: Path) -> None:
    path.write_text("version = " + "9" * 5_000)


NO_FILES: list[Make] = [os.mkfifo, lambda path: path.symlink_to("/dev/zero")]
LOADS: list[Callable[[Path], object]] = [
    load_config,
    load_protocol,
    lambda path: load_roster([path]),
]


def refused(load: Callable[[Path], object], path: Path) -> str:
    """Return in which words it is refused, in some seconds."""
    said: list[str] = []

    def run() -> None:
        try:
            load(path)
        except EngineError as error:
            said.append(str(error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    assert said, "it hangs, or ends in another way"
    return said[0]


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("make", NO_FILES)
def test_a_pipe_or_a_device_instead_of_a_file_is_named(
    make: Make, load: Callable[[Path], object], tmp_path: Path
) -> None:
    make(tmp_path / "x.toml")
    assert "it is a pipe or a device; name a file" in refused(load, tmp_path / "x.toml")


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize(
    ("make", "words"),
    [(deep, "is nested too deep"), (long_number, "has a number that is too long")],
)
def test_what_a_parser_gives_up_is_named(
    make: Make, words: str, load: Callable[[Path], object], tmp_path: Path
) -> None:
    make(tmp_path / "x.toml")
    assert words in refused(load, tmp_path / "x.toml")


def test_operators_in_a_pipe_or_nested_without_an_end_let_nobody_in(
    tmp_path: Path,
) -> None:
    path = tmp_path / "operators.json"
    path.write_text("[" * 200_000)
    assert "not the operators' file" in refused(lambda _: Operators(tmp_path), path)
    path.unlink()
    os.mkfifo(path)
    assert "not the operators' file" in refused(lambda _: Operators(tmp_path), path)


def test_a_journal_that_is_a_pipe_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "journal.db")
    said = refused(open_writer, tmp_path / "journal.db")
    assert "is a pipe or a device" in said


def test_a_file_is_read_whole_and_no_further_than_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes("\ufeffa = 1\r\nb = 2\rc".encode())
    assert read_text(path) == "a = 1\nb = 2\nc"
    path.write_bytes(b"#" * SIZE_MAX)
    assert len(read_text(path)) == SIZE_MAX
    path.write_bytes(b"#" * (SIZE_MAX + 1))
    with pytest.raises(OSError, match="larger than 16 MiB"):
        read_text(path)


def test_a_folder_in_the_place_of_a_file_keeps_no_descriptor(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(IsADirectoryError):
        read_text(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
