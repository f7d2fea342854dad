"""Retries inside one attempt: tenacity, driven by our own clock.

Only what was certainly not sent is tried again, for seconds: the schedule beyond
that is the alarm's, in the journal.
"""

from collections.abc import Callable

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    wait_exponential,
)

from engine.errors import DeliveryError
from engine.ports.clock import Clock

TRIES = 3
WAIT_FIRST_S = 0.2
WAIT_MAX_S = 1.0


def retrying(clock: Clock, *, slack_s: float, beat: Callable[[], None]) -> Retrying:
    """Return a retrier for one attempt, bounded by tries and by `slack_s`.

    `beat` is called before each wait, so that supervision sees it get on.
    """
    began_s = clock.boottime_s()

    def spent(state: RetryCallState) -> bool:
        slack_over = clock.boottime_s() - began_s >= slack_s
        return state.attempt_number >= TRIES or slack_over

    return Retrying(
        stop=spent,
        wait=wait_exponential(multiplier=WAIT_FIRST_S, max=WAIT_MAX_S),
        retry=retry_if_exception(_certainly_not_sent),
        sleep=clock.sleep,
        before_sleep=lambda _: beat(),
        reraise=True,
    )


def _certainly_not_sent(error: BaseException) -> bool:
    return isinstance(error, DeliveryError) and error.retry
