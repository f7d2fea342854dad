"""`natalia protocol ... --json`: faults and the explanation, for other programs."""

import json
from pathlib import Path

import pytest

from engine.protocol.parse import load_named
from tests.engine.cli.services import natalia

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]

WRONG = """
name = "Mine"
version = 1
[[step]]
id = "near"
to = "nearby"
channels = ["sms"]
text = "sos"
ever_s = 60
"""


@pytest.mark.parametrize(
    "words",
    [
        ("check", "mine.toml"),
        ("simulate", "mine.toml"),
        ("explain", "mine.toml"),
        ("diff", "standard", "mine.toml"),
    ],
    ids=lambda words: words[0],
)
def test_every_fault_of_a_file_is_json_where_that_was_asked_for(
    patch: Patch, out: Output, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Standard output was empty, and whoever read it found no JSON."""
    (tmp_path / "mine.toml").write_text(WRONG)
    patch.chdir(tmp_path)
    assert natalia(patch, "protocol", *words) == 3
    in_words = out.readouterr()
    assert natalia(patch, "protocol", *words, "--json") == 3
    told = out.readouterr()
    assert (in_words.out, told.err) == ("", "")
    found = json.loads(told.out)
    assert found["ok"] is False
    lines = [
        "natalia: {file}:{line}: {field}: {reason}".format(**one)
        for one in found["faults"]
    ]
    assert lines == in_words.err.splitlines()
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("check", "standard", "--for", "nobody"), "--for"),
        (("simulate", "standard", "--trigger", "remove"), "--trigger"),
        (("simulate", "standard", "--svg", "none/line.svg"), "--svg"),
        (("check", "standrad"), "file"),
    ],
)
def test_what_an_option_asks_for_in_vain_is_json_too(
    patch: Patch, out: Output, tmp_path: Path, words: tuple[str, ...], field: str
) -> None:
    patch.chdir(tmp_path)
    assert natalia(patch, "protocol", *words, "--json") == 3
    told = out.readouterr()
    assert told.err == ""
    (fault,) = json.loads(told.out)["faults"]
    assert (fault["field"], fault["line"]) == (field, None)


def test_an_explanation_is_told_by_its_parts_with_what_is_signed(
    patch: Patch, out: Output
) -> None:
    assert natalia(patch, "protocol", "explain", "arrest") == 0
    page = out.readouterr().out
    assert natalia(patch, "protocol", "explain", "arrest", "--json") == 0
    told = json.loads(out.readouterr().out)
    protocol = load_named(Path("arrest"))
    assert (told["name"], told["version"]) == (protocol.name, protocol.version)
    assert f"Text: {told['text']}\n" in page
    assert [one["step"] for one in told["steps"]] == [s.id for s in protocol.steps]
    steps = [f"{n}. {s['words']}" for n, s in enumerate(told["steps"], start=1)]
    parts = ["\n".join(part) for part in (told["begins"], steps, told["rules"])]
    assert "\n\n".join(parts) in page
