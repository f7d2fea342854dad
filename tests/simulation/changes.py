"""A roster, or an action protocol, that somebody changes while cases are open.

A roster is imported into the engine that runs, as HQ does it, and is what the next one
starts with. A file of an action protocol is read at a start: who changes one starts the
engine anew.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.protocol.model import Audience
from engine.roster.model import Person, Roster
from engine.values import PersonId
from tests.engine.roster.rosters import without
from tests.simulation.cast import FOLLOWS, NEW_NUMBERS, SHIFTS, registry, roster
from tests.simulation.plan import Item

if TYPE_CHECKING:
    from tests.simulation.day import Day

_CALLED = frozenset({Audience.NEAREST, Audience.CONTACTS})
_STEPS_OF = sorted(set(FOLLOWS.values()))


def _taken_out(day: "Day", who: PersonId) -> Roster:
    watching = day.watching
    for one in (watching.freedom, watching.after_care, watching.timed):
        one.strangers.add(who)
    return without(day.host.roster, who)


def with_person(before: Roster, person: Person) -> Roster:
    """Return a roster in which what is said of one person is another."""
    return replace(
        before,
        people=tuple(
            person if one.person == person.person else one for one in before.people
        ),
    )


def _left(day: "Day", item: Item) -> Roster:
    """The defender is taken out, with their devices, their case open or not."""
    return _taken_out(day, PersonId(item.who))


def _follows(day: "Day", item: Item) -> Roster:
    """The defender follows another action protocol from now on."""
    before = day.host.roster
    person = before.person(PersonId(item.who))
    if person is None:
        return before
    others = [one for one in _STEPS_OF if one != person.action_protocol]
    now = replace(person, action_protocol=others[item.n % len(others)])
    return with_person(before, now)


def _retired(day: "Day", item: Item) -> Roster:
    """Somebody is taken out who was called to a case, or might have been."""
    who = _somebody(day, item)
    return day.host.roster if who is None else _taken_out(day, who.person)


def _renumbered(day: "Day", item: Item) -> Roster:
    """Somebody who was called, or might have been, has another number."""
    before, who = day.host.roster, _somebody(day, item)
    if who is None:
        return before
    taken = {number for one in before.people for number in one.numbers}
    number = next(one for one in NEW_NUMBERS if one not in taken)
    day.people.has_number(who, number)
    return with_person(before, replace(who, numbers=(number,)))


def _unavailable(day: "Day", item: Item) -> Roster:
    """Somebody who was called, or might have been, is not to be called for a while."""
    before, who = day.host.roster, _somebody(day, item)
    return before if who is None else with_person(before, replace(who, available=False))


def _relieved(day: "Day", item: Item) -> Roster:
    """One of three officers is taken off the rota; somebody who is there stays."""
    before = day.host.roster
    gone = sorted(SHIFTS)[item.n % len(SHIFTS)]
    duty = tuple(one for one in before.rota.duty if one != gone)
    if not set(duty) - day.people.gone:
        return before
    return replace(before, rota=replace(before.rota, duty=duty))


ROSTERS: dict[str, Callable[["Day", Item], Roster]] = {
    "left": _left,
    "follows": _follows,
    "retired": _retired,
    "renumbered": _renumbered,
    "unavailable": _unavailable,
    "relieved": _relieved,
}


def import_roster(day: "Day", item: Item) -> None:
    """Have HQ import a roster with one change, where it is one."""
    changed = ROSTERS[item.what](day, item)
    if changed.version != day.host.roster.version:
        day.struck(item.what)
        day.host.put_in_force(changed)


def change_file(day: "Day", item: Item) -> None:
    """Rewrite the file of the defender's action protocol, or take it away."""
    person = roster().person(PersonId(item.who))
    name = None if person is None else person.action_protocol
    now = dict(day.host.registry.protocols)
    if name not in now or name == day.host.registry.default:
        return
    steps = now.pop(name)
    if item.what == "rewritten":
        others = [one for one in _STEPS_OF if one != name]
        other = registry().protocols[others[item.n % len(others)]]
        now[name] = replace(other, name=steps.name)
    day.struck(item.what)
    day.host.registry = replace(day.host.registry, protocols=now)
    day.stop_wanted = day.stop_wanted or not day.host.life.dead


def _somebody(day: "Day", item: Item) -> Person | None:
    """Return whom an open case has called; else one of the defender's circles."""
    before = day.host.roster
    called = {
        effect.person
        for alarm in day.watching.alarms.values()
        if alarm.is_open and alarm.defender == item.who
        for effect in alarm.effects.values()
        if effect.audience in _CALLED
    }
    theirs = roster().person(PersonId(item.who))
    circles = frozenset() if theirs is None else theirs.circles
    people = [one for one in before.people if one.person in called] or [
        one
        for one in before.people
        if one.person != item.who and not circles.isdisjoint(one.circles)
    ]
    return people[item.n % len(people)] if people else None
