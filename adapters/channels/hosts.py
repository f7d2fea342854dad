"""What a host's name means, and which of its addresses serve; for all channels.

The system's resolver knows no time-out of ours: one that hangs would hold a lane. And
it forgets: a name server that is cut off says nothing of what it said a minute ago.
"""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address
from itertools import zip_longest
from math import inf

ADDRESSES_MAX = 32
LATE_S = 1.0
"""So long a resolver may take for a name that is known already."""
LOOKUPS_MAX = 8
"""So many questions may hang for one name: each in a thread, which nobody can end."""
FAILED_FOR_S = 600.0
_LOOK_S = 0.2
Address = tuple[
    socket.AddressFamily,
    tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes],
]


class _Lookup:
    """One question to the system's resolver."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.found: list[Address] = []
        self.error: OSError | ValueError | None = None

    def ask(self, host: str, port: int) -> None:
        try:
            self.found = _in_turns(host, port)
        except (OSError, ValueError) as error:
            self.error = error


@dataclass(slots=True)
class _Host:
    """What is known of one; `failed_s` says of addresses when they failed last."""

    known: list[Address] = field(default_factory=list)
    failed_s: dict[object, float] = field(default_factory=dict)
    asking: list[_Lookup] = field(default_factory=list)
    takes_all: bool = True


class Hosts:
    """The hosts of the configuration; any thread."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._lock = threading.Lock()
        self._hosts: dict[tuple[str, int], _Host] = {}

    def addresses(
        self,
        host: str,
        port: int,
        timeout_s: float,
        *,
        now_s: Callable[[], float],
        must_go_on: Callable[[], None],
    ) -> list[Address]:
        """Return a host's addresses, the families in turns, what failed lately last.

        Of a name that cannot be resolved, or not in time, what it meant before is
        returned: whether it still means that its certificate shows.

        Raises:
            TimeoutError: nobody has said in time what it means, nor before.
            OSError: the name has no address.
            UnicodeError: the host cannot be a name.

        """
        if _is_number(host):
            return self._sorted(host, port, _in_turns(host, port), now_s())
        with self._lock:
            known = self._of(host, port).known
        lookup = self._begun(host, port)
        until_s = now_s() + (min(LATE_S, timeout_s) if known else timeout_s)
        while (left_s := until_s - now_s()) > 0:
            if lookup.over.wait(min(left_s, _LOOK_S)):
                break
            must_go_on()
        found = lookup.found or known
        if not found:
            raise lookup.error or TimeoutError
        return self._sorted(host, port, found, now_s())

    def failed(self, host: str, port: int, where: object, now_s: float) -> None:
        """Take it that whoever answers at an address did not do what it is for."""
        with self._lock:
            self._of(host, port).failed_s[where] = now_s

    def served(self, host: str, port: int, where: object) -> None:
        """Take it that it did."""
        with self._lock:
            self._of(host, port).failed_s.pop(where, None)

    def failed_lately(self, host: str, port: int, now_s: float) -> dict[object, float]:
        """Return when those of a host's addresses failed that did so lately."""
        with self._lock:
            failed_s = self._of(host, port).failed_s
            return {
                where: at_s
                for where, at_s in failed_s.items()
                if now_s - at_s < FAILED_FOR_S
            }

    def takes_one(self, host: str, port: int) -> None:
        """Take it that several commands at once may be too many, while we run."""
        with self._lock:
            self._of(host, port).takes_all = False

    def takes_all(self, host: str, port: int) -> bool:
        """Say whether several commands at once have not been too many yet."""
        with self._lock:
            return self._of(host, port).takes_all

    def _of(self, host: str, port: int) -> _Host:
        return self._hosts.setdefault((host, port), _Host())

    def _begun(self, host: str, port: int) -> _Lookup:
        """Return a question that is under way; the latest where too many are."""
        lookup = _Lookup()
        with self._lock:
            one = self._of(host, port)
            if len(one.asking) >= LOOKUPS_MAX:
                return one.asking[-1]
            one.asking.append(lookup)
        ask = partial(self._ask, lookup, one, host, port)
        try:
            threading.Thread(target=ask, name="resolver", daemon=True).start()
        except RuntimeError:  # no thread is to be had: then as long as it takes
            ask()
        return lookup

    def _ask(self, lookup: _Lookup, one: _Host, host: str, port: int) -> None:
        try:
            lookup.ask(host, port)
        finally:
            with self._lock:
                one.asking.remove(lookup)
                if lookup.found:
                    one.known = lookup.found
                    there = {where for _, where in lookup.found}
                    one.failed_s = {
                        where: at_s
                        for where, at_s in one.failed_s.items()
                        if where in there
                    }
            lookup.over.set()

    def _sorted(
        self, host: str, port: int, found: list[Address], now_s: float
    ) -> list[Address]:
        lately_s = self.failed_lately(host, port, now_s)
        return sorted(found, key=lambda one: lately_s.get(one[1], -inf))


HOSTS = Hosts()
"""One for the process: what one lane has learnt of a host is known to all."""


def _is_number(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _in_turns(host: str, port: int) -> list[Address]:
    """Return a host's addresses as the system sorts them, the families in turns."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    first = found[0][0]
    both: list[Address] = []
    same = (one for one in found if one[0] is first)
    others = (one for one in found if one[0] is not first)
    for pair in zip_longest(same, others):
        both += [(one[0], one[4]) for one in pair if one is not None]
    return both[:ADDRESSES_MAX]
