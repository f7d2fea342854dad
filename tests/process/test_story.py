"""One real alarm, end to end, through real sockets, a serial modem and a process."""

import subprocess
import sys

import pytest

from tests.rig import Rig, eventually

pytestmark = pytest.mark.process


def test_the_demo_sees_every_step_at_its_far_end() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "engine", "demo", "--once"],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every step was seen at its far end." in done.stdout


def test_the_nearest_five_of_the_circle_and_nobody_else_get_the_position(
    rig: Rig,
) -> None:
    with rig.device() as device:
        assert device.sos()[:4] == b"\x78\x78\x05\x16"
    assert rig.sms_to("tinamou")
    colleagues = [one for one in rig.told() if one != "alder"]
    assert sorted(colleagues) == sorted(
        ["lapwing", "cormorant", "owlet", "quelea", "tinamou"]
    )
    assert all(
        "41.3115" in sms.text or "Heron" in sms.text for sms in rig.messages.items()
    )


def test_an_answer_shows_who_is_coming(rig: Rig) -> None:
    with rig.device() as device:
        device.sos()
    sms = rig.sms_to("lapwing")
    assert sms is not None
    code = sms.text.split()[1]
    rig.modems[1].inject(sms.number, f"{code.lower()} 1")

    def coming() -> bool:
        return any(row["coming"] == 1 for row in rig.alarms())

    assert eventually(coming)


def test_an_answer_without_its_code_is_shown_and_counts_for_nothing(rig: Rig) -> None:
    with rig.device() as device:
        device.sos()
    sms = rig.sms_to("lapwing")
    assert sms is not None
    rig.modems[0].inject(sms.number, "1")

    def shown() -> bool:
        return any(row["kind"] == "notice" for row in rig.alarms())

    assert eventually(shown)
    assert all(row["coming"] == 0 for row in rig.alarms())


def test_sigterm_ends_the_service_within_three_seconds(rig: Rig) -> None:
    with rig.device() as device:
        device.sos()
        assert rig.stop() < 3.0
