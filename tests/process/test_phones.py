"""Telephones that a QR code has set up, as their apps would then speak."""

import base64
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.qr_codes import read_png
from tests.rig import TOLD_S, Rig, eventually

pytestmark = pytest.mark.process

PLACE = {"_type": "location", "lat": 41.3, "lon": 69.3}


def scanned(rig: Rig, wire_protocol: str, folder: Path) -> str:
    """Enrol a telephone for Heron; return what its camera reads."""
    host, port = rig.ports[wire_protocol]
    png = folder / f"{wire_protocol}.png"
    rig.password("alder")
    done = rig.natalia(
        *("device", "enrol", "--person", "heron", "--wire-protocol", wire_protocol),
        *("--url", f"http://{host}:{port}", "--by", "alder", "--png", str(png)),
        *("--state", str(rig.state)),
    )
    assert done.returncode == 0, done.stderr
    return read_png(png)


def doubts(rig: Rig) -> object:
    (row,) = [one for one in rig.alarms() if one["kind"] == "real"]
    assert row["alias"] == "Heron"
    return row["doubts"]


def test_a_telephone_with_traccar_client_is_its_carriers(tmp_path: Path) -> None:
    with Rig(folder=tmp_path) as rig:
        parts = urlsplit(scanned(rig, "osmand", tmp_path))
        server = f"{parts.scheme}://{parts.netloc}{parts.path}"
        (device,) = parse_qs(parts.query)["id"]
        # As its versions since 9 report: the background SDK's JSON, to the root.
        said = {"location": {"extras": {"alarm": "sos"}}, "device_id": device}
        assert httpx2.post(server, json=said).status_code == 200
        assert rig.sms_to("tinamou")
        assert doubts(rig) == []


def test_a_telephone_with_owntracks_proves_itself_and_a_stranger_does_not(
    tmp_path: Path,
) -> None:
    with Rig(folder=tmp_path, gateways=("gt06", "owntracks")) as rig:
        (inline,) = parse_qs(urlsplit(scanned(rig, "owntracks", tmp_path)).query)[
            "inline"
        ]
        app = json.loads(base64.b64decode(inline))
        headers = {"X-Limit-U": app["username"], "X-Limit-D": app["deviceId"]}
        now_s = rig.clock.now().ms // 1000
        said = {**PLACE, "tst": now_s, "tid": app["tid"], "poi": "SOS"}

        wrong = (app["username"], "another-password")
        httpx2.post(app["url"], json=said, headers=headers, auth=wrong)
        assert rig.mail.mails.wait_for(lambda m: "sender not proven" in m.text, TOLD_S)
        assert doubts(rig)

        own = (app["username"], app["password"])
        said["tst"] += 1
        httpx2.post(app["url"], json=said, headers=headers, auth=own)
        assert eventually(lambda: doubts(rig) == [])
        secrets = list(rig.state.glob("device-secret-*"))
        assert [one.read_text().strip() for one in secrets] == [app["password"]]
        assert app["password"] not in rig.log()
        assert app["username"] not in rig.log()
