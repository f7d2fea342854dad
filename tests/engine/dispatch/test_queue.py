"""What waits goes in its order, once, to whoever does not leave it to another."""

from collections.abc import Callable
from functools import partial

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from engine.dispatch.queue import (
    AGAIN,
    AGAIN_LATER_MS,
    CALL_LATER_MS,
    RANK_AGAIN,
    RANK_ANSWER,
    RANK_CALL,
    RANK_DISTRESS,
    RANK_HQ,
    RANK_PUBLIC,
    RANK_STOP,
    TOLD_LATER_MS,
    Queue,
)
from engine.ports.journal import EffectRow
from engine.values import EffectId
from tests.engine.dispatch.ledger import row_of

CHANNELS = ("sms", "call", "email")
ROUTES = ("modem-1", "modem-2")


def nothing(row: EffectRow) -> bool:
    del row
    return False


def avoids(route: str) -> Callable[[EffectRow], bool]:
    return lambda row: row.avoid_route == route


def test_distress_goes_before_calls_hq_stop_messages_and_the_public() -> None:
    ranks = [RANK_DISTRESS, RANK_CALL, RANK_HQ, RANK_STOP, RANK_PUBLIC]
    assert ranks == sorted(ranks)


def test_a_new_sos_overtakes_everything_queued() -> None:
    queue = Queue()
    for number in range(100):
        queue.offer(row_of(f"stop-{number}", rank=RANK_STOP, planned_ms=number))
    queue.offer(row_of("sos", rank=RANK_DISTRESS, planned_ms=10**9))
    first = queue.take(("sms",), nothing)
    assert first is not None
    assert first.effect_id == "sos"


def test_what_has_gone_out_twice_already_goes_behind_a_new_alarm_for_a_while() -> None:
    """Behind sixty repeats that took 20 s each it waited for five minutes."""
    queue = Queue()
    mail = partial(row_of, channel="email")
    for repeat, again in enumerate(("first", "second", "third", "twelfth")):
        queue.offer(mail(again, planned_ms=0, avoid_route="m", repeat=repeat))
    queue.offer(mail("early", planned_ms=AGAIN_LATER_MS - 1))
    queue.offer(mail("late", planned_ms=AGAIN_LATER_MS + 1))
    taken = [queue.take(("email",), nothing) for _ in range(6)]
    assert [row.effect_id for row in taken if row] == [
        "first",
        "second",
        "early",
        "third",
        "twelfth",
        "late",
    ]


def test_of_many_alarms_each_is_told_to_somebody_before_any_to_a_second() -> None:
    queue = Queue()
    for alarm in "abc":
        for number in (1, 2):
            effect = row_of(f"{alarm}{number}", alarm=alarm, planned_ms=ord(alarm))
            queue.offer(effect)
    taken = [queue.take(("sms",), nothing) for _ in range(6)]
    assert [row.alarm for row in taken if row] == [f"alarm/{a}" for a in "abcabc"]


def test_new_alarms_do_not_starve_one_that_somebody_knows_of() -> None:
    queue = Queue()
    queue.offer(row_of("a1", alarm="a", planned_ms=0))
    queue.offer(row_of("a2", alarm="a", planned_ms=0))
    assert queue.take(("sms",), nothing)
    late_ms = TOLD_LATER_MS + 1
    queue.offer(row_of("b1", alarm="b", planned_ms=late_ms))
    taken = queue.take(("sms",), nothing)
    assert taken is not None
    assert taken.alarm == "alarm/a"


def test_what_a_route_leaves_stays_and_keeps_nobody_else_from_it() -> None:
    queue = Queue()
    queue.offer(row_of("repeat", avoid_route="modem-1", planned_ms=1))
    queue.offer(row_of("other", planned_ms=2))
    taken = queue.take(("sms",), avoids("modem-1"))
    assert taken is not None
    assert taken.effect_id == "other"
    assert queue.take(("sms",), avoids("modem-1")) is None
    assert queue.take(("sms",), avoids("modem-2")) is not None


def test_what_has_a_later_rank_than_a_route_may_send_waits() -> None:
    queue = Queue()
    queue.offer(row_of("stop", rank=RANK_STOP))
    assert queue.take(("sms",), nothing, below_rank=RANK_STOP) is None
    queue.offer(row_of("sos", rank=RANK_DISTRESS))
    taken = queue.take(("sms",), nothing, below_rank=RANK_STOP)
    assert taken is not None
    assert taken.effect_id == "sos"
    assert queue.take(("sms",), nothing) is not None


def test_what_waits_for_a_channel_is_known_until_it_is_withdrawn() -> None:
    queue = Queue()
    assert not queue.waits_for(("sms", "call"))
    queue.offer(row_of("one", channel="call"))
    assert queue.waits_for(("sms", "call"))
    assert not queue.waits_for(("sms",))
    queue.withdraw([EffectId("one")])
    assert not queue.waits_for(("sms", "call"))


def again(planned_ms: int, rank: int = RANK_AGAIN) -> EffectRow:
    return row_of(
        "again", rank=rank, planned_ms=planned_ms, avoid_route="m", repeat=AGAIN
    )


