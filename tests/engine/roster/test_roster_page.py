"""docs/roster.md says what is so: its examples are read, its tables are the code's."""

import re
from pathlib import Path

from typer.main import get_command

from engine.cli.roster import app
from engine.roster.csv_import import csv_draft
from engine.roster.entries import Draft
from engine.roster.model import Role
from engine.roster.parse import toml_draft
from engine.roster.rules import roster_of
from engine.roster.sample import sample_roster
from engine.roster.schema import DeviceEntry, PersonEntry

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "roster.md").read_text(encoding="utf-8")
SAMPLE = sample_roster()


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def drafts() -> tuple[Draft, Draft]:
    toml = toml_draft(example("toml"), "roster.toml")
    return toml, csv_draft(example("csv"), "people.csv")


def test_both_examples_together_are_a_sound_roster() -> None:
    toml, csv = drafts()
    roster = roster_of(toml.joined(csv))

    assert [one.alias for one in roster.duty()] == ["Alder", "Rowan"]
    assert len(roster.people) == 5


def test_every_field_is_in_the_table() -> None:
    told = set(re.findall(r"`(\w+)`", PAGE))

    assert set(PersonEntry.model_fields) <= told
    assert set(DeviceEntry.model_fields) - {"wire_protocol"} <= told
    assert {role.value for role in Role} <= told


def test_every_series_of_the_sample_is_listed() -> None:
    listed = set(re.findall(r"`([A-Z]{2}) (\d{2})`", PAGE))
    countries = {one.country for one in SAMPLE.people}
    kept = set(re.findall(r"^   \| ([A-Z, ]+) \|", PAGE, re.MULTILINE))
    kept_countries = {code for row in kept for code in row.split(", ")}

    assert {country for country, _ in listed} | kept_countries == countries
    for one in SAMPLE.people:
        series = {area for country, area in listed if country == one.country}
        assert all(any(a in number[2:6] for a in series) for number in one.numbers) or (
            one.country in kept_countries
        )


def test_its_figures_are_the_samples() -> None:
    circles = {circle for one in SAMPLE.people for circle in one.circles}

    assert f"in {len(circles)} trust circles" in PAGE
    assert f"{len(SAMPLE.with_role(Role.COLLEAGUE))} of them are also" in PAGE


def test_its_commands_exist() -> None:
    command = get_command(app)
    names = set(re.findall(r"^natalia roster (\w+)", PAGE, re.MULTILINE))

    assert names == set(command.commands)  # type: ignore[attr-defined] # a group's
