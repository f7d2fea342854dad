"""A fleet is the same every time for the same seed."""

from dataclasses import replace
from itertools import islice

from adapters.fleet.handsets import HANDSETS, key_of
from adapters.fleet.plan import Wish, carriers, presses
from adapters.fleet.said import Said
from tests.fakes import START

WISH = Wish(fleet=25, names=tuple(HANDSETS), every_s=10, sos_per_minute=60)


def reports(wish: Wish) -> list[Said]:
    return [one.says(START, sos=False) for one in carriers(wish) for _ in range(3)]


def test_the_same_seed_makes_the_same_fleet() -> None:
    assert reports(WISH) == reports(WISH)
    assert list(islice(presses(WISH), 50)) == list(islice(presses(WISH), 50))


def test_another_seed_makes_another() -> None:
    other = replace(WISH, seed=2)
    assert reports(WISH) != reports(other)
    assert list(islice(presses(WISH), 50)) != list(islice(presses(other), 50))


def test_a_larger_fleet_has_the_smaller_one_in_it() -> None:
    larger = replace(WISH, fleet=40)
    assert reports(larger)[: 3 * WISH.fleet] == reports(WISH)


def test_devices_differ_and_their_reports_too() -> None:
    said = reports(WISH)
    assert len({one.device for one in said}) == WISH.fleet
    assert len({(one.device, one.serial) for one in said}) == len(said)


def test_wire_protocols_come_by_turns_and_reports_are_spread() -> None:
    fleet = carriers(WISH)
    assert {key_of(one.handset) for one in fleet} == set(HANDSETS)
    assert all(0 <= one.first_s < WISH.every_s for one in fleet)
    assert len({one.first_s for one in fleet}) == WISH.fleet


def test_presses_come_as_often_as_was_wished() -> None:
    times = [at_s for at_s, _ in islice(presses(WISH), 2000)]
    assert times == sorted(times)
    assert 0.9 < times[-1] / 2000 < 1.1


def test_nobody_presses_unless_it_is_wished() -> None:
    assert list(presses(replace(WISH, sos_per_minute=0))) == []
