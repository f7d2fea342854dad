"""An older engine on what a newer one has written: it says so, and goes on."""

import pytest

from engine.alarm.state import stream_of
from engine.console.cases import Unread
from engine.console.view import STOPPED
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.ports.journal import Append, Appended, NewEvent
from engine.values import AlarmId, CommandId
from tests.rig import Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

STILL = "alarm_standing_still"


def newer_row(rig: Rig, alarm: AlarmId) -> None:
    """Write what an engine of tomorrow may write of a case."""
    store = SqliteStore(rig.state / JOURNAL_FILE)
    reader = store.reader()
    head = reader.head(stream_of(alarm))
    last_at = reader.last_at()
    assert head is not None
    assert last_at is not None
    append = Append(
        stream=stream_of(alarm),
        expected_seq=head.seq,
        epoch=store.epoch,
        command_id=CommandId("tomorrow"),
        events=(NewEvent(kind="AlarmAcknowledged", version=99, body=b'{"by": "who"}'),),
        head=head.head,
    )
    (answer,) = store.commit([append], last_at)
    assert isinstance(answer, Appended)
    reader.close()
    store.close()


def test_what_it_cannot_read_stands_still_by_name_and_a_press_is_a_case(
    rig: Rig,
) -> None:
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")
    (alarm,) = rig.alarms()
    stopped = AlarmId(str(alarm["id"]))
    rig.kill()
    newer_row(rig, stopped)

    checked = rig.natalia("check-config", str(rig.folder / "natalia.toml"))
    assert f"nobody is told anything more: {stopped}" in checked.stdout

    rig.start()
    assert eventually(lambda: rig.ready()[0] == 503)
    assert f"{{'{STILL}': ['{stopped}']" in str(rig.ready()[1]["reasons"])
    (row,) = rig.alarms()
    assert (row["state"], row["doubts"]) == (STOPPED, [Unread.NEWER])
    with rig.device() as device:
        device.sos()
    first, second = eventually(lambda: rows if len(rows := rig.alarms()) > 1 else None)
    assert (first["id"], second["alias"]) == (stopped, "Heron")
    assert second["state"] == "Waits for HQ"
    shown = rig.natalia("journal", "show", stopped, "--state", str(rig.state)).stdout
    assert "NOT WHOLE: row" in shown
    assert "AlarmAcknowledged version 99" in shown
