"""Who says that the defender is safe, and for whom a close waits, is on the case."""

from msgspec import structs

from engine.alarm.state import Kind, ReplyKind
from engine.console.control import NO_ALARM
from engine.console.people import Names
from engine.console.voices import closing_waits, safety, safety_line
from engine.values import AlarmId, OperatorId
from tests.engine.alarm.scene import ALDER, PROTOCOLS, ROWAN, Scene
from tests.engine.console.hq import Hq, browser, control, say_safe


def taken(kind: Kind = Kind.REAL) -> Scene:
    scene = Scene(protocol=PROTOCOLS["standard"], kind=kind).raised()
    scene.settle_all()
    scene.acknowledge()
    return scene


def test_an_officer_alone_reads_for_whom_a_close_waits_bug_nothing_said_so(
    hq: Hq,
) -> None:
    alarm = hq.press()
    with browser(hq, "alder") as at:
        at.act(alarm, "acknowledge")
        page = at.client.get(f"/alarms/{alarm}").text
        assert "Safe: 0 of 2 whom an all-clear takes; whoever closes it" in page
        assert "closing waits for 1 more besides you: an operator at the" in page
        assert "say so yourself as well" in page
        assert not at.act(alarm, "close", click="early", reason="safe")["done"]
        at.act(alarm, "safe")
        page = at.client.get(f"/alarms/{alarm}").text
        assert "Safe: 1 of 2 whom an all-clear takes (alder); whoever" in page
        assert "closing waits for 1 more besides you" in page
        assert "say so yourself as well" not in page
    with browser(hq, "rowan") as at:
        assert "closing waits" not in at.client.get(f"/alarms/{alarm}").text
        assert at.act(alarm, "close", reason="safe")["done"]


def test_two_officers_end_it_as_detained_without_a_word_that_the_defender_is_safe(
    hq: Hq,
) -> None:
    alarm = hq.press()
    with browser(hq, "rowan") as at:
        assert at.act(alarm, "safe", detained="1")["status"] == 422, "by whom?"
        said = "her lawyer has seen her"
        assert at.act(alarm, "safe", detained="1", remark=said)["done"]
    with browser(hq, "alder") as at:
        at.act(alarm, "acknowledge")
        page = at.client.get(f"/alarms/{alarm}").text
        assert "Safe: 0 of 2 whom an all-clear takes; detained, say rowan;" in page
        assert "closing waits" not in page
        assert "Says: detained" in page
        no = at.act(alarm, "close", reason="safe")
        assert "too few people say that the defender is safe" in str(no["refused"])
        assert at.act(alarm, "close", reason="detained")["done"]
        page = at.client.get(f"/alarms/{alarm}").text
        assert "Closed by alder: detained" in page
        assert '<button id="do-detained" hidden ' in page, "it is said"


def test_an_end_as_detained_is_refused_in_words_of_its_own_bug_they_were_of_safety(
    hq: Hq,
) -> None:
    alarm = hq.press()
    hq.enrol("alder")
    with browser(hq, "alder") as at:
        at.act(alarm, "acknowledge")
        no = at.act(alarm, "close", reason="detained")
        assert "too few people say that the defender is detained" in str(no["refused"])
        page = at.client.get(f"/alarms/{alarm}?refused=not_detained_yet").text
        assert "too few people say that the defender is detained" in page
    close = {"by": "alder", "reason": "detained"}
    with control(hq) as client:
        no = client.post(f"/alarms/{alarm}/close", json=close).json()
    assert "too few people say that the defender is detained" in no["refused"]
    assert "say 0 of 2" in no["refused"], "and for whom it waits"


def test_that_they_are_detained_is_said_after_the_end_as_well(hq: Hq) -> None:
    alarm = hq.press()
    with browser(hq, "rowan") as at:
        assert at.act(alarm, "safe")["done"]
    with browser(hq, "alder") as at:
        at.act(alarm, "acknowledge")
        assert at.act(alarm, "close", reason="safe")["done"]
        page = at.client.get(f"/alarms/{alarm}").text
        assert "HQ is asked on, and nothing more goes to their telephone." in page
        assert '<button id="do-detained" hidden ' not in page
        held = {"detained": "1", "remark": "taken again at the border"}
        assert at.act(alarm, "safe", **held)["done"]
        page = at.client.get(f"/alarms/{alarm}").text
        assert "Says: detained" in page
        assert '<button id="do-detained" hidden ' in page
        assert "do-safe" in page, "who learns that they are free says so"


