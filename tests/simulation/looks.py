"""Whose look at rows and ports would find something: all others are left out."""

from engine.dispatch.channel.actor import lane_name
from engine.ports.journal import EffectState
from tests.simulation.disk import Disk
from tests.simulation.farends import Network

LANES = {
    "email": (lane_name("email", 1), lane_name("email", 2)),
    "webhook": ("webhook",),
    "mastodon": ("mastodon",),
}
MODEMS = ("modem-1", "modem-2")
ROUTES = (*MODEMS, *(lane for lanes in LANES.values() for lane in lanes))
SENDERS = ("dispatcher", *ROUTES)
"""Who may find that something is to be sent."""
READERS = (
    "alarms",
    "checkins",
    "gateway",
    "intake",
    "orders",
    "register",
    "shouter",
    "vigil",
    "web",
)
"""Who may find that something which came in is to be taken up."""
_ROUTES_OF = {"sms": MODEMS, "call": MODEMS, **LANES}
_ATTEMPTING = EffectState.ATTEMPTING


def may_rest(network: Network, now_s: float) -> bool:
    """Say whether no modem hangs, and each that is there is open."""
    for hardware in network.hardware.values():
        if hardware.is_hung:
            return False
        if not (hardware.is_open or hardware.gone_until_s > now_s):
            return False
    return True


def finders(disk: Disk, network: Network, now_s: float) -> tuple[str, ...]:
    """Return how the names of those begin who may find something."""
    found = [
        hardware.name
        for hardware in network.hardware.values()
        if (hardware.events or hardware.stored)
        and not hardware.is_busy
        and hardware.gone_until_s <= now_s
    ]
    if disk.untaken:
        found += READERS
    if disk.unsettled and not _are_under_way(disk, network, now_s):
        found += SENDERS
    return tuple(found)


def _are_under_way(disk: Disk, network: Network, now_s: float) -> bool:
    """Say whether all that is unsettled is being sent, or nobody is free for it."""
    for row in disk.unsettled.values():
        if row.state is _ATTEMPTING:
            if not network.is_busy(row.route):
                return False
        elif network.is_any_free(_ROUTES_OF[row.channel], now_s):
            return False
    return True
