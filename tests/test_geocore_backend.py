"""Geocore is built after its profile by the compiler that made it, and by any other."""

import json
import shlex
import tomllib
from pathlib import Path

import pytest

import geocore
from tools import geocore_backend
from tools.geocore_backend import (
    MANIFEST,
    PROFILE,
    cargo_arguments,
    compiler,
    profile_arguments,
    settings,
)

MADE_BY: dict[str, str] = json.loads(MANIFEST.read_text("utf-8"))["compiler"]
THEIRS = "--target-dir elsewhere"


def rustflags(arguments: list[str]) -> list[str]:
    """Return what rustc would get of what maturin is told."""
    option, table = arguments
    assert option == "--config"
    flags = tomllib.loads(table)["target"][MADE_BY["host"]]["rustflags"]
    assert isinstance(flags, list)
    return flags


def told_by(monkeypatch: pytest.MonkeyPatch, found: dict[str, str]) -> list[str]:
    """Return what maturin is told by a compiler where a user says more."""
    monkeypatch.setattr(geocore_backend, "compiler", lambda: found)
    given = {"maturin.build-args": THEIRS, "other": "kept"}
    said = settings(given)
    assert said["other"] == "kept"
    return shlex.split(said["maturin.build-args"])


def test_the_compiler_that_made_the_profile_is_given_it() -> None:
    assert f"-Cprofile-use={PROFILE}" in rustflags(profile_arguments(MADE_BY))


@pytest.mark.parametrize("differs", ["release", "host", "LLVM version"])
def test_any_other_compiler_builds_without_the_profile_and_says_why(
    differs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert profile_arguments({**MADE_BY, differs: "1.2.3"}) == []
    said = capsys.readouterr().out
    assert MADE_BY["release"] in said
    assert "python -m tools.pgo" in said


def test_a_machine_that_has_no_compiler_is_told_so_by_maturin_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RUSTC", "/nowhere/rustc")
    assert compiler() == {}
    assert profile_arguments(compiler()) == []


def test_what_a_user_tells_maturin_stays_behind_what_we_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert told_by(monkeypatch, MADE_BY)[-2:] == shlex.split(THEIRS)
    assert told_by(monkeypatch, {}) == shlex.split(THEIRS)


def test_a_folder_with_a_space_in_its_name_is_one_flag() -> None:
    flag = f"-Cprofile-use={Path('/my defenders') / PROFILE.name}"
    arguments = shlex.split(shlex.join(cargo_arguments(MADE_BY["host"], flag)))
    assert rustflags(arguments)[-1] == flag


def test_the_library_that_is_tested_is_the_one_that_this_compiler_makes() -> None:
    assert (compiler() == MADE_BY) == geocore.PROFILE_GUIDED
