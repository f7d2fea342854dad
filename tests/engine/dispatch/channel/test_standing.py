"""One recipient who is refused says nothing of a channel; a channel's own no does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from engine.dispatch.actor import Planned
from engine.errors import DeliveryError, RefusalOf
from engine.health import ALONE_MAX, HOLDS_S, Standing
from engine.ports.channel import Message, Receipt
from tests.engine.dispatch.channel.medium import Medium
from tests.engine.dispatch.channel.test_actor import Rig
from tests.engine.dispatch.ledger import row_of


class Choosy(Medium):
    """Refuses some addresses for now, and takes the others."""

    of = RefusalOf.EITHER
    refuses: frozenset[str] = frozenset({"a@x"})

    def send(self, notification: Message) -> Receipt:
        if notification.address in self.refuses:
            retry = self.of is not RefusalOf.CHANNEL
            raise DeliveryError(self.name, "refused", retry=retry, of=self.of)
        return super().send(notification)


class ChoosyRig(Rig):
    """Asks a far end that refuses some."""

    def __init__(self, of: RefusalOf = RefusalOf.EITHER) -> None:
        super().__init__()
        self.medium.__class__ = Choosy
        self.choosy = self.medium
        assert isinstance(self.choosy, Choosy)
        self.choosy.of = of
        self.choosy.seen = lambda: None
        self.sent = 0

    def to(self, *addresses: str) -> bool:
        """Send to each in turn; say whether the channel shows as up."""
        for address in addresses:
            self.sent += 1
            row = row_of(f"f{self.sent}", channel="email", address=address)
            row = structs.replace(row, planned_at=self.world.now())
            self.ledger.plan(row)
            self.tree.names.tell("dispatcher", Planned(rows=(row,)))
            self.world.run(5)
        return "channel_down" not in self.health.reasons()


@pytest.mark.parametrize(
    ("addresses", "is_up"),
    [
        (("b@x", "a@x"), True),
        (("a@x",), False),
        (("a@x", "b@x"), True),
        (("a@x", "b@x", "a@x", "a@x"), True),
        (("b@x", "a@x", "c@x"), False),
        (("b@x", "a@x", "b@x", "c@x"), True),
        (("b@x", "a@x", "b@x", "c@x", "d@x"), False),
    ],
)
def test_who_is_refused_alone_does_not_take_the_channel_down(
    addresses: tuple[str, ...], *, is_up: bool
) -> None:
    """A policy against one recipient showed the whole channel as down."""
    rig = ChoosyRig()
    rig.medium.refuses = frozenset({"a@x", "c@x", "d@x"})  # type: ignore[attr-defined]
    assert rig.to(*addresses) is is_up


@pytest.mark.parametrize(
    ("of", "is_up"), [(RefusalOf.MESSAGE, True), (RefusalOf.CHANNEL, False)]
)
def test_a_far_end_that_says_whom_it_refuses_is_believed(
    of: RefusalOf, *, is_up: bool
) -> None:
    """One that answers 401 to each message was up all the same."""
    rig = ChoosyRig(of)
    assert rig.to("b@x", "a@x") is is_up


# the rule -----------------------------------------------------------------------------


def test_who_is_refused_alone_stays_so_as_long_as_it_is_tried() -> None:
    standing, now_s = Standing(), 0.0
    standing.sent("b", now_s)
    for _ in range(50):
        now_s += HOLDS_S / 2
        assert standing.is_refused_alone("a", now_s)
    assert not standing.is_refused_alone("c", now_s), "two, and nobody between them"


@pytest.mark.parametrize(
    ("after_s", "is_alone"), [(HOLDS_S - 1, True), (HOLDS_S, False)]
)
def test_what_was_taken_long_ago_says_nothing(
    after_s: float, *, is_alone: bool
) -> None:
    standing = Standing()
    standing.sent("b", 0.0)
    assert standing.is_refused_alone("a", after_s) is is_alone
    known = Standing()
    assert not known.is_refused_alone("a", 0.0)
    known.sent("b", 0.0)
    assert known.is_refused_alone("a", after_s) is is_alone


def test_who_is_taken_again_is_not_known_as_refused() -> None:
    standing = Standing()
    standing.is_refused_alone("a", 0.0)
    standing.sent("b", 1.0)
    standing.sent("a", 2.0)
    assert standing.is_refused_alone("c", 3.0)
    assert not standing.is_refused_alone("a", 3.0), "two since the last that was taken"


@given(
    st.lists(
        st.tuples(st.sampled_from("abcde"), st.booleans(), st.floats(0, 2 * HOLDS_S)),
        max_size=30,
    )
)
def test_a_far_end_that_takes_nothing_is_never_excused_for_two(
    told: list[tuple[str, bool, float]],
) -> None:
    standing, now_s = Standing(), 0.0
    for address, is_taken, after_s in told:
        now_s += after_s
        if is_taken:
            standing.sent(address, now_s)
        else:
            standing.is_refused_alone(address, now_s)
    assert not (
        standing.is_refused_alone("y", now_s) and standing.is_refused_alone("z", now_s)
    )


def test_of_many_the_oldest_are_forgotten() -> None:
    standing = Standing()
    for number in range(ALONE_MAX + 1):
        standing.is_refused_alone(str(number), 1.0)
        standing.sent("b", 1.0)
    standing.is_refused_alone("first", 1.0)
    assert standing.is_refused_alone("1", 1.0)
    assert not standing.is_refused_alone("0", 1.0)
