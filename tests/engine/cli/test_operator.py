"""`natalia operator`: the first password's path is printed, never the password."""

import json

import pytest

from tests.engine.cli.services import natalia, service

ADD = ("operator", "add", "alder")


def test_adding_prints_where_the_first_password_lies(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    said = {"operator": "alder", "password_file": "/state/first-password-alder"}
    with service(operators__alder=(200, said)) as engine:
        assert natalia(patch, *ADD, f"--state={engine.state}") == 0
    assert "/state/first-password-alder" in out.readouterr().out


def test_a_taken_name_fails_and_says_so(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    said = {"error": "operator 'alder' is there already"}
    with service(operators__alder=(409, said)) as engine:
        assert natalia(patch, *ADD, f"--state={engine.state}") == 1
    assert "is there already" in out.readouterr().err


def test_operators_are_listed(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    with service(operators=(200, ["alder", "rowan"])) as engine:
        natalia(patch, "operator", "list", f"--state={engine.state}")
        assert out.readouterr().out == "alder\nrowan\n"
        natalia(patch, "operator", "list", "--json", f"--state={engine.state}")
        assert json.loads(out.readouterr().out) == ["alder", "rowan"]


def test_whoever_is_removed_is_said_to_be_out(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    with service(operators__alder=(200, {"operator": "alder"})) as engine:
        words = ("operator", "remove", "alder", f"--state={engine.state}")
        assert natalia(patch, *words) == 0
    assert [asked[0] for asked in engine.asked] == ["DELETE /operators/alder"]
    assert "alder may sign in no more" in out.readouterr().out


@pytest.mark.parametrize("name", ["../x", "a/b", "alder?x=1", ""])
def test_a_name_that_is_none_leads_nowhere(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str], name: str
) -> None:
    with service() as engine:
        words = ("operator", "add", f"--state={engine.state}", "--", name)
        assert natalia(patch, *words) == 1
    assert engine.asked == []
    assert "name: letters, digits, - and _ only" in out.readouterr().err
