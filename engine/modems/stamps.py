"""What a service centre's time stamp says of how long a message lay. Pure.

TP-SCTS, 3GPP TS 23.040, 9.2.3.11: a claim of somebody else's clock and zone.
"""

from datetime import timedelta

from engine.values import Instant

HELD = timedelta(minutes=10)
"""What lay longer is late."""
KEPT_MAX = timedelta(weeks=63)
"""Nobody can ask a centre to keep one longer (TP-VP): its clock is not set."""
_ZONES = timedelta(hours=26)
"""Between the clocks of the first and of the last zone on Earth."""
_HALF_HOUR = timedelta(minutes=30)
_EARLY, _ON_ITS_WAY = timedelta(minutes=1), timedelta(minutes=2)


def lay_of(received: Instant, sent: Instant) -> timedelta:
    """Return for how long it lay; not at all by a stamp that says nothing."""
    lay_ms = received.ms - sent.ms
    is_known = 0 < lay_ms < KEPT_MAX // timedelta(milliseconds=1)
    return timedelta(milliseconds=lay_ms) if is_known else timedelta(0)


def is_zones(lay: timedelta) -> bool:
    """Say whether a message may have lain for as long, or be of another zone.

    A centre that leaves its zone out, or names another, is off by whole half hours
    where it is behind, give or take a message's way.
    """
    beyond = (lay + _EARLY) % _HALF_HOUR
    return HELD < lay < _ZONES and beyond < _EARLY + _ON_ITS_WAY


def is_late(lay: timedelta) -> bool:
    """Say whether it lay with the network, as far as its stamp can tell."""
    return lay > HELD and not is_zones(lay)
