"""A call that a modem makes: how it ends, and that it stands in nobody's way."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.ports.modem import RingResult, SendResult
from tests.adapters.modem.rig import ALARM, OUTSIDE, rig
from tests.adapters.modem.scripted import (
    OK,
    SILENCE,
    WORKS,
    Answer,
    ScriptedModem,
    driver_of,
)
from tests.fakes import ManualClock

NUMBER = "+46701740690"
DIALS: dict[str, Answer] = {f"ATD{NUMBER};": OK, "AT+CHUP": OK}


@pytest.mark.parametrize(
    ("said", "ended"),
    [
        ("NO CARRIER", RingResult.REFUSED),
        ("NO DIALTONE", RingResult.REFUSED),
        ("BUSY", RingResult.RANG),
        ("NO ANSWER", RingResult.RANG),
    ],
)
def test_one_that_is_lost_after_its_ok_has_not_rung_bug_it_had(
    clock: ManualClock, said: str, ended: RingResult
) -> None:
    modem = ScriptedModem(clock, WORKS | DIALS)
    driver = driver_of(modem)
    driver.open()
    began_s = clock.boottime_s()
    modem.say(f"\r\n{said}\r\n", after_s=2.0)
    assert driver.ring(NUMBER, seconds=20.0) is ended
    assert clock.boottime_s() - began_s <= 4.0, "the modem is free for a message"
    assert modem.commands[-1] == "AT+CHUP"


def test_the_end_of_an_earlier_call_is_not_this_ones(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, WORKS | DIALS)
    driver = driver_of(modem)
    driver.open()
    modem.say("\r\nNO CARRIER\r\n")
    assert driver.ring(NUMBER, seconds=20.0) is RingResult.RANG


def after(clock: ManualClock, seconds: float) -> Callable[[], bool]:
    """Say so long from now that something more urgent waits."""
    until_s = clock.boottime_s() + seconds
    return lambda: clock.boottime_s() >= until_s


def listed(state: int) -> str:
    """Return a list of calls that has ours in a state (TS 27.007, 7.18)."""
    return f'\r\n+CLCC: 1,0,{state},0,0,"{NUMBER}",145\r\n\r\nOK\r\n'


def test_a_call_ends_as_soon_as_it_is_woken_for_what_is_more_urgent(
    tmp_path: Path,
) -> None:
    """It looked once a second, so that an SOS waited for half of one."""
    waits = threading.Event()
    ended: list[tuple[RingResult, float]] = []
    with rig(tmp_path) as r:

        def call() -> None:
            result = r.driver.ring(OUTSIDE, seconds=15, gives_way=waits.is_set)
            ended.append((result, time.perf_counter()))

        ringing = threading.Thread(target=call)
        ringing.start()
        while r.modem.state.call_state != 3 or not r.modem.state.call:
            time.sleep(0.01)  # noqa: TID251 - a real modem's thread is waited for
        began_s = time.perf_counter()
        waits.set()
        r.driver.wake()
        ringing.join(timeout=5)
        assert r.modem.state.call == "", "it has hung up"
        assert r.submit().result is SendResult.SENT
    ((result, ended_s),) = ended
    assert result in {RingResult.CUT_SHORT, RingResult.UNHEARD}
    assert ended_s - began_s < 0.3, "5 ms where nothing else runs"


@pytest.mark.parametrize(
    ("state", "ended"), [(2, RingResult.UNHEARD), (3, RingResult.CUT_SHORT)]
)
def test_one_that_is_cut_short_has_rung_only_where_the_network_alerts(
    clock: ManualClock, state: int, ended: RingResult
) -> None:
    modem = ScriptedModem(clock, WORKS | DIALS | {"AT+CLCC": listed(state)})
    driver = driver_of(modem)
    driver.open()
    gives_way = after(clock, 3.0)
    assert driver.ring(NUMBER, seconds=15.0, gives_way=gives_way) is ended
    assert modem.commands[-1] == "AT+CHUP"


def test_nobody_is_dialled_where_something_more_urgent_waits_already(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, WORKS | DIALS)
    driver = driver_of(modem)
    driver.open()
    ended = driver.ring(NUMBER, seconds=15.0, gives_way=lambda: True)
    assert ended is RingResult.UNDIALLED
    assert f"ATD{NUMBER};" not in modem.commands


class AnswersWhenTaken(ScriptedModem):
    """One whose answer to `ATD` comes when somebody takes the call.

    What is written before that ends the dialling, and is no command (V.250, 5.6.1).
    """

    dials, says = False, ""

    def write(self, data: bytes) -> None:
        if self.dials:
            self.dials = False
            self.say(f"\r\n{self.says}\r\n")
            return
        super().write(data)
        self.dials = data.startswith(b"ATD")


@pytest.mark.parametrize("says", ["OK", "NO CARRIER"])
def test_a_call_gives_way_though_its_modem_answers_only_when_somebody_takes_it(
    clock: ManualClock, says: str
) -> None:
    """What it says of the call then is no answer to the next command."""
    dials = DIALS | {f"ATD{NUMBER};": SILENCE}
    modem = AnswersWhenTaken(clock, WORKS | dials)
    modem.says = says
    driver = driver_of(modem)
    driver.open()
    gives_way, began_s = after(clock, 2.0), clock.boottime_s()
    assert driver.ring(NUMBER, seconds=15.0, gives_way=gives_way) is RingResult.UNHEARD
    assert clock.boottime_s() - began_s < 3.0
    assert modem.commands[-1] == "AT+CHUP"
    assert driver.submit(NUMBER, ALARM, validity_min=30).reference == 7
    assert len(modem.pdus) == 1


def test_no_telephone_rings_for_longer_than_it_was_told(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, WORKS | DIALS | {"AT+CLCC": listed(3)})
    driver = driver_of(modem)
    driver.open()
    began_s = clock.boottime_s()
    assert driver.ring(NUMBER, seconds=15.0) is RingResult.RANG
    assert clock.boottime_s() - began_s <= 15.0
