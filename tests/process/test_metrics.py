"""Every measurement moves as the story runs; systemd hears that the service lives."""

import re
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.requires import requires_command
from tests.rig import Rig, eventually
from tests.systemd import Systemd
from tests.voices import say_safe

pytestmark = [pytest.mark.process, pytest.mark.slow]

MOVED = {
    *("alarms", "alarms_raised", "alarms_closed"),
    *("oldest_unacknowledged_alarm_seconds", "report_to_journal_seconds"),
    *("report_to_first_notification_seconds", "report_to_acknowledgement_seconds"),
    *("reports", "signals", "device_connections"),
    *("deliveries", "delivery_attempts", "delivery_seconds", "channel_phase_seconds"),
    *("modem_up", "modem_submits", "modem_submit_seconds"),
    *("modem_messages", "modem_calls"),
    *("journal_commit_seconds", "journal_group_requests", "journal_position"),
    *("journal_bytes", "timer_lag_seconds", "proximity_lookup_seconds"),
    *("console_streams", "console_sign_ins", "degraded"),
}
CALLED = re.compile(r"modem_calls_total\{[^}]*\} [1-9]")
Samples = dict[tuple[str, str], float]


@pytest.fixture
def rig(tmp_path: Path, systemd: Systemd) -> Iterator[Rig]:
    watched = {"NOTIFY_SOCKET": str(systemd.path), "WATCHDOG_USEC": "30000000"}
    with Rig(folder=tmp_path, environment=watched) as made:
        yield made


def samples(rig: Rig) -> Samples:
    """Return every sample under its family's name without our prefix."""
    return {
        (family.name.removeprefix("natalia_"), f"{each.name} {each.labels}"): each.value
        for family in text_string_to_metric_families(rig.metrics())
        for each in family.samples
    }


def play(rig: Rig) -> Iterator[None]:
    """Play an alarm from the press to its end; pause where something shows."""
    lag = "natalia_timer_lag_seconds_count"
    lagged = rig.metric(lag) or 0.0
    yield
    with rig.device() as device, rig.operator("alder") as alder:
        with alder._client.stream("GET", "/events"):
            assert device.sos()
            sms = rig.sms_to("lapwing")
            assert sms is not None
            rig.modems[0].ring(sms.number)
            eventually(lambda: CALLED.search(rig.metrics()), timeout_s=60)
            rig.modems[0].inject(sms.number, f"{sms.text.split()[1]} 1")
            eventually(lambda: rig.alarms()[0]["coming"] == 1)
            yield
            rig.modems[1].unplug()
            eventually(lambda: rig.metric('natalia_modem_up{modem="modem-2"}') == 0.0)
            yield
        # Nobody has acknowledged, so that HQ is told again at a deadline.
        eventually(lambda: (rig.metric(lag) or 0.0) > lagged, timeout_s=90)
        alarm = str(rig.alarms()[0]["id"])
        assert alder.act(alarm, "acknowledge") is None
        assert alder.act(alarm, "verify", truth="verified") is None
        say_safe(rig, alarm, "rowan")
        assert alder.act(alarm, "close", reason="safe") is None
        closed = 'natalia_alarms_closed_total{kind="real"}'
        eventually(lambda: rig.metric(closed) == 1.0)
    yield


def test_what_is_measured_moves_as_the_story_runs(rig: Rig) -> None:
    moments = [samples(rig) for _ in play(rig)]
    moved = {
        family
        for before, after in pairwise(moments)
        for (family, sample), value in after.items()
        if before.get((family, sample)) != value
    }
    assert MOVED - moved == set()
    last = moments[-1]
    assert {v for (name, _), v in last.items() if name == "alarms_unrecorded"} == {0.0}
    assert {v for (name, _), v in last.items() if name == "telemetry_errors"} == {0.0}
    assert any(name == "modem_signal_dbm" and v < 0 for (name, _), v in last.items())
    promtool = requires_command("promtool", package="prometheus promtool")
    done = subprocess.run(
        [promtool, "check", "metrics"],
        input=rig.metrics(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_systemd_hears_ready_once_and_then_the_watchdog(
    rig: Rig, systemd: Systemd
) -> None:
    eventually(lambda: systemd.told.count(b"WATCHDOG=1") >= 3)
    before, *after = systemd.told.decode().split("READY=1\n")
    assert len(after) == 1
    assert "WATCHDOG=1" not in before
    rig.stop()
