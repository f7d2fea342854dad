"""The system's clock is set: nobody is forgotten, and it is said."""

import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from tests.requires import requires_file
from tests.rig import Rig, Sms, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

EVERY_S = 5.0
LATE_S = 3.0
DUTY = ("alder", "rowan", "spruce")
JUMPED = 'natalia_degraded{reason="clock_jumped"}'


UNDER_WAY = (
    "SELECT 1 FROM effect WHERE channel = 'sms' AND state IN ('planned', 'attempting')"
)


class SetClock:
    """The wall clock that the service sees: shifted by libfaketime, by a file.

    CLOCK_MONOTONIC and CLOCK_BOOTTIME stay real, as they do when a clock is set. The
    file is read once a second: read with each look at a clock, and so with each wait
    for the interpreter's lock, it keeps thirty threads in line behind a mutex.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "faketime"
        self.set("+0")
        library = requires_file(
            "usr/lib/*/faketime/libfaketimeMT.so.1", package="libfaketime"
        )
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }

    def set(self, offset: str) -> None:
        """Shift it, such as `-7d` or `+1h`; in force within a second."""
        new = self.file.with_suffix(".new")
        new.write_text(offset + "\n")
        new.replace(self.file)


@pytest.fixture
def wall(tmp_path: Path) -> SetClock:
    return SetClock(tmp_path)


@pytest.fixture
def rig(tmp_path: Path, wall: SetClock) -> Iterator[Rig]:
    samples = resources.files("engine.protocol") / "samples"
    standard = (samples / "standard.toml").read_text(encoding="utf-8")
    folder = tmp_path / "protocols"
    folder.mkdir()
    quick = standard.replace("every_s = 60", f"every_s = {EVERY_S}")
    assert quick != standard
    (folder / "standard.toml").write_text(quick)
    with Rig(
        folder=tmp_path,
        extra_config=f'[protocols]\nfolder = "{folder}"',
        environment=wall.environment,
    ) as made:
        yield made


def pages(rig: Rig) -> list[Sms]:
    """Return the messages to officers on duty so far."""
    numbers = rig.numbers()
    return [sms for sms in rig.messages.items() if numbers.get(sms.number) in DUTY]


def paged_on(rig: Rig, times: int) -> list[str]:
    """Return who is paged next, holding that nobody waits longer than they must."""
    began, known = time.monotonic(), len(pages(rig))
    within_s = times * (EVERY_S + LATE_S)
    eventually(lambda: len(pages(rig)) >= known + times, timeout_s=within_s)
    took_s = time.monotonic() - began
    assert took_s > (times - 1) * EVERY_S - LATE_S, "paged faster than it is written"
    numbers = rig.numbers()
    return [numbers[sms.number] for sms in pages(rig)[known : known + times]]


def is_their_turn(paged: list[str]) -> bool:
    """Say whether the rota went round in its order."""
    first = DUTY.index(paged[0])
    return paged == [DUTY[(first + n) % len(DUTY)] for n in range(len(paged))]


def wall_ms(rig: Rig) -> list[int]:
    """Return the times of all rows, in the journal's order."""
    rows = rig.rows("SELECT at FROM event ORDER BY position")
    return [int(str(at)) for (at,) in rows]


@pytest.mark.parametrize("offset", ["-7d", "+1h"])
def test_a_clock_that_is_set_while_an_alarm_is_open_moves_no_deadline(
    rig: Rig, wall: SetClock, offset: str
) -> None:
    assert rig.metric(JUMPED) == 0.0
    with rig.device() as device:
        assert device.sos()
    assert rig.sms_to("alder")
    wall.set(offset)
    assert is_their_turn(paged_on(rig, 3))
    eventually(lambda: rig.metric(JUMPED) == 1.0)
    offset_s = rig.metric("natalia_clock_offset_seconds")
    assert offset_s is not None
    assert abs(offset_s) > 3_000
    rows = wall_ms(rig)
    assert rows == sorted(rows)
    assert rows[-1] - rows[0] < 120_000
    with rig.device("004999010640026") as device:
        assert device.sos(), "a second person's SOS is taken like any other"
    assert eventually(lambda: len(rig.alarms()) == 2)
    wall.set("+0")
    eventually(lambda: rig.metric(JUMPED) == 0.0)
    assert rig.metric('natalia_degraded{reason="child_failing"}') == 0.0


def test_a_restart_with_the_clock_a_year_back_goes_on_where_it_was(
    rig: Rig, wall: SetClock
) -> None:
    with rig.device() as device:
        assert device.sos()
    assert rig.sms_to("alder")
    # What is under way at a kill is said again: that would be one page more.
    assert eventually(lambda: not rig.rows(UNDER_WAY))
    before = wall_ms(rig)
    rig.kill()
    wall.set("-365d")
    rig.start()
    assert is_their_turn(paged_on(rig, 3))
    assert [row["open"] for row in rig.alarms()] == [True]
    eventually(lambda: rig.metric(JUMPED) == 1.0)
    rows = wall_ms(rig)
    assert rows == sorted(rows)
    assert len(rows) > len(before)
    assert rows[-1] - rows[0] < 120_000
    with rig.device() as device:
        assert device.sos()
    assert eventually(lambda: [row["presses"] for row in rig.alarms()] == [2])
