"""`natalia journal`, as somebody types it."""

import json
import sys
from pathlib import Path

import apsw
import pytest

from engine.cli.main import main
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.journal.timeline import fields_of
from engine.ports.journal import (
    EffectState,
)
from engine.values import Instant, printable
from tests.contracts.journal.requests import append, change, plan, row


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Make a state folder: two alarms, one with a notification under way."""
    state = tmp_path / "state"
    state.mkdir()
    store = SqliteStore(state / JOURNAL_FILE, ballast_bytes=0)
    raised = b'{"alias": "Heron", "raw": "\\u001b[2Jx", "codes": ["K7F2"], "n": null}'
    pull = change("a/1", EffectState.ATTEMPTING, EffectState.PLANNED)
    store.commit(
        [
            row("alarm/7d5c01aa", "AlarmRaised", raised),
            row("alarm/7e", "AlarmRaised", b"\xff\xfe"),
            append("other", plans=(plan("a/1"),)),
        ],
        Instant(1_000),
    )
    attempt = append("effect/a/1", kinds=("Attempting",), changes=(pull,))
    store.commit([attempt], Instant(2_000))
    store.close()
    raw = apsw.Connection(str(state / JOURNAL_FILE))
    raw.execute("UPDATE effect SET alarm = 'alarm/7d5c01aa'")
    raw.close()
    return state


@pytest.fixture
def natalia(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> "Natalia":
    return Natalia(monkeypatch, capsys)


class Natalia:
    """Runs the command line and returns exit code, output and errors."""

    def __init__(
        self, patch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]
    ) -> None:
        self._patch, self._captured = patch, captured

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        self._patch.setattr(sys, "argv", ["natalia", "journal", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        output = self._captured.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return code, output.out, output.err


def tamper(state: Path, statement: str) -> None:
    """Change what the triggers guard, as somebody with a shell could."""
    raw = apsw.Connection(str(state / JOURNAL_FILE))
    for trigger in raw.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
    ).fetchall():
        raw.execute(f"DROP TRIGGER {trigger[0]}")
    raw.execute(statement)
    raw.close()


def test_a_good_journal_gives_an_anchor_that_holds(
    natalia: Natalia, state: Path
) -> None:
    code, text, _ = natalia("verify", state)

    assert code == 0
    assert text.startswith("good: 4 rows of 4 streams\nanchor 4:")
    anchor = text.split()[-1]
    assert natalia("verify", state / JOURNAL_FILE, "--anchor", anchor)[0] == 0
    rewritten = anchor[:-1] + ("0" if anchor[-1] != "0" else "1")
    code, text, _ = natalia("verify", state, "--anchor", rewritten)
    assert code == 1
    assert "rows up to it are rewritten" in text


def test_it_is_found_by_state_as_by_every_other_command(
    natalia: Natalia, state: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "nowhere"

    assert natalia("verify", "--state", state)[0] == 0
    assert natalia("verify", "--state", elsewhere)[0] != 0
    assert natalia("verify", state, "--state", elsewhere)[0] == 0


def test_the_first_bad_row_is_named(natalia: Natalia, state: Path) -> None:
    tamper(state, "UPDATE event SET body = x'00' WHERE position = 2")

    code, text, _ = natalia("verify", state)
    json_code, facts, _ = natalia("verify", state, "--json")

    assert code == json_code == 1
    assert text == (
        "bad: stream alarm/7e, seq 1, position 2: "
        "hash: this row or the one before it was changed\n"
    )
    assert json.loads(facts)["bad"]["position"] == 2


def test_a_deleted_row_is_named(natalia: Natalia, state: Path) -> None:
    tamper(state, "DELETE FROM event WHERE position = 3")

    code, text, _ = natalia("verify", state)

    assert code == 1
    assert "position 4: position: 3 is missing before it" in text


def test_a_journal_that_lost_what_it_keeps_of_itself_is_named(
    natalia: Natalia, state: Path
) -> None:
    tamper(state, "DELETE FROM journal")

    code, text, errors = natalia("verify", state)

    assert (code, errors) == (1, "")
    assert "what it keeps of itself is gone; restore a backup" in text


def test_a_broken_page_is_named(natalia: Natalia, state: Path) -> None:
    path = state / JOURNAL_FILE
    raw = apsw.Connection(str(path))
    page = raw.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'event_command'"
    ).get
    raw.close()
    assert isinstance(page, int)
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = bytes(4096)
    path.write_bytes(content)

    code, text, errors = natalia("verify", state)

    assert (code, errors) == (1, "")
    assert "bad: position 0: file:" in text


@pytest.mark.parametrize("arguments", [("verify", "none"), ("show", "7d")])
def test_a_journal_that_is_not_there_is_a_matter_of_configuration(
    natalia: Natalia, tmp_path: Path, arguments: tuple[str, str]
) -> None:
    verb, name = arguments
    rest = (tmp_path / name,) if verb == "verify" else (name, "--state", tmp_path)

    code, _, errors = natalia(verb, *rest)

    assert code == 3
    assert "is not there; name the folder that holds it" in errors


def test_whoever_may_not_read_it_is_told_who_may_bug_a_traceback(
    natalia: Natalia, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = Path.stat

    def denied(path: Path, *, follow_symlinks: bool = True) -> object:
        if path.name == JOURNAL_FILE:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", denied)
    for verb in (("show", "7d", "--state", state), ("verify", state)):
        code, _, errors = natalia(*verb)
        assert code == 3
        assert "this user may not read it" in errors
        assert "with sudo" in errors


def test_an_anchor_of_no_shape_is_wrong_usage(natalia: Natalia, state: Path) -> None:
    assert natalia("verify", state, "--anchor", "4:beef")[0] == 2


@pytest.mark.parametrize("alarm", ["7d5c01aa", "7d", "alarm/7d5c01aa"])
def test_the_time_line_can_be_read(natalia: Natalia, state: Path, alarm: str) -> None:
    code, text, _ = natalia("show", alarm, "--state", state)

    assert code == 0
    head, raised, attempting = (line.split(maxsplit=4) for line in text.splitlines())
    assert head[0] == "alarm/7d5c01aa:"
    assert raised == [
        "1970-01-01T00:00:01.000Z",
        "alarm/7d5c01aa",
        "1",
        "AlarmRaised",
        r'alias=Heron  raw=\x1b[2Jx  codes=["K7F2"]',
    ]
    assert attempting[1:] == ["effect/a/1", "1", "Attempting", "(10 bytes)"]


def test_raw_shows_each_row_with_all_of_its_fields(
    natalia: Natalia, state: Path
) -> None:
    code, text, _ = natalia("show", "7d", "--state", state, "--raw")
    assert code == 0
    assert "alias=Heron" in text


def test_the_time_line_as_json_has_every_column(natalia: Natalia, state: Path) -> None:
    code, text, _ = natalia("show", "7d", "--state", state, "--json")

    facts = json.loads(text)
    assert code == 0
    assert facts["next_due"] == "1970-01-01T00:01:00.000Z"
    assert [line["kind"] for line in facts["rows"]] == ["AlarmRaised", "Attempting"]
    assert facts["rows"][0]["body"]["alias"] == "Heron"


@pytest.mark.parametrize(
    ("alarm", "reason"), [("7", "2 alarms begin so"), ("none", "no such alarm")]
)
def test_an_alarm_that_is_not_one_is_refused(
    natalia: Natalia, state: Path, alarm: str, reason: str
) -> None:
    code, _, errors = natalia("show", alarm, "--state", state)

    assert code == 1, "as of natalia alarm show"
    assert reason in errors


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Héron 鷺", "Héron 鷺"),
        ("\x1b]0;x\x07", r"\x1b]0;x\x07"),
        ("a\u202eb", r"a\u202eb"),
        ("a\nb\x9b", r"a\nb\x9b"),
    ],
)
def test_nothing_moves_the_cursor_or_turns_the_order(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_has_no_fields(body: bytes) -> None:
    assert fields_of(body) is None


def test_help_has_examples_and_exit_codes(natalia: Natalia) -> None:
    code, text, _ = natalia("--help")

    assert code == 0
    assert "natalia journal verify /var/lib/natalia" in text
    assert "1 a bad row" in " ".join(text.split())
