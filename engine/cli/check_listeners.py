"""What `check-config` says of listening sockets; none of them listens."""

import errno
import socket
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from engine.cli.check_rights import NO_START, Account, no_start
from engine.clock import SystemClock
from engine.config import Config, Listen
from engine.errors import ConfigError
from engine.intake.gateway.certificates import UNREADABLE, amiss, validity
from engine.intake.gateway.tls import context
from engine.loading import hearing, tls_over_udp, wire_of
from engine.ports.device import Transport
from engine.roster.model import Roster
from engine.start import CONTROL_SOCKET

_LOCAL = "127.0.0.1"
"""What a socket that is not IPv6 takes `localhost` for."""
_UNPRIVILEGED = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - to know it, not to bind to it


def of_listeners(config: Config) -> Iterator[ConfigError]:
    """Refuse each listener of ours whose port another has; loads the wire protocols.

    One that is not installed is refused as well; whether it is UDP nobody knows.
    """
    listeners = {"console": (False, config.console), "metrics": (False, config.metrics)}
    for name, table in config.gateway.items():
        try:
            is_udp = wire_of(name).transport is Transport.UDP
        except ConfigError as error:
            yield error
            continue
        listeners[f"gateway.{name}"] = (is_udp, table)
        if table.tls is not None and is_udp:
            yield tls_over_udp(f"gateway.{name}.tls")
        elif table.tls is not None:
            listeners[f"gateway.{name}.tls"] = (False, table.tls)
    if "auditor" in config.model_fields_set:
        # Whoever says nothing of an auditor runs none.
        listeners["auditor.metrics"] = (False, config.auditor.metrics)
    told = set()
    for (first, (one_udp, one)), (second, (other_udp, other)) in combinations(
        listeners.items(), 2
    ):
        if one_udp is other_udp and _meet(one, other) and second not in told:
            told.add(second)
            expected = f"a port of its own, but {first} has {one.port} as well"
            yield ConfigError(f"{second}.port", expected, "choose another")


def of_taken(config: Config) -> list[str]:
    """Return where nothing can listen just now, unless our own engine does.

    Another program may be gone before the engine starts, and another machine have the
    address, so it is no fault of the file.
    """
    if _is_running(config):
        return []
    listeners = {"console": config.console, "metrics": config.metrics}
    datagrams = set()
    for name, table in config.gateway.items():
        listeners[f"gateway.{name}"] = table
        if wire_of(name).transport is Transport.UDP:
            datagrams.add(f"gateway.{name}")
        if table.tls is not None:
            listeners[f"gateway.{name}.tls"] = table.tls
    found = (
        (key, listen, _hindrance(listen, is_udp=key in datagrams))
        for key, listen in listeners.items()
    )
    return [
        f"{key}.port: another program has {listen.port} just now; stop it"
        f" (ss -ltunp 'sport = :{listen.port}') or choose another, else {NO_START}"
        if error.errno == errno.EADDRINUSE
        else f"{key}.host: is no address of this machine ({error.strerror}); correct"
        f" it, else {NO_START}"
        for key, listen, error in found
        if error is not None
    ]


def _is_running(config: Config) -> bool:
    """Say whether an engine answers in the state folder, or nobody may ask there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(1)
        try:
            asking.connect(str(config.state / CONTROL_SOCKET))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            return True
    return True


def of_privileged(config: Config, account: Account) -> list[str]:
    """Return which ports a user other than root may not listen at (ip(7))."""
    if account.number == 0:
        return []
    listeners: dict[str, Listen] = {
        "console": config.console,
        "metrics": config.metrics,
        **{f"gateway.{name}": table for name, table in config.gateway.items()},
        **{
            f"gateway.{name}.tls": table.tls
            for name, table in config.gateway.items()
            if table.tls is not None
        },
    }
    first = _first_unprivileged()
    return [
        f"{key}.port: user {account.name} may not listen at {listen.port}: {NO_START};"
        f" choose one from {first} on"
        for key, listen in listeners.items()
        if 0 < listen.port < first
    ]


def _first_unprivileged() -> int:
    try:
        return int(_UNPRIVILEGED.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 1024


def _hindrance(listen: Listen, *, is_udp: bool) -> OSError | None:
    """Return why nothing could listen there; None also where only root may know."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    kind = socket.SOCK_DGRAM if is_udp else socket.SOCK_STREAM
    with socket.socket(family, kind) as trying:
        if not is_udp:
            # As the engine binds: what is only closing down is in nobody's way.
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((listen.host, listen.port))
        except socket.gaierror as error:
            return error
        except OSError as error:
            told = {errno.EADDRINUSE, errno.EADDRNOTAVAIL}
            return error if error.errno in told else None
    return None


def of_unheard(config: Config, roster: Roster) -> Iterator[str]:
    """Say which devices speak what nothing listens for; who writes by SMS is heard."""
    is_heard = hearing(config)
    spoken = Counter(one.wire_protocol for one in roster.devices if one.number is None)
    for name, count in sorted(spoken.items() if config.gateway else ()):
        if not is_heard(name):
            yield f"{count} devices speak {name!r}: no [gateway.{name}] hears them"


def of_tls(config: Config) -> list[str]:
    """Return which certificates are amiss: the service may see more than we do.

    One that has ended is no fault: the engine starts, for all who speak in clear.
    """
    said, now = [], SystemClock().now()
    for name, table in config.gateway.items():
        if table.tls is None:
            continue
        key = f"gateway.{name}.tls"
        try:
            context(key, table.tls)
            found = validity(table.tls.cert_file)
        except (ConfigError, OSError) as error:
            files = table.tls.cert_file, table.tls.key_file
            said.append(f"{error}{no_start(*files)}")
            continue
        wrong = UNREADABLE if found is None else amiss(found, now)
        said += [f"{key}: {wrong}"] if wrong else []
    return said


def _meet(one: Listen, other: Listen) -> bool:
    hosts = {_LOCAL if each.host == "localhost" else each.host for each in (one, other)}
    is_same_place = len(hosts) == 1 or hosts & _EVERYWHERE
    return bool(is_same_place) and one.port == other.port != 0
