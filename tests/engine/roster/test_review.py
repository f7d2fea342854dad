"""What is allowed and yet leaves somebody without help is pointed out."""

from dataclasses import replace
from datetime import date

import pytest

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
from engine.roster.review import Doubt, has_luhn_digit, review_roster
from engine.roster.risk import read_window
from engine.values import DeviceId, PersonId
from tests.engine.roster.rosters import person, place

TOWN = place(lat_deg=57.6, lon_deg=18.3, given_on="2026-09-01")
OFFICER = frozenset({Role.OPERATOR, Role.DUTY})


def complete() -> Roster:
    """Return a roster about which there is nothing to ask."""
    numbers = iter(f"+467017406{n}" for n in range(10, 20))
    people = (
        person("heron", contacts=(PersonId("owl"),), declared=TOWN),
        person("crane", contacts=(PersonId("owl"),), declared=TOWN),
        person("owl", roles=frozenset({Role.CONTACT}), circles=frozenset()),
        person("elm", roles=OFFICER, circles=frozenset()),
        person("oak", roles=OFFICER, circles=frozenset()),
    )
    numbered = tuple(replace(one, numbers=(Number(next(numbers)),)) for one in people)
    return Roster(people=numbered, rota=Rota(duty=(PersonId("elm"), PersonId("oak"))))


def changed(name: str, **changes: object) -> Roster:
    roster = complete()
    people = [
        replace(one, **changes) if one.person == name else one  # type: ignore[arg-type] # fields by name
        for one in roster.people
    ]
    return replace(roster, people=tuple(people))


def about(roster: Roster, name: str) -> str:
    return "\n".join(one.text for one in review_roster(roster) if one.person == name)


def test_a_complete_roster_raises_no_doubt() -> None:
    assert review_roster(complete()) == ()


@pytest.mark.parametrize(("file", "doubted"), [("heron", True), ("/etc/heron", False)])
def test_a_secret_that_is_named_from_nowhere_is_pointed_out_bug_it_was_taken(
    file: str,
    doubted: bool,  # noqa: FBT001 - a case
) -> None:
    """Each of its presses came as not proven, and called no colleague."""
    device = Device(
        device=DeviceId("heron-phone"),
        wire_protocol="osmand",
        person=PersonId("heron"),
        secret_file=file,
    )
    told = about(replace(complete(), devices=(device,)), "heron")
    assert ("write it from / on" in told) is doubted


@pytest.mark.parametrize(
    ("name", "changes", "text"),
    [
        ("heron", {"circles": frozenset({CircleName("coral")})}, "contacts alone are"),
        (
            "heron",
            {"circles": frozenset(), "contacts": ()},
            "in a trust circle: HQ alone is told",
        ),
        ("heron", {"numbers": ()}, "without device and number"),
        ("heron", {"declared": replace(TOWN, lat_deg=0.0, lon_deg=0.0)}, "is 0/0"),
        ("heron", {"circles": frozenset()}, "never asked to go"),
        ("heron", {"contacts": ()}, "without contacts"),
        ("heron", {"declared": None}, "never the nearest"),
        ("heron", {"numbers": ("+46701740611",)}, "shares a number"),
        ("heron", {"numbers": ("+46701740613",)}, "nothing is sent there"),
        ("heron", {"numbers": ("+46701740612",)}, "nothing is sent there"),
        ("heron", {"numbers": ("+442079460123",)}, "landline"),
        ("owl", {"roles": frozenset({Role.CONTACT, Role.DUTY})}, "never paged"),
    ],
)
def test_a_gap_is_pointed_out_with_the_person(
    name: str, changes: dict[str, object], text: str
) -> None:
    assert text in about(changed(name, **changes), name)


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [("hq-1", True), ("public-2", True), ("hq", False), ("hq-east", False)],
)
def test_an_id_that_a_case_gives_to_an_address_of_hqs_own_is_pointed_out(
    name: str, *, is_ours: bool
) -> None:
    roster = replace(complete(), people=(person(name),))
    assert ("one for the other" in about(roster, name)) is is_ours


def test_a_defender_whom_only_their_own_telephone_would_page_is_pointed_out() -> None:
    alone = replace(complete(), rota=Rota(duty=(PersonId("heron"),)))
    assert "nobody else on the rota can be paged" in about(alone, "heron")
    both = replace(complete(), rota=Rota(duty=(PersonId("heron"), PersonId("elm"))))
    assert "can be paged" not in about(both, "heron")


