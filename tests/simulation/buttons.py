"""Timers that a defender sets by a device's button, and what becomes of each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.values import PersonId, Signal
from tests.simulation.devices import devices
from tests.simulation.plan import Item
from tests.simulation.timers import is_missed

if TYPE_CHECKING:
    from tests.simulation.day import Day

CARRIER = PersonId("dowitcher")
"""Whose action protocol says what a bare press starts."""


def _runs_out(day: "Day", item: Item) -> None:
    """They press once, and nobody hears of them."""
    if _is_pressed(day, item):
        is_missed(day, CARRIER, item.what)


def _begins_anew(day: "Day", item: Item) -> None:
    """They press again `s` seconds later, in time or not, and never after that."""
    if _is_pressed(day, item):
        day.world.sleep(item.s)
        _is_pressed(day, item)
        is_missed(day, CARRIER, item.what)


def _names_a_time(day: "Day", item: Item) -> None:
    """Their device says until when it is, which need not be what was agreed."""
    if _is_pressed(day, item, until=f"{item.n} min"):
        is_missed(day, CARRIER, item.what)


def _is_stored(day: "Day", item: Item) -> None:
    """Their device was out of reach, and says `s` seconds later that they pressed."""
    if _is_pressed(day, item, stored_s=item.s):
        is_missed(day, CARRIER, item.what)


def _is_unanswered(day: "Day", item: Item) -> None:
    """The line is down by the time that their device is told so, up to three times."""
    day.devices.unheard[devices()[CARRIER][1]] += min(item.n, 3)
    if _is_pressed(day, item):
        is_missed(day, CARRIER, item.what)


def _comes_home(day: "Day", item: Item) -> None:
    """They write that they are home: in time, too late, or to a dead engine."""
    if _is_pressed(day, item):
        day.world.sleep(item.s)
        day.struck(item.what)
        day.people.say_as(CARRIER, "home")


BUTTONS: dict[str, Callable[["Day", Item], None]] = {
    "button": _runs_out,
    "button_again": _begins_anew,
    "button_named": _names_a_time,
    "button_stored": _is_stored,
    "button_unanswered": _is_unanswered,
    "button_home": _comes_home,
}


def _is_pressed(
    day: "Day", item: Item, *, until: str = "", stored_s: float = 0.0
) -> bool:
    """Have them press, where a press is agreed to start a timer."""
    host = day.host
    person = host.roster.person(CARRIER)
    if person is None:
        return False
    if host.registry.of(person.action_protocol).check_in.button is None:
        return False
    report = day.devices.report(replace(item, what="walks", who=CARRIER))
    assert report.device_at is not None
    day.devices.send(
        replace(
            report,
            # An older engine's day may have had as many frames, with other signals.
            raw=report.raw + b"/timer",
            signals=frozenset({Signal.CHECK_IN}),
            attributes={"until": until} if until else {},
            buffered=bool(stored_s),
            device_at=report.device_at.plus(timedelta(seconds=-stored_s)),
        )
    )
    return True
