"""The queue of deadlines against a plain dictionary."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from engine.timers.queue import DeadlineQueue
from engine.values import Instant
from tests.fakes import START

keys = st.sampled_from("abcdef")
moments = st.integers(0, 50).map(Instant)


class Deadlines(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.queue = DeadlineQueue[int]()
        self.model: dict[str, tuple[Instant, int]] = {}
        self.armed = 0

    @rule(key=keys, at=moments)
    def arm(self, key: str, at: Instant) -> None:
        self.armed += 1
        self.queue.arm(key, at, self.armed)
        self.model[key] = (at, self.armed)

    @rule(key=keys)
    def cancel(self, key: str) -> None:
        self.queue.cancel(key)
        self.model.pop(key, None)

    @rule(now=moments)
    def take_due(self, now: Instant) -> None:
        expected = sorted(
            (at, item, key) for key, (at, item) in self.model.items() if at <= now
        )
        for _, _, key in expected:
            del self.model[key]
        assert self.queue.take_due(now) == [(key, item) for _, item, key in expected]

    @invariant()
    def agrees(self) -> None:
        assert len(self.queue) == len(self.model)
        soonest = min((at for at, _ in self.model.values()), default=None)
        assert self.queue.next_at == soonest
        assert len(self.queue._heap) <= 2 * len(self.model) + 64


test_the_queue_agrees_with_a_dictionary = Deadlines.TestCase


def test_arming_one_key_for_ever_keeps_the_heap_small() -> None:
    queue = DeadlineQueue[None]()
    for second in range(10_000):
        queue.arm("a", START.plus(timedelta(seconds=second)), None)
    assert len(queue) == 1
    assert len(queue._heap) <= 2 + 64
