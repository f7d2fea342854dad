"""A damaged page of the journal, met by the real service while it runs."""

import re
from pathlib import Path

import apsw
import httpx2
import pytest

from engine.errors import PAGE_UNREAD
from engine.journal.sqlite import JOURNAL_FILE
from engine.roster.sample import sample_text
from tests.process.test_disk import state_event
from tests.rig import TOLD_S, WAIT_S, Rig, eventually

pytestmark = pytest.mark.process

A_LATER_ROW = (
    "SELECT body FROM event WHERE kind = 'NotificationPlanned'"
    " ORDER BY position LIMIT 1"
)
LEAF = (
    "SELECT pgoffset, pgsize FROM dbstat"
    " WHERE name = ? AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET ?"
)
DAMAGED = 'natalia_degraded{reason="journal_damaged"}'
STILL = 'natalia_degraded{reason="alarm_standing_still"}'
UNREAD = 'natalia_degraded{reason="journal_unread"}'
UNSENT = "SELECT count(*) FROM effect WHERE state IN ('planned', 'attempting')"
TAKEN = "SELECT count(*) FROM inbound WHERE taken_by LIKE 'alarm/%'"
LAST_LEAF = (
    "SELECT pgoffset, pgsize FROM dbstat"
    " WHERE name = 'event' AND pagetype = 'leaf' ORDER BY path DESC LIMIT 1"
)


def copied_back(journal: Path) -> apsw.Connection:
    """Have each page in the file itself, and none newer in its write-ahead log.

    Beside a service that runs, a reader of its may hold a checkpoint up: it is waited
    for. SQLite would say so in a row, raise nothing, and go on reading from the log.
    """
    connection = apsw.Connection(str(journal))
    connection.set_busy_timeout(round(WAIT_S * 1000))
    ((held_up, *_),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not held_up
    return connection


def destroy(journal: Path, leaf: int, table: str = "event") -> None:
    """Write over a whole page, by default of the oldest events."""
    connection = copied_back(journal)
    ((offset, size),) = connection.execute(LEAF, (table, leaf))
    connection.close()
    with journal.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * size)


def damage(journal: Path) -> None:
    """Write over a row of an alarm that no start needs, as a bad sector would."""
    connection = copied_back(journal)
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


DELIVERED = "SELECT count(*) = sum(state = 'delivered') FROM effect"
OFTEN = """
name = "Often"
version = 1
[[step]]
id = "duty"
to = "duty"
channels = ["sms"]
text = "page"
every_s = 5
stopped_by = ["acknowledged"]
"""


@pytest.mark.parametrize(
    "change",
    [
        "is_open = 0, status = 'closed', next_due = NULL, subject = ''",
        "next_due = next_due + 864000000",
    ],
)
def test_clear_columns_that_were_changed_silence_no_case_bug_nobody_was_paged_on(
    tmp_path: Path, change: str
) -> None:
    """No hash covers them, and a start armed deadlines by them alone."""
    (tmp_path / "protocols").mkdir()
    (tmp_path / "protocols" / "often.toml").write_text(OFTEN)
    config = f'[protocols]\nfolder = "{tmp_path}/protocols"\ndefault = "often"'
    roster = re.sub(r"(?m)^action_protocol = .*\n", "", sample_text())
    with Rig(folder=tmp_path, extra_config=config, roster_text=roster) as rig:
        with rig.device() as device:
            device.sos()
        assert rig.messages.wait_for(lambda _: True, WAIT_S)
        # What is on its way would wake the case by itself.
        eventually(lambda: rig.rows(DELIVERED) == [(1,)])
        rig.stop()
        connection = apsw.Connection(str(rig.state / JOURNAL_FILE))
        connection.execute(f"UPDATE stream SET {change} WHERE stream LIKE 'alarm/%'")
        connection.close()
        paged = len(rig.messages.items())
        rig.start()
        assert eventually(lambda: len(rig.messages.items()) > paged + 1, timeout_s=30)
        assert "its clear columns differ from its rows" in rig.log()


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
    assert rig.mail.mails.wait_for(lambda one: "Avocet" in one.text, TOLD_S)
    lost, read = rig.alarms()
    assert (lost["unread"], read["alias"]) == (True, "Avocet")
    with rig.operator("alder") as operator:
        assert "Avocet" in operator._client.get("/").text


