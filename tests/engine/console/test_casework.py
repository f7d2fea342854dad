"""Cases handed over, linked and merged, and exercises, as HQ asks for them."""

import pytest

from engine.alarm.commands import AlarmCommand, Raise
from engine.alarm.messages import Answered
from engine.alarm.state import FalseClass, Kind
from engine.console import desk
from engine.console.acts import ActError, command_of
from engine.console.control import NO_ALARM
from engine.console.desk import HALF_LINKED, UNLINKED
from engine.console.drills import drill_command
from engine.console.lines import BY_HAND
from engine.errors import NO_ROOM, PAGE_UNREAD
from engine.intake.judge import ALIAS_OF_A_STRANGER
from engine.values import AlarmId, CommandId, PersonId
from tests.engine.console.hq import ALDER, ROSTER, Hq, browser, control, say_safe

ALDERS = {"by": "alder"}


@pytest.fixture
def manned(hq: Hq) -> Hq:
    hq.enrol("alder")
    hq.enrol("rowan")
    return hq


def two(hq: Hq) -> tuple[AlarmId, AlarmId]:
    """Return two open cases, the first of which alder has taken."""
    one, other = hq.press(), hq.press("a2", alias="Gannet")
    with control(hq) as client:
        client.post(f"/alarms/{one}/acknowledge", json=ALDERS)
    return one, other


def test_no_real_alarm_becomes_a_part_of_an_exercise(manned: Hq) -> None:
    one, _ = two(manned)
    drill = manned.press("a3", alias="Toucan", kind=Kind.EXERCISE)
    notice = manned.press("a4", alias="Stork", kind=Kind.NOTICE)
    for into, kind in ((drill, "exercise"), (notice, "notice")):
        said = post(manned, one, "close", reason="duplicate", into=into)
        assert said == (409, f"the other one is no real alarm: it is marked {kind}")
    found = manned.alarm(one)
    assert found is not None
    assert found.is_open
    assert post(manned, notice, "acknowledge")[0] == 200
    assert post(manned, notice, "link", other=one)[0] == 200
    assert post(manned, notice, "close", reason="duplicate", into=one)[0] == 200


def test_a_real_case_does_not_end_as_an_exercise_and_a_played_one_does(
    manned: Hq,
) -> None:
    one, _ = two(manned)
    drill = manned.press("a3", alias="Toucan", kind=Kind.EXERCISE)
    assert post(manned, drill, "acknowledge")[0] == 200
    with browser(manned) as at:
        assert 'value="exercise_over"' not in at.client.get(f"/alarms/{one}").text
        assert 'value="exercise_over"' in at.client.get(f"/alarms/{drill}").text
    status, why = post(manned, one, "close", reason="exercise_over")
    assert (status, why[:19]) == (409, "this is no exercise")
    assert post(manned, drill, "close", reason="exercise_over")[0] == 200


def post(hq: Hq, alarm: AlarmId, act: str, **form: str) -> tuple[int, str]:
    with control(hq) as client:
        said = client.post(f"/alarms/{alarm}/{act}", json={**ALDERS, **form})
        body = said.json()
        return said.status_code, str(body.get("refused") or body.get("error") or "")


def test_a_case_is_handed_to_an_operator_there_is(manned: Hq) -> None:
    one, _ = two(manned)
    said = post(manned, one, "hand-over", to="nobody", note="call at six")
    assert said == (409, "there is no such operator")
    assert post(manned, one, "hand-over", to="rowan")[0] == 422
    assert post(manned, one, "hand-over", to="rowan", note="call at six")[0] == 200
    found = manned.alarm(one)
    assert found is not None
    assert found.acknowledged is not None
    assert found.acknowledged.by == "rowan"
    with control(manned) as client:
        lines = client.get(f"/alarms/{one}").json()["lines"]
    assert f"alder to rowan: call at six{BY_HAND}" in [line["text"] for line in lines]


