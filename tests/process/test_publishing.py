"""What a second operator reads before a post, and what is posted then."""

from pathlib import Path

import pytest

from tests.rig import Rig, eventually

pytestmark = pytest.mark.process


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
