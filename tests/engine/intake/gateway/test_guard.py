"""A flood from an address costs strangers their places, and no known device its own."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intake.gateway import guard as bounds
from engine.intake.gateway.guard import GRACE_S, Guard
from engine.values import DeviceId

HERON, CRANE = DeviceId("1"), DeviceId("2")


class Hall:
    """Guests by number, and who of them was closed."""

    def __init__(self) -> None:
        self.guard = Guard(lambda _: True, strangers_max=8)
        self.closed: list[int] = []

    def guest(self, number: int) -> Callable[[], None]:
        return lambda: self.closed.append(number)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "STRANGERS_MAX", 3)
    monkeypatch.setattr(bounds, "OF_ONE_DEVICE_MAX", 2)


def test_who_is_too_many_from_an_address_makes_its_oldest_stranger_go() -> None:
    hall = Hall()
    for number in range(5):
        hall.guard.entered(hall.guest(number), "flood", number * GRACE_S)
        hall.guard.entered(hall.guest(100 + number), f"other-{number}", 0.0)
    assert hall.closed == [0, 1]
    assert hall.guard.let_go == 2


def test_many_that_come_back_at_once_have_time_to_log_in() -> None:
    hall = Hall()
    for number in range(8):
        hall.guard.entered(hall.guest(number), "carrier", 0.001 * number)
    assert hall.closed == []


def test_a_known_device_stays_whatever_comes_from_its_address() -> None:
    hall = Hall()
    device = hall.guest(-1)
    hall.guard.entered(device, "carrier", 0.0)
    hall.guard.is_known(device, HERON)
    for number in range(1000):
        hall.guard.entered(hall.guest(number), "carrier", number)
    assert -1 not in hall.closed
    late = hall.guest(-2)
    hall.guard.entered(late, "carrier", 1000.0)
    hall.guard.is_known(late, CRANE)
    assert -2 not in hall.closed


def test_of_one_devices_connections_the_latest_stay() -> None:
    hall = Hall()
    for number in range(4):
        guest = hall.guest(number)
        hall.guard.entered(guest, "a", 0.0)
        hall.guard.is_known(guest, HERON)
    assert hall.closed == [0, 1]


def test_beyond_their_share_the_device_with_most_connections_has_one_less() -> None:
    hall = Hall()
    hall.guard.known_max = 2
    for number, device in enumerate((HERON, HERON, CRANE)):
        guest = hall.guest(number)
        hall.guard.entered(guest, "a", 0.0)
        hall.guard.is_known(guest, device)
    assert hall.closed == [0]


def test_a_device_with_one_connection_keeps_it_whatever_the_share() -> None:
    hall = Hall()
    hall.guard.known_max = 1
    for number in range(20):
        guest = hall.guest(number)
        hall.guard.entered(guest, "a", 0.0)
        hall.guard.is_known(guest, DeviceId(str(number)))
    assert hall.closed == []


@given(
    st.lists(
        st.tuples(
            st.integers(0, 12),
            st.sampled_from(("in", "known", "out")),
            st.sampled_from(("a", "b", "c", "d")),
        ),
        max_size=80,
    )
)
def test_in_any_order_strangers_are_bounded_and_nobody_known_is_closed(
    acts: list[tuple[int, str, str]],
) -> None:
    hall = Hall()
    guests: dict[int, Callable[[], None]] = {}
    known: set[int] = set()
    for now, (number, act, address) in enumerate(acts):
        if act == "in" and number not in guests:
            guests[number] = hall.guest(number)
            hall.guard.entered(guests[number], address, float(now))
        elif act == "known" and number in guests:
            hall.guard.is_known(guests[number], DeviceId(str(number)))
            known.add(number)
        elif act == "out" and number in guests:
            device = DeviceId(str(number)) if number in known else None
            hall.guard.left(guests.pop(number), device)
            known.discard(number)
        for gone in set(hall.closed) & guests.keys():
            assert gone not in known
            hall.guard.left(guests.pop(gone))
        hall.closed.clear()
        assert hall.guard.strangers <= 8
    for number, guest in guests.items():
        hall.guard.left(guest, DeviceId(str(number)))
    assert hall.guard.strangers == 0
    assert not hall.guard._by_address
    assert not hall.guard._known
