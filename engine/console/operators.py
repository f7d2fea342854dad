"""Operators and their passwords: who may act at HQ.

Hashes lie in a file of the state folder (mode 0600), never in the journal; the
journal says who was added when.
"""

import hashlib
import json
import os
import secrets
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from engine.errors import EngineError
from engine.files import read_text
from engine.values import OperatorId

FILE = "operators.json"
FIRST_PASSWORD_BYTES = 12
OWN_IT = "give it to the engine's user: chown --reference={0} {0}/*"
"""A copy that root has put back is root's."""
# OWASP's parameters for Argon2id: 19 MiB keep a check within the memory promised.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class OperatorError(EngineError):
    """An operator cannot be added, or none can be read; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPassword:
    """Where a new operator's first password lies; never shown itself."""

    operator: OperatorId
    path: Path


class Operators:
    """The operators' file; any thread. At most one password is checked at a time."""

    def __init__(self, state: Path, *, must_read: bool = True) -> None:
        """Read the file, if there is one.

        With `must_read` false, one that cannot be read is a `fault`: alarms, metrics
        and whoever is signed in do without it, and nothing is written over it.

        Raises:
            OperatorError: the file is none.

        """
        self._path = state / FILE
        self._state = state
        self._lock = threading.Lock()
        self._hashes: dict[str, str] = {}
        self.fault = ""
        self._read()
        if self.fault and must_read:
            raise OperatorError(self.fault)

    def look_again(self) -> bool:
        """Read a file that could not be read; say whether there is a fault still."""
        with self._lock:
            if self.fault:
                self._read()
        return bool(self.fault)

    def names(self) -> tuple[OperatorId, ...]:
        """Return everybody who may sign in, sorted."""
        return tuple(OperatorId(name) for name in sorted(self._hashes))

    def add(self, operator: OperatorId) -> FirstPassword:
        """Add an operator with a random password, put into a file of its own.

        Raises:
            OperatorError: the name is taken, or the file cannot be read.

        """
        with self._lock:
            if self.fault:
                raise OperatorError(self.fault)
            if operator in self._hashes:
                message = f"operator {operator!r} is there already"
                raise OperatorError(message)
            password = secrets.token_urlsafe(FIRST_PASSWORD_BYTES)
            path = first_password_path(self._state, operator)
            write_private(path, password + "\n")
            self._save({**self._hashes, operator: _HASHER.hash(password)})
        return FirstPassword(operator=operator, path=path)

    def remove(self, operator: OperatorId) -> None:
        """Let an operator in no more; the name may be added again, with a new password.

        Raises:
            OperatorError: there is none of that name, or no other one.

        """
        with self._lock:
            if self.fault:
                raise OperatorError(self.fault)
            left = dict(self._hashes)
            if left.pop(operator, None) is None:
                raise OperatorError(_no_such(operator))
            if not left:
                message = f"{operator!r} is the last operator; add another one first"
                raise OperatorError(message)
            self._save(left)
        first_password_path(self._state, operator).unlink(missing_ok=True)

    def change(self, operator: OperatorId, password: str) -> None:
        """Set a new password; the file with the first one goes.

        Raises:
            OperatorError: there is none of that name: they were removed meanwhile.

        """
        with self._lock:
            if operator not in self._hashes:
                raise OperatorError(_no_such(operator))
            self._save({**self._hashes, operator: _HASHER.hash(password)})
        first_password_path(self._state, operator).unlink(missing_ok=True)

    def check(self, operator: str, password: str) -> bool:
        """Say whether this is the operator's password; takes some 30 ms."""
        with self._lock:
            try:
                _HASHER.verify(self._hashes.get(operator) or _nobody(), password)
            except (Argon2Error, InvalidHashError):
                return False
            return operator in self._hashes

    def _read(self) -> None:
        """Take what the file says; nobody may sign in by one that cannot be read."""
        try:
            self._hashes = _load(self._path) if self._path.exists() else {}
            self.fault = ""
        except OperatorError as error:
            self.fault = str(error)

    def _save(self, hashes: dict[str, str]) -> None:
        """Write first: what a full disk did not take is not in force either."""
        write_private(self._path, json.dumps(hashes, indent=1, sort_keys=True))
        self._hashes = hashes


def _no_such(operator: OperatorId) -> str:
    return f"there is no operator {operator!r}; see: natalia operator list"


@cache
def _nobody() -> str:
    """Return what is checked for an unknown name: the time taken tells nothing."""
    return _HASHER.hash(secrets.token_urlsafe(FIRST_PASSWORD_BYTES))


def _load(path: Path) -> dict[str, str]:
    try:
        return {
            str(name): str(kept) for name, kept in json.loads(read_text(path)).items()
        }
    except PermissionError as error:
        message = f"{path} cannot be read by this user; {OWN_IT.format(path.parent)}"
        raise OperatorError(message) from error
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        message = f"{path} is not the operators' file; put it back from a copy"
        raise OperatorError(message) from error


def write_private(path: Path, text: str) -> None:
    """Replace a file that nobody else may read, whole or not at all."""
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def first_password_path(state: Path, operator: OperatorId) -> Path:
    """Return where an operator's first password lies: under no name of a person."""
    digest = hashlib.sha256(operator.encode()).hexdigest()
    return state / f"first-password-{digest[:8]}"
