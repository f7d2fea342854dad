"""A full disk: HQ hears of the SOS all the same, and the repeat makes it whole."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypedDict

import apsw
import httpx2
import pytest

from adapters.demo.console import OperatorAtConsole
from engine.errors import NO_ROOM
from tests.requires import requires_command
from tests.rig import TOLD_S, WAIT_S, Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

BALLAST = "journal.db-ballast"
ENOUGH_FOR_BALLAST, TOO_SMALL_FOR_BALLAST = "48m", "24m"
FILLED_S = 90.0
FULL = 'natalia_degraded{reason="disk_full"}'
NO_RESERVE = 'natalia_degraded{reason="no_reserve"}'
NEAREST = {"lapwing", "cormorant", "owlet", "quelea", "tinamou"}
ROOT = Path(__file__).parents[2]


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """Mount a small file system on a folder, or skip."""
    mount = requires_command("mount", package="mount")
    folder.mkdir()
    words = ("-t", "tmpfs", "-o", f"size={size},mode=700", "small", str(folder))
    done = subprocess.run([mount, *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> Path:
    """Take all space of a file system; return the file that holds it."""
    filler = folder / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (1 << 20, 4096):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler


def fill_log(rig: Rig) -> None:
    """Send positions until one is refused: the log had room inside itself."""
    host, port = rig.ports["osmand"]
    url = f"http://{host}:{port}/?id=q4t7-avoc&lat=3.45&lon=-76.53&accuracy=10"
    eventually(lambda: httpx2.get(url, timeout=WAIT_S).status_code == 503, FILLED_S)


class State(TypedDict):
    """What the console's stream says is wrong."""

    is_behind: bool
    degraded: dict[str, list[str]]
    unrecorded: list[dict[str, str]]


def state_event(operator: OperatorAtConsole) -> State:
    """Return what the console's stream says first: what is wrong just now."""
    with operator._client.stream("GET", "/events") as answer:
        lines = answer.iter_lines()
        for line in lines:
            if line == "event: state":
                found: State = json.loads(next(lines).partition(":")[2])
                return found
    message = "the stream ended without a state"
    raise AssertionError(message)


def press_while_full(
    rig: Rig, operator: OperatorAtConsole, make_room: Callable[[], None]
) -> None:
    """Press on a full disk, look at every way to HQ, make room, and repeat."""
    with rig.device() as device:
        press = device.sos_frame()
        assert device.send(press, timeout_s=2) == b""
        mail = rig.mail.mails.wait_for(lambda one: "NOT RECORDED" in one.text, TOLD_S)
        assert mail is not None
        assert mail.recipient == "duty@hq.invalid"
        assert mail.subject.startswith("NOT RECORDED SOS")
        assert "Heron" in mail.text
        assert rig.hook.hooks.wait_for(
            lambda one: "NOT RECORDED" in str(one.data), TOLD_S
        )
        for officer in ("alder", "rowan", "spruce"):
            sms = rig.sms_to(officer)
            assert sms is not None, officer
            assert sms.text.startswith("NOT RECORDED "), sms.text
        eventually(lambda: set(rig.told()) >= NEAREST)
        assert rig.alarms() == []
        eventually(lambda: rig.metric(FULL) == 1.0)
        assert rig.metric("natalia_alarms_unrecorded_total") == 1.0
        status, body = rig.ready()
        assert status == 503
        assert "disk_full" in str(body["reasons"])
        state = state_event(operator)
        assert "disk_full" in state["degraded"]
        (line,) = state["unrecorded"]
        assert line["text"].startswith("NOT RECORDED ")

        make_room()
        assert eventually(lambda: device.send(press, timeout_s=2))
    assert [row["presses"] for row in rig.alarms()] == [1]
    eventually(lambda: state_event(operator)["unrecorded"] == [])
    eventually(lambda: rig.metric(FULL) == 0.0 and rig.is_ready())


def test_an_sos_on_a_full_file_layer_reaches_hq_and_its_repeat_is_whole(
    tmp_path: Path,
) -> None:
    full = tmp_path / "full"
    program = (sys.executable, "-m", "tests.full_disk_engine", str(full))
    environment = {"PYTHONPATH": str(ROOT)}
    with Rig(folder=tmp_path, program=program, environment=environment) as rig:
        operator = rig.operator("alder")
        full.touch()
        press_while_full(rig, operator, full.unlink)
        full.touch()
        (alarm,) = rig.alarms()
        words = (str(alarm["id"]), "--by", "alder", "--state", str(rig.state))
        said = rig.natalia("alarm", "acknowledge", *words)
        assert (said.returncode, said.stderr) == (1, f"natalia: {NO_ROOM}\n")
        full.unlink()
        assert rig.natalia("alarm", "acknowledge", *words).returncode == 0


