"""Browsers from which an operator has signed in before. Nothing here lets anybody in.

Behind a tunnel or a proxy all of HQ has one address, and names are no secret: whoever
goes on guessing would keep the officers on duty out. A known browser is slowed down by
its own failures alone.
"""

import contextlib
import hmac
import secrets
from hashlib import sha256
from pathlib import Path

from engine.console.operators import write_private
from engine.files import read_text

FILE = "known-browsers.key"
KEY_BYTES = 32
MARK_BYTES = 16
COOKIE = "natalia_known"
COOKIE_AGE_S = 90 * 86_400


class KnownBrowsers:
    """Makes and reads the mark that a browser keeps; its key outlives the process."""

    def __init__(self, state: Path) -> None:
        """Read the key, or make one; without a file to keep it, for this process."""
        self._key = _read(state / FILE)

    def mark(self, operator: str) -> str:
        """Return what the browser of an operator keeps."""
        nonce = secrets.token_hex(MARK_BYTES)
        return f"{nonce}.{self._seal(nonce, operator)}"

    def throttle_key(self, mark: str, operator: str) -> str | None:
        """Return by what its failures are counted; None where it is not known."""
        nonce, _, seal = mark.partition(".")
        good = self._seal(nonce, operator)
        same = hmac.compare_digest(seal.encode(), good.encode())
        return f"known/{nonce}" if same else None

    def _seal(self, nonce: str, operator: str) -> str:
        said = f"{nonce}/{operator}".encode()
        return hmac.new(self._key, said, sha256).hexdigest()


def _read(path: Path) -> bytes:
    with contextlib.suppress(OSError, ValueError):
        key = bytes.fromhex(read_text(path))
        if len(key) == KEY_BYTES:
            return key
    key = secrets.token_bytes(KEY_BYTES)
    with contextlib.suppress(OSError):
        write_private(path, key.hex())
    return key
