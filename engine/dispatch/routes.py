"""Which route reaches whom: what sending has taught, per SIM and destination. Pure.

A fact never holds a message up. Of several idle routes the one with the better facts
is given a first notification; a repeat may wait a few seconds for another network
operator than the one that failed. Whatever is known, the last route that is up is
used.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from math import inf, isinf

import phonenumbers

FORGET_S = 600.0
"""After so long a failure says nothing any more."""
AT_ONCE_S = 120.0
"""Failures within so long of each other are one."""
TOGETHER = 2
TRIAL_S = 15.0
"""How often a doubtful route is tried while a better one is up."""
BURST = 60.0
REFILL_PER_S = 0.2
"""What a SIM may send that is no SOS: operators cut off at some hundreds an hour."""
_NETWORK_DIGITS = 2
_KEPT_MAX = 64


class Standing(IntEnum):
    """How a route has done towards a destination; smaller is better."""

    REACHES = 0
    UNTRIED = 1
    FAILS = 2


@dataclass(slots=True)
class _Fact:
    reached_s: float = -inf
    failed_s: float = -inf

    def standing(self, now_s: float) -> Standing:
        if self.failed_s > self.reached_s and now_s - self.failed_s < FORGET_S:
            return Standing.FAILS
        return Standing.UNTRIED if isinf(self.reached_s) else Standing.REACHES


@dataclass(slots=True)
class _Bucket:
    tokens: float = BURST
    at_s: float = 0.0

    def spend(self, now_s: float) -> None:
        self.tokens = max(-BURST, self.level(now_s) - 1)
        self.at_s = now_s

    def level(self, now_s: float) -> float:
        return min(BURST, self.tokens + (now_s - self.at_s) * REFILL_PER_S)


@dataclass(slots=True)
class RouteBook:
    """Facts of all routes; times are seconds of CLOCK_BOOTTIME.

    Held in memory; at a start `history` fills it from the journal's last rows.
    """

    _facts: dict[tuple[str, str], _Fact] = field(default_factory=dict)
    _operators: dict[str, str] = field(default_factory=dict)
    _unregistered: set[str] = field(default_factory=set)
    _failed: dict[str, dict[str, float]] = field(default_factory=dict)
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def is_on(self, route: str, operator: str, *, is_registered: bool = True) -> None:
        """Note which network operator a route is on; "" where it does not say."""
        if operator:
            self._operators[route] = operator
        if is_registered:
            self._unregistered.discard(route)
        else:
            self._unregistered.add(route)

    def operator(self, route: str) -> str:
        """Return a route's network operator; its own name where that is not known."""
        return self._operators.get(route, route)

    def spent(self, route: str, now_s: float) -> None:
        """Note that a route sends one more."""
        self._buckets.setdefault(route, _Bucket(at_s=now_s)).spend(now_s)

    def has_room(self, route: str, now_s: float) -> bool:
        """Say whether a route may send what is no SOS."""
        bucket = self._buckets.get(route)
        return bucket is None or bucket.level(now_s) >= 1

    def reached(self, route: str, address: str, now_s: float) -> None:
        """Note a success; the operator works."""
        for prefix in prefixes(address):
            self._facts.setdefault((route, prefix), _Fact()).reached_s = now_s
        self._failed.pop(self.operator(route), None)

    def failed(self, route: str, address: str, now_s: float) -> None:
        """Note that the network did not take, or not deliver, a message."""
        for prefix in prefixes(address):
            self._facts.setdefault((route, prefix), _Fact()).failed_s = now_s
        failures = self._failed.setdefault(self.operator(route), {})
        failures.pop(address, None)  # the newest stands last
        failures[address] = now_s
        if len(failures) > _KEPT_MAX:
            del failures[next(iter(failures))]

    def down(self, now_s: float) -> frozenset[str]:
        """Return the operators on which several recipients have failed at once.

        Two at a time are no accident of two telephones: the route is down, not the
        people. It holds until the operator takes a message again, or is forgotten.
        """
        return frozenset(
            operator
            for operator, failures in self._failed.items()
            if _together(list(failures.values()), now_s)
        )

    def routes_on(self, operators: frozenset[str]) -> frozenset[str]:
        """Return the routes that are on one of these operators."""
        named = {route for route, name in self._operators.items() if name in operators}
        return frozenset(named | (operators - set(self._operators.values())))

    def is_doubtful(self, route: str, now_s: float) -> bool:
        """Say whether a route would likely fail: in no network, or on one that is down.

        Such a route fails fast and asks for more: left alone, it would pull all that
        waits and send none of it.
        """
        return route in self._unregistered or self.operator(route) in self.down(now_s)

    def trial_due(self, route: str, now_s: float) -> bool:
        """Say whether a doubtful route shall be tried again, with one message."""
        bucket = self._buckets.get(route)
        return bucket is None or now_s - bucket.at_s >= TRIAL_S

    def standing(self, route: str, address: str, now_s: float) -> Standing:
        """Return what is known of a route and a number: its network, else its country.

        One that is doubtful fails everywhere.
        """
        if self.is_doubtful(route, now_s):
            return Standing.FAILS
        for prefix in prefixes(address):
            fact = self._facts.get((route, prefix))
            if fact is not None:
                return fact.standing(now_s)
        return Standing.UNTRIED


@lru_cache(maxsize=1024)
def prefixes(address: str) -> tuple[str, ...]:
    """Return a number's network and country, the narrower first; () for no number."""
    try:
        number = phonenumbers.parse(address, None)
    except phonenumbers.NumberParseException:
        return ()
    country = f"+{number.country_code}"
    national = str(number.national_number)
    return f"{country}{national[:_NETWORK_DIGITS]}", country


def _together(failures: list[float], now_s: float) -> bool:
    recent = sorted(at_s for at_s in failures if now_s - at_s < FORGET_S)
    return len(recent) >= TOGETHER and recent[-1] - recent[-TOGETHER] < AT_ONCE_S
