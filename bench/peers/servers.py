"""Servers for one benchmark: on a Unix socket in a folder that is removed at exit."""

from __future__ import annotations

import atexit
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WAIT_S = 20.0


def find_program(*names: str | Path) -> str:
    """Return the first of some programs, by name or path, that there is.

    Raises:
        OSError: none is there.

    """
    for name in names:
        path = shutil.which(str(name))
        if path is not None:
            return path
    msg = f"no program {' or '.join(str(name) for name in names)}"
    raise OSError(msg)


def version_of(program: str) -> str:
    """Return what a program says of its version."""
    said = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"\d+(\.\d+)+", said)
    return found[0] if found else said.strip()


def own_folder(user: str | None = None) -> Path:
    """Make a folder that is removed at exit; another user's if we are root."""
    folder = Path(tempfile.mkdtemp(prefix="geo-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if user is not None and os.geteuid() == 0:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def start(
    command: Sequence[str],
    answers: Callable[[], object],
    refusals: tuple[type[Exception], ...],
    *,
    user: str | None = None,
) -> None:
    """Start a server that is stopped at exit, and wait until it answers.

    Args:
        command: program and arguments; the server stays in the foreground.
        answers: asks the server something.
        refusals: what that raises until the server is up.
        user: whom it must run as if we are root.

    Raises:
        OSError: it ended, or did not answer in time.

    """
    server = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=user if os.geteuid() == 0 else None,
    )
    atexit.register(stop, server)
    end = time.monotonic() + WAIT_S
    while True:
        try:
            answers()
        except refusals as refusal:
            if server.poll() is not None or time.monotonic() > end:
                msg = f"{command[0]} does not answer: {refusal}"
                raise OSError(msg) from refusal
            time.sleep(0.05)  # noqa: TID251  # a script, not the engine
        else:
            return


def stop(server: subprocess.Popen[bytes]) -> None:
    """Stop a server gently, and wait."""
    server.terminate()
    try:
        server.wait(WAIT_S)
    except subprocess.TimeoutExpired:
        server.kill()
