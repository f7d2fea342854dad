"""A mail server, or whoever speaks in its place, that is against HQ for a while."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.rig import Rig, eventually
from tests.scripted_mail import ScriptedMail

pytestmark = pytest.mark.process

REFUSING = {
    "a greeting": ("greeting", b"554 too many connections\r\n"),
    "a challenge that is none": ("AUTH", b"334 a\r\n"),
}

REPEATS = 2


@dataclass(kw_only=True)
class MailRig(Rig):
    """The service with a scripted mail server, and a sign-in."""

    server: ScriptedMail = field(default_factory=lambda: ScriptedMail({}))

    def config(self) -> str:
        """Return the configuration with our server's port."""
        (self.folder / "password").touch(mode=0o600)
        (self.folder / "password").write_text("correct horse")
        ours = f"""\
port = {self.server.port}
username = "duty"
password_file = "{self.folder}/password"
"""
        return super().config().replace(f"port = {self.mail.port}\n", ours)


@pytest.mark.parametrize("refusing", REFUSING)
def test_the_mail_of_a_press_goes_out_once_its_server_is_itself_again(
    tmp_path: Path, refusing: str
) -> None:
    """It was refused for good in silence, or its channel died at it three times."""
    server = ScriptedMail({})
    with server, MailRig(folder=tmp_path, server=server, modems_wanted=0) as rig:
        eventually(lambda: rig.ready()[0])
        step, said = REFUSING[refusing]
        server.script[step] = said
        with rig.device() as device:
            device.sos()
        eventually(lambda: _is_settled(rig))
        server.script.clear()
        eventually(lambda: any(b"SOS Heron" in one for one in server.contents))


@pytest.mark.parametrize(("also", "is_up"), [("", True), ("second", False)])
def test_one_address_that_a_policy_refuses_does_not_show_the_mail_as_down(
    tmp_path: Path, also: str, *, is_up: bool
) -> None:
    """It did, at each repeat; where all are refused it does show."""
    refuses = b"550 5.7.133 only those inside may write to it\r\n"
    script = {f"RCPT TO:<{who}@hq.invalid>": refuses for who in ("duty", also) if who}
    with (
        ScriptedMail(script) as server,
        MailRig(
            folder=tmp_path,
            server=server,
            modems_wanted=0,
            extra_config='[[hq]]\nchannel = "email"\naddress = "second@hq.invalid"\n',
        ) as rig,
    ):
        up = 'natalia_channel_up{channel="email"}'
        eventually(lambda: rig.metric(up) == 1)
        with rig.device() as device:
            device.sos()
        eventually(lambda: _refusals(rig) >= 2)
        eventually(lambda: rig.metric(up) == is_up)
        assert ("email cannot be used: RCPT was answered 550" in rig.log()) is not is_up
        assert len(server.contents) == (not also)


def _refusals(rig: Rig) -> int:
    rows = rig.rows("SELECT state FROM effect WHERE channel = 'email'")
    return rows.count(("rejected",))


def _is_settled(rig: Rig) -> bool:
    """Say whether it was refused, or its channel has died at it as often as it may."""
    rows = rig.rows("SELECT state FROM effect WHERE channel = 'email'")
    return ("rejected",) in rows or rows.count(("unknown",)) > REPEATS
