"""Calls that come in: each once, with its number, however a modem announces it."""

import pytest

from adapters.modem.ringing import HUNG_UP_S, NUMBER_S, RINGS_ON_S, Ringing
from engine.ports.modem import IncomingCall
from tests.fakes import ManualClock

ALICE, BOB = "+46701740601", "+46701740602"
RING = "RING"
WITHHELD = '+CLIP: "",128,,,,1'


def clip(number: str) -> str:
    return f'+CLIP: "{number}",145,,,,0'


class Line:
    """A line on which calls come; hangs up where it is due."""

    def __init__(self, *, hangs_up: bool = True) -> None:
        self.clock = ManualClock()
        self.ringing = Ringing(self.clock)
        self.hangs_up, self.hung_up = hangs_up, 0

    def says(self, *lines: str) -> list[str | None]:
        calls = self.ringing.hear(lines)
        if self.ringing.must_hang_up:
            self.hung_up += 1
            self.ringing.hung_up(is_over=self.hangs_up)
        return [one.caller for one in calls]

    def after(self, seconds: float, *lines: str) -> list[str | None]:
        self.clock.advance(seconds)
        return self.says(*lines)


def test_a_ring_before_its_number_waits_for_it() -> None:
    line = Line()
    assert line.says(RING) == []
    assert line.ringing.waits
    assert line.hung_up == 0, "a call that is hung up never tells its number"
    assert line.after(5.5, RING, clip(ALICE)) == [ALICE]
    assert line.hung_up == 1
    assert not line.ringing.waits


@pytest.mark.parametrize("first", [RING, "+CRING: VOICE", WITHHELD])
def test_a_call_without_a_number_is_hung_up_after_the_longest_wait(first: str) -> None:
    line = Line()
    assert line.says(first) == []
    assert line.after(NUMBER_S - 0.1) == []
    assert line.after(0.2) == [None]
    assert line.hung_up == 1


def test_a_caller_who_hangs_up_first_is_told_and_not_hung_up() -> None:
    line = Line()
    line.says(RING)
    assert line.after(2.0, "NO CARRIER") == [None]
    assert line.hung_up == 0


def test_many_rings_of_one_call_are_one_call() -> None:
    assert Line().says(*(RING, clip(ALICE)) * 4) == [ALICE]
    line = Line()
    told = [line.after(1.0, RING, clip(ALICE)) for _ in range(3)]
    assert told == [[ALICE], [], []]
    assert line.hung_up == 3, "what rings on is hung up again"


@pytest.mark.parametrize("number", [ALICE, None])
def test_a_call_that_cannot_be_hung_up_is_one_call(number: str | None) -> None:
    line = Line(hangs_up=False)
    rings = (RING,) if number is None else (RING, clip(number))
    told = [line.after(5.0, *rings) for _ in range(20)]
    assert [one for each in told for one in each] == [number]


def test_a_second_call_of_the_same_person_is_a_second_call() -> None:
    line = Line()
    assert line.says(RING, clip(ALICE)) == [ALICE]
    assert line.after(HUNG_UP_S + 0.1, RING, clip(ALICE)) == [ALICE]
    assert Line().says(RING, clip(ALICE), "NO CARRIER", RING, clip(ALICE)) == [
        ALICE,
        ALICE,
    ]


def test_calls_of_several_that_are_read_at_once_are_each_told() -> None:
    calls = (RING, clip(ALICE), RING, clip(ALICE), "NO CARRIER", RING, clip(BOB))
    assert Line().says(*calls) == [ALICE, BOB]


def test_a_caller_right_behind_another_is_not_hung_up_before_the_number() -> None:
    line = Line()
    line.says(RING, clip(ALICE))
    assert line.after(1.0, RING) == []
    assert line.hung_up == 1
    assert line.after(5.0, RING, clip(BOB)) == [BOB]


def test_a_number_that_comes_too_late_is_told_all_the_same() -> None:
    line = Line(hangs_up=False)
    line.says(RING)
    assert line.after(NUMBER_S) == [None]
    assert line.after(RINGS_ON_S - 1, RING, clip(ALICE)) == [ALICE]


def test_a_call_on_a_modem_that_is_lost_is_told() -> None:
    ringing = Ringing(ManualClock())
    assert ringing.hear([RING], is_lost=True) == [IncomingCall(caller=None)]
    assert ringing.hear([], is_lost=True) == []
