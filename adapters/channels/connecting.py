"""A connection to a host of several addresses, some of which may be dead."""

import errno
import os
import select
import socket
from collections.abc import Callable
from typing import Self

from adapters.channels.hosts import HOSTS, Address

STAGGER_S = 0.25
"""So long the next address waits while one says neither yes nor no (RFC 8305, 5)."""
LED_S = 2.0
"""So long those before it are waited for where an address failed lately: what is far
away answers late, and a second later if the first packet is lost."""
_UNDER_WAY = frozenset({0, errno.EINPROGRESS})


def connect(
    host: str,
    port: int,
    timeout_s: float,
    *,
    now_s: Callable[[], float],
    must_go_on: Callable[[], None] = lambda: None,
) -> socket.socket:
    """Connect to whichever of a host's addresses answers first.

    Each begins a moment after the one before it, or as soon as that has failed, the
    two families in turns: ten dead ones cost seconds, and not a time-out each. One that
    answered lately, and did not serve, is the last, however near it is.

    Args:
        host: a name or an address.
        port: of TCP.
        timeout_s: for the name, and then for all of them together.
        now_s: a clock that never goes back, in seconds.
        must_go_on: asked a few times a second; what it raises ends the waiting.

    Raises:
        TimeoutError: none has answered in time.
        OSError: the name has no address, or each has refused.
        UnicodeError: the host cannot be a name.

    """
    must_go_on()
    addresses = HOSTS.addresses(
        host, port, timeout_s, now_s=now_s, must_go_on=must_go_on
    )
    failed = HOSTS.failed_lately(host, port, now_s())
    led_s = min(LED_S, timeout_s / 4 / max(1, len(failed)))
    stagger_s = min(STAGGER_S, timeout_s / 2 / len(addresses))
    with _Race(now_s, now_s() + timeout_s, must_go_on) as race:
        for address in addresses:
            if address[1] in failed:
                race.decide(led_s)
            if race.is_won:
                break
            race.begin(address)
            race.wait(stagger_s)
        while race.is_open:
            race.wait(STAGGER_S)
        return race.result()


class _Race:
    """Attempts under way; the sockets of all but the one that won are closed."""

    def __init__(
        self, now_s: Callable[[], float], until_s: float, must_go_on: Callable[[], None]
    ) -> None:
        self._now_s, self._until_s, self._must_go_on = now_s, until_s, must_go_on
        self._under_way: dict[int, socket.socket] = {}
        self._poll = select.poll()  # select.select knows no descriptor above 1,023
        self._failed: OSError | None = None
        self.won: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for one in self._under_way.values():
            one.close()
        if kind is not None and self.won is not None:
            self.won.close()

    @property
    def is_won(self) -> bool:
        """Say whether somebody has answered."""
        return self.won is not None

    @property
    def is_open(self) -> bool:
        """Say whether somebody may still answer in time."""
        is_late = self._now_s() >= self._until_s
        return self.won is None and bool(self._under_way) and not is_late

    def begin(self, address: Address) -> None:
        """Begin with one address; its refusal is for `wait` and `result`."""
        self._must_go_on()
        family, where = address
        try:
            one = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:  # a family that this machine does not speak
            self._failed = error
            return
        one.settimeout(0)
        code = one.connect_ex(where)
        if code not in _UNDER_WAY:
            self._lost(one, code)
            return
        self._under_way[one.fileno()] = one
        self._poll.register(one, select.POLLOUT)

    def wait(self, seconds: float) -> None:
        """Wait until one has answered, yes or no; at most so long."""
        self._must_go_on()
        left_s = min(seconds, self._until_s - self._now_s())
        if not self._under_way or left_s <= 0:
            return
        for number, _ in self._poll.poll(left_s * 1000):
            one = self._under_way.pop(number)
            self._poll.unregister(one)
            code = one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code or self.won is not None:
                self._lost(one, code)
            else:
                self.won = one

    def decide(self, seconds: float) -> None:
        """Wait until one has answered yes, or all no; at most so long."""
        until_s = self._now_s() + seconds
        while self.is_open and (left_s := until_s - self._now_s()) > 0:
            self.wait(min(STAGGER_S, left_s))

    def result(self) -> socket.socket:
        """Return who won, as a blocking socket; raise what the others came to."""
        if self.won is None:
            raise self._failed if self._failed and not self._under_way else TimeoutError
        # A small write behind another one shall not wait for its acknowledgement.
        self.won.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.won.settimeout(None)
        return self.won

    def _lost(self, one: socket.socket, code: int) -> None:
        one.close()
        if code:
            self._failed = OSError(code, os.strerror(code))
