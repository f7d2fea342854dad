"""Look-ups: what they say in a language, and who at HQ is led to the console."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.alarm.commands import Lookup
from engine.alarm.desk import country_name
from engine.alarm.state import NOWHERE
from engine.config import parse_config
from engine.journal.pool import ReaderPool
from engine.ports.journal import JournalReader
from engine.protocol.model import Audience
from engine.roster.board import Board
from engine.roster.sample import sample_roster
from engine.start import desk_of
from engine.values import PersonId, StepId
from tests.engine.intake.reports import Meter
from tests.fakes import ManualClock


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
        desk_of(config, board, ReaderPool(_no_reader)),
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
