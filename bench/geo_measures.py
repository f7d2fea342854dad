"""What is timed of a peer: single calls, batches, moves, memory."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from time import perf_counter, perf_counter_ns, thread_time
from typing import TYPE_CHECKING

import numpy as np

from bench.geo_floor import Cold
from bench.geo_memory import bytes_a_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.geo_world import World
    from bench.peers.peer import Column, Index, Peer

Timed = tuple["Row", "Index"]

ROUND_S = 0.4  # of one kind of call to one peer in one round
BUDGET_S = 0.8  # of its moves; a quarter of a round of all that is not a single call
REST_ROUNDS = 4
COLD_CALLS = 15
BATCH, BATCH_SLOW = 50_000, 500
SLOW_US = 50  # of a single call
BULK_LEAST, BULK_SERVER = 20_000, 100_000
MOVES = 10_000
STEP_DEG = 0.001  # one sigma of a move: 100 m


@dataclass(slots=True)
class Series:
    """What one kind of operation took, in microseconds each, and beside geocore's."""

    each_us: list[float] = field(default_factory=list)
    times_ours: list[float] = field(default_factory=list)

    @property
    def median_us(self) -> float:
        """The median of the rounds; NaN where there is no such operation."""
        return float(np.median(self.each_us)) if self.each_us else np.nan

    @property
    def per_s(self) -> float:
        """How many a second."""
        return 1e6 / self.median_us

    @property
    def ratio(self) -> float:
        """How many times as long as geocore's at the same moment, the median."""
        return float(np.median(self.times_ours)) if self.times_ours else np.nan


@dataclass(slots=True)
class Row:
    """One peer at one size, from Python."""

    peer: Peer
    version: str
    people: int
    build_s: float
    exact: float
    near_us: list[float] = field(default_factory=list)
    near_p99_us: list[float] = field(default_factory=list)
    remote_us: list[float] = field(default_factory=list)
    times_ours: list[float] = field(default_factory=list)
    cold: Series = field(default_factory=Series)
    batch: Series = field(default_factory=Series)
    move: Series = field(default_factory=Series)
    move_p99_us: list[float] = field(default_factory=list)
    bulk: Series = field(default_factory=Series)
    bytes: float = np.nan
    floor: str = ""
    """What stands below geocore's table of a call that looks for nobody."""

    def add_near(self, times_us: Column) -> None:
        """Take a round's calls near cities."""
        p50_us, p99_us = np.percentile(times_us, [50, 99]).tolist()
        self.near_us.append(p50_us)
        self.near_p99_us.append(p99_us)

    @property
    def ratio(self) -> float:
        """How many times as long as geocore's beside them calls took, the median."""
        return float(np.median(self.times_ours)) if self.times_ours else 1.0

    @property
    def p50_us(self) -> float:
        """The median of the rounds' medians, near cities."""
        return float(np.median(self.near_us)) if self.near_us else np.nan

    @property
    def p99_us(self) -> float:
        """The median of the rounds' 99th percentiles, near cities."""
        return float(np.median(self.near_p99_us)) if self.near_p99_us else np.nan


def pairs(columns: tuple[Column, Column]) -> list[tuple[float, float]]:
    """Turn columns of degrees into Python floats."""
    return list(zip(*(column.tolist() for column in columns), strict=True))


def time_calls_us(index: Index, places: list[tuple[float, float]], k: int) -> Column:
    """Time single calls of `nearest` as they come from Python."""
    nearest, clock = index.nearest, perf_counter_ns
    times, end = [], clock() + int(ROUND_S * 1e9)
    for lat_deg, lon_deg in places:
        start = clock()
        nearest(lat_deg, lon_deg, k)
        stopped = clock()
        times.append(stopped - start)
        if stopped > end:
            break
    return np.array(times) / 1_000


def measure_rest(
    timed: list[Timed], world: World, crowd: tuple[Column, Column]
) -> None:
    """Time cold calls, batches and moves of geocore and one other, in turn.

    As for single calls the two stand at the same moment and do the same, each first in
    turn. After two rounds everybody is where they were.
    """
    (ours, _), (other, _) = timed
    spent_s = 0.0
    for nth in range(REST_ROUNDS):
        rest = Rest(world, crowd, other, nth)
        start = perf_counter()
        for kind in ("cold", "batch", "bulk", "move"):
            took = [getattr(rest, kind)(*one) for one in timed[:: 1 - nth % 2 * 2]]
            our_us, their_us = took[:: 1 - nth % 2 * 2]
            if our_us is not None and rest.is_whole(kind):
                getattr(ours, kind).each_us.append(our_us)
            if their_us is not None:
                getattr(other, kind).each_us.append(their_us)
            if our_us is not None and their_us is not None:
                getattr(other, kind).times_ours.append(their_us / our_us)
        spent_s += perf_counter() - start
        if nth % 2 and spent_s > 8 * BUDGET_S:
            break


