"""A few words that are remembered over restarts, in a file of mode 0600."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def remembered(path: Path) -> set[str]:
    """Return the words of a file; none where there is no file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not ASCII.

    """
    if not path.exists():
        return set()
    return set(path.read_text(encoding="ascii").split())


def remember(path: Path, words: Iterable[str]) -> None:
    """Replace a file as a whole, one word a line, and wait until it is on disk.

    Raises:
        OSError: it cannot be written.

    """
    # Not in place of a suffix: those of modem.1 and modem.2 would be one file.
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    give_to_owner(descriptor, path.parent)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("".join(f"{word}\n" for word in sorted(words)))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    # Without this the new name may be lost with the power, and with it the words.
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def give_to_owner(descriptor: int, folder: Path) -> None:
    """Give a file that root makes to whoever has its folder, else do nothing.

    A command that root types would leave one that the service may not read.
    """
    if os.geteuid() == 0:
        with suppress(OSError):
            owner = folder.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
