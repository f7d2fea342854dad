"""What the snapshot answers, and what it keeps to itself."""

from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given

from engine.roster.model import (
    Address,
    CircleName,
    Device,
    Number,
    Person,
    Role,
    Roster,
    Rota,
)
from engine.values import DeviceId, PersonId
from tests.engine.roster.rosters import person, place, rosters

HERON, CRANE = PersonId("heron"), PersonId("crane")


def test_a_device_leads_to_its_defender_and_a_strangers_to_nobody() -> None:
    device = Device(device=DeviceId("1"), wire_protocol="gt06", person=HERON)
    roster = Roster(people=(person("heron"),), devices=(device,))

    assert roster.defender_of(DeviceId("1")) == person("heron")
    assert roster.devices_of(HERON) == (device,)
    assert roster.device(DeviceId("1")) == device
    assert roster.defender_of(DeviceId("2")) is None
    assert roster.device(DeviceId("2")) is None
    assert roster.person(CRANE) is None
    assert roster.colleagues_of(CRANE) == roster.contacts_of(CRANE) == ()


def test_colleagues_share_a_circle_and_have_the_role() -> None:
    coral = frozenset({CircleName("coral")})
    roster = Roster(
        people=(
            person("heron"),
            person("crane"),
            person("coot", circles=coral),
            person("swan", circles=coral | person("heron").circles),
            person("owl", roles=frozenset({Role.DEFENDER})),
        )
    )

    assert [one.person for one in roster.colleagues_of(HERON)] == ["crane", "swan"]


@given(rosters())
def test_nobody_is_their_own_colleague_and_outside_the_circles_there_is_none(
    roster: Roster,
) -> None:
    for one in roster.people:
        wanted = [
            other
            for other in roster.people
            if other != one
            and other.has(Role.COLLEAGUE)
            and other.circles & one.circles
        ]
        assert list(roster.colleagues_of(one.person)) == wanted


def test_a_shared_number_gives_everybody_who_has_it() -> None:
    roster = Roster(
        people=(person("heron"), person("crane"), person("owl", numbers=()))
    )

    assert [one.person for one in roster.by_number("+46701740610")] == [CRANE, HERON]
    assert roster.by_number("+46701740611") == ()


def test_contacts_and_duty_keep_the_order_in_which_they_were_named() -> None:
    swan = PersonId("swan")
    roster = Roster(
        people=(
            person("heron", contacts=(swan, CRANE)),
            person("crane"),
            person("swan"),
        ),
        rota=Rota(duty=(swan, HERON)),
    )

    assert [one.person for one in roster.contacts_of(HERON)] == [swan, CRANE]
    assert [one.person for one in roster.duty()] == [swan, HERON]


def test_sms_and_calls_go_to_numbers_and_mail_to_addresses() -> None:
    email = Address(channel="email", address="heron@post.example")
    heron = person("heron", addresses=(email,))

    assert heron.addresses_on("sms") == heron.addresses_on("call") == heron.numbers
    assert heron.addresses_on("email") == ("heron@post.example",)
    assert heron.addresses_on("webhook") == ()


def test_a_declared_place_counts_from_the_start_of_its_day() -> None:
    declared = place(lat_deg=1, lon_deg=2, given_on="2026-09-01")

    assert str(declared.at) == "2026-09-01T00:00:00.000Z"


def test_no_repr_carries_a_name_a_number_or_a_place() -> None:
    heron: Person = person(
        "heron",
        alias="Hidden",
        numbers=(Number("+46701740699"),),
        addresses=(Address(channel="email", address="hidden@post.example"),),
        declared=place(lat_deg=57.612, lon_deg=18.312, given_on="2026-09-01"),
        sign="Hidden",
        zone="Hidden/Zone",
        circles=frozenset({CircleName("hidden")}),
    )
    device = Device(device=DeviceId("hidden"), wire_protocol="gt06", person=HERON)
    roster = Roster(people=(heron,), devices=(device,))

    text = f"{heron!r}{heron.declared!r}{heron.addresses!r}{device!r}{roster!r}"

    assert "idden" not in text
    assert "0699" not in text
    assert "57.6" not in text


def test_the_snapshot_cannot_be_changed() -> None:
    roster = Roster(people=(person("heron"),))

    with pytest.raises(FrozenInstanceError):
        roster.version = "other"  # type: ignore[misc] # what the test is about
    assert replace(roster, people=()).people == ()
    assert roster.people == (person("heron"),)
