"""The running service takes a changed configuration, or keeps all as it was."""

import json
import signal
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.demo.farends.hook import HookServer
from adapters.devices import gt06_encode
from tests.certificates import valid_for
from tests.process.test_tls import serving_tls
from tests.rig import HERON_IMEI, SECRET, Rig, eventually
from tests.systemd import Systemd

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
def second_hook(rig: Rig, secret: str = SECRET) -> Iterator[HookServer]:
    server = HookServer(rig.clock, secret=secret)
    server.start()
    yield server
    server.stop()


def reload(rig: Rig) -> tuple[int, dict[str, Any]]:
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


BROKEN = {
    "channel[1].kind": ('kind = "webhook"', 'kind = "webhok"'),
    "gateway.gt06.port": ("[gateway.gt06]\nport = 0", "[gateway.gt06]\nport = -1"),
    "natalia.toml": ('log = "text"', 'log = "text'),
}


def test_a_broken_file_keeps_all_as_it_was_and_says_why(tmp_path: Path) -> None:
    with with_protocols(tmp_path) as rig, rig.device() as device:
        file = tmp_path / "natalia.toml"
        sound = file.read_text()
        for key, change in BROKEN.items():
            rewrite(rig, change, ("duty@hq.invalid", "night@hq.invalid"))
            hang_up(rig)
            assert f"not reloaded, all is as it was: {key}: expected" in rig.log()
            code, report = reload(rig)
            assert code == 3
            (fault,) = report["faults"]
            assert fault["key"] == key
            assert fault["cure"]
            file.write_text(sound)
        steps = tmp_path / "protocols" / "standard.toml"
        steps.write_text(SAMPLE.replace('to = "nearest"', 'to = "nobody"', 1))
        code, report = reload(rig)
        assert code == 3
        assert report["faults"][0]["file"] == "standard.toml"
        assert rig.metric(SUCCESSFUL) == 0.0
        said = rig.natalia("status", "--state", str(rig.state))
        assert "config refused: configuration" in said.stdout
        assert "standard.toml:" in said.stdout
        # All goes on by the old ones, on the same connection.
        assert device.sos()
        mail = rig.mail.mails.wait_for(lambda m: m.recipient.endswith("hq.invalid"), 30)
        assert mail is not None
        assert mail.recipient == "duty@hq.invalid"
        steps.write_text(SAMPLE)
        assert reload(rig)[0] == 0
        assert rig.metric(SUCCESSFUL) == 1.0
        said = rig.natalia("status", "--state", str(rig.state))
        assert "config refused" not in said.stdout


def peer(rig: Rig, certificate: Path) -> ssl.SSLSocket:
    """Connect over TLS as a device that trusts this certificate alone."""
    trusting = ssl.create_default_context(cafile=str(certificate))
    plain = socket.create_connection(rig.ports["gt06.tls"], 5)
    return trusting.wrap_socket(plain, server_hostname="127.0.0.1")


