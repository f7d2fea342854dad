"""Whether a file that somebody has open still lies where a start would look."""

from pathlib import Path


class OpenedFile:
    """A file as it lay when it was opened.

    The engine makes one for its whole run: whoever looks may be replaced, and a
    successor that took what lies there by then for the file would say that all is well.
    """

    def __init__(self, path: Path) -> None:
        """Take note of what lies there now."""
        self._path = path
        self._opened = _file_at(path)

    def is_moved(self) -> bool:
        """Say whether another file lies there, or none."""
        return _file_at(self._path) != self._opened


def _file_at(path: Path) -> tuple[int, int] | None:
    """Return which file lies there, whatever its name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
