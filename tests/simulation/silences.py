"""Devices that have agreed to be heard, and fall silent."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.roster.risk import read_window
from engine.values import PersonId
from tests.simulation.changes import with_person
from tests.simulation.plan import Item
from tests.simulation.told import is_noticed

if TYPE_CHECKING:
    from tests.simulation.day import Day

HEARTBEAT = timedelta(minutes=10)
HEARD_EVERY_S = 240.0
AT_RISK = (read_window("daily 00:00-23:59"),)
LOOKS, LOOK_S = 120, 300.0


def _falls_silent(day: "Day", item: Item) -> None:
    """HQ agrees with somebody when their device is heard, and then it is not."""
    roster, who = day.host.roster, PersonId(item.who)
    person = roster.person(who)
    if person is None:
        return
    devices = tuple(
        replace(one, heartbeat=HEARTBEAT) if one.person == who else one
        for one in roster.devices
    )
    if item.what == "unheard_at_risk":
        roster = with_person(roster, replace(person, risk_windows=AT_RISK))
    day.host.put_in_force(replace(roster, devices=devices))
    day.host.wait_for(who)
    for _ in range(item.n):
        day.devices.send(day.devices.report(replace(item, what="walks")))
        day.world.sleep(HEARD_EVERY_S)
    day.watching.timed.silent.add(who)
    for _ in range(LOOKS):
        day.world.sleep(LOOK_S)
        if is_noticed(who, day.watching.alarms.values()):
            day.struck(item.what)
            break
    day.host.waited_for.discard(who)


SILENCES: dict[str, Callable[["Day", Item], None]] = {
    "unheard": _falls_silent,
    "unheard_at_risk": _falls_silent,
}
