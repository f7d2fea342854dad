"""The demo speaks to ptys and to loopback; anything else is refused at the start."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.cli.main import EXIT_CONFIG

pytestmark = [pytest.mark.process, pytest.mark.slow]

HEAD = 'state = "state"\ndemo = true\n'
LISTENERS = "[console]\nport = 0\n[metrics]\nport = 0\n[gateway.gt06]\nport = 0\n"


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way out of this machine, and the key that must be named."""

    old: str = ""
    new: str
    key: str


WAYS = {
    "a serial port": Way(
        new='[[modem]]\nname = "m"\nport = "/dev/ttyUSB0"\n', key="modem[0].port"
    ),
    "a file that is no pty": Way(
        new='[[modem]]\nname = "m"\nport = "/dev/null"\n', key="modem[0].port"
    ),
    "a console for all": Way(
        old="[console]", new='[console]\nhost = "0.0.0.0"', key="console.host"
    ),
    "metrics for all, in IPv6": Way(
        old="[metrics]", new='[metrics]\nhost = "::"', key="metrics.host"
    ),
    "a gateway on another address": Way(
        old="[gateway.gt06]",
        new='[gateway.gt06]\nhost = "192.0.2.1"',
        key="gateway.gt06.host",
    ),
    "a gateway by a name": Way(
        old="[gateway.gt06]",
        new='[gateway.gt06]\nhost = "gateway.invalid"',
        key="gateway.gt06.host",
    ),
    "a gateway of TLS for all": Way(
        new='[gateway.gt06.tls]\nhost = "0.0.0.0"\nport = 0\n'
        'cert_file = "cert.pem"\nkey_file = "key.pem"\n',
        key="gateway.gt06.tls.host",
    ),
    "an auditor's metrics for all": Way(
        new='[auditor.metrics]\nhost = "0.0.0.0"\nport = 0\n',
        key="auditor.metrics.host",
    ),
    "an auditor's serial port": Way(
        new='[[auditor.modem]]\nname = "m"\nport = "/dev/ttyUSB0"\n',
        key="auditor.modem[0].port",
    ),
    "an auditor's mail server elsewhere": Way(
        new='[[auditor.channel]]\nname = "mail"\nkind = "email"\n'
        "[auditor.channel.options]\n"
        'host = "mail.invalid"\nsender = "engine@natalia.invalid"\n',
        key="auditor.channel.mail.options.host",
    ),
    "a mail server elsewhere": Way(
        new='[[channel]]\nname = "mail"\nkind = "email"\n[channel.options]\n'
        'host = "mail.invalid"\nsender = "engine@natalia.invalid"\n',
        key="channel.mail.options.host",
    ),
    "a webhook elsewhere": Way(
        new='[[channel]]\nname = "hook"\nkind = "webhook"\n[channel.options]\n'
        'url = "https://hook.invalid/"\nsecret_file = "SECRET"\n',
        key="channel.hook.options.url",
    ),
    "a webhook on loopback's namesake": Way(
        new='[[channel]]\nname = "hook"\nkind = "webhook"\n[channel.options]\n'
        'url = "http://127.0.0.1.nip.invalid/"\nsecret_file = "SECRET"\n',
        key="channel.hook.options.url",
    ),
    "Mastodon elsewhere": Way(
        new='[[channel]]\nname = "masto"\nkind = "mastodon"\n[channel.options]\n'
        'url = "https://social.invalid/"\ntoken_file = "SECRET"\n',
        key="channel.masto.options.url",
    ),
}


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.touch(mode=0o600)
    path.write_text("whsec_bmF0YWxpYS10ZXN0LXNlY3JldC1uYXRhbGlh")
    return path


@pytest.fixture
def pty() -> Iterator[str]:
    ends = os.openpty()
    yield os.ttyname(ends[1])
    for end in ends:
        os.close(end)


def _natalia(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "engine", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_the_demo_refuses_a_way_out_of_this_machine(
    tmp_path: Path, secret: Path, way: Way
) -> None:
    new = way.new.replace("SECRET", str(secret))
    text = LISTENERS.replace(way.old, new, 1) if way.old else LISTENERS + new
    config = tmp_path / "natalia.toml"
    config.write_text(HEAD + text)
    runs = "audit" if way.key.startswith("auditor.") else "serve"
    for words in ((runs, "--config"), ("check-config",)):
        done = _natalia(*words, str(config))
        assert (done.returncode, done.stdout) == (EXIT_CONFIG, ""), done.stderr
        assert done.stderr.startswith(f"natalia: {way.key}: expected a"), done.stderr
        assert "Traceback" not in done.stderr
        if ".options." in way.key:
            assert "leave out `demo = true`" in done.stderr


def test_what_stays_on_this_machine_is_let_through(
    tmp_path: Path, secret: Path, pty: str
) -> None:
    config = tmp_path / "natalia.toml"
    config.write_text(
        HEAD
        + LISTENERS.replace("[console]", '[console]\nhost = "::1"')
        + f'[[modem]]\nname = "m"\nport = "{pty}"\n'
        + '[[channel]]\nname = "hook"\nkind = "webhook"\n[channel.options]\n'
        + f'url = "http://localhost:9/"\nsecret_file = "{secret}"\n'
    )
    done = _natalia("check-config", str(config))
    assert done.returncode == 0, done.stderr
