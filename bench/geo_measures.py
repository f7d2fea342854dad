"""What is timed of a peer: single calls, batches, moves, memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter, perf_counter_ns, thread_time
from typing import TYPE_CHECKING

import numpy as np

from bench.geo_memory import bytes_a_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.geo_world import World
    from bench.peers.peer import Column, Index, Peer

ROUND_S = 0.4  # of one kind of call to one peer in one round
BUDGET_S = 0.8  # of its batches, its bulk moves and its moves
BATCH = 50_000
MOVES = 10_000
STEP_DEG = 0.001  # one sigma of a move: 100 m
COLD_BYTES = 64 << 20


@dataclass(slots=True)
class Row:
    """One peer at one size; times of single calls from Python in microseconds.

    NaN where the peer has no such operation, or was too slow to wait for.
    """

    peer: Peer
    version: str
    people: int
    build_s: float
    exact: float
    near_us: list[float] = field(default_factory=list)
    near_p99_us: list[float] = field(default_factory=list)
    remote_us: list[float] = field(default_factory=list)
    times_ours: list[float] = field(default_factory=list)
    cold_us: float = np.nan
    batch_per_s: float = np.nan
    move_us: float = np.nan
    move_p99_us: float = np.nan
    moves_per_s: float = np.nan
    bytes: float = np.nan

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


def time_cold_us(index: Index, places: list[tuple[float, float]], k: int) -> float:
    """Time calls of `nearest` with other data read in between, the median."""
    other = np.ones(COLD_BYTES // 8)
    times = []
    for lat_deg, lon_deg in places:
        other.sum()
        start = perf_counter_ns()
        index.nearest(lat_deg, lon_deg, k)
        times.append(perf_counter_ns() - start)
    return float(np.median(times)) / 1_000


def measure_rest(row: Row, index: Index, world: World, crowd: tuple) -> None:
    """Time batches and moves, if the peer has them; each move is undone by the next."""
    k = row.peer.K_MAX
    # What else runs on a shared machine is no part of the answer, but a server is.
    clock = perf_counter if hasattr(row.peer, "check") else thread_time
    row.cold_us = time_cold_us(index, pairs(world.near(40)), k)
    batch = getattr(index, "nearest_many", None)
    if batch is not None:
        asked = world.near(BATCH if row.p50_us < 50 else 500)
        row.batch_per_s = rate(len(asked[0]), lambda: batch(*asked, k), clock)
    lats, lons = crowd
    steps = np.random.default_rng(3).normal(0, STEP_DEG, len(lats))
    moved = np.clip(lats + steps, -90, 90)
    move_many = getattr(index, "move_many", None)
    if move_many is not None:
        some = slice(0, len(lats) if row.p50_us < 5 else 100_000)
        people = np.arange(len(lats))[some]
        row.moves_per_s = rate(
            len(people), lambda: move_many(people, moved[some], lons[some]), clock
        )
    move = getattr(index, "move", None)
    if move is not None:
        times = time_moves_us(move, moved, lons)
        row.move_us, row.move_p99_us = np.percentile(times, [50, 99]).tolist()


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


def rate(count: int, call: Callable[[], object], clock: Callable[[], float]) -> float:
    """Return how many a second, the best of three."""
    times = []
    for _ in range(3):
        start = clock()
        call()
        times.append(clock() - start)
        if times[-1] > BUDGET_S:
            break
    return count / min(times)


def measure_bytes(rows: list[Row], modules: dict[str, str]) -> None:
    """Measure memory, each peer in a process of its own."""
    for row in rows:
        used = bytes_a_person(modules[row.peer.NAME], row.people)
        row.bytes = np.nan if used is None else used
