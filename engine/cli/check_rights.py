"""What `check-config --as USER` says: which named files that user may not read.

Whoever checks is root most often, who may read everything, and the service is not.
"""

import grp
import os
import pwd
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.config import Config
from engine.console.desk import KEPT_ROSTER

READ, WRITE, _LOOK = 4, 2, 1
_GIVEN_BY_SYSTEMD = (Path("/run/credentials"), Path("/var/lib/private"))
"""What lies there it hands to its service itself, and closes to everybody else."""
_MADE_BY_SYSTEMD = (Path("/var/lib"),)
"""Where `StateDirectory=` of a unit is made, for whatever user it runs as."""
NO_START = "the engine does not start"
NO_RECORD = "the engine starts, records nothing and shows no case"
"""Stands in each warning of what would end the start; the verdict looks for it."""
_ACL = "system.posix_acl_access"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user as files see it; without a number one that systemd makes up at start."""

    name: str
    number: int | None
    groups: frozenset[int]


def account_of(name: str) -> Account:
    """Return a user by name; one that is not there owns nothing and has no group."""
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return Account(name=name, number=None, groups=frozenset())
    groups = {found.pw_gid, *(g.gr_gid for g in grp.getgrall() if name in g.gr_mem)}
    return Account(name=name, number=found.pw_uid, groups=frozenset(groups))


def of_rights(file: Path, config: Config, account: Account) -> Iterator[str]:
    """Say which files and folders the configuration names in vain for a user.

    Args:
        file: the configuration itself.
        config: as it was read from there.
        account: as whom the service runs.

    """
    state = config.state
    needs = [("this file", file, READ), ("state", state, READ | WRITE | _LOOK)]
    needs += [(key, path, READ) for key, path in _named(config)]
    yield from _of_parent(state, account)
    for key, path, wanted in needs:
        if not path.is_absolute() or is_given(path):
            continue
        ends = _ends(key, config)
        folder = shut(path, account)
        if folder is not None:
            yield (
                f"{key}: user {account.name} may not look into {folder}, and so not use"
                f" {path}{ends}; chmod o+x {folder}, or put it elsewhere"
            )
        elif not may(path, account, wanted):
            do = "read" if wanted == READ else "write to"
            yield (
                f"{key}: user {account.name} may not {do} {path}{ends}; give it to"
                " that user, and a secret by LoadCredential= as deploy/natalia.service"
                " has it"
            )


def _ends(key: str, config: Config) -> str:
    """Return what comes of a file that cannot be used."""
    with suppress(OSError):
        if key == "roster" and (config.state / KEPT_ROSTER).exists():
            return ""  # it is not read: one that was imported counts
    if key == "state" and config.state.parent in _MADE_BY_SYSTEMD:
        return ""  # a unit gives it to its user at each start
    of = "the auditor does not start" if key.startswith("auditor.") else NO_START
    return f": {of}"


def _of_parent(state: Path, account: Account) -> Iterator[str]:
    """Say where a user could not make the state folder; systemd makes its own."""
    if account.number is None or state.parent in _MADE_BY_SYSTEMD:
        return
    folder = state
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if folder != state and not may(folder, account, WRITE | _LOOK):
        yield (
            f"state: user {account.name} may not make it in {folder}: {NO_START}; make"
            " it there, and give it to that user"
        )


def of_program(account: Account, *files: Path) -> Iterator[str]:
    """Say where a user could not run the program that is asked, as it lies here.

    Root's umask is 077 on many a machine, and so is a folder that pip fills then: an
    upgrade would end the engine there.

    Args:
        account: as whom the service runs.
        files: what has to be read; without any, this program's own.

    """
    for path in files or (Path(sys.executable), Path(__file__)):
        closed = shut(path, account)
        if closed is not None or not may(path, account, READ):
            yield (
                f"this program: user {account.name} may not use it, by the rights of"
                f" {closed or path}; where the service is to run it:"
                f" chmod -R go+rX {sys.prefix}"
            )
            return


def _named(config: Config) -> Iterator[tuple[str, Path]]:
    """Yield each file that engine and auditor read, with its key path."""
    if config.roster is not None:
        yield "roster", config.roster
    folder = config.protocols.folder
    if folder is not None:
        yield "protocols.folder", folder
        with suppress(OSError):
            for each in sorted(folder.glob("*.toml")):
                yield "protocols.folder", each
    for name, table in config.gateway.items():
        if table.tls is not None:
            yield f"gateway.{name}.tls.cert_file", table.tls.cert_file
            yield f"gateway.{name}.tls.key_file", table.tls.key_file
    of_auditor = config.auditor.channel
    for key, channels in (("channel", config.channel), ("auditor.channel", of_auditor)):
        for number, channel in enumerate(channels):
            for option, value in channel.options.items():
                if option.endswith("_file") and isinstance(value, str):
                    yield f"{key}[{number}].options.{option}", Path(value)


def no_start(*files: Path, of: str = "the engine") -> str:
    """Return what to add of files that are amiss: nothing where the service sees more.

    What systemd hands over, and what this user may not read, the service may have.
    """
    if all(os.access(one, os.R_OK) or _is_missing(one) for one in files):
        return f": {of} does not start"
    return ""


def _is_missing(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return not is_given(path)
    except OSError:
        pass  # whatever it is, this user may not look
    return False


def is_given(path: Path) -> bool:
    """Say whether systemd hands a file to its service alone."""
    real = path.resolve()
    return any(real.is_relative_to(one) for one in _GIVEN_BY_SYSTEMD)


def shut(path: Path, account: Account) -> Path | None:
    """Return the outermost folder on the way that a user may not look into."""
    ways = (*reversed(path.parents), *reversed(path.resolve().parents))
    return next((one for one in ways if not may(one, account, _LOOK)), None)


def may(path: Path, account: Account, wanted: int) -> bool:
    """Say whether a user may; where nobody can say it, they may."""
    try:
        found = path.stat()
    except OSError:
        return True  # what is not there is said elsewhere
    if account.number == 0 or _has_acl(path):
        return True
    shift = 0
    if found.st_uid == account.number:
        shift = 6
    elif found.st_gid in account.groups:
        shift = 3
    return (found.st_mode >> shift) & wanted == wanted


def _has_acl(path: Path) -> bool:
    """Say whether somebody has been given rights beside owner, group and the rest."""
    try:
        return bool(os.getxattr(path, _ACL))
    except OSError:
        return False
