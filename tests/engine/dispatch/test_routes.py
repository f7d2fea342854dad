"""What sending teaches about routes, and what is done with it: no SOS ever waits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dispatch.choice import Choice
from engine.dispatch.queue import RANK_CALL, RANK_DISTRESS, RANK_HQ, RANK_STOP
from engine.dispatch.routes import (
    BURST,
    FORGET_S,
    TRIAL_S,
    RouteBook,
    Standing,
    prefixes,
)
from tests.engine.dispatch.ledger import row_of
from tests.fakes import START

ANNA, BERIT, TASHKENT = "+46701740605", "+46701740606", "+998901234567"
SMS = ("sms", "call")


def _choice(
    route: str,
    book: RouteBook,
    *,
    idle: tuple[str, ...] = (),
    up: tuple[str, ...] = ("modem-1", "modem-2"),
    now_s: float = 0.0,
    waited_s: float = 0.0,
) -> Choice:
    return Choice(
        route=route,
        idle=dict.fromkeys((route, *idle), SMS),
        up=dict.fromkeys(up, SMS),
        book=book,
        now=type(START)(START.ms + int(waited_s * 1000)),
        now_s=now_s,
    )


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (ANNA, ("+4670", "+46")),
        (TASHKENT, ("+99890", "+998")),
        ("not a number", ()),
        ("", ()),
    ],
)
def test_a_number_has_a_network_and_a_country(
    address: str, found: tuple[str, ...]
) -> None:
    assert prefixes(address) == found


def test_what_a_sim_has_reached_and_failed_is_known_by_network_then_country() -> None:
    book = RouteBook()
    assert book.standing("modem-1", ANNA, 0) is Standing.UNTRIED
    book.reached("modem-1", ANNA, 1)
    assert book.standing("modem-1", BERIT, 2) is Standing.REACHES
    assert book.standing("modem-1", "+46812345678", 2) is Standing.REACHES
    assert book.standing("modem-1", TASHKENT, 2) is Standing.UNTRIED
    assert book.standing("modem-2", ANNA, 2) is Standing.UNTRIED
    book.failed("modem-1", ANNA, 3)
    assert book.standing("modem-1", ANNA, 4) is Standing.FAILS
    assert book.standing("modem-1", ANNA, 4 + FORGET_S) is Standing.REACHES


def test_a_first_notification_goes_to_the_idle_route_that_reaches() -> None:
    book = RouteBook()
    book.failed("modem-1", ANNA, 0)
    row = row_of()
    assert _choice("modem-1", book, idle=("modem-2",), now_s=1).leaves(row)
    assert not _choice("modem-2", book, idle=("modem-1",), now_s=1).leaves(row)


def test_a_first_notification_never_waits_for_a_better_route() -> None:
    book = RouteBook()
    book.failed("modem-1", ANNA, 0)
    book.reached("modem-2", ANNA, 0)
    assert not _choice("modem-1", book, now_s=1).leaves(row_of())


def test_a_repeat_goes_round_the_route_that_failed_while_another_is_up() -> None:
    row = row_of(avoid_route="modem-1")
    assert _choice("modem-1", RouteBook()).leaves(row)
    assert not _choice("modem-1", RouteBook(), up=("modem-1",)).leaves(row)
    assert not _choice("modem-2", RouteBook()).leaves(row)


def test_a_repeat_waits_seconds_for_another_operator_and_no_longer() -> None:
    book = RouteBook()
    book.is_on("modem-1", "Telia")
    book.is_on("modem-2", "Telia")
    book.is_on("modem-3", "Tele2")
    row = row_of(avoid_route="modem-1")
    up = ("modem-1", "modem-2", "modem-3")
    assert _choice("modem-2", book, up=up).leaves(row)
    assert not _choice("modem-3", book, up=up).leaves(row)
    assert not _choice("modem-2", book, up=up, waited_s=6).leaves(row)
    assert not _choice("modem-2", book).leaves(row), "there is no other operator"


def test_two_recipients_failing_at_once_is_the_operator_and_not_they() -> None:
    book = RouteBook()
    for modem in ("modem-1", "modem-2"):
        book.is_on(modem, "Telia")
    book.failed("modem-1", ANNA, 0)
    book.failed("modem-2", ANNA, 5)
    assert book.down(6) == frozenset(), "it may be her telephone"
    book.failed("modem-2", BERIT, 10)
    assert book.routes_on(book.down(11)) == {"modem-1", "modem-2"}
    assert book.standing("modem-1", TASHKENT, 11) is Standing.FAILS
    book.reached("modem-1", TASHKENT, 12)
    assert book.down(13) == frozenset()


def test_a_route_that_would_fail_is_given_one_message_now_and_then() -> None:
    book = RouteBook()
    book.is_on("modem-1", "", is_registered=False)
    book.spent("modem-1", 100)
    row = row_of()
    assert _choice("modem-1", book, now_s=101).leaves(row)
    assert not _choice("modem-1", book, now_s=100 + TRIAL_S).leaves(row)
    assert not _choice("modem-2", book, now_s=101).leaves(row)
    book.is_on("modem-1", "")
    assert not _choice("modem-1", book, now_s=101).leaves(row)


def test_where_every_route_would_fail_each_takes_what_there_is() -> None:
    book = RouteBook()
    for modem in ("modem-1", "modem-2"):
        book.is_on(modem, "", is_registered=False)
        book.spent(modem, 100)
    for modem in ("modem-1", "modem-2"):
        assert not _choice(modem, book, now_s=101).leaves(row_of())


def test_failures_far_apart_are_two_people_and_old_ones_are_forgotten() -> None:
    book = RouteBook()
    book.failed("modem-1", ANNA, 0)
    book.failed("modem-1", BERIT, 300)
    assert book.down(301) == frozenset()
    book.failed("modem-1", ANNA, 310)
    assert book.routes_on(book.down(311)) == {"modem-1"}
    assert book.down(311 + FORGET_S) == frozenset()


def test_the_bucket_of_a_sim_holds_up_what_is_no_sos_and_never_an_sos() -> None:
    book = RouteBook()
    for _ in range(int(BURST)):
        assert _choice("modem-1", book).below_rank > RANK_STOP
        book.spent("modem-1", 0)
    empty = _choice("modem-1", book)
    assert empty.below_rank == RANK_STOP
    assert max(RANK_DISTRESS, RANK_CALL, RANK_HQ) < RANK_STOP
    assert _choice("modem-2", book).below_rank > RANK_STOP, "a bucket for each SIM"
    for _ in range(1000):
        book.spent("modem-1", 0)
    assert _choice("modem-1", book, now_s=700).below_rank > RANK_STOP


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("modem-1", "modem-2")),
            st.sampled_from((ANNA, BERIT, TASHKENT, "?")),
            st.booleans(),
            st.floats(0, 5000),
        ),
        max_size=20,
    ),
    st.sampled_from((RANK_DISTRESS, RANK_STOP)),
)
def test_whatever_is_known_a_lone_route_takes_an_sos(
    facts: list[tuple[str, str, bool, float]], rank: int
) -> None:
    book = RouteBook()
    for route, address, reached, at_s in sorted(facts, key=lambda fact: fact[3]):
        (book.reached if reached else book.failed)(route, address, at_s)
        book.spent(route, at_s)
    for address in (ANNA, "?"):
        row = row_of(address=address, rank=rank, avoid_route="modem-1")
        alone = _choice("modem-1", book, up=("modem-1",), now_s=5000)
        assert not alone.leaves(row)
        assert alone.below_rank > RANK_DISTRESS
