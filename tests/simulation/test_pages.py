"""Cases that wait for a modem page an officer by one message, in a simulated day."""

import pytest

from tests.simulation.cast import FOLLOWS
from tests.simulation.day import Day
from tests.simulation.invariants import PAGES
from tests.simulation.plan import Item, Plan

PRESSED_S, BACK_S = 100.0, 30.0
WHO = [name for name, protocol in FOLLOWS.items() if protocol != "hushed"]


def day_of(*items: Item) -> Day:
    """Return a day on which all press while no modem is there."""
    gone = [
        Item(PRESSED_S - 5, "modem", "gone", modem, s=BACK_S)
        for modem in ("modem-1", "modem-2")
    ]
    presses = [Item(PRESSED_S, "input", "sos", who) for who in WHO]
    return Day(Plan(1, tuple(sorted((*gone, *presses, *items)))), ends_s=3_000.0)


@pytest.mark.parametrize("kills", [0, 1])
def test_each_case_is_part_of_a_page_that_went_out(kills: int) -> None:
    kill = Item(PRESSED_S + BACK_S - 4.0, "process", "kill")
    day = day_of(*[kill] * kills)
    assert day.run().violation is None
    texts = [text for _, channel, _, text in day.network.arrived if channel == "sms"]
    counted = [int(found[1]) for text in texts if (found := PAGES.match(text))]
    assert max(counted) > 1
    assert len(day.watching.alarms) > 1
