"""Measure geocore beside its peers in one run; write the table and the plots.

`python3 dev bench geo [--people 200 10000 1000000] [--docs docs]`; ten million people
take 16 GB and ten minutes: `--people 10000000 --rounds 5`. Shared machines flip
between speed states, so judge by the ratios: each round measures every peer once, in
turn, and the median of the rounds counts. A peer whose answers are not those of brute
force by its own earth is named and not timed.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import sys
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np

import geocore
from bench.geo_equality import share_exact
from bench.geo_floor import NoFloorError, time_floor
from bench.geo_measures import (
    Row,
    Timed,
    measure_bytes,
    measure_rest,
    pairs,
    time_calls_us,
)
from bench.geo_plot import plot
from bench.geo_world import World
from bench.peers.peer import Found, Index, find_peers

CALLS = 2_000
CHECKED = 25

COLUMNS = (
    "what",
    "p50 us",
    "p99 us",
    "remote p50 us",
    "cold p50 us",
    "times geocore",
    "batch /s",
    "move p50 / p99 us",
    "bulk moves /s",
    "build s",
    "bytes a person",
    "exact, on",
)

BESIDE = ("what", "call", "cold call", "batch", "move", "bulk moves")

FILTERS = (
    "people",
    "of a circle of 50",
    "five available",
    "five fresh",
    "of nobody's circle",
    "`geodesic=True`",
    "bytes a person",
)


def measure(people: int, peers: list[Found], rounds: int) -> list[Row]:
    """Build every peer, prove it right, then time all of them in turn."""
    world = World()
    crowd = world.people(people)
    checked = world.near(CHECKED)
    rows: list[Row] = []
    indexes: list[Index] = []
    for found in peers:
        if found.peer is None or people > found.peer.PEOPLE_MAX:
            continue
        say(f"{people:,}: building {found.peer.NAME}")
        start = perf_counter()
        index = found.peer.build(*crowd)
        built_s = perf_counter() - start
        exact = share_exact(found.peer, index, crowd, checked)
        rows.append(Row(found.peer, found.version, people, built_s, exact))
        indexes.append(index)
    right = [pair for pair in zip(rows, indexes, strict=True) if pair[0].exact == 1]
    if len(right) < 2:
        sys.exit(f"{people:,} people: too few peers; take at most 10,000,000")  # noqa: TID251  # a script, not the engine
    right.sort(key=lambda pair: pair[0].peer.NAME != "geocore")
    if right[0][0].peer.NAME != "geocore":
        sys.exit("geocore's answers are not those of brute force")  # noqa: TID251  # a script, not the engine
    gc.disable()
    for nth in range(rounds):
        time_round(world, right, is_ours_first=nth % 2 == 0)
    for other in right[1:]:
        say(f"{people:,}: batches and moves beside {other[0].peer.NAME}")
        measure_rest([right[0], other], world, crowd)
    ours, index = right[0]
    ours.floor = floor(world, ours, index)
    gc.enable()
    indexes.clear()
    right.clear()
    measure_bytes(
        rows, {found.peer.NAME: found.module for found in peers if found.peer}
    )
    return rows


def floor(world: World, ours: Row, index: Index) -> str:
    """Say what a call takes that looks for nobody, and how many times that ours."""
    try:
        return str(time_floor(index, pairs(world.near(CALLS)), ours.peer.K_MAX))
    except NoFloorError as error:
        say(f"MISSING FLOOR: {error}")
        return f"**missing floor**: {error}"


def time_round(world: World, right: list[Timed], *, is_ours_first: bool) -> None:
    """Time geocore beside each of the others, while the machine is as fast.

    None is asked the same twice, and geocore always comes to caches that another one
    has just used.
    """
    ours, *others = right
    for row, index in others:
        pair = (ours, (row, index)) if is_ours_first else ((row, index), ours)
        near = pairs(world.near(CALLS))
        for one, its_index in pair:
            one.add_near(time_calls_us(its_index, near, one.peer.K_MAX))
        row.times_ours.append(row.near_us[-1] / ours[0].near_us[-1])
        remote = pairs(world.remote(CALLS // 4))
        asked = (ours, (row, index)) if row is others[0][0] else ((row, index),)
        for one, its_index in asked:
            times = time_calls_us(its_index, remote, one.peer.K_MAX)
            one.remote_us.append(float(np.median(times)))


def table(rows: list[Row]) -> list[str]:
    """Return a Markdown table; ratios are to geocore in the same run."""
    lines = [
        f"### {rows[0].people:,} people",
        "",
        *heading(COLUMNS),
    ]
    for row in sorted(rows, key=lambda row: row.p50_us):
        earth = "WGS84" if row.peer.EARTH_M is None else "a sphere"
        cells = [
            f"{row.peer.NAME} {row.version}",
            figure(row.p50_us),
            figure(row.p99_us),
            figure(float(np.median(row.remote_us)) if row.remote_us else np.nan),
            figure(row.cold.median_us),
            f"{row.ratio:.1f}" if row.near_us else "not timed",
            figure(row.batch.per_s),
            moved(row),
            figure(row.bulk.per_s),
            f"{row.build_s:.3g}",
            figure(row.bytes),
            f"{row.exact:.0%}, {earth}" if row.exact == 1 else f"NOT: {row.exact:.0%}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, "", *beside(rows)]


def heading(columns: tuple[str, ...]) -> list[str]:
    """Return the first two lines of a table."""
    return [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]


def moved(row: Row) -> str:
    """Return what a single move takes."""
    if not row.move_p99_us:
        return "rebuild"
    p99_us = float(np.median(row.move_p99_us))
    return f"{figure(row.move.median_us)} / {figure(p99_us)}"


def beside(rows: list[Row]) -> list[str]:
    """Return how many times geocore's time each operation took at the same moment."""
    ours = next(row for row in rows if row.peer.NAME == "geocore")
    lines = [
        f"Times geocore's, each pair at the same moment ({rows[0].people:,} people):",
        "",
        *heading(BESIDE),
    ]
    for row in sorted(rows, key=lambda row: row.p50_us):
        if row is not ours and row.near_us:
            kinds = (row.cold, row.batch, row.move, row.bulk)
            ratios = [row.ratio, *(kind.ratio for kind in kinds)]
            shown = ["-" if np.isnan(ratio) else f"{ratio:.3g}" for ratio in ratios]
            lines.append(f"| {row.peer.NAME} | {' | '.join(shown)} |")
    return [*lines, "", ours.floor, ""]


