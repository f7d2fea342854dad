"""Timers that defenders set by SMS, and what becomes of each."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.values import PersonId
from tests.simulation.cast import AGREED, DURESS_WORD, SAFE_WORD, TRAVELLER
from tests.simulation.plan import Item
from tests.simulation.told import was_missed

if TYPE_CHECKING:
    from tests.simulation.day import Day

LOOKS, LOOK_S = 30, 200.0


def _runs_out(day: "Day", item: Item) -> None:
    """Somebody says when they will be home, and nobody hears of them."""
    if _is_set(day, TRAVELLER, item):
        is_missed(day, TRAVELLER, item.what)


def _moves(day: "Day", item: Item) -> None:
    """They say another time, before the first or after it, and are not heard of."""
    if _is_set(day, TRAVELLER, item):
        day.world.sleep(item.s)
        day.people.say_as(TRAVELLER, f"later {item.n + 3} min")
        is_missed(day, TRAVELLER, item.what)


def _comes_home(day: "Day", item: Item) -> None:
    """They say that they are home: in time, too late, or to a dead engine."""
    if _is_set(day, TRAVELLER, item):
        day.world.sleep(item.s)
        day.struck(item.what)
        day.people.say_as(TRAVELLER, "home")
        day.watching.timed.people.discard(TRAVELLER)


def _comes_home_by_word(day: "Day", item: Item) -> None:
    """Who has agreed on words says the one of safety."""
    if _is_set(day, AGREED, item):
        day.world.sleep(item.s)
        day.struck(item.what)
        day.people.say_as(AGREED, f"home {SAFE_WORD}")


def _says_nothing_of_it(day: "Day", item: Item) -> None:
    """Who has agreed on words says neither: that they are home is nobody's word."""
    if _is_set(day, AGREED, item):
        day.world.sleep(item.s)
        day.people.say_as(AGREED, "home")
        is_missed(day, AGREED, item.what)


def _is_forced(day: "Day", item: Item) -> None:
    """Somebody has them say that they are home, and they say the word of force."""
    if _is_set(day, AGREED, item):
        day.world.sleep(item.s)
        day.struck(item.what)
        day.people.say_as(AGREED, f"{DURESS_WORD} home" if item.n % 2 else DURESS_WORD)


TIMERS: dict[str, Callable[["Day", Item], None]] = {
    "timer": _runs_out,
    "timer_moved": _moves,
    "timer_ended": _comes_home,
    "timer_word": _comes_home_by_word,
    "timer_bare": _says_nothing_of_it,
    "timer_forced": _is_forced,
}


def _is_set(day: "Day", who: PersonId, item: Item) -> bool:
    """Have somebody set one, where anybody knows who they are."""
    if day.host.roster.person(who) is None:
        return False
    day.watching.timed.says(who, day.disk)
    day.people.say_as(who, f"home in {item.n} min")
    return True


def is_missed(day: "Day", who: PersonId, what: str) -> None:
    """Have them heard of no more: by the end of the day a case has to know of it."""
    if who != AGREED:  # who may be heard of by a word at any time
        day.watching.timed.people.add(who)
    for _ in range(LOOKS):
        day.world.sleep(LOOK_S)
        if was_missed(who, day.watching.alarms.values()):
            day.struck(what)
            return
