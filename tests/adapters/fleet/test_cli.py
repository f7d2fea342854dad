"""`natalia device simulate` says what it sent, and refuses what it cannot do."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.fleet.cli import app, as_plain, table
from adapters.fleet.tally import Tally

RUN = CliRunner()


def test_help_has_examples() -> None:
    told = RUN.invoke(app, ["--help"])
    assert told.exit_code == 0
    assert "natalia device simulate --fleet 100" in told.output


@pytest.mark.parametrize(
    ("option", "word"),
    [
        ("--protocol=morse", "morse"),
        ("--port=gt06=none", "gt06=none"),
        ("--port=morse=7", "morse=7"),
        ("--port=gt06=70000", "70000"),
        ("--fleet=0", "fleet"),
    ],
)
def test_a_wrong_option_is_named(option: str, word: str) -> None:
    told = RUN.invoke(app, [option])
    assert told.exit_code == 2
    assert word in told.output


def test_a_roster_is_written_and_nothing_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "fleet.toml"
    told = RUN.invoke(app, ["--fleet=3", "--write-roster", str(path)])
    assert told.exit_code == 0
    assert path.read_text().count("[[device]]") == 3
    assert RUN.invoke(app, ["--fleet=2", "--write-roster", str(path)]).exit_code == 0
    assert path.read_text().count("[[device]]") == 2, "a fleet's own is written anew"


def test_no_other_roster_is_written_over_bug_that_of_real_people_was_gone(
    tmp_path: Path,
) -> None:
    (path := tmp_path / "roster.toml").write_text("[[person]]\n")
    told = RUN.invoke(app, ["--fleet=3", "--write-roster", str(path)])
    assert "is no fleet's: name another file" in str(told.exception)
    assert path.read_text() == "[[person]]\n"


def test_nobody_there_is_a_failure_that_is_told() -> None:
    told = RUN.invoke(
        app, ["--fleet=1", "--protocol=gt06", "--port=gt06=1", "--for=0.1", "--json"]
    )
    assert told.exit_code == 1
    assert '"refused": 1' in told.output


def test_the_table_has_a_line_for_each_wire_protocol_and_one_for_all() -> None:
    tallies = {"gt06": Tally(devices=2, sent=3), "h02": Tally()}
    lines = table(as_plain(tallies)).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["gt06", "all"]