def first_of(*rows: EffectRow) -> str:
    queue = Queue()
    for row in rows:
        queue.offer(row)
    taken = queue.take(("call", "sms"), nothing)
    return "" if taken is None else taken.effect_id


def test_what_has_gone_out_twice_takes_turns_with_calls_and_ends_none() -> None:
    """Where a network took no short message no telephone rang for fifteen minutes."""
    call = row_of("call", channel="call", rank=RANK_CALL, planned_ms=0)
    assert first_of(call, again(CALL_LATER_MS - 1)) == "again"
    assert first_of(call, again(CALL_LATER_MS)) == "call"
    queue = Queue()
    queue.offer(again(0))
    assert queue.waits_for(("sms",))
    assert not queue.hurries(("sms", "call"), nothing)
    queue.offer(row_of("answer", rank=RANK_ANSWER))
    assert not queue.hurries(("sms", "call"), nothing)
    queue.offer(row_of("sos", rank=RANK_CALL - 1))
    assert queue.hurries(("sms", "call"), nothing)


def test_what_has_gone_out_twice_goes_behind_first_words_of_any_rank_for_a_while() -> (
    None
):
    word = row_of("word", rank=RANK_CALL - 1, planned_ms=AGAIN_LATER_MS)
    assert first_of(again(1), word) == "word"
    assert first_of(again(0), word) == "again"
    assert first_of(again(0), row_of("answer", rank=RANK_ANSWER)) == "answer"
    assert first_of(again(9, RANK_STOP), row_of("hq", rank=RANK_HQ)) == "hq"
    assert first_of(again(9), row_of("hq", rank=RANK_HQ, planned_ms=0)) == "again"


def test_what_goes_to_the_defender_again_waits_as_if_it_went_first() -> None:
    """Behind those whom a word of force calls it would show that it was one."""
    word = row_of("word", rank=RANK_DISTRESS + 1, planned_ms=0)
    assert first_of(word, again(9, RANK_DISTRESS)) == "again"
    older = row_of("older", rank=RANK_DISTRESS, planned_ms=0)
    assert first_of(older, again(9, RANK_DISTRESS)) == "older"


# A planned effect's row is written once: its rank and age are its own for ever.
ROWS = [
    row_of(
        f"e{number}",
        channel=CHANNELS[number % 3],
        rank=(RANK_DISTRESS, RANK_HQ, RANK_STOP, RANK_ANSWER)[number // 3 % 4],
        planned_ms=number % 4 * 3_000,
        avoid_route=("", *ROUTES)[number % 5 % 3],
        alarm="abc"[number // 2 % 3],
    )
    for number in range(18)
]


class QueueLife(RuleBasedStateMachine):
    """Holds the queue to a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = Queue()
        self.model: dict[EffectId, EffectRow] = {}
        self.told: set[str] = set()

    @rule(row=st.sampled_from(ROWS))
    def offer(self, row: EffectRow) -> None:
        assert self.queue.offer(row) == (row.effect_id not in self.model)
        self.model.setdefault(row.effect_id, row)

    @rule(number=st.integers(0, 17))
    def withdraw(self, number: int) -> None:
        self.queue.withdraw([EffectId(f"e{number}")])
        self.model.pop(EffectId(f"e{number}"), None)
        self.forget()

    def forget(self) -> None:
        self.told &= {row.alarm for row in self.model.values()}

    def key(self, row: EffectRow) -> tuple[int, int, str]:
        later_ms = TOLD_LATER_MS if row.alarm in self.told else 0
        return (row.rank, row.planned_at.ms + later_ms, row.effect_id)

    @rule(
        channels=st.lists(st.sampled_from(CHANNELS), unique=True).map(tuple),
        route=st.sampled_from(ROUTES),
        below=st.sampled_from((RANK_CALL, RANK_STOP, 100)),
    )
    def take(self, *, channels: tuple[str, ...], route: str, below: int) -> None:
        allowed = [
            self.key(row)
            for row in self.model.values()
            if row.channel in channels and row.avoid_route != route
        ]
        taken = self.queue.take(channels, avoids(route), below_rank=below)
        if not allowed or min(allowed)[0] >= below:
            assert taken is None
            return
        assert taken is not None
        assert taken.effect_id == min(allowed)[2]
        assert taken == self.model.pop(taken.effect_id)
        self.told.add(taken.alarm)
        self.forget()

    @invariant()
    def it_holds_what_the_list_holds(self) -> None:
        rows = self.model.values()
        assert len(self.queue) == len(rows)
        oldest = min((row.planned_at.ms for row in rows), default=None)
        assert self.queue.oldest_ms() == oldest
        for_help = {row.channel for row in rows if RANK_ANSWER < row.rank < RANK_CALL}
        for channels in (("sms", "call"), ("email",), ()):
            is_in_a_hurry = self.queue.hurries(channels, nothing)
            assert is_in_a_hurry == bool(for_help & set(channels))


TestQueueLife = QueueLife.TestCase
TestQueueLife.settings = settings(max_examples=40, deadline=None)
