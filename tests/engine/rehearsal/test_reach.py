"""Whom a defender's steps reach is counted from the roster."""

from dataclasses import replace
from math import inf

import pytest

from engine.errors import DataError
from engine.protocol.model import Audience
from engine.rehearsal.reach import reach_of
from engine.roster.model import Address, Role, Roster, Rota
from engine.roster.sample import sample_roster
from engine.values import PersonId

ROSTER = sample_roster()


def test_colleagues_contacts_and_officers_are_counted_with_their_ways() -> None:
    reach = reach_of(ROSTER, "gannet", file="roster.toml", modems=2)
    contacts = ROSTER.contacts_of(PersonId("gannet"))
    assert reach.count(Audience.CONTACTS, ("sms",)) == len(contacts)
    assert reach.people[Audience.DUTY] == (frozenset({"sms", "call", "email"}),) * 3
    assert reach.people[Audience.DEFENDER] == (frozenset({"sms", "call"}),)
    assert reach.count(Audience.HQ) is None
    assert reach.modems == 2


def test_every_channel_counts_by_which_somebody_has_an_address() -> None:
    colleagues = ROSTER.colleagues_of(PersonId("heron"))
    first = next(one for one in colleagues if one.available)
    matrix = Address(channel="matrix", address="@a:b")
    changed = replace(first, numbers=(), addresses=(matrix,))
    people = tuple(changed if p.person == first.person else p for p in ROSTER.people)
    roster = Roster(people=people, rota=ROSTER.rota)
    reach = reach_of(roster, "heron", file="roster.toml")
    assert reach.count(Audience.NEAREST, ("matrix",)) == 1
    before = reach_of(ROSTER, "heron", file="roster.toml")
    by_sms = before.count(Audience.NEAREST, ("sms",))
    assert by_sms is not None
    assert reach.count(Audience.NEAREST, ("sms",)) == by_sms - 1
    assert reach.count(Audience.NEAREST, ("sms", "matrix")) == by_sms


def test_a_defender_at_hq_is_no_officer_and_no_operator_of_their_own_alarm() -> None:
    people = tuple(
        replace(p, roles=p.roles | {Role.OPERATOR, Role.DUTY}, numbers=heron.numbers)
        if p.person in {"heron", "alder"}
        else p
        for heron in (ROSTER.person(PersonId("heron")),)
        if heron is not None
        for p in ROSTER.people
    )
    rota = Rota(duty=(PersonId("heron"), *ROSTER.rota.duty))
    roster = Roster(people=people, rota=rota)
    reach = reach_of(roster, "heron", file="roster.toml")
    before = reach_of(ROSTER, "heron", file="roster.toml")
    assert reach.operators == before.operators
    assert reach.officers == before.officers
    duty = [before.count(Audience.DUTY, ("sms",)), reach.count(Audience.DUTY, ("sms",))]
    assert duty == [3, 2], "who has the defender's own number is not paged there"


def test_who_is_not_available_does_not_count() -> None:
    colleagues = ROSTER.colleagues_of(PersonId("heron"))
    there = sum(one.available and bool(one.addresses_on("sms")) for one in colleagues)
    reach = reach_of(ROSTER, "heron", file="roster.toml")
    assert reach.count(Audience.NEAREST, ("sms",)) == there


def test_how_far_away_each_colleague_is_by_what_was_declared() -> None:
    heron = ROSTER.person(PersonId("heron"))
    assert heron is not None
    assert heron.declared is not None
    near = [one for one in ROSTER.colleagues_of(heron.person) if one.available][:4]
    north = replace(heron.declared, lat_deg=heron.declared.lat_deg + 1)
    there = dict(
        zip(
            (one.person for one in near),
            [(north, False), (heron.declared, True), (None, True), (None, False)],
            strict=True,
        )
    )
    people = tuple(
        replace(one, declared=place, live_position_consent=is_live)
        for one in ROSTER.people
        for place, is_live in [there.get(one.person, (one.declared, False))]
    )
    reach = reach_of(Roster(people=people, rota=ROSTER.rota), "heron", file="x")
    accuracy_m = heron.declared.accuracy_m
    assert reach.away_m is not None
    first, second, third, fourth = reach.away_m[:4]
    assert 110_000 < first + accuracy_m < 112_000, "a degree of latitude"
    assert (second, third, fourth) == (-accuracy_m, 0.0, inf)
    assert reach.near(("sms",), 0.0) == 2
    nowhere = tuple(
        replace(one, declared=None) if one.person == heron.person else one
        for one in people
    )
    reach = reach_of(Roster(people=nowhere, rota=ROSTER.rota), "heron", file="x")
    assert reach.away_m is None
    assert reach.near(("sms",), 0.0) is None


def test_the_languages_are_those_that_the_defenders_people_read() -> None:
    heron = PersonId("heron")
    people = [*ROSTER.contacts_of(heron), *ROSTER.duty(), ROSTER.person(heron)]
    people += [one for one in ROSTER.colleagues_of(heron) if one.available]
    reach = reach_of(ROSTER, "heron", file="roster.toml")
    read = frozenset(str(one.language) for one in people if one is not None)
    assert reach.languages == read
    assert reach.languages < {"en", "sv", "ru", "es", "fr", "ar"}


def test_what_is_signed_is_read_in_the_defenders_own_language() -> None:
    for defender in ROSTER.with_role(Role.DEFENDER):
        reach = reach_of(ROSTER, str(defender.person), file="roster.toml")
        assert reach.reads == defender.language.value


def test_a_defender_who_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match="nobody has the id 'nobody-at-all'"):
        reach_of(ROSTER, "nobody-at-all", file="roster.toml")


def test_whether_a_word_of_safety_is_agreed_is_looked_at() -> None:
    assert reach_of(ROSTER, "heron", file="roster.toml").has_word is False
    heron = ROSTER.person(PersonId("heron"))
    assert heron is not None
    agreed = replace(heron, safe_word="Kingfisher")
    people = tuple(agreed if p.person == "heron" else p for p in ROSTER.people)
    roster = Roster(people=people, rota=ROSTER.rota)
    assert reach_of(roster, "heron", file="roster.toml").has_word is True


def test_who_may_speak_for_hq_is_counted_by_name() -> None:
    reach = reach_of(ROSTER, "heron", file="roster.toml")
    officers = frozenset(str(one.person) for one in ROSTER.duty())
    operators = ROSTER.with_role(Role.OPERATOR)
    assert reach.officers == officers != frozenset()
    assert operators
    assert reach.operators == frozenset(str(one.person) for one in operators)
    added = reach_of(ROSTER, "heron", file="roster.toml", operators=["finch"])
    assert added.operators == frozenset({"finch"})


@pytest.mark.parametrize(
    ("named", "looked_at", "expected"),
    [
        ("arrest", "arrest", "0123456789abcdef"),
        ("arrest", "protest", ""),
        (None, "protest", "0123456789abcdef"),
        (None, "", ""),
    ],
)
def test_what_was_signed_is_held_against_their_own_action_protocol_alone(
    named: str | None, looked_at: str, expected: str
) -> None:
    heron = ROSTER.person(PersonId("heron"))
    assert heron is not None
    signed = replace(heron, action_protocol=named, agreed_text="0123456789abcdef")
    people = tuple(signed if p.person == "heron" else p for p in ROSTER.people)
    roster = Roster(people=people, rota=ROSTER.rota)
    reach = reach_of(roster, "heron", file="roster.toml", protocol=looked_at)
    assert reach.agreed_text == expected
