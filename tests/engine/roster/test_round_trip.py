"""What is written is read back the same, from either format."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.roster.csv_import import csv_draft
from engine.roster.model import Address, Consent, Device, Person, Roster, Rota
from engine.roster.parse import parse_roster
from engine.roster.render import render_roster
from engine.roster.rules import roster_of
from engine.values import DeviceId
from tests.engine.roster.rosters import person, rosters

EMAILS = st.builds(
    Address, channel=st.just("email"), address=st.just("heron@post.example")
)


@given(rosters())
def test_a_rendered_roster_is_read_back_the_same(roster: Roster) -> None:
    again = parse_roster(render_roster(roster), "roster.toml")

    assert again == roster
    assert again.version == roster.version


@given(rosters())
def test_rendering_is_canonical(roster: Roster) -> None:
    backwards = Roster(
        people=roster.people[::-1],
        devices=roster.devices[::-1],
        profiles=roster.profiles[::-1],
        rota=roster.rota,
    )

    assert render_roster(backwards) == render_roster(roster)
    assert backwards.version == roster.version


@pytest.mark.parametrize("delimiter", [",", ";"])
@given(data=st.data())
def test_a_table_of_people_is_read_back_the_same(
    delimiter: str, data: st.DataObject
) -> None:
    roster = data.draw(rosters(addresses=EMAILS))

    draft = csv_draft(_people_table(roster, delimiter), "people.csv")
    again = roster_of(draft)

    assert again == Roster(people=roster.people, rota=roster.rota)


def test_a_change_of_anything_changes_the_version() -> None:
    heron = person("heron")
    roster = Roster(people=(heron,))
    others = [
        Roster(people=(person("heron", **change),))
        for change in (
            {"alias": "Crane"},
            {"available": False},
            {"numbers": ("+46701740611",)},
            {"publish_consent": Consent.ANONYMOUS},
            {"agreed_text": "0123456789abcdef"},
        )
    ]
    device = Device(device=DeviceId("1"), wire_protocol="gt06", person=heron.person)
    others += [
        Roster(people=(heron,), devices=(device,)),
        Roster(people=(heron,), rota=Rota(duty=(heron.person,))),
    ]

    assert len({one.version for one in (roster, *others)}) == 8
    assert Roster(people=(heron,), rota=Rota()).version == roster.version


def _people_table(roster: Roster, delimiter: str) -> str:
    rows = [_row(one, roster) for one in roster.people]
    text = StringIO()
    table = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _row(one: Person, roster: Roster) -> dict[str, object]:
    place = one.declared
    duty = roster.rota.duty
    return {
        "id": one.person,
        "alias": one.alias,
        "roles": "; ".join(one.roles),
        "language": one.language,
        "zone": one.zone,
        "country": one.country,
        "numbers": ";".join(one.numbers),
        "email": ";".join(address.address for address in one.addresses),
        "sign": one.sign,
        "safe_word": one.safe_word,
        "duress_word": one.duress_word,
        "circles": ";".join(one.circles),
        "contacts": ";".join(one.contacts),
        "place": place.name if place else "",
        "lat_deg": place.lat_deg if place else "",
        "lon_deg": place.lon_deg if place else "",
        "accuracy_m": place.accuracy_m if place else "",
        "given_on": place.given_on if place else "",
        "available": "yes" if one.available else "no",
        "live_position_consent": str(one.live_position_consent),
        "call_is_sos": "yes" if one.call_is_sos else "no",
        "publish_consent": one.publish_consent,
        "public_name": one.public_name,
        "action_protocol": one.action_protocol or "",
        "agreed_text": one.agreed_text,
        "risk_windows": ";".join(window.text for window in one.risk_windows),
        "shifts": ";".join(window.text for window in one.shifts),
        "fictional": "TRUE",
        "duty": duty.index(one.person) + 1 if one.person in duty else "",
    }
