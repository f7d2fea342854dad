"""A call that a modem makes: what it says of it where it has no list of calls."""

import pytest

from tests.adapters.modem.scripted import OK, WORKS, Answer, ScriptedModem, driver_of
from tests.fakes import ManualClock

NUMBER = "+46701740690"
DIALS: dict[str, Answer] = {f"ATD{NUMBER};": OK, "AT+CHUP": OK}


@pytest.mark.parametrize(
    ("said", "is_taken"),
    [
        ("NO CARRIER", False),
        ("NO DIALTONE", False),
        ("BUSY", True),
        ("NO ANSWER", True),
    ],
)
def test_one_that_is_lost_after_its_ok_has_not_rung_bug_it_had(
    clock: ManualClock, said: str, *, is_taken: bool
) -> None:
    modem = ScriptedModem(clock, WORKS | DIALS)
    driver = driver_of(modem)
    driver.open()
    began_s = clock.boottime_s()
    modem.say(f"\r\n{said}\r\n", after_s=2.0)
    assert driver.ring(NUMBER, seconds=20.0) is is_taken
    assert clock.boottime_s() - began_s <= 4.0, "the modem is free for a message"
    assert modem.commands[-1] == "AT+CHUP"


def test_the_end_of_an_earlier_call_is_not_this_ones(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, WORKS | DIALS)
    driver = driver_of(modem)
    driver.open()
    modem.say("\r\nNO CARRIER\r\n")
    assert driver.ring(NUMBER, seconds=20.0)
