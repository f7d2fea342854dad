"""What a test needs and a machine may lack: skip here, fail in CI."""

import importlib.util
import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

# Debian keeps daemons here; the PATH of an ordinary user does not have it.
_DAEMON_PATH = "/usr/local/sbin:/usr/sbin:/sbin"


def requires_command(command: str, *, package: str) -> Path:
    """Return where a command is, else skip with the line that installs it.

    Args:
        command: the program's name, such as `gammu-smsd`.
        package: Debian's name for the package that brings it.

    Returns:
        The program's absolute path.

    """
    path = os.environ.get("PATH", os.defpath)
    found = shutil.which(command, path=f"{path}:{_DAEMON_PATH}")
    if found is None:
        missing(f"`{command}` is not installed", package=package)
    return Path(found)


def requires_file(path: str, *, package: str) -> Path:
    """Return a file that a system package installs, else skip with the cure.

    Args:
        path: a glob below `/`, such as `usr/lib/*/faketime/libfaketime.so.1`.
        package: Debian's name for the package that brings it.

    Returns:
        The first match, as an absolute path.

    """
    found = sorted(Path("/").glob(path.lstrip("/")))
    if not found:
        missing(f"`/{path.lstrip('/')}` is not there", package=package)
    return found[0]


def requires_module(module: str, *, package: str) -> None:
    """Go on where a module can be imported, else skip with the line that installs it.

    Args:
        module: the name to import, such as `gammu`.
        package: PyPI's name for the package that brings it.

    """
    if importlib.util.find_spec(module) is None:
        missing(f"no module `{module}`", package=package, installer="pip")


def missing(what: str, *, package: str, installer: str = "apt-get") -> NoReturn:
    """Skip the test, naming the cure; where `CI` is set fail it instead.

    `CI_UNAVAILABLE` is `.ci/run`'s list of packages that this distribution does
    not carry; it has said so loudly itself, and their tests are skipped there too.
    """
    reason = f"{what}; install it with `{installer} install {package}`"
    carried = package not in os.environ.get("CI_UNAVAILABLE", "").split()
    if os.environ.get("CI") and carried:
        pytest.fail(f"{reason} (.ci/run must list it)", pytrace=False)
    pytest.skip(reason)
