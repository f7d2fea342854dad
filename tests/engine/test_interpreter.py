"""How long a thread keeps the interpreter's lock follows from what the threads do."""

import pytest

from engine.interpreter import LONG_S, SHORT_S, SPREAD, Interpreter
from engine.load import Load

IDLE = Load(is_hot=False)
BEGINS = Load(is_hot=True, spread=2 * SPREAD)
FLOOD = Load(is_hot=True, spread=2 * SPREAD, lasting_spread=SPREAD)
BESIDE_ONE = Load(is_hot=True, spread=2 * SPREAD, lasting_spread=SPREAD - 0.1)


def test_the_lock_is_handed_on_at_once_until_a_look_says_otherwise() -> None:
    set_to: list[float] = []
    Interpreter(set_to.append)
    assert set_to == [SHORT_S]


@pytest.mark.parametrize(
    ("load", "interval_s"),
    [(IDLE, SHORT_S), (BEGINS, SHORT_S), (FLOOD, LONG_S), (BESIDE_ONE, SHORT_S)],
    ids=["idle", "a flood's first looks", "a flood", "beside one that does not rest"],
)
def test_the_lock_is_kept_in_a_flood_alone(load: Load, interval_s: float) -> None:
    set_to: list[float] = []
    Interpreter(set_to.append).follow(load)
    assert set_to[-1] == interval_s


def test_when_the_flood_is_over_the_lock_is_handed_on_at_once_again() -> None:
    set_to: list[float] = []
    interpreter = Interpreter(set_to.append)
    for load in (FLOOD, IDLE):
        interpreter.follow(load)
    assert set_to[-2:] == [LONG_S, SHORT_S]
