"""What `check-config` says of the secrets by which devices prove themselves."""

import os
from collections.abc import Iterator
from pathlib import Path

from engine.cli.check_rights import READ, Account, is_given, may, shut
from engine.intake.gateway.secrets import UNPROVEN, amiss
from engine.roster.model import Roster


def of_secrets(roster: Roster, account: Account | None) -> Iterator[str]:
    """Say whose device its secret does not do what it is there for.

    What this user may not read the service may have; `account` is as whom it runs.
    """
    for device in roster.devices:
        if device.secret_file is None or _is_closed(Path(device.secret_file)):
            continue
        wrong = amiss(device)
        if not Path(device.secret_file).is_absolute():
            wrong = f"{UNPROVEN}: write its secret_file from / on"
        if wrong is None and account is not None:
            wrong = _unread(Path(device.secret_file), account)
        if wrong is not None:
            yield f"a device of {device.person}: {wrong}"


def _is_closed(path: Path) -> bool:
    """Say whether nobody can tell here what the service finds."""
    try:
        return is_given(path) or (path.exists() and not os.access(path, os.R_OK))
    except OSError:
        return True


def _unread(path: Path, account: Account) -> str | None:
    if shut(path, account) is None and may(path, account, READ):
        return None
    return (
        f"user {account.name} may not read {path}, so that each report of it is not"
        " proven; give it to that user, with the way to it, or set another:"
        " natalia device secret"
    )
