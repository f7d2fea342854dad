"""What HQ asks of a device in a simulated day: at once, later, by SMS, over a kill."""

import pytest

from engine.intake.orders.order import PREFIX
from engine.values import EffectId
from tests.simulation.day import Day
from tests.simulation.orders import CARRIER, SIM, Asked
from tests.simulation.plan import Item, Plan, plan_of
from tests.simulation.tables import ORDERS

ASKED_S, AWAY_S = 60.0, 300.0
GIVEN = sorted({*ORDERS} - {"order_refused"})


def day_of(what: str, *items: Item) -> Day:
    order = Item(ASKED_S, "human", what, "", 4, AWAY_S)
    return Day(Plan(1, tuple(sorted((order, *items)))))


def ways(day: Day) -> list[bytes]:
    """Return what the rows say last of each order."""
    return [
        stream.events[-1].body
        for name, stream in day.disk.medium.streams.items()
        if name.startswith(PREFIX)
    ]


def by_sms(day: Day) -> list[str]:
    return [text for _, _, address, text in day.network.arrived if address == SIM]


@pytest.mark.parametrize(
    "fault",
    [
        None,
        *(Item(ASKED_S + at_s, "process", "kill") for at_s in (0.001, 0.5, 61.0)),
        Item(ASKED_S + AWAY_S, "process", "kill"),
        Item(ASKED_S - 1, "process", "commit_before", n=1),
        Item(ASKED_S - 1, "process", "commit_after", n=1),
        Item(ASKED_S - 1, "disk", "full", s=60.0),
        Item(ASKED_S - 1, "disk", "slow", s=60.0),
        Item(ASKED_S + 0.001, "process", "fails", "orders"),
        Item(ASKED_S + 10, "time", "suspend", s=3_600.0),
    ],
    ids=lambda one: "nothing" if one is None else f"{one.what}-{one.at_s}",
)
@pytest.mark.parametrize("what", ORDERS)
def test_what_is_asked_of_a_device_reaches_it_whatever_happens(
    what: str, fault: Item | None
) -> None:
    day = day_of(what, *([fault] if fault else []))
    assert day.run().violation is None
    assert day.outcome.faults[what] == 1
    assert not day.host.orders_wait


@pytest.mark.parametrize(
    ("what", "times"), [("order", 1), ("order_away", 1), ("order_twice", 2)]
)
def test_an_order_is_written_once_though_the_device_answers_it(
    what: str, times: int
) -> None:
    day = day_of(what)
    assert day.run().violation is None
    assert sorted(day.asked.written.values()) == [1] * times
    assert by_sms(day) == []


def test_one_that_is_not_there_is_asked_by_sms() -> None:
    day = day_of("order_by_sms")
    assert day.run().violation is None
    assert not day.asked.written
    assert len(by_sms(day)) == 1
    (way,) = ways(day)
    assert b"sms" in way


def test_what_the_file_does_not_allow_is_in_no_row() -> None:
    day = day_of("order_refused")
    assert day.run().violation is None
    assert ways(day) == []
    assert not day.asked.written


def test_an_order_that_waits_to_the_end_is_found_and_one_that_is_in_no_row() -> None:
    day = day_of("order_away", Item(ASKED_S + 1, "roster", "left", str(CARRIER)))
    assert day.run().violation is None, "nobody listens for a device of nobody's"
    asked: Asked = day.asked
    assert [*asked.broken(day.disk, 1, is_enrolled=True)] == [
        ("I2", "an order waits, and its device is there")
    ]
    asked.given.append("lost")
    asked.queued.add("lost")
    found = [*asked.broken(day.disk, 1, is_enrolled=False)]
    assert found == [("I1", "an order that is queued is in no row")]


def test_a_device_that_is_given_an_order_again_and_again_is_found() -> None:
    day = day_of("order")
    assert day.run().violation is None
    (words,) = day.asked.written
    day.asked.written[words] = 2
    assert [*day.asked.broken(day.disk, 1, is_enrolled=True)] == [
        ("I4", "an order is given again and again")
    ]
    day.asked.written.clear()
    assert [*day.asked.broken(day.disk, 1, is_enrolled=True)] == [
        ("I12", "an order is shown as sent that nobody has written")
    ]


def test_one_that_is_shown_as_sent_by_sms_and_is_in_no_row_is_found() -> None:
    day = day_of("order_by_sms")
    assert day.run().violation is None
    (order,) = day.asked.queued
    del day.disk.medium.effects[EffectId(f"order.{order}")]
    assert [*day.asked.broken(day.disk, 1, is_enrolled=True)] == [
        ("I12", "an order is shown as sent that nobody has written")
    ]


def test_days_draw_each() -> None:
    drawn = {one.what for seed in range(2_000) for one in plan_of(seed).items}
    assert drawn >= set(ORDERS)
