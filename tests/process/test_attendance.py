"""What is known of a device, while the service is killed and started again."""

import json
from pathlib import Path

import pytest

from tests.process.test_silence import HEARTBEAT_S, agreed
from tests.rig import HERON_IMEI, Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]


def show(rig: Rig) -> dict[str, object]:
    words = ("device", "show", HERON_IMEI, "--json", "--state", str(rig.state))
    done = rig.natalia(*words)
    assert done.returncode == 0, done.stderr
    shown: dict[str, object] = json.loads(done.stdout)
    del shown["readings"]  # of its last report, in memory alone
    return shown


def test_a_device_is_known_after_kill_9_and_overdue_in_time(tmp_path: Path) -> None:
    with Rig(folder=tmp_path, roster_text=agreed(), modems_wanted=0) as rig:
        with rig.device():
            pass
        eventually(lambda: rig.rows("SELECT 1 FROM attendance"))
        before = show(rig)
        assert before["seen_at"] is not None
        assert before["overdue"] is False

        rig.kill()
        rig.start()

        assert show(rig) == before
        eventually(lambda: show(rig)["overdue"] is True, HEARTBEAT_S + 15)
        rig.kill()
        rig.start()
        after = eventually(lambda: show(rig)["overdue"] is True and show(rig))
        assert after == before | {"overdue": True}


def test_a_battery_and_the_last_second_outlive_an_orderly_stop(tmp_path: Path) -> None:
    with Rig(folder=tmp_path, modems_wanted=0) as rig:
        before = show(rig)
        assert (before["seen_at"], before["battery_ratio"]) == (None, None)
        with rig.device() as device:
            device.sos()
            before = show(rig)
            assert before["seen_at"] is not None
            assert before["battery_ratio"] is not None
        rig.stop()
        rig.start()
        assert show(rig) == before


def test_a_position_that_cannot_be_is_known_as_such_after_kill_9(
    tmp_path: Path,
) -> None:
    with Rig(folder=tmp_path, modems_wanted=0) as rig:
        with rig.device() as device:
            device.move(41.31151)
            eventually(lambda: rig.rows("SELECT 1 FROM place"))
            device.move(-33.9, 18.4)
            eventually(lambda: rig.rows("SELECT 1 FROM doubt"))
            before = show(rig)
            rig.kill()
        rig.start()

        after = show(rig)

        assert after["position"] == before["position"]
        assert after["position"] is not None
        doubted = after["doubted_position"]
        assert doubted == before["doubted_position"]
        assert isinstance(doubted, dict)
        assert doubted["why"] == "jump"
        with rig.device() as device:
            device.sos(-33.9, 100.0)
            (alarm,) = eventually(rig.alarms)
            place = rig.alarm(str(alarm["id"]))["place"]
        assert isinstance(place, dict)
        assert place["source"] == "last_fix", "one that was believed is better"
