"""Officers of the rota who are forced, and say so by their own word."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.alarm.state import Alarm, Told, alarm_of
from engine.protocol.model import Audience
from engine.values import PersonId
from tests.simulation.colleagues import SAYS, word_of
from tests.simulation.plan import Item

if TYPE_CHECKING:
    from tests.simulation.day import Day

LOOKS, LOOK_S = 60, 200.0


def _is_forced(day: "Day", item: Item) -> None:
    """Whoever was paged is forced, while the case is open or once it has ended."""
    for _ in range(LOOKS):
        day.world.sleep(LOOK_S)
        for case in list(day.watching.alarms.values()):
            paged = _paged(case)
            if paged and case.is_open == (item.what == "officer_forced"):
                day.world.sleep(item.s)
                _say(day, item, paged[item.n % len(paged)])
                return


def _paged(case: Alarm) -> list[Told]:
    return [one for one in case.told.values() if one.audience is Audience.DUTY]


def _say(day: "Day", item: Item, told: Told) -> None:
    person = day.host.roster.person(PersonId(told.person))
    word = None if person is None else word_of(day, person)
    if person is None or word is None:
        return
    day.struck(item.what)
    # Without the code the word may be meant of another case of theirs.
    for row in list(day.disk.medium.codes.values()):
        if row.person == told.person:
            day.watching.answers.note(alarm_of(row.stream), told.person)
    code = told.code if item.n % 3 else ""
    text = f"{code} {SAYS[item.n % len(SAYS)]} {word}".strip()
    day.network.send_in(person.numbers[0], text)


OFFICERS: dict[str, Callable[["Day", Item], None]] = dict.fromkeys(
    ("officer_forced", "officer_opens"), _is_forced
)
