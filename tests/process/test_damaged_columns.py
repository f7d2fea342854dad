"""A damaged page of clear columns, met by the real service as it starts."""

from collections.abc import Callable

import apsw
import httpx2
import pytest

from engine.clock import SystemClock
from engine.intake.actor import SOURCE_DEVICE
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.ports.journal import Record
from engine.values import ReportKey
from tests.process.test_damage import DAMAGED, STILL, destroy
from tests.rig import TOLD_S, WAIT_S, Rig, eventually
from tests.voices import say_safe

pytestmark = pytest.mark.process


def change(rig: Rig, *statements: str) -> None:
    """Write into a journal at rest what no engine would."""
    connection = apsw.Connection(str(rig.state / JOURNAL_FILE))
    connection.execute("PRAGMA ignore_check_constraints=ON").fetchall()
    for statement in statements:
        connection.execute(statement)
    connection.close()


def press(rig: Rig, id_: str = "q4t7-avoc") -> None:
    host, port = rig.ports["osmand"]
    query = f"id={id_}&lat=3.45&lon=-76.53&accuracy=10&alarm=sos"
    assert httpx2.get(f"http://{host}:{port}/?{query}").status_code == 200


def a_page(table: str) -> Callable[[Rig], None]:
    return lambda rig: destroy(rig.state / JOURNAL_FILE, 0, table)


def a_text(column: str, table: str) -> Callable[[Rig], None]:
    wrong = f"UPDATE {table} SET {column} = CAST(x'f4ff' AS TEXT)"
    return lambda rig: change(rig, wrong)


@pytest.mark.parametrize(
    "damage",
    [a_page("stream"), a_page("stream_open"), a_text("subject", "stream")],
    ids=["page", "index", "bit"],
)
def test_a_damaged_head_costs_neither_its_case_nor_a_start_bug_no_engine_started(
    rig: Rig, damage: Callable[[Rig], None]
) -> None:
    """Its case goes on by its rows: the next press joins it, HQ acknowledges it."""
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")
    (case,) = rig.alarms()
    rig.kill()
    damage(rig)
    rig.start()
    press(rig)
    assert rig.mail.mails.wait_for(lambda one: "Avocet" in one.text, TOLD_S)
    assert eventually(lambda: rig.metric(DAMAGED) == 1.0)
    assert eventually(rig.is_ready), "every alarm is taken and gone on with"
    assert rig.metric(STILL) == 0.0
    assert {one["alias"] for one in rig.alarms()} == {case["alias"], "Avocet"}
    with rig.device() as device:
        device.sos()
    assert len(rig.alarms()) == 2, "a further press joins the case that is open"
    with rig.operator("alder") as operator:
        assert operator.act(str(case["id"]), "acknowledge") is None
        assert "Avocet" in operator._client.get("/").text
    rig.kill()
    rig.start()
    assert len(rig.alarms()) == 2
    assert rig.metric(DAMAGED) == 0.0, "what began anew is sound"


def test_a_case_of_which_head_and_rows_are_gone_stands_still_and_costs_no_other(
    rig: Rig,
) -> None:
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")
    (case,) = rig.alarms()
    rig.kill()
    destroy(rig.state / JOURNAL_FILE, 0)
    destroy(rig.state / JOURNAL_FILE, 0, "stream")
    rig.start()
    assert eventually(lambda: rig.metric(STILL) == 1.0, timeout_s=40)
    assert rig.ready()[0] == 503
    press(rig)
    assert rig.mail.mails.wait_for(lambda one: "Avocet" in one.text, TOLD_S)
    lost, read = rig.alarms()
    assert (lost["id"], lost["unread"]) == (case["id"], True)
    assert read["alias"] == "Avocet"
    with rig.operator("alder") as operator:
        assert str(case["id"]) in operator._client.get("/").text


def test_a_closed_case_stays_closed_where_its_head_is_lost(rig: Rig) -> None:
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")
    (case,) = rig.alarms()
    with rig.operator("alder") as operator:
        assert operator.act(str(case["id"]), "acknowledge") is None
        assert operator.act(str(case["id"]), "verify", truth="verified") is None
        say_safe(rig, str(case["id"]), "rowan")
        assert operator.act(str(case["id"]), "close", reason="safe") is None
    closed = "SELECT count(*) FROM event WHERE kind = 'AlarmClosed'"
    assert eventually(lambda: rig.rows(closed) == [(1,)])
    head = f"SELECT status, subject FROM stream WHERE stream = 'alarm/{case['id']}'"
    before = rig.rows(head)
    rig.kill()
    destroy(rig.state / JOURNAL_FILE, 0, "stream")
    rig.start()
    press(rig)
    assert rig.mail.mails.wait_for(lambda one: "Avocet" in one.text, TOLD_S)
    assert rig.rows(head) == before == [("closed", "")]
    assert rig.metric(STILL) == 0.0
    pages = [one for one in rig.mail.mails.items() if str(case["id"]) in one.text]
    assert sum(one.text.startswith("SOS") for one in pages) == 1


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (a_page("inbound"), "It may be a call for help"),
        (a_page("inbound_untaken"), "cannot be read"),
        (a_text("source", "inbound"), "It may be a call for help"),
    ],
    ids=["page", "index", "bit"],
)
def test_a_lost_signal_is_told_and_costs_no_other_sos_bug_no_engine_started(
    rig: Rig, damage: Callable[[Rig], None], said: str
) -> None:
    """It was durable and acknowledged, and nobody had taken it up: perhaps an SOS."""
    rig.kill()
    store = SqliteStore(rig.state / JOURNAL_FILE, ballast_bytes=0)
    at = SystemClock(None).now()
    lost = Record(
        key=ReportKey("5" * 32), source=SOURCE_DEVICE, received_at=at, body=b"?"
    )
    store.commit([lost], at)
    store.close()
    damage(rig)
    rig.start()
    press(rig)
    assert rig.mail.mails.wait_for(lambda one: "Avocet" in one.text, TOLD_S)
    assert rig.mail.mails.wait_for(lambda one: "NOTICE unknown" in one.text, TOLD_S)
    raised = "SELECT CAST(body AS TEXT) FROM event WHERE kind = 'AlarmRaised'"
    assert any(said in str(body) for (body,) in rig.rows(raised))
    assert rig.metric(DAMAGED) == 1.0
    assert eventually(rig.is_ready)
    assert len(rig.alarms()) == 2
    rig.kill()
    rig.start()
    assert len(rig.alarms()) == 2, "it is told once"


@pytest.mark.parametrize("table", ["effect", "effect_queue", "effect_alarm", "code"])
def test_a_page_that_is_written_to_costs_no_sos_bug_each_start_ended_at_it(
    rig: Rig, table: str
) -> None:
    """HQ is told, colleagues too, and the case of before is not told of anew."""
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")
    sent = "SELECT count(*) FROM effect WHERE state IN ('planned', 'attempting')"
    assert eventually(lambda: rig.rows(sent) == [(0,)], timeout_s=30)
    before = "SELECT effect_id, state, attempt, route, reference FROM effect"
    effects = rig.rows(before)
    rig.kill()
    destroy(rig.state / JOURNAL_FILE, 0, table)
    rig.start()
    assert set(effects) <= set(rig.rows(before))
    press(rig)
    assert rig.mail.mails.wait_for(lambda one: "Avocet" in one.text, TOLD_S)
    assert rig.messages.wait_for(lambda one: "Avocet" in one.text, WAIT_S)
    assert eventually(rig.is_ready)
    assert rig.metric(DAMAGED) == 1.0
    assert len(rig.alarms()) == 2
