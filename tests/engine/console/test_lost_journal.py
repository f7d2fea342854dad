"""What the console is where nothing of the journal can be read."""

import pytest

from engine.console.cases import Cases
from engine.errors import JOURNAL_LOST, JournalLostError
from engine.journal.lost import LostStore, NothingShown
from tests.engine.console.hq import Hq, browser, control


def test_of_a_lost_journal_no_empty_list_is_shown_and_no_page_is_live(hq: Hq) -> None:
    store = LostStore(hq.state / "journal.db", JournalLostError("it is damaged"))
    cases = hq.desk.cases = Cases(NothingShown(store))
    assert cases.is_behind, "each page says NOT LIVE"
    with browser(hq) as at:
        page = at.client.get("/")
        asked = at.client.get("/api/alarms")
    with control(hq) as client:
        said = [client.get("/alarms"), client.get("/alarms/a1")]
        status = client.get("/status")
    assert [one.status_code for one in (page, asked, *said)] == [503] * 4
    assert "restore a backup" in page.text
    assert {one.json()["error"] for one in (asked, *said)} == {JOURNAL_LOST}
    assert status.status_code == 200
    assert cases.is_behind


@pytest.mark.parametrize("act", ["acknowledge", "note"])
def test_an_act_on_a_case_of_before_is_told_why_bug_there_was_no_such_alarm(
    hq: Hq, act: str
) -> None:
    """Whoever had its page open would have taken it for a case that was none."""
    store = LostStore(hq.state / "journal.db", JournalLostError("it is damaged"))
    hq.desk.cases = Cases(NothingShown(store))
    said = {"text": "hi"}
    hq.enrol("rowan")
    with browser(hq) as at:
        asked = at.act("a1", act, **said)
        form = {"csrf": at.csrf, "id": "c9", **said}
        page = at.client.post(f"/alarms/a1/{act}", data=form)
    with control(hq) as client:
        typed = client.post(f"/alarms/a1/{act}", json={"by": "rowan", **said})
    assert asked == {"status": 503, "error": JOURNAL_LOST}
    assert (page.status_code, typed.status_code) == (503, 503)
    assert "restore a backup" in page.text
    assert typed.json()["error"] == JOURNAL_LOST
