"""`natalia check-config`: nobody's alarm is read by the world before it is approved."""

import json
from pathlib import Path

import pytest

from tests.engine.cli.services import natalia
from tests.engine.cli.test_check import configuration

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]

POST = """
[[channel]]
name = "post"
kind = "mastodon"
[channel.options]
url = "https://social.example"
token_file = "token"
"""
HQ = '[[hq]]\nchannel = "post"\naddress = "hq"\n'
OWN = "auditor.hq[0].channel"
PROTOCOLS = """
[protocols]
folder = "protocols"
"""
TOLD_BY_POST = """
name = "Standard"
version = 9
based_on = "standard"
[[step]]
id = "colleagues"
channels = ["sms", "post"]
"""


def test_a_step_for_people_by_a_public_channel_of_any_name_is_warned_of(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    (tmp_path / "token").touch(mode=0o600)
    (tmp_path / "token").write_text("token")
    (tmp_path / "protocols").mkdir()
    (tmp_path / "protocols" / "standard.toml").write_text(TOLD_BY_POST)
    path = configuration(tmp_path, PROTOCOLS + POST)
    assert natalia(patch, "check-config", "--json", path) == 0
    warned = json.loads(out.readouterr().out)["warnings"]
    said = "step 'colleagues': the world reads 'post': people get nothing"
    assert f"action protocol 'standard': {said}" in warned


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (POST + HQ, "hq[0].channel"),
        ((POST + HQ).replace("[c", "[auditor.c").replace("[h", "[auditor.h"), OWN),
    ],
)
def test_an_address_of_hq_at_which_the_world_reads_is_refused(
    patch: Patch, out: Output, tmp_path: Path, text: str, key: str
) -> None:
    """HQ is told alias and place of every alarm, and the auditor's findings."""
    path = configuration(tmp_path, text)
    assert natalia(patch, "check-config", path) == 3
    assert f"{key}: expected a channel to HQ, but the world" in out.readouterr().err
