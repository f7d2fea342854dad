"""A damaged page of the journal, met by the real service while it runs."""

from pathlib import Path

import apsw
import httpx2
import pytest

from engine.journal.sqlite import JOURNAL_FILE
from tests.rig import Rig, eventually

pytestmark = pytest.mark.process

A_LATER_ROW = (
    "SELECT body FROM event WHERE kind = 'NotificationPlanned'"
    " ORDER BY position LIMIT 1"
)
LEAF = (
    "SELECT pgoffset, pgsize FROM dbstat"
    " WHERE name = 'event' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET ?"
)
STILL = 'natalia_degraded{reason="alarm_standing_still"}'


def destroy(journal: Path, leaf: int) -> None:
    """Write over a whole page of the oldest events."""
    connection = apsw.Connection(str(journal))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    ((offset, size),) = connection.execute(LEAF, (leaf,))
    connection.close()
    with journal.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * size)


def damage(journal: Path) -> None:
    """Write over a row of an alarm that no start needs, as a bad sector would."""
    connection = apsw.Connection(str(journal))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    ((body,),) = connection.execute(A_LATER_ROW)
    connection.close()
    pages = journal.read_bytes()
    assert pages.count(body) == 1
    journal.write_bytes(pages.replace(body, b"\xff" * len(body)))


def test_an_open_alarm_that_cannot_be_read_is_no_ready_engine_bug_it_said_200(
    rig: Rig,
) -> None:
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")
    (alarm,) = rig.alarms()
    rig.kill()
    damage(rig.state / JOURNAL_FILE)
    rig.start()
    assert eventually(lambda: rig.metric(STILL) == 1.0, timeout_s=40)
    status, body = rig.ready()
    assert status == 503
    assert str(alarm["id"]) in str(body["reasons"])


@pytest.mark.parametrize("leaf", [0, 1])
def test_a_page_that_is_gone_costs_no_later_sos_bug_no_engine_started(
    rig: Rig, leaf: int
) -> None:
    """One page of what earlier processes had told kept all of it from starting."""
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")
    rig.kill()
    destroy(rig.state / JOURNAL_FILE, leaf)
    rig.start()
    assert eventually(lambda: rig.metric(STILL) == 1.0, timeout_s=40)
    assert rig.ready()[0] == 503
    host, port = rig.ports["osmand"]
    query = "id=q4t7-avoc&lat=3.45&lon=-76.53&accuracy=10&alarm=sos"
    assert httpx2.get(f"http://{host}:{port}/?{query}").status_code == 200
    assert rig.mail.mails.wait_for(lambda one: "Avocet" in one.text, 10)
    lost, read = rig.alarms()
    assert (lost["unread"], read["alias"]) == (True, "Avocet")
    with rig.operator("alder") as operator:
        assert "Avocet" in operator._client.get("/").text
