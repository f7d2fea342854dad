"""What people answer to an exercise, from their telephones to the score."""

import json
import re
import signal

import pytest

from engine.protocol.language import LANGUAGES, wording
from tests.process.drills import BELOW, BROKEN_OFF, answer, drilling, exercise
from tests.rig import WAIT_S, Rig, eventually

pytestmark = pytest.mark.process

NEAREST = ("lapwing", "cormorant", "owlet", "quelea", "tinamou")
MARKS = tuple(f"{wording(language).words['exercise']} " for language in LANGUAGES)
SLACK_S = 0.5
"""How far the engine's clock, anchored at its start, may be from the telephones'."""
LATE_S = 10.0


def said(rig: Rig, alarm: str, line: str) -> bool:
    """Say whether the case's time line has an answer in these words."""
    return (
        f"Answer: {line}"
        in rig.natalia("alarm", "show", alarm, "--state", str(rig.state)).stdout
    )


@pytest.mark.slow
def test_an_exercise_is_scored_by_what_people_really_answered(rig: Rig) -> None:
    with drilling(rig, "--json", "--least", "80") as drill:
        first = rig.sms_to("lapwing")
        assert first is not None
        row = exercise(rig)
        alarm, raised_ms = str(row["id"]), int(str(row["raised_ms"]))
        answered_ms = {"lapwing": answer(rig, "lapwing", "1")}
        eventually(lambda: said(rig, alarm, "colleague 1: coming"))
        answered_ms["cormorant"] = answer(rig, "cormorant", "2")
        eventually(lambda: said(rig, alarm, "colleague 2: cannot come"))
        answer(rig, "quelea", "1", sender=first.number)
        eventually(lambda: said(rig, alarm, "colleague 4: coming (not authentic"))
        with rig.operator("alder") as alder, rig.operator("rowan") as rowan:
            taken_ms = rig.clock.now().ms
            assert alder.act(alarm, "acknowledge") is None
            assert alder.act(alarm, "verify", truth="verified") is None
            assert rowan.act(alarm, "approve", template="public"), "it is an exercise"
            assert alder.act(alarm, "close", reason="exercise_over") is None
        out, _ = drill.communicate(timeout=WAIT_S)
    found = json.loads(out)
    assert drill.returncode == BELOW
    assert (found["alarm"], found["open"], found["percent"]) == (alarm, False, 74)
    people = {one["alias"].lower(): one for one in found["people"]}
    assert tuple(people) == (*NEAREST, "alder"), "the nearest first, then who was paged"
    assert {name: (one["reply"], one["points"]) for name, one in people.items()} == {
        "lapwing": ("coming", 5),
        "cormorant": ("cannot", 5),
        "owlet": (None, 2),
        "quelea": (None, 2),
        "tinamou": (None, 2),
        "alder": (None, 5),
    }
    assert people["alder"]["took_it"]
    assert found["acknowledged_s"] == people["alder"]["answered_s"]
    answered_ms["alder"] = taken_ms
    for name, at_ms in answered_ms.items():
        late_s = people[name]["answered_s"] - (at_ms - raised_ms) / 1000
        assert -SLACK_S < late_s < LATE_S, name
    assert all(0 <= one["sent_s"] <= one["delivered_s"] for one in people.values())
    assert_it_is_over_and_was_none(rig, alarm)


def test_an_exercise_that_is_broken_off_is_told_and_scored_all_the_same(
    rig: Rig,
) -> None:
    with drilling(rig) as drill:
        assert rig.sms_to("tinamou")
        alarm = str(exercise(rig)["id"])
        answer(rig, "lapwing", "1")
        eventually(lambda: said(rig, alarm, "colleague 1: coming"))
        acknowledge = ("alarm", "acknowledge", alarm, "--by", "aspen")
        done = rig.natalia(*acknowledge, "--state", str(rig.state))
        assert done.returncode == 0, done.stderr
        drill.send_signal(signal.SIGINT)
        out, errors = drill.communicate(timeout=WAIT_S)
    assert (drill.returncode, "Traceback" in errors) == (BROKEN_OFF, False)
    assert f"exercise {alarm} is under way; 5 minutes\n" in errors
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert re.fullmatch(r"Lapwing \S+ s \S+ s \S+ s 5 of 5 coming", lines[1])
    assert re.fullmatch(r"Owlet \S+ s (\S+ s|-) - [12] of 5", lines[3])
    assert re.fullmatch(r"HQ \S+ s 5 of 5", lines[-2])
    assert re.fullmatch(r"score: \d+ %", lines[-1])
    assert_it_is_over_and_was_none(rig, alarm)


def assert_it_is_over_and_was_none(rig: Rig, alarm: str) -> None:
    """Everybody hears of the end; nothing was published, and nothing counts as real."""
    told = {*NEAREST, "alder"}
    eventually(lambda: all(rig.told().count(one) > 1 for one in told))
    assert set(rig.told()) == told
    assert all(sms.text.startswith(MARKS) for sms in rig.messages.items())
    assert all(mail.text.startswith(MARKS) for mail in rig.mail.mails.items())
    assert rig.mastodon.posts.items() == ()
    row = exercise(rig)
    assert (row["id"], row["open"], row["publicity"]) == (alarm, False, "none")
    listed = rig.natalia("alarm", "list", "--state", str(rig.state)).stdout
    assert listed.startswith(f"{alarm}  ")
    assert listed.endswith("  EXERCISE\n")
    counted = {
        (what, kind): rig.metric(f'natalia_alarms_{what}_total{{kind="{kind}"}}')
        for what in ("raised", "closed")
        for kind in ("real", "exercise", "notice")
    }
    assert counted == {
        (what, kind): float(kind == "exercise") for what, kind in counted
    }
    for kind in ("real", "exercise"):
        oldest = f'natalia_oldest_unacknowledged_alarm_seconds{{kind="{kind}"}}'
        assert rig.metric(oldest) == 0
