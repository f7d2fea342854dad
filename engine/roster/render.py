"""A roster as one TOML text, such that reading it gives the same roster back.

An import is kept in this form, so that what the service holds can be read, compared
and mended by hand.
"""

import json
from collections.abc import Iterable, Iterator

from engine.roster.model import Consent, Device, Person, Profile, Role, Roster


def render_roster(roster: Roster) -> str:
    """Return the canonical TOML of a roster: sorted, without defaulted fields."""
    blocks = [
        "version = 1",
        f"[rota]\nduty = {_list(roster.rota.duty)}",
        *("\n".join(_profile(one)) for one in roster.profiles),
        *("\n".join(_device(one)) for one in roster.devices),
        *("\n".join(_person(one)) for one in roster.people),
    ]
    return "\n\n".join(blocks) + "\n"


def _profile(profile: Profile) -> Iterator[str]:
    yield "[[profile]]"
    yield f"id = {_text(profile.profile)}"
    pairs = (
        f"{_text(code)} = {_text(signal)}"
        for code, signal in sorted(profile.codes.items())
    )
    yield f"codes = {{ {', '.join(pairs)} }}"


def _device(device: Device) -> Iterator[str]:
    yield "[[device]]"
    yield f"id = {_text(device.device)}"
    yield f"wire_protocol = {_text(device.wire_protocol)}"
    yield f"person = {_text(device.person)}"
    if device.profile:
        yield f"profile = {_text(device.profile)}"
    if device.model:
        yield f"model = {_text(device.model)}"
    if device.number is not None:
        yield f"number = {_text(device.number)}"
    if device.secret_file is not None:
        yield f"secret_file = {_text(device.secret_file)}"
    if device.heartbeat is not None:
        yield f"heartbeat_s = {device.heartbeat.total_seconds()!r}"
    if device.safe_codes:
        yield f"safe_codes = {_list(sorted(device.safe_codes))}"
    if device.duress_codes:
        yield f"duress_codes = {_list(sorted(device.duress_codes))}"


def _person(person: Person) -> Iterator[str]:
    yield "[[person]]"
    yield f"id = {_text(person.person)}"
    yield f"alias = {_text(person.alias)}"
    yield f"roles = {_list(role for role in Role if role in person.roles)}"
    yield f"language = {_text(person.language)}"
    yield f"zone = {_text(person.zone)}"
    yield f"country = {_text(person.country)}"
    yield from _reach(person)
    if person.circles:
        yield f"circles = {_list(sorted(person.circles))}"
    if person.contacts:
        yield f"contacts = {_list(person.contacts)}"
    if person.declared is not None:
        place = person.declared
        yield (
            f"declared = {{ name = {_text(place.name)}, lat_deg = {place.lat_deg!r},"
            f" lon_deg = {place.lon_deg!r}, accuracy_m = {place.accuracy_m!r},"
            f" given_on = {place.given_on.isoformat()} }}"
        )
    yield from _agreed(person)
    if person.fictional:
        yield "fictional = true"


def _agreed(person: Person) -> Iterator[str]:
    if not person.available:
        yield "available = false"
    if person.live_position_consent:
        yield "live_position_consent = true"
    if person.call_is_sos:
        yield "call_is_sos = true"
    if person.publish_consent is not Consent.NONE:
        yield f"publish_consent = {_text(person.publish_consent)}"
    if person.public_name:
        yield f"public_name = {_text(person.public_name)}"
    if person.action_protocol is not None:
        yield f"action_protocol = {_text(person.action_protocol)}"
    if person.agreed_text:
        yield f"agreed_text = {_text(person.agreed_text)}"
    if person.risk_windows:
        yield f"risk_windows = {_list(one.text for one in person.risk_windows)}"
    if person.shifts:
        yield f"shifts = {_list(one.text for one in person.shifts)}"


def _reach(person: Person) -> Iterator[str]:
    if person.numbers:
        yield f"numbers = {_list(person.numbers)}"
    if person.addresses:
        tables = ", ".join(
            f"{{ channel = {_text(one.channel)}, address = {_text(one.address)} }}"
            for one in person.addresses
        )
        yield f"addresses = [{tables}]"
    if person.sign:
        yield f"sign = {_text(person.sign)}"
    if person.safe_word:
        yield f"safe_word = {_text(person.safe_word)}"
    if person.duress_word:
        yield f"duress_word = {_text(person.duress_word)}"


def _list(words: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, words))}]"


def _text(text: str) -> str:
    # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped.
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")
