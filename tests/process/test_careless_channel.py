"""A channel of somebody else's that posts whatever it gets, and one that hides another.

It is installed as pip installs it: a module and its `.dist-info` on the path.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.demo.farends.shelf import Mode
from engine.roster.sample import sample_text
from tests.rig import Rig, eventually

pytestmark = pytest.mark.process

CARELESS = """\
from engine.ports.channel import PublicMessage, Receipt
class Careless:
    carries = PublicMessage
    timeout_s = 5.0
    def __init__(self, name, options, **_):
        self.name, self.wall = name, options["wall"]
    def send(self, message):
        with open(self.wall, "a") as wall:
            print(repr(message), file=wall)
        return Receipt(reference="posted")
    def check(self): open(self.wall, "a").close()
    rest = interrupt = close = check
"""
METADATA = "Metadata-Version: 2.1\nName: careless\nVersion: 1.0\n"
TOLD_BY_POST = """
name = "Standard"
version = 9
based_on = "standard"
[[step]]
id = "colleagues"
channels = ["sms", "post"]
"""
WHY = "this channel tells the world"
PERSONAL = ("Heron", "heron", "41.3", "69.2", "PersonalMessage")
"""What no stranger may read of the sample's defender."""


def install(folder: Path, name: str, module: str) -> dict[str, str]:
    """Install a package with a channel of this name; return how Python finds it."""
    site = folder / "site"
    info = site / "careless-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "careless.py").write_text(module)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: careless\nVersion: 1.0\n"
    )
    points = f"[natalia_engine.channel]\n{name} = careless:Careless\n"
    (info / "entry_points.txt").write_text(points)
    return {"PYTHONPATH": str(site)}


@dataclass(kw_only=True)
class WallRig(Rig):
    """The service with a channel `post`: our webhook first, then the careless one."""

    is_careless: bool = False
    roster_text: str = field(
        default_factory=lambda: re.sub(
            '(id = "tinamou"\n)',
            '\\1addresses = [{ channel = "post", address = "@x" }]\n',
            sample_text(),
        )
    )

    def wall(self, channel: str) -> str:
        """Return what a careless channel has shown the world."""
        path = self.folder / f"wall-{channel}"
        return path.read_text() if path.exists() else ""

    def config(self) -> str:
        """Return the configuration; what is careless posts on a wall."""
        given = super().config()
        if not self.is_careless:
            more = f'name = "post"\nkind = "webhook"\n[channel.options]\n{self._hook()}'
            folder = '[protocols]\nfolder = "protocols"\n'
            return f"{given}[[channel]]\n{more}{folder}"
        ours = r'\[\[channel\]\]\nname = "public"\n.*?\n\[\['
        given = re.sub(ours, "[[", given, flags=re.DOTALL)
        tables = "".join(
            f'[[channel]]\nname = "{name}"\nkind = "careless"\nlanes = 1\n'
            f'[channel.options]\nwall = "{self.folder}/wall-{name}"\n'
            for name in ("post", "public")
        )
        return f"{given}{tables}"

    def _hook(self) -> str:
        return f'url = "{self.hook.url}"\nsecret_file = "{self.folder}/secret"\n'


def test_a_public_channel_is_never_given_a_personal_message(tmp_path: Path) -> None:
    """An open case goes on by the channels it began with, whatever they are since."""
    (tmp_path / "protocols").mkdir()
    (tmp_path / "protocols" / "standard.toml").write_text(TOLD_BY_POST)
    environment = install(tmp_path, "careless", CARELESS)
    with WallRig(folder=tmp_path, environment=environment) as rig:
        rig.hook.switch.turn(Mode.DROP)
        device = rig.device()
        device.sos()
        assert rig.sms_to("tinamou")
        posts = "SELECT count(*) FROM effect WHERE channel = 'post'"
        eventually(lambda: rig.rows(posts) != [(0,)])
        rig.kill()
        device.socket.close()
        rig.is_careless = True
        (rig.folder / "natalia.toml").write_text(rig.config())
        rig.start()
        with rig.operator("alder") as alder, rig.operator("rowan") as rowan:
            alarm = str(eventually(alder.cases)[0]["id"])
            refused = f"SELECT 1 FROM event WHERE CAST(body AS TEXT) LIKE '%{WHY}%'"
            eventually(lambda: rig.rows(refused), 60)
            assert "post was given a message not for it" in rig.log()
            assert "channel_misrouted" in str(rig.ready()[1]["degraded"])
            alder.act(alarm, "acknowledge")
            alder.act(alarm, "verify", truth="verified")
            rowan.act(alarm, "approve", template="public")
            post = eventually(lambda: rig.wall("public"))
            said = json.dumps(rowan.case(alarm))
    assert WHY in said, "HQ reads why it was not sent"
    assert rig.wall("post") == ""
    assert post.startswith("PublicMessage(")
    assert "Uzbekistan" in post
    assert not [one for one in PERSONAL if one in post]


@pytest.mark.parametrize("words", [("check-config",), ("serve", "--config")])
def test_a_channel_that_declares_nothing_never_runs(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    careless = CARELESS.replace("    carries = PublicMessage\n", "")
    environment = install(tmp_path, "careless", careless)
    table = '[[channel]]\nname = "post"\nkind = "careless"\n'
    table += f'[channel.options]\nwall = "{tmp_path}/wall"\n'
    done = natalia(tmp_path, environment, table, *words)
    assert done.returncode == 3
    assert "a channel that declares which messages it carries" in done.stderr
    assert not (tmp_path / "wall").exists()


@pytest.mark.parametrize("words", [("check-config",), ("serve", "--config")])
def test_a_package_cannot_put_itself_in_the_place_of_a_built_in_channel(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    environment = install(tmp_path, "email", f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    options = 'host = "127.0.0.1"\nsecurity = "none"\nsender = "a@b.example"\n'
    table = f'[[channel]]\nname = "email"\nkind = "email"\n[channel.options]\n{options}'
    done = natalia(tmp_path, environment, table, *words)
    assert done.returncode == 3
    assert "careless 1.0 and natalia-engine " in done.stderr
    assert not (tmp_path / "ran").exists()


def natalia(
    folder: Path, environment: dict[str, str], table: str, *words: str
) -> "subprocess.CompletedProcess[str]":
    """Run the command line on a configuration with one channel."""
    config = folder / "natalia.toml"
    config.write_text(f'state = "{folder}/state"\n[console]\nport = 0\n{table}')
    return subprocess.run(
        [sys.executable, "-m", "engine", *words, str(config)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **environment},
    )