def test_two_linked_cases_name_each_other(manned: Hq) -> None:
    one, other = two(manned)
    assert post(manned, one, "link", other="gone") == (409, NO_ALARM)
    assert post(manned, one, "link")[0] == 422
    itself = (409, "that is this alarm: name the other one")
    assert post(manned, one, "link", other=one) == itself
    assert post(manned, one, "link", other=other.upper())[0] == 200
    with control(manned) as client:
        assert client.get(f"/alarms/{one}").json()["links"] == [other]
        assert client.get(f"/alarms/{other}").json()["links"] == [one]


def test_a_duplicate_is_merged_into_an_open_case_alone(manned: Hq) -> None:
    one, other = two(manned)
    for into, wrong in (
        (one, "that is this alarm: name the other one"),
        ("gone", "only an open alarm takes another one in"),
    ):
        said = post(manned, one, "close", reason="duplicate", into=into)
        assert said == (409, wrong)
    assert post(manned, one, "close", reason="safe", into=other)[0] == 422
    assert post(manned, one, "close", reason="duplicate", into=other)[0] == 409
    say_safe(manned, one, "alder", "rowan")
    assert post(manned, one, "link", other=other)[0] == 200
    assert post(manned, one, "close", reason="duplicate", into=other)[0] == 200
    found = manned.alarm(one)
    assert found is not None
    assert found.merged_into == other


def test_a_slip_in_the_id_tells_nobody_where_somebody_else_is(manned: Hq) -> None:
    """Gannet's colleagues read Heron's name and place: any open case was taken."""
    one, other = two(manned)
    say_safe(manned, one, "alder", "rowan")
    said = post(manned, one, "close", reason="duplicate", into=other)
    assert said == (409, UNLINKED)
    found = manned.alarm(one)
    assert found is not None
    assert found.is_open


def test_a_stranger_s_alarm_is_a_part_of_whose_it_is_without_more(manned: Hq) -> None:
    one, _ = two(manned)
    stranger = manned.press("a5", alias=ALIAS_OF_A_STRANGER)
    assert post(manned, stranger, "acknowledge")[0] == 200
    say_safe(manned, stranger, "alder", "rowan")
    assert post(manned, stranger, "close", reason="duplicate", into=one)[0] == 200


def test_a_duplicate_of_nothing_is_not_closed_bug_whoever_came_heard_of_an_end(
    manned: Hq,
) -> None:
    """The other case goes on, and its people were told that it had ended."""
    one, _ = two(manned)
    for form in ({}, {"into": " "}):
        status, said = post(manned, one, "close", reason="duplicate", **form)
        assert status == 422
        assert said.startswith("into: name the open alarm that it is a part of")
    found = manned.alarm(one)
    assert found is not None
    assert found.is_open


def close_of(**form: str) -> FalseClass | None:
    fields = {"reason": "false_alarm", **form}
    command = command_of("close", fields, ALDER, CommandId("c"))
    false_class: FalseClass | None = getattr(command, "false_class", None)
    return false_class


def test_nobody_is_kept_from_closing_for_want_of_an_explanation() -> None:
    assert close_of() is FalseClass.UNEXPLAINED
    assert close_of(false_class="by_mistake") is FalseClass.BY_MISTAKE
    assert close_of(reason="safe", false_class="by_mistake") is None
    with pytest.raises(ActError, match="false_class: one of"):
        close_of(false_class="bad luck")


# exercises -------------------------------------------------------------------------


def test_an_exercise_runs_the_persons_own_action_protocol(manned: Hq) -> None:
    with control(manned) as client:
        said = client.post("/drills", json={**ALDERS, "defender": "heron"})
        alarm = AlarmId(said.json()["alarm"])
        found = manned.alarm(alarm)
        assert found is not None
        assert found.kind is Kind.EXERCISE
        assert not found.consented
        assert found.protocol.name == "Standard"
        scored = client.get(f"/drills/{alarm}").json()
    assert scored["open"]
    assert scored["acknowledged_s"] is None


