"""A failing plan, made as small as it fails alike."""

from collections.abc import Callable

from tests.simulation.day import run
from tests.simulation.plan import Item, Plan

RUNS_MAX = 200


def fails_like(plan: Plan) -> str:
    """Return the invariant that a plan breaks, or why it cannot be run; else empty."""
    try:
        violation = run(plan).violation
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return type(error).__name__
    return "" if violation is None else violation.invariant


def shrunk(plan: Plan, broken: Callable[[Plan], str] = fails_like) -> Plan:
    """Return the plan with every item taken out that it can fail without.

    Halves first, then single items, until nothing more can go; the kind of failure
    stays what it was.
    """
    wanted = broken(plan)
    runs = 0
    size = max(1, len(plan.items) // 2)
    while size:
        taken = False
        for start in range(0, len(plan.items), size):
            some: tuple[Item, ...] = plan.items[start : start + size]
            dropped = [item for item in some if item.family != "mode"]
            smaller = plan.without(dropped)
            runs += 1
            if runs > RUNS_MAX:
                return plan
            if dropped and broken(smaller) == wanted:
                plan, taken = smaller, True
                break
        if not taken:
            size //= 2
    return plan
