"""Devices that have agreed to be heard, and fall silent, some of them twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.roster.risk import read_window
from engine.values import PersonId
from tests.simulation.changes import with_person
from tests.simulation.plan import Item
from tests.simulation.told import times_silent

if TYPE_CHECKING:
    from tests.simulation.day import Day

HEARTBEAT = timedelta(minutes=10)
HEARD_EVERY_S = 240.0
AT_RISK = (read_window("daily 00:00-23:59"),)
LOOKS, LOOK_S = 120, 300.0


def _falls_silent(day: "Day", item: Item) -> None:
    """HQ agrees with somebody when their device is heard, and then it is not."""
    who = PersonId(item.who)
    if _agrees(day, item) and _is_found_silent(day, item):
        day.struck(item.what)
    day.host.waited_for.discard(who)


def _falls_silent_again(day: "Day", item: Item) -> None:
    """It is heard again `s` seconds after it was found silent, and then is not."""
    who = PersonId(item.who)
    if _agrees(day, item) and _is_found_silent(day, item):
        day.host.waited_for.discard(who)  # until it is heard nothing new can be found
        day.world.sleep(item.s)
        day.host.wait_for(who)
        if _is_found_silent(day, item):
            day.struck(item.what)
    day.host.waited_for.discard(who)


def _agrees(day: "Day", item: Item) -> bool:
    roster, who = day.host.roster, PersonId(item.who)
    person = roster.person(who)
    if person is None:
        return False
    devices = tuple(
        replace(one, heartbeat=HEARTBEAT) if one.person == who else one
        for one in roster.devices
    )
    if item.what.endswith("at_risk"):
        roster = with_person(roster, replace(person, risk_windows=AT_RISK))
    day.host.put_in_force(replace(roster, devices=devices))
    day.host.wait_for(who)
    return True


def _is_found_silent(day: "Day", item: Item) -> bool:
    """Have it heard for a while, and then not; say whether a case knows of that."""
    who, silent = PersonId(item.who), day.watching.timed.silent
    for _ in range(item.n):
        day.devices.send(day.devices.report(replace(item, what="walks")))
        day.world.sleep(HEARD_EVERY_S)
    silent[who] += 1
    for _ in range(LOOKS):
        day.world.sleep(LOOK_S)
        alarms, medium = day.watching.alarms.values(), day.host.disk.medium
        if times_silent(who, alarms, medium) >= silent[who]:
            return True
    return False


SILENCES: dict[str, Callable[["Day", Item], None]] = {
    "unheard": _falls_silent,
    "unheard_at_risk": _falls_silent,
    "unheard_again": _falls_silent_again,
    "unheard_again_at_risk": _falls_silent_again,
}
