"""`natalia device enrol --url`: a QR code that sets up the app on a telephone."""

import base64
import json
import stat
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.engine.cli.services import natalia, service
from tests.qr_codes import read_png, read_terminal

OSMAND = ("enrol", "--person=heron", "--wire-protocol=osmand")
OWNTRACKS = ("enrol", "--person=heron", "--wire-protocol=owntracks")
URL = "--url=https://sos.example.org:5055"
ENROLLED = {"version": "1", "doubts": [], "recorded": True}
AGREED = {"by": "alder", "person": "heron", "doubts": []}


class Run:
    """One run of the command against a service."""

    def __init__(
        self, patch: pytest.MonkeyPatch, *words: str, refused: bool = False
    ) -> None:
        enrol = (422, {"error": "device: no"}) if refused else (200, ENROLLED)
        with service(devices__enrol=enrol, devices__secret=(200, AGREED)) as made:
            self.code = natalia(patch, "device", *words, "--state", str(made.state))
            self.asked = list(made.asked)

    @property
    def device(self) -> str:
        """The id that was enrolled."""
        (entry,) = tomllib.loads(self.asked[0][1])["device"]
        return str(entry["id"])


def configuration(uri: str) -> dict[str, object]:
    (inline,) = parse_qs(urlsplit(uri).query)["inline"]
    found: dict[str, object] = json.loads(base64.b64decode(inline))
    return found


def test_traccar_client_is_set_up_with_an_id_that_nobody_guesses(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    devices = []
    for _ in range(2):
        run = Run(patch, *OSMAND, URL)
        assert run.code == 0
        uri = read_terminal(out.readouterr().out)
        assert uri == f"https://sos.example.org:5055/?id={run.device}&accuracy=high"
        assert len(bytes.fromhex(run.device)) == 10
        devices.append(run.device)
    assert devices[0] != devices[1]


def test_owntracks_is_set_up_with_a_secret_that_the_service_gets(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    run = Run(patch, *OWNTRACKS, URL, "--by=alder", "--heartbeat=3600")
    assert run.code == 0
    said = out.readouterr().out
    found = configuration(read_terminal(said))
    (_, (path, body)) = run.asked
    assert path == "POST /devices/secret"
    agreed = json.loads(body)
    assert agreed == {"device": run.device, "by": "alder", "secret": found["password"]}
    assert f"{found['username']}/{found['deviceId']}" == run.device
    assert len(str(found["password"])) >= 20
    assert str(found["password"]) not in said, "in the code alone"


def test_a_picture_is_written_for_its_owner_alone_and_nothing_is_shown(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    png = tmp_path / "heron.png"
    run = Run(patch, *OWNTRACKS, URL, "--by=alder", f"--png={png}")
    assert run.code == 0
    assert str(configuration(read_png(png))["username"]) in run.device
    assert stat.S_IMODE(png.stat().st_mode) == 0o600
    assert "\u2588" not in out.readouterr().out

    again = Run(patch, *OSMAND, URL, f"--png={png}")
    assert again.code == 2
    assert again.asked == [], "a code that cannot be kept enrols nobody"


def test_json_has_what_the_code_says_unless_a_picture_has_it(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = Run(patch, *OSMAND, URL, "--json")
    found = json.loads(out.readouterr().out)
    assert found["app"] == "Traccar Client"
    assert found["device"] == run.device
    assert parse_qs(urlsplit(found["setup_uri"]).query)["id"] == [run.device]
    Run(patch, *OSMAND, URL, "--json", f"--png={tmp_path / 'code.png'}")
    assert "setup_uri" not in json.loads(out.readouterr().out)


def test_a_telephone_that_is_refused_leaves_no_picture(
    patch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    png = tmp_path / "heron.png"
    assert Run(patch, *OSMAND, URL, f"--png={png}", refused=True).code != 0
    assert not png.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (OSMAND, "name the id"),
        ((*OSMAND, "heron-phone", "--png=x.png"), "goes with --url"),
        ((*OSMAND, "--url=sos.example.org"), "https://HOST:PORT"),
        ((*OSMAND, "--url=https://u:p@sos.example.org"), "https://HOST:PORT"),
        ((*OSMAND, "--url=https://sos.example.org/?id=1"), "nothing behind its path"),
        ((*OSMAND, URL, "--secret-file=x"), "--secret-file"),
        ((*OWNTRACKS, URL), "say by which operator"),
        ((*OWNTRACKS, "heron", URL, "--by=alder"), "USER/DEVICE"),
        (("enrol", "--person=heron", "--wire-protocol=gt06", URL), "Traccar Client"),
        (("enrol", "--person=heron", "--wire-protocol=osman", URL), "osman"),
    ],
)
def test_what_no_code_can_be_made_of_is_refused_and_enrols_nobody(
    patch: pytest.MonkeyPatch,
    out: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    run = Run(patch, *words)
    assert run.code == 2
    assert run.asked == []
    assert said in " ".join(out.readouterr().err.replace("│", " ").split())


def test_an_address_in_the_clear_is_a_doubt(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    assert Run(patch, *OSMAND, "--url=http://127.0.0.1:5055").code == 0
    assert "doubt: over http" in out.readouterr().err
