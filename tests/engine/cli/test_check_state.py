"""What `natalia check-config` says of the state folder."""

import json
import os
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from msgspec import structs

from engine.alarm.codec import encode
from engine.alarm.rows import head_of
from engine.cli import check_state
from engine.console.cases import Unread
from engine.errors import JournalError
from engine.journal.ballast import BALLAST_BYTES, MIB
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.ports.journal import Append, NewEvent
from engine.roster.render import render_roster
from engine.roster.sample import sample_roster
from engine.values import AlarmId, CommandId
from tests.engine.alarm.scene import Scene
from tests.engine.cli.services import natalia
from tests.engine.cli.test_check import configuration
from tests.engine.roster.rosters import without

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]
WORDS = "MiB more must come free on its disk"


def with_free(free_bytes: int) -> Callable[[object], os.statvfs_result]:
    """Return a look at a disk on which so much is free."""
    frsize = 4096
    free = free_bytes // frsize
    found = os.statvfs_result((frsize, frsize, free, free, free, 9, 9, 9, 0, 255))
    return lambda _: found


def keep_case(folder: Path, scene: Scene, *events: NewEvent) -> None:
    """Leave a journal in the state folder, with one case that is open."""
    (folder / "state").mkdir()
    store = SqliteStore(folder / "state" / JOURNAL_FILE, ballast_bytes=0)
    request = Append(
        stream=f"alarm/{scene.id}",
        expected_seq=0,
        epoch=1,
        command_id=CommandId("all"),
        events=events,
        head=head_of(scene.state(), scene.now),
    )
    store.commit([request], scene.now)
    store.close()


@pytest.mark.parametrize(("length", "is_long"), [(107, False), (108, True)])
def test_a_path_that_is_too_long_for_the_socket_does_not_start_bug_it_did_by_the_check(
    patch: Patch, out: Output, tmp_path: Path, *, length: int, is_long: bool
) -> None:
    file = Path(configuration(tmp_path))
    name = "x" * (length - len(f"{tmp_path}//control.sock"))
    text = file.read_text().replace(f"{tmp_path}/state", f"{tmp_path}/{name}")
    file.write_text(text)
    code = 3 if is_long else 0
    assert natalia(patch, "check-config", str(file), "--json") == code
    said = json.loads(out.readouterr().out)
    words = "its path is 1 bytes too long for the control socket in it"
    assert (words in str(said["warnings"])) is is_long
    assert said["starts"] is not is_long


@pytest.mark.parametrize("is_there", [False, True])
def test_a_disk_without_room_for_the_ballast_is_warned_of(
    patch: Patch, out: Output, tmp_path: Path, *, is_there: bool
) -> None:
    """The service would start on it, and have nothing in hand once it is full."""
    state = tmp_path / "state"
    path = configuration(tmp_path)
    if is_there:
        state.mkdir()
    patch.setattr(os, "statvfs", with_free(2 * BALLAST_BYTES - 5 * MIB))
    assert natalia(patch, "check-config", path) == 0
    assert f"state: 5 {WORDS}" in out.readouterr().out
    assert state.exists() is is_there
    patch.setattr(os, "statvfs", with_free(2 * BALLAST_BYTES))
    assert natalia(patch, "check-config", path) == 0
    assert WORDS not in out.readouterr().out


@pytest.mark.parametrize(("free_bytes", "starts"), [(0, False), (MIB, True)])
def test_a_full_disk_without_the_ballast_does_not_start_bug_it_did_by_the_check(
    patch: Patch, out: Output, tmp_path: Path, *, free_bytes: int, starts: bool
) -> None:
    path = configuration(tmp_path)
    (tmp_path / "state").mkdir()
    patch.setattr(os, "statvfs", with_free(free_bytes))
    code = 0 if starts else 3
    assert natalia(patch, "check-config", path, "--json") == code
    said = json.loads(out.readouterr().out)
    assert said["starts"] is starts
    assert any(WORDS in line for line in said["warnings"])