def destroy_newest(journal: Path) -> bytes:
    """Write over the page of the newest events; return the file as it was."""
    connection = copied_back(journal)
    ((offset, size),) = connection.execute(LAST_LEAF)
    connection.close()
    whole = journal.read_bytes()
    with journal.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * size)
    return whole


def press(rig: Rig) -> int:
    """Have a second defender's telephone call for help; return what it is answered."""
    host, port = rig.ports["osmand"]
    query = "id=q4t7-avoc&lat=3.45&lon=-76.53&accuracy=10&alarm=sos"
    return httpx2.get(f"http://{host}:{port}/?{query}").status_code


def test_where_the_newest_events_are_damaged_hq_hears_an_sos_bug_no_engine_started(
    rig: Rig,
) -> None:
    """systemd started it in vain for ever, and each SOS was silent meanwhile."""
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")
    rig.kill()
    journal = rig.state / JOURNAL_FILE
    whole = destroy_newest(journal)
    rig.start()
    assert press(rig) == 503, "so that it repeats"
    mail = rig.mail.mails.wait_for(lambda one: "NOT RECORDED" in one.text, TOLD_S)
    assert mail is not None
    assert "Avocet" in mail.text
    assert rig.metric(UNREAD) == 1.0
    assert eventually(lambda: rig.metric("natalia_ready") == 0.0)
    assert rig.metric("natalia_alarms_unrecorded_total") == 1.0
    status, body = rig.ready()
    assert status == 503
    assert "journal_unread" in str(body["reasons"])
    assert "disk_full" not in str(body["reasons"])
    operator = rig.operator("alder")
    assert operator._client.get("/").status_code == 200
    (line,) = state_event(operator)["unrecorded"]
    assert "Avocet" in line["text"]
    words = ("roster", "list", "--reveal", "--state", str(rig.state))
    assert PAGE_UNREAD in rig.natalia(*words).stderr
    said = rig.natalia("journal", "verify", "--state", str(rig.state))
    assert (said.returncode, "it is damaged" in said.stdout) == (1, True)
    assert rig.rows("SELECT count(*) FROM inbound WHERE taken_by = ''") == [(0,)]
    rig.stop()
    journal.write_bytes(whole)  # as a backup is restored
    rig.start()
    assert press(rig) == 200
    assert rig.mail.mails.wait_for(
        lambda one: "Avocet" in one.text and "NOT RECORDED" not in one.text, TOLD_S
    )
    assert eventually(rig.is_ready)
    assert rig.metric(UNREAD) == 0.0


@pytest.mark.parametrize(
    ("where", "reads"),
    [
        ("sqlite_autoindex_event_1", "SELECT max(seq) FROM event WHERE stream = 'a'"),
        ("code", "SELECT code FROM code WHERE code = 'a'"),
    ],
)
def test_a_page_that_is_gone_while_it_runs_costs_no_sos_bug_answered_and_told_nobody(
    rig: Rig, where: str, reads: str
) -> None:
    """Readers met it before any write: no write came, and so no mending."""
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")
    assert eventually(lambda: rig.rows(UNSENT) == [(0,)])

    def gone() -> bool:
        destroy(rig.state / JOURNAL_FILE, 0, where)
        try:
            rig.rows(reads)
        except apsw.CorruptError:
            return True
        return False

    assert eventually(gone), "a commit in between has put the page into the log again"
    assert press(rig) == 200
    assert rig.mail.mails.wait_for(lambda one: one.text.startswith("SOS Avocet"), 10)
    assert eventually(lambda: rig.rows(TAKEN) == [(2,)])


