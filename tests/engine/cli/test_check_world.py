"""`natalia check-config`: nobody's alarm is read by the world before it is approved."""

from pathlib import Path

import pytest

from engine.cli.audit import watch_of
from engine.config import load_config
from engine.errors import ConfigError
from engine.start import start
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


PUBLISHED_BY_SMS = """
name = "Standard"
version = 9
based_on = "standard"
[[step]]
id = "publish"
channels = ["sms"]
"""
MODEM = '[[modem]]\nname = "m"\nport = "/dev/pts/0"\n'
PERSONAL = "a channel that carries personal messages, but 'post' carries public ones"
PUBLIC = "a channel that carries public messages, but 'sms' carries personal ones"


def with_token(folder: Path) -> None:
    (folder / "token").touch(mode=0o600)
    (folder / "token").write_text("token")


@pytest.mark.parametrize(
    ("protocol", "beside", "step", "says"),
    [
        (TOLD_BY_POST, POST, "colleagues", PERSONAL),
        (PUBLISHED_BY_SMS, MODEM, "publish", PUBLIC),
    ],
)
def test_a_step_by_a_channel_that_does_not_carry_its_messages_is_refused(
    patch: Patch,
    out: Output,
    tmp_path: Path,
    protocol: str,
    beside: str,
    step: str,
    says: str,
) -> None:
    with_token(tmp_path)
    (tmp_path / "protocols").mkdir()
    (tmp_path / "protocols" / "standard.toml").write_text(protocol)
    path = configuration(tmp_path, PROTOCOLS + beside)
    assert natalia(patch, "check-config", path) == 3
    key = f"action protocol 'standard', step '{step}'"
    assert f"{key}: expected {says}" in out.readouterr().err


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        (POST + HQ, "hq[0].channel", PERSONAL),
        (
            (POST + HQ).replace("[c", "[auditor.c").replace("[h", "[auditor.h"),
            "auditor.hq[0].channel",
            PERSONAL,
        ),
        (f'{MODEM}[[public]]\nchannel = "sms"\n', "public[0].channel", PUBLIC),
    ],
)
def test_an_address_on_a_channel_that_does_not_carry_its_messages_is_refused(
    patch: Patch, out: Output, tmp_path: Path, text: str, key: str, says: str
) -> None:
    """HQ is told alias and place of every alarm, and the auditor's findings."""
    path = configuration(tmp_path, text)
    assert natalia(patch, "check-config", path) == 3
    assert f"{key}: expected {says}" in out.readouterr().err


def test_the_same_is_refused_where_no_secret_may_be_read(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """Whoever checks as root's neighbour cannot make the channel, and its kind says."""
    assert not (tmp_path / "token").exists()
    path = configuration(tmp_path, POST + HQ)
    assert natalia(patch, "check-config", path) == 3
    assert f"hq[0].channel: expected {PERSONAL}" in out.readouterr().err


def test_the_engine_does_not_start_with_what_check_config_refuses(
    tmp_path: Path,
) -> None:
    with_token(tmp_path)
    config = load_config(Path(configuration(tmp_path, POST + HQ)))
    with pytest.raises(ConfigError) as caught:
        start(config)
    assert caught.value.key == "hq[0].channel"


def test_the_auditor_does_not_start_with_what_check_config_refuses(
    tmp_path: Path,
) -> None:
    with_token(tmp_path)
    text = (POST + HQ).replace("[c", "[auditor.c").replace("[h", "[auditor.h")
    config = load_config(Path(configuration(tmp_path, text)))
    with pytest.raises(ConfigError) as caught:
        watch_of(config)
    assert caught.value.key == "auditor.hq[0].channel"
