"""Text files that people write: read whole, and nothing that only looks like one."""

import errno
import os
import stat
from pathlib import Path

SIZE_MAX = 16 * 1024**2


def is_readable(text: str) -> bool:
    """Say whether a text that is written to a file can be read from it again."""
    return len(text.encode()) <= SIZE_MAX


def read_text(path: Path) -> str:
    """Return what a file of UTF-8 says, without a mark at its beginning.

    Opening a pipe waits for whoever writes to it, and a device never ends.

    Raises:
        OSError: it cannot be read, is no file or is larger than 16 MiB; its `strerror`
            says which.
        UnicodeDecodeError: it is no UTF-8.

    """
    data = read_bytes(path, SIZE_MAX + 1)
    if len(data) > SIZE_MAX:
        raise OSError(errno.EFBIG, f"it is larger than {SIZE_MAX // 1024**2} MiB")
    text = data.decode("utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_bytes(path: Path, most: int) -> bytes:
    """Return how a file begins, `most` bytes of it; never waits for whoever writes it.

    Raises:
        OSError: it cannot be read, or is no file; its `strerror` says which.

    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        file = os.fdopen(descriptor, "rb")
    except OSError:  # a folder: nobody has taken the descriptor
        os.close(descriptor)
        raise
    with file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is a pipe or a device; name a file")
        return file.read(most)
