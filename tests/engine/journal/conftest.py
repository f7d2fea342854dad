"""What tests of the journal share."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults_vfs import FaultsVfs


@pytest.fixture
def vfs() -> Iterator[FaultsVfs]:
    """Return a file layer that fails on command."""
    vfs = FaultsVfs()
    yield vfs
    vfs.unregister()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a real disk of 4 MiB and 40 files."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m,nr_inodes=40", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a small disk needs rights that this user lacks")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
