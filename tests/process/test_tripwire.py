"""A trip-wire: what is about people stays out of logs, metrics, names and status."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import apsw
import httpx2
import pytest

from adapters.demo.farends.shelf import Mode
from engine.roster.sample import sample_text
from tests.rig import HERON_IMEI, WAIT_S, Rig, eventually
from tests.systemd import Systemd

pytestmark = [pytest.mark.process, pytest.mark.slow]

STRANGER_IMEI = "359339075006022"
LAT_DEG, LON_DEG = 41.31151, 69.27974
PHONE_LAT_DEG, PHONE_LON_DEG = 3.45678, -76.54321
TEXT = "zebrafish"

# As whole words in the roster, by words that occur nowhere else.
RENAMED = {
    '"heron"': '"xeronqa"',
    '"Heron"': '"Xeronqa"',
    '"lapwing"': '"lopwingqa"',
    '"Lapwing"': '"Lopwingqa"',
    '"Lantern"': '"Lanternqa"',
    'name = "Tashkent"': 'name = "Toshqand"',
    '"k8d3-stor"': '"w9f4-qaqa"',
}
SEEDS = (
    *("xeronqa", "lopwingqa", "lanternqa", "toshqand", "w9f4-qaqa", TEXT),
    *("998460000011", "460000011", "998460099999"),
    *(HERON_IMEI, HERON_IMEI.lstrip("0"), STRANGER_IMEI),
    *("41.311", "69.279", "3.4567", "76.5432"),
    *("duty@hq.invalid", "hq.invalid"),
)
# What the sample uses as such, or what does not reach a far end or the journal.
UNSEEN = {"460000011", "hq.invalid", HERON_IMEI.lstrip("0")}

_FAILED = r'attempts_total\{channel="%s",result="(?!accepted)\w+"\} [1-9]'
FAILED_MAIL, FAILED_SMS = re.compile(_FAILED % "email"), re.compile(_FAILED % "sms")


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(tmp_path / "notify")
    yield made
    made.close()


def seeded_roster() -> str:
    text = sample_text()
    for old, new in RENAMED.items():
        assert old in text
        text = text.replace(old, new)
    return text


def press_and_answer(rig: Rig) -> None:
    with rig.device() as device:
        assert device.sos(LAT_DEG, LON_DEG)
    sms = rig.sms_to("lapwing")
    assert sms is not None
    assert "Xeronqa" in sms.text
    rig.modems[0].inject(sms.number, f"{sms.text.split()[1]} 1 {TEXT}")
    rig.modems[0].inject(sms.number, f"{TEXT} at Toshqand")
    rig.modems[0].inject("+998460099999", f"Xeronqa is here, {TEXT}")
    host, port = rig.ports["osmand"]
    where = f"lat={PHONE_LAT_DEG}&lon={PHONE_LON_DEG}&accuracy=9"
    url = f"http://{host}:{port}/?id=w9f4-qaqa&{where}&alarm=sos"
    assert httpx2.get(url).status_code == 200
    assert httpx2.get(f"http://{host}:{port}/?id=w9f4-qaqa&lat={TEXT}").is_success
    eventually(lambda: len(rig.alarms()) >= 3)


def send_nonsense(rig: Rig) -> None:
    with rig.device() as device:
        device.socket.sendall(f"xx Xeronqa {LAT_DEG} {TEXT}".encode())
    with rig.device() as device:
        device.socket.sendall(device.sos_frame()[:20])
    with rig.device(STRANGER_IMEI) as device:
        assert device.sos(LAT_DEG, LON_DEG)
    for key in ("console", "metrics"):
        host, port = rig.ports[key]
        httpx2.get(f"http://{host}:{port}/alarms/{TEXT}?who=Xeronqa")
        with socket.create_connection((host, port), timeout=WAIT_S) as raw:
            raw.sendall(f"{TEXT} Xeronqa\r\n\r\n".encode())
            raw.recv(256)


def fail_everywhere(rig: Rig) -> None:
    rig.modems[0].unplug()
    rig.modems[1].faults.cms_rate = 1.0
    rig.mail.switch.turn(Mode.REFUSE)
    for server in (rig.hook, rig.mastodon):
        server.switch.turn(Mode.FAIL)
    with rig.device() as device:
        assert device.sos(LAT_DEG, LON_DEG)
    eventually(lambda: FAILED_MAIL.search(rig.metrics()))
    eventually(lambda: FAILED_SMS.search(rig.metrics()))
    eventually(lambda: rig.metric('natalia_modem_up{modem="modem-1"}') == 0.0)
    rig.modems[1].faults.cms_rate = 0.0
    rig.modems[0].replug()
    for switched in (rig.mail, rig.hook, rig.mastodon):
        switched.switch.turn(Mode.SERVE)


def decide(rig: Rig) -> None:
    alder, rowan = rig.operator("alder"), rig.operator("rowan")
    host, port = rig.ports["console"]
    wrong = {"operator": "Xeronqa", "password": TEXT}
    assert httpx2.post(f"http://{host}:{port}/sign-in", data=wrong).is_client_error
    alarm = xeronqa(rig)
    for operator, act, fields in (
        (alder, "reveal", {}),
        (alder, "acknowledge", {}),
        (alder, "verify", {"truth": "verified"}),
        (rowan, "approve", {}),
        (rowan, "safe", {"remark": TEXT}),
        (alder, "close", {"reason": "safe", "remark": TEXT}),
    ):
        assert operator.act(alarm, act, **fields) is None
    for operator in (alder, rowan):
        operator.__exit__()
    eventually(lambda: rig.metric('natalia_alarms_closed_total{kind="real"}') == 1.0)


def poison(rig: Rig) -> None:
    """Let an alarm's rows hold what no code can read; then press again."""
    with rig.device() as device:
        assert device.sos(LAT_DEG, LON_DEG)
    alarm = xeronqa(rig)
    rig.kill()
    connection = apsw.Connection(str(rig.state / "journal.db"))
    # Rows are append-only; what a disk does to them asks no trigger.
    for (trigger,) in connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'event'"
    ).fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    body = json.dumps({"person": {"Xeronqa": TEXT}, "alias": [TEXT], "at": "41.311"})
    connection.execute(
        "UPDATE event SET body = ? WHERE stream = ? AND seq = 1",
        (body.encode(), f"alarm/{alarm}"),
    )
    connection.close()
    rig.start()
    with rig.device() as device:
        assert device.sos(LAT_DEG, LON_DEG)
    # A case of its own is better than silence.
    eventually(lambda: raised(rig) == 1.0, timeout_s=30)
    assert "alarm failed: UnreadableEventError" in rig.log()
    assert "alarms failed" not in rig.log()


