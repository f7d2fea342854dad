"""Stopping children in reverse order of their start, in bounded time."""

from collections.abc import Sequence

import pykka

from engine.ports.clock import Clock
from engine.supervision.child import Strategy
from engine.supervision.running import Child

# What a supervisor leaves of its own time for the way back to its parent.
_MARGIN = 0.8


def stop_children(
    children: Sequence[Child], strategy: Strategy, *, within_s: float, clock: Clock
) -> None:
    """Stop those that live; returns when all have stopped or are abandoned.

    Where children may rely on those before them (rest_for_one) one is stopped
    after the other, and none may take more than half of the time that is left:
    the journal stops last and must get its share. Else all are told at once, in
    reverse order, and awaited together.

    Args:
        children: in the order of their start.
        strategy: the supervisor's.
        within_s: for all of them together.
        clock: to measure it.

    """
    live = [child for child in reversed(children) if child.is_live]
    until_s = clock.boottime_s() + within_s * _MARGIN
    if strategy is Strategy.ONE_FOR_ONE:
        _stop_together(live, until_s=until_s, clock=clock)
        return
    for index, child in enumerate(live):
        now_s = clock.boottime_s()
        left_s = max(0.0, until_s - now_s)
        share_s = left_s if index == len(live) - 1 else left_s / 2
        _stop_together([child], until_s=now_s + share_s, clock=clock)


def _stop_together(children: Sequence[Child], *, until_s: float, clock: Clock) -> None:
    now_s = clock.boottime_s()
    left_s = max(0.0, until_s - now_s)
    stops = []
    for child in children:
        if child.link is None or child.ref is None:
            continue
        budget_s = min(child.spec.shutdown_s, left_s)
        child.link.stop_by_s = now_s + budget_s
        stops.append((child, child.ref.stop(block=False), now_s + budget_s))
    late = []
    for child, stopped, by_s in stops:
        half_s = (now_s + by_s) / 2
        if not _has_stopped(stopped, by_s=half_s, clock=clock):
            child.interrupt()
            late.append((child, stopped, by_s))
    for child, stopped, by_s in late:
        if not _has_stopped(stopped, by_s=by_s, clock=clock):
            child.abandon()


def _has_stopped(stopped: "pykka.Future[bool]", *, by_s: float, clock: Clock) -> bool:
    try:
        stopped.get(timeout=max(0.0, by_s - clock.boottime_s()))
    except pykka.Timeout:
        return False
    return True
