"""The fuzzer itself, for a second or two; the long run is a command."""

import pytest

from adapters.modem import pdu_decode
from tests.adapters.modem import fuzz


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_mutated_pdus_and_lines_raise_nothing(
    seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fuzz.main(["--cases", "5000", "--seed", str(seed)]) == 0
    assert f"nothing raised; seed {seed}" in capsys.readouterr().out


def test_a_run_can_be_repeated_from_its_seed() -> None:
    assert list(fuzz.cases(7, 50)) == list(fuzz.cases(7, 50))


def test_what_raises_is_shown_with_its_seed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(text: str, **_: bool) -> None:
        raise IndexError(text)

    monkeypatch.setattr(pdu_decode, "decode", broken)
    assert fuzz.main(["--cases", "10", "--seed", "1"]) == 1
    assert "seed 1, case 1: IndexError" in capsys.readouterr().out
