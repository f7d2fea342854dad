"""`natalia drill` against a control socket."""

import json

import pytest

from tests.engine.cli.services import natalia, service

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]
PERSON = {
    "person": "wren",
    "alias": "Wren",
    "audience": "nearest",
    "sent_s": 4.0,
    "delivered_s": 6.5,
    "answered_s": 36.0,
    "reply": "coming",
    "points": 5,
}
SILENT = {
    **PERSON,
    "alias": "Owl",
    "delivered_s": None,
    "answered_s": None,
    "reply": None,
    "points": 1,
}
SCORE = {
    "alarm": "e1",
    "open": True,
    "percent": 73,
    "of": 5,
    "acknowledged_s": 20.0,
    "hq_points": 5,
    "people": [PERSON, SILENT],
}
RAISED = (200, {"alarm": "e1", "by": "alder"})
DONE = (200, {"done": True, "refused": None})
WORDS = ("drill", "--for", "heron", "--by", "alder", "--minutes", "0")


def test_an_exercise_is_raised_scored_and_ended(patch: Patch, out: Output) -> None:
    with service(
        drills=RAISED, drills__e1=(200, SCORE), alarms__e1__close=DONE
    ) as engine:
        assert natalia(patch, *WORDS, "--state", str(engine.state)) == 0
        asked = [what for what, _ in engine.asked]
        raising, closing = json.loads(engine.asked[0][1]), engine.asked[-1][1]
    assert asked == ["POST /drills", "GET /drills/e1", "POST /alarms/e1/close"]
    assert (raising["defender"], raising["by"]) == ("heron", "alder")
    assert json.loads(closing)["reason"] == "exercise_over"
    lines = out.readouterr().out.splitlines()
    assert [" ".join(line.split()) for line in lines[1:4]] == [
        "Wren 4.0 s 6.5 s 36.0 s 5 of 5 coming",
        "Owl 4.0 s - - 1 of 5",
        "HQ 20.0 s 5 of 5",
    ]
    assert lines[4] == "score: 73 %"


def test_whoever_runs_it_takes_it_only_to_end_it(patch: Patch, out: Output) -> None:
    nobody = {**SCORE, "acknowledged_s": None, "hq_points": 0}
    with service(
        drills=RAISED,
        drills__e1=(200, nobody),
        alarms__e1__acknowledge=DONE,
        alarms__e1__close=DONE,
    ) as engine:
        natalia(patch, *WORDS, "--state", str(engine.state), "--json")
        asked = [what for what, _ in engine.asked]
    assert asked[2:] == ["POST /alarms/e1/acknowledge", "POST /alarms/e1/close"]
    assert json.loads(out.readouterr().out) == nobody, "scored before they took it"


def test_once_all_have_answered_nobody_waits(patch: Patch, out: Output) -> None:
    whole = {**SCORE, "people": [PERSON]}
    with service(
        drills=RAISED, drills__e1=(200, whole), alarms__e1__close=DONE
    ) as engine:
        words = (*WORDS[:-1], "240", "--state", str(engine.state))
        assert natalia(patch, *words) == 0
    assert "score: 73 %" in out.readouterr().out


def test_a_score_that_is_too_low_is_an_exit_code(patch: Patch, out: Output) -> None:
    closed = {**SCORE, "open": False}
    with service(drills=RAISED, drills__e1=(200, closed)) as engine:
        words = (*WORDS, "--state", str(engine.state), "--least")
        assert natalia(patch, *words, "74") == 4
        assert natalia(patch, *words, "73") == 0
    assert out.readouterr().out
