"""Who has a port open, for the message that a person reads (Linux, /proc)."""

import os
from contextlib import suppress
from pathlib import Path


def holder_of(port: str, proc: Path = Path("/proc")) -> str | None:
    """Return `ModemManager (pid 512)`; None where nobody is found or no /proc is.

    Only processes that this user may look into are seen. Our own is named where no
    other has it: two modems configured on one port is a mistake worth its words.
    """
    target, own = os.path.realpath(port), str(os.getpid())
    found = proc.glob("[0-9]*")
    for process in sorted(found, key=lambda path: (path.name == own, int(path.name))):
        with suppress(OSError):
            for link in (process / "fd").iterdir():
                with suppress(OSError):
                    if link.readlink() == Path(target):
                        name = (process / "comm").read_text().strip()
                        return f"{name} (pid {process.name})"
    return None
