"""What a roster must fit that is about to be put in force; one in force is taken."""

from datetime import date

import pytest

from engine.roster.csv_import import csv_draft
from engine.roster.faults import RosterError
from engine.roster.parse import parse_roster
from engine.roster.rules import Known, roster_of
from tests.engine.roster.test_toml_faults import HERON

CSV = (
    "id,alias,roles,language,zone,country,numbers,sign,fictional,"
    "place,lat_deg,lon_deg,accuracy_m,given_on\n"
    "crane,Crane,duty,en,Europe/Stockholm,SE,070-174 06 11,Kettle,yes,"
    "Visby,57.6,18.3,1e4,2026-09-01\n"
)


def test_an_action_protocol_that_is_not_there_is_refused_where_they_are_known() -> None:
    text = f'{HERON}action_protocol = "standrad"\n'
    assert parse_roster(text, "roster.toml").people[0].action_protocol == "standrad"
    with pytest.raises(RosterError) as caught:
        parse_roster(
            text, "roster.toml", known=Known(protocols={"standard", "abduction"})
        )
    (one,) = caught.value.faults
    assert (one.field, one.line) == (
        "person.action_protocol",
        text.splitlines().index('action_protocol = "standrad"') + 1,
    )
    assert one.reason == "names no action protocol; did you mean 'standard'?"
    assert parse_roster(text, "roster.toml", known=Known(protocols={"standrad"})).people


def test_a_profile_that_is_not_there_is_refused_at_import_and_taken_in_force() -> None:
    device = '[[device]]\nid = "4711"\nwire_protocol = "gt06"\nperson = "heron"\n'
    profile = '[[profile]]\nid = "pendant"\ncodes = { "alarm:0x09" = "sos" }\n'
    text = f'{HERON}{device}profile = "pendent"\n{profile}'
    assert parse_roster(text, "roster.toml").devices[0].profile == "pendent"
    with pytest.raises(RosterError) as caught:
        parse_roster(text, "roster.toml", known=Known())
    (one,) = caught.value.faults
    assert one.field == "device.profile"
    assert one.reason == "names no profile; did you mean 'pendant'?"
    mended = text.replace("pendent", "pendant")
    assert parse_roster(mended, "roster.toml", known=Known()).devices


def test_a_wire_protocol_that_is_not_there_is_refused_where_they_are_known() -> None:
    """The device would connect to no listener of ours, and press for nobody."""
    device = '[[device]]\nid = "4711"\nperson = "heron"\nwire_protocol = "gt07"\n'
    text = f"{HERON}{device}"
    assert parse_roster(text, "roster.toml").devices
    with pytest.raises(RosterError) as caught:
        parse_roster(text, "roster.toml", known=Known(wire_protocols=("gt06", "h02")))
    (one,) = caught.value.faults
    assert (one.field, one.line) == ("device.wire_protocol", text.count("\n"))
    assert one.reason == "names no wire protocol; did you mean 'gt06'?"


@pytest.mark.parametrize("today", [date(2026, 9, 1), date(2026, 8, 31)])
def test_a_place_of_today_may_be_tomorrows_where_it_was_given(today: date) -> None:
    assert parse_roster(HERON, "roster.toml", known=Known(today=today)).people
    assert roster_of(csv_draft(CSV, "people.csv"), Known(today=today)).people


def test_a_place_of_a_day_to_come_is_refused_with_its_line() -> None:
    """It would be the newest for years, and hide where somebody was measured."""
    known = Known(today=date(2026, 8, 30))
    assert parse_roster(HERON, "roster.toml").people
    with pytest.raises(RosterError) as caught:
        parse_roster(HERON, "roster.toml", known=known)
    lines = HERON.splitlines()
    line = 1 + next(n for n, one in enumerate(lines) if "given_on" in one)
    reason = "lies in the future: no place is given yet"
    field = "person.declared.given_on"
    assert str(caught.value) == f"roster.toml:{line}: {field}: {reason}"
    with pytest.raises(RosterError) as caught:
        roster_of(csv_draft(CSV, "people.csv"), known)
    assert str(caught.value) == f"people.csv:2: person.given_on: {reason}"


def test_only_a_defender_can_have_agreed_that_a_call_is_an_sos() -> None:
    assert parse_roster(f"{HERON}call_is_sos = true\n", "r.toml").people[0].call_is_sos
    other = HERON.replace('"defender"', '"contact"')
    with pytest.raises(RosterError) as caught:
        parse_roster(f"{other}call_is_sos = true\n", "r.toml")
    fields = {(one.field, one.reason) for one in caught.value.faults}
    assert ("person.call_is_sos", 'is for people with the role "defender"') in fields
