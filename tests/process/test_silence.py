"""A device that falls silent at risk, while the service is killed and started again."""

from pathlib import Path

import pytest

from engine.roster.sample import sample_text
from tests.rig import HERON_IMEI, Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]
HEARTBEAT_S = 30
RAISED = "SELECT 1 FROM stream WHERE stream LIKE 'alarm/%'"


def agreed() -> str:
    """Return the sample roster in which heron is at risk, and agreed on a heartbeat."""
    text = sample_text()
    device, person = f'id = "{HERON_IMEI}"\n', 'id = "heron"\n'
    assert text.count(device) == text.count(person) == 1
    text = text.replace(device, f"{device}heartbeat_s = {HEARTBEAT_S}\n")
    window = 'risk_windows = ["daily 00:00-00:00"]\n'
    return text.replace(person, f"{person}{window}")


def test_silence_raises_in_time_across_kill_9(tmp_path: Path) -> None:
    with Rig(folder=tmp_path, roster_text=agreed(), modems_wanted=0) as rig:
        with rig.device():
            began_s = rig.clock.boottime_s()
        eventually(
            lambda: rig.rows("SELECT 1 FROM stream WHERE stream LIKE 'silence/%'")
        )
        rig.kill()
        rig.start()
        assert rig.alarms() == []
        # Read beside the service: the command line takes its own time to start.
        eventually(lambda: rig.rows(RAISED), timeout_s=HEARTBEAT_S + 15)
        took_s = rig.clock.boottime_s() - began_s
        assert HEARTBEAT_S - 1 <= took_s <= HEARTBEAT_S + 10
        (alarm,) = rig.alarms()
        assert (alarm["alias"], alarm["kind"]) == ("Heron", "real")
