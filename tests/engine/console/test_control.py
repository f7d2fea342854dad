"""The control socket's application, and what SREs ask of the metrics' port."""

import errno
from collections.abc import Sequence

import pytest
from msgspec import structs

from engine.console import desk
from engine.console.control import NO_ALARM
from engine.console.operators import first_password_path
from engine.errors import NO_ROOM, PAGE_UNREAD
from engine.ports.journal import Answer, Append, NewEvent, Request
from engine.roster.sample import sample_text
from engine.values import AlarmId, CommandId, Instant, OperatorId
from tests.engine.console.hq import Hq, browser, control, kinds, observed


def test_alarms_are_listed_shown_and_acted_on(hq: Hq) -> None:
    hq.enrol("alder")
    hq.enrol("rowan")
    alarm = hq.press()
    with control(hq) as client:
        assert [row["id"] for row in client.get("/alarms").json()] == [alarm]
        assert client.get(f"/alarms/{alarm}").json()["alias"] == "Heron"
        said = client.post(f"/alarms/{alarm}/acknowledge", json={"by": "alder"})
        assert said.json() == {"done": True, "refused": None}
        said = client.post(f"/alarms/{alarm}/acknowledge", json={"by": "rowan"})
        assert said.status_code == 409
        assert said.json()["refused"] == "that has been done already"
    found = hq.alarm(alarm)
    assert found is not None
    assert found.acknowledged is not None
    assert found.acknowledged.by == "alder"


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"not json", b'{"by": "x"}'])
def test_nobody_acts_without_an_operators_name(hq: Hq, body: bytes) -> None:
    """A body that was JSON but no table was answered with a traceback."""
    alarm = hq.press()
    with control(hq) as client:
        said = client.post(f"/alarms/{alarm}/acknowledge", content=body)
        assert said.status_code == 422
        assert "natalia operator add" in said.json()["error"]
    found = hq.alarm(AlarmId(alarm))
    assert found is not None
    assert found.acknowledged is None


@pytest.mark.parametrize("act", ["approve", "reveal", "safe", "word"])
def test_what_needs_a_person_who_has_signed_in_is_not_done_here(
    hq: Hq, act: str
) -> None:
    """Whoever had the socket could approve in the name of a second operator."""
    hq.enrol("rowan")
    hq.press()
    with control(hq) as client:
        said = client.post(f"/alarms/a1/{act}", json={"by": "rowan"})
    assert said.status_code == 422
    assert "only at the console" in said.json()["error"]


def test_what_is_not_there_is_said(hq: Hq) -> None:
    hq.enrol("alder")
    with control(hq) as client:
        assert client.get("/alarms/none").status_code == 404
        said = client.post("/alarms/none/acknowledge", json={"by": "alder"})
        assert said.json()["refused"] == NO_ALARM, "it named no way to find one"
        said = client.post("/alarms/none/explode", json={"by": "alder"})
        assert said.status_code == 422


def test_an_operator_is_added_listed_and_journalled(hq: Hq) -> None:
    with control(hq) as client:
        added = client.post("/operators/rowan").json()
        assert added["password_file"] == str(
            first_password_path(hq.state, OperatorId("rowan"))
        )
        assert "password" not in {key for key in added if key != "password_file"}
        assert client.get("/operators").json() == ["rowan"]
        assert client.post("/operators/rowan").status_code == 409
        for name in ("Rowan", "a b", "..", "-", "rö"):
            said = client.post(f"/operators/{name}")
            assert said.status_code in {404, 405, 422}, name
    assert kinds(hq, "operators") == ["OperatorAdded"]


def test_an_operator_who_is_removed_is_out_at_once_and_may_be_added_again(
    hq: Hq,
) -> None:
    word = hq.enrol("alder")
    with browser(hq, "alder") as at, control(hq) as client:
        assert at.client.get("/").status_code == 200
        said = client.delete("/operators/alder")
        assert "the last operator" in said.json()["error"]
        client.post("/operators/rowan")
        assert client.delete("/operators/alder").status_code == 200
        assert at.client.get("/").status_code == 303
        data = {"operator": "alder", "password": word}
        assert at.client.post("/sign-in", data=data).status_code == 403
        assert client.delete("/operators/alder").status_code == 409
        assert client.post("/operators/alder").status_code == 200
        assert at.client.get("/").status_code == 303
    assert kinds(hq, "operators")[-2:] == ["OperatorRemoved", "OperatorAdded"]