@pytest.mark.parametrize("table", ["place", "attendance"])
def test_a_damaged_page_of_last_fixes_costs_those_alone_bug_no_engine_started(
    rig: Rig, table: str
) -> None:
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")
    rig.kill()
    destroy(rig.state / JOURNAL_FILE, 0, table)
    rig.start()
    assert eventually(lambda: rig.metric(DAMAGED) == 1.0)
    assert eventually(rig.is_ready), "every alarm is taken and gone on with"
    host, port = rig.ports["osmand"]
    query = "id=q4t7-avoc&lat=3.45&lon=-76.53&accuracy=10&alarm=sos"
    assert httpx2.get(f"http://{host}:{port}/?{query}").status_code == 200
    assert rig.mail.mails.wait_for(lambda one: "Avocet" in one.text, TOLD_S)
    assert f"a page of the table {table} is damaged" in rig.log()
    rig.kill()
    rig.start()
    assert len(rig.alarms()) == 2
    assert rig.metric(DAMAGED) == 0.0, "what began anew is sound"


def test_the_journals_own_row_is_made_anew_by_a_start_bug_no_engine_started(
    rig: Rig,
) -> None:
    """It is written with each commit, and whoever starts hears no SOS without it."""
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")
    rig.kill()
    destroy(rig.state / JOURNAL_FILE, 0, "journal")
    rig.start()
    assert eventually(lambda: rig.metric(DAMAGED) == 1.0)
    assert "a page of the table journal is damaged" in rig.log()
    assert press(rig) == 200
    assert rig.mail.mails.wait_for(lambda one: "Avocet" in one.text, TOLD_S)
    assert [one["unread"] for one in rig.alarms()] == [False, False]
    rig.kill()
    rig.start()
    assert rig.metric(DAMAGED) == 0.0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE effect SET class = 'T' WHERE state IN ('planned', 'attempting')",
        "UPDATE inbound SET source = CAST(x'f4ff' AS TEXT)",
        "UPDATE place SET person = CAST(x'f4ff' AS TEXT)",
    ],
)
def test_a_bit_that_has_changed_costs_no_later_sos_bug_no_engine_started(
    rig: Rig, change: str
) -> None:
    """Pages have no sum: SQLite gives what is there, and readers failed at it."""
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")
    rig.kill()
    connection = apsw.Connection(str(rig.state / JOURNAL_FILE))
    connection.execute("PRAGMA ignore_check_constraints=ON").fetchall()
    connection.execute(change)
    connection.close()
    rig.start()
    host, port = rig.ports["osmand"]
    query = "id=q4t7-avoc&lat=3.45&lon=-76.53&accuracy=10&alarm=sos"
    assert httpx2.get(f"http://{host}:{port}/?{query}").status_code == 200
    assert rig.mail.mails.wait_for(lambda one: "Avocet" in one.text, TOLD_S)


@pytest.mark.parametrize("index", ["sqlite_autoindex_event_1", "event_command"])
def test_a_damaged_index_of_events_costs_nothing_bug_each_start_ended_at_the_same_sos(
    rig: Rig, index: str
) -> None:
    """It was durable: each start told it again, and ended where its rows belonged."""
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")
    (case,) = rig.alarms()
    rig.kill()
    destroy(rig.state / JOURNAL_FILE, 0, index)
    rig.start()
    host, port = rig.ports["osmand"]
    query = "id=q4t7-avoc&lat=3.45&lon=-76.53&accuracy=10&alarm=sos"
    assert httpx2.get(f"http://{host}:{port}/?{query}").status_code == 200
    assert rig.mail.mails.wait_for(lambda one: "Avocet" in one.text, TOLD_S)
    assert f"a page of the index {index} is damaged" in rig.log()
    assert eventually(lambda: rig.metric(DAMAGED) == 1.0)
    assert eventually(lambda: rig.metric(STILL) == 0.0, timeout_s=40)
    with rig.operator("alder") as operator:
        assert operator.act(str(case["id"]), "acknowledge") is None
    rig.kill()
    rig.start()
    assert not any(one["unread"] for one in rig.alarms())
    assert len(rig.alarms()) == 2
    assert rig.metric(DAMAGED) == 0.0, "what was built anew is sound"
