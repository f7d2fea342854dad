"""Deadlines by key, soonest first: a heap that forgets lazily."""

import heapq
from typing import Generic, TypeVar

from engine.values import Instant

T = TypeVar("T")

_STALE_FEW = 64


class DeadlineQueue(Generic[T]):
    """At most one deadline for each key; reads no clock, needs no thread.

    Arming and cancelling cost O(log n), spread over calls: an entry that is replaced
    stays in the heap until it comes to the top or outnumbers those that count.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._armed: dict[str, tuple[int, T]] = {}
        self._heap: list[tuple[int, int, str]] = []
        self._serial = 0

    def __len__(self) -> int:
        """Return how many deadlines are armed."""
        return len(self._armed)

    def arm(self, key: str, at: Instant, item: T) -> None:
        """Set the key's deadline; replaces the one that it had."""
        self._serial += 1
        self._armed[key] = (self._serial, item)
        heapq.heappush(self._heap, (at.ms, self._serial, key))
        self._compact()

    def cancel(self, key: str) -> None:
        """Forget the key's deadline, if it has one."""
        if self._armed.pop(key, None) is not None:
            self._compact()

    @property
    def next_at(self) -> Instant | None:
        """The soonest deadline."""
        self._drop_stale()
        return Instant(self._heap[0][0]) if self._heap else None

    def take_due(self, now: Instant) -> list[tuple[str, T]]:
        """Return and forget what is due, soonest first, then in order of arming."""
        due = []
        self._drop_stale()
        while self._heap and self._heap[0][0] <= now.ms:
            _, _, key = heapq.heappop(self._heap)
            due.append((key, self._armed.pop(key)[1]))
            self._drop_stale()
        return due

    def _drop_stale(self) -> None:
        while self._heap and not self._counts(self._heap[0]):
            heapq.heappop(self._heap)

    def _counts(self, entry: tuple[int, int, str]) -> bool:
        _, serial, key = entry
        armed = self._armed.get(key)
        return armed is not None and armed[0] == serial

    def _compact(self) -> None:
        if len(self._heap) > 2 * len(self._armed) + _STALE_FEW:
            self._heap = [entry for entry in self._heap if self._counts(entry)]
            heapq.heapify(self._heap)
