"""How file descriptors are shared out: reserves first, strangers last. Pure."""

from dataclasses import astuple, dataclass

LEAST = 4_096
"""A limit below this warns at a start: one press of many devices may find no room."""
ACCEPTED_AT_ONCE = 16
"""Connections that a listener accepts between two looks at all others."""
RESERVED = 16
"""The last ones: where something leaks, HQ and readiness are answered by these."""

_OWN = 160  # loops, log, lock, journal, and 24 readers of two files each
_OF_LISTENER = 2 + 2 * ACCEPTED_AT_ONCE  # two sockets; accepted, not counted
_OF_MODEM = 8  # port, files of its own, a power command's pipes
_OF_LANE = 8  # one connection, and the addresses of its host that it tries at once
_OF_DEVICE = 2  # its connection, and the dead one that it had before
_HQ_LEAST, _HQ_MOST = 64, 1_024
_METRICS = 16
_STRANGERS_LEAST, STRANGERS_MOST = 64, 12_288


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the configuration and the roster ask for, in numbers of each."""

    listeners: int
    modems: int
    lanes: int
    devices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Descriptors for each use, in the order in which they are granted.

    `engine` has the journal in it, and `hq` the console and the command line.
    A device is one of `strangers` until it has said who it is.
    """

    engine: int
    modems: int
    channels: int
    hq: int
    metrics: int
    strangers: int
    enrolled: int


def reserves(needs: Needs) -> Shares:
    """Return what must be there for all of it to work at once."""
    return Shares(
        engine=_OWN + _OF_LISTENER * needs.listeners,
        modems=_OF_MODEM * needs.modems,
        channels=_OF_LANE * needs.lanes,
        hq=_HQ_LEAST,
        metrics=_METRICS,
        strangers=_STRANGERS_LEAST,
        enrolled=_OF_DEVICE * needs.devices,
    )


def shared_out(limit: int, needs: Needs) -> Shares:
    """Share out `limit` descriptors: each reserve in its order, then what is left.

    One more stays free, by which each second shows that another can be opened.
    """
    left, granted = max(0, limit - RESERVED - 1), []
    for wanted in astuple(reserves(needs)):
        granted.append(min(wanted, left))
        left -= granted[-1]
    first = Shares(**dict(zip(Shares.__slots__, granted, strict=True)))
    hq = min(left // 8, _HQ_MOST - _HQ_LEAST)
    strangers = min(left // 2, STRANGERS_MOST - _STRANGERS_LEAST)
    return Shares(
        engine=first.engine,
        modems=first.modems,
        channels=first.channels,
        hq=first.hq + hq,
        metrics=first.metrics,
        strangers=first.strangers + strangers,
        enrolled=first.enrolled + left - hq - strangers,
    )


def warning(limit: int, needs: Needs) -> str | None:
    """Return what is wrong with a limit, and the cure; None where it is enough."""
    least = max(LEAST, sum(astuple(reserves(needs))) + RESERVED + 1)
    if limit >= least:
        return None
    return (
        f"only {limit} files may be open, and {least} are needed (RLIMIT_NOFILE): set"
        " LimitNOFILE=65536 in the unit, or ulimit -n in the shell that starts it"
    )
