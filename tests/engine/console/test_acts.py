"""Acts: separate, each once, by whom, and refusals in words."""

import json
import re

import pytest
from markupsafe import escape

from engine.alarm.events import ActRefused
from engine.alarm.refusals import RefusalGround
from engine.alarm.state import CloseReason, Kind, Truth
from engine.console.acts import ACTS, NOTE_MAX, ActError, command_of
from engine.console.words import REFUSALS
from engine.errors import NO_ROOM, PAGE_UNREAD
from engine.values import AlarmId, CommandId
from tests.engine.alarm.scene import ENDED_BY_ONE
from tests.engine.console.hq import ALDER, Hq, browser, control

LONG = "x" * (NOTE_MAX + 1)
TOO_LONG = "{}: at most 2000 characters; this has 2001"


def kinds(hq: Hq, alarm: AlarmId) -> list[str]:
    return [line.kind for line in hq.desk.cases.lines(alarm)]


def test_acknowledge_verify_approve_and_close_are_separate_acts(hq: Hq) -> None:
    alarm = hq.press()
    with browser(hq, "alder") as alder, browser(hq, "rowan") as rowan:
        assert alder.act(alarm, "acknowledge")["done"]
        assert alder.act(alarm, "verify", truth="verified")["done"]
        found = hq.alarm(alarm)
        assert found is not None
        assert found.approved is None
        assert rowan.act(alarm, "approve")["done"]
        assert not alder.act(alarm, "close", click="early", reason="safe")["done"]
        assert rowan.act(alarm, "safe")["done"]
        assert alder.act(alarm, "close", reason="safe")["done"]
    found = hq.alarm(alarm)
    assert found is not None
    assert found.acknowledged is not None
    assert found.acknowledged.by == "alder"
    assert found.approved is not None
    assert found.approved.by == "rowan"
    assert found.close_reason is CloseReason.SAFE


def test_who_acts_comes_from_the_session_and_never_from_the_form(hq: Hq) -> None:
    alarm = hq.press()
    with browser(hq, "alder") as at:
        at.act(alarm, "acknowledge", by="rowan", operator="rowan")
    found = hq.alarm(alarm)
    assert found is not None
    assert found.acknowledged is not None
    assert found.acknowledged.by == "alder"


def test_nobody_publishes_alone(hq: Hq) -> None:
    alarm = hq.press()
    with browser(hq, "alder") as alder:
        alder.act(alarm, "acknowledge")
        alder.act(alarm, "verify")
        said = alder.act(alarm, "approve")
        assert said["status"] == 409
        assert "a second operator" in str(said["refused"])
        page = alder.client.get(f"/alarms/{alarm}").text
        assert "a second operator has to approve" in page
    assert kinds(hq, alarm)[-1] == "ActRefused"


def test_a_second_click_of_the_same_form_acts_once(hq: Hq) -> None:
    alarm = hq.press()
    with browser(hq) as at:
        first = at.act(alarm, "acknowledge", click="one")
        second = at.act(alarm, "acknowledge", click="one")
        assert first == second == {"status": 200, "done": True, "refused": None}
        at.act(alarm, "note", click="two", text="called back")
        at.act(alarm, "note", click="two", text="called back")
    assert kinds(hq, alarm).count("AlarmAcknowledged") == 1
    assert kinds(hq, alarm).count("NoteAdded") == 1
    assert "ActRefused" not in kinds(hq, alarm)


def test_the_same_click_id_of_two_operators_is_two_clicks(hq: Hq) -> None:
    alarm = hq.press()
    with browser(hq, "alder") as alder, browser(hq, "rowan") as rowan:
        alder.act(alarm, "note", click="same", text="one")
        rowan.act(alarm, "note", click="same", text="two")
    assert kinds(hq, alarm).count("NoteAdded") == 2


def test_a_second_click_of_a_refused_act_is_not_called_done(hq: Hq) -> None:
    """The repeat met no new event, and no event was taken for success."""
    alarm = hq.press()
    with browser(hq) as at:
        first = at.act(alarm, "close", click="one", reason="safe")
        second = at.act(alarm, "close", click="one", reason="safe")
    assert first == second
    assert first["refused"] == "acknowledge the alarm first"
    assert kinds(hq, alarm).count("ActRefused") == 1


