"""`natalia alarm` against a control socket."""

import json
import re
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from msgspec import structs

from engine.alarm.codec import encode
from engine.alarm.commands import Close
from engine.alarm.events import AlarmRaised
from engine.alarm.state import CloseReason, FalseClass
from engine.cli.case_rows import head_lines, time_lines
from engine.console.view import detail
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.values import DeviceId
from tests.contracts.journal.requests import NOW, append
from tests.engine.alarm.scene import ALDER, Scene
from tests.engine.cli.services import natalia, service

IMEI = "004999010640018"
ROW = {
    "id": "7d5c01aa90e2",
    "unread": False,
    "raised_at": "2026-11-25T03:00:00.000Z",
    "response": "raised",
    "truth": "unverified",
    "alias": "Heron",
    "coming": 1,
    "state": "Waits for HQ",
    "told": 3,
    "near": {
        "parts": [
            {"text": "3 accepted", "bad": False},
            {"text": "2 waiting: no modem is up", "bad": True},
        ]
    },
    "kind": "real",
}
SCENE = Scene().raised()
CASE = {
    **detail(SCENE.state(), [], SCENE.now, revealed=False),
    "id": "7d5c01aa90e2",
    "lines": [
        {
            "at": "2026-11-25T03:00:00.000Z",
            "kind": "AlarmRaised",
            "title": "Alarm raised",
            "text": "sos\x1b[2J",
        }
    ],
}

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]


def test_a_place_that_nobody_knows_is_not_said_to_be_hidden() -> None:
    place = {"lat_deg": "hidden", "name": "", "accuracy_m": None, "at": None}
    known = {**place, "source": "device", "words": "Position from the device"}
    unknown = {**place, "source": "nowhere", "words": "No place is known"}
    lines = [list(head_lines({**CASE, "place": one}))[2] for one in (known, unknown)]
    assert lines == ["Position from the device: hidden", "No place is known"]


def test_the_list_is_one_line_for_each_alarm(patch: Patch, out: Output) -> None:
    with service(alarms=(200, [ROW])) as engine:
        assert natalia(patch, "alarm", "list", "--state", str(engine.state)) == 0
    line = out.readouterr().out
    assert line.startswith("7d5c01aa90e2  2026-11-25T03:00:00Z")
    said = "1 coming of 3 told (3 accepted, 2 waiting: no modem is up); Waits for HQ\n"
    assert line.endswith(said), "and why it is closed"


def test_a_case_that_cannot_be_read_is_named_with_the_cure(
    patch: Patch, out: Output
) -> None:
    row = {"id": "7d5c01aa90e2", "unread": True, "what": "run it by hand"}
    with service(alarms=(200, [row, ROW])) as engine:
        assert natalia(patch, "alarm", "list", "--state", str(engine.state)) == 0
    first, second = out.readouterr().out.splitlines()
    assert first == "7d5c01aa90e2  CANNOT BE READ: run it by hand"
    assert "Heron" in second


def test_what_is_no_real_alarm_says_so_in_list_and_case(
    patch: Patch, out: Output
) -> None:
    row, case = {**ROW, "kind": "exercise"}, {**CASE, "kind": "exercise"}
    with service(alarms=(200, [row]), alarms__7d5c01aa90e2=(200, case)) as engine:
        natalia(patch, "alarm", "list", "--state", str(engine.state))
        assert out.readouterr().out.endswith("; Waits for HQ  EXERCISE\n")
        natalia(patch, "alarm", "show", "7d5c01aa90e2", "--state", str(engine.state))
        assert "(Standard v2)  EXERCISE\n" in out.readouterr().out


def test_an_empty_list_says_so(patch: Patch, out: Output) -> None:
    with service(alarms=(200, [])) as engine:
        natalia(patch, "alarm", "list", "--state", str(engine.state))
    assert out.readouterr().out == "no alarms\n"


def test_json_is_what_the_engine_said(patch: Patch, out: Output) -> None:
    with service(alarms=(200, [ROW]), alarms__7d5c01aa90e2=(200, CASE)) as engine:
        state = ("--state", str(engine.state), "--json")
        natalia(patch, "alarm", "list", *state)
        assert json.loads(out.readouterr().out) == [ROW]
        natalia(patch, "alarm", "show", "7d5c01aa90e2", *state)
        assert json.loads(out.readouterr().out) == CASE


