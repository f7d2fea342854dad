"""`natalia check-config` says where a device's secret makes its presses not proven."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.check_rights import account_of
from engine.cli.check_secrets import of_secrets
from engine.roster.model import Device, Roster
from engine.values import DeviceId, PersonId
from tests.engine.cli.services import natalia
from tests.engine.cli.test_check import configuration

NOBODY = "natalia-is-no-user"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that everybody may look into, as /etc/natalia is."""
    with tempfile.TemporaryDirectory() as made:
        (folder := Path(made)).chmod(0o755)
        yield folder


def said(file: object, *, wire_protocol: str = "osmand", user: str = "") -> list[str]:
    """Return what is said of one device of Heron's."""
    device = Device(
        device=DeviceId("heron-phone"),
        wire_protocol=wire_protocol,
        person=PersonId("heron"),
        secret_file=str(file),
    )
    account = account_of(user) if user else None
    return list(of_secrets(Roster(devices=(device,)), account))


def test_a_secret_that_is_there_is_no_matter(folder: Path) -> None:
    (file := folder / "heron").write_text("0f8a7c9d2b41\n")
    file.chmod(0o644)
    assert said(file) == said(file, user=NOBODY) == []


def test_what_only_the_service_can_see_is_passed_over() -> None:
    assert said("/run/credentials/natalia.service/secret_heron") == []


def test_a_secret_that_is_not_there_or_empty_is_named(folder: Path) -> None:
    (absent,) = said(folder / "heron")
    assert absent.startswith("a device of heron: each report of it is not proven")
    assert f"cannot read {folder}/heron: it is not there" in absent
    (folder / "heron").write_text("\n")
    (empty,) = said(folder / "heron")
    assert empty.endswith(f"{folder}/heron is empty")
    (relative,) = said("heron")
    assert "write its secret_file from / on" in relative


def test_a_secret_that_the_services_user_may_not_read_is_named(folder: Path) -> None:
    """As the folder of secrets is root's alone, which systemd hands files out of."""
    (folder / "secrets").mkdir(0o700)
    (file := folder / "secrets" / "heron").write_text("0f8a7c9d2b41\n")
    file.chmod(0o644)
    (shut,) = said(file, user=NOBODY)
    assert f"user {NOBODY} may not read {file}" in shut
    (folder / "secrets").chmod(0o755)
    assert said(file, user=NOBODY) == []
    file.chmod(0o600)
    assert said(file, user=NOBODY) == [shut]


def test_a_tracker_is_asked_for_no_secret_and_that_is_said(folder: Path) -> None:
    (told,) = said(folder / "heron", wire_protocol="watch")
    assert "no secret is asked of it: 'watch' has nowhere to put one" in told


def test_it_stands_among_the_warnings_of_a_configuration(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = configuration(tmp_path, "[gateway.osmand]\nport = 5055\n")
    roster = tmp_path / "roster.toml"
    entry = "[[device]]\nid = 'heron-phone'\nwire_protocol = 'osmand'\n"
    entry += f"person = 'heron'\nsecret_file = '{tmp_path}/heron'\n"
    roster.write_text(f"{roster.read_text()}\n{entry}")
    assert natalia(patch, "check-config", "--json", path) == 0
    warnings = json.loads(out.readouterr().out)["warnings"]
    assert len([one for one in warnings if "a device of heron:" in one]) == 1
