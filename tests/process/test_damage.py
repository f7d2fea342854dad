"""A damaged page of the journal, met by the real service while it runs."""

from pathlib import Path

import apsw
import pytest

from engine.journal.sqlite import JOURNAL_FILE
from tests.rig import Rig, eventually

pytestmark = pytest.mark.process

A_LATER_ROW = (
    "SELECT body FROM event WHERE kind = 'NotificationPlanned'"
    " ORDER BY position LIMIT 1"
)
STILL = 'natalia_degraded{reason="alarm_standing_still"}'


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
