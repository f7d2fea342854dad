"""An exercise, and a defender who moves, through the real service."""

import json

import pytest

from tests.rig import Rig, eventually

pytestmark = pytest.mark.process


def test_an_exercise_goes_the_full_path_and_is_scored(rig: Rig) -> None:
    assert rig.password("aspen")
    done = rig.natalia(
        *("drill", "--for", "heron", "--by", "aspen", "--minutes", "0.3"),
        *("--state", str(rig.state), "--json"),
    )
    assert done.returncode == 0, done.stderr
    score = json.loads(done.stdout)
    called = [one for one in score["people"] if one["audience"] == "nearest"]
    officers = [one for one in score["people"] if one["audience"] == "duty"]
    assert len(called) == 5
    assert all(one["sent_s"] is not None for one in score["people"])
    assert officers
    assert all(one["answered_s"] is None for one in officers)
    assert score["acknowledged_s"] is None
    sms = rig.sms_to("lapwing")
    assert sms is not None
    assert sms.text.startswith("EXERCISE ")
    (row,) = rig.alarms()
    assert (row["kind"], row["open"]) == ("exercise", False)


def test_whoever_was_told_hears_where_the_defender_has_moved(rig: Rig) -> None:
    with rig.device() as device:
        device.sos()
        assert rig.sms_to("lapwing") is not None

        def heard() -> bool:
            # As devices do, again and again: their clocks count whole seconds.
            device.move(lat_deg=41.3405)
            texts = [one.text for one in rig.messages.items()]
            return any("moved 3 km north" in text for text in texts)

        assert eventually(heard)
