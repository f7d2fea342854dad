"""What a second operator reads before a post, and what is posted then."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.roster.sample import sample_text
from tests.rig import Rig, eventually

pytestmark = pytest.mark.process

TOLD_BY_POST = """
name = "Standard"
version = 9
based_on = "standard"
[[step]]
id = "colleagues"
channels = ["sms", "post"]
[[step]]
id = "publish"
channels = ["post"]
"""


@dataclass(kw_only=True)
class PostRig(Rig):
    """The service with a public account that is not called as its kind."""

    def config(self) -> str:
        """Return the configuration with the account's other name."""
        given = re.sub('(name|channel) = "mastodon"', r'\1 = "post"', super().config())
        return f'{given}[protocols]\nfolder = "protocols"\n'


@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_is_posted_is_what_was_read_by_whoever_approved_it(
    tmp_path: Path, language: str
) -> None:
    folder = tmp_path / "rig"
    folder.mkdir()
    environment = {"NATALIA_HQ_LANGUAGE": language}
    with Rig(folder=folder, environment=environment) as rig:
        device = rig.device()
        device.sos()
        with rig.operator("alder") as alder, rig.operator("rowan") as rowan:
            alarm = str(eventually(alder.cases)[0]["id"])
            alder.act(alarm, "acknowledge")
            alder.act(alarm, "verify", truth="verified")
            draft = str(rowan.case(alarm)["draft"])
            rowan.act(alarm, "approve", template="public")
            post = eventually(rig.mastodon.posts.items)[0]
        device.socket.close()
    assert draft
    assert post.text == draft
    assert ("Uzbekistan" in draft) is (language == "en")


def test_a_colleague_with_an_address_on_the_public_account_is_told_by_sms_alone(
    tmp_path: Path,
) -> None:
    """The world read alias, place, code and their sign at once, and nobody approved."""
    (tmp_path / "protocols").mkdir()
    (tmp_path / "protocols" / "standard.toml").write_text(TOLD_BY_POST)
    mine = '\\1addresses = [{ channel = "post", address = "@x" }]\n'
    roster = re.sub('(id = "tinamou"\n)', mine, sample_text())
    assert roster != sample_text()
    with PostRig(folder=tmp_path, roster_text=roster) as rig:
        device = rig.device()
        device.sos()
        assert rig.sms_to("tinamou")
        posts = "SELECT state FROM effect WHERE channel = 'post'"
        eventually(lambda: rig.rows(posts) == [("rejected",)])
        assert rig.mastodon.posts.items() == ()
        with rig.operator("alder") as alder, rig.operator("rowan") as rowan:
            alarm = str(eventually(alder.cases)[0]["id"])
            alder.act(alarm, "acknowledge")
            alder.act(alarm, "verify", truth="verified")
            rowan.act(alarm, "approve", template="public")
            (post,) = eventually(rig.mastodon.posts.items)
        device.socket.close()
    assert "Heron" not in post.text
