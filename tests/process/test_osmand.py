"""A phone's SOS over HTTP in every form, and slow peers that delay nobody."""

import json
import socket
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import httpx2
import pytest

from adapters.devices import osmand_encode
from engine.ports.device import HttpRequest
from engine.roster.sample import sample_text
from engine.values import Fix
from tests.rig import TOLD_S, WAIT_S, Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
FOURTH = '\n[[device]]\nid = "z5b6-gann"\nwire_protocol = "osmand"\nperson = "gannet"\n'


def url(rig: Rig) -> str:
    host, port = rig.ports["osmand"]
    return f"http://{host}:{port}"


def send(rig: Rig, request: HttpRequest, phone: httpx2.Client | None = None) -> int:
    """Send it as the app does, by a client or by a new one; return the status."""
    headers = {k: v for k, v in request.headers.items() if k != "content-length"}
    return (phone.request if phone else httpx2.request)(
        request.method,
        f"{url(rig)}{request.path}?{request.query}",
        content=request.body,
        headers=headers,
        timeout=WAIT_S,
    ).status_code


def sos(rig: Rig) -> Fix:
    now = rig.clock.now()
    return Fix(lat_deg=41.31, lon_deg=69.28, accuracy_m=12.0, at=now)


def _has(rig: Rig, alarms: int) -> bool:
    return len(rig.alarms()) == alarms


def test_an_sos_in_each_wire_form_is_an_alarm(tmp_path: Path) -> None:
    with Rig(folder=tmp_path, roster_text=sample_text() + FOURTH) as rig:
        now, fix = rig.clock.now(), sos(rig)
        form = osmand_encode.form("m2x9-lapw", at=now, fix=fix, alarm="sos")
        query = osmand_encode.query("k8d3-stor", at=now, fix=fix, alarm="sos")
        one = osmand_encode.document("q4t7-avoc", at=now, fix=fix, alarm="sos")
        plain = osmand_encode.document("z5b6-gann", at=now, fix=fix)
        press = osmand_encode.document("z5b6-gann", at=now, fix=fix, alarm="SOS")
        rows = [json.loads(each.body) for each in (plain, press)]
        array = HttpRequest(
            method="POST",
            path="/",
            query="",
            headers={"content-type": "application/json"},
            body=json.dumps(rows).encode(),
        )
        for number, request in enumerate((query, form, one, array), start=1):
            assert send(rig, request) == 200
            assert eventually(partial(_has, rig, number))
        assert {row["alias"] for row in rig.alarms()} == {
            *("Stork", "Lapwing", "Avocet", "Gannet")
        }
        assert {row["kind"] for row in rig.alarms()} == {"real"}
        assert httpx2.get(url(rig)).status_code == 400
        assert httpx2.post(url(rig), content=b"[{").status_code == 400


def test_what_is_not_recorded_is_not_answered_as_if_it_were(tmp_path: Path) -> None:
    full = tmp_path / "full"
    with Rig(
        folder=tmp_path,
        program=(sys.executable, "-m", "tests.full_disk_engine", str(full)),
        environment={"PYTHONPATH": str(ROOT)},
    ) as rig:
        press = osmand_encode.form(
            "k8d3-stor", at=rig.clock.now(), fix=sos(rig), alarm="sos"
        )
        full.touch()
        assert send(rig, press) == 503
        assert rig.mail.mails.wait_for(lambda one: "NOT RECORDED" in one.text, TOLD_S)
        full.unlink()
        assert eventually(lambda: send(rig, press) == 200)
        assert eventually(lambda: [row["presses"] for row in rig.alarms()] == [1])


def test_slow_and_half_open_peers_delay_no_sos(tmp_path: Path) -> None:
    with Rig(folder=tmp_path) as rig, ExitStack() as stack:
        gt06, osmand = (
            [
                stack.enter_context(socket.create_connection(rig.ports[name]))
                for _ in range(100)
            ]
            for name in ("gt06", "osmand")
        )
        devices = [stack.enter_context(rig.device()) for _ in range(20)]
        frames = [device.sos_frame() for device in devices]
        head = b"POST / HTTP/1.1\r\nHost: natalia\r\nContent-Length: 500\r\n\r\nid=k8d3"
        took_s: list[float] = []
        for step in range(12):
            for peer in gt06:
                peer.sendall(b"\x78\x78\x0d\x01\x00\x49\x99\x01"[step % 8 :][:1])
            for device, frame in zip(devices, frames, strict=True):
                device.socket.sendall(frame[step : step + 1])
            for peer in osmand:
                peer.sendall(head[step * 5 : step * 5 + 5])
            with rig.device() as pressed:
                began = time.monotonic()
                assert pressed.sos()
                took_s.append(time.monotonic() - began)
            press = osmand_encode.query(
                "k8d3-stor", at=rig.clock.now(), fix=sos(rig), alarm="sos"
            )
            # Made before: its certificates are read for longer than an answer takes.
            with httpx2.Client() as phone:
                began = time.monotonic()
                assert send(rig, press, phone) == 200
                took_s.append(time.monotonic() - began)
        print(f"slowest of {len(took_s)}: {max(took_s) * 1000:.0f} ms")
        assert sorted(took_s)[len(took_s) // 2] < 0.25
        assert max(took_s) < 2.0
        assert rig.sms_to("lapwing")
