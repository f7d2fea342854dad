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
SLICE_S = 1.0


def retrying(
    clock: Clock,
    *,
    slack_s: float,
    beat: Callable[[], None],
    is_stopping: Callable[[], bool] = lambda: False,
) -> Retrying:
    """Return a retrier for one attempt, bounded by tries and by `slack_s`.

    A far end that asks to be left alone is, within the slack; where it asks for more
    than is left of it, the attempt is over at once and the alarm goes another way.

    Args:
        clock: to measure and to wait by.
        slack_s: how long tries may begin after the first.
        beat: called around each wait, so that supervision sees it get on.
        is_stopping: whether somebody wants the thread back: no further try then.

    """
    patience = _Patience(clock, slack_s, beat, is_stopping)
    return Retrying(
        stop=patience.is_spent,
        wait=patience.wait_s,
        retry=retry_if_exception(_certainly_not_sent),
        sleep=patience.sleep,
        reraise=True,
    )


class _Patience:
    """How long one attempt goes on, and how it waits."""

    def __init__(
        self,
        clock: Clock,
        slack_s: float,
        beat: Callable[[], None],
        is_stopping: Callable[[], bool],
    ) -> None:
        self._clock, self._until_s = clock, clock.boottime_s() + slack_s
        self._beat, self._is_stopping = beat, is_stopping
        self._backoff_s = wait_exponential(multiplier=WAIT_FIRST_S, max=WAIT_MAX_S)
        self._refusal = DeliveryError("", "not tried", retry=True)

    def is_spent(self, state: RetryCallState) -> bool:
        left_s = self._until_s - self._clock.boottime_s()
        asked_s = self._asked_s(state)
        return state.attempt_number >= TRIES or left_s <= 0 or asked_s > left_s

    def wait_s(self, state: RetryCallState) -> float:
        return max(self._asked_s(state), self._backoff_s(state))

    def sleep(self, seconds: float) -> None:
        """Wait in slices; where the thread is wanted back, the last no stands.

        Raises:
            DeliveryError: the refusal after which we wait.

        """
        until_s = self._clock.boottime_s() + seconds
        while (left_s := until_s - self._clock.boottime_s()) > 0:
            self._beat()
            if self._is_stopping():
                raise self._refusal
            self._clock.sleep(min(left_s, SLICE_S))
        self._beat()

    def _asked_s(self, state: RetryCallState) -> float:
        refusal = None if state.outcome is None else state.outcome.exception()
        if not isinstance(refusal, DeliveryError):
            return 0.0
        self._refusal = refusal
        return refusal.after_s or 0.0


def _certainly_not_sent(error: BaseException) -> bool:
    return isinstance(error, DeliveryError) and error.retry
