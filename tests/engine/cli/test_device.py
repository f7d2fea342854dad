"""`natalia device`, as a person at a terminal meets it."""

import json
import tomllib
from io import StringIO
from math import isnan
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from engine import plugins
from engine.cli import device, device_trial
from tests.engine.cli.services import natalia, service

RUN = CliRunner()
HERON: dict[str, object] = {
    "device": "...0018",
    "wire_protocol": "gt06",
    "person": "heron",
    "profile": None,
    "model": None,
    "by_sms": False,
    "has_secret": False,
    "heartbeat_s": 600.0,
    "seen_at": "2026-11-25T03:00:00.000Z",
    "battery_ratio": 0.42,
    "readings": {"heart_rate_bpm": "72", "gsm": "23"},
    "overdue": True,
}
STORK = HERON | {
    "person": "stork",
    "seen_at": None,
    "battery_ratio": None,
    "readings": {},
    "overdue": None,
}
ARMED: dict[str, object] = {
    "armed": True,
    "until": "2026-11-25T03:15:00.000Z",
    "pressed_at": None,
    "alarm": None,
    "exercise": None,
}
PRESSED = ARMED | {
    "armed": False,
    "pressed_at": "2026-11-25T03:02:07.000Z",
    "alarm": "7d5c01aa90e2",
    "exercise": True,
}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_trial, "LOOK_S", 0.0)


def run(patch: pytest.MonkeyPatch, *words: str, **answers: object) -> tuple[int, str]:
    """Run a command against a service; return its exit code and what was asked."""
    with service(**{k: (200, a) for k, a in answers.items()}) as made:
        code = natalia(patch, "device", *words, "--state", str(made.state))
        return code, made.asked[-1][1]


