"""A whole session with a modem that says mutated things, in virtual time."""

from collections.abc import Callable
from random import Random

from adapters.modem.driver import SerialModem
from engine.errors import ModemError
from engine.ports.modem import InboundSms
from tests.adapters.modem.scripted import WORKS, Answer, ScriptedModem, driver_of
from tests.fakes import ManualClock

CALL_S_MAX = 900.0
"""Virtual seconds for each call to end in; a bring-up has many deadlines in a row."""

_STEPS = 8
_LATE_S = 25.0


class MutatedModem(ScriptedModem):
    """Answers as one that works, but for what `mutate` makes of some answers."""

    def __init__(
        self, clock: ManualClock, chance: Random, mutate: Callable[[bytearray], None]
    ) -> None:
        """Answer three of four as it should, at the first start all of them."""
        super().__init__(clock, WORKS)
        self._chance, self._mutate = chance, mutate
        self.is_honest = True

    def read(self, timeout_s: float) -> bytes:
        # Any read takes its time: what is left of a deadline may be less than the
        # clock can count.
        return super().read(max(timeout_s, 0.001))

    def _answer(self, answer: Answer, line: str) -> None:
        text = answer if isinstance(answer, str) else answer(line)
        if self.is_honest or self._chance.random() < 0.75:
            self.say(text)
            return
        octets = bytearray(text.encode("latin-1"))
        for _ in range(1 + int(self._chance.random() * 3)):
            self._mutate(octets)
        self.say(octets.decode("latin-1"))


def run_session(
    chance: Random, mutate: Callable[[bytearray], None], lines: tuple[bytes, ...]
) -> None:
    """Open the driver, make it work, and let it read; only `ModemError` may be raised.

    Raises:
        AssertionError: a call took longer than `CALL_S_MAX` of virtual time.

    """
    clock = ManualClock()
    modem = MutatedModem(clock, chance, mutate)
    driver = driver_of(modem)
    modem.is_honest = chance.random() < 0.5
    calls: list[Callable[[], object]] = [
        driver.open,
        driver.health,
        driver.answers,
        lambda: driver.wait(1.0),
        lambda: driver.submit(
            "+46701234567", "SOS", validity_min=30, late_s=chance.random() * _LATE_S
        ),
        lambda: driver.ring("+46701234567", seconds=2.0),
        lambda: driver.recover(int(chance.random() * 6)),
        lambda: _read_and_delete(driver, drain=chance.random() < 0.5),
    ]
    chosen = [driver.open, *chance.choices(calls, k=_STEPS)]
    for call in chosen:
        unasked = bytearray(chance.choice(lines))
        if chance.random() < 0.5:
            mutate(unasked)
        modem.say(unasked.decode("latin-1"), after_s=chance.random() * 2)
        began_s = clock.boottime_s()
        try:
            call()
        except ModemError:
            pass
        finally:
            modem.is_honest = False
        assert clock.boottime_s() - began_s < CALL_S_MAX
    driver.close()


def _read_and_delete(driver: SerialModem, *, drain: bool) -> None:
    for event in driver.poll(drain=drain):
        if isinstance(event, InboundSms):
            driver.delete(event.slot)