def test_who_may_hand_it_over_need_not_wait_for_a_second_voice(hq: Hq) -> None:
    alarm = hq.press()
    hq.enrol("rowan")
    with browser(hq, "alder") as at:
        at.act(alarm, "acknowledge")
        case = at.client.get(f"/api/alarms/{alarm}").json()
        page = at.client.get(f"/alarms/{alarm}").text
        hands = {"to": "rowan", "note": "ring her sister"}
        assert at.act(alarm, "hand-over", **hands)["done"]
    assert case["why_not"]["close"].startswith("closing waits for 1 more")
    forms = {
        name: page.split(f'data-act="{name}"')[1].split("</fieldset>")[0]
        for name in ("hand-over", "close")
    }
    is_disabled = {name: "<fieldset disabled>" in form for name, form in forms.items()}
    assert is_disabled == {"hand-over": False, "close": True}


def test_at_the_socket_a_name_counts_for_nobody_and_who_has_spoken_is_said(
    hq: Hq,
) -> None:
    alarm = hq.press()
    hq.enrol("alder")
    by = {"by": "alder", "reason": "safe"}
    with control(hq) as client:
        client.post(f"/alarms/{alarm}/acknowledge", json=by)
        none = client.post(f"/alarms/{alarm}/close", json=by).json()["refused"]
        say_safe(hq, alarm, "rowan")
        one = client.post(f"/alarms/{alarm}/close", json=by).json()["refused"]
        say_safe(hq, alarm, "alder")
        assert client.post(f"/alarms/{alarm}/close", json=by).json()["done"]
    assert "Safe, say 0 of 2 whom an all-clear takes; closing waits for 2" in none
    assert "Safe, say 1 of 2 whom an all-clear takes: rowan; closing waits" in one


def test_people_go_by_their_stand_ins_and_the_defender_as_such() -> None:
    scene = taken()
    scene.reply("c2", ReplyKind.SAFE)
    scene.confirm_safe(ROWAN)
    said = safety(scene.state(), [], Names(scene.state(), revealed=True), ALDER)
    assert said["by"] == ["C2", "rowan"]
    own = scene.state()
    own = structs.replace(own, safe=(structs.replace(own.safe[0], name="heron"),))
    assert safety(own, [], Names(own, revealed=False), ALDER)["by"] == ["the defender"]


def test_an_exercise_waits_for_nobody() -> None:
    alarm = taken(Kind.EXERCISE).state()
    said = safety(alarm, [], Names(alarm, revealed=False), None)
    assert (said["needs"], said["waits"], safety_line(said)) == (1, "", "")


def test_of_a_stranger_nobody_waits_for_a_word_of_the_defender() -> None:
    known = taken().state()
    stranger = structs.replace(known, defender=None, told={})
    assert "the defender with their word" in closing_waits(known, ALDER)
    assert closing_waits(stranger, ALDER).startswith(
        "closing waits for 1 more besides you: an operator at the console (I know that"
        " the defender is safe, or is detained); say so"
    )


def test_whoever_may_not_act_on_it_is_not_told_to_say_so() -> None:
    alarm = taken().state()
    assert closing_waits(alarm, OperatorId("heron")) == ""


def test_an_engine_of_before_sends_figures_alone_and_is_told_all_the_same() -> None:
    line = safety_line({"needs": 2, "said": 1})
    assert line == "Safe, say 1 of 2 whom an all-clear takes"


def test_the_case_of_an_alarm_that_is_gone_is_refused_in_plain_words(hq: Hq) -> None:
    hq.enrol("alder")
    by = {"by": "alder", "reason": "safe"}
    with control(hq) as client:
        said = client.post(f"/alarms/{AlarmId('gone')}/close", json=by).json()
    assert said["refused"] == NO_ALARM
