"""How often an app on a telephone reports, by the silence that was agreed. Pure."""

_SHARE = 3
_BEAT_MIN_S = 60


def beat_s(heartbeat_s: float) -> int:
    """Return seconds between reports: a third of the agreed silence, 60 at least."""
    return max(_BEAT_MIN_S, int(heartbeat_s // _SHARE))
