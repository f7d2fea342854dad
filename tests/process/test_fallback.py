"""A disk that takes no write: those nearby are told from memory, and once."""

import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from engine.intake.replies import CODE
from tests.process.test_disk import NEAREST, ROOT
from tests.rig import TOLD_S, Rig, Sms, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

FIRST_S = 2.0
FIRST_WHERE_IT_HANGS_S = 12.0
STANDING = "Exercise, or decided already? Unknown."


def rig_on(folder: Path) -> tuple[Rig, Path]:
    fault = folder / "fault"
    program = (sys.executable, "-m", "tests.full_disk_engine", str(fault))
    environment = {"PYTHONPATH": str(ROOT)}
    return Rig(folder=folder, program=program, environment=environment), fault


def told_times(rig: Rig) -> Counter[str]:
    """Return how often each of those nearby was told of the case."""
    numbers = rig.numbers()
    messages = [sms for sms in rig.messages.items() if not is_receipt(sms)]
    return Counter(numbers[sms.number] for sms in messages if sms.number in nearby(rig))


def is_receipt(sms: Sms) -> bool:
    return sms.text.startswith("Received.")


def code_in(sms: Sms) -> str:
    """Return the reply code that a text asks for."""
    found = CODE.search(sms.text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("fault", ["full", "fails"])
def test_those_nearby_are_told_from_memory_and_nobody_anew_once_it_is_recorded(
    tmp_path: Path, fault: str
) -> None:
    rig, flag = rig_on(tmp_path)
    with rig:
        with rig.device() as device:
            flag.write_text(fault)
            press = device.sos_frame()
            began_s = time.perf_counter()
            assert device.send(press, timeout_s=2) == b"", "so that it repeats"
            first = rig.messages.wait_for(lambda _: True, FIRST_S)
            assert first is not None
            assert first.seen_s - began_s < FIRST_S
            eventually(lambda: set(rig.told()) >= NEAREST)
            mail = rig.mail.mails.wait_for(lambda one: "SOS Heron" in one.text, TOLD_S)
            assert mail is not None
            assert mail.text.startswith("NOT RECORDED ")
            assert STANDING in mail.text
            assert device.send(press, timeout_s=2) == b""
        lapwing = rig.sms_to("lapwing")
        assert lapwing is not None
        rig.modems[0].inject(lapwing.number, f"{code_in(lapwing)} 1")
        assert rig.mail.mails.wait_for(
            lambda one: "NOT RECORDED Heron: Lapwing coming." in one.text, TOLD_S
        )
        told = told_times(rig)
        assert set(told.values()) == {1}, "the repeat was recognised"
        flag.unlink()
        if fault == "fails":
            rig.wait_ready()
        eventually(lambda: [row["presses"] for row in rig.alarms()] == [1])
        with rig.device() as device:
            assert device.send(press), "it is recorded by now"
        (case,) = rig.alarms()
        assert case["presses"] == 1
        eventually(lambda: "coming" in str(rig.alarm(str(case["id"]))))
        receipt = rig.messages.wait_for(is_receipt, TOLD_S)
        assert receipt is not None
        assert receipt.number == lapwing.number
        assert told_times(rig) == told


def test_those_nearby_are_told_where_the_disk_hangs_and_nobody_anew_once_it_goes_on(
    tmp_path: Path,
) -> None:
    rig, flag = rig_on(tmp_path)
    with rig, rig.device() as device:
        flag.write_text("hangs")
        began_s = time.perf_counter()
        press = device.sos_frame()
        assert device.send(press, timeout_s=1) == b""
        first = rig.messages.wait_for(lambda _: True, FIRST_WHERE_IT_HANGS_S + 1)
        assert first is not None
        assert first.seen_s - began_s < FIRST_WHERE_IT_HANGS_S
        eventually(lambda: set(rig.told()) >= NEAREST)
        told = told_times(rig)
        flag.unlink()
        eventually(lambda: [row["presses"] for row in rig.alarms()] == [1])
        assert device.send(press), "it is recorded by now"
        assert [row["presses"] for row in rig.alarms()] == [1]
        assert told_times(rig) == told
        assert set(told.values()) == {1}


@pytest.mark.parametrize("fault", ["fails", "hangs"])
def test_a_start_on_a_disk_that_takes_no_write_hears_tells_and_comes_back_by_itself(
    tmp_path: Path, fault: str
) -> None:
    rig, flag = rig_on(tmp_path)
    with rig:
        rig.kill()
        flag.write_text(fault)
        rig.start()
        process = rig.process
        with rig.device() as device:
            press = device.sos_frame()
            assert device.send(press, timeout_s=2) == b""
        eventually(lambda: set(rig.told()) >= NEAREST)
        near = [sms for sms in rig.messages.items() if sms.number in nearby(rig)]
        assert all(sms.is_repeat for sms in near), "the one before may have told them"
        lapwing = rig.sms_to("lapwing")
        assert lapwing is not None
        rig.modems[0].inject(lapwing.number, f"{code_in(lapwing)} 1")
        assert rig.mail.mails.wait_for(
            lambda one: "Lapwing coming." in one.text, TOLD_S
        )
        told = told_times(rig)
        flag.unlink()
        rig.wait_ready()
        assert rig.process is process, "nobody has started it"
        eventually(lambda: [row["presses"] for row in rig.alarms()] == [1])
        (case,) = rig.alarms()
        eventually(lambda: "coming" in str(rig.alarm(str(case["id"]))))
        with rig.device() as device:
            assert device.send(press)
        assert told_times(rig) == told
        assert set(told.values()) == {1}
        eventually(rig.is_ready)


def nearby(rig: Rig) -> set[str]:
    return {number for number, one in rig.numbers().items() if one in NEAREST}
