"""`natalia alarm` against a control socket."""

import json

import pytest

from tests.engine.cli.services import natalia, service

ROW = {
    "id": "7d5c01aa90e2",
    "raised_at": "2026-11-25T03:00:00.000Z",
    "response": "raised",
    "truth": "unverified",
    "alias": "Heron",
    "coming": 1,
    "told": 5,
}
CASE = {
    **ROW,
    "publicity": "none",
    "protocol": "Standard v1",
    "lines": [{"at": "2026-11-25T03:00:00.000Z", "kind": "AlarmRaised", "text": "sos"}],
}

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]


def test_the_list_is_one_line_for_each_alarm(patch: Patch, out: Output) -> None:
    with service(alarms=(200, [ROW])) as engine:
        assert natalia(patch, "alarm", "list", "--state", str(engine.state)) == 0
    line = out.readouterr().out
    assert line.startswith("7d5c01aa90e2  2026-11-25T03:00:00")
    assert "1 coming of 5 told" in line


def test_an_empty_list_says_so(patch: Patch, out: Output) -> None:
    with service(alarms=(200, [])) as engine:
        natalia(patch, "alarm", "list", "--state", str(engine.state))
    assert out.readouterr().out == "no alarms\n"


def test_json_is_what_the_engine_said(patch: Patch, out: Output) -> None:
    with service(alarms=(200, [ROW]), alarms__7d5c01aa90e2=(200, CASE)) as engine:
        state = ("--state", str(engine.state), "--json")
        natalia(patch, "alarm", "list", *state)
        assert json.loads(out.readouterr().out) == [ROW]
        natalia(patch, "alarm", "show", "7d5c01aa90e2", *state)
        assert json.loads(out.readouterr().out) == CASE


def test_a_case_is_shown_with_its_time_line(patch: Patch, out: Output) -> None:
    with service(alarms__7d5c01aa90e2=(200, CASE)) as engine:
        words = ("alarm", "show", "7d5c01aa90e2", "--state", str(engine.state))
        assert natalia(patch, *words) == 0
    said = out.readouterr().out
    assert "Heron: raised, unverified, none (Standard v1)" in said
    assert "03:00:00.000  AlarmRaised" in said


@pytest.mark.parametrize(
    ("act", "options", "fields"),
    [
        ("acknowledge", (), {}),
        ("verify", (), {"truth": "verified"}),
        ("verify", ("--truth", "false"), {"truth": "false"}),
        ("close", ("--reason", "safe"), {"reason": "safe", "remark": ""}),
    ],
)
def test_an_act_names_who_acts_and_carries_an_id_of_its_own(
    patch: Patch, act: str, options: tuple[str, ...], fields: dict[str, str]
) -> None:
    done = {"done": True, "refused": None}
    with service(**{f"alarms__a1__{act}": (200, done)}) as engine:
        words = ("alarm", act, "a1", "--by", "alder", *options)
        assert natalia(patch, *words, "--state", str(engine.state)) == 0
        assert natalia(patch, *words, "--state", str(engine.state)) == 0
    bodies = [json.loads(body) for _, body in engine.asked]
    ids = {body.pop("id") for body in bodies}
    assert bodies == [{"by": "alder", **fields}] * 2
    assert len(ids) == 2


def test_a_refusal_is_said_and_fails(patch: Patch, out: Output) -> None:
    refused = {"done": False, "refused": "acknowledge the alarm first"}
    with service(alarms__a1__close=(409, refused)) as engine:
        words = ("alarm", "close", "a1", "--by", "alder", "--reason", "safe")
        assert natalia(patch, *words, "--state", str(engine.state)) == 1
    assert out.readouterr().err == "natalia: acknowledge the alarm first\n"


def test_closing_needs_a_reason(patch: Patch, out: Output) -> None:
    assert natalia(patch, "alarm", "close", "a1", "--by", "alder") == 2
    assert "--reason" in out.readouterr().err
