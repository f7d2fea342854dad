"""`natalia check-config`: everything that can be checked without starting."""

import json
from pathlib import Path

import pytest

from engine.roster.sample import sample_text
from tests.engine.cli.services import natalia

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]


def configuration(folder: Path, text: str = "") -> str:
    """Write a configuration with the sample roster; return its path."""
    (folder / "roster.toml").write_text(sample_text())
    path = folder / "natalia.toml"
    path.write_text(f'state = "{folder}/state"\nroster = "roster.toml"\n{text}')
    return str(path)


def test_a_right_one_is_counted_out_and_warned_of(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configuration(tmp_path, "[gateway.gt06]\nport = 5023\n")
    assert natalia(patch, "check-config", path) == 0
    said = out.readouterr().out
    assert "no modem: nobody gets an SMS" in said
    assert said.endswith("SUCCESS\n")
    assert not (tmp_path / "state").exists()


def test_as_json(patch: Patch, out: Output, tmp_path: Path) -> None:
    path = configuration(tmp_path, "[gateway.gt06]\nport = 5023\n")
    assert natalia(patch, "check-config", "--json", path) == 0
    facts = json.loads(out.readouterr().out)
    assert facts["wire protocols"] == ["gt06"]
    assert facts["people"] > 200


def test_a_step_that_no_channel_carries_is_warned_of(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    modem = '[[modem]]\nname = "modem-1"\nport = "/dev/ttyUSB0"\n'
    path = configuration(tmp_path, modem)
    assert natalia(patch, "check-config", "--json", path) == 0
    warned = [w for w in json.loads(out.readouterr().out)["warnings"] if "step" in w]
    hq = "action protocol 'standard': step 'hq' has no channel that is configured"
    assert f"{hq} (email, webhook)" in warned
    assert not any("'duty'" in one or "'arrest'" in one for one in warned)


def test_an_action_protocol_that_is_not_there_is_refused(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """A slip of the pen would leave somebody with the default one, and nobody told."""
    path = configuration(tmp_path)
    roster = tmp_path / "roster.toml"
    text, named = roster.read_text(), 'action_protocol = "standard"'
    assert named in text
    roster.write_text(text.replace(named, 'action_protocol = "standrad"', 1))
    assert natalia(patch, "check-config", path) == 3
    said = out.readouterr().err
    line = 1 + roster.read_text().splitlines().index('action_protocol = "standrad"')
    fault = "person.action_protocol: names no action protocol"
    assert f'roster.toml:{line}: {fault}; did you mean "standard"?' in said


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[gateway.gt07]\nport = 1\n", "gt07"),
        ('[[channel]]\nname = "x"\nkind = "telex"\n', "telex"),
        ('[[hq]]\nchannel = "email"\naddress = "hq@hq.invalid"\n', "hq[0].channel"),
        ('[[public]]\nchannel = "mastodon"\n', "public[0].channel"),
        (
            '[[auditor.channel]]\nname = "own"\nkind = "telex"\n',
            "auditor.channel[0].kind",
        ),
        (
            '[[auditor.channel]]\nname = "own"\nkind = "email"\n',
            "auditor.channel.own.options.host",
        ),
        (
            '[[auditor.modem]]\nname = "own"\nport = "/dev/x"\ndriver = "telex"\n',
            "auditor.modem[0].driver",
        ),
        ("[console]\nport = 99999\n", "console.port"),
        ('[protocols]\ndefault = "mine"\n', "protocols.default"),
        ("colour = 1\n", "colour"),
        ("this is not TOML\n", "natalia.toml"),
    ],
)
def test_a_wrong_one_names_the_key_with_exit_code_3(
    patch: Patch, out: Output, tmp_path: Path, text: str, names: str
) -> None:
    path = configuration(tmp_path)
    Path(path).write_text(
        text + Path(path).read_text()
        if "=" in text and not text.startswith("[")
        else Path(path).read_text() + text
    )
    assert natalia(patch, "check-config", path) == 3
    said = out.readouterr().err
    assert said.startswith("natalia: ")
    assert names in said
    assert "Traceback" not in said


def test_a_file_that_is_not_there_is_named(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    assert natalia(patch, "check-config", str(tmp_path / "none.toml")) == 3
    assert "none.toml" in out.readouterr().err