def test_a_renewed_certificate_is_seen_by_a_new_client_and_ends_no_connection(
    tmp_path: Path,
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old, new = valid_for(tmp_path / "old", 3), valid_for(tmp_path / "new", 300)
    used = tmp_path / "both.pem"
    used.write_bytes(old.read_bytes())
    gauge = "natalia_gateway_certificate_expiry_timestamp_seconds"
    series = f'{gauge}{{protocol="gt06"}}'
    with serving_tls(tmp_path, used) as rig, peer(rig, old) as before:
        before.sendall(gt06_encode.log_in(HERON_IMEI))
        assert before.recv(100)
        ends_s = eventually(lambda: rig.metric(series))
        used.write_bytes(new.read_bytes())
        assert reload(rig) == (0, last_reload(rig))
        report = last_reload(rig)
        assert report is not None
        assert report["changed"] == ["gateway.gt06.tls certificate"]
        with peer(rig, new) as after:
            after.sendall(gt06_encode.log_in("004999010640026"))
            assert after.recv(100)
        with pytest.raises(ssl.SSLCertVerificationError):
            peer(rig, old)
        before.sendall(gt06_encode.log_in(HERON_IMEI, serial=2))
        assert before.recv(100), "the old connection goes on"
        eventually(lambda: rig.metric(series) != ends_s)
        # A key of another certificate is refused, and the last one stays.
        used.write_bytes(old.read_bytes().split(b"-----BEGIN PRIVATE")[0])
        code, refused = reload(rig)
        assert (code, refused["faults"][0]["key"]) == (3, "gateway.gt06.tls")
        peer(rig, new).close()


ROTATED = "whsec_" + "cm90YXRlZC1zZWNyZXQtb2YtdGhlLXRlc3Rz"


def test_modems_channels_and_secrets_change_alone(rig: Rig, tmp_path: Path) -> None:
    file = tmp_path / "natalia.toml"
    sound = file.read_text()
    up = 'natalia_modem_up{modem="modem-2"}'
    eventually(lambda: rig.metric(up) == 1.0)
    # One modem less: nothing complains of it, and the other one has its actor still.
    second = sound.index('[[modem]]\nname = "modem-2"')
    rest = sound.index("[[channel]]")
    file.write_text(sound[:second] + sound[rest:])
    code, report = reload(rig)
    assert (code, report["changed"]) == (0, ["modem.modem-2 removed"])
    eventually(lambda: rig.metric(up) is None)
    said = rig.natalia("status", "--state", str(rig.state)).stdout
    assert "modem down" not in said
    with rig.device() as device:
        assert device.sos()
        told = rig.messages.wait_for(lambda _: True, 30)
        assert told is not None
        assert told.modem == "+46701740690"
        # It is back, under the same name, and another secret counts.
        file.write_text(sound)
        (tmp_path / "secret").write_text(ROTATED)
        with second_hook(rig, ROTATED) as rotated:
            rewrite(rig, (rig.hook.url, rotated.url))
            code, report = reload(rig)
            assert code == 0
            assert report["changed"] == [
                "modem.modem-2 added",
                "channel.webhook changed",
            ]
            eventually(lambda: rig.metric(up) == 1.0)
            with rig.device("004999010640026") as another:
                assert another.sos()
            assert rotated.hooks.wait_for(lambda _: True, 30) is not None
            assert not rotated.forgeries.items()
    assert rig.metric('natalia_restarts_total{child="modem-1"}') == 0.0
    assert rig.metric('natalia_restarts_total{child="email"}') == 0.0


def test_what_needs_a_restart_is_named_and_the_rest_is_in_force(rig: Rig) -> None:
    rewrite(
        rig,
        ('log = "text"', 'log = "json"'),
        ("[console]\nport = 0", "[console]\nport = 1"),
        ("duty@hq.invalid", "night@hq.invalid"),
    )
    code, report = reload(rig)
    assert code == 4
    assert report["needs_restart"] == ["log", "console.port"]
    assert report["changed"] == ["hq"]
    said = rig.natalia("status", "--state", str(rig.state))
    assert said.stdout.splitlines()[0] == "ready"
    assert "  needs a restart: console.port" in said.stdout
    host, port = rig.ports["console"]
    socket.create_connection((host, port), 5).close()


def test_a_hangup_tells_systemd_when_it_begins_and_ends(
    tmp_path: Path, systemd: Systemd
) -> None:
    environment = {"NOTIFY_SOCKET": str(systemd.path)}
    with Rig(folder=tmp_path, modems_wanted=0, environment=environment) as rig:
        hang_up(rig)
        eventually(
            lambda: b"STATUS=ready\n" in systemd.told.partition(b"RELOADING=1")[2]
        )
        began = systemd.told.partition(b"RELOADING=1\n")[2]
        assert began.startswith(b"MONOTONIC_USEC=")
        assert b"READY=1\n" in began
        rewrite(rig, ("[metrics]", "[metrix]"))
        hang_up(rig)
        eventually(lambda: b"STATUS=ready; the last reload was refused" in systemd.told)


HANG_UP = """
import os
import signal

import engine.start
from engine.cli.main import main

begin = engine.start.start


def started(*words, **more):
    os.kill(os.getpid(), signal.SIGHUP)
    return begin(*words, **more)


engine.start.start = started
main()
"""


def test_a_hangup_while_the_engine_starts_ends_nothing(tmp_path: Path) -> None:
    """It is a reload as soon as the engine is ready."""
    rig = Rig(folder=tmp_path, modems_wanted=0)
    rig.program = (sys.executable, "-c", HANG_UP)
    with rig:
        eventually(lambda: last_reload(rig))