def test_a_score_says_whether_more_are_called_and_what_real_alarm_stands_beside(
    manned: Hq,
) -> None:
    with control(manned) as client:
        said = client.post("/drills", json={**ALDERS, "defender": "heron"})
        alarm = AlarmId(said.json()["alarm"])
        post(manned, alarm, "acknowledge")
        wider = client.get(f"/drills/{alarm}").json()
        assert (wider["to_call"], wider["real"]) == (True, None)
        real = manned.press()
        assert client.get(f"/drills/{alarm}").json()["real"] == real
        assert post(manned, alarm, "close", reason="other", remark="x")[0] == 200
        assert not client.get(f"/drills/{alarm}").json()["to_call"]


def test_an_exercise_does_not_end_beside_a_real_alarm_but_by_who_sees_both(
    manned: Hq,
) -> None:
    over = {**ALDERS, "reason": "exercise_over"}
    with control(manned) as client:
        said = client.post("/drills", json={**ALDERS, "defender": "heron"})
        played = AlarmId(said.json()["alarm"])
        assert not client.get(f"/drills/{played}").json()["held"]
        client.post(f"/alarms/{played}/acknowledge", json=ALDERS)
        assert client.get(f"/drills/{played}").json()["held"]
        real = manned.press()
        said = client.post(f"/alarms/{played}/close", json=over)
        assert said.status_code == 409
        assert f"theirs is open: {real};" in said.json()["refused"]
        found = manned.alarm(played)
        assert found is not None
        assert found.is_open
        assert not client.get(f"/drills/{played}").json()["found_false"]
        assert post(manned, played, "verify", truth="false")[0] == 200
        assert client.get(f"/drills/{played}").json()["found_false"]
        with browser(manned) as at:
            at.act(played, "close", reason="exercise_over")
        found = manned.alarm(played)
        assert found is not None
        assert not found.is_open
        again = client.post(f"/alarms/{played}/close", json=over)
        assert "real alarm" not in again.json()["refused"]


def test_who_may_not_be_drilled_is_said(manned: Hq) -> None:
    with control(manned) as client:
        nobody = client.post("/drills", json={"by": "x", "defender": "heron"})
        assert nobody.status_code == 422
        unknown = client.post("/drills", json={**ALDERS, "defender": "x"})
        assert unknown.status_code == 422
        first = client.post("/drills", json={**ALDERS, "defender": "heron"})
        assert first.status_code == 200
        second = client.post("/drills", json={**ALDERS, "defender": "heron"})
        assert second.status_code == 409
        assert f"under way: {first.json()['alarm']};" in second.json()["error"]


def test_only_an_exercise_has_a_score(manned: Hq) -> None:
    alarm = manned.press()
    with control(manned) as client:
        assert client.get(f"/drills/{alarm}").status_code == 404
        assert client.get("/drills/none").status_code == 404


def test_an_engine_that_does_not_answer_has_begun_no_exercise(manned: Hq) -> None:
    manned.is_away = True
    with control(manned) as client:
        said = client.post("/drills", json={**ALDERS, "defender": "heron"})
    assert said.status_code == 409
    assert "did not answer" in said.json()["error"]


@pytest.mark.parametrize(
    ("why", "words"), [("is_full", NO_ROOM), ("is_damaged", PAGE_UNREAD)]
)
def test_what_takes_no_row_begins_no_exercise_and_is_said(
    manned: Hq, why: str, words: str
) -> None:
    setattr(manned, why, True)
    with control(manned) as client:
        said = client.post("/drills", json={**ALDERS, "defender": "heron"})
    assert (said.status_code, said.json()["error"]) == (409, words)
    assert manned.desk.exercises == {}


def test_the_same_click_is_the_same_exercise(manned: Hq) -> None:
    person = ROSTER.person(PersonId("heron"))
    assert person is not None
    parts = manned.desk.parts

    def drilled(click: str) -> tuple[AlarmId, Raise]:
        return drill_command(
            person, ALDER, click, parts.clock.now(), parts.board, parts.registry()
        )

    assert drilled("one") == drilled("one")
    assert drilled("one")[0] != drilled("two")[0]


