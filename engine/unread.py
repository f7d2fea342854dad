"""Output that nobody reads any more: whoever writes there must not wait for it.

A collector of logs that hangs leaves the pipe or the socket to it full. A thread with a
line to write would stand still from then on, and every other one at its next line.
"""

import os
import select
import stat
from typing import Final, TextIO

PATIENCE_MS: Final = 100
"""So long a reader may take that has others to serve just now."""


class Outflow:
    """Says whether a stream takes a line at once; used by one thread at a time."""

    def __init__(self, stream: TextIO) -> None:
        """Look at where it leads; one that leads into memory takes all."""
        self._stream, self._is_pipe = stream, False
        self._poll: select.poll | None = None
        try:
            number = stream.fileno()
            self._is_pipe = stat.S_ISFIFO(os.fstat(number).st_mode)
        except (OSError, ValueError):
            return
        self._poll = select.poll()
        self._poll.register(number, select.POLLOUT)

    def takes(self, wait_ms: int) -> bool:
        """Say whether a line can be written without a wait, soon; also where it fails.

        Args:
            wait_ms: how long to wait for that; 0 for a look.

        """
        return self._poll is None or bool(self._poll.poll(wait_ms))

    def fitting(self, line: str) -> str:
        """Return as much of a line as fits with its end, where a part alone may fit.

        A pipe that can be written to has room for `PIPE_BUF` octets, and perhaps for
        no more; a socket has for a quarter of all that it keeps.
        """
        if not self._is_pipe or len(line) * 4 < select.PIPE_BUF:
            return line
        encoding, errors = self._stream.encoding or "utf-8", self._stream.errors
        octets = line.encode(encoding, errors or "replace")
        return octets[: select.PIPE_BUF - 1].decode(encoding, "ignore")
