"""An SOS in a frame of any kind raises in the running service, by its model too."""

import socket
from pathlib import Path

import pytest

from adapters.devices.gt06_encode import log_in
from adapters.devices.gt06_packet import frame_of
from engine.roster.sample import sample_text
from tests.rig import Rig, eventually

pytestmark = pytest.mark.process

# A pendant of each of four defenders, and the kind of message that it sends.
PENDANTS = {
    "heron": ("4109179024", "V8"),
    "gannet": ("4109179025", "XT"),
    "toucan": ("4109179026", "SMS"),
    "stork": ("4109179027", "V0"),
}
PLACE = "102030,A,4118.0000,N,06918.0000,E,000.00,000,010326"
BEAT = "004999010640042"
# A supply of two bytes stands before the signal and the alarm: with no model named its
# second byte is the signal, the signal a vibration, and the SOS a language.
SUPPLIED = bytes((0x46, 4, 210, 3, 0x01, 2))


def device(name: str, wire_protocol: str, person: str, model: str = "") -> str:
    named = f'model = "{model}"\n' if model else ""
    return (
        f'\n[[device]]\nid = "{name}"\nwire_protocol = "{wire_protocol}"\n'
        f'person = "{person}"\n{named}'
    )


def say(port: tuple[str, int], *frames: bytes) -> None:
    with socket.create_connection(port, timeout=10) as connection:
        connection.settimeout(10)
        connection.sendall(b"".join(frames))
        connection.recv(64)


def test_a_pendants_sos_raises_whatever_kind_its_message_is(tmp_path: Path) -> None:
    devices = (device(name, "h02", person) for person, (name, _) in PENDANTS.items())
    text = sample_text() + "".join(devices)
    with Rig(folder=tmp_path, roster_text=text, gateways=("h02",)) as rig:
        for name, kind in PENDANTS.values():
            sos = f"*HQ,{name},{kind},{PLACE},FFFFFFFD#"
            say(rig.ports["h02"], f"{sos}*HQ,{name},HTBT,87#".encode())
        told = eventually(lambda: rig.alarms() if len(rig.alarms()) > 3 else None)
        assert [alarm["kind"] for alarm in told] == ["real"] * len(PENDANTS)
        assert rig.messages.wait_for(lambda _: True, 20) is not None


def test_an_sos_is_read_by_the_model_that_the_roster_names(tmp_path: Path) -> None:
    text = sample_text() + device(BEAT, "gt06", "heron", "R11")
    with Rig(folder=tmp_path, roster_text=text, gateways=("gt06",)) as rig:
        say(rig.ports["gt06"], log_in(BEAT), frame_of(0x13, SUPPLIED, 7))
        (alarm,) = eventually(rig.alarms)
        assert alarm["kind"] == "real"
        assert rig.messages.wait_for(lambda _: True, 20) is not None