def test_every_ground_of_refusal_has_its_words() -> None:
    assert set(REFUSALS) == set(RefusalGround)
    assert len(set(REFUSALS.values())) == len(REFUSALS)


@pytest.mark.parametrize(
    ("act", "fields", "words"),
    [
        ("close", {}, "reason: one of safe"),
        ("close", {"reason": "whatever"}, "reason: one of safe"),
        ("close", {"reason": "other"}, "remark: say what"),
        ("verify", {"truth": "maybe"}, "truth: one of verified, false"),
        ("note", {"text": "  "}, "text: write what"),
        ("explode", {}, "act: no such act"),
        ("note", {"text": LONG}, TOO_LONG.format("text")),
        ("hand-over", {"to": "rowan", "note": LONG}, TOO_LONG.format("note")),
        ("close", {"reason": "other", "remark": LONG}, TOO_LONG.format("remark")),
        ("safe", {"remark": LONG}, TOO_LONG.format("remark")),
        ("word", {"word": LONG}, TOO_LONG.format("word")),
    ],
)
def test_an_impossible_form_says_which_field(
    hq: Hq, act: str, fields: dict[str, str], words: str
) -> None:
    alarm = hq.press()
    before = kinds(hq, alarm)
    with browser(hq) as at:
        said = at.act(alarm, act, **fields)
    assert said["status"] == 422
    assert words in str(said["error"])
    assert kinds(hq, alarm) == before


def test_a_note_as_long_as_may_be_is_kept_whole_bug_it_was_cut_in_silence(
    hq: Hq,
) -> None:
    alarm = hq.press()
    whole = "x" * (NOTE_MAX - 1) + "!"
    with browser(hq) as at:
        assert at.act(alarm, "note", text=f"  {whole}\n")["status"] == 200
        page = at.client.get(f"/alarms/{alarm}").text
    assert whole in page
    assert "maxlength" not in page.partition('id="note"')[2].partition(">")[0], (
        "a browser cuts what is pasted, and says nothing"
    )


def test_closing_without_a_reason_does_not_say_that_all_is_safe() -> None:
    """A form without its reason closed as *safe*, the first of the list."""
    with pytest.raises(ActError, match="reason"):
        command_of("close", {}, ALDER, CommandId("c"))


def test_an_engine_that_does_not_answer_is_not_taken_for_done(hq: Hq) -> None:
    alarm = hq.press()
    hq.is_away = True
    with browser(hq) as at:
        said = at.act(alarm, "acknowledge")
    assert said["status"] == 409
    assert said["refused"] == "the engine did not answer; look again, then repeat"


@pytest.mark.parametrize(
    ("why", "words"), [("is_full", NO_ROOM), ("is_damaged", PAGE_UNREAD)]
)
def test_why_nothing_is_taken_is_said_with_its_cure_bug_the_engine_did_not_answer(
    hq: Hq, why: str, words: str
) -> None:
    """It did, and whoever looked again had no word of what to mend."""
    alarm = hq.press()
    hq.enrol()
    setattr(hq, why, True)
    with browser(hq) as at:
        assert at.act(alarm, "acknowledge")["refused"] == words
        form = {"csrf": at.csrf, "id": "x"}
        answer = at.client.post(f"/alarms/{alarm}/acknowledge", data=form)
        page = at.client.get(answer.headers["location"]).text
    assert f"Not done: {escape(words)}" in page
    with control(hq) as client:
        said = client.post(f"/alarms/{alarm}/acknowledge", json={"by": "alder"})
    assert (said.status_code, said.json()["refused"]) == (409, words)


def test_without_javascript_the_page_says_why_it_was_refused(hq: Hq) -> None:
    alarm = hq.press()
    with browser(hq) as at:
        form = {"csrf": at.csrf, "id": "x", "reason": "safe"}
        answer = at.client.post(f"/alarms/{alarm}/close", data=form)
        assert answer.headers["location"] == "/alarms/a1?refused=not_acknowledged"
        page = at.client.get(answer.headers["location"]).text
        assert "Not done: acknowledge the alarm first." in page


def test_an_exercise_is_never_published(hq: Hq) -> None:
    alarm = hq.press(kind=Kind.EXERCISE)
    with browser(hq, "alder") as alder, browser(hq, "rowan") as rowan:
        alder.act(alarm, "acknowledge")
        alder.act(alarm, "verify")
        said = rowan.act(alarm, "approve")["refused"]
        assert said == "only a real alarm is ever published"