def test_a_case_is_shown_with_its_time_line(patch: Patch, out: Output) -> None:
    with service(alarms__7d5c01aa90e2=(200, CASE)) as engine:
        words = ("alarm", "show", "7d5c01aa90e2", "--state", str(engine.state))
        assert natalia(patch, *words) == 0
    said = out.readouterr().out
    assert said.startswith("Heron UZ: Waits for HQ; unverified, publication none")
    assert "03:00:00.000Z  Alarm raised: sos\\x1b[2J\n" in said


def test_a_line_of_another_day_is_under_that_day_bug_it_had_its_hour_alone() -> None:
    lines = [
        {"at": f"2026-{day}T03:00:00.000Z", "title": title, "text": "", "data": {}}
        for day, title in (("11-25", "Raised"), ("11-25", "Told"), ("12-02", "Asked"))
    ]
    case = {**CASE, "raised_at": "2026-11-25T02:59:59.000Z", "lines": lines}
    assert list(time_lines(case)) == [
        "03:00:00.000Z  Raised",
        "03:00:00.000Z  Told",
        "2026-12-02 UTC",
        "03:00:00.000Z  Asked",
    ]


def test_a_report_that_cannot_be_read_is_shown_with_its_bytes() -> None:
    """The mail to HQ sends them here, and the bytes stood in the console alone."""
    line = {"at": "2026-11-25T03:00:00.000Z", "title": "Alarm raised", "text": ""}
    data: dict[str, object] = {"raw": "2a484551" * 3, "wire_protocol": "h02"}
    case = {**CASE, "lines": [{**line, "data": data}, {**line, "data": {"raw": ""}}]}
    hidden, shown, *rest = time_lines(case)
    assert "hex" not in hidden
    assert shown.endswith("by h02, in hex: 2a4845512a4845512a484551")
    assert len(rest) == 1
    data["raw"] = "2a" * 2048
    _, shown, _ = time_lines(case)
    assert shown.endswith("2a ... (--json has all)")


def test_a_case_says_what_comes_next_and_who_was_told_bug_the_runbook_sent_here(
    patch: Patch, out: Output
) -> None:
    with service(alarms__7d5c01aa90e2=(200, CASE)) as engine:
        natalia(patch, "alarm", "show", "7d5c01aa90e2", "--state", str(engine.state))
    said = out.readouterr().out
    due = (
        "tell the next officer on duty by SMS and ringing call, at 2026-11-25T03:01:00"
    )
    assert f"Next, while the engine runs: {due}" in said
    assert "Position from the device: hidden +-20.0 m" in said
    assert re.search(r"\n  colleague 1 +colleague +10\.0 km  -", said)
    told = said.split("\nTold 0 of 7 (7 waiting)\n")[1].split("\n\n")[0].splitlines()
    assert len({line.rindex(" -  ") for line in told}) == 1, "bug: an officer stuck out"
    assert "SMS: waiting to be sent" in said
    assert "+1555" not in said
    assert "41.31" not in said


@pytest.mark.parametrize(
    ("act", "options", "fields"),
    [
        ("acknowledge", (), {}),
        ("verify", (), {"truth": "verified"}),
        ("verify", ("--truth", "false"), {"truth": "false"}),
        ("close", ("--reason", "safe"), {"reason": "safe", "remark": ""}),
        ("reopen", (), {}),
        ("note", ("--text", "at the door"), {"text": "at the door"}),
    ],
)
def test_an_act_names_who_acts_and_carries_an_id_of_its_own(
    patch: Patch, act: str, options: tuple[str, ...], fields: dict[str, str]
) -> None:
    done = {"done": True, "refused": None}
    with service(**{f"alarms__a1__{act}": (200, done)}) as engine:
        words = ("alarm", act, "a1", "--by", "alder", *options)
        assert natalia(patch, *words, "--state", str(engine.state)) == 0
        assert natalia(patch, *words, "--state", str(engine.state)) == 0
    bodies = [json.loads(body) for _, body in engine.asked]
    ids = {body.pop("id") for body in bodies}
    assert bodies == [{"by": "alder", **fields}] * 2
    assert len(ids) == 2


