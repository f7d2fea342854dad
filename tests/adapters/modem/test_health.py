"""What a modem says of itself, and how soon its silence is noticed."""

import pytest

from engine.errors import ModemSilentError, ModemWantedError
from tests.adapters.modem.scripted import SILENCE, WORKS, ScriptedModem, driver_of
from tests.fakes import ManualClock


def test_silence_is_noticed_after_two_questions(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.answers, modem.otherwise = {}, SILENCE
    start_s = clock.boottime_s()
    with pytest.raises(ModemSilentError):
        driver.health()
    assert clock.boottime_s() - start_s <= 11


def test_one_question_without_an_answer_costs_one_fact(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, WORKS | {"AT+CSQ": SILENCE})
    health = driver_of(modem).open()
    assert health.registered
    assert health.signal_dbm is None
    assert health.storage_size == 30


@pytest.mark.parametrize("state", [1, 5, 6, 7, 9, 10])
def test_a_state_that_carries_messages_counts_as_registered(
    clock: ManualClock, state: int
) -> None:
    reply = f"\r\n+CREG: 0,{state}\r\n\r\nOK\r\n"
    modem = ScriptedModem(clock, WORKS | {"AT+CREG?": reply})
    assert driver_of(modem).open().registered


@pytest.mark.parametrize("state", [0, 2, 3, 4, 8])
def test_a_state_that_carries_none_does_not(clock: ManualClock, state: int) -> None:
    reply = f"\r\n+CREG: 0,{state}\r\n\r\nOK\r\n"
    modem = ScriptedModem(clock, WORKS | {"AT+CREG?": reply})
    assert not driver_of(modem).open().registered


def test_one_that_does_not_tell_counts_as_registered(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, {**WORKS, "AT+CREG?": "\r\nERROR\r\n"})
    driver = driver_of(modem)
    assert driver.open().registered


def test_between_two_questions_it_gives_way_to_what_is_to_be_sent(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.commands.clear()
    with pytest.raises(ModemWantedError):
        driver.health(gives_way=lambda: len(modem.commands) == 2)
    assert len(modem.commands) == 2
    assert driver.health().registered
