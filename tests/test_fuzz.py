"""What `dev fuzz` says of a run, by programs that write as libFuzzer does."""

import subprocess
import tomllib
from pathlib import Path

import pytest

from tools import fuzz

PULSE = "#2048\tpulse  cov: 310 ft: 520 corp: 41/3kb exec/s: 682 rss: 33Mb\n"
ENDED = (
    "#4096\tREDUCE cov: 340 ft: 700 corp: 57/9kb lim: 43 exec/s: 712 rss: 35Mb\n"
    "Done 5000 runs in 21 second(s)\nstat::number_of_executed_units: 5000\n"
)


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Keep corpora and artifacts of these tests out of the tree."""
    monkeypatch.setattr(fuzz, "FUZZ", tmp_path)
    return tmp_path


def binary(folder: Path, body: str) -> Path:
    """Put a target where cargo would have."""
    file = folder / "places"
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


def test_a_run_that_finds_nothing_says_how_much_it_ran(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fuzz.fuzz(binary(folder, f"cat >&2 <<END\n{PULSE}{ENDED}END"), 1) == 0
    said = capsys.readouterr().err
    assert "5,000 executions, coverage 340, 57 inputs in the corpus" in said
    assert "nothing found" in said
    assert (folder / "corpus" / "places").is_dir()


def test_a_run_is_told_of_while_it_goes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, said = folder / "log", list[str]()
    log.write_text(PULSE)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        close = process.stdin.close

        def hear(text: str) -> None:
            said.append(text)
            close()

        monkeypatch.setattr(fuzz, "PROGRESS_S", 0.01)
        monkeypatch.setattr(fuzz, "say", hear)
        assert fuzz.watched(process, "places", log) == 0
    assert "2,048 executions, coverage 310, 41 inputs" in said[0]


def test_an_input_that_fails_is_named_with_its_panic_and_how_to_run_it_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crash = folder / "artifacts" / "places" / "crash-0123"
    body = f"{PULSE}thread panicked: off by 3 m\nTest unit written to {crash}\n"
    assert fuzz.fuzz(binary(folder, f"cat >&2 <<'END'\n{body}END\nexit 77"), 1) == 1
    said = capsys.readouterr().err
    assert "off by 3 m" in said
    assert "pulse" not in said
    assert f"python3 dev fuzz places --replay {crash}" in said


def test_an_input_that_is_replayed_fails_or_passes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "input"
    file.touch()
    assert fuzz.replay(binary(folder, 'test "$RUST_BACKTRACE$1" = "1$1"'), file) == 0
    assert "this input passes" in capsys.readouterr().err
    assert fuzz.replay(binary(folder, "exit 77"), file) == 1
    assert "FAILED" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["--minutes", "0"],
        ["--replay", "README.md"],
        ["places", "--replay", "nowhere"],
    ],
)
def test_what_cannot_be_asked_for_is_refused_before_anything_is_compiled(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "targets", lambda: ["places"])
    monkeypatch.setattr(fuzz, "build", lambda: pytest.fail("compiled"))
    with pytest.raises(SystemExit, match="2"):
        fuzz.main(arguments)


def test_every_target_is_declared_and_named_in_the_document() -> None:
    root = fuzz.ROOT / "geocore" / "fuzz"
    names = {path.stem for path in (root / "fuzz_targets").glob("*.rs")}
    assert names == {"operations", "places", "snapshot"}
    manifest = (root / "Cargo.toml").read_text(encoding="utf-8")
    page = (fuzz.ROOT / "docs" / "geocore.md").read_text(encoding="utf-8")
    for name in names:
        assert f'name = "{name}"' in manifest
        assert f"`{name}`" in page


def test_what_is_fuzzed_is_locked_to_what_is_shipped() -> None:
    shipped, fuzzed = (
        {
            (package["name"], package["version"])
            for package in tomllib.loads(path.read_text(encoding="utf-8"))["package"]
        }
        for path in (
            fuzz.ROOT / "Cargo.lock",
            fuzz.ROOT / "geocore" / "fuzz" / "Cargo.lock",
        )
    )
    names = {name for name, _ in shipped}
    assert {one for one in fuzzed if one[0] in names} <= shipped
