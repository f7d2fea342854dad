"""Alarm bits that devices hold: what the gateway remembers of each."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from engine.intake.gateway.bits import AlarmBits
from engine.ports.device import DeviceReport
from engine.values import AlarmBit, DeviceId, Signal
from tests.engine.intake.reports import report

SOS = frozenset({Signal.SOS})
UP = replace(report(), levels=SOS)
DOWN = replace(UP, signals=frozenset())


def seen(bits: AlarmBits, said: DeviceReport) -> AlarmBit | None:
    """Take a report, have it durable, and return what is known of its SOS."""
    taken = bits.take(said)
    bits.pressed(taken)
    return taken.bits.get(Signal.SOS)


def test_a_bit_is_unseen_then_held_and_risen_once_it_was_clear() -> None:
    bits = AlarmBits()
    said = [seen(bits, one) for one in (UP, UP, DOWN, UP, UP)]
    assert said == [
        AlarmBit.UNSEEN,
        AlarmBit.HELD,
        None,
        AlarmBit.RISEN,
        AlarmBit.HELD,
    ]


def test_a_press_that_is_lost_must_rise_again() -> None:
    bits = AlarmBits()
    seen(bits, UP)
    seen(bits, DOWN)
    assert bits.take(UP).bits == {Signal.SOS: AlarmBit.RISEN}
    assert seen(bits, UP) is AlarmBit.RISEN, "the first one never became durable"


def test_a_bit_that_falls_before_its_press_is_durable_rises_again() -> None:
    """A device says both in one piece, or the disk is slow."""
    bits = AlarmBits()
    first = bits.take(UP)
    bits.take(DOWN)
    bits.pressed(first)
    assert seen(bits, UP) is AlarmBit.RISEN
    assert seen(bits, UP) is AlarmBit.HELD


def test_a_stored_frame_is_an_event_and_says_nothing_of_now() -> None:
    bits = AlarmBits()
    seen(bits, UP)
    assert seen(bits, replace(UP, buffered=True)) is None
    assert seen(bits, replace(DOWN, buffered=True)) is None
    assert seen(bits, UP) is AlarmBit.HELD


def test_each_device_has_bits_of_its_own() -> None:
    bits = AlarmBits()
    seen(bits, UP)
    assert seen(bits, replace(UP, device=DeviceId("other"))) is AlarmBit.UNSEEN


@given(st.lists(st.booleans(), max_size=20))
def test_a_bit_is_risen_exactly_where_it_was_clear_before(states: list[bool]) -> None:
    bits, before = AlarmBits(), None
    for is_up in states:
        said = seen(bits, UP if is_up else DOWN)
        assert (said is AlarmBit.RISEN) == (is_up and before is False)
        before = is_up
