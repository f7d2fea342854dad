"""An exercise beside a real alarm, and one that nobody has any more, is ended right."""

import json
import signal

import pytest

from engine.clock import SystemClock
from tests.engine.cli.services import Service, natalia, service
from tests.engine.cli.test_drill import DONE, RAISED, SCORE, WORDS

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]
CLOSE, VERIFY = "POST /alarms/e1/close", "POST /alarms/e1/verify"
TAKE = "POST /alarms/e1/acknowledge"
REAL = {**SCORE, "real": "a9"}
LET_BE = (200, {**REAL, "found_false": True})
COMMANDS = (
    "natalia alarm acknowledge e1 --by alder",
    "natalia alarm verify e1 --by alder --truth false",
    "natalia alarm close e1 --by alder --reason exercise_over",
)


def commands(engine: Service) -> list[str]:
    """Return what ends it, as somebody can type it who has named the state folder."""
    return [f"{one} --state {engine.state}" for one in COMMANDS]


def acts(engine: Service) -> list[str]:
    """Return what was done, without the looks."""
    return [what for what, _ in engine.asked if what.startswith("POST /alarms")]


def test_a_real_alarm_that_came_while_the_engine_was_away_bug_told_of_an_end(
    patch: Patch, out: Output
) -> None:
    with service(
        drills=RAISED, drills__e1=(200, SCORE), alarms__e1__verify=DONE
    ) as engine:
        socket = engine.state / "control.sock"
        gone = socket.with_suffix(".gone")
        engine.then["/alarms/e1/verify"] = {"/drills/e1": LET_BE}

        def goes_and_comes(*_: object) -> None:
            if socket.exists():
                socket.rename(gone)
                signal.raise_signal(signal.SIGTERM)
            else:
                engine.answers["/drills/e1"] = (200, REAL)
                gone.rename(socket)

        patch.setattr(SystemClock, "sleep", goes_and_comes)
        words = (*WORDS[:-1], "5", "--state", str(engine.state))
        assert natalia(patch, *words) == 130
        assert acts(engine) == [VERIFY]
    told = out.readouterr().err
    assert "a REAL alarm of theirs has come: a9." in told
    take, _, end = commands(engine)
    assert told.endswith(f"{take}; {end}\n"), "bug: they named no state folder"


def test_an_end_that_is_refused_beside_a_real_alarm_is_none_and_it_is_found_false(
    patch: Patch, out: Output
) -> None:
    refused = (409, {"refused": "a real alarm of theirs is open: a9"})
    with service(
        drills=RAISED,
        drills__e1=(200, SCORE),
        alarms__e1__close=refused,
        alarms__e1__verify=DONE,
    ) as engine:
        engine.then["/alarms/e1/close"] = {"/drills/e1": (200, REAL)}
        engine.then["/alarms/e1/verify"] = {"/drills/e1": LET_BE}
        assert natalia(patch, *WORDS, "--state", str(engine.state)) == 130
        assert acts(engine) == [CLOSE, VERIFY]
    assert "a REAL alarm of theirs has come: a9." in out.readouterr().err


def test_what_an_officer_had_and_has_no_more_is_taken_to_end_it_bug_rang_on(
    patch: Patch, out: Output
) -> None:
    lapsed = {**SCORE, "held": False}
    with service(
        drills=RAISED,
        drills__e1=(200, lapsed),
        alarms__e1__acknowledge=DONE,
        alarms__e1__close=DONE,
    ) as engine:
        assert natalia(patch, *WORDS, "--state", str(engine.state)) == 0
        assert acts(engine) == [TAKE, CLOSE]
    assert "score: 73 %" in out.readouterr().out


def test_an_act_that_was_refused_is_given_again_under_another_id(
    patch: Patch, out: Output
) -> None:
    """A second click is answered as the first was: it would be refused for ever."""
    with service(
        drills=RAISED,
        drills__e1=(200, SCORE),
        alarms__e1__acknowledge=DONE,
        alarms__e1__close=(409, {"refused": "acknowledge it first"}),
    ) as engine:
        engine.then["/alarms/e1/close"] = {
            "/drills/e1": (200, {**SCORE, "held": False, "acknowledged_s": 9.0}),
            "/alarms/e1/close": DONE,
        }
        assert natalia(patch, *WORDS, "--state", str(engine.state), "--json") == 0
        assert acts(engine) == [CLOSE, TAKE, CLOSE]
        ids = {json.loads(said)["id"] for what, said in engine.asked if what == CLOSE}
        assert len(ids) == 2
    assert json.loads(out.readouterr().out)["acknowledged_s"] == 20.0


def test_one_that_cannot_be_found_false_is_not_said_to_call_nobody_bug_it_was(
    patch: Patch, out: Output
) -> None:
    with service(
        drills=RAISED,
        drills__e1=(200, REAL),
        alarms__e1__verify=(409, {"refused": "somebody else has to say so"}),
    ) as engine:
        assert natalia(patch, *WORDS, "--state", str(engine.state)) == 1
        assert set(acts(engine)) == {VERIFY}
    told = out.readouterr()
    take, verify, end = commands(engine)
    assert "calls nobody more;" not in told.err
    assert told.err.endswith(
        "natalia: somebody else has to say so. A REAL alarm of theirs has come, and"
        " exercise e1 may call people beside it; have it call nobody more with:"
        f" {take}; {verify}; once the real one is over: {end}\n"
    )
    assert "score: 73 %" in told.out


def test_one_that_somebody_has_ended_beside_a_real_alarm_is_not_said_to_be_open(
    patch: Patch, out: Output
) -> None:
    with service(drills=RAISED, drills__e1=(200, {**REAL, "open": False})) as engine:
        assert natalia(patch, *WORDS, "--state", str(engine.state)) == 130
        assert acts(engine) == []
    assert "stays open" not in out.readouterr().err
