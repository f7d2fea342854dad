"""A device cancels while nothing is open, and its carrier presses seconds later."""

from dataclasses import replace

import pytest

from engine.values import PersonId
from tests.simulation.changes import with_person
from tests.simulation.day import Day
from tests.simulation.plan import Item, Plan

WITH_COUNTDOWN = "dowitcher"
CANCELLED_S = 100.0
SAFE = "Starlings"


def told(*items: Item) -> int:
    """Return how many people one alarm has told."""
    day = Day(Plan(5, items), ends_s=400.0)
    assert day.run().violation is None
    (alarm,) = day.watching.alarms.values()
    assert not alarm.called_off
    return len(alarm.told)


@pytest.mark.parametrize("after_s", [0.0, 2.0, 8.0, 15.0])
def test_the_press_is_not_called_off_by_what_came_before_it(after_s: float) -> None:
    """What waited for a case for 20 s found this one, and kept colleagues from it.

    So did what came in one piece with the press, from a device that was out of reach.
    """
    press = Item(CANCELLED_S + after_s, "input", "sos", WITH_COUNTDOWN)
    cancel = Item(CANCELLED_S, "input", "cancel", WITH_COUNTDOWN)
    assert told(cancel, press) == told(press)


@pytest.mark.parametrize("texts", [("SOS",), (SAFE, "SOS")])
def test_nor_by_what_was_written_before_it_while_no_engine_ran(
    texts: tuple[str, ...],
) -> None:
    """Both lay on a SIM and were read at once: they had come in one moment."""
    day = Day(Plan(5, (Item(CANCELLED_S, "process", "kill"),)), ends_s=600.0)
    person = day.host.roster.person(PersonId(WITH_COUNTDOWN))
    assert person is not None
    agreed = replace(person, safe_word=SAFE, duress_word="Lapwings")
    day.host.roster = with_person(day.host.roster, agreed)

    def writes() -> None:
        day.world.sleep(CANCELLED_S + 0.1)
        for text in texts:
            day.people.say_as(person.person, f"{text} {person.sign}")
            day.world.sleep(0.3)

    day.world.begin(writes, "phone")
    assert day.run().violation is None
    (alarm,) = day.watching.alarms.values()
    assert not alarm.called_off
    assert alarm.safe == ()