def test_a_rota_with_the_defenders_telephone_is_pointed_out_though_it_has_mail() -> (
    None
):
    """Its e-mail addresses hid that no telephone would ring for this one's alarm."""
    officers = {
        "numbers": (Number("+46701740610"),),
        "addresses": (Address(channel="email", address="duty@hq.example"),),
    }
    shared = replace(
        complete(),
        people=tuple(
            replace(one, **officers) if one.has(Role.DUTY) else one  # type: ignore[arg-type] # fields by name
            for one in complete().people
        ),
    )
    assert "on the rota can be paged by SMS or call" in about(shared, "heron")
    assert "on the rota can be paged" not in about(shared, "crane")


def test_a_place_whose_degrees_look_exchanged_is_pointed_out() -> None:
    """Nobody would be near: the place lay in the sea off Somalia."""
    swapped = replace(TOWN, lat_deg=TOWN.lon_deg, lon_deg=TOWN.lat_deg)
    assert "lat_deg and lon_deg exchanged" in about(
        changed("heron", declared=swapped), "heron"
    )
    assert about(changed("heron", country="DE"), "heron") == "", "somebody abroad"


@pytest.mark.parametrize(
    ("window", "is_past"),
    [
        ("2026-09-01 18:00 to 2026-09-02 06:00", True),
        ("2026-09-01 18:00 to 2026-11-29 06:00", False),
        ("2026-12-01 18:00 to 2026-12-02 06:00", False),
        ("daily 22:00-06:00", False),
    ],
)
def test_a_risk_window_that_lies_in_the_past_is_pointed_out(
    window: str, *, is_past: bool
) -> None:
    roster = changed("heron", risk_windows=(read_window(window),))
    told = "\n".join(map(str, review_roster(roster, date(2026, 11, 30))))
    assert ("heron: a risk window lies in the past" in told) is is_past
    assert "in the past" not in about(roster, "heron"), "nobody said which day it is"


def test_shifts_that_no_operator_has_are_pointed_out_bug_nothing_ended_with_them() -> (
    None
):
    """An acknowledgement ends with the shift of the officer of the operator's name."""
    nights = (read_window("daily 22:00-06:00"),)
    said = "has shifts and is no operator"
    only_paged = frozenset({Role.DUTY})
    assert said not in about(changed("elm", shifts=nights), "elm")
    assert said not in about(changed("elm", roles=only_paged), "elm")
    unbound = changed("elm", shifts=nights, roles=only_paged)
    assert said in about(unbound, "elm")
    off_the_rota = replace(unbound, rota=Rota(duty=(PersonId("oak"),)))
    assert said not in about(off_the_rota, "elm")


def test_where_nobody_is_an_operator_yet_that_alone_is_said_of_shifts() -> None:
    nights = (read_window("daily 22:00-06:00"),)
    roster = changed("elm", shifts=nights)
    people = [
        replace(one, roles=one.roles - {Role.OPERATOR} or frozenset({Role.CONTACT}))
        for one in roster.people
    ]
    fresh = replace(roster, people=tuple(people))
    assert "no operator" not in about(fresh, "elm")
    assert any("there are 0 operators" in one.text for one in review_roster(fresh))


@pytest.mark.parametrize(
    ("shifts", "said"),
    [
        (("2026-09-01 18:00 to 2026-09-02 06:00",), "all shifts lie in the past"),
        (
            ("mon-fri 08:00-18:00", "2025-12-24 18:00 to 2025-12-25 06:00"),
            "a shift lies in the past",
        ),
        (("2026-09-01 18:00 to 2026-11-29 06:00",), ""),
        (("mon-fri 08:00-18:00",), ""),
    ],
)
def test_a_shift_that_lies_in_the_past_is_pointed_out(
    shifts: tuple[str, ...], said: str
) -> None:
    """Whoever has no other is paged behind everybody for good."""
    roster = changed("elm", shifts=tuple(map(read_window, shifts)))
    told = "\n".join(map(str, review_roster(roster, date(2026, 11, 30))))
    assert told.startswith(f"elm: {said}" if said else "")
    assert bool(told) is bool(said)
    assert about(roster, "elm") == "", "nobody said which day it is"


@pytest.mark.parametrize("changes", [{"available": False}, {"declared": None}])
def test_a_defender_whose_every_colleague_stays_away_is_pointed_out(
    changes: dict[str, object],
) -> None:
    """They were counted as if they could be asked."""
    roster = changed("crane", **changes)
    assert "of whose colleagues none can be asked to go" in about(roster, "heron")
    assert "none can be asked" not in about(roster, "crane")


