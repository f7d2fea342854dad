"""The real engine on a disk that is full, fails or hangs while a file is there.

For where no file system may be mounted: a layer under SQLite refuses every write of
the journal while the file that the first word names exists. What stands in the file
says how: `full`, which is nothing as well, `fails` or `hangs`. The rest of the words
go to `natalia`.
"""

import sys
from pathlib import Path
from typing import Any

from engine.cli.main import main
from engine.journal.sqlite import SqliteStore
from tests.faults_vfs import FaultsVfs


def said_by(flag: Path) -> str:
    """Return what a file says is wrong with the disk; nothing where it is not there."""
    try:
        return flag.read_text().strip() or "full"
    except FileNotFoundError:
        return ""


def fill_while(flag: Path) -> FaultsVfs:
    """Open the journal through a layer that does as `flag` says while it is there."""
    vfs = FaultsVfs()
    vfs.is_full = lambda: said_by(flag) == "full"
    vfs.refuses = lambda: said_by(flag) == "fails"
    vfs.hangs = lambda: said_by(flag) == "hangs"
    made = SqliteStore.__init__

    def through(store: SqliteStore, path: Path, **given: Any) -> None:
        made(store, path, **given | {"vfs": vfs.name, "ballast_bytes": 0})

    SqliteStore.__init__ = through  # type: ignore[method-assign,assignment] # the point of it
    return vfs


if __name__ == "__main__":
    kept = fill_while(Path(sys.argv[1]))
    sys.argv[1:2] = []
    main()
