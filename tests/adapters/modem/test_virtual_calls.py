"""The calls of a virtual modem: each has its own timers."""

from collections.abc import Callable

import pytest

from adapters.modem.virtual_calls import Calls
from adapters.modem.virtual_loop import Loop
from adapters.modem.virtual_state import State

ALICE, BOB = "+46701740601", "+46701740602"


class Timers(Loop):
    """Holds what is due later until a test runs it."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        del seconds
        self.due.append(callback)

    def run(self) -> None:
        due, self.due = self.due, []
        for callback in due:
            callback()


@pytest.mark.parametrize("rings", [1, 2, 3])
def test_a_call_that_was_hung_up_rings_in_no_later_call(rings: int) -> None:
    """It rang on into the call to an officer, and ended that."""
    state = State(number=BOB, imei="8" * 15, imsi="0" * 15, iccid="8946")
    timers, said = Timers(), list[str]()
    calls = Calls(state, timers, said.append, None)
    calls.ring(ALICE, number_with=1, is_withheld=False)
    for _ in range(rings - 1):
        timers.run()
    assert said.count("RING") == rings

    state.call = ""  # as ATH does
    calls.dial(BOB)
    for _ in range(4):
        timers.run()
    assert said.count("RING") == rings
    assert state.call == BOB