def test_a_device_makes_up_for_a_missing_number() -> None:
    device = Device(
        device=DeviceId("q4t7-avoc"), wire_protocol="osmand", person=PersonId("heron")
    )
    roster = replace(changed("heron", numbers=()), devices=(device,))
    assert "device and number" not in about(roster, "heron")


def test_a_live_position_makes_up_for_a_missing_place() -> None:
    roster = changed("heron", declared=None, live_position_consent=True)

    assert about(roster, "heron") == ""


def test_too_few_at_headquarters_are_pointed_out_first() -> None:
    roster = replace(changed("oak", roles=frozenset({Role.DUTY})), rota=Rota())

    hq = [one.text for one in review_roster(roster) if one.person is None]

    assert hq[0].startswith("the duty rota has 0")
    assert hq[1].startswith("there are 1 operators")
    assert review_roster(roster)[0].person is None


def test_fictional_people_among_real_ones_are_pointed_out() -> None:
    roster = changed("heron", fictional=False)

    assert "4 people are fictional" in review_roster(roster)[0].text


@pytest.mark.parametrize(
    ("key", "doubted"),
    [
        ("004999010640018", False),
        ("004999010640019", True),
        ("q4t7-avoc", False),
        ("1234567890", False),
        ("٠٠٤٩٩٩٠١٠٦٤٠٠١٩", False),
    ],
)
def test_an_imei_with_a_wrong_check_digit_is_pointed_out(
    key: str,
    *,
    doubted: bool,
) -> None:
    device = Device(
        device=DeviceId(key), wire_protocol="gt06", person=PersonId("heron")
    )
    roster = replace(complete(), devices=(device,))

    assert ("check digit" in about(roster, "heron")) is doubted


@pytest.mark.parametrize(
    ("key", "doubted"),
    [
        ("12345678901237", True),
        ("12345678901236", False),
        ("012345678901237", False),
        ("1234567890123", False),
    ],
)
def test_an_imei_that_has_lost_its_leading_zero_is_pointed_out(
    key: str, *, doubted: bool
) -> None:
    """The device would have been a stranger's."""
    device = Device(
        device=DeviceId(key), wire_protocol="gt06", person=PersonId("heron")
    )
    roster = replace(complete(), devices=(device,))

    assert ("with a 0 before them" in about(roster, "heron")) is doubted
    assert "check digit" not in about(roster, "heron")


@pytest.mark.parametrize(
    ("key", "doubted"),
    [
        ("4999010640018.0", True),
        ("4.99901E12", True),
        ("5e12", True),
        ("004999010640018", False),
        ("heron.1", False),
        ("1.2", False),
        ("E12", False),
    ],
)
def test_a_device_whose_id_a_spreadsheet_has_changed_is_pointed_out(
    key: str, *, doubted: bool
) -> None:
    """It was taken as it was, and the device would have been a stranger's."""
    device = Device(
        device=DeviceId(key), wire_protocol="gt06", person=PersonId("heron")
    )
    roster = replace(complete(), devices=(device,))

    assert ("that a spreadsheet has changed" in about(roster, "heron")) is doubted


def test_the_check_digit_is_that_of_the_standards_example() -> None:
    assert has_luhn_digit("79927398713")
    assert not has_luhn_digit("79927398710")


def test_a_doubt_quotes_nothing_but_the_id() -> None:
    heron: Person = person("heron", alias="Hidden", sign="Hidden", declared=None)
    told = "\n".join(map(str, review_roster(Roster(people=(heron,)))))

    assert "heron: " in told
    assert "idden" not in told
    assert "740610" not in told
    assert str(Doubt(person=None, text="all of it")) == "all of it"


def test_whose_call_is_no_sos_after_all_or_anybodys_is_pointed_out() -> None:
    assert "call" not in about(changed("heron", call_is_sos=True), "heron")
    without = changed("heron", call_is_sos=True, numbers=())
    assert "no call is theirs" in about(without, "heron")
    cranes = complete().by_number("+46701740611")[0].numbers
    shared = changed("heron", call_is_sos=True, numbers=cranes)
    assert "a call of the others raises as well" in about(shared, "heron")
    officer = changed("heron", call_is_sos=True, roles=OFFICER | {Role.DEFENDER})
    assert "their call is a notice" in about(officer, "heron")
