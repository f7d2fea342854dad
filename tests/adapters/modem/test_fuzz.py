"""The fuzzer itself, for a second or two; the long run is a command."""

import json
from pathlib import Path

import pytest

from adapters.modem import pdu_decode
from tests.adapters.modem import fuzz


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_mutated_pdus_and_lines_raise_nothing(
    seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    # Peak memory is the whole process's: the bound is for the command alone.
    fuzz.main(["--cases", "10000", "--seed", str(seed)])
    assert f"nothing raised; seed {seed}" in capsys.readouterr().out


def test_a_run_can_be_repeated_from_its_seed() -> None:
    assert list(fuzz.cases(7, 0, 50)) == list(fuzz.cases(7, 0, 50))
    assert list(fuzz.cases(7, 0, 50)) != list(fuzz.cases(7, 10_000, 50))
    assert {kind for _, kind in fuzz.cases(7, 0, 100)} == set(fuzz.Kind)


def test_a_run_that_was_ended_is_taken_up_where_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "fuzz.json"
    fuzz.main(["--cases", "300", "--seed", "5", "--state", str(state)])
    assert json.loads(state.read_text())["cases"] == 300
    fuzz.main(["--cases", "500", "--seed", "6", "--state", str(state)])
    kept = json.loads(state.read_text())
    assert (kept["cases"], kept["seed"]) == (500, 5)
    assert "500 cases in" in capsys.readouterr().out


def test_what_raises_is_shown_with_its_seed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(text: str, **_: bool) -> None:
        raise IndexError(text)

    monkeypatch.setattr(pdu_decode, "decode", broken)
    assert fuzz.main(["--cases", "10", "--seed", "1"]) == 1
    assert "seed 1, case 1 (1 of its chunk): IndexError" in capsys.readouterr().out


def test_one_case_that_takes_too_long_fails_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fuzz, "_SLOW_S", 0.0)
    assert fuzz.main(["--cases", "10", "--seed", "1"]) == 1
