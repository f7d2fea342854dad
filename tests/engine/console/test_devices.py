"""Devices over the control socket: listed, enrolled, and tried out in a drill."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from engine.alarm.state import Kind
from engine.console import desk
from engine.console.words import DOUBTS
from engine.intake.drills import Drill
from engine.intake.gateway.secrets import Secrets
from engine.intake.judge import Judge, alarm_id, raise_command
from engine.ports.device import DeviceReport
from engine.ports.latest import Doubt
from engine.roster.parse import parse_roster
from engine.values import DeviceId, Instant, PersonId, PlaceDoubt, Signal
from tests.engine.console.hq import REGISTRY, Hq, control, kinds
from tests.engine.console.test_cases import Lender
from tests.engine.intake.reports import HERONS, fix, report

DEVICE = DeviceId("004999010640091")
OWLET = """
[[device]]
id = "004999010640091"
wire_protocol = "gt06"
person = "heron"
heartbeat_s = 600
"""


def judge_of(hq: Hq) -> Judge:
    parts = hq.desk.parts
    return Judge(board=parts.board, registry=lambda: REGISTRY, drills=parts.drills)


def test_devices_are_listed_without_their_numbers(hq: Hq) -> None:
    told = report(
        received_at=hq.clock.now(),
        battery_ratio=0.4,
        attributes={"gsm": "23", "said": "OK"},
    )
    hq.attendance.told(HERONS, told)
    with control(hq) as client:
        (found,) = client.post("/devices", json={"device": HERONS}).json()["devices"]
        assert found["device"] == "...0018"
        assert (found["person"], found["battery_ratio"]) == ("heron", 0.4)
        assert found["readings"] == {"gsm": "23"}
        assert found["seen_at"] == str(hq.clock.now())
        body = {"device": HERONS, "reveal": True}
        (shown,) = client.post("/devices", json=body).json()["devices"]
        assert shown["device"] == HERONS
        assert shown["readings"] == {"gsm": "23", "said": "OK"}
        assert len(client.post("/devices").json()["devices"]) > 1
    assert kinds(hq, "roster") == ["RosterRevealed"]


def test_a_device_that_is_named_comes_with_its_carriers_positions(hq: Hq) -> None:
    board, now = hq.desk.parts.board, hq.clock.now()
    body: dict[str, object] = {"device": HERONS}
    person = PersonId("heron")
    doubt = Doubt(person=person, fix=fix(0.0, 0.0, at=now), why=PlaceDoubt.ZERO)
    with control(hq) as client:

        def shown(**more: object) -> tuple[object, object]:
            (row,) = client.post("/devices", json=body | more).json()["devices"]
            return row["position"], row["doubted_position"]

        assert shown() == (None, None)
        board.doubt(doubt)
        said = {"why": "zero", "words": DOUBTS[PlaceDoubt.ZERO]}
        assert shown() == (None, {"at": str(now), **said})
        _, revealed = shown(reveal=True)
        exact = {"lat_deg": 0.0, "lon_deg": 0.0, "accuracy_m": 20.0}
        assert revealed == {"at": str(now), **said, **exact}
        board.move(person, fix(at=now.plus(timedelta(seconds=1))))
        position, doubted = shown()
        assert doubted is None, "a newer one was believed"
        assert position == {"at": str(now.plus(timedelta(seconds=1)))}
        everybody = client.post("/devices", json={"reveal": True}).json()["devices"]
        assert all("position" not in row for row in everybody)


def test_a_device_is_enrolled_kept_and_overdue_in_time(hq: Hq) -> None:
    with control(hq) as client:
        assert client.post("/devices/enrol", content=OWLET).status_code == 200
        again = client.post("/devices/enrol", content=OWLET)
        assert again.status_code == 422
        body = {"device": "004999010640091"}
        (found,) = client.post("/devices", json=body).json()["devices"]
        assert (found["heartbeat_s"], found["overdue"]) == (600.0, None)
        hq.attendance.heard(DEVICE, hq.clock.now())
        hq.clock.advance(timedelta(seconds=600))
        (found,) = client.post("/devices", json=body).json()["devices"]
        assert found["overdue"] is True
        hq.attendance.overdue = frozenset()
        (found,) = client.post("/devices", json=body).json()["devices"]
        assert found["overdue"] is False, "the vigil knows better when nobody listened"
        hq.attendance.overdue = frozenset({DEVICE})
        (found,) = client.post("/devices", json=body).json()["devices"]
        assert found["overdue"] is True
        hq.attendance.heard(DEVICE, hq.clock.now())
        (found,) = client.post("/devices", json=body).json()["devices"]
        assert found["overdue"] is False, "it has spoken since the vigil looked"
    assert DEVICE in (hq.state / "roster.toml").read_text()
    assert kinds(hq, "roster") == ["DeviceEnrolled"]


def test_devices_that_speak_and_are_not_enrolled_are_listed(hq: Hq) -> None:
    for device in ("04999010640018", DEVICE):
        hq.attendance.strangers.met(report(device=DeviceId(device)))
    with control(hq) as client:

        def unknown(**body: object) -> list[tuple[object, object]]:
            rows = client.post("/devices", json=body).json()["unknown"]
            return [(row["device"], row["like"]) for row in rows]

        assert unknown() == [("...0091", None), ("...0018", "...0018")]
        assert unknown(device=DEVICE) == [("...0091", None)]
        assert client.post("/devices/enrol", content=OWLET).status_code == 200
        assert unknown(reveal=True) == [("04999010640018", HERONS)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("004999010640091", "004999010640099", "fail their check digit"),
        ("004999010640091", "04999010640091", "an IMEI with a 0 before them"),
        ("gt06", "watch", "nothing listens for 'watch': add [gateway.watch]"),
        ("gt06", "osmand", None),
        ('"gt06"', '"osmand"\nsecret_file = "/dev/null"', "it is a pipe or a device"),
        ('"gt06"', '"osmand"\nsecret_file = "/absent/heron"', "it is not there"),
        ('"gt06"', '"gt06"\nsecret_file = "/dev/null"', "no secret is asked of it"),
    ],
)
def test_what_is_doubtful_of_a_device_is_said_when_it_is_enrolled(
    hq: Hq, old: str, new: str, said: str | None
) -> None:
    """It was enrolled, and nothing that it sends would be known as its own."""
    with control(hq) as client:
        reply = client.post("/devices/enrol", content=OWLET.replace(old, new)).json()
    assert len(reply["doubts"]) == (said is not None)
    assert all(said in doubt for doubt in reply["doubts"] if said)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("", "give one [[device]] table"),
        ("[[device]", "TOML"),
        (OWLET.replace("heron", "nobody"), "names nobody in the roster"),
        (OWLET.replace("600", "1"), "greater than or equal to 30"),
        (OWLET.replace("gt06", "gt6"), "no wire protocol; did you mean 'gt06'?"),
        (OWLET.replace("gt06", "foo"), "no wire protocol; there are: eelink,"),
        (OWLET + 'profile = "pendant"\n', "names no profile; there are: none"),
        ("[rota]\nduty = []", "TOML"),
    ],
)
def test_what_is_no_device_is_not_enrolled(hq: Hq, entry: str, said: str) -> None:
    with control(hq) as client:
        refused = client.post("/devices/enrol", content=entry)
    assert refused.status_code == 422
    assert said in refused.json()["error"]
    assert not (hq.state / "roster.toml").exists()


def test_the_next_press_is_an_exercise_and_what_comes_later_is_real(hq: Hq) -> None:
    hq.enrol("alder")
    judge = judge_of(hq)
    with control(hq) as client:
        body = {"device": HERONS, "by": "alder"}
        state = client.post("/devices/drill/arm", json=body).json()
        assert state["armed"]
        pressed = report(received_at=hq.clock.now())
        command = raise_command(judge.judge(pressed))
        assert command.kind is Kind.EXERCISE
        assert not command.consented, "it cannot be published"
        state = client.post("/devices/drill", json={"device": HERONS}).json()
        assert (state["armed"], state["alarm"]) == (False, None), "in no case yet"
        hq.do(alarm_id(command.press.key), command)
        state = client.post("/devices/drill", json={"device": HERONS}).json()
        assert command.press.key.endswith(state["alarm"])
        assert state["exercise"] is True
    repeated = report(received_at=hq.clock.now().plus(timedelta(seconds=90)), raw=b"2")
    later = report(received_at=hq.clock.now().plus(timedelta(minutes=2)), raw=b"3")
    assert judge.judge(repeated).assessment.kind is Kind.EXERCISE
    assert judge.judge(later).assessment.kind is Kind.REAL
    assert judge.judge(pressed).assessment.kind is Kind.EXERCISE
    assert kinds(hq, "drills") == ["DrillArmed"]


def test_a_press_that_joins_a_real_alarm_is_told_with_it_bug_an_alarm_of_no_id(
    hq: Hq,
) -> None:
    """It was told as an exercise, by the id of a case that it had not begun."""
    hq.enrol("alder")
    body = {"device": HERONS, "by": "alder"}
    with control(hq) as client:
        assert client.post("/devices/drill/arm", json=body).json()["armed"]
        real = hq.press("a1")
        judged = judge_of(hq).judge(report(received_at=hq.clock.now()))
        hq.do(real, structs.replace(raise_command(judged), kind=Kind.REAL))
        state = client.post("/devices/drill", json={"device": HERONS}).json()
        assert (state["alarm"], state["exercise"]) == ("a1", False)


def test_no_device_is_tried_out_while_its_carriers_real_alarm_is_open(hq: Hq) -> None:
    """The press would be meant, whatever the carrier was told on the telephone."""
    hq.enrol("alder")
    hq.press("a1")
    with control(hq) as client:
        body = {"device": HERONS, "by": "alder"}
        said = client.post("/devices/drill/arm", json=body)
    assert said.status_code == 409
    assert "a real alarm of theirs is open" in said.json()["error"]
    assert hq.drills.of(HERONS) is None
    assert kinds(hq, "drills") == []


@pytest.mark.parametrize(
    "other",
    [
        report(buffered=True),
        report(authentic=False),
        report(signals=frozenset({Signal.FALL})),
        report(device=None),
    ],
)
def test_nothing_but_the_press_itself_is_a_drill(hq: Hq, other: DeviceReport) -> None:
    judge = judge_of(hq)
    hq.drills.arm(HERONS, hq.clock.now())
    assert judge.judge(other).assessment.kind is not Kind.EXERCISE


def test_a_drill_that_nobody_began_in_time_is_over(hq: Hq) -> None:
    hq.drills.arm(HERONS, hq.clock.now())
    late = report(received_at=hq.clock.now().plus(timedelta(minutes=15)))
    assert judge_of(hq).judge(late).assessment.kind is Kind.REAL


SECRET = "0f8a7c9d2b416e35"


def test_a_secret_that_is_set_is_what_proves_a_device_from_then_on(hq: Hq) -> None:
    hq.enrol("alder")
    body = {"device": HERONS, "by": "alder", "secret": SECRET}
    with control(hq) as client:
        assert client.post("/devices/secret", json=body).status_code == 200
    secrets = Secrets(hq.desk.parts.board)
    assert secrets.proven(report(), SECRET.encode()).authentic is True
    assert secrets.proven(report(), b"another").authentic is False
    kept = parse_roster((hq.state / "roster.toml").read_text(), "roster.toml")
    found = kept.device(HERONS)
    assert found is not None
    assert found.secret_file is not None
    assert Path(found.secret_file).stat().st_mode & 0o777 == 0o600
    assert str(HERONS) not in found.secret_file


def test_the_row_of_a_secret_says_who_set_it_for_whom_and_not_what_it_is(
    hq: Hq,
) -> None:
    hq.enrol("alder")
    body = {"device": HERONS, "by": "alder", "secret": SECRET}
    with control(hq) as client:
        client.post("/devices/secret", json=body)
    assert kinds(hq, "roster") == ["DeviceSecretSet"]
    with hq.reader() as reader:
        (row,) = reader.stream("roster")
    assert json.loads(row.body) == {"by": "alder", "person": "heron"}


@pytest.mark.parametrize(
    "fields",
    [
        {"secret": "short"},
        {"secret": "two lines\nof some length"},
        {"secret": None},
        {"by": "nobody"},
        {"device": "1"},
    ],
)
def test_a_secret_that_cannot_be_one_changes_nothing(
    hq: Hq, fields: dict[str, object]
) -> None:
    hq.enrol("alder")
    body = {"device": HERONS, "by": "alder", "secret": SECRET, **fields}
    with control(hq) as client:
        assert client.post("/devices/secret", json=body).status_code == 422
    assert not list(hq.state.glob("device-secret-*"))
    assert kinds(hq, "roster") == []


def test_a_drill_whose_row_comes_late_is_not_armed_bug_a_real_press_taken_for_one(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    hq.enrol("alder")
    judge = judge_of(hq)
    monkeypatch.setattr(desk, "ANSWER_S", 0.02)
    hq.keeps_waiting = True
    with control(hq) as client:
        body = {"device": HERONS, "by": "alder"}
        said = client.post("/devices/drill/arm", json=body)
        assert said.status_code == 409
        assert "the next press is a real one" in said.json()["error"]
        hq.answer_late()
        client.get("/operators")
    pressed = report(received_at=hq.clock.now())
    assert judge.judge(pressed).assessment.kind is Kind.REAL
    assert hq.drills.of(HERONS) is None


def test_a_drill_that_is_armed_is_said_to_be_where_nothing_can_be_read_just_then(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was told as a failure, and the next press in earnest was an exercise."""
    hq.enrol("alder")
    arm = hq.drills.arm

    def armed(device: DeviceId, now: Instant) -> Drill:
        hq.desk.cases._readers = Lender(hq, "", first=1, last=1_000)
        return arm(device, now)

    monkeypatch.setattr(hq.drills, "arm", armed)
    body = {"device": HERONS, "by": "alder"}
    with control(hq) as client:
        said = [client.post(f"/devices/drill{of}", json=body) for of in ("/arm", "")]
    assert [(one.status_code, one.json()["armed"]) for one in said] == [(200, True)] * 2