def test_nothing_is_published_without_the_defenders_consent(hq: Hq) -> None:
    alarm = hq.press(consented=False)
    with browser(hq, "alder") as alder, browser(hq, "rowan") as rowan:
        alder.act(alarm, "acknowledge")
        alder.act(alarm, "verify")
        assert "not consented" in str(rowan.act(alarm, "approve")["refused"])
        assert "Would read" not in rowan.client.get(f"/alarms/{alarm}").text


def test_the_approver_sees_the_text_before_it_goes_out(hq: Hq) -> None:
    alarm = hq.press()
    with browser(hq, "alder") as alder, browser(hq, "rowan") as rowan:
        alder.act(alarm, "acknowledge")
        assert "Would read" not in rowan.client.get(f"/alarms/{alarm}").text
        alder.act(alarm, "verify")
        page = rowan.client.get(f"/alarms/{alarm}").text
    found = hq.alarm(alarm)
    assert found is not None
    assert found.truth is Truth.VERIFIED
    draft = page.split("<q>")[1].split("</q>")[0]
    assert "Uzbekistan" in draft
    assert "Heron" not in draft


def test_all_acts_of_the_console_are_known() -> None:
    fields = {"reason": "safe", "text": "a note", "other": "b2", "to": "rowan"}
    fields |= {"note": "call at six"}
    commands = [command_of(act, fields, ALDER, CommandId("c")) for act in ACTS]
    assert len({type(command) for command in commands}) == len(ACTS)


def test_a_refusal_is_kept_with_who_tried(hq: Hq) -> None:
    alarm = hq.press()
    with browser(hq) as at:
        at.act(alarm, "approve")
    events = [line.event for line in hq.desk.cases.lines(alarm)]
    refused = next(one for one in events if isinstance(one, ActRefused))
    assert (refused.by, refused.ground) == ("alder", RefusalGround.NOT_VERIFIED)


def test_half_a_character_costs_no_note_bug_it_was_put_away(hq: Hq) -> None:
    """A terminal of Latin-1 sends them; no row can hold one."""
    alarm = hq.press()
    hq.enrol()
    note = json.dumps({"by": "alder", "text": "fr\udcf6n"})
    with control(hq) as client:
        said = client.post(f"/alarms/{alarm}/note", content=note)
    assert said.json()["done"]
    kind = "multipart/form-data; boundary=x; charset=unicode_escape"
    with browser(hq) as at:
        fields = {"csrf": at.csrf, "text": "br\\udcf6d"}
        parts = "".join(
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{one}\r\n'
            for name, one in fields.items()
        )
        headers = {"content-type": kind, "accept": "application/json"}
        said = at.client.post(
            f"/alarms/{alarm}/note", content=f"{parts}--x--\r\n", headers=headers
        )
        page = at.client.get(f"/alarms/{alarm}").text
    assert said.json()["done"]
    assert "fr?n" in page
    assert "br?d" in page


def presses_shown(page: str) -> set[str]:
    return set(re.findall(r'name="presses" value="(\d+)"', page))


def test_a_case_is_closed_by_what_stood_on_the_page_and_not_by_what_came_since(
    hq: Hq,
) -> None:
    alarm = hq.press(protocol=ENDED_BY_ONE)
    with browser(hq) as at:
        at.act(alarm, "acknowledge")
        assert presses_shown(at.client.get(f"/alarms/{alarm}").text) == {"1"}
        hq.press()
        close = at.act(alarm, "close", click="a", reason="safe", presses="1")
        false = at.act(alarm, "verify", click="b", truth="false", presses="1")
        since = REFUSALS[RefusalGround.PRESSED_SINCE]
        assert [close["refused"], false["refused"]] == [since, since]
        assert presses_shown(at.client.get(f"/alarms/{alarm}").text) == {"2"}
        assert at.act(alarm, "close", reason="safe", presses="2")["done"]


@pytest.mark.parametrize("count", ["one", "-1", "\u0661", "9" * 10])
def test_a_count_that_is_none_is_refused_and_not_left_out(count: str) -> None:
    with pytest.raises(ActError, match="presses: write a whole number"):
        command_of("close", {"reason": "safe", "presses": count}, ALDER, CommandId("c"))
