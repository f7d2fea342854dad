"""What a machine takes to read one number that nobody has read lately.

`python -m bench.geo_touches 2000` writes 2,000 MB, reads numbers at random places of
them, one after the other, and the same ones again. A virtual machine's host may take
back pages that the machine has and seldom reads: the first to read one waits for it,
whatever it is that lies there. A percentile of calls over so many people holds this.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from time import perf_counter_ns

import numpy as np

TOUCHES = 20_000
LONG_NS = 5_000
"""More than any wait for memory that the machine itself holds."""
SEED = 1


@dataclass(slots=True, frozen=True)
class Touches:
    """How many of all reads took long, of 0 to 1."""

    written_bytes: int
    first_share: float
    again_share: float

    def __str__(self) -> str:
        """Say it below a table."""
        return (
            f"Of {TOUCHES:,} numbers read one by one at random places of"
            f" {self.written_bytes / 1e6:,.0f} MB just written,"
            f" {self.first_share:.2%} take over {LONG_NS / 1_000:.0f} us, and"
            f" {self.again_share:.2%} where they are read again: a call over as many"
            " people reads some thirty places."
        )


def time_touches(written_bytes: int) -> Touches:
    """Write an array of so many bytes, and read it here and there, twice."""
    numbers = np.ones(written_bytes // 8)
    places = np.random.default_rng(SEED).integers(0, len(numbers), TOUCHES).tolist()
    first, again = (_long_share(numbers.data, places) for _ in range(2))
    return Touches(numbers.nbytes, first, again)


def _long_share(numbers: memoryview, places: list[int]) -> float:
    long = 0
    for place in places:
        start = perf_counter_ns()
        numbers[place]
        long += perf_counter_ns() - start > LONG_NS
    return long / len(places)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("megabytes", type=int, nargs="?", default=2_000)
    print(time_touches(parser.parse_args().megabytes * 1_000_000))


if __name__ == "__main__":
    main()
