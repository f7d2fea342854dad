"""What HQ asks of a device that speaks in datagrams, across a kill of the service."""

import json
import socket
from importlib import resources
from pathlib import Path

import pytest

from engine.roster.sample import sample_text
from tests.rig import HERON_IMEI, WAIT_S, Rig

pytestmark = [pytest.mark.process, pytest.mark.slow]


def allowing(folder: Path) -> Path:
    """Make a folder whose standard action protocol lets HQ ask where a device is."""
    samples = resources.files("engine.protocol") / "samples"
    standard = (samples / "standard.toml").read_text(encoding="utf-8")
    allowed = standard.replace(
        "trust_unconfirmed", 'device_commands = ["locate"]\ntrust_unconfirmed', 1
    )
    assert allowed != standard
    folder.mkdir()
    (folder / "standard.toml").write_text(allowed)
    return folder


def test_an_order_reaches_a_device_that_speaks_in_datagrams(tmp_path: Path) -> None:
    protocols = allowing(tmp_path / "protocols")
    text = sample_text()
    enrolled = f'id = "{HERON_IMEI}"\nwire_protocol = "gt06"'
    assert text.count(enrolled) == 1
    with (
        Rig(
            folder=tmp_path,
            modems_wanted=0,
            roster_text=text.replace(enrolled, enrolled.replace("gt06", "tk103")),
            extra_config=f'[protocols]\nfolder = "{protocols}"',
            gateways=("tk103_udp",),
        ) as rig,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device,
    ):
        device.settimeout(WAIT_S)
        rig.password("alder")
        words = ("device", "order", HERON_IMEI, "locate", "--by", "alder", "--json")
        done = rig.natalia(*words, "--state", str(rig.state))
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == {"queued": True, "refused": None}
        rig.kill()
        rig.start()

        hello = f"({HERON_IMEI}BP00000000000000000HSO)".encode()
        device.sendto(hello, rig.ports["tk103_udp"])

        answers = {device.recv(256), device.recv(256)}
        asked = f"({HERON_IMEI}AP00)".encode()
        assert answers == {f"({HERON_IMEI}AP01HSO)".encode(), asked}
        facts = [kind for (kind,) in rig.rows("SELECT kind FROM event ORDER BY 1")]
        assert "OrderGiven" in facts