class Rest:
    """One round's places; each operation's microseconds, None where it is not had."""

    def __init__(
        self, world: World, crowd: tuple[Column, Column], other: Row, nth: int
    ) -> None:
        """Draw what is asked; fewer where the other would take too long."""
        steps = np.random.default_rng(3).normal(0, STEP_DEG, len(crowd[0]))
        self._there, self._back = np.clip(crowd[0] + steps, -90, 90), crowd[0]
        self._lons, self._nth = crowd[1], nth
        self._cold = pairs(world.near(COLD_CALLS))
        asked = BATCH if other.p50_us < SLOW_US else BATCH_SLOW
        self._before, self._asked = world.near(asked), world.near(asked)
        is_server = hasattr(other.peer, "check")
        self._moved = min(len(crowd[0]), BULK_SERVER if is_server else sys.maxsize)

    def is_whole(self, kind: str) -> bool:
        """Say whether as much is done as geocore's own figure is for."""
        if kind == "batch":
            return len(self._asked[0]) == BATCH
        return kind != "bulk" or self._moved == len(self._back)

    def cold(self, row: Row, index: Index) -> float:
        """Ask with other data read in between."""
        asked = [(*place, row.peer.K_MAX) for place in self._cold]
        return Cold().median_us(index.nearest, asked)

    def batch(self, row: Row, index: Index) -> float | None:
        """Ask for many at once, after as many others."""
        ask = getattr(index, "nearest_many", None)
        if ask is None:
            return None
        ask(*self._before, row.peer.K_MAX)
        asked = self._asked
        return _each_us(row, len(asked[0]), lambda: ask(*asked, row.peer.K_MAX))

    def bulk(self, row: Row, index: Index) -> float | None:
        """Move many at once by some 100 m, to and fro."""
        move = getattr(index, "move_many", None)
        if move is None:
            return None
        some = slice(0, self._moved)
        people, lons = np.arange(self._moved), self._lons[some]
        ways = [self._there[some], self._back[some]]
        if self._moved < BULK_LEAST:
            ways *= BULK_LEAST // self._moved
        else:
            ways = [ways[self._nth % 2]]

        def move_all() -> None:
            for lats in ways:
                move(people, lats, lons)

        return _each_us(row, len(people) * len(ways), move_all)

    def move(self, row: Row, index: Index) -> float | None:
        """Move one at a time."""
        move = getattr(index, "move", None)
        if move is None:
            return None
        lats = self._back if self._nth % 2 else self._there
        times = time_moves_us(move, lats, self._lons)
        row.move_p99_us.append(float(np.percentile(times, 99)))
        return float(np.median(times))


def _each_us(row: Row, count: int, call: Callable[[], object]) -> float:
    # What else runs on a shared machine is no part of the answer, but a server is.
    clock = perf_counter if hasattr(row.peer, "check") else thread_time
    start = clock()
    call()
    return (clock() - start) / count * 1e6


def time_moves_us(
    move: Callable[[int, float, float], object], lats: Column, lons: Column
) -> Column:
    """Time single moves of some 100 m, of people in no order."""
    dice = np.random.default_rng(4)
    people = dice.integers(0, len(lats), MOVES)
    places = pairs((lats[people] + dice.normal(0, STEP_DEG, MOVES), lons[people]))
    clock, times, end = perf_counter_ns, [], perf_counter() + BUDGET_S
    for person, (lat_deg, lon_deg) in zip(people.tolist(), places, strict=True):
        start = clock()
        move(person, lat_deg, lon_deg)
        times.append(clock() - start)
        if times[-1] > 10_000 and perf_counter() > end:
            break
    return np.array(times) / 1_000


def measure_bytes(rows: list[Row], modules: dict[str, str]) -> None:
    """Measure memory, each peer in a process of its own."""
    for row in rows:
        used = bytes_a_person(modules[row.peer.NAME], row.people)
        row.bytes = np.nan if used is None else used