def test_an_id_in_capitals_is_the_same_case_bug_there_was_no_such_alarm(
    patch: Patch,
) -> None:
    """Somebody has read it out on the telephone, somebody else has written it down."""
    done = {"done": True, "refused": None}
    with service(alarms__7d5c0a__link=(200, done)) as engine:
        words = ("alarm", "link", "7D5C0A", "--by", "alder", "--other", "1FA0C9")
        assert natalia(patch, *words, "--state", str(engine.state)) == 0
    ((_, body),) = engine.asked
    assert json.loads(body)["other"] == "1fa0c9"


def test_a_refusal_is_said_and_fails(patch: Patch, out: Output) -> None:
    refused = {"done": False, "refused": "acknowledge the alarm first"}
    with service(alarms__a1__close=(409, refused)) as engine:
        words = ("alarm", "close", "a1", "--by", "alder", "--reason", "safe")
        assert natalia(patch, *words, "--state", str(engine.state)) == 1
    assert out.readouterr().err == "natalia: acknowledge the alarm first\n"


@pytest.mark.parametrize("alarm", ["../operators/eve", "a/close", "a1?x", "", "a b"])
def test_an_id_that_is_none_leads_nowhere(
    patch: Patch, out: Output, alarm: str
) -> None:
    with service() as engine:
        state = f"--state={engine.state}"
        by = ("--by", "alder")
        assert natalia(patch, "alarm", "show", state, "--", alarm) == 1
        assert natalia(patch, "alarm", "acknowledge", *by, state, "--", alarm) == 1
    assert engine.asked == []
    lines = out.readouterr().err.splitlines()
    assert (
        lines
        == ["natalia: ALARM: letters, digits, - and _ only; see: natalia alarm list"]
        * 2
    )


def test_closing_needs_a_reason(patch: Patch, out: Output) -> None:
    assert natalia(patch, "alarm", "close", "a1", "--by", "alder") == 2
    assert "--reason" in out.readouterr().err


