"""A missing program is a skip at home and a failure in CI."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.requires import requires_command, requires_file, requires_module

ABSENT = "a-program-that-nobody-has"


@pytest.fixture(autouse=True)
def _at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("CI_UNAVAILABLE", raising=False)


def test_a_program_that_is_there_is_returned_by_its_path() -> None:
    assert requires_command("sh", package="dash").is_absolute()


def test_a_file_is_found_by_a_glob() -> None:
    assert requires_file("/bin/s[h]", package="dash") == Path("/bin/sh")


@pytest.mark.parametrize("requires", [requires_command, requires_file])
def test_at_home_the_skip_names_the_cure(requires: Callable[..., Path]) -> None:
    with pytest.raises(pytest.skip.Exception, match="apt-get install a-package"):
        requires(ABSENT, package="a-package")


def test_in_ci_it_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="must list it"):
        requires_command(ABSENT, package="a-package")


def test_in_ci_what_no_package_brings_there_is_a_skip(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("CI_UNAVAILABLE", "another a-package")
    with pytest.raises(pytest.skip.Exception):
        requires_command(ABSENT, package="a-package")


def test_a_module_that_is_there_lets_the_test_go_on() -> None:
    requires_module("json", package="python")


def test_a_module_that_is_not_is_a_skip_at_home_and_a_failure_in_ci(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(pytest.skip.Exception, match="pip install a-package"):
        requires_module("a_module_that_nobody_has", package="a-package")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="pip install a-package"):
        requires_module("a_module_that_nobody_has", package="a-package")
