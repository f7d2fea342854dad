"""An officer who is forced, and a page that is not given, in a simulated day."""

from collections.abc import Sequence

import pytest

from engine.alarm.codec import decode
from engine.alarm.events import AlarmReopened, NotificationPlanned
from engine.protocol.model import Audience
from engine.values import Instant
from tests.simulation.colleagues import FORCED
from tests.simulation.day import Day
from tests.simulation.plan import Item, Plan
from tests.simulation.tables import OFFICERS

PRESSED_S, ENDS_S = 100.0, 20_000.0
NUMBERS = range(1, 8)


def day_of(what: str, number: int, *items: Item) -> Day:
    """Return a day on which whoever was paged is forced."""
    press = Item(PRESSED_S, "input", "sos", "gannet")
    forced = Item(PRESSED_S + 1, "force", what, "", number, 30.0)
    plan = Plan(number, tuple(sorted((press, forced, *items))))
    return Day(plan, ends_s=ENDS_S)


@pytest.mark.parametrize("what", OFFICERS)
@pytest.mark.parametrize("number", NUMBERS)
def test_whatever_an_officer_says_under_force_hq_hears_it(
    what: str, number: int
) -> None:
    day = day_of(what, number)
    assert day.run().violation is None
    assert day.outcome.faults[what] == 1
    assert not day.watching.freedom.is_lost(day.disk)


def test_their_telephone_does_not_ring_for_what_their_word_has_opened() -> None:
    opened = 0
    for number in NUMBERS:
        day = day_of("officer_opens", number)
        day.run()
        facts = [decode(row) for row in day.disk.medium.events if _is_told(row.kind)]
        opens = [fact.at for fact in facts if isinstance(fact, AlarmReopened)]
        if not opens:
            continue
        pages = _pages_after(opens[0], facts)
        opened += bool(pages)
        assert str(day.watching.freedom.words[FORCED]) not in pages
    assert opened > 1


@pytest.mark.parametrize("at_s", [-1.0, 0.001, 2.0, 30.0])
def test_an_sos_that_meets_a_page_that_is_not_given_comes_right(at_s: float) -> None:
    unread = Item(PRESSED_S + at_s, "disk", "unread", s=40.0)
    day = day_of("officer_forced", 1, unread)
    assert day.run().violation is None
    assert day.outcome.faults["unread"]
    assert day.watching.alarms


def _is_told(kind: str) -> bool:
    return kind in {"AlarmReopened", "NotificationPlanned"}


def _pages_after(at: Instant, facts: Sequence[object]) -> set[str]:
    return {
        fact.person
        for fact in facts
        if isinstance(fact, NotificationPlanned)
        and fact.audience is Audience.DUTY
        and fact.at >= at
    }