def test_statistics_are_read_from_the_journal_without_a_service(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    scenes = [Scene().raised() for _ in range(3)]
    for scene, how in zip(scenes, (None, FalseClass.BY_MISTAKE), strict=False):
        scene.acknowledge()
        reason = CloseReason.FALSE_ALARM if how else CloseReason.SAFE
        command_id = scene.command_id()
        scene.do(Close(command_id=command_id, by=ALDER, reason=reason, false_class=how))
    store = SqliteStore(tmp_path / JOURNAL_FILE, ballast_bytes=0)
    for number, scene in enumerate(scenes):
        rows = tuple(map(encode, scene.events))
        store.commit([structs.replace(append(f"alarm/a{number}"), events=rows)], NOW)
    store.close()

    assert natalia(patch, "alarm", "statistics", "--state", str(tmp_path)) == 0
    said = out.readouterr().out
    natalia(patch, "alarm", "statistics", "--state", str(tmp_path), "--json")
    (row,) = json.loads(out.readouterr().out)

    assert said.startswith("gt06 "), "without a device, by its way"
    assert "3 alarms, 1 false (50% of the ended): by_mistake 1" in said
    assert (row["alarms"], row["false"], row["false_ratio"]) == (3, 1, 0.5)
    assert row["classes"] == {"by_mistake": 1}


def test_statistics_show_a_device_by_its_last_four_bug_the_whole_imei_was_printed(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    first, *rest = Scene().raised().events
    assert isinstance(first, AlarmRaised)
    raised = replace(first, press=replace(first.press, device=DeviceId(IMEI)))
    store = SqliteStore(tmp_path / JOURNAL_FILE, ballast_bytes=0)
    rows = tuple(map(encode, (raised, *rest)))
    store.commit([structs.replace(append("alarm/a1"), events=rows)], NOW)
    store.close()

    command = ("alarm", "statistics", "--state", str(tmp_path))
    assert natalia(patch, *command) == 0
    assert out.readouterr().out.startswith("...0018 ")
    natalia(patch, *command, "--json")
    (row,) = json.loads(out.readouterr().out)
    assert row["device"] == "...0018"
    natalia(patch, *command, "--reveal")
    assert out.readouterr().out.startswith(f"{IMEI} ")


def test_an_alarm_that_cannot_be_read_is_left_out_of_the_statistics_and_named(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """One row of a newer engine, and nothing was counted at all."""
    store = SqliteStore(tmp_path / JOURNAL_FILE, ballast_bytes=0)
    rows = tuple(map(encode, Scene().raised().events))
    store.commit(
        [structs.replace(append("alarm/a1"), events=rows), append("alarm/b2")], NOW
    )
    store.close()

    assert natalia(patch, "alarm", "statistics", "--state", str(tmp_path)) == 4
    said = out.readouterr()
    assert said.out.endswith(" 1 alarm, 0 false (0% of the ended)\n")
    assert said.err.startswith("natalia: b2 is left out: row ")


def damaged(folder: Path, table: str, number: int) -> None:
    """Destroy the page of so many a leaf of a table, of a journal with six alarms."""
    store = SqliteStore(folder / JOURNAL_FILE, ballast_bytes=0)
    rows = tuple(map(encode, Scene().raised().events))
    for alarm in range(6):
        store.commit([structs.replace(append(f"alarm/a{alarm}"), events=rows)], NOW)
    store.close()
    raw = apsw.Connection(str(folder / JOURNAL_FILE))
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    leaves = raw.execute(
        "SELECT pgoffset, pgsize FROM dbstat"
        " WHERE name = ? AND pagetype = 'leaf' ORDER BY path",
        (table,),
    ).fetchall()
    raw.close()
    offset, size = map(int, map(str, leaves[number]))
    with (folder / JOURNAL_FILE).open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * size)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_damaged_page_leaves_out_the_alarms_on_it_bug_nothing_was_counted(
    patch: Patch, out: Output, tmp_path: Path, options: tuple[str, ...]
) -> None:
    damaged(tmp_path, "event", 1)
    state = ("--state", str(tmp_path))
    assert natalia(patch, "alarm", "statistics", *state, *options) == 4
    said = out.readouterr()
    lines = said.err.splitlines()
    assert 0 < len(lines) < 6
    for number, line in enumerate(lines):
        lost = re.fullmatch(r"natalia: (a\d) is left out: .*: it is damaged\b.*", line)
        assert lost is not None, line
        assert lost[1] not in "".join(lines[:number])
    left = 6 - len(lines)
    if options:
        assert [row["alarms"] for row in json.loads(said.out)] == [left]
    else:
        assert f" {left} alarm" in said.out


def test_a_damaged_page_of_heads_leaves_out_nothing_that_has_its_rows(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    damaged(tmp_path, "stream", 0)
    assert natalia(patch, "alarm", "statistics", "--state", str(tmp_path)) == 0
    said = out.readouterr()
    assert said.err == ""
    assert " 6 alarms, 0 false" in said.out


def test_statistics_of_no_alarms_say_so(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    SqliteStore(tmp_path / JOURNAL_FILE, ballast_bytes=0).close()
    assert natalia(patch, "alarm", "statistics", "--state", str(tmp_path)) == 0
    assert out.readouterr().out == "no alarms\n"


@pytest.mark.parametrize("is_held", [True, False])
def test_who_holds_colleagues_reads_whether_they_are_held(
    patch: Patch, out: Output, *, is_held: bool
) -> None:
    alarm = "7d5c01aa90e2"
    case = {**CASE, "again": {"words": "", "due_ms": None, "held": is_held}}
    answers = {
        f"alarms__{alarm}__acknowledge": (200, {"done": True, "refused": None}),
        f"alarms__{alarm}": (200, case),
    }
    with service(**answers) as engine:
        state = ("--state", str(engine.state))
        args = ("alarm", "acknowledge", alarm, "--by", "alder", "--hold", *state)
        assert natalia(patch, *args) == 0
    assert json.loads(engine.asked[0][1])["hold"] == "1"
    said = out.readouterr().out.splitlines()[-1]
    assert said.startswith("colleagues are held" if is_held else "no colleague is held")
