"""Listening sockets, bound before anything starts: a taken port is said at once."""

import errno
import os
import socket
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.config import Listen
from engine.errors import ConfigError

BACKLOG = 4096
_IN_MEMORY = ("/run", "/dev/shm", "/tmp")  # noqa: S108 - a folder of its own in it


def bind(key: str, listen: Listen) -> socket.socket:
    """Return a listening TCP socket.

    Args:
        key: the key path of `listen`, named in errors.
        listen: host and port; port 0 takes any free one.

    Raises:
        ConfigError: the port is taken, not allowed, or no address of this host.

    """
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    # Named TCP: asyncio switches Nagle's algorithm off only for a socket that says
    # so; without it an answer in two writes waits 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((listen.host, listen.port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise explained(key, listen, error) from error
    listening.settimeout(0)
    return listening


def bind_datagrams(key: str, listen: Listen) -> socket.socket:
    """Return a bound UDP socket.

    Raises:
        ConfigError: as `bind`.

    """
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_DGRAM)
    try:
        bound.bind((listen.host, listen.port))
    except OSError as error:
        bound.close()
        raise explained(key, listen, error) from error
    bound.settimeout(0)
    return bound


def bind_unix(path: Path) -> socket.socket:
    """Return a listening Unix socket that its owner alone may use (mode 0600).

    A socket file that a dead engine left is replaced: the state lock says that no
    other engine lives.

    Raises:
        ConfigError: the path cannot be bound.

    """
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        path.unlink(missing_ok=True)
        listening.bind(str(path))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        expected = "a folder whose control socket can be made"
        cure = f"{error.strerror or error}; choose a shorter or writable path"
        key = "state"
        raise ConfigError(key, expected, cure) from error
    finally:
        os.umask(mask)
    listening.settimeout(0)
    return listening


def bind_unnamed(path: Path) -> socket.socket:
    """Return `bind_unix` of a path; where that cannot be made, of one nobody finds.

    For an engine on a disk that takes no write: it has more to do than to answer there.
    Others may lie on that disk as well, but not what is in memory.

    Raises:
        ConfigError: nowhere can one be made.

    """
    with suppress(ConfigError):
        return bind_unix(path)
    for folder in _IN_MEMORY:
        with suppress(OSError, ConfigError), TemporaryDirectory(dir=folder) as made:
            return bind_unix(Path(made) / path.name)
    return bind_unix(path)


def explained(key: str, listen: Listen, error: OSError) -> ConfigError:
    """Return why nothing can listen there, with the cure."""
    match error.errno:
        case errno.EADDRINUSE:
            expected = f"a free port, but {listen.port} is taken by another program"
            cure = f"choose another, or stop it (ss -ltnp 'sport = :{listen.port}')"
            return ConfigError(f"{key}.port", expected, cure)
        case errno.EACCES:
            expected = f"a port that this user may bind, but {listen.port} is not"
            return ConfigError(f"{key}.port", expected, "choose one above 1023")
        case _:
            reason = error.strerror or type(error).__name__
            expected = f"an address of this host ({reason})"
            return ConfigError(f"{key}.host", expected, "127.0.0.1 always works")