def test_a_list_says_when_each_was_heard_and_what_is_overdue(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    code, asked = run(patch, "list", devices={"devices": [HERON, STORK]})
    first, second = out.readouterr().out.splitlines()
    assert (code, json.loads(asked)) == (0, {"reveal": False})
    assert first.split() == [
        *("...0018", "gt06", "heron", "2026-11-25T03:00:00Z"),
        *("battery", "42%", "OVERDUE"),
    ]
    assert "not heard yet" in second
    assert "OVERDUE" not in second


def test_a_list_of_those_that_are_overdue_has_no_others(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    rows = {"devices": [HERON, STORK]}
    run(patch, "list", "--overdue", "--json", devices=rows)
    assert json.loads(out.readouterr().out) == [HERON]
    run(patch, "list", "--overdue", devices={"devices": [STORK]})
    assert out.readouterr().out == "no such devices\n"


def test_whose_devices_and_whether_whole_is_asked(patch: pytest.MonkeyPatch) -> None:
    rows = {"devices": [HERON]}
    _, asked = run(patch, "list", "--person=heron", "--reveal", devices=rows)
    assert json.loads(asked) == {"person": "heron", "reveal": True}


def test_one_device_is_shown_in_words_or_in_json(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    _, asked = run(patch, "show", "004999010640018", devices={"devices": [HERON]})
    told = out.readouterr().out
    assert json.loads(asked)["device"] == "004999010640018"
    assert "heartbeat s: 600.0\n" in told
    assert "overdue: yes\n" in told
    assert "profile: -\n" in told
    assert "readings: heart_rate_bpm 72, gsm 23\n" in told
    run(patch, "show", "004999010640018", "--json", devices={"devices": [HERON]})
    assert json.loads(out.readouterr().out) == HERON


def test_what_a_device_answers_commands_no_terminal_bug_it_was_printed_as_it_came(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    sent = HERON | {"readings": {"result": "ok\x9b2Jgone\u202e"}}
    run(patch, "show", "004999010640018", "--reveal", devices={"devices": [sent]})
    assert "readings: result ok\\x9b2Jgone\\u202e\n" in out.readouterr().out


@pytest.mark.parametrize(
    ("position", "said"),
    [
        (None, "-"),
        ({"at": "NOON"}, "NOON"),
        (
            {"at": "NOON", "lat_deg": 41.3, "lon_deg": 69.2, "accuracy_m": 20.0},
            "41.3, 69.2 at NOON, within 20.0 m",
        ),
        (
            {"at": "NOON", "why": "zero", "words": "it is 0/0"},
            "NOON, NOT BELIEVED: it is 0/0",
        ),
    ],
)
def test_a_position_is_worded_with_what_is_known_of_it(
    patch: pytest.MonkeyPatch,
    out: pytest.CaptureFixture[str],
    position: dict[str, object] | None,
    said: str,
) -> None:
    row = HERON | {"doubted_position": position}
    run(patch, "show", "004999010640018", devices={"devices": [row]})
    assert f"doubted position: {said}\n" in out.readouterr().out


def test_a_device_that_nobody_has_enrolled_is_said_so(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    code, _ = run(patch, "show", "1", devices={"devices": []})
    assert code == 1
    assert "natalia device enrol" in out.readouterr().err


def test_one_that_is_heard_and_not_enrolled_is_said_to_be_that(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    row: dict[str, object] = {
        "device": "...0018",
        "wire_protocol": "gt06",
        "seen_at": "2026-11-25T03:00:00.000Z",
        "like": None,
    }
    found: dict[str, object] = {"devices": [], "unknown": [row]}
    code, _ = run(patch, "show", "004999010640018", devices=found)
    assert code == 1
    said = "no such device is enrolled; it was heard at 2026-11-25T03:00:00Z by gt06;"
    assert said in out.readouterr().err
    found["unknown"] = [row | {"like": "...0026"}]
    code, asked = run(patch, "list", "--unknown", "--reveal", devices=found)
    assert (code, json.loads(asked)) == (0, {"reveal": True})
    assert "03:00:00Z  LIKE ...0026, which is enrolled\n" in out.readouterr().out
    found["unknown"] = []
    run(patch, "list", "--unknown", devices=found)
    assert out.readouterr().out == "no such devices\n"


def test_enrolling_sends_one_table_of_what_was_said(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    words = (
        *("enrol", "004999010640091", "--person=heron", "--wire-protocol=watch"),
        *("--heartbeat=600", "--secret-file=/etc/natalia/heron"),
    )
    reply = {"version": "1", "doubts": ["a slip?"]}
    code, asked = run(patch, *words, devices__enrol=reply)
    assert code == 0
    assert tomllib.loads(asked)["device"] == [
        {
            "id": "004999010640091",
            "wire_protocol": "watch",
            "person": "heron",
            "secret_file": "/etc/natalia/heron",
            "heartbeat_s": 600.0,
        }
    ]
    said = out.readouterr()
    assert "natalia device test" in said.out
    assert said.err == "doubt: a slip?\n"


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("heron\U0001f426", "heron\U0001f426"),
        ("heron\udcff", "heron?"),
        ('heron"\n', 'heron"\n'),
    ],
)
def test_whatever_is_typed_comes_to_the_service_as_toml_bug_it_was_called_no_toml(
    patch: pytest.MonkeyPatch, typed: str, sent: str
) -> None:
    words = ("enrol", typed, "--person=heron", "--wire-protocol=gt06")
    reply: dict[str, object] = {"version": "1", "doubts": []}
    _, asked = run(patch, *words, "--heartbeat=nan", devices__enrol=reply)
    (entry,) = tomllib.loads(asked)["device"]
    assert entry["id"] == sent
    assert isnan(entry["heartbeat_s"])


def test_a_secrets_path_counts_from_where_it_was_typed_bug_from_the_engines_folder(
    patch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    patch.chdir(tmp_path)
    words = ("enrol", "heron-phone", "--person=heron", "--wire-protocol=osmand")
    reply: dict[str, object] = {"version": "1", "doubts": []}
    _, asked = run(patch, *words, "--secret-file=heron", devices__enrol=reply)
    (entry,) = tomllib.loads(asked)["device"]
    assert entry["secret_file"] == str(tmp_path / "heron")


def test_a_secret_that_nobody_asks_for_is_not_said_to_be_in_force(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (file := tmp_path / "secret").write_text("0f8a7c9d2b41")
    reply: dict[str, object] = {"person": "heron", "by": "alder", "doubts": ["a?"]}
    words = ("secret", "1", "--by=alder", f"--from-file={file}")
    run(patch, *words, devices__secret=reply)
    assert out.readouterr() == ("", "doubt: a?\n")
    run(patch, *words, devices__secret=reply | {"doubts": []})
    assert "is in force" in out.readouterr().out


def test_a_refused_enrolment_says_why(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    refused = {"error": "person: nobody is called that"}
    with service(devices__enrol=(422, refused)) as made:
        words = ("enrol", "1", "--person=x", "--wire-protocol=gt06")
        code = natalia(patch, "device", *words, "--state", str(made.state))
    assert code == 1
    assert "nobody is called that" in out.readouterr().err


def test_a_test_guides_through_an_exercise_and_names_its_case(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    answers = {"devices__drill__arm": ARMED, "devices__drill": PRESSED}
    code, asked = run(patch, "test", "004999010640018", "--by=alder", **answers)
    told = out.readouterr()
    assert (code, json.loads(asked)["by"]) == (0, "alder")
    assert "until 03:15:00 UTC" in told.err
    assert "03:02:07" in told.out
    assert "natalia alarm show 7d5c01aa90e2" in told.out
    run(patch, "test", "1", "--by=alder", "--json", **answers)
    assert json.loads(out.readouterr().out) == PRESSED


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"exercise": False}, "NO EXERCISE: it joined a real alarm of theirs"),
        ({"exercise": None, "alarm": None}, "in no case yet: natalia alarm list"),
    ],
)
def test_a_press_that_was_no_exercise_is_not_told_as_one(
    patch: pytest.MonkeyPatch,
    out: pytest.CaptureFixture[str],
    found: dict[str, object],
    said: str,
) -> None:
    answers = {"devices__drill__arm": ARMED, "devices__drill": PRESSED | found}
    code, _ = run(patch, "test", "1", "--by=alder", **answers)
    told = out.readouterr()
    assert (code, told.out) == (1, "")
    assert "heard at 03:02:07 UTC, and " + said in told.err


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (("locate",), {"command": "locate"}),
        (("vibrate",), {"command": "vibrate"}),
        (("interval", "--every=60"), {"command": "interval", "every_s": 60}),
    ],
)
def test_an_order_is_asked_for_by_an_operator(
    patch: pytest.MonkeyPatch,
    out: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    asked: dict[str, object],
) -> None:
    queued = {"queued": True, "refused": None}
    words = ("order", "1", *words, "--by=alder")
    code, sent = run(patch, *words, devices__command=queued)
    assert (code, json.loads(sent)) == (0, asked | {"device": "1", "by": "alder"})
    assert "is queued" in out.readouterr().out
    run(patch, *words, "--json", devices__command=queued)
    assert json.loads(out.readouterr().out) == queued


def test_an_order_that_the_action_protocol_forbids_fails_and_says_so(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    refused = {"queued": False, "refused": "the action protocol does not allow it"}
    with service(devices__command=(409, refused)) as made:
        words = ("order", "1", "locate", "--by=alder", "--state", str(made.state))
        assert natalia(patch, "device", *words) == 1
    assert "does not allow" in out.readouterr().err


@pytest.mark.parametrize("words", [("interval",), ("locate", "--every=60")])
def test_an_interval_and_its_seconds_go_together(
    patch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    with service() as made:
        where = ("--by=alder", "--state", str(made.state))
        assert natalia(patch, "device", "order", "1", *words, *where) == 2
    assert made.asked == []


def test_a_secret_comes_from_standard_input_or_a_file(
    patch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = {"by": "alder", "person": "heron"}
    patch.setattr("sys.stdin", StringIO("0f8a7c9d2b41\n"))
    _, asked = run(patch, "secret", "1", "--by=alder", devices__secret=told)
    assert json.loads(asked) == {
        "device": "1",
        "by": "alder",
        "secret": "0f8a7c9d2b41",
    }
    (tmp_path / "secret").write_text("from-a-file-1\n")
    words = ("secret", "1", "--by=alder", f"--from-file={tmp_path / 'secret'}")
    _, asked = run(patch, *words, devices__secret=told)
    assert json.loads(asked)["secret"] == "from-a-file-1"


def test_a_secret_is_no_argument(patch: pytest.MonkeyPatch) -> None:
    with service() as made:
        words = ("secret", "1", "0f8a7c9d2b41", "--by=alder", "--state")
        assert natalia(patch, "device", *words, str(made.state)) == 2


def test_a_test_without_a_press_fails_and_says_what_to_look_at(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    over = ARMED | {"armed": False}
    answers = {"devices__drill__arm": ARMED, "devices__drill": over}
    code, _ = run(patch, "test", "1", "--by=alder", **answers)
    assert code == 1
    assert "a press is a real alarm" in out.readouterr().err


@pytest.mark.parametrize(
    "command", ["list", "show", "enrol", "test", "order", "secret"]
)
def test_each_command_has_an_example(command: str) -> None:
    told = RUN.invoke(device.app, [command, "--help"])
    assert f"$ natalia device {command}" in told.output


def test_a_command_of_an_adapter_is_one_of_the_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = typer.Typer()

    @app.command()
    def imitate() -> None:
        """Imitate something."""
        typer.echo("imitated")

    loaded: list[str] = []

    def load(group: str, name: str, key: str) -> object:
        loaded.append(f"{group}/{name}/{key}")
        return app

    monkeypatch.setattr(plugins, "names", lambda _: ("imitate",))
    monkeypatch.setattr(plugins, "load", load)
    told = RUN.invoke(device.app, ["imitate"])
    assert (told.exit_code, told.output) == (0, "imitated\n")
    assert loaded == ["natalia_engine.device_command/imitate/imitate"]
    assert "Imitate something." in RUN.invoke(device.app, ["--help"]).output
