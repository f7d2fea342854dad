"""The inbox: two lanes, a bound that loses no answer, a wake-up time."""

import queue
import threading
from dataclasses import dataclass, field
from typing import ClassVar

import pykka
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pykka._envelope import Envelope
from pykka.messages import _ActorStop

from engine.clock import SystemClock
from engine.supervision.inbox import OVERTAKES_MAX, Inbox, InboxFullError, Rescan, Wake
from tests.fakes import ManualClock


@dataclass(frozen=True, slots=True)
class Press:
    number: int = 0
    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Request:
    """Told, and carries its own reply."""

    answers: list[Exception] = field(default_factory=list)

    def refuse(self, reason: Exception) -> None:
        self.answers.append(reason)


def inbox(bound: int = 3, clock: ManualClock | None = None) -> Inbox:
    return Inbox(bound, now_s=(clock or ManualClock()).boottime_s)


def put(inbox: Inbox, *messages: object) -> None:
    for message in messages:
        inbox.put(Envelope(message))


def drain(inbox: Inbox) -> list[object]:
    messages = []
    while not inbox.empty():
        messages.append(inbox.get().message)
    return messages


def test_an_urgent_message_overtakes_all_that_is_not() -> None:
    box = inbox(10)
    put(box, "a", "b", Press(1), "c", Press(2))
    assert drain(box) == [Press(1), Press(2), "a", "b", "c"]


def test_a_flood_of_what_is_urgent_stops_nothing_bug_no_operator_was_heard() -> None:
    """Presses that anybody sends of one device, faster than its alarm takes them."""
    box = inbox(100)
    presses = [Press(number) for number in range(3 * OVERTAKES_MAX)]
    put(box, "acknowledge", "due")
    handled = []
    for number in range(0, len(presses), 2):
        put(box, *presses[number : number + 2])
        handled.append(box.get().message)
    handled += drain(box)
    assert handled.index("acknowledge") == OVERTAKES_MAX
    assert handled.index("due") == 2 * OVERTAKES_MAX + 1
    assert [one for one in handled if isinstance(one, Press)] == presses


def test_what_is_not_urgent_counts_only_what_goes_before_it() -> None:
    box = inbox(100)
    put(box, *[Press(number) for number in range(2 * OVERTAKES_MAX)])
    for _ in range(OVERTAKES_MAX):
        box.get()
    put(box, "due")
    assert drain(box).index("due") == OVERTAKES_MAX


def test_a_full_lane_drops_hints_and_asks_once_for_a_rescan_in_their_place() -> None:
    box = inbox(2)
    put(box, "a", "b", "dropped", "dropped too")
    assert box.dropped == 2
    assert drain(box) == ["a", "b", Rescan()]


def test_hints_dropped_after_a_rescan_was_taken_ask_for_another() -> None:
    box = inbox(1)
    put(box, "a", "dropped")
    assert drain(box) == ["a", Rescan()]
    put(box, "b", "dropped")
    assert drain(box) == ["b", Rescan()]


def test_a_full_normal_lane_does_not_stand_in_the_way_of_an_urgent_message() -> None:
    box = inbox(1)
    put(box, "a", "dropped", Press(1))
    assert drain(box) == [Press(1), "a", Rescan()]


def test_an_urgent_hint_that_is_dropped_has_an_urgent_rescan() -> None:
    box = inbox(1)
    put(box, "a", Press(1), Press(2))
    assert drain(box) == [Press(1), Rescan(), "a"]


def test_an_ask_on_a_full_inbox_is_answered_at_once() -> None:
    box = inbox(1)
    put(box, "a")
    reply = pykka.ThreadingFuture[object]()
    box.put(Envelope("asked", reply_to=reply))
    with pytest.raises(InboxFullError):
        reply.get(timeout=0)
    assert drain(box) == ["a"]


def test_a_told_request_with_its_own_reply_is_refused_at_once() -> None:
    box = inbox(1)
    request = Request()
    put(box, "a", request)
    assert [type(answer) for answer in request.answers] == [InboxFullError]


def test_a_stop_is_never_dropped_and_keeps_its_place() -> None:
    box = inbox(2)
    put(box, "a", "b", _ActorStop())
    assert drain(box) == ["a", "b", _ActorStop()]


