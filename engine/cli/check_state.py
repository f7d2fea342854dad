"""What `check-config` says of the state folder; nothing is made there."""

from collections.abc import Iterator

from engine.config import Config
from engine.journal.ballast import BALLAST_BYTES, MIB, Ballast
from engine.journal.connection import BALLAST_SUFFIX, beside
from engine.journal.lock import unlockable
from engine.journal.sqlite import JOURNAL_FILE


def of_state(config: Config) -> Iterator[str]:
    """Say where it is no folder, or no space could be held back for a full disk."""
    folder = config.state
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent  # the folder is made at start, most often on this disk
    if not folder.is_dir():
        yield f"state: {folder} is a file: the engine does not start; name a folder"
        return
    ballast = Ballast(beside(folder / JOURNAL_FILE, BALLAST_SUFFIX))
    try:
        wrong = unlockable(folder)
        if wrong:
            yield f"state: {wrong}: the engine does not start before"
        lacks_bytes = ballast.lacks_bytes()
    except OSError:
        return
    if lacks_bytes:
        yield (
            f"state: {-(-lacks_bytes // MIB)} MiB more must come free on its disk, so"
            f" that {BALLAST_BYTES // MIB} MiB can be held back for when it is full:"
            " without them an SOS could then not be recorded; make room, outside this"
            " folder"
        )
