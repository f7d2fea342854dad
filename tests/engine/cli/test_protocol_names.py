"""`natalia protocol` of a sample by its name, in place of a file."""

from importlib import resources
from pathlib import Path

import pytest

from engine.protocol.parse import sample_names
from tests.engine.cli.services import natalia

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]
SAMPLES = Path(str(resources.files("engine.protocol") / "samples"))


def test_a_sample_is_called_by_its_name_and_says_what_its_file_says(
    patch: Patch, out: Output
) -> None:
    for name in sample_names():
        assert natalia(patch, "protocol", "explain", name) == 0
        by_name = out.readouterr().out
        assert natalia(patch, "protocol", "explain", str(SAMPLES / f"{name}.toml")) == 0
        assert out.readouterr().out == by_name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("street_atack", "did you mean 'street_attack'?"),
        ("mine", "one of abduction, arrest,"),
        ("mine.toml", "it is not there; check the path"),
        ("folder/arrest", "it is not there; check the path"),
    ],
)
def test_a_name_that_is_neither_file_nor_sample_is_refused_with_what_there_is(
    patch: Patch, out: Output, name: str, said: str
) -> None:
    assert natalia(patch, "protocol", "explain", name) == 3
    assert said in out.readouterr().err


def test_a_file_goes_before_a_sample_of_its_name(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    text = (SAMPLES / "arrest.toml").read_text(encoding="utf-8")
    (tmp_path / "standard").write_text(text, encoding="utf-8")
    patch.chdir(tmp_path)
    assert natalia(patch, "protocol", "explain", "standard") == 0
    assert "arrest" in out.readouterr().out.lower().splitlines()[0]
