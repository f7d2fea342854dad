"""The first seed that finds something: `python -m tests.simulation.first [MAX]`."""

import sys

from tests.simulation.plan import plan_of
from tests.simulation.shrink import fails_like

MAX = 5_000


def first_failure(seeds_max: int) -> tuple[int, str]:
    """Return the first seed from 0 that breaks an invariant, and which; -1 for none."""
    for seed in range(seeds_max):
        broken = fails_like(plan_of(seed))
        if broken:
            return seed, broken
    return -1, ""


if __name__ == "__main__":
    most = int(sys.argv[1]) if len(sys.argv) > 1 else MAX
    print(*first_failure(most))
