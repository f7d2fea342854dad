"""The real engine under a load that its environment names.

`NATALIA_BENCH_BUSY`: a CPU-bound Python thread beside it. `NATALIA_BENCH_SYNC_MS`:
so much longer each fsync takes, through a file layer of SQLite in Python, which
itself costs something at every read and write.
"""

import os
import threading
import time
from pathlib import Path
from typing import Any

import apsw

from engine.cli.main import main
from engine.journal.sqlite import SqliteStore


def spin() -> None:
    """Compute for ever, as an import or a drawing in the process would."""
    total = 0
    while True:
        total = (total * 31 + 7) % 1_000_003


class SlowFile(apsw.VFSFile):
    """A file whose sync takes longer."""

    def __init__(
        self, name: str | apsw.URIFilename | None, flags: list[int], sync_s: float
    ) -> None:
        super().__init__("", name, flags)
        self._sync_s = sync_s

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        time.sleep(self._sync_s)  # noqa: TID251 - the disk, not the engine
        super().xSync(flags)


class SlowDisk(apsw.VFS):
    """A file layer over the default one, slow to sync."""

    def __init__(self, sync_s: float) -> None:
        self._sync_s = sync_s
        super().__init__("slow", base="")

    def xOpen(  # noqa: N802 - SQLite's name
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        return SlowFile(name, flags, self._sync_s)


def write_through(vfs: str) -> None:
    """Open the journal's writer through a file layer, whatever the start says."""
    made = SqliteStore.__init__

    def through(store: SqliteStore, path: Path, **given: Any) -> None:
        made(store, path, **given | {"vfs": vfs})

    SqliteStore.__init__ = through  # type: ignore[method-assign,assignment] # the point of it


if __name__ == "__main__":
    if os.environ.get("NATALIA_BENCH_BUSY"):
        threading.Thread(target=spin, daemon=True).start()
    sync_ms = float(os.environ.get("NATALIA_BENCH_SYNC_MS", "0"))
    if sync_ms:
        disk = SlowDisk(sync_ms / 1000)
        write_through("slow")
    main()
