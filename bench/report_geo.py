"""Measure geocore beside its peers in one run; write the table and the plots.

`python -m bench.report_geo [--people 200 10000 1000000] [--docs docs]`. Shared machines
flip between speed states, so judge by the ratios: each round measures every peer once,
in turn, and the median of the rounds counts.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import sys
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path
from time import perf_counter, perf_counter_ns, thread_time
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np

import geocore
from bench.geo_equality import share_exact
from bench.geo_world import World
from bench.peers.peer import Found, Index, find_peers

if TYPE_CHECKING:
    from collections.abc import Callable

mpl.use("svg")
from matplotlib import pyplot as plt  # the back end comes first

ROUNDS = 5
CALLS = 2_000
BUDGET_S = 0.8  # of one round of one peer
CHECKED = 25

OWN_COLUMNS = (
    "| people | batch | move p50 | move p99 | bulk moves | circle of 50 "
    "| five available | five fresh | bytes a person |"
)


@dataclass(slots=True)
class Row:
    """One peer at one size; times of single calls from Python in microseconds."""

    found: Found
    people: int
    build_s: float
    exact: float
    near_us: list[float] = field(default_factory=list)
    near_p99_us: list[float] = field(default_factory=list)
    remote_us: list[float] = field(default_factory=list)

    def p50_us(self) -> float:
        """Return the median of the rounds' medians, near cities."""
        return float(np.median(self.near_us))


def time_calls_us(index: Index, places: list[tuple[float, float]]) -> np.ndarray:
    """Time single calls of `nearest`, k = 5, as they come from Python."""
    nearest, clock = index.nearest, perf_counter_ns
    times, ends = [], perf_counter() + BUDGET_S
    for lat_deg, lon_deg in places:
        start = clock()
        nearest(lat_deg, lon_deg, 5)
        times.append(clock() - start)
        if times[-1] > 50_000 and perf_counter() > ends:
            break
    return np.array(times) / 1_000