def raised(rig: Rig) -> float | None:
    return rig.metric('natalia_alarms_raised_total{kind="real"}')


def xeronqa(rig: Rig) -> str:
    """Return the id of the defender's open alarm."""

    def found() -> str:
        kind = ("Xeronqa", "real", True)
        rows = [
            str(row["id"])
            for row in rig.alarms()
            if (row["alias"], row["kind"], row["open"]) == kind
        ]
        return "".join(rows)

    return eventually(found)


def kept(rig: Rig) -> str:
    """Return what went to people and into the journal: there the seeds must be."""
    texts = [sms.text + sms.number for sms in rig.messages.items()]
    texts += [mail.text + mail.recipient for mail in rig.mail.mails.items()]
    journal = b"".join(path.read_bytes() for path in rig.state.glob("journal.db*"))
    return " ".join(texts) + journal.decode("latin-1")


def test_nothing_about_people_gets_into_logs_metrics_names_or_status(
    tmp_path: Path, systemd: Systemd
) -> None:
    told: dict[str, str] = {}
    with Rig(
        folder=tmp_path,
        roster_text=seeded_roster(),
        environment={"NOTIFY_SOCKET": str(systemd.path)},
    ) as rig:
        for number, part in enumerate(
            (press_and_answer, send_nonsense, fail_everywhere, decide, poison)
        ):
            part(rig)
            told[f"metrics {number}"] = rig.metrics()
            told[f"ready {number}"] = json.dumps(rig.ready()[1])
        assert rig.process is not None
        assert rig.process.stdout is not None
        tasks = Path(f"/proc/{rig.process.pid}/task").glob("*/comm")
        told["threads"] = " ".join(task.read_text() for task in tasks)
        rig.process.terminate()
        told["standard output"] = rig.process.stdout.read()
        rig._over()
        told["log"] = rig.log()
        told["status"] = systemd.told.decode()
        told["file names"] = " ".join(map(str, rig.state.rglob("*")))
        flowed = kept(rig).lower()
    assert "READY=1" in told["status"]
    assert told["log"], "the failures of this story are logged"
    assert {one for one in SEEDS if one.lower() not in flowed} <= UNSEEN
    found = [
        f"{seed} in {where}: {line}"
        for where, text in told.items()
        for line in text.splitlines()
        for seed in SEEDS
        if re.search(re.escape(seed), line, re.IGNORECASE)
    ]
    assert found == []