def test_a_closed_inbox_answers_everybody() -> None:
    box = inbox(5)
    waiting, late, stop = (pykka.ThreadingFuture[object]() for _ in range(3))
    request = Request()
    box.put(Envelope("waiting", reply_to=waiting))
    put(box, "a hint", request)
    box.close()
    box.put(Envelope("late", reply_to=late))
    box.put(Envelope(_ActorStop(), reply_to=stop))
    for reply in (waiting, late):
        with pytest.raises(pykka.ActorDeadError):
            reply.get(timeout=0)
    assert stop.get(timeout=0) is None
    assert [type(answer) for answer in request.answers] == [pykka.ActorDeadError]
    assert box.empty()


def test_nobody_is_left_without_an_answer_however_put_and_close_interleave() -> None:
    for _ in range(200):
        box = inbox(1_000)
        requests = [Request() for _ in range(50)]
        start = threading.Barrier(2)

        def tell(
            box: Inbox = box,
            requests: list[Request] = requests,
            start: threading.Barrier = start,
        ) -> None:
            start.wait()
            put(box, *requests)

        teller = threading.Thread(target=tell)
        teller.start()
        start.wait()
        box.close()
        teller.join()
        assert [len(request.answers) for request in requests] == [1] * 50


def test_the_wake_up_time_ends_a_wait(clock: ManualClock) -> None:
    box = Inbox(3, now_s=clock.boottime_s)
    box.wake_at_s = clock.boottime_s() + 60
    clock.advance(60)
    assert box.get().message == Wake()
    assert box.wake_at_s is None


def test_a_message_is_handled_before_a_wake_up_that_is_not_due(
    clock: ManualClock,
) -> None:
    box = Inbox(3, now_s=clock.boottime_s)
    box.wake_at_s = clock.boottime_s() + 60
    put(box, "a")
    assert box.get().message == "a"
    assert box.wake_at_s is not None


class CountingTokens:
    """A wait that always ends by its time-out, and lets time pass meanwhile."""

    def __init__(self, clock: ManualClock, passing_s: float) -> None:
        self.clock, self.passing_s = clock, passing_s
        self.waits: list[float | None] = []

    def put(self, _: None, /) -> None:
        raise AssertionError

    def get(self, *, timeout: float | None = None) -> None:
        self.waits.append(timeout)
        self.clock.advance(self.passing_s)
        raise queue.Empty


def test_the_clock_is_looked_at_each_second_since_waits_stand_still_in_suspend(
    clock: ManualClock,
) -> None:
    eight_hours_s = 8 * 3600.0
    tokens = CountingTokens(clock, passing_s=eight_hours_s)
    box = Inbox(3, now_s=clock.boottime_s, tokens=tokens)
    box.wake_at_s = clock.boottime_s() + 60
    assert box.get().message == Wake()
    assert tokens.waits == [1.0]


def test_a_waiting_get_sees_a_put_within_a_millisecond() -> None:
    clock = SystemClock()
    box = Inbox(10, now_s=clock.boottime_s)
    lateness_s = []
    taken = threading.Event()

    def take() -> None:
        for _ in range(50):
            put_at_s = box.get().message
            lateness_s.append(clock.boottime_s() - float(str(put_at_s)))
            taken.set()

    taker = threading.Thread(target=take)
    taker.start()
    for _ in range(50):
        taken.clear()
        clock.sleep(0.001)
        put(box, clock.boottime_s())
        assert taken.wait(5)
    taker.join()
    assert sorted(lateness_s)[25] < 0.001


@given(st.lists(st.sampled_from(["hint", "press", "take"]), max_size=60))
def test_no_lane_exceeds_its_bound_and_every_drop_is_followed_by_a_rescan(
    steps: list[str],
) -> None:
    box = inbox(3)
    dropped = rescans = 0
    for step in steps:
        match step:
            case "hint":
                put(box, "hint")
            case "press":
                put(box, Press())
            case "take" if not box.empty():
                rescans += isinstance(box.get().message, Rescan)
        # A rescan may stand behind a full lane: one more in each.
        assert box.qsize() <= 2 * (3 + 1)
        if box.dropped > dropped:
            dropped = box.dropped
            assert Rescan() in waiting(box)
    left = drain(box)
    assert (rescans + left.count(Rescan()) > 0) == (box.dropped > 0)


def waiting(box: Inbox) -> list[object]:
    lanes = (box._urgent, box._normal)
    return [envelope.message for lane in lanes for envelope in lane.waiting]
