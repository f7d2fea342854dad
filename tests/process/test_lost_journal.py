"""The real service on a journal of which nothing can be read: HQ is told."""

import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.errors import JOURNAL_LOST
from engine.journal.sqlite import JOURNAL_FILE
from engine.start import ALL_OPEN
from tests.process.test_damage import UNREAD, press
from tests.process.test_disk import state_event
from tests.requires import requires_command
from tests.rig import TOLD_S, Rig, eventually

pytestmark = pytest.mark.process

LAPWING = "+998460000011"
PAGE_BYTES = 4096
STILL = 'natalia_degraded{reason="alarm_standing_still"}'


def open_a_case(rig: Rig) -> None:
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")


@pytest.fixture
def lost(rig: Rig) -> tuple[Rig, bytes]:
    """Open a case, end the service, and zero the first page; return what it was."""
    open_a_case(rig)
    rig.password("alder")
    rig.stop()
    journal = rig.state / JOURNAL_FILE
    whole = journal.read_bytes()
    journal.write_bytes(bytes(PAGE_BYTES) + whole[PAGE_BYTES:])
    rig.start()
    return rig, whole


def files(rig: Rig) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in rig.state.glob(f"{JOURNAL_FILE}*")}


def told_of(rig: Rig, words: str) -> bool:
    """Wait until HQ has a mail, and an officer an SMS, that is NOT RECORDED."""
    mail = rig.mail.mails.wait_for(lambda one: f"NOT RECORDED {words}" in one.text, 10)
    sms = rig.messages.wait_for(
        lambda one: one.text.startswith(f"NOT RECORDED {words}"), TOLD_S
    )
    return bool(mail and mail.recipient == "duty@hq.invalid" and sms)


def test_hq_hears_each_sos_by_every_way_bug_no_engine_started(
    lost: tuple[Rig, bytes],
) -> None:
    """systemd started it in vain until somebody had restored a backup."""
    rig, whole = lost
    damaged = files(rig)
    assert told_of(rig, "journal damaged: open cases and timers stand still")
    assert rig.metric("natalia_alarms_unrecorded_total") == 0.0, "it is no SOS"
    assert press(rig) == 503, "so that it repeats"
    assert told_of(rig, "SOS Avocet")
    with rig.device() as device:
        assert device.send(device.sos_frame(), timeout_s=2) == b""
    assert told_of(rig, "SOS Heron")
    rig.modems[0].inject(LAPWING, "sos Lantern")
    assert told_of(rig, "SOS Lapwing")
    assert rig.metric("natalia_alarms_unrecorded_total") == 3.0
    rig.stop()
    assert files(rig) == damaged
    (rig.state / JOURNAL_FILE).write_bytes(whole)  # as a backup is restored
    rig.start()
    assert press(rig) == 200
    # Whoever wrote is heard as well: their message has stayed with the modem.
    eventually(lambda: {one["alias"] for one in rig.alarms()} >= {"Avocet", "Lapwing"})
    assert rig.metric(UNREAD) == 0.0
    assert rig.metric(STILL) == 0.0


def test_whoever_looks_is_told_and_sees_no_empty_list(lost: tuple[Rig, bytes]) -> None:
    rig, _ = lost
    state = ("--state", str(rig.state))
    assert eventually(lambda: rig.metric(UNREAD) == 1.0)
    assert rig.metric(STILL) == 1.0
    assert rig.metric("natalia_ready") == 0.0
    status, body = rig.ready()
    assert (status, "journal_unread" in str(body["reasons"])) == (503, True)
    said = rig.natalia("status", *state)
    assert said.returncode == 4
    assert "journal unread: journal" in said.stdout
    assert ALL_OPEN in said.stdout
    listed = rig.natalia("alarm", "list", *state)
    assert (listed.returncode, listed.stdout) == (1, "")
    assert JOURNAL_LOST in listed.stderr
    with rig.operator("alder") as operator:
        page = operator._client.get("/")
        shown = state_event(operator)
    assert page.status_code == 503
    assert "restore a backup" in page.text
    assert shown["is_behind"], "each page says NOT LIVE"
    assert "journal damaged" in str(shown["unrecorded"])
    assert "its header is damaged; restore a backup" in rig.log()
    again = rig.natalia("audit", "--config", str(rig.folder / "natalia.toml"), "--once")
    assert "journal unreadable" in again.stdout
    checked = rig.natalia("check-config", str(rig.folder / "natalia.toml"))
    assert "IT RECORDS NOTHING AS IT STANDS" in checked.stdout
    assert rig.process is not None
    assert rig.process.poll() is None