def test_no_exercise_stands_beside_a_real_alarm_nor_for_who_is_no_defender(
    hq: Hq,
) -> None:
    hq.enrol("alder")
    real = hq.press()
    with control(hq) as client:
        beside = client.post("/drills", json={**ALDERS, "defender": "heron"})
        assert (beside.status_code, "real alarm" in beside.json()["error"]) == (
            409,
            True,
        )
        another = client.post("/drills", json={**ALDERS, "defender": "gannet"})
        assert another.status_code == 200
        contact = client.post("/drills", json={**ALDERS, "defender": "elm"})
        assert (contact.status_code, "none" in contact.json()["error"]) == (409, True)
        client.post(f"/alarms/{real}/acknowledge", json=ALDERS)
        say_safe(hq, real, "alder", "rowan")
        client.post(f"/alarms/{real}/close", json={**ALDERS, "reason": "safe"})
        after = client.post("/drills", json={**ALDERS, "defender": "heron"})
        assert after.status_code == 200


class SlowAlarms:
    """Takes commands as an alarm on a slow journal does: done later, and unanswered."""

    def __init__(self, hq: Hq, monkeypatch: pytest.MonkeyPatch) -> None:
        self.hq, self.held = hq, list[tuple[AlarmId, AlarmCommand]]()
        self.slow: set[AlarmId] | None = None
        monkeypatch.setattr(desk, "ANSWER_S", 0.02)
        object.__setattr__(hq.desk.parts, "command", self.command)

    def command(
        self, alarm: AlarmId, command: AlarmCommand, answered: Answered
    ) -> bool:
        if self.slow is None or alarm in self.slow:
            self.held.append((alarm, command))
            return True
        return self.hq.command(alarm, command, answered)

    def land(self) -> None:
        self.slow = set()
        for alarm, command in self.held:
            self.hq.do(alarm, command)


def test_an_exercise_that_had_no_answer_is_asked_for_again_as_itself_bug_two(
    manned: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarms = SlowAlarms(manned, monkeypatch)
    body = {**ALDERS, "defender": "heron"}
    with control(manned) as client:
        for _ in range(2):
            said = client.post("/drills", json=body)
            assert said.status_code == 409
            assert "may begin yet" in said.json()["error"]
        assert len({alarm for alarm, _ in alarms.held}) == 1
        alarms.land()
        under_way = client.post("/drills", json=body)
        assert under_way.status_code == 409
        assert len(client.get("/alarms").json()) == 1
        (alarm, _), *_ = alarms.held
        assert post(manned, alarm, "acknowledge")[0] == 200
        assert post(manned, alarm, "close", reason="exercise_over")[0] == 200
        another = client.post("/drills", json=body)
        assert another.json()["alarm"] != alarm


def test_cases_of_which_one_does_not_answer_are_not_called_linked_bug_half(
    manned: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two(manned)
    alarms = SlowAlarms(manned, monkeypatch)
    alarms.slow = {other}
    assert post(manned, one, "link", other=other) == (409, HALF_LINKED)
    alarms.slow = set()
    assert post(manned, one, "link", other=other)[0] == 200
    with control(manned) as client:
        assert client.get(f"/alarms/{other}").json()["links"] == [one]
    rows = manned.store.position
    assert post(manned, one, "link", other=other)[0] == 409
    assert manned.store.position == rows + 1, "the refusal, in its own case alone"


def test_a_case_is_found_by_its_id_in_any_letters_bug_capitals_were_missing(
    hq: Hq,
) -> None:
    alarm = hq.press()
    typed = alarm.upper()
    assert typed != alarm
    with browser(hq) as at:
        for page in ("/alarms/", "/api/alarms/"):
            led = at.client.get(page + typed)
            assert (led.status_code, led.headers["location"]) == (303, page + alarm)
            assert at.client.get(page + alarm).status_code == 200
            led = at.client.get(page + "NONE%0D%0AX")
            assert led.headers["location"] == page + "none%0D%0Ax"