def figure(number: float) -> str:
    """Write a number with as many digits as mean something."""
    if np.isnan(number):
        return "-"
    if number >= 1e6:
        return f"{number / 1e6:.3g}M"
    if number >= 1e4:
        return f"{number / 1e3:.0f}k"
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.2f}" if number < 10 else f"{number:.1f}"


def filters(people: int) -> str:
    """Return a row of what only geocore is asked: filters, from Python, k = 5."""
    world = World()
    lats, lons = world.people(people)
    ids = np.arange(people, dtype=np.uint64)
    index = geocore.Index()
    few = np.zeros(people, dtype=bool)
    few[:: max(1, people // 5)] = True
    at_s = np.where(few, 1e6, 0.0)
    index.upsert_many(ids, lats, lons, at_s=at_s, available=few)
    held = index.stats()["bytes"] / people
    for row in range(0, people, max(1, people // 50)):
        known = {"at_s": at_s[row], "available": bool(few[row])}
        index.upsert(row, lats[row], lons[row], circles=[1], **known)
    times = [
        ask_us(world, index, {"circle": 1}),
        ask_us(world, index, {"available": True}),
        ask_us(world, index, {"newer_than_s": 5e5}),
        ask_us(world, index, {"circle": 99}),
        ask_us(world, index, {"geodesic": True}),
    ]
    cells = [f"{people:,}", *(figure(time_us) for time_us in times), f"{held:.1f}"]
    return f"| {' | '.join(cells)} |"


def ask_us(world: World, index: geocore.Index, filters: dict[str, object]) -> float:
    """Return the median time of a question from places near cities."""
    asking = Asking(index, filters)
    return float(np.median(time_calls_us(asking, pairs(world.near(CALLS)), 5)))


class Asking:
    """An index asked with a filter."""

    def __init__(self, index: geocore.Index, filters: dict[str, object]) -> None:
        """Bind the filter once."""
        self.nearest = partial(index.nearest, **filters)


def machine() -> str:
    """Return what this run was measured on."""
    cpu = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    built = "after" if geocore.PROFILE_GUIDED else "without"
    return (
        f"{cpu}, Python {platform.python_version()}, load {load:.1f} a core at start; "
        f"one thread for everybody; geocore built {built} its profile."
    )


def say(text: str) -> None:
    """Tell whoever waits."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = [200, 1_000, 10_000, 100_000, 1_000_000]
    parser.add_argument("--people", type=int, nargs="+", default=sizes)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    options = parser.parse_args()
    options.docs.mkdir(parents=True, exist_ok=True)
    if geocore.BUILD_PROFILE != "release":
        sys.exit("geocore is a debug build")  # noqa: TID251  # a script, not the engine
    lines = ["## Beside the peers, in one run", "", machine(), ""]
    peers = find_peers()
    for found in peers:
        if found.peer is None:
            say(f"MISSING PEER {found.module}: {found.reason}")
            lines += [f"- **missing peer** `{found.module}`: {found.reason}", ""]
    rows: list[Row] = []
    for people in options.people:
        rows += measure(people, peers, options.rounds)
        lines += table([row for row in rows if row.people == people])
    lines += [
        "## Filters of geocore",
        "",
        "Medians in us of five nearest; bytes are its own count after a build.",
        "",
        *heading(FILTERS),
        *map(filters, options.people),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    (options.docs / "geocore-bench.md").write_text(
        f"# geocore, measured\n\n{text}", "utf-8"
    )
    plot(rows, options.docs / "geocore-latency.svg")


if __name__ == "__main__":
    main()
