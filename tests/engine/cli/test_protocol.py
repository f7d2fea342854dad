"""`natalia protocol`: an action protocol checked, and told in plain words."""

from importlib import resources
from pathlib import Path

import pytest

from tests.engine.cli.services import natalia

SAMPLES = Path(str(resources.files("engine.protocol") / "samples"))


@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*.toml")), ids=lambda f: f.stem)
def test_every_sample_is_right_and_can_be_told(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str], file: Path
) -> None:
    assert natalia(patch, "protocol", "check", str(file)) == 0
    assert out.readouterr().out.endswith("steps: SUCCESS\n")
    assert natalia(patch, "protocol", "explain", str(file)) == 0
    said = out.readouterr().out
    assert "Raised by: " in said
    assert "_" not in said.split("\n", 2)[2]


def test_the_standard_one_is_told_step_by_step(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    natalia(patch, "protocol", "explain", str(SAMPLES / "standard.toml"))
    said = out.readouterr().out
    assert (
        "- colleagues: as soon as the alarm is raised, tell the 5 nearest colleagues"
        " within 500 km by sms." in said
    )
    assert "the next one every 60 s" in said
    assert "only if verified, consented, approved" in said


def test_a_wrong_one_names_line_and_field(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    text = (SAMPLES / "standard.toml").read_text()
    file.write_text(text.replace('to = "nearest"', 'to = "nearby"', 1))
    assert natalia(patch, "protocol", "check", str(file)) == 3
    said = out.readouterr().err
    assert said.startswith("natalia: mine.toml")
    assert "to" in said