def test_an_operator_who_was_removed_is_out_after_a_restart_bug_a_full_disk_kept_them(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("alder", "rowan"):
        hq.enrol(name)
    tokens = {name: hq.token(name) for name in ("alder", "rowan")}
    hq.desk.keep_sessions()
    with control(hq) as client:
        monkeypatch.setattr(desk, "write_private", no_room)
        assert client.delete("/operators/rowan").status_code == 200
        monkeypatch.undo()
    again = hq.restart().desk
    assert again.session(tokens["alder"]) is not None
    assert again.session(tokens["rowan"]) is None
    again._checker.shutdown(wait=True)


def no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_operators_that_cannot_be_read_are_said_and_none_is_added(hq: Hq) -> None:
    hq.enrol("alder")
    (hq.state / "operators.json").write_text('{"al')
    again = hq.restart()
    with control(again) as client:
        for said in (
            client.get("/operators"),
            client.post("/operators/rowan"),
            client.post("/alarms/a1/acknowledge", json={"by": "alder"}),
        ):
            assert said.status_code in {409, 422}
            assert "put it back from a copy" in said.json()["error"]
    with browser(again, None) as at:
        data = {"operator": "alder", "password": "any"}
        assert "natalia operator list" in at.client.post("/sign-in", data=data).text
    again.desk._checker.shutdown(wait=True)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/roster/read", {"command": "list", "reveal": True}),
        ("/devices", {"reveal": True}),
    ],
)
def test_nothing_is_shown_that_no_row_says_was_shown(
    hq: Hq, path: str, body: dict[str, object]
) -> None:
    """With a full disk numbers were shown, and nobody could tell later to whom."""
    hq.is_full = True
    with control(hq) as client:
        assert client.post(path, json=body | {"reveal": False}).status_code == 200
        said = client.post(path, json=body)
    assert said.status_code == 409
    assert said.json().keys() == {"error"}
    assert "files can be read with --reveal" in said.json()["error"]
    assert said.json()["error"].endswith(NO_ROOM), "it said no word of the disk"
    hq.is_full, hq.is_damaged = False, True
    with control(hq) as client:
        assert client.post(path, json=body).json()["error"].endswith(PAGE_UNREAD)


def test_what_is_done_without_a_row_says_so(hq: Hq) -> None:
    hq.is_full = True
    with control(hq) as client:
        found = client.post("/roster", content=sample_text()).json()
        added = client.post("/operators/rowan").json()
        assert (found["recorded"], added["recorded"]) == (False, False)
        hq.is_full = False
        again = client.post("/roster?by=rowan", content=sample_text())
        assert again.json()["recorded"]
    assert kinds(hq, "roster") == ["RosterImported"]


def test_of_two_acts_at_once_both_are_recorded(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second met the first one's row, and was in no row itself."""
    commit, between = hq.store.commit, ["OperatorListed"]

    def after_another(group: Sequence[Request], now: Instant) -> Sequence[Answer]:
        (request,) = group
        if between and isinstance(request, Append):
            events = (NewEvent(kind=between.pop(), body=b"{}"),)
            other = structs.replace(
                request, command_id=CommandId("other"), events=events
            )
            commit([other], now)
        return commit(group, now)

    monkeypatch.setattr(hq.store, "commit", after_another)
    with control(hq) as client:
        assert client.post("/operators/rowan").json()["recorded"]
    assert kinds(hq, "operators") == ["OperatorListed", "OperatorAdded"]


def test_status_says_ready_or_what_is_wrong(hq: Hq) -> None:
    with control(hq) as client:
        assert client.get("/status").json() == {
            "state": "ready",
            "ready": True,
            "reasons": {},
            "unrecorded": 0,
            "reload": None,
        }
        hq.health.report("modem_down", "modem-1", wrong=True)
        said = client.get("/status").json()
        assert (said["state"], said["ready"]) == ("degraded", True)
        assert said["reasons"] == {"modem_down": ["modem-1"]}
        hq.clock.advance(20)
        said = client.get("/status").json()
        assert (said["state"], said["ready"]) == ("degraded", False)
        assert "no_round_trip" in said["reasons"]


def test_ready_is_503_with_the_reason(hq: Hq) -> None:
    with observed(hq) as client:
        assert client.get("/-/healthy").status_code == 200
        said = client.get("/-/ready").json()
        assert said == {"ready": True, "reasons": {}, "degraded": {}}
        hq.health.route("sms", "modem_down", is_up=False)
        said = client.get("/-/ready")
        assert said.status_code == 503
        assert said.json()["reasons"] == {"all_channels_down": ["every route"]}
        hq.health.route("sms", "modem_down", is_up=True)
        hq.health.report("alarm_standing_still", "K7F2", wrong=True)
        assert client.get("/-/ready").status_code == 503
        hq.health.report("alarm_standing_still", "K7F2", wrong=False)
        hq.health.report("listener_down", "gt06", wrong=True)
        assert client.get("/-/ready").status_code == 503
        hq.health.report("listener_down", "gt06", wrong=False)
        hq.health.report("modem_down", "modem-1", wrong=True)
        said = client.get("/-/ready")
        assert said.status_code == 200, "another route tells people"
        assert said.json()["degraded"] == {"modem_down": ["modem-1"]}
        hq.clock.advance(20)
        assert "no_round_trip" in client.get("/-/ready").json()["reasons"]


def test_the_metrics_name_no_operator(hq: Hq) -> None:
    hq.enrol("alder")
    hq.press()
    with observed(hq) as client:
        answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "natalia_console_streams" in answer.text
    assert "alder" not in answer.text
    assert OperatorId("heron") not in answer.text.lower()


def test_the_time_line_says_what_came_by_the_command_line_bug_nobody_could_tell(
    hq: Hq,
) -> None:
    """Whoever may open the socket acts in anybody's name."""
    alarm = hq.press()
    hq.enrol("rowan")
    with browser(hq, "rowan") as at:
        at.act(alarm, "note", text="rang her sister")
        with control(hq) as client:
            client.post(f"/alarms/{alarm}/acknowledge", json={"by": "rowan"})
        lines = at.client.get(f"/api/alarms/{alarm}").json()["lines"]
        page = at.client.get(f"/alarms/{alarm}").text
    by_command_line = {line["kind"]: line["by_command_line"] for line in lines}
    assert by_command_line["AlarmAcknowledged"]
    assert not by_command_line["NoteAdded"]
    assert not by_command_line["AlarmRaised"]
    assert page.count("by rowan (command line: the name is taken at its word)") == 1
