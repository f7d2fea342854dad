"""Draw latency over the number of people."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import matplotlib as mpl

if TYPE_CHECKING:
    from pathlib import Path

    from bench.geo_measures import Row

mpl.use("svg")
from matplotlib import pyplot as plt  # the back end comes first


def plot(rows: list[Row], path: Path) -> None:
    """Draw latency over the number of people, medians and 99th percentiles."""
    mpl.rcParams["svg.hashsalt"] = "geocore"
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    markers = cycle("os^vD*Px<>hp+")
    for name in dict.fromkeys(row.peer.NAME for row in rows):
        own = [row for row in rows if name == row.peer.NAME and row.near_us]
        sizes = [row.people for row in own]
        (line,) = axes.loglog(
            sizes,
            [row.p50_us for row in own],
            marker=next(markers),
            label=name,
            linewidth=2.5 if name == "geocore" else 1.2,
        )
        p99 = [row.p99_us for row in own]
        axes.loglog(sizes, p99, linestyle=":", color=line.get_color())
    axes.set_xlabel("people")
    axes.set_ylabel("one call from Python, k = 5, microseconds")
    axes.set_title("Five nearest: median (solid) and 99th percentile (dotted)")
    axes.grid(visible=True, which="both", alpha=0.25)
    axes.legend(fontsize=8)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