def test_a_header_that_is_lost_between_two_starts_ends_no_service_for_good(
    rig: Rig,
) -> None:
    """The next one comes up beside it, and so does the one after."""
    journal = rig.state / JOURNAL_FILE
    open_a_case(rig)
    rig.kill()
    (rig.state / f"{JOURNAL_FILE}-wal").unlink()
    with journal.open("r+b") as file:
        file.write(bytes(PAGE_BYTES))
    for _ in range(2):
        rig.start()
        assert press(rig) == 503
        assert told_of(rig, "SOS Avocet")
        rig.kill()


def test_a_journal_that_is_gone_ends_no_service_bug_hq_heard_of_nothing(
    rig: Rig,
) -> None:
    """Its ballast says that there was one: nothing new is begun in its place."""
    journal = rig.state / JOURNAL_FILE
    open_a_case(rig)
    rig.stop()
    whole = journal.read_bytes()
    for one in rig.state.glob(f"{JOURNAL_FILE}*"):
        if not one.name.endswith("-ballast"):
            one.unlink()
    rig.start()
    assert told_of(rig, "journal damaged: open cases and timers stand still")
    assert press(rig) == 503
    assert told_of(rig, "SOS Avocet")
    assert "says that it was a journal; restore a backup" in rig.log()
    assert not journal.exists()
    rig.stop()
    journal.write_bytes(whole)
    rig.start()
    assert press(rig) == 200


def test_a_disk_that_takes_no_write_ends_no_service_bug_hq_heard_of_nothing(
    rig: Rig,
) -> None:
    """Linux mounts one that failed read-only, and whoever ran there starts anew."""
    open_a_case(rig)
    rig.stop()
    before = files(rig)
    with taking_no_write(rig.state):
        rig.start()
        assert told_of(rig, "the journal's disk takes no write: open cases and timers")
        assert press(rig) == 503
        assert told_of(rig, "SOS Avocet")
        with rig.device() as device:
            assert device.send(device.sos_frame(), timeout_s=2) == b""
        assert told_of(rig, "SOS Heron")
        rig.modems[0].inject(LAPWING, "sos Lantern")
        assert told_of(rig, "SOS Lapwing")
        assert rig.metric(UNREAD) == 1.0
        assert rig.metric("natalia_ready") == 0.0
        assert "its disk takes no write (" in rig.log()
        assert "see what failed (dmesg), then mount it for writing" in rig.log()
        checked = rig.natalia("check-config", str(rig.folder / "natalia.toml"))
        assert "IT RECORDS NOTHING AS IT STANDS" in checked.stdout
        second = rig.natalia("serve", "--config", str(rig.folder / "natalia.toml"))
        assert second.returncode != 0, "one engine at a time, there too"
        assert "stop that engine first" in second.stderr
        rig.stop()
        assert files(rig) == before
    rig.start()
    assert press(rig) == 200
    eventually(lambda: {one["alias"] for one in rig.alarms()} >= {"Avocet", "Lapwing"})


def test_an_engine_returns_by_itself_once_its_disk_is_mounted_for_writing(
    rig: Rig,
) -> None:
    """What it has told meanwhile is recorded, and nobody is told anew."""
    open_a_case(rig)
    rig.stop()
    with taking_no_write(rig.state):
        rig.start()
        before = len(rig.messages.items())
        assert press(rig) == 503
        eventually(lambda: "Avocet" in str(rig.messages.items()[before:]))
        assert told_of(rig, "SOS Avocet")
        eventually(lambda: is_quiet(rig))
        told = Counter(sms.number for sms in rig.messages.items()[before:])
        subprocess.run(["mount", "-o", "remount,bind,rw", rig.state], check=True)
        rig.wait_ready()
        eventually(lambda: {one["alias"] for one in rig.alarms()} >= {"Avocet"})
        assert press(rig) == 200
        nearby = [sms for sms in rig.messages.items()[before:] if sms.is_repeat]
        assert nearby, "an engine before it may have told them"
        again = Counter(sms.number for sms in rig.messages.items()[before:])
        assert all(again[one.number] == told[one.number] for one in nearby)
        rig.kill()


def is_quiet(rig: Rig) -> bool:
    """Say whether no modem sends any more."""
    sent = rig.messages.items()
    return time.perf_counter() - sent[-1].seen_s > 6


@contextmanager
def taking_no_write(folder: Path) -> Iterator[None]:
    """Mount a folder on itself, for reading alone, or skip."""
    mount = requires_command("mount", package="mount")
    done = subprocess.run(
        [mount, "--bind", folder, folder], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    try:
        subprocess.run([mount, "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
