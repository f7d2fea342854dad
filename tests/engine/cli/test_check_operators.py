"""`natalia check-config` says where HQ lacks operators on whom something counts."""

import json
from importlib import resources
from pathlib import Path

import pytest

from engine.console.operators import FILE, Operators
from engine.values import OperatorId
from tests.engine.cli.services import natalia
from tests.engine.cli.test_check import configuration
from tests.engine.cli.test_protocol import HQ_ALONE

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]

HQ_ALONE_VERIFIES = """
[verification]
needs = 2
of = ["hq"]
otherwise = "ask"
"""
QUORUM = """
[verification]
needs = 2
otherwise = "ask"
"""


def configured(folder: Path, *operators: str, more: str = "", file: str = "") -> str:
    """Write a configuration, a standard action protocol with more, and operators."""
    protocols, state = folder / "protocols", folder / "state"
    protocols.mkdir()
    state.mkdir()
    for operator in operators:
        Operators(state).add(OperatorId(operator))
    sample = resources.files("engine.protocol") / "samples" / "standard.toml"
    own = sample.read_text().replace("[check_in]", f"{more}\n[check_in]")
    (protocols / (file or "standard.toml")).write_text(own)
    return configuration(folder, f'[protocols]\nfolder = "{protocols}"\n')


def said(patch: Patch, out: Output, path: str) -> list[str]:
    assert natalia(patch, "check-config", "--json", path) == 0
    warnings: list[str] = json.loads(out.readouterr().out)["warnings"]
    return [one for one in warnings if ".toml: publication" in one]


def test_operators_who_are_too_few_for_an_all_clear_are_named(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """Who may sign in counts, and not who stands in the roster."""
    path = configured(tmp_path, "finch")
    own = tmp_path / "protocols" / "standard.toml"
    own.write_text(HQ_ALONE.format(3))
    assert natalia(patch, "check-config", "--json", path) == 0
    warnings: list[str] = json.loads(out.readouterr().out)["warnings"]
    (found,) = [one for one in warnings if "all_clear needs" in one]
    assert "all_clear needs 3 people, and 2 can say so, the defender" in found
    assert "(for " in found


def decides(name: str) -> str:
    return f'[publication]\ndecider = "{name}"\n'


def test_a_decider_who_is_no_operator_is_named_with_file_and_field(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configured(tmp_path, "alder", "rowan", more=decides("rowen"))
    (found,) = said(patch, out, path)
    assert found == (
        "standard.toml: publication.decider: 'rowen' is no operator, so nobody could"
        " approve; did you mean 'rowan'? Name one of alder, rowan, or add them:"
        " natalia operator add rowen"
    )


def test_a_decider_is_looked_for_in_files_that_nobody_has_yet(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    more = decides("spruce")
    path = configured(tmp_path, "alder", "rowan", more=more, file="later.toml")
    (found,) = said(patch, out, path)
    assert found.startswith("later.toml: publication.decider: 'spruce' is no operator")
    assert "did you mean" not in found


def test_a_decider_who_may_sign_in_is_right(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configured(tmp_path, "alder", "rowan", more=decides("rowan"))
    assert said(patch, out, path) == []


def test_before_anybody_was_added_the_rosters_operators_count(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configured(tmp_path, more=decides("spruce"))
    assert said(patch, out, path) == []
    (tmp_path / "state" / FILE).write_text("{}")
    (found,) = said(patch, out, path)
    assert found.endswith("nobody could approve. Add them: natalia operator add spruce")


def test_where_the_service_alone_may_read_who_they_are_the_rosters_count(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configured(tmp_path, "alder", more=decides("spruce"))
    assert len(said(patch, out, path)) == 1
    patch.setattr("os.access", lambda path, _: Path(path).name != FILE)
    assert said(patch, out, path) == []


@pytest.mark.parametrize(
    ("operators", "rule", "words"),
    [
        (("alder",), "", "1 operator, and it takes 1 to verify, who may not approve"),
        (("alder",), decides("alder"), "1 operator, and it takes 1 to verify"),
        (("alder",), QUORUM, "what colleagues and contacts have verified alone"),
        (
            ("alder", "rowan"),
            HQ_ALONE_VERIFIES,
            "2 operators, and it takes 2 to verify",
        ),
        (("alder", "rowan"), decides("alder"), ""),
        (("alder", "rowan"), QUORUM, ""),
        (("alder", "rowan", "spruce"), HQ_ALONE_VERIFIES, ""),
    ],
)
def test_an_hq_in_which_whoever_verified_leaves_nobody_to_approve_is_warned_of(
    patch: Patch,
    out: Output,
    tmp_path: Path,
    operators: tuple[str, ...],
    rule: str,
    words: str,
) -> None:
    found = said(patch, out, configured(tmp_path, *operators, more=rule))
    assert len(found) == bool(words)
    for one in found:
        assert one.startswith("standard.toml: publication: ")
        assert words in one
        assert "natalia operator add NAME" in one


def test_a_file_that_publishes_nothing_needs_nobody_who_approves(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configured(tmp_path, "alder")
    file = tmp_path / "protocols" / "standard.toml"
    head = 'name = "Mine"\nversion = 1\nbased_on = "widening"\n'
    file.write_text(head + decides("nobody-here"))
    assert said(patch, out, path) == []


def test_an_operators_file_that_is_none_is_a_warning_since_the_engine_starts(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configured(tmp_path)
    (tmp_path / "state" / FILE).write_text("[]")
    assert natalia(patch, "check-config", path) == 0
    assert "is not the operators' file; put it back from a copy" in out.readouterr().out


@pytest.mark.parametrize(
    ("operators", "named"),
    [
        ((), None),
        (("rowan",), "alder"),
        (("alder", "rowan"), None),
    ],
)
def test_shifts_of_whoever_never_signs_in_are_named_once_anybody_does(
    patch: Patch,
    out: Output,
    tmp_path: Path,
    operators: tuple[str, ...],
    named: str | None,
) -> None:
    """Before anybody was added it would be the first thing that a new HQ reads."""
    path = configured(tmp_path, *operators)
    roster = tmp_path / "roster.toml"
    before = '[[person]]\nid = "alder"\n'
    after = f'{before}shifts = ["daily 08:00-20:00"]\n'
    roster.write_text(roster.read_text().replace(before, after, 1))
    assert natalia(patch, "check-config", "--json", path) == 0
    warnings: list[str] = json.loads(out.readouterr().out)["warnings"]
    found = [one for one in warnings if "no operator of that name" in one]
    assert len(found) == (named is not None)
    if named is not None:
        assert found[0].startswith(f"roster: {named}: shifts")
        assert found[0].endswith(f"natalia operator add {named}")
