"""Which listeners cannot accept; HQ is told, since nobody else would notice.

A closed socket says so. One at which connections wait and none is accepted has a loop
that is dead, or no descriptor left; that the process has none is tried each time.
"""

import errno
import os
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from engine.descriptors import Shares
from engine.health import Health
from engine.intake.shouter.call import Deaf
from engine.ports.clock import Clock
from engine.ports.measures import DegradedReason
from engine.values import ReportKey

STUCK_S: Final = 4.0
"""So long it must last, looked at each second: a listener that is replaced, or closed
as the engine ends, is news to nobody."""
PAGED_EVERY_S: Final = 900.0
"""One that comes and goes pages no more often."""

CLOSED: Final = "its socket is closed"
STUCK: Final = "connections wait and none is accepted"
FULL: Final = "no file descriptor is free"

_TCP_LISTEN = 10  # tcp_states.h
_INFO = struct.Struct("B23xI")  # tcp_info: its state; of a listener, who waits for it


class Port(Protocol):
    """What is watched: a socket of an event loop, and how many it has accepted."""

    socket: socket.socket
    accepted: int


@dataclass(slots=True, kw_only=True)
class Datagrams:
    """A port without connections: closed it can be, and no more is known of it."""

    socket: socket.socket
    accepted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What holds for every listener: who watches it, and how many it may let in.

    `shares` is asked each second, since a roster brings more devices. `proxies` are
    the networks from which `X-Forwarded-*` counts.
    """

    watch: "ListenerWatch"
    shares: Callable[[], Shares]
    proxies: tuple[str, ...] = ()


@dataclass(slots=True)
class _Watched:
    port: Port
    accepted: int = -1
    since_s: float | None = None


class ListenerWatch:
    """Looked at by the owners of event loops, each for all; any thread.

    So one whose own loop is dead is found by another.
    """

    def __init__(
        self,
        health: Health,
        clock: Clock,
        say: Callable[[Deaf], None],
        take_back: Callable[[ReportKey], None],
    ) -> None:
        """Tell HQ by `say`, and that it is over by `take_back`."""
        self._health, self._clock = health, clock
        self._say, self._take_back = say, take_back
        self._lock = threading.Lock()
        self._watched: dict[str, _Watched] = {}
        self._paged: Deaf | None = None
        self._paged_s: float | None = None

    def add(self, name: str, port: Port) -> None:
        """Watch a listener from now on, in the place of the last of that name."""
        with self._lock:
            self._watched[name] = _Watched(port)

    def look(self) -> None:
        """Find who cannot accept; at least once a second."""
        with self._lock:
            now_s = self._clock.boottime_s()
            is_full = _is_full()
            deaf = {
                name: why
                for name, one in self._watched.items()
                if (why := _fault(one, now_s, is_full=is_full)) is not None
            }
            for name in self._watched:
                reason = DegradedReason.LISTENER_DOWN
                self._health.report(reason, name, wrong=name in deaf)
            if deaf:
                self._page(deaf, now_s)
            elif self._paged is not None:
                self._take_back(self._paged.key)
                self._paged = None

    def _page(self, deaf: dict[str, str], now_s: float) -> None:
        """Tell HQ of those that it has not heard of; again where it lasts.

        One that was over and comes again soon is a reason, and pages nobody.
        """
        known = self._paged.listeners if self._paged else ()
        late = self._paged_s is None or now_s - self._paged_s >= PAGED_EVERY_S
        if not late and (self._paged is None or set(deaf) <= set(known)):
            return
        if self._paged is not None:
            self._take_back(self._paged.key)
        at = self._clock.now()
        self._paged = Deaf(
            key=ReportKey(f"listeners/{at.ms}"),
            listeners=tuple(sorted(deaf)),
            why=", ".join(sorted(set(deaf.values()))),
            at=at,
        )
        self._paged_s = now_s
        self._say(self._paged)


def _fault(one: _Watched, now_s: float, *, is_full: bool) -> str | None:
    """Return why a listener cannot accept, None where it can or may soon."""
    is_open, waiting = _state_of(one.port.socket)
    accepted, before = one.port.accepted, one.accepted
    one.accepted = accepted
    if not is_open:
        why = CLOSED
    elif is_full:
        why = FULL
    elif waiting and accepted == before:
        why = STUCK
    else:
        one.since_s = None
        return None
    if one.since_s is None:
        one.since_s = now_s
    return why if now_s - one.since_s >= STUCK_S else None


def _state_of(listening: socket.socket) -> tuple[bool, int]:
    """Say whether a socket is open, and how many wait at it."""
    try:
        if listening.type is not socket.SOCK_STREAM:
            listening.getsockname()
            return True, 0
        said = listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size)
    except OSError:
        return False, 0
    state, waiting = _INFO.unpack(said)
    return state == _TCP_LISTEN, waiting


def _is_full() -> bool:
    """Say whether this process, or the machine, can open no file more."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        return error.errno in {errno.EMFILE, errno.ENFILE}
    return False