def test_a_secret_whose_row_comes_late_is_the_old_one(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    hq.enrol("alder")
    monkeypatch.setattr(desk, "ANSWER_S", 0.02)
    hq.keeps_waiting = True
    body = {"device": HERONS, "by": "alder", "secret": SECRET}
    with control(hq) as client:
        assert client.post("/devices/secret", json=body).status_code == 409
        hq.answer_late()
        client.get("/operators")
    assert not list(hq.state.glob("device-secret-*"))


def test_nobody_but_an_operator_begins_a_drill(hq: Hq) -> None:
    with control(hq) as client:
        said = client.post("/devices/drill/arm", json={"device": HERONS, "by": "x"})
        assert said.status_code == 422
        hq.enrol("alder")
        said = client.post("/devices/drill/arm", json={"device": "1", "by": "alder"})
        assert said.status_code == 404
    assert hq.drills.of(HERONS) is None


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"command": "locate"}, 200),
        ({"command": "interval", "every_s": 60}, 200),
        ({"command": "interval"}, 422),
        ({"command": "interval", "every_s": 1}, 422),
        ({"command": "explode"}, 422),
        ({"command": "locate", "by": "nobody"}, 422),
        ({"command": "locate", "device": "1"}, 422),
    ],
)
def test_an_operator_asks_something_of_a_device(
    hq: Hq, fields: dict[str, object], status: int
) -> None:
    hq.enrol("alder")
    body = {"device": HERONS, "by": "alder", **fields}
    with control(hq) as client:
        said = client.post("/devices/command", json=body)
        assert said.status_code == status
        assert len(hq.given) == (status == 200)
        hq.refusal = "the action protocol does not allow this command"
        if status == 200:
            said = client.post("/devices/command", json=body)
            assert said.status_code == 409
            assert said.json()["refused"] == hq.refusal


def test_whoever_names_nobody_is_told_where_the_names_are(hq: Hq) -> None:
    hq.enrol("alder")
    with control(hq) as client:
        locate = {"device": "1", "by": "alder", "command": "locate"}
        device = client.post("/devices/command", json=locate).json()["error"]
        drill = {"defender": "nobody", "by": "alder", "id": "c1"}
        person = client.post("/drills", json=drill).json()["error"]
    assert device.endswith("see: natalia device list --reveal")
    assert person.endswith("see: natalia roster list")
