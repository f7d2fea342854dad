"""`natalia check-config --as USER`: what the service's own user may not read."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.check_rights import Account, account_of, of_program, of_rights
from engine.config import load_config
from tests.engine.cli.services import natalia

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]
NOBODY = "natalia-is-no-user"
CONFIG = """\
state = "state"
roster = "roster.toml"
[protocols]
folder = "protocols"
[gateway.gt06]
port = 5023
tls = { port = 5024, cert_file = "cert.pem", key_file = "key.pem" }
[[channel]]
name = "webhook"
kind = "webhook"
options = { url = "https://hq.example/", secret_file = "FOLDER/secrets/webhook" }
[[auditor.channel]]
name = "own"
kind = "webhook"
options = { url = "https://own.example/", secret_file = "FOLDER/auditor/own" }
"""
FILES = (
    "natalia.toml",
    "roster.toml",
    "protocols/own.toml",
    "cert.pem",
    "key.pem",
    "secrets/webhook",
    "auditor/own",
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that everybody may look into, as /etc/natalia is."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        for name in ("state", "protocols", "secrets", "auditor"):
            (folder / name).mkdir()
            (folder / name).chmod(0o755)
        (folder / "state").chmod(0o777)
        for name in FILES:
            path = folder / name
            path.write_text(CONFIG.replace("FOLDER", made) if "natalia" in name else "")
            path.chmod(0o644)
        yield folder


def said(folder: Path, account: Account | None = None) -> list[str]:
    """Return what is said of the folder's configuration."""
    file = folder / "natalia.toml"
    user = account_of(NOBODY) if account is None else account
    return list(of_rights(file, load_config(file), user))


def test_what_everybody_may_read_is_no_matter(folder: Path) -> None:
    assert said(folder) == []


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("natalia.toml", "this file"),
        ("roster.toml", "roster"),
        ("protocols/own.toml", "protocols.folder"),
        ("cert.pem", "gateway.gt06.tls.cert_file"),
        ("key.pem", "gateway.gt06.tls.key_file"),
        ("secrets/webhook", "channel[0].options.secret_file"),
        ("auditor/own", "auditor.channel[0].options.secret_file"),
    ],
)
def test_a_file_that_root_alone_may_read_is_named_with_its_key(
    folder: Path, name: str, key: str
) -> None:
    """Root's check was content, and the service could not be started."""
    (folder / name).chmod(0o600)
    (line,) = said(folder)
    ends = "auditor" if key.startswith("auditor.") else "engine"
    words = (
        f"{key}: user {NOBODY} may not read {folder / name}: the {ends} does not start"
    )
    assert line.startswith(words)
    assert "LoadCredential=" in line


def test_a_folder_on_the_way_that_is_shut_is_named(folder: Path) -> None:
    (folder / "secrets").chmod(0o700)
    (line,) = said(folder)
    assert f"may not look into {folder / 'secrets'}, and so not use" in line
    assert f"chmod o+x {folder / 'secrets'}" in line


def test_a_state_folder_that_cannot_be_written_to_is_named(folder: Path) -> None:
    (folder / "state").chmod(0o755)
    (line,) = said(folder)
    assert line.startswith(f"state: user {NOBODY} may not write to {folder / 'state'}")


def test_a_group_that_may_read_it_is_enough_and_its_owner_counts_as_owner(
    folder: Path,
) -> None:
    key = folder / "key.pem"
    key.chmod(0o640)
    group = frozenset({key.stat().st_gid})
    assert said(folder, Account(name="x", number=54_321, groups=group)) == []
    key.chmod(0o604)
    assert said(folder, Account(name="x", number=54_321, groups=group)) != []
    assert said(folder, Account(name="x", number=54_321, groups=frozenset())) == []


def test_root_may_all(folder: Path) -> None:
    (folder / "key.pem").chmod(0)
    assert said(folder, account_of("root")) == []
    assert account_of("root").number == 0


def test_what_systemd_hands_over_is_not_asked_for(folder: Path) -> None:
    file = folder / "natalia.toml"
    given = "/run/credentials/natalia.service/secret_webhook"
    file.write_text(CONFIG.replace("FOLDER/secrets/webhook", given))
    assert said(folder) == []


def test_rights_beside_the_mode_are_left_to_whoever_gave_them(
    folder: Path, monkeypatch: Patch
) -> None:
    (folder / "key.pem").chmod(0o600)

    def acl(path: Path, name: str) -> bytes:
        del path, name
        return b"\x02"

    monkeypatch.setattr(os, "getxattr", acl)
    assert said(folder) == []


def test_it_is_a_warning_of_the_check_where_a_user_is_named(
    patch: Patch, out: Output, folder: Path
) -> None:
    file = folder / "natalia.toml"
    file.write_text('state = "state"\nroster = "roster.toml"\n')
    (folder / "roster.toml").chmod(0o600)
    assert natalia(patch, "check-config", str(file)) == 0
    assert "may not read" not in out.readouterr().out
    assert natalia(patch, "check-config", str(file), "--as", NOBODY) == 3
    assert f"roster: user {NOBODY} may not read" in out.readouterr().out


def test_a_program_that_root_alone_may_run_is_named_bug_the_upgrade_ended_the_engine(
    folder: Path,
) -> None:
    """With umask 077 `venv` makes a folder that the unit's user cannot enter."""
    program = folder / "protocols" / "own.toml"
    account = account_of(NOBODY)
    assert list(of_program(account, program)) == []
    program.chmod(0o600)
    (line,) = of_program(account, program)
    assert line.startswith(f"this program: user {NOBODY} may not use it, by the rights")
    assert str(program) in line
    program.parent.chmod(0o700)
    (line,) = of_program(account, program)
    assert f"by the rights of {program.parent};" in line
    assert "chmod -R go+rX" in line


def test_the_check_asks_so_of_itself(patch: Patch, out: Output, folder: Path) -> None:
    patch.setattr("sys.executable", str(folder / "roster.toml"))
    file = folder / "natalia.toml"
    file.write_text('state = "state"\n')
    (folder / "roster.toml").chmod(0o600)
    assert natalia(patch, "check-config", str(file), "--as", NOBODY) == 0
    assert f"this program: user {NOBODY} may not use it" in out.readouterr().out
    assert natalia(patch, "check-config", str(file)) == 0
    assert "this program" not in out.readouterr().out
