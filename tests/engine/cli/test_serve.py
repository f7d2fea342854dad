"""`natalia serve` as a process: it says what is wrong, and ends in time."""

import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.rig import Rig, eventually

pytestmark = pytest.mark.process

IDLE_MAX_MB = 150
CHECKING_MAX_MB = 220
SIGN_INS = 24


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(folder=tmp_path) as made:
        yield made


def resident_mb(rig: Rig, row: str = "VmRSS") -> float:
    """Return what the engine holds now, or (`VmHWM`) has held at most."""
    assert rig.process is not None
    status = Path(f"/proc/{rig.process.pid}/status").read_text()
    found = re.search(rf"{row}:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


def test_memory_stays_below_what_is_promised_while_many_sign_in(rig: Rig) -> None:
    """Argon2 takes 19 MiB for each check: one at a time, however many ask."""
    with rig.operator("alder"):
        host, port = rig.ports["console"]
    idle_mb = resident_mb(rig)
    answers: list[int] = []

    def sign_in(number: int) -> None:
        url = f"http://{host}:{port}/sign-in"
        form = {"operator": f"nobody-{number}", "password": "wrong"}
        answers.append(httpx2.post(url, data=form, timeout=30).status_code)

    threads = [
        threading.Thread(target=sign_in, args=(number,)) for number in range(SIGN_INS)
    ]
    for thread in threads:
        thread.start()
    most_mb = idle_mb
    while any(thread.is_alive() for thread in threads):
        most_mb = max(most_mb, resident_mb(rig))
    for thread in threads:
        thread.join()
    most_mb = max(most_mb, resident_mb(rig, "VmHWM"))
    print(f"resident: idle {idle_mb:.0f} MB, at most {most_mb:.0f} MB")
    assert sorted(set(answers)) == [403, 429]
    assert idle_mb < IDLE_MAX_MB
    assert most_mb < CHECKING_MAX_MB


def test_a_second_engine_on_the_same_state_ends_with_5_and_names_the_holder(
    rig: Rig,
) -> None:
    second = rig.natalia("serve", "--config", str(rig.folder / "natalia.toml"))
    assert second.returncode == 5
    assert rig.process is not None
    assert str(rig.process.pid) in second.stderr
    assert "Traceback" not in second.stderr


def test_a_wrong_configuration_ends_with_3_and_names_the_key(rig: Rig) -> None:
    wrong = rig.folder / "wrong.toml"
    wrong.write_text(f'state = "{rig.folder}/other"\n[console]\nport = "x"\n')
    done = rig.natalia("serve", "--config", str(wrong))
    assert done.returncode == 3
    assert "console.port" in done.stderr


def test_status_follows_what_happens_to_the_engine(rig: Rig) -> None:
    state = ("--state", str(rig.state))
    assert rig.natalia("status", *state).returncode == 0
    rig.modems[0].unplug()

    def degraded() -> bool:
        done = rig.natalia("status", *state)
        return done.returncode == 4 and "modem down: modem-1" in done.stdout

    assert eventually(degraded, 20)
    rig.stop()
    assert rig.natalia("status", *state).returncode == 1


WATCHED = """
import gc, threading
from engine.cli.main import main

def look():
    while not gc.get_freeze_count():
        threading.Event().wait(0.001)
    imported = gc.get_freeze_count()
    while gc.get_freeze_count() <= imported:
        threading.Event().wait(0.05)
    with open({path!r}, "w") as told:
        told.write(f"{{imported}} {{gc.get_freeze_count()}} {{len(gc.get_objects())}}")

threading.Thread(target=look, daemon=True).start()
main()
"""


def test_the_collector_has_next_to_nothing_to_look_through_once_ready(
    tmp_path: Path,
) -> None:
    """Looking through what the start has made took 70 ms, and an SOS waited."""
    path = tmp_path / "told"
    code = WATCHED.format(path=str(path))
    with Rig(folder=tmp_path, program=(sys.executable, "-c", code)):
        told = eventually(lambda: path.exists() and path.read_text())
    imported, kept, looked_at = map(int, str(told).split())
    assert looked_at * 10 < kept
    assert imported > kept / 2, "what the start need not look through either"
