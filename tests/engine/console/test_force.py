"""Duress at the console: one answer for every word, shown to those on the case."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.alarm.commands import Close
from engine.alarm.state import CloseReason, Force
from engine.console.words import FORCES
from engine.values import AlarmId, CommandId, OperatorId, PersonId
from tests.engine.console.hq import Hq, browser, control

SAFE, DURESS = "Maple", "Cedar7"


@pytest.fixture
def alarm(hq: Hq) -> Iterator[AlarmId]:
    board = hq.desk.parts.board
    roster = board.roster()
    people = tuple(
        replace(one, safe_word=SAFE, duress_word=DURESS)
        if one.person == PersonId("heron")
        else one
        for one in roster.people
    )
    board.replace(replace(roster, people=people))
    yield hq.press(protocol="careful")
    board.replace(roster)


def test_every_word_is_answered_the_same(hq: Hq, alarm: AlarmId) -> None:
    with browser(hq) as at:
        said = [at.act(alarm, "word", word=word) for word in (SAFE, DURESS, "wrong")]
    assert said == [{"status": 200, "done": True, "refused": None}] * 3
    found = hq.alarm(alarm)
    assert found is not None
    assert found.cancel_requests == 3
    assert found.force == {Force.DURESS_WORD}


def test_no_word_is_kept_in_anything_that_is_shown(hq: Hq, alarm: AlarmId) -> None:
    with browser(hq) as at:
        at.act(alarm, "word", word=DURESS)
        at.act(alarm, "acknowledge")
        at.act(alarm, "reveal")
        shown = at.client.get(f"/alarms/{alarm}").text.casefold()
    assert DURESS.casefold() not in shown
    with hq.reader() as reader:
        rows = reader.stream(f"alarm/{alarm}")
    assert all(DURESS.encode() not in row.body for row in rows)


def test_the_flag_shows_to_operators_on_the_case_alone(hq: Hq, alarm: AlarmId) -> None:
    with browser(hq, "alder") as at:
        at.act(alarm, "word", word=DURESS)
        at.act(alarm, "acknowledge")
        case = at.client.get(f"/api/alarms/{alarm}").json()
        page = at.client.get(f"/alarms/{alarm}").text
    assert case["force"]["signs"] == [FORCES[Force.DURESS_WORD]]
    assert "Under force" in page
    with browser(hq, "rowan") as at:
        other = at.client.get(f"/alarms/{alarm}").text
        assert at.client.get(f"/api/alarms/{alarm}").json()["force"] == {}
        assert "orce" not in str(at.client.get("/api/alarms").json())
    assert "Under force" not in other
    assert "duress" not in other.casefold()
    with control(hq) as client:
        assert client.get(f"/alarms/{alarm}").json()["force"] == {}


def test_whoever_is_not_on_the_case_sees_the_same_case_after_either_word(
    hq: Hq, alarm: AlarmId
) -> None:
    cases = []
    for word, one in ((SAFE, alarm), (DURESS, hq.press("a2", protocol="careful"))):
        with browser(hq, "alder") as at:
            at.act(one, "word", word=word)
            at.act(one, "acknowledge")
        with browser(hq, "rowan") as at:
            case = at.client.get(f"/api/alarms/{one}").json()
        lines = case["lines"]
        last = max(i for i, e in enumerate(lines) if e["kind"] == "CancelRequested")
        cases.append((case["state"], case["safety"], lines[last]["text"]))
    assert cases[0] == cases[1]


def test_a_close_under_force_is_answered_as_done_and_closes_nothing(
    hq: Hq, alarm: AlarmId
) -> None:
    with browser(hq, "alder") as at:
        at.act(alarm, "word", word=DURESS)
        at.act(alarm, "acknowledge")
        said = at.act(alarm, "close", reason="safe")
        page = at.client.get(f"/alarms/{alarm}").text
    assert said == {"status": 200, "done": True, "refused": None}
    assert "closed in appearance only" in page
    found = hq.alarm(alarm)
    assert found is not None
    assert found.is_open


def test_whoever_is_not_on_the_case_reads_nothing_of_an_end_in_appearance(
    hq: Hq, alarm: AlarmId
) -> None:
    """For whom a close waits then hangs on the signs of force."""
    hq.enrol("rowan")
    close = {"by": "rowan", "reason": "safe"}
    with browser(hq, "alder") as at:
        at.act(alarm, "word", word=DURESS)
        at.act(alarm, "acknowledge")
        assert at.act(alarm, "close", reason="safe")["done"]
        on_case = at.client.get(f"/api/alarms/{alarm}").json()
    with browser(hq, "rowan") as at:
        other = at.client.get(f"/api/alarms/{alarm}").json()
    with control(hq) as client:
        by_socket = client.get(f"/alarms/{alarm}").json()
        refused = client.post(f"/alarms/{alarm}/close", json=close).json()["refused"]
    assert on_case["why_not"]["close"].startswith("closing waits for")
    for one in (other, by_socket):
        assert (one["why_not"]["close"], one["safety"]["waits"]) == ("", "")
    assert "whom an all-clear takes" not in refused


def test_two_who_have_signed_in_close_and_a_name_at_the_socket_is_no_voice(
    hq: Hq, alarm: AlarmId
) -> None:
    hq.enrol("rowan")
    with browser(hq, "alder") as at:
        at.act(alarm, "acknowledge")
        at.act(alarm, "safe")
    close = {"by": "rowan", "reason": "safe"}
    with control(hq) as client:
        refused = client.post(f"/alarms/{alarm}/close", json=close).json()["refused"]
        waits = client.get(f"/alarms/{alarm}").json()["safety"]["waits"]
    assert "too few people say" in refused
    assert "Safe, say 1 of 2 whom an all-clear takes: alder; closing waits" in refused
    assert "--by is none of them" in refused
    assert waits.startswith("closing waits for 1 more: an operator at the console (I")
    with browser(hq, "rowan") as at:
        assert at.act(alarm, "close", reason="safe")["done"]
    found = hq.alarm(alarm)
    assert found is not None
    assert not found.is_open


def ended(hq: Hq, alarm: AlarmId) -> None:
    """End it by the word of two."""
    hq.enrol("rowan")
    with browser(hq, "rowan") as at:
        at.act(alarm, "safe", click="safe")
    with browser(hq) as at:
        at.act(alarm, "acknowledge", click="take")
        assert at.act(alarm, "close", click="end", reason="safe")["done"]


def test_after_the_end_an_operator_writes_how_they_know_that_the_defender_is_safe(
    hq: Hq, alarm: AlarmId
) -> None:
    ended(hq, alarm)
    with browser(hq) as at:
        assert _shows(at.client.get(f"/alarms/{alarm}").text, "safe")
        refused = at.act(alarm, "safe")
        assert "say how you know" in str(refused["refused"])
        assert at.act(alarm, "safe", remark="she came to the office")["done"]
        page = at.client.get(f"/alarms/{alarm}").text
    assert "by alder: she came to the office" in page
    assert not _shows(page, "safe")
    found = hq.alarm(alarm)
    assert found is not None
    assert found.safe_confirmed is not None
    assert found.safe_confirmed.by == "alder"


def test_a_word_of_force_that_is_said_after_the_end_opens_the_case(
    hq: Hq, alarm: AlarmId
) -> None:
    ended(hq, alarm)
    with browser(hq) as at:
        assert _shows(at.client.get(f"/alarms/{alarm}").text, "word")
        said = [at.act(alarm, "word", word=word) for word in (SAFE, DURESS)]
    assert said[0] == said[1]
    found = hq.alarm(alarm)
    assert found is not None
    assert found.is_open


def _shows(page: str, act: str) -> bool:
    (form,) = re.findall(rf'<form [^>]*data-act="{act}"[^>]*>', page)
    return "hidden" not in form


def test_a_close_says_that_somebody_has_signed_in_unless_it_does_not() -> None:
    close = Close(
        command_id=CommandId("c"), by=OperatorId("alder"), reason=CloseReason.SAFE
    )
    assert close.in_person


def test_a_defender_who_is_an_operator_sees_no_flag_on_their_own_case(
    hq: Hq, alarm: AlarmId
) -> None:
    """Whoever forces them sits beside them; what they may not do is said at once."""
    with browser(hq, "heron") as at:
        before = at.client.get(f"/api/alarms/{alarm}").json()
        at.act(alarm, "word", word=DURESS)
        at.act(alarm, "acknowledge")
        closed = at.act(alarm, "close", reason="safe")
        after = at.client.get(f"/api/alarms/{alarm}").json()
        revealed = at.act(alarm, "reveal")
    assert after["force"] == before["force"] == {}
    assert not any(words in str(after) for words in FORCES.values())
    for answer in (closed, revealed):
        assert "somebody else at HQ" in str(answer["refused"])
    acts = ("acknowledge", "verify", "close", "approve", "safe")
    assert not any(after["may"][one] for one in acts)
    assert all("somebody else" in after["why_not"][one] for one in acts)
