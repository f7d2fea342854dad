"""A fleet of every wire protocol over sockets to the running service."""

import json
import sys
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen

import pytest

from adapters.fleet.handsets import HANDSETS
from adapters.fleet.roster import roster_of
from tests.rig import WAIT_S, Rig

pytestmark = [pytest.mark.process, pytest.mark.slow]
FLEET = 3 * len(HANDSETS)


def simulate(rig: Rig, *words: str) -> CompletedProcess[str]:
    ports = [f"--port={name}={rig.ports[name][1]}" for name in HANDSETS]
    options = ("--fleet", str(FLEET), "--json", *ports, *words)
    return rig.natalia("device", "simulate", *options)


def test_every_report_and_press_of_a_mixed_fleet_is_acknowledged(
    tmp_path: Path,
) -> None:
    roster = roster_of(FLEET, list(HANDSETS))
    with Rig(
        folder=tmp_path, roster_text=roster, gateways=tuple(HANDSETS), modems_wanted=0
    ) as rig:
        done = simulate(rig, "--every=1", "--for=4", "--sos-per-minute=600")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        whole = told.pop("all")
        assert whole["connected"] == FLEET
        assert whole["lost"] == whole["refused"] == whole["strange"] == 0
        assert whole["sos_acknowledged"] == whole["sos_due"] > 0
        assert whole["acknowledged"] == whole["due"]
        for name, one in told.items():
            assert one["sent"] > 0, name
        pressed = rig.rows("SELECT count(*) FROM inbound WHERE source = 'device'")
        assert pressed == [(whole["sos_sent"],)]
        known = {f"{number}" for number in range(FLEET)}
        rows = rig.rows("SELECT person FROM place")
        assert {str(row[0]).removeprefix("fleet") for row in rows} == known


def test_a_device_is_enrolled_tried_out_and_listed_from_the_command_line(
    tmp_path: Path,
) -> None:
    with Rig(folder=tmp_path, modems_wanted=0) as rig:
        state = ("--state", str(rig.state))
        rig.password("alder")
        imei = "004999010640091"
        options = (
            "--person=heron",
            "--wire-protocol=gt06",
            "--heartbeat=600",
            "--by=alder",
        )
        enrolled = rig.natalia("device", "enrol", imei, *options, *state)
        assert enrolled.returncode == 0, enrolled.stderr
        command = (sys.executable, "-m", "engine", "device", "test", imei)
        guide = Popen(
            [*command, "--by=alder", "--json", *state],
            stdout=PIPE,
            stderr=PIPE,
            text=True,
        )
        assert guide.stderr is not None
        assert "exercise" in guide.stderr.readline()
        with rig.device(imei) as device:
            assert device.sos()
        told, error = guide.communicate(timeout=WAIT_S)
        assert guide.returncode == 0, error
        alarm = rig.alarm(str(json.loads(told)["alarm"]))
        assert alarm["kind"] == "exercise"
        listed = rig.natalia("device", "list", "--person=heron", "--json", *state)
        rows = {row["device"]: row for row in json.loads(listed.stdout)}
        assert rows["...0091"]["overdue"] is False
        assert rows["...0018"]["seen_at"] is None