def test_a_ballast_that_lies_needs_no_more_room(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configuration(tmp_path)
    (tmp_path / "state").mkdir()
    with (tmp_path / "state" / "journal.db-ballast").open("wb") as ballast:
        ballast.truncate(BALLAST_BYTES)
    patch.setattr(os, "statvfs", with_free(0))
    assert natalia(patch, "check-config", path) == 0
    said = out.readouterr().out
    assert WORDS not in said
    assert "its disk is full" not in said


def test_a_file_where_the_state_folder_should_be_is_warned_of_bug_it_started_so(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configuration(tmp_path)
    (tmp_path / "state").write_text("a file")
    assert natalia(patch, "check-config", path) == 3
    said = out.readouterr().out
    assert f"state: {tmp_path / 'state'} is a file: the engine does not start" in said
    assert re.search(r"\nIT DOES NOT START AS IT STANDS: READ THE \d+ WARN", said)


def test_a_pipe_where_the_locks_file_should_be_is_warned_of(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configuration(tmp_path)
    (tmp_path / "state").mkdir()
    os.mkfifo(tmp_path / "state" / "engine.lock")
    assert natalia(patch, "check-config", path) == 3
    said = out.readouterr().out
    assert "engine.lock is a pipe" in said
    assert "move it away: the engine does not start before" in said


def test_cases_that_an_older_engine_cannot_read_are_named_bug_it_starts_was_all(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """Whoever went back in a hurry restarted into an engine that paged nobody."""
    path = configuration(tmp_path)
    scene = Scene(id=AlarmId("7d5c00")).raised()
    first, second, *others = map(encode, scene.events)
    keep_case(tmp_path, scene, first, structs.replace(second, version=99), *others)
    assert natalia(patch, "check-config", path) == 0
    said = out.readouterr()
    assert f"nobody is told anything more: 7d5c00: {Unread.NEWER}" in said.out


def test_whoever_has_an_open_case_and_is_in_the_roster_no_more_is_warned_of(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """A restart would make a stranger of them, and their word of force nobody's."""
    path = configuration(tmp_path)
    scene = Scene().raised()
    keep_case(tmp_path, scene, *map(encode, scene.events))
    defender = scene.state().defender
    assert defender is not None
    warned = f"with a case that is open or a timer that runs: {defender}:"
    assert natalia(patch, "check-config", path) == 0
    assert warned not in out.readouterr().out
    roster = without(sample_roster(), defender)
    (tmp_path / "roster.toml").write_text(render_roster(roster))
    assert natalia(patch, "check-config", path) == 0
    assert warned in out.readouterr().out


@pytest.mark.parametrize(
    ("left", "said", "verdict"),
    [
        (
            ("journal.db-ballast",),
            "says that it was a journal; restore a backup",
            "IT RECORDS NOTHING",
        ),
        (
            ("journal.db", "journal.db-wal"),
            "is missing or empty, and its",
            "IT RECORDS NOTHING",
        ),
        (("journal.db/old",), "is a folder; name a file", "IT DOES NOT START"),
        (("journal.db",), "", "IT STARTS"),
        ((), "", "IT STARTS"),
    ],
)
def test_a_journal_that_is_gone_is_said_before_a_restart_bug_it_starts_was_all(
    patch: Patch,
    out: Output,
    tmp_path: Path,
    left: tuple[str, ...],
    said: str,
    verdict: str,
) -> None:
    path = configuration(tmp_path)
    (tmp_path / "state").mkdir()
    for name in left:
        file = tmp_path / "state" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("" if name == JOURNAL_FILE else "left")
    code = 3 if verdict == "IT DOES NOT START" else 0
    assert natalia(patch, "check-config", path) == code
    shown = out.readouterr().out
    assert said in shown
    assert f"\n{verdict}" in shown
    assert natalia(patch, "check-config", "--json", path) == code
    told = json.loads(out.readouterr().out)
    assert told["starts"] is (verdict != "IT DOES NOT START")
    assert told["records"] is (verdict == "IT STARTS")


@pytest.mark.parametrize(
    ("device", "options", "verdict"),
    [
        ("own", "rw,errors=remount-ro,emergency_ro", "IT RECORDS NOTHING"),
        ("own", "rw,errors=remount-ro", "IT STARTS"),
        ("999:9", "rw,errors=remount-ro,emergency_ro", "IT STARTS"),
        ("none", "", "IT STARTS"),
    ],
)
def test_a_disk_that_has_failed_records_nothing_though_no_flag_says_so_bug_it_starts(
    patch: Patch, out: Output, tmp_path: Path, device: str, options: str, verdict: str
) -> None:
    """As Linux 6.18 says it of an ext4 after a write to its `trigger_fs_error`."""
    path = configuration(tmp_path)
    scene = Scene().raised()
    keep_case(tmp_path, scene, *map(encode, scene.events))
    mounts = tmp_path / "mountinfo"
    if device != "none":
        found = (tmp_path / "state").stat().st_dev
        own = f"{os.major(found)}:{os.minor(found)}" if device == "own" else device
        mounts.write_text(f"62 27 {own} / /s rw,relatime - ext4 /dev/loop0 {options}\n")
    patch.setattr(check_state, "_MOUNTS", mounts)
    natalia(patch, "check-config", path)
    shown = out.readouterr().out
    assert f"\n{verdict}" in shown
    assert ("takes no write" in shown) is (verdict == "IT RECORDS NOTHING")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
@pytest.mark.parametrize(
    ("name", "mode", "is_said"),
    [
        (JOURNAL_FILE, 0o600, True),
        ("engine.lock", 0o644, True),
        ("roster.toml", 0o600, True),
        ("roster.toml", 0o644, False),
        ("operators.json", 0o600, False),
    ],
)
def test_what_root_has_put_back_there_and_not_given_away_bug_it_starts_was_all(
    patch: Patch, out: Output, tmp_path: Path, name: str, mode: int, *, is_said: bool
) -> None:
    """After a restore without its `chown`, and the engine ended at each start."""
    path = configuration(tmp_path)
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    SqliteStore(folder / JOURNAL_FILE, ballast_bytes=0).close()
    (folder / "engine.lock").touch()
    (folder / "roster.toml").write_text(render_roster(sample_roster()))
    (folder / "operators.json").write_text("{}")
    for file in (folder, *folder.iterdir()):
        file.chmod(0o700)
        os.chown(file, 54_321, 54_321)
    os.chown(folder / name, 0, 0)
    (folder / name).chmod(mode)
    assert natalia(patch, "check-config", path) == (3 if is_said else 0)
    said = out.readouterr().out
    words = f"state: whoever owns {folder} may not open in it: {name}"
    assert (words in said) is is_said
    assert (f"chown --reference={folder}/ {folder}/*" in said) is is_said
    assert ("\nIT DOES NOT START AS IT STANDS: " in said) is is_said
    assert natalia(patch, "check-config", "--as", "root", path) == 0
    assert "whoever owns" not in out.readouterr().out, "it may all, as in a container"


def test_a_journal_that_has_no_tables_yet_is_no_matter(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """Its engine was ended between the file and its tables; the next makes them."""
    path = configuration(tmp_path)
    (tmp_path / "state").mkdir()
    journal = tmp_path / "state" / JOURNAL_FILE
    begun = apsw.Connection(str(journal))
    begun.execute("CREATE TABLE once(x)")
    begun.execute("DROP TABLE once")
    begun.close()
    assert journal.stat().st_size
    assert natalia(patch, "check-config", path) == 0
    assert "\nIT STARTS: " in out.readouterr().out
    SqliteStore(journal, ballast_bytes=0).close()


@pytest.mark.parametrize("name", ["state", "it has no tables yet"])
def test_a_journal_that_lost_its_version_is_damaged_bug_it_was_taken_for_a_new_one(
    patch: Patch, out: Output, tmp_path: Path, name: str
) -> None:
    """The word of an error said which, and a folder's name may hold the same."""
    path = configuration(tmp_path)
    config = Path(path)
    config.write_text(config.read_text().replace('/state"', f'/{name}"'))
    (tmp_path / name).mkdir()
    journal = tmp_path / name / JOURNAL_FILE
    SqliteStore(journal, ballast_bytes=0).close()
    with closing(apsw.Connection(str(journal))) as damaged:
        damaged.execute("PRAGMA user_version = 0")
    with pytest.raises(JournalError):
        SqliteStore(journal, ballast_bytes=0)
    assert natalia(patch, "check-config", path) == 0
    assert "\nIT RECORDS NOTHING AS IT STANDS: " in out.readouterr().out


def test_a_journal_of_newer_tables_is_said_to_be_one(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configuration(tmp_path)
    (tmp_path / "state").mkdir()
    journal = tmp_path / "state" / JOURNAL_FILE
    SqliteStore(journal, ballast_bytes=0).close()
    newer = apsw.Connection(str(journal))
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    assert natalia(patch, "check-config", path) == 3
    assert "start the newer engine that wrote it" in out.readouterr().out
