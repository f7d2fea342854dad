"""Whom a defender's steps reach is counted from the roster."""

import pytest

from engine.errors import DataError
from engine.protocol.model import Audience
from engine.rehearsal.reach import reach_of
from engine.roster.sample import sample_roster
from engine.values import PersonId

ROSTER = sample_roster()


def test_colleagues_contacts_and_officers_are_counted_by_channel() -> None:
    reach = reach_of(ROSTER, "gannet", file="roster.toml", modems=2)
    contacts = ROSTER.contacts_of(PersonId("gannet"))
    assert reach.people[Audience.CONTACTS]["sms"] == len(contacts)
    assert reach.people[Audience.DUTY] == {"sms": 3, "call": 3, "email": 3}
    assert reach.modems == 2


def test_who_is_not_available_does_not_count() -> None:
    colleagues = ROSTER.colleagues_of(PersonId("heron"))
    there = sum(one.available and bool(one.addresses_on("sms")) for one in colleagues)
    reach = reach_of(ROSTER, "heron", file="roster.toml")
    assert reach.people[Audience.NEAREST]["sms"] == there


def test_a_defender_who_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match="nobody has the id 'nobody-at-all'"):
        reach_of(ROSTER, "nobody-at-all", file="roster.toml")