def test_an_engine_that_starts_on_a_full_disk_tells_hq_bug_none_started(
    tmp_path: Path,
) -> None:
    """One that had ended there was started in vain until somebody made room."""
    full = tmp_path / "full"
    program = (sys.executable, "-m", "tests.full_disk_engine", str(full))
    environment = {"PYTHONPATH": str(ROOT)}
    with Rig(folder=tmp_path, program=program, environment=environment) as rig:
        rig.kill()
        full.touch()
        rig.start()
        operator = rig.operator("alder")
        press_while_full(rig, operator, full.unlink)
        rig.kill()
        rig.start()
        assert [row["presses"] for row in rig.alarms()] == [1]


def backup_under_way(state: Path, stack: ExitStack) -> apsw.Connection:
    """Read the journal without an end: its log cannot begin anew in its own space."""
    path, flags = state / "journal.db", apsw.SQLITE_OPEN_READONLY
    backup = apsw.Connection(str(path), flags=flags)
    stack.callback(backup.close)
    backup.execute("BEGIN")
    backup.execute("SELECT count(*) FROM event").fetchall()
    return backup


def test_an_sos_on_a_full_disk_without_ballast_reaches_hq_and_its_repeat_is_whole(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    with ExitStack() as stack:
        stack.enter_context(small_disk(state, TOO_SMALL_FOR_BALLAST))
        rig = stack.enter_context(Rig(folder=tmp_path))
        operator = rig.operator("alder")
        assert not (state / BALLAST).exists()
        assert rig.metric(NO_RESERVE) == 1.0, "told before it is full"
        assert "no space is held back for a full disk: " in rig.log()
        assert state_event(operator)["degraded"]["no_reserve"] == ["journal"]
        assert eventually(rig.is_ready), "all works so far"
        backup = backup_under_way(state, stack)
        filler = fill(state)
        fill_log(rig)

        def make_room() -> None:
            backup.execute("ROLLBACK")
            filler.unlink()

        press_while_full(rig, operator, make_room)


def test_a_signal_that_finds_room_where_its_alarm_finds_none_reaches_hq(
    tmp_path: Path,
) -> None:
    """Its device was answered, so that nobody repeats it; nobody had been told."""
    state = tmp_path / "state"
    with ExitStack() as stack:
        stack.enter_context(small_disk(state, TOO_SMALL_FOR_BALLAST))
        rig = stack.enter_context(Rig(folder=tmp_path))
        filler = fill(state)
        with rig.device() as device:
            press = device.sos_frame()
            answered = device.send(press, timeout_s=2)
            mails = rig.mail.mails
            assert mails.wait_for(lambda one: "NOT RECORDED" in one.text, TOLD_S)
            assert rig.ready()[0] == 503
            filler.unlink()
            if not answered:
                assert eventually(lambda: device.send(press, timeout_s=2))
        eventually(lambda: [r["presses"] for r in rig.alarms()] == [1])
        eventually(rig.is_ready)


def test_the_ballast_carries_an_sos_on_a_full_disk_and_is_laid_again(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    ballast = state / BALLAST
    with ExitStack() as stack:
        stack.enter_context(small_disk(state, ENOUGH_FOR_BALLAST))
        rig = stack.enter_context(Rig(folder=tmp_path))
        assert ballast.stat().st_blocks * 512 >= 16 << 20
        backup = backup_under_way(state, stack)
        filler = fill(state)
        fill_log(rig)
        assert not ballast.exists()
        with rig.device() as device:
            assert device.sos(), "the ballast was there for it"
        assert rig.sms_to("tinamou")
        assert len(rig.alarms()) == 1
        assert rig.metric("natalia_alarms_unrecorded_total") == 0.0
        backup.execute("ROLLBACK")
        filler.unlink()
        eventually(ballast.exists)
        eventually(lambda: rig.metric(NO_RESERVE) == 0.0)


def test_an_engine_that_is_killed_on_a_full_disk_starts_and_takes_an_sos(
    tmp_path: Path,
) -> None:
    """It would not: beside 16 MiB of ballast its log's index had no room."""
    state = tmp_path / "state"
    with ExitStack() as stack:
        stack.enter_context(small_disk(state, ENOUGH_FOR_BALLAST))
        rig = stack.enter_context(Rig(folder=tmp_path))
        with rig.device() as device:
            assert device.sos()
        assert rig.sms_to("tinamou")
        rig.kill()
        filler = fill(state)

        rig.start()

        assert not (state / BALLAST).exists()
        assert len(rig.alarms()) == 1
        with rig.device() as device:
            assert device.sos(), "the ballast was there for it"
        eventually(lambda: [row["presses"] for row in rig.alarms()] == [2])
        assert rig.metric(NO_RESERVE) == 1.0
        filler.unlink()
        eventually((state / BALLAST).exists)
