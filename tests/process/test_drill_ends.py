"""An exercise that something comes between: it is never left to ring by itself."""

import signal

import pytest

from tests.process.drills import BROKEN_OFF, answer, drilling, exercise
from tests.rig import WAIT_S, Rig, eventually
from tests.voices import say_safe

pytestmark = pytest.mark.process


def ends(rig: Rig) -> int:
    """Return how many messages say that something has ended."""
    return sum("has ended at HQ" in sms.text for sms in rig.messages.items())


def test_a_second_ctrl_c_keeps_it_from_its_end_no_more_bug_it_rang_on(
    rig: Rig,
) -> None:
    with drilling(rig) as drill:
        assert rig.sms_to("lapwing")
        drill.send_signal(signal.SIGINT)
        drill.send_signal(signal.SIGTERM)
        drill.send_signal(signal.SIGINT)
        out, errors = drill.communicate(timeout=WAIT_S)
    assert (drill.returncode, "Traceback" in errors) == (BROKEN_OFF, False)
    assert "score: " in out
    assert not exercise(rig)["open"]
    assert eventually(lambda: ends(rig) == 1)


def test_a_real_press_breaks_it_off_bug_its_end_was_read_as_that_of_the_real_one(
    rig: Rig,
) -> None:
    with drilling(rig) as drill:
        assert rig.sms_to("tinamou")
        answer(rig, "lapwing", "1")
        with rig.device() as device:
            assert device.sos()
        out, errors = drill.communicate(timeout=WAIT_S)
    played, real = exercise(rig), exercise(rig, kind="real")
    assert drill.returncode == BROKEN_OFF
    assert "score: " in out
    assert f"a REAL alarm of theirs has come: {real['id']}." in errors
    assert errors.endswith(
        f"natalia alarm close {played['id']} --by aspen --reason exercise_over"
        f" --state {rig.state}\n"
    )
    assert (played["open"], played["acknowledged_by"]) == (True, "aspen")
    assert played["truth"] == "false", "a wider search would call more people"
    over = ("--by", "aspen", "--reason", "exercise_over", "--state", str(rig.state))
    refused = rig.natalia("alarm", "close", str(played["id"]), *over)
    assert refused.returncode == 1
    assert f"a real alarm of theirs is open: {real['id']};" in refused.stderr
    assert (real["open"], real["acknowledged_by"]) == (True, None)
    assert eventually(
        lambda: [s for s in rig.messages.items() if s.text.startswith("SOS ")]
    )
    assert ends(rig) == 0
    say_safe(rig, str(real["id"]), "alder", "rowan")
    for ended, how in ((real, "safe"), (played, "exercise_over")):
        for words in (("acknowledge",), ("close", "--reason", how)):
            by = (str(ended["id"]), "--by", "aspen", "--state", str(rig.state))
            done = rig.natalia("alarm", words[0], *by, *words[1:])
        assert done.returncode == 0, done.stderr
    assert not any(row["open"] for row in rig.alarms())


def test_an_engine_that_dies_before_its_end_is_waited_for_bug_it_was_left_open(
    rig: Rig,
) -> None:
    with drilling(rig) as drill:
        assert drill.stderr is not None
        assert "is under way" in drill.stderr.readline()
        rig.kill()
        drill.send_signal(signal.SIGINT)
        rig.start()
        out, errors = drill.communicate(timeout=WAIT_S)
    assert (drill.returncode, "Traceback" in errors) == (BROKEN_OFF, False)
    assert "score: " in out
    assert not exercise(rig)["open"]


def test_an_engine_that_stays_away_leaves_the_words_that_end_it(rig: Rig) -> None:
    with drilling(rig) as drill:
        assert rig.sms_to("lapwing")
        alarm = str(exercise(rig)["id"])
        answer(rig, "lapwing", "1")
        eventually(lambda: exercise(rig)["coming"] == 1)
        rig.kill()
        drill.send_signal(signal.SIGINT)
        assert drill.stderr is not None
        assert any("Ctrl-C gives up" in line for line in drill.stderr)
        drill.send_signal(signal.SIGINT)
        out, errors = drill.communicate(timeout=WAIT_S)
    assert "Traceback" not in errors
    assert drill.returncode == 1
    assert "score: " in out, "as it was when the engine last answered"
    end = f"natalia alarm close {alarm} --by aspen --reason exercise_over"
    end += f" --state {rig.state}"
    assert errors.endswith(f"{end}\n")
    rig.start()
    for words in errors.rpartition("end it with: ")[2].strip().split("; "):
        done = rig.natalia(*words.split()[1:])
        assert done.returncode == 0, done.stderr
    assert not exercise(rig)["open"]
