"""Exponential back-off with full jitter.

Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: of the
variants compared, a delay drawn from the whole of [0, bound) makes the least work
where many retry at once.
"""

FIRST_S = 0.1
LONGEST_S = 30.0


def backoff_s(
    attempt: int,
    chance: float,
    *,
    first_s: float = FIRST_S,
    longest_s: float = LONGEST_S,
) -> float:
    """Return the delay before attempt `attempt` (from 0), `chance` in [0, 1)."""
    bound_s = first_s * 2.0 ** min(attempt, 64)
    return chance * min(bound_s, longest_s)


def slow_retry_s(chance: float, *, every_s: float) -> float:
    """Return the delay of one who retries for ever: within 25 % of `every_s`."""
    return every_s * (0.75 + 0.5 * chance)
