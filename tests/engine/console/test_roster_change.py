"""A change of the roster while a case is open: two operators who have signed in."""

import json
from dataclasses import replace
from typing import cast

import pytest

from engine.roster.model import Number, Roster
from engine.roster.render import render_roster
from engine.roster.sample import sample_roster
from engine.values import PersonId
from tests.engine.console.hq import At, Hq, browser, control, kinds
from tests.engine.console.test_devices import OWLET, SECRET
from tests.engine.intake.reports import HERONS

LAPWING = PersonId("lapwing")
SEIZED = Number("+998460000999")


def moved() -> str:
    """Return the sample in which Lapwing has another number."""
    sample = sample_roster()
    people = (
        replace(one, numbers=(*one.numbers, SEIZED)) if one.person == LAPWING else one
        for one in sample.people
    )
    return render_roster(replace(sample, people=tuple(people)))


@pytest.fixture(name="asked")
def _asked(hq: Hq) -> Hq:
    """Have Heron's case open, and a change asked for at the command line."""
    hq.enrol("alder")
    hq.enrol("rowan")
    hq.press()
    with control(hq) as client:
        said = client.post("/roster?by=rowan", content=moved())
    assert said.status_code == 409
    assert "lapwing" in said.json()["error"]
    return hq


def numbers(hq: Hq) -> tuple[str, ...]:
    person = hq.desk.parts.board.roster().person(LAPWING)
    assert person is not None
    return person.numbers


def do(at: At, hq: Hq, what: str) -> int:
    waiting = hq.desk.roster_change
    change = "" if waiting is None else waiting.change.id
    fields = {"csrf": at.csrf, "change": change}
    return at.client.post(f"/roster/{what}", data=fields).status_code


def rows(hq: Hq) -> list[dict[str, object]]:
    with hq.reader() as reader:
        return [json.loads(row.body) for row in reader.stream("roster")]


def changes(row: dict[str, object]) -> list[dict[str, str]]:
    return cast("list[dict[str, str]]", row["changes"])


def test_a_number_moves_once_two_who_have_signed_in_say_so(asked: Hq) -> None:
    assert SEIZED not in numbers(asked)
    with browser(asked, "rowan") as at:
        assert do(at, asked, "approve") == 303
        assert do(at, asked, "approve") == 409, "once is once"
        assert SEIZED not in numbers(asked)
    with browser(asked, "alder") as at:
        assert do(at, asked, "approve") == 303
    assert SEIZED in numbers(asked)
    assert asked.desk.roster_change is None
    assert kinds(asked, "roster") == [
        "RosterChangeAsked",
        "RosterChangeApproved",
        "RosterChangeApproved",
        "RosterImported",
    ]
    last = rows(asked)[-1]
    assert (last["by"], last["source"]) == ("rowan", "roster import")
    assert last["approved_by"] == ["rowan", "alder"]
    (difference,) = changes(last)
    assert difference["person"] == "lapwing"
    assert difference["now"].endswith(SEIZED)


def test_one_who_doubts_it_ends_it(asked: Hq) -> None:
    with browser(asked, "alder") as at:
        assert do(at, asked, "refuse") == 303
        assert "No change of the roster waits" in at.client.get("/roster").text
        assert do(at, asked, "approve") == 409
    assert SEIZED not in numbers(asked)


def test_the_numbers_of_a_change_are_shown_to_who_asks_and_journalled(
    asked: Hq,
) -> None:
    with browser(asked, "alder") as at:
        assert "Roster change waits" in at.client.get("/").text
        hidden = at.client.get("/roster").text
        assert "lapwing" in hidden
        assert SEIZED not in hidden
        shown = at.client.post("/roster/show", data={"csrf": at.csrf}).text
    assert SEIZED in shown
    assert "Approve" in shown
    assert kinds(asked, "roster")[-1] == "RosterRevealed"


def test_a_change_of_a_roster_that_is_no_more_in_force_is_asked_for_again(
    asked: Hq,
) -> None:
    board = asked.desk.parts.board
    board.replace(replace(board.roster(), people=board.roster().people[1:]))
    with browser(asked, "alder") as at:
        assert do(at, asked, "approve") == 409
    assert asked.desk.roster_change is None


def test_where_there_are_not_two_operators_it_says_how_to_get_them(hq: Hq) -> None:
    hq.enrol("alder")
    hq.press()
    with control(hq) as client:
        said = client.post("/roster?by=alder", content=moved()).json()["error"]
    assert "natalia operator add" in said
    assert hq.desk.roster_change is None
    assert SEIZED not in numbers(hq)


def test_without_a_case_one_change_is_enough_and_the_row_says_who_and_what(
    hq: Hq,
) -> None:
    hq.enrol("alder")
    with control(hq) as client:
        unnamed = client.post("/roster", content=moved())
        assert unnamed.status_code == 422
        assert "--by NAME" in unnamed.json()["error"]
        assert client.post("/roster?by=alder", content=moved()).status_code == 200
    (row,) = rows(hq)
    assert row["by"] == "alder"
    assert [one["what"] for one in changes(row)] == ["numbers"]


def test_a_device_for_somebody_of_the_case_waits_and_a_secret_is_refused(
    hq: Hq,
) -> None:
    hq.enrol("alder")
    hq.enrol("rowan")
    hq.press()
    another = OWLET.replace('"owlet"', '"heron"')
    agreed = {"device": HERONS, "by": "alder", "secret": SECRET}
    with control(hq) as client:
        said = client.post("/devices/enrol?by=alder", content=another)
        assert said.status_code == 409
        assert "heron" in said.json()["error"]
        secret = client.post("/devices/secret", json=agreed)
        assert secret.status_code == 409
        assert "once it is closed" in secret.json()["error"]


def test_everybody_may_be_new_in_a_first_roster(hq: Hq) -> None:
    """Nobody may sign in yet, and nobody has a case."""
    hq.desk.parts.board.replace(Roster())
    with control(hq) as client:
        assert client.post("/roster", content=moved()).status_code == 200
    (row,) = rows(hq)
    assert row["by"] == ""
