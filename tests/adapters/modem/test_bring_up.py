"""The first dialogue: what is set, and what is left as it stands."""

import pytest

from adapters.modem.options import ModemOptions
from engine.errors import ModemSilentError
from engine.ports.modem import SendResult
from tests.adapters.modem.rig import OUTSIDE
from tests.adapters.modem.scripted import (
    OK,
    WORKS,
    Answer,
    ScriptedModem,
    driver_of,
)
from tests.fakes import ManualClock

CENTRE = "+46705008999"
SET = f'AT+CSCA="{CENTRE}"'


@pytest.mark.parametrize(
    ("told", "is_set"),
    [
        (f'+CSCA: "{CENTRE}",145', False),
        ('+CSCA: "",129', True),
        ('+CSCA: "+46700000000",145', True),
        ("ERROR", True),
    ],
)
def test_the_service_centre_is_written_where_it_is_another(
    clock: ManualClock, told: str, *, is_set: bool
) -> None:
    answer = f"\r\n{told}\r\n" + ("" if told == "ERROR" else OK)
    modem = ScriptedModem(clock, WORKS | {"AT+CSCA?": answer, SET: OK})
    assert driver_of(modem, ModemOptions(smsc=CENTRE)).open().registered
    assert (SET in modem.commands) is is_set


def test_a_service_centre_that_is_not_configured_is_the_sims_own(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, WORKS)
    driver_of(modem).open()
    assert not any("CSCA" in command for command in modem.commands)


def test_a_late_echo_before_the_list_of_stores_is_none_bug_no_store_was_ever_read(
    clock: ManualClock,
) -> None:
    listed = str(WORKS["AT+CPMS=?"])
    modem = ScriptedModem(clock, dict(WORKS))
    modem.answers["AT+CPMS=?"] = '\r\nAT+CSCS="GSM"\r\n' + listed
    driver = driver_of(modem)
    driver.open()
    assert 'AT+CPMS="SM","SM","SM"' in modem.commands
    driver.poll(drain=True)
    assert 'AT+CPMS="ME"' in modem.commands


@pytest.mark.parametrize("asked", ["AT+CPIN?", "AT+CFUN?"])
def test_a_warning_before_the_answer_is_not_the_answer_bug_the_sim_was_locked(
    clock: ManualClock, asked: str
) -> None:
    """A SIM800 says so of its supply, whenever it likes."""
    warned = f"\r\nUNDER-VOLTAGE WARNNING\r\n{WORKS[asked]}"
    modem = ScriptedModem(clock, WORKS | {asked: warned})
    assert driver_of(modem).open().registered
    assert modem.commands.count(asked) == 1
    assert "AT+CFUN=1" not in modem.commands


class Slow(ScriptedModem):
    """Does one command after the other, each in its time, once it has woken up."""

    busy_until_s = 0.0
    each_s = 0.05

    def say(self, text: str, after_s: float = 0.0) -> None:
        now_s = self.clock.boottime_s()
        self.busy_until_s = max(self.busy_until_s, now_s) + self.each_s
        super().say(text, after_s + self.busy_until_s - now_s)


@pytest.mark.parametrize("wakes_s", [0, 1.9, 2.05, 4.03])
@pytest.mark.parametrize("asked_before", [False, True])
@pytest.mark.parametrize("each_s", [0.05, 0.3])
def test_the_answers_that_a_modem_owes_are_not_the_next_ones_bug_its_sim_was_locked(
    clock: ManualClock, wakes_s: float, each_s: float, *, asked_before: bool
) -> None:
    """By each answer that was the one before's, its IMEI was its model as well."""
    iccid = "8946000000000000010"
    told = {"AT+CGMM": "SIM800", "AT+CCID": f"+CCID: {iccid}"}
    answers: dict[str, Answer] = {
        text: f"\r\n{line}\r\n{OK}" for text, line in told.items()
    }
    modem = Slow(clock, WORKS | answers)
    modem.each_s = each_s
    driver = driver_of(modem)
    if asked_before:
        driver.open()
        modem.busy_until_s = clock.boottime_s() + 11 + wakes_s
        with pytest.raises(ModemSilentError):
            driver.health()
    else:
        modem.busy_until_s = clock.boottime_s() + wakes_s
    health = driver.open()
    assert (health.model, health.sim) == ("SIM800", iccid)
    assert driver.submit(OUTSIDE, "one", validity_min=5).result is SendResult.SENT


def test_a_modem_that_chatters_is_brought_up_at_once_bug_it_was_waited_for_four_seconds(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, dict(WORKS))
    driver = driver_of(modem)
    driver.open()
    modem.answers, modem.otherwise = {}, ""
    for count in range(200):
        modem.say("\r\n^RSSI:21\r\n", after_s=count / 4)
    with pytest.raises(ModemSilentError):
        driver.health()
    modem.answers, modem.otherwise = dict(WORKS), "\r\nERROR\r\n"
    began_s = clock.boottime_s()
    assert driver.open().registered
    assert clock.boottime_s() - began_s < 1