def measure(people: int, peers: list[Found]) -> list[Row]:
    """Build every peer, prove it right, then time all of them in turn."""
    world = World()
    crowd = world.people(people)
    checked = world.near(CHECKED)
    rows, indexes = [], []
    for found in peers:
        if found.peer is None or people > found.peer.PEOPLE_MAX:
            continue
        start = perf_counter()
        index = found.peer.build(*crowd)
        built_s = perf_counter() - start
        exact = share_exact(found, index, crowd, checked)
        rows.append(Row(found, people, built_s, exact))
        indexes.append(index)
    gc.disable()
    for _ in range(ROUNDS):
        near, remote = (pairs(world.near(CALLS)), pairs(world.remote(CALLS // 4)))
        for row, index in zip(rows, indexes, strict=True):
            times = time_calls_us(index, near)
            row.near_us.append(float(np.percentile(times, 50)))
            row.near_p99_us.append(float(np.percentile(times, 99)))
            row.remote_us.append(float(np.median(time_calls_us(index, remote))))
    gc.enable()
    return rows


def pairs(columns: tuple[np.ndarray, np.ndarray]) -> list[tuple[float, float]]:
    """Turn columns of degrees into Python floats."""
    return list(zip(*(column.tolist() for column in columns), strict=True))


def table(rows: list[Row]) -> list[str]:
    """Return a Markdown table; ratios are to geocore in the same run."""
    ours = next(row for row in rows if row.found.module == "geocore_index").p50_us()
    lines = [
        f"### {rows[0].people:,} people",
        "",
        "| what | p50 us | p99 us | remote p50 us | build s | exact | times geocore |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=Row.p50_us):
        assert row.found.peer is not None
        earth = "WGS84" if row.found.peer.GEODESIC else "sphere"
        lines.append(
            f"| {row.found.peer.NAME} {row.found.version} | {row.p50_us():.2f} "
            f"| {np.median(row.near_p99_us):.2f} | {np.median(row.remote_us):.2f} "
            f"| {row.build_s:.3f} | {row.exact:.0%} ({earth}) "
            f"| {row.p50_us() / ours:.1f} |"
        )
    return [*lines, ""]


def own_figures(people: int) -> list[str]:
    """Return what only geocore is asked: batches, moves, filters, memory."""
    world = World()
    lats, lons = world.people(people)
    ids = np.arange(people, dtype=np.uint64)
    index = geocore.Index()
    few = np.zeros(people, dtype=bool)
    few[:: max(1, people // 5)] = True
    at_s = np.where(few, 1e6, 0.0)
    index.upsert_many(ids, lats, lons, at_s=at_s, available=few)
    ask = index.nearest
    available_us = ask_us(world, lambda lat, lon: ask(lat, lon, 5, available=True))
    fresh_us = ask_us(world, lambda lat, lon: ask(lat, lon, 5, newer_than_s=5e5))
    asked = world.near(50_000)
    batch = rate(50_000, lambda: index.nearest_many(*asked, 5, arrays=True))
    steps = np.random.default_rng(3).normal(0, 0.001, people)
    moved = np.clip(lats + steps, -90, 90)
    bulk = rate(people, lambda: index.upsert_many(ids, moved, lons))
    single_us = move_times_us(index, moved, lons)
    for person in range(0, people, max(1, people // 50)):
        index.upsert(person, lats[person], lons[person], circles=[1])
    circle_us = ask_us(world, lambda lat, lon: ask(lat, lon, 5, circle=1))
    cells = [
        f"{people:,}",
        f"{batch / 1e6:.2f} M/s",
        f"{np.percentile(single_us, 50):.2f} us",
        f"{np.percentile(single_us, 99):.2f} us",
        f"{bulk / 1e6:.1f} M/s",
        f"{circle_us:.1f} us",
        f"{available_us:.1f} us",
        f"{fresh_us:.1f} us",
        f"{index.stats()['bytes'] / people:.0f}",
    ]
    return [f"| {' | '.join(cells)} |"]


def ask_us(world: World, ask: Callable[[float, float], object]) -> float:
    """Return the median time of a question from places near cities."""
    places = pairs(world.near(500))
    return float(np.median([timed_us(partial(ask, lat, lon)) for lat, lon in places]))


def move_times_us(
    index: geocore.Index, lats: np.ndarray, lons: np.ndarray
) -> list[float]:
    """Time single moves of some 200 m."""
    dice = np.random.default_rng(4)
    people = dice.integers(0, len(lats), 20_000).tolist()
    steps = dice.normal(0, 0.001, 20_000).tolist()
    places = [
        (float(lats[p]) + s, float(lons[p])) for p, s in zip(people, steps, strict=True)
    ]
    clock, move, times = perf_counter_ns, index.move_to, []
    for person, (lat_deg, lon_deg) in zip(people, places, strict=True):
        start = clock()
        move(person, lat_deg, lon_deg)
        times.append((clock() - start) / 1_000)
    return times


def timed_us(call: Callable[[], object]) -> float:
    """Time one call."""
    start = perf_counter_ns()
    call()
    return (perf_counter_ns() - start) / 1_000


def rate(count: int, call: Callable[[], object]) -> float:
    """Return how many a second of one thread's processor time, the best of three.

    Not of the wall clock: what else runs on a shared machine is no part of the answer.
    """
    times = []
    for _ in range(3):
        start = thread_time()
        call()
        times.append(thread_time() - start)
    return count / min(times)


def plot(rows: list[Row], path: Path) -> None:
    """Draw latency over the number of people, medians and 99th percentiles."""
    mpl.rcParams["svg.hashsalt"] = "geocore"
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    markers = cycle("os^vD*Px")
    for module in dict.fromkeys(row.found.module for row in rows):
        own = [row for row in rows if row.found.module == module]
        assert own[0].found.peer is not None
        sizes = [row.people for row in own]
        (line,) = axes.loglog(
            sizes,
            [row.p50_us() for row in own],
            marker=next(markers),
            label=own[0].found.peer.NAME,
            linewidth=2.5 if module == "geocore_index" else 1.2,
        )
        p99 = [float(np.median(row.near_p99_us)) for row in own]
        axes.loglog(sizes, p99, linestyle=":", color=line.get_color())
    axes.set_xlabel("people")
    axes.set_ylabel("one call from Python, k = 5, microseconds")
    axes.set_title("Five nearest: median (solid) and 99th percentile (dotted)")
    axes.grid(visible=True, which="both", alpha=0.25)
    axes.legend()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def machine() -> str:
    """Return what this run was measured on."""
    cpu = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return (
        f"{cpu}, Python {platform.python_version()}, load {load:.1f} a core at start."
    )


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = [200, 1_000, 10_000, 100_000, 1_000_000]
    parser.add_argument("--people", type=int, nargs="+", default=sizes)
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    options = parser.parse_args()
    if geocore.BUILD_PROFILE != "release":
        sys.exit("geocore is a debug build")  # noqa: TID251  # a script, not the engine
    peers = find_peers()
    lines = ["## Beside the peers, in one run", "", machine(), ""]
    for found in peers:
        if found.peer is None:
            lines += [f"- **missing peer** `{found.module}`: {found.reason}"]
    lines += [""]
    rows: list[Row] = []
    for people in options.people:
        rows += measure(people, peers)
        lines += table(rows[-sum(row.people == people for row in rows) :])
    lines += [
        "## Batches, moves, filters, memory",
        "",
        OWN_COLUMNS,
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for people in options.people:
        lines += own_figures(people)
    text = "\n".join(lines) + "\n"
    print(text)
    (options.docs / "geocore-bench.md").write_text(
        f"# geocore, measured\n\n{text}", "utf-8"
    )
    plot(rows, options.docs / "geocore-latency.svg")


if __name__ == "__main__":
    main()
