"""What is allowed in a roster and yet leaves somebody without help.

A fault refuses a file; a doubt is shown to whoever imports it. None quotes anything
but ids.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from engine.roster.countries import looks_swapped
from engine.roster.model import Device, Person, Role, Roster
from engine.roster.numbers import is_landline
from engine.roster.risk import RiskWindow
from engine.values import PersonId

OPERATORS_MIN = 2  # a post needs a second operator's approval
DUTY_MIN = 2  # the next person is paged after 60 s
_IMEI_LENGTH = 15
_OURS = re.compile(r"(?:hq|public)-\d+")
"""What a case calls the addresses of HQ's own, and of the public."""
_DAY = timedelta(days=1)
"""Where a window ends it may still be the day before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One thing to look at; `person` is whom it is about, None: all of HQ."""

    person: PersonId | None
    text: str

    def __str__(self) -> str:
        """Return it as one line."""
        return self.text if self.person is None else f"{self.person}: {self.text}"


def review_roster(roster: Roster, today: date | None = None) -> tuple[Doubt, ...]:
    """Return what a careful eye would ask about, HQ first, then by person.

    `today` in UTC; without it nothing lies in the past.
    """
    return (
        *(Doubt(person=None, text=text) for text in _about_hq(roster)),
        *(
            Doubt(person=one.person, text=text)
            for one in roster.people
            for text in (*_about(one, roster), *_outdated(one, today))
        ),
    )


def has_luhn_digit(digits: str) -> bool:
    """Say whether the last of these decimal digits checks the others (ISO 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        double = 2 * int(digit) if place % 2 else int(digit)
        total += double - 9 * (double > 9)  # noqa: PLR2004 - cross sum of two digits
    return total % 10 == 0


def _about_hq(roster: Roster) -> Iterator[str]:
    on_duty = len(roster.duty())
    if on_duty < DUTY_MIN:
        yield f"the duty rota has {on_duty}: with nobody next, paging stops at them"
    operators = len(roster.with_role(Role.OPERATOR))
    if operators < OPERATORS_MIN:
        yield f"there are {operators} operators: a post needs the approval of a second"
    fictional = sum(one.fictional for one in roster.people)
    if 0 < fictional < len(roster.people):
        yield f"{fictional} people are fictional, among real ones: nothing reaches them"


def _about(person: Person, roster: Roster) -> Iterator[str]:
    if _OURS.fullmatch(person.person):
        yield (
            "a case calls an address of HQ's, or the public's, by this id, and would"
            " take one for the other: give them another"
        )
    if person.has(Role.DEFENDER):
        yield from _about_defender(person, roster)
    if person.has(Role.COLLEAGUE) and not _has_place(person):
        yield "no declared place and no consent to live ones: is never the nearest"
    if is_unbound(person, roster) and not person.has(Role.OPERATOR):
        yield (
            "has shifts and is no operator: what is taken at the console by another"
            " name does not come to HQ again when a shift ends; give them the role, and"
            " that name: natalia operator add"
        )
    place = person.declared
    if place is not None and place.lat_deg == place.lon_deg == 0:
        yield "the declared place is 0/0, in the sea: an empty cell of a spreadsheet?"
    elif place is not None and looks_swapped(place, person.country):
        yield (
            "the declared place lies far from the country, and near with lat_deg and"
            " lon_deg exchanged: were they?"
        )
    if person.has(Role.COLLEAGUE) and not person.circles:
        yield "a colleague in no trust circle: is never asked to go"
    if person.has(Role.DUTY) and person.person not in roster.rota.duty:
        yield "has the role duty and is not on the rota: is never paged"
    yield from _about_ways(person)
    if any(len(roster.by_number(number)) > 1 for number in person.numbers):
        yield "shares a number: an answer from it can be anybody's of them"


def _about_ways(person: Person) -> Iterator[str]:
    if person.numbers and is_landline(person.numbers[0]):
        yield (
            "the first number is a landline's or a service's, which most SMS do not"
            " reach: is its plus sign lost?"
        )


def is_unbound(person: Person, roster: Roster) -> bool:
    """Say whether somebody's shifts count only if an operator has their id as name.

    Where nobody is an operator yet, that is what is said first, and of all of HQ.
    """
    on_shifts = bool(person.shifts) and person.person in roster.rota.duty
    return on_shifts and bool(roster.with_role(Role.OPERATOR))


def _has_place(person: Person) -> bool:
    """Say whether a colleague can be the nearest at all."""
    return person.declared is not None or person.live_position_consent


def _about_defender(person: Person, roster: Roster) -> Iterator[str]:
    near = roster.colleagues_of(person.person)
    told = "HQ and contacts alone are told" if person.contacts else "HQ alone is told"
    if not near:
        yield f"a defender without a colleague in a trust circle: {told}"
    elif not any(one.available and _has_place(one) for one in near):
        yield f"a defender of whose colleagues none can be asked to go: {told}"
    if not roster.devices_of(person.person) and not person.numbers:
        yield "a defender without device and number: nothing that comes is theirs"
    if not person.contacts:
        yield "a defender without contacts: nobody else is told where no place is known"
    if person.risk_windows and not any(
        one.heartbeat for one in roster.devices_of(person.person)
    ):
        yield "risk windows and no device with heartbeat_s: silence is not noticed"
    if person.call_is_sos:
        yield from _about_calls(person, roster)
    yield from _about_what_is_shared(person, roster)
    for device in roster.devices_of(person.person):
        yield from about_device(device, roster)


def _about_calls(person: Person, roster: Roster) -> Iterator[str]:
    if not roster.telephones_of(person.person):
        yield "call_is_sos without a number: no call is theirs"
    if any(len(roster.by_number(number)) > 1 for number in person.numbers):
        yield "call_is_sos with a shared number: a call of the others raises as well"
    if person.has(Role.DUTY):
        yield (
            "call_is_sos for an officer: for ten minutes after HQ has rung them their"
            " call is a notice, not an SOS"
        )


def _about_what_is_shared(person: Person, roster: Roster) -> Iterator[str]:
    """Say who is told less of an alarm, lest the defender's own things show it."""
    theirs = roster.reached_at(person.person)
    alike = {one.person for one in roster.with_any_of(theirs)} - {person.person}
    asked = {one.person for one in roster.colleagues_of(person.person)}
    asked |= {*person.contacts, *roster.rota.duty}
    if alike & asked:
        yield (
            "a defender who shares a number, an address or a device's SIM with a"
            " colleague, a contact or an officer: of this one's alarm nothing is sent"
            " there"
        )
    # An e-mail address alone pages nobody: it wakes nobody either.
    if roster.duty() and not any(
        one.person != person.person and set(one.numbers) - theirs
        for one in roster.duty()
    ):
        yield (
            "a defender for whose alarm nobody else on the rota can be paged by SMS or"
            " call: HQ's own addresses alone are told"
        )


