"""`kill -9` at every commit and every message of an alarm's first seconds.

Before and after each. The moments are enumerated: the service dies at the first, at the
second, and so on, until it lives through the whole alarm. The device repeats what was
not acknowledged, as devices do.
"""

import contextlib
import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rig import Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow, pytest.mark.timeout(1200)]

CRASHING = str(Path(__file__).parents[1] / "crashing_engine.py")
NEAREST = {"lapwing", "cormorant", "owlet", "quelea", "tinamou"}
FEWEST = 15
DID_NOT_CRASH = "it did not crash"
SETTLED = ("accepted", "delivered", "unknown", "rejected", "withdrawn")
WORKING = (sys.executable, "-m", "engine")


def _all_settled(rig: Rig) -> bool:
    states = {
        str(key): str(state)
        for key, state in rig.rows("SELECT effect_id, state FROM effect")
    }
    sms = {key for key in states if ".sms." in key}
    return len(sms) >= 6 and all(states[key] in SETTLED for key in sms)


def _press(rig: Rig, frame: bytes | None) -> tuple[bytes, bool]:
    """Press, or send the same frame again; say whether it was acknowledged."""
    try:
        with rig.device() as device:
            frame = frame or device.sos_frame()
            return frame, bool(device.send(frame, timeout_s=3))
    except (OSError, AssertionError):
        return frame or b"", False


def _messages(rig: Rig) -> int:
    """Return how many messages have been handed to a modem."""
    sql = "SELECT count(*) FROM effect WHERE channel = 'sms' AND attempt > 0"
    return int(str(rig.rows(sql)[0][0]))


def _reached(rig: Rig) -> set[str]:
    """Return whose message is confirmed, or has come to the handset once more.

    Where a modem owes an answer over the crash, and its SIM's count is not known yet,
    the outcome of what follows is in doubt for two minutes (docs/modem.md): each such
    message is repeated, which is what matters to who reads it.
    """
    rows = rig.rows(
        "SELECT effect_id FROM effect WHERE channel = 'sms'"
        " AND state IN ('accepted', 'delivered')"
    )
    numbers = rig.numbers()
    repeated = {numbers[sms.number] for sms in rig.messages.items() if sms.is_repeat}
    return {str(key).split(".")[3] for (key,) in rows} | repeated


def _survives(folder: Path, number: str, when: str) -> str:
    """Run one crash; return what is wrong afterwards, empty where nothing is."""
    folder.mkdir()
    program = (sys.executable, CRASHING, number, when)
    with Rig(folder=folder, program=program) as rig:
        frame, acknowledged = _press(rig, None)
        if rig.process is not None:
            try:
                rig.process.wait(timeout=12)
            except subprocess.TimeoutExpired:
                return DID_NOT_CRASH
        rig.program = WORKING
        rig.start()
        if not acknowledged:
            _press(rig, frame or None)
        eventually(lambda: _all_settled(rig))
        eventually(lambda: {"alder"} | NEAREST <= set(rig.told()))
        everybody = NEAREST | {"alder"}
        with contextlib.suppress(AssertionError):
            eventually(lambda: everybody <= _reached(rig), timeout_s=25)
        if missing := everybody - _reached(rig):
            return f"not reached: {sorted(missing)}"
        rows = rig.rows("SELECT effect_id, state FROM effect WHERE channel = 'sms'")
        real = rig.rows("SELECT count(*) FROM stream WHERE subject LIKE 'real:%'")
        if real != [(1,)]:
            return f"{real} alarms"
        unknown = [key for key, state in rows if state == "unknown"]
        repeats = {str(key)[:-2] for key, _ in rows if not str(key).endswith(".0")}
        forgotten = [key for key in unknown if str(key)[:-2] not in repeats]
        if forgotten:
            return f"unknown and not repeated: {len(forgotten)}"
        verified = rig.natalia("journal", "verify", str(rig.state / "journal.db"))
        return "" if verified.returncode == 0 else verified.stdout + verified.stderr


def test_a_crash_at_any_commit_forgets_nobody(tmp_path: Path) -> None:
    """How many there are differs with what falls into one: until none is left."""
    wrong = {}
    beyond = 0
    for number in itertools.count(1):
        for when in ("before", "after"):
            found = _survives(tmp_path / f"{number}-{when}", str(number), when)
            beyond = beyond + 1 if found == DID_NOT_CRASH else 0
            if found and not beyond:
                wrong[number, when] = found
        if beyond > 1:
            break
    assert number > FEWEST
    assert wrong == {}


def test_a_crash_at_any_message_forgets_nobody(tmp_path: Path) -> None:
    with Rig(folder=tmp_path) as rig:
        with rig.device() as device:
            assert device.sos()
        eventually(lambda: _all_settled(rig))
        moments = _messages(rig)
    assert moments >= len(NEAREST)
    wrong = {}
    for number in range(1, len(NEAREST) + 2):
        for when in ("before", "after"):
            step = f"contact:{number}"
            found = _survives(tmp_path / f"{number}-{when}", step, when)
            if found:
                wrong[number, when] = found
    assert wrong == {}
