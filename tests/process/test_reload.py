"""The running service takes a changed configuration, or keeps all as it was."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.demo.farends.hook import HookServer
from tests.rig import SECRET, Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

SAMPLE = Path("engine/protocol/samples/standard.toml").read_text(encoding="utf-8")
LATER = """
[[step]]
id = "later"
after = "raised"
delay_s = 20
to = "hq"
channels = ["email"]
text = "hq"
"""
SUCCESSFUL = "natalia_config_last_reload_successful"


def with_protocols(folder: Path) -> Rig:
    """Return a service whose action protocols lie in a folder of their own."""
    (folder / "protocols").mkdir()
    (folder / "protocols" / "standard.toml").write_text(SAMPLE + LATER)
    return Rig(folder=folder, extra_config='[protocols]\nfolder = "protocols"')


def rewrite(rig: Rig, *changes: tuple[str, str], more: str = "") -> None:
    """Change the configuration's file."""
    file = rig.folder / "natalia.toml"
    text = file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text + more)


def hang_up(rig: Rig) -> None:
    """Send SIGHUP; return once its reload has ended, well or not."""
    assert rig.process is not None
    before = last_reload(rig)
    rig.process.send_signal(signal.SIGHUP)
    eventually(lambda: last_reload(rig) != before)


def last_reload(rig: Rig) -> dict[str, object] | None:
    done = rig.natalia("status", "--json", "--state", str(rig.state))
    found: dict[str, object] | None = json.loads(done.stdout)["reload"]
    return found


@contextmanager
def second_hook(rig: Rig) -> Iterator[HookServer]:
    server = HookServer(rig.clock, secret=SECRET)
    server.start()
    yield server
    server.stop()


def reload(rig: Rig) -> tuple[int, dict[str, object]]:
    """Ask by the command line; return its exit code and what it says."""
    done = rig.natalia("reload", "--json", "--state", str(rig.state))
    return done.returncode, json.loads(done.stdout)


def test_a_hangup_puts_the_files_in_force_and_drops_nothing(tmp_path: Path) -> None:
    with (
        with_protocols(tmp_path) as rig,
        second_hook(rig) as other,
        rig.device() as device,
    ):
        assert device.sos()
        case = str(eventually(rig.alarms)[0]["id"])
        process = rig.process
        assert process is not None

        (tmp_path / "protocols" / "standard.toml").write_text(
            SAMPLE.replace('["email", "webhook"]', '["second"]')
        )
        channel = (
            '[[channel]]\nname = "second"\nkind = "webhook"\n[channel.options]\n'
            f'url = "{other.url}"\nsecret_file = "secret"\n'
            '[[hq]]\nchannel = "second"\naddress = "new"\n'
        )
        rewrite(rig, ("duty@hq.invalid", "night@hq.invalid"), more=channel)
        hang_up(rig)

        report = last_reload(rig)
        assert report is not None
        assert report["applied"] is True
        assert report["changed"] == [
            "hq",
            "protocols: 1 changed",
            "channel.second added",
        ]
        assert report["needs_restart"] == []
        assert process.poll() is None
        # The same connection goes on, and a new case runs by the new files.
        assert device.sos(), "the connection is closed"
        with rig.device("004999010640026") as another:
            assert another.sos()
        told = other.hooks.wait_for(lambda hook: hook.data.get("to") == "new", 30)
        assert told is not None
        assert told.data["alarm"] != case
        # The open case finishes by the version that it began with.
        later = rig.mail.mails.wait_for(lambda m: m.recipient == "night@hq.invalid", 40)
        assert later is not None
        assert case in later.text
        assert rig.metric(SUCCESSFUL) == 1.0
        assert rig.metric('natalia_channel_up{channel="second"}') == 1.0
