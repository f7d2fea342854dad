"""Cases from the journal alone: the open ones, and one of which rows are damaged."""

import json
import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from msgspec import structs

from engine.alarm.codec import encode
from engine.alarm.rows import head_of
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.ports.journal import Append, NewEvent
from engine.values import AlarmId, CommandId, Instant
from tests.contracts.journal.requests import row
from tests.engine.alarm.scene import Scene
from tests.engine.cli.services import natalia


@pytest.fixture
def asked(patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]) -> "Asked":
    return Asked(patch, out)


class Asked:
    """Runs `natalia journal` and returns exit code, output and errors."""

    def __init__(
        self, patch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]
    ) -> None:
        self._patch, self._captured = patch, captured

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        code = natalia(self._patch, "journal", *map(str, arguments))
        said = self._captured.readouterr()
        return code, said.out, said.err


def test_what_can_be_read_of_a_damaged_alarm_is_shown_bug_nothing_was(
    asked: Asked, tmp_path: Path
) -> None:
    """The handbook says to run such a case by hand, from just this command."""
    store = SqliteStore(tmp_path / JOURNAL_FILE, ballast_bytes=0)
    for number in range(6):
        body = json.dumps({"text": f"row {number} " + "x" * 3_000}).encode()
        event = row("alarm/7d", "Said", body)
        command_id = CommandId(f"c{number}")
        request = structs.replace(event, expected_seq=number, command_id=command_id)
        store.commit([request], Instant(1_000))
    store.close()
    raw = apsw.Connection(str(tmp_path / JOURNAL_FILE))
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    leaves = raw.execute(
        "SELECT pgoffset, pgsize FROM dbstat"
        " WHERE name = 'event' AND pagetype = 'leaf' ORDER BY path"
    ).fetchall()
    raw.close()
    offset, size = map(int, map(str, leaves[2]))
    with (tmp_path / JOURNAL_FILE).open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * size)

    code, text, errors = asked("show", "7d", "--state", tmp_path)
    json_code, facts, _ = asked("show", "7d", "--state", tmp_path, "--json")

    assert code == json_code == 1
    shown = [number for number in range(6) if f"row {number} " in text]
    assert 0 < len(shown) < 6
    assert {0, 5} <= set(shown)
    lost = ", ".join(str(one + 1) for one in range(6) if one not in shown)
    assert f"of 6 rows of this alarm cannot be read (seq {lost})" in errors
    assert "restore a backup" in errors
    assert len(json.loads(facts)["rows"]) == len(shown)


def test_open_cases_are_listed_without_an_engine_bug_only_it_could_name_them(
    asked: Asked, tmp_path: Path
) -> None:
    store = SqliteStore(tmp_path / JOURNAL_FILE, ballast_bytes=0)
    for number, is_open in enumerate((True, False)):
        scene = Scene(id=AlarmId(f"7d5c0{number}")).raised()
        scene.acknowledge()
        if not is_open:
            scene.close()
        request = Append(
            stream=f"alarm/{scene.id}",
            expected_seq=0,
            epoch=1,
            command_id=CommandId("all"),
            events=tuple(encode(event) for event in scene.events),
            head=head_of(scene.state(), scene.now),
        )
        store.commit([request], scene.now)
    store.commit([row("alarm/garbled", "AlarmRaised", b"\xff")], Instant(1_000))
    store.close()

    code, text, _ = asked("list", "--state", tmp_path)
    _, every, _ = asked("list", "--state", tmp_path / JOURNAL_FILE, "--all")
    _, facts, _ = asked("list", "--state", tmp_path, "--json")

    assert code == 0
    unread, waiting = text.splitlines()
    assert unread.startswith("garbled  CANNOT BE READ")
    assert waiting.startswith("7d5c00  2026-11-25T03:00:00Z  acknowledged")
    assert "Heron" in waiting
    assert "7d5c01" in every
    assert [one["id"] for one in json.loads(facts)] == ["garbled", "7d5c00"]
    for alarm in ("7d5c00", "7D5C00"):
        shown = asked("show", alarm, "--state", tmp_path / JOURNAL_FILE)
        assert "alarm/7d5c00" in shown[1]


def test_a_page_has_all_its_lines_in_any_locale_bug_a_russian_note_ended_it(
    tmp_path: Path,
) -> None:
    store = SqliteStore(tmp_path / JOURNAL_FILE, ballast_bytes=0)
    note = json.dumps({"text": "Сестра звонила"}).encode()
    store.commit([row("alarm/7d", "Said", note)], Instant(1_000))
    store.close()
    words = (Path(sys.executable).with_name("natalia"), "journal", "show", "7d")
    done = subprocess.run(
        [*words, "--raw", "--state", tmp_path],
        env={"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "\\u0421\\u0435\\u0441\\u0442\\u0440\\u0430" in done.stdout


def test_a_page_stands_still_before_a_row_of_a_newer_engine_bug_it_was_passed_over(
    asked: Asked, tmp_path: Path
) -> None:
    """What it said may have been a word of force, and the page had none."""
    scene = Scene(id=AlarmId("7d5c00")).raised()
    scene.acknowledge()
    before = tuple(map(encode, scene.events))
    newer = NewEvent(kind="DefenderHeld", version=1, body=b'{"by": "the police"}')
    scene.close()
    end = tuple(map(encode, scene.events))[len(before) :]
    store = SqliteStore(tmp_path / JOURNAL_FILE, ballast_bytes=0)
    request = Append(
        stream=f"alarm/{scene.id}",
        expected_seq=0,
        epoch=1,
        command_id=CommandId("all"),
        events=(*before, newer, *end),
        head=structs.replace(head_of(scene.state(), scene.now), is_open=True),
    )
    store.commit([request], scene.now)
    store.close()

    _, listed, _ = asked("list", "--state", tmp_path)
    code, text, _ = asked("show", "7d5c00", "--state", tmp_path)

    assert "Cannot be read whole: another engine wrote rows of it" in listed
    assert "backup" not in listed
    assert code == 0
    assert f"NOT WHOLE: row {len(before) + 1}, DefenderHeld version 1" in text
    assert "With alder: is it true?" in text
    assert "Next, while the engine runs" not in text, "nothing in it goes on"
    assert "by=the police" in text