_CHANGED = re.compile(r"\d+\.0|\d(?:\.\d+)?[eE]\d+")
"""What a spreadsheet, or a program, makes of 15 digits; the plus sign is refused."""


def about_device(device: Device, roster: Roster) -> Iterator[str]:
    """Return what a careful eye would ask about one device."""
    if device.profile and roster.profile_of(device) is None:
        yield "a device's profile is not in the roster: its codes mean nothing more"
    if device.secret_file is not None and not device.secret_file.startswith("/"):
        yield (
            "a device's secret_file is looked for where the engine stands, and not"
            " beside this file: write it from / on, or the device proves nothing by it"
        )
    key = device.device
    if _CHANGED.fullmatch(key) is not None:
        yield (
            "a device's id looks like a figure that a spreadsheet has changed: make the"
            " column text and write it again"
        )
    if not (key.isascii() and key.isdecimal()):
        return
    if len(key) == _IMEI_LENGTH and not has_luhn_digit(key):
        yield (
            "a device's 15 digits fail their check digit: a slip, or a tracker"
            " that makes its IMEI up"
        )
    # A zero before them changes no sum.
    if len(key) == _IMEI_LENGTH - 1 and has_luhn_digit(key):
        yield (
            "a device's 14 digits are an IMEI with a 0 before them: a spreadsheet drops"
            " it, and the device is not known without it"
        )


def _outdated(person: Person, today: date | None) -> Iterator[str]:
    if today is None:
        return
    if any(map(partial(_is_over, today), person.risk_windows)):
        yield "a risk window lies in the past: was another year meant?"
    over = [one for one in person.shifts if _is_over(today, one)]
    if over and len(over) == len(person.shifts):
        yield (
            "all shifts lie in the past: is paged behind all others for good; was"
            " another year meant?"
        )
    elif over:
        yield "a shift lies in the past: was another year meant?"


def _is_over(today: date, window: RiskWindow) -> bool:
    return window.last is not None and window.last < today - _DAY
