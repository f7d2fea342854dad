"""A start on a disk that is slow says that it gets on, and one that hangs does not."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.cli.keeper import STEP_S
from tests.rig import eventually
from tests.systemd import Systemd

pytestmark = pytest.mark.process

MINIMAL = 'state = "state"\n[console]\nport = 0\n[metrics]\nport = 0\n'
HANGS_S, HANGS_AT = 2.0, 5
SLOW = """
import itertools, os, time
import apsw
from engine.cli import keeper, main

keeper.WORD_S = 0.0
SYNC_S, HANGS_AT = float(os.environ["SYNC_S"]), int(os.environ["HANGS_AT"])
synced = itertools.count(1)
BASE = apsw.vfs_names()[0]

class Disk(apsw.VFS):
    def __init__(self):
        super().__init__("slow", BASE, makedefault=True)
    def xOpen(self, name, flags):
        return File(BASE, name, flags)

class File(apsw.VFSFile):
    def xSync(self, flags):
        time.sleep(3600 if next(synced) == HANGS_AT else SYNC_S)
        super().xSync(flags)

disk = Disk()
main.main()
"""
EXTENDED = re.compile(rb"^EXTEND_TIMEOUT_USEC=(\d+)$", re.MULTILINE)


@contextmanager
def started(
    folder: Path, systemd: Systemd, *, sync_s: float, hangs_at: int
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the engine on a disk that takes so long for a sync, and for one for ever."""
    config = folder / "natalia.toml"
    config.write_text(MINIMAL)
    slowly = {"SYNC_S": str(sync_s), "HANGS_AT": str(hangs_at)}
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, "serve", "--config", str(config)],
        env={**os.environ, **slowly, "NOTIFY_SOCKET": str(systemd.path)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_start_on_a_slow_disk_is_given_time_bug_it_was_killed_and_never_started(
    tmp_path: Path, systemd: Systemd
) -> None:
    with started(tmp_path, systemd, sync_s=0.1, hangs_at=0) as process:
        eventually(lambda: b"READY=1" in systemd.told or process.poll() is not None)
        before, _, after = systemd.told.partition(b"READY=1\n")
        told = EXTENDED.findall(before)
        assert len(told) >= 5
        assert {int(each) for each in told} == {STEP_S * 1_000_000}
        assert not EXTENDED.search(after)
        assert eventually(lambda: b"STATUS=ready\n" in systemd.told)


def test_a_start_whose_disk_hangs_says_no_more_that_it_gets_on(
    tmp_path: Path, systemd: Systemd
) -> None:
    with started(tmp_path, systemd, sync_s=0.0, hangs_at=HANGS_AT) as process:
        assert eventually(lambda: EXTENDED.search(systemd.told) is not None)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(HANGS_S)
        told = systemd.told
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(HANGS_S)
        assert systemd.told == told
        assert len(EXTENDED.findall(told)) > HANGS_AT, "it got on until then"
        assert b"READY=1" not in told
