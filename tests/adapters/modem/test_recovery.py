"""The recovery ladder: each rung, its limits, and the heartbeat while it climbs."""

import itertools
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.modem.options import ModemOptions
from engine.errors import ModemError, ModemSilentError
from engine.ports.modem import SendResult
from tests.adapters.modem.rig import rig
from tests.adapters.modem.scripted import OK, WORKS, ScriptedModem, driver_of
from tests.fakes import ManualClock


def test_a_silent_modem_is_silent_and_its_ladder_is_climbed(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        r.modem.faults.hang = True
        with pytest.raises(ModemSilentError):
            r.submit()
        assert [r.driver.recover(rung) for rung in (0, 1)] == [False, False]
        r.modem.faults.hang = False
        assert r.driver.recover(0)
        assert r.submit().result is SendResult.SENT


def test_a_reset_brings_the_modem_back_and_is_not_repeated_at_once(
    tmp_path: Path,
) -> None:
    with rig(tmp_path) as r:
        assert r.driver.recover(3)
        assert r.submit().result is SendResult.SENT
        assert not r.driver.recover(3)


def test_a_radio_is_off_for_ten_seconds_and_on_again(clock: ManualClock) -> None:
    at_s: dict[str, float] = {}

    def noted(line: str) -> str:
        at_s[line] = clock.boottime_s()
        return OK

    modem = ScriptedModem(clock, WORKS | {"AT+CFUN=4": noted, "AT+CFUN=1": noted})
    driver = driver_of(modem)
    driver.open()
    assert driver.recover(5)
    assert at_s["AT+CFUN=1"] - at_s["AT+CFUN=4"] >= 10


def test_a_radio_that_will_not_go_off_is_on(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, WORKS | {"AT+CFUN=1": OK})
    driver = driver_of(modem)
    driver.open()
    start_s = clock.boottime_s()
    assert not driver.recover(5)
    assert modem.commands[-2:] == ["AT+CFUN=4", "AT+CFUN=1"]
    assert clock.boottime_s() - start_s < 1


def test_waiting_for_a_modem_to_come_back_can_be_interrupted(tmp_path: Path) -> None:
    options = ModemOptions(command_s=0.4, answer_s=0.2, settle_s=60)
    with rig(tmp_path, options=options) as r:
        r.modem.unplug()
        timer = threading.Timer(0.3, r.driver.interrupt)
        timer.start()
        start = time.perf_counter()
        assert not r.driver.recover(3)
        timer.join()
    assert time.perf_counter() - start < 5


def test_a_modem_that_could_not_be_brought_up_hears_its_reset_bug_said_to_a_closed_port(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, {**WORKS, "AT+CMGF=0": "\r\nERROR\r\n"})
    driver = driver_of(modem)
    with pytest.raises(ModemError):
        driver.open()

    def reset(line: str) -> str:
        del line
        modem.answers["AT+CMGF=0"] = OK
        return OK

    modem.answers["AT+CFUN=1,1"] = reset
    assert driver.recover(1), "it answers"
    driver.close()
    assert driver.recover(3)
    assert driver.submit("+46701234567", "hej", validity_min=5).reference == 7


def test_the_power_command_is_the_last_rung(tmp_path: Path) -> None:
    mark = tmp_path / "power"
    options = ModemOptions(command_s=0.4, power_command=("touch", str(mark)))
    with rig(tmp_path, options=options) as r:
        assert r.driver.recover(4)
        assert mark.exists()
        assert r.submit().result is SendResult.SENT
        assert not r.driver.recover(6)


@pytest.mark.slow
def test_bringing_a_half_dead_modem_up_beats_all_the_while(tmp_path: Path) -> None:
    beats: list[float] = []
    with rig(tmp_path, opened=False) as r:
        r.modem.faults.drop_ok = 0.5
        with suppress(ModemError):
            r.driver.open(beat=lambda: beats.append(time.perf_counter()))
        r.modem.faults.hang = True
        assert not r.driver.recover(1)
    gaps = [later - earlier for earlier, later in itertools.pairwise(beats)]
    assert beats
    assert max(gaps) < 3
