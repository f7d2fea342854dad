"""What is remembered belongs to whoever has the folder, whoever writes it."""

import os
from pathlib import Path

import pytest

from adapters.modem.memory import remember, remembered
from adapters.modem.owed_file import OwedFile

NOBODY = 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_a_file_that_root_makes_is_the_services_bug_its_modem_stayed_locked(
    tmp_path: Path,
) -> None:
    """`natalia audit --once` by root: the auditor could not read which PIN it tried."""
    os.chown(tmp_path, NOBODY, NOBODY)
    remember(tmp_path / "pin-own", {"a"})
    owed = OwedFile(tmp_path / "owed-own")
    owed.write("1")
    files = {path.name: path.stat() for path in tmp_path.iterdir()}
    assert {name: (one.st_uid, one.st_gid) for name, one in files.items()} == {
        "pin-own": (NOBODY, NOBODY),
        "owed-own": (NOBODY, NOBODY),
    }
    assert {one.st_mode & 0o777 for one in files.values()} == {0o600}
    assert remembered(tmp_path / "pin-own") == {"a"}
