"""Look-ups: what they say in a language, and who at HQ is led to the console."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from msgspec import structs

from engine.alarm.commands import Lookup
from engine.alarm.desk import SPARED_TURNS, Desk, HqEntry, Offices, country_name
from engine.alarm.state import NOWHERE, KnownPlace, PlaceSource
from engine.config import parse_config
from engine.journal.pool import ReaderPool
from engine.ports.journal import JournalReader
from engine.protocol.model import Audience
from engine.reconfigure import offices_of
from engine.roster.board import Board
from engine.roster.model import (
    Address,
    CircleName,
    DeclaredPlace,
    Device,
    Language,
    Number,
    Person,
    Role,
    Roster,
    Rota,
)
from engine.roster.sample import sample_roster
from engine.start import desk_of
from engine.values import DeviceId, PersonId, StepId
from tests.engine.intake.reports import Meter
from tests.fakes import START, ManualClock


@pytest.mark.parametrize(
    ("language", "name"),
    [("sv", "Sverige"), ("sv-SE", "Sverige"), ("tlh", "Sweden"), ("", "Sweden")],
)
def test_a_language_that_nobody_knows_stops_no_post(language: str, name: str) -> None:
    assert country_name("SE", language) == name
    assert country_name("??", language) == "??"


def test_hq_and_the_officers_alone_are_led_to_the_console_that_is_configured(
    tmp_path: Path,
) -> None:
    """With a slash at its end it leads there as well."""
    table: dict[str, object] = {
        "state": "state",
        "console": {"port": 8620, "address": "https://console.hq.example/"},
        "channel": [{"name": "email", "kind": "email"}],
        "hq": [{"channel": "email", "address": "duty@hq.example"}],
    }
    config = parse_config(table, tmp_path)
    roster = sample_roster()
    board = Board(roster, (), clock=ManualClock(), telemetry=Meter())
    desk = replace(
        desk_of(lambda: offices_of(config), board, ReaderPool(_no_reader), float),
        codes=lambda count: ["K7F2"] * count,
    )
    defender = next(one.person for one in roster.people if one.contacts)
    consoles = {}
    for audience in (
        Audience.HQ,
        Audience.DUTY,
        Audience.CONTACTS,
        Audience.DEFENDER,
    ):
        found = desk.answer(_lookup(audience, defender))
        consoles[audience.value] = {one.console for one in found}
    there = {"https://console.hq.example"}
    assert consoles == {"hq": there, "duty": there, "contacts": {""}, "defender": {""}}


OWN, LENT, FREE = map(Number, ("+46701740615", "+46701740616", "+46701740617"))
AT_HOME = KnownPlace(
    source=PlaceSource.DEVICE, lat_deg=41.3, lon_deg=69.3, accuracy_m=20.0, at=START
)
DECLARED = DeclaredPlace(
    name="Tashkent",
    lat_deg=41.3,
    lon_deg=69.3,
    accuracy_m=10_000.0,
    given_on=date(2026, 1, 15),
)
CIRCLE = CircleName("c")
DEFENDER = Person(
    person=PersonId("wren"),
    alias="Wren",
    language=Language.ENGLISH,
    zone="Asia/Tashkent",
    country="UZ",
    roles=frozenset({Role.DEFENDER, Role.COLLEAGUE, Role.DUTY}),
    numbers=(OWN,),
    addresses=(Address(channel="email", address="Wren@one.example"),),
    circles=frozenset({CIRCLE}),
    contacts=(PersonId("kin"), PersonId("friend")),
    declared=DECLARED,
)
KIN = replace(
    DEFENDER,
    person=PersonId("kin"),
    alias="Kin",
    roles=frozenset({Role.COLLEAGUE, Role.DUTY}),
    addresses=(Address(channel="email", address="wren@ONE.example"),),
    contacts=(),
)
HOLDER = replace(KIN, person=PersonId("holder"), alias="Holder", numbers=(LENT,))
FRIEND = replace(
    KIN,
    person=PersonId("friend"),
    alias="Friend",
    numbers=(OWN, FREE),
)
TRACKER = Device(
    device=DeviceId("004999010640018"),
    wire_protocol="gt06",
    person=DEFENDER.person,
    number=LENT,
)


@pytest.mark.parametrize(
    "audience", [Audience.NEAREST, Audience.CONTACTS, Audience.DUTY]
)
@pytest.mark.parametrize("is_placed", [True, False])
def test_nothing_for_others_goes_to_the_defenders_own_things(
    audience: Audience, *, is_placed: bool
) -> None:
    """Whoever has taken their telephone would see what comes there, and what does not.

    A colleague with the defender's number was called and heard of the true end alone.
    """
    roster = Roster(
        people=(DEFENDER, KIN, HOLDER, FRIEND),
        devices=(TRACKER,),
        rota=Rota(duty=(DEFENDER.person, KIN.person, FRIEND.person)),
    )
    board = Board(roster, (), clock=ManualClock(), telemetry=Meter())
    desk = Desk(board=board, codes=lambda count: ["K7F2"] * count)
    place = AT_HOME if is_placed else NOWHERE
    lookup = structs.replace(
        _lookup(audience, DEFENDER.person),
        place=place,
        channels=("sms", "call", "email"),
    )
    found = {one.person: one.addresses for one in desk.answer(lookup)}
    assert found == {"friend": (("sms", FREE), ("call", FREE))}
    (own,) = desk.answer(structs.replace(lookup, audience=Audience.DEFENDER))
    assert dict(own.addresses) == {
        "sms": OWN,
        "call": OWN,
        "email": "Wren@one.example",
    }


def test_hq_s_own_address_is_left_out_where_it_is_the_defenders() -> None:
    board = Board(
        Roster(people=(DEFENDER,)), (), clock=ManualClock(), telemetry=Meter()
    )
    entries = ("wren@one.example", "duty@hq.example")
    desk = Desk(
        board=board,
        codes=lambda count: ["K7F2"] * count,
        offices=lambda: Offices(
            hq=tuple(HqEntry(channel="email", address=one) for one in entries)
        ),
    )
    found = desk.answer(_lookup(Audience.HQ, DEFENDER.person))
    assert [one.addresses for one in found] == [(("email", "duty@hq.example"),)]


def test_forbidden_contacts_are_not_told_in_place_of_the_nearest() -> None:
    """They were, wherever there was no place to search from."""
    board = Board(
        Roster(people=(DEFENDER, FRIEND)), (), clock=ManualClock(), telemetry=Meter()
    )
    desk = Desk(board=board, codes=lambda count: ["K7F2"] * count)
    nearest = _lookup(Audience.NEAREST, DEFENDER.person)
    assert [one.person for one in desk.answer(nearest)] == ["friend"]
    assert desk.answer(structs.replace(nearest, contacts_instead=False)) == ()


@pytest.mark.parametrize(
    ("audience", "is_placed"),
    [
        (Audience.CONTACTS, False),
        (Audience.NEAREST, False),
        (Audience.NEAREST, True),
        (Audience.DUTY, False),
    ],
)
def test_whom_a_step_has_no_address_for_is_left_to_a_later_one_bug_nobody_told_them(
    audience: Audience, *, is_placed: bool
) -> None:
    """They counted as told: a contact with e-mail alone never heard of an alarm."""
    apart = replace(FRIEND, numbers=(FREE,), addresses=())
    mail = (Address(channel="email", address="kin@two.example"),)
    written = replace(KIN, numbers=(), addresses=mail)
    if audience is not Audience.CONTACTS and is_placed:
        written = replace(written, numbers=(LENT,))  # as each colleague has one
    rota = Rota(duty=(apart.person, written.person))
    roster = Roster(people=(DEFENDER, apart, written), rota=rota)
    board = Board(roster, (), clock=ManualClock(), telemetry=Meter())
    desk = Desk(board=board, codes=lambda count: ["K7F2"] * count)
    place = AT_HOME if is_placed else NOWHERE
    asked = structs.replace(_lookup(audience, DEFENDER.person), place=place)
    by_mail = structs.replace(asked, channels=("email",))
    found = desk.answer(by_mail)
    assert [one.person for one in found] == ["kin"]
    if audience is Audience.NEAREST and is_placed:
        assert {one.person for one in desk.answer(asked)} == {"kin", "friend"}
    else:
        assert [one.person for one in desk.answer(asked)] == ["friend"]


def _no_reader() -> JournalReader:
    message = "an address is nothing of the journal"
    raise AssertionError(message)


def _lookup(audience: Audience, subject: PersonId) -> Lookup:
    return Lookup(
        step=StepId("s"),
        round=1,
        audience=audience,
        subject=subject,
        place=NOWHERE,
        count=3,
        within_m=None,
        channels=("sms",),
        exclude=frozenset(),
        turn=0,
    )


def test_a_rota_passes_over_whose_telephone_had_better_not_ring_but_for_the_last() -> (
    None
):
    officers = [replace(FRIEND, person=PersonId(name)) for name in ("a", "b", "c")]
    rota = Rota(duty=tuple(one.person for one in officers))
    roster = Roster(people=(DEFENDER, *officers), rota=rota)
    board = Board(roster, (), clock=ManualClock(), telemetry=Meter())
    desk = Desk(board=board, codes=lambda count: ["K7F2"] * count)
    asked = _lookup(Audience.DUTY, DEFENDER.person)

    def paged(*spared: str) -> list[str]:
        turns = [
            structs.replace(asked, exclude=frozenset(spared), turn=n) for n in range(4)
        ]
        return [one.person for turn in turns for one in desk.answer(turn)]

    assert paged() == ["a", "b", "c", "a"]
    assert paged("b") == ["a", "c", "a", "c"]
    assert paged("a", "b", "c") == ["a", "b", "c", "a"]


def test_no_telephone_is_passed_over_for_ever_bug_one_that_was_off_rang_alone() -> None:
    """The other one was off, or its officer gone: HQ was paged at that for good."""
    officers = [replace(FRIEND, person=PersonId(name)) for name in ("a", "b")]
    rota = Rota(duty=tuple(one.person for one in officers))
    roster = Roster(people=(DEFENDER, *officers), rota=rota)
    board = Board(roster, (), clock=ManualClock(), telemetry=Meter())
    desk = Desk(board=board, codes=lambda count: ["K7F2"] * count)
    asked = structs.replace(
        _lookup(Audience.DUTY, DEFENDER.person), exclude=frozenset({"a"})
    )
    turns = [structs.replace(asked, turn=turn) for turn in range(SPARED_TURNS + 2)]
    paged = [one.person for turn in turns for one in desk.answer(turn)]
    assert paged == ["b"] * SPARED_TURNS + ["a", "b"]


@pytest.mark.parametrize("name", ["a", "renamed"])
def test_nor_whoever_has_that_telephone_by_now_bug_it_rang_for_another_officer(
    name: str,
) -> None:
    """Two share it, or an import has given whoever was forced another name."""
    mailbox = Address(channel="email", address="Duty@hq.example")
    shared = replace(FRIEND, person=PersonId(name), addresses=(mailbox,))
    number = Number(f"{FREE[:-2]}99")
    other = replace(shared, person=PersonId("b"), numbers=(number,))
    for officers in ((shared, other), (shared,)):
        rota = Rota(duty=tuple(one.person for one in officers))
        roster = Roster(people=(DEFENDER, *officers), rota=rota)
        board = Board(roster, (), clock=ManualClock(), telemetry=Meter())
        desk = Desk(board=board, codes=lambda count: ["K7F2"] * count)
        asked = structs.replace(
            _lookup(Audience.DUTY, DEFENDER.person),
            channels=("email", "sms"),
            exclude=frozenset({"forced"}),
            spared=frozenset({str(FREE), "duty@hq.example"}),
        )
        (one,) = desk.answer(asked)
        assert one.person == officers[-1].person, "the last one rings, whose ever it is"
