"""The real engine on a disk that is full while a file is there.

For where no file system may be mounted: a layer under SQLite refuses every write of
the journal while the file that the first word names exists. The rest of the words
go to `natalia`.
"""

import sys
from functools import partialmethod
from pathlib import Path

from engine.cli.main import main
from engine.journal.sqlite import SqliteStore
from tests.faults_vfs import FaultsVfs


def fill_while(flag: Path) -> FaultsVfs:
    """Open the journal through a layer that is full while `flag` is there."""
    vfs = FaultsVfs()
    vfs.is_full = flag.exists
    opened = partialmethod(SqliteStore.__init__, vfs=vfs.name, ballast_bytes=0)
    SqliteStore.__init__ = opened  # type: ignore[method-assign,assignment] # the point of it
    return vfs


if __name__ == "__main__":
    kept = fill_while(Path(sys.argv[1]))
    sys.argv[1:2] = []
    main()
