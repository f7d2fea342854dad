"""`natalia drill` against a control socket."""

import json
import signal
from collections.abc import Iterator

import pytest

from engine.cli.client import UnansweredError
from engine.clock import SystemClock
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
    "of": 5,
    "took_it": False,
    "spared": False,
}
SILENT = {
    **PERSON,
    "alias": "Owl",
    "delivered_s": None,
    "answered_s": None,
    "reply": None,
    "points": 1,
}
OFFICERS = (
    {**PERSON, "alias": "Alder", "audience": "duty", "reply": None, "took_it": True},
    {**SILENT, "alias": "Rowan", "audience": "duty", "of": 2, "spared": True},
)
SCORE = {
    "alarm": "e1",
    "open": True,
    "held": True,
    "found_false": False,
    "to_call": False,
    "real": None,
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
    looks = ["GET /drills/e1"] * 2
    assert asked == ["POST /drills", *looks, "POST /alarms/e1/close"]
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
    nobody = {**SCORE, "held": False, "acknowledged_s": None, "hq_points": 0}
    with service(
        drills=RAISED,
        drills__e1=(200, nobody),
        alarms__e1__acknowledge=DONE,
        alarms__e1__close=DONE,
    ) as engine:
        natalia(patch, *WORDS, "--state", str(engine.state), "--json")
        asked = [what for what, _ in engine.asked]
    assert asked[3:] == ["POST /alarms/e1/acknowledge", "POST /alarms/e1/close"]
    assert json.loads(out.readouterr().out) == nobody, "scored before they took it"


def test_once_all_have_answered_nobody_waits(patch: Patch, out: Output) -> None:
    whole = {**SCORE, "people": [PERSON]}
    with service(
        drills=RAISED, drills__e1=(200, whole), alarms__e1__close=DONE
    ) as engine:
        words = (*WORDS[:-1], "240", "--state", str(engine.state))
        assert natalia(patch, *words) == 0
    assert "score: 73 %" in out.readouterr().out


def test_whoever_is_called_later_is_waited_for_bug_a_countdown_ended_it(
    patch: Patch, out: Output
) -> None:
    """The officer was there before anybody had been called, and that was all."""
    later = {**SCORE, "people": [OFFICERS[0]], "to_call": True}
    with service(
        drills=RAISED, drills__e1=(200, later), alarms__e1__close=DONE
    ) as engine:

        def called(*_: object) -> None:
            engine.answers["/drills/e1"] = (200, {**SCORE, "people": [PERSON]})

        patch.setattr(SystemClock, "sleep", called)
        words = (*WORDS[:-1], "240", "--state", str(engine.state))
        assert natalia(patch, *words) == 0
    assert "Wren" in out.readouterr().out


def test_an_exercise_that_may_have_begun_is_said_to(patch: Patch, out: Output) -> None:
    with service(drills=RAISED) as engine:

        def no_answer(*_: object) -> object:
            message = "the engine did not answer (ReadTimeout); look again"
            raise UnansweredError(message)

        patch.setattr("engine.cli.drill.ask", no_answer)
        assert natalia(patch, *WORDS, "--state", str(engine.state)) == 1
    said = "an exercise may have begun; see: natalia alarm list"
    assert out.readouterr().err.endswith(f"look again: {said}\n")


def test_each_officer_who_was_paged_has_a_line_and_one_of_them_is_enough(
    patch: Patch, out: Output
) -> None:
    whole = {**SCORE, "people": [PERSON, *OFFICERS]}
    with service(
        drills=RAISED, drills__e1=(200, whole), alarms__e1__close=DONE
    ) as engine:
        words = (*WORDS[:-1], "240", "--state", str(engine.state))
        assert natalia(patch, *words) == 0
    lines = [" ".join(line.split()) for line in out.readouterr().out.splitlines()]
    assert lines[2:5] == [
        "Alder 4.0 s 6.5 s 36.0 s 5 of 5 took it",
        "Rowan 4.0 s - - 1 of 2 another took it",
        "HQ 20.0 s 5 of 5",
    ]


def test_a_score_that_is_too_low_is_an_exit_code(patch: Patch, out: Output) -> None:
    closed = {**SCORE, "open": False}
    with service(drills=RAISED, drills__e1=(200, closed)) as engine:
        words = (*WORDS, "--state", str(engine.state), "--least")
        assert natalia(patch, *words, "74") == 4
        assert natalia(patch, *words, "73") == 0
    assert out.readouterr().out


@pytest.fixture
def _hears_ctrl_c() -> Iterator[None]:
    """Hear it also where a shell runs all this in the background, and ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_hears_ctrl_c")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_exercise_that_is_broken_off_is_ended_for_everybody(
    patch: Patch, out: Output, number: signal.Signals
) -> None:
    """Ctrl-C left it open: the officers on duty were rung on and on."""
    before = signal.getsignal(number)
    patch.setattr(SystemClock, "sleep", lambda *_: signal.raise_signal(number))
    with service(
        drills=RAISED, drills__e1=(200, SCORE), alarms__e1__close=DONE
    ) as engine:
        words = (*WORDS[:-1], "5", "--state", str(engine.state))
        assert natalia(patch, *words) == 130
        assert engine.asked[-1][0] == "POST /alarms/e1/close"
    assert "score: 73 %" in out.readouterr().out
    assert signal.getsignal(number) is before


def test_an_engine_that_starts_anew_in_it_goes_on_with_it(
    patch: Patch, out: Output
) -> None:
    with service(
        drills=RAISED, drills__e1=(200, SCORE), alarms__e1__close=DONE
    ) as engine:
        looks = iter(((500, {"error": "gone"}), (200, {**SCORE, "people": [PERSON]})))

        def look_again(*_: object) -> None:
            engine.answers["/drills/e1"] = next(looks)

        patch.setattr(SystemClock, "sleep", look_again)
        words = (*WORDS[:-1], "5", "--state", str(engine.state))
        assert natalia(patch, *words) == 0
        assert [what for what, _ in engine.asked][-2:] == [
            "GET /drills/e1",
            "POST /alarms/e1/close",
        ]
    assert "Owl" not in out.readouterr().out


def test_an_officer_who_takes_it_at_the_last_moment_keeps_nobody_from_ending_it(
    patch: Patch, out: Output
) -> None:
    refused = (409, {"done": False, "refused": "is acknowledged already"})
    with service(
        drills=RAISED,
        drills__e1=(200, {**SCORE, "held": False, "acknowledged_s": None}),
        alarms__e1__acknowledge=refused,
        alarms__e1__close=DONE,
    ) as engine:
        assert natalia(patch, *WORDS, "--state", str(engine.state)) == 0
        assert engine.asked[-1][0] == "POST /alarms/e1/close"
    assert out.readouterr().out


def test_an_exercise_that_cannot_be_ended_is_named_with_where_to_look(
    patch: Patch, out: Output
) -> None:
    with service(
        drills=RAISED,
        drills__e1=(200, SCORE),
        alarms__e1__close=(409, {"refused": "the engine is busy"}),
    ) as engine:
        assert natalia(patch, *WORDS, "--state", str(engine.state)) == 1
    there = f"--state {engine.state}"
    said = (
        "the engine is busy. Exercise e1 may go on; end it with:"
        f" natalia alarm acknowledge e1 --by alder {there};"
        f" natalia alarm close e1 --by alder --reason exercise_over {there}"
    )
    told = out.readouterr()
    assert told.err.endswith(f"natalia: {said}\n")
    assert "score: 73 %" in told.out


@pytest.mark.parametrize(
    "older",
    [
        {key: said for key, said in SCORE.items() if key != "held"},
        {**SCORE, "people": [{"alias": "Wren", "audience": "nearest"}]},
    ],
)
def test_a_service_of_before_an_update_is_said_to_be_older_bug_a_traceback(
    patch: Patch, out: Output, older: dict[str, object]
) -> None:
    """What ends it by hand was lost with it, and officers were rung on."""
    words = (*WORDS[:-1], "10")
    with service(drills=RAISED, drills__e1=(200, older)) as engine:
        assert natalia(patch, *words, "--state", str(engine.state)) == 1
    told = out.readouterr()
    assert told.out == ""
    assert "the service is older than this command" in told.err
    assert "end it with: natalia alarm acknowledge e1 --by alder " in told.err
