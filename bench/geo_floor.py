"""The floor of a call: return as many pairs from C, and look for nobody.

Written in C without any binding, so that nothing less is possible: what a call takes
beyond it is the search. It is compiled here; that takes Python's headers.
"""

from __future__ import annotations

import subprocess
import sysconfig
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter_ns
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.peers.peer import Index

SOURCE = Path(__file__).with_suffix(".c")
COLD_BYTES = 64 << 20
COLD_CALLS = 135
WARM_CALLS = 20_000


class NoFloorError(Exception):
    """It cannot be compiled here: the text says what is missing."""


@dataclass(slots=True)
class Cold:
    """One call after another, other data read before each."""

    _other: np.ndarray = field(default_factory=lambda: np.ones(COLD_BYTES // 8))

    def time_ns(self, call: Callable[..., object], arguments: tuple[float, ...]) -> int:
        """Time one call."""
        self._other.sum()
        start = perf_counter_ns()
        call(*arguments)
        return perf_counter_ns() - start

    def median_us(
        self, call: Callable[..., object], asked: Sequence[tuple[float, ...]]
    ) -> float:
        """Time a call with each of these arguments."""
        return float(np.median([self.time_ns(call, one) for one in asked])) / 1_000


@dataclass(slots=True, frozen=True)
class Floor:
    """What remains of a call that looks for nobody, in us."""

    warm_us: float
    cold_us: float
    nothing_us: float
    """Cold, of a call that does nothing: what to look at the clock takes then."""
    times: float
    """How many times the floor an index takes, both cold at the same moment."""

    def __str__(self) -> str:
        """Say it below a table."""
        return (
            "A C function that returns five pairs and looks for nobody takes"
            f" {self.warm_us:.2f} us, with cold caches {self.cold_us:.1f} us, where one"
            f" that does nothing takes {self.nothing_us:.1f} us; a cold call of geocore"
            f" takes {self.times:.2f} times what that function does beside it."
        )


def time_floor(index: Index, places: Sequence[tuple[float, float]], k: int) -> Floor:
    """Time the floor again and again, then cold in turn with an index.

    Raises:
        NoFloorError: it cannot be compiled.

    """
    floor = _compiled()
    times: list[int] = []
    for nth in range(WARM_CALLS):
        lat_deg, lon_deg = places[nth % len(places)]
        start = perf_counter_ns()
        floor(lat_deg, lon_deg, k)
        times.append(perf_counter_ns() - start)
    cold = Cold()
    nothings: list[int] = []
    floors: list[int] = []
    ours: list[int] = []
    for nth in range(COLD_CALLS):
        asked = (*places[nth % len(places)], k)
        nothings.append(cold.time_ns(callable, (k,)))
        pair = [(floors, floor), (ours, index.nearest)]
        for to, call in pair[:: 1 - nth % 2 * 2]:
            to.append(cold.time_ns(call, asked))
    return Floor(
        warm_us=float(np.median(times)) / 1_000,
        cold_us=float(np.median(floors)) / 1_000,
        nothing_us=float(np.median(nothings)) / 1_000,
        times=float(np.median(ours) / np.median(floors)),
    )


def _compiled() -> Callable[[float, float, int], object]:
    with TemporaryDirectory() as folder:
        made = Path(folder) / "geo_floor.so"
        include = f"-I{sysconfig.get_path('include')}"
        command = ["cc", "-O2", "-shared", "-fPIC", include, str(SOURCE)]
        try:
            subprocess.run(
                [*command, "-o", str(made)], check=True, capture_output=True, text=True
            )
        except OSError as error:
            said = f"no C compiler: {error}"
            raise NoFloorError(said) from error
        except subprocess.CalledProcessError as error:
            said = f"{error.stderr.strip()} (apt-get install python3-dev)"
            raise NoFloorError(said) from error
        spec = spec_from_file_location("geo_floor", made)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    call: Callable[[float, float, int], object] = module.nearest
    return call
