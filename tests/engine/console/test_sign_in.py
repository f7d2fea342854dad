"""An operator's own password."""

import errno

import pytest

from engine.console import operators
from engine.console.operators import first_password_path
from engine.console.sessions import FREE_FAILURES
from engine.values import OperatorId
from tests.engine.console.hq import Hq, browser


def test_a_new_password_is_asked_for_with_the_old_one(hq: Hq) -> None:
    first = hq.enrol()
    with browser(hq) as at, browser(hq) as elsewhere:
        for old, new, said in (
            (first, "short", "at least twelve"),
            ("wrong", "a longer password", "old password is wrong"),
            (first, "a longer password", "Changed"),
        ):
            page = at.client.post(
                "/password", data={"csrf": at.csrf, "old": old, "new": new}
            ).text
            assert said in page
        assert elsewhere.client.get("/").status_code == 303
        assert at.client.get("/").status_code == 200
    assert not first_password_path(hq.state, OperatorId("alder")).exists()
    assert hq.desk.operators.check("alder", "a longer password")


def test_a_password_for_which_there_is_no_room_is_said_to_be_the_old_one(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = hq.enrol()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with browser(hq) as at, browser(hq) as elsewhere:
        monkeypatch.setattr(operators, "write_private", full)
        form = {"csrf": at.csrf, "old": first, "new": "a longer password"}
        answer = at.client.post("/password", data=form)
        assert elsewhere.client.get("/").status_code == 200
    assert answer.status_code == 200
    assert "The password is the old one" in answer.text
    assert "No space left on device" in answer.text
    assert hq.desk.operators.check("alder", first)


def test_guessing_the_old_password_is_slow_bug_a_page_left_open_told_it(
    hq: Hq,
) -> None:
    first = hq.enrol()
    form = {"old": "wrong", "new": "a longer password"}
    with browser(hq) as at:
        form["csrf"] = at.csrf
        for _ in range(FREE_FAILURES):
            page = at.client.post("/password", data=form).text
            assert "The old password is wrong." in page
        right = {**form, "old": first}
        page = at.client.post("/password", data=right).text
        assert "Too many attempts. Wait 1 s." in page
        hq.clock.advance(1)
        assert "Changed" in at.client.post("/password", data=right).text
    with browser(hq, None) as at:
        data = {"operator": "alder", "password": form["new"]}
        answer = at.client.post("/sign-in", data=data)
        assert answer.status_code == 303, "nobody is kept out for it"


def test_who_guesses_by_a_taken_session_keeps_nobody_from_ending_it(hq: Hq) -> None:
    first = hq.enrol()
    form = {"old": "wrong", "new": "a longer password"}
    with browser(hq) as thief, browser(hq) as at:
        for _ in range(FREE_FAILURES + 1):
            guess = {**form, "csrf": thief.csrf}
            page = thief.client.post("/password", data=guess).text
        assert "Too many attempts" in page
        right = {**form, "csrf": at.csrf, "old": first}
        assert "Changed" in at.client.post("/password", data=right).text
        assert thief.client.get("/").status_code == 303
