"""What HQ is told of a case of which rows cannot be read."""

import pytest

from engine.alarm.state import stream_of
from engine.console.cases import Cases, Unread
from engine.console.observe import UNREADABLE
from tests.engine.console.hq import Hq, browser, control
from tests.engine.console.test_cases import Lender, Newer, unread_desk


@pytest.mark.parametrize("is_open", [True, False])
def test_a_damaged_case_that_is_asked_for_says_so_also_a_closed_one_bug_a_bare_500(
    hq: Hq, *, is_open: bool
) -> None:
    lost = unread_desk(hq, is_open=is_open)
    with browser(hq) as at:
        page = at.client.get(f"/alarms/{lost}")
        wants = {"accept": "application/json"}
        answer = at.client.get(f"/api/alarms/{lost}", headers=wants)
    with control(hq) as client:
        said = client.get(f"/alarms/{lost}")
    assert page.status_code == answer.status_code == said.status_code == 503
    assert Unread.DAMAGED in page.text
    assert answer.json()["error"] == said.json()["error"] == Unread.DAMAGED


@pytest.mark.parametrize("why", [Unread.DAMAGED, Unread.NEWER])
def test_an_act_in_a_case_that_stands_still_is_not_asked_for_again_bug_it_was(
    hq: Hq, why: Unread
) -> None:
    """*Look again, then repeat*, was the answer, as if it could ever be done."""
    hq.enrol("alder")
    if why is Unread.DAMAGED:
        still = unread_desk(hq, is_open=True)
    else:
        still = hq.press("a1", alias="Held")
        hq.desk.cases = Cases(Newer(hq, stream_of(still)))
    hq.is_away = True
    with control(hq) as client:
        said = client.post(f"/alarms/{still}/acknowledge", json={"by": "alder"})
    assert said.json() == {"done": False, "refused": why}
    with browser(hq) as at:
        assert at.act(still, "acknowledge")["refused"] == why


def test_a_read_that_fails_is_not_called_damage_of_a_case(hq: Hq) -> None:
    stream = stream_of(hq.press("a1", alias="Held"))
    hq.desk.cases = Cases(Lender(hq, stream, first=1, last=1_000))
    with browser(hq) as at:
        page = at.client.get("/")
    with control(hq) as client:
        said = client.get("/alarms")
    assert page.status_code == said.status_code == 503
    assert said.json() == {"error": UNREADABLE}
    assert "the journal cannot be read here" in page.text
    assert Unread.DAMAGED not in page.text
