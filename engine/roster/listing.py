"""People as plain data for command line and control socket, hidden until revealed."""

from collections.abc import Mapping

from engine.roster.model import Person, Role, Roster
from engine.values import PersonId

Plain = dict[str, object]


def list_people(roster: Roster, *, reveal: bool) -> list[Plain]:
    """Return id, alias and roles of everybody, by id; numbers only where revealed."""
    return [_line(one, reveal=reveal) for one in roster.people]


def show_person(roster: Roster, person: PersonId, *, reveal: bool) -> Plain | None:
    """Return what is known of one person; None for an unknown id.

    Numbers, addresses, sign, place, zone and country only where revealed; a reveal
    is a privileged act, which the caller journals.
    """
    found = roster.person(person)
    if found is None:
        return None
    shown: Plain = {
        **_line(found, reveal=reveal),
        "language": found.language.value,
        "circles": sorted(found.circles),
        "colleagues": [one.person for one in roster.colleagues_of(person)],
        "contacts": list(found.contacts),
        "devices": [one.wire_protocol for one in roster.devices_of(person)],
        "available": found.available,
        "live_position_consent": found.live_position_consent,
        "call_is_sos": found.call_is_sos,
        "publish_consent": found.publish_consent.value,
        "shifts": [one.text for one in found.shifts],
        "action_protocol": found.action_protocol,
        "fictional": found.fictional,
    }
    return shown | _hidden(found, roster) if reveal else shown


_NOBODY = "the roster has nobody with this id; see: natalia roster list"


def respond(request: Mapping[str, object], roster: Roster) -> Plain:
    """Answer a reading request of the control socket (`docs/roster.md`).

    Always an answer: `{"ok": False, "error": ...}` where it cannot be served.
    """
    reveal = request.get("reveal") is True
    match request.get("command"), request.get("person"):
        case "roster.list", _:
            people = list_people(roster, reveal=reveal)
            return {"ok": True, "version": roster.version, "people": people}
        case "roster.show", str(person):
            shown = show_person(roster, PersonId(person), reveal=reveal)
            if shown is None:
                return {"ok": False, "error": _NOBODY}
            return {"ok": True, "version": roster.version, "person": shown}
        case _:
            return {"ok": False, "error": "no reading request of the roster"}


def _line(person: Person, *, reveal: bool) -> Plain:
    line: Plain = {
        "person": person.person,
        "alias": person.alias,
        "roles": [role.value for role in Role if role in person.roles],
    }
    if reveal:
        line["numbers"] = list(person.numbers)
    return line


def _hidden(person: Person, roster: Roster) -> Plain:
    place = person.declared
    return {
        "addresses": [f"{one.channel}:{one.address}" for one in person.addresses],
        "sign": person.sign,
        "zone": person.zone,
        "country": person.country,
        "device_ids": [one.device for one in roster.devices_of(person.person)],
        "declared": None
        if place is None
        else {
            "name": place.name,
            "lat_deg": place.lat_deg,
            "lon_deg": place.lon_deg,
            "accuracy_m": place.accuracy_m,
            "given_on": place.given_on.isoformat(),
        },
    }
