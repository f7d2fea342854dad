"""What nobody can read, of nobody we know: some of it is always shown, never all."""

import pytest

from engine.intake.gateway import strays as books
from engine.intake.gateway.strays import (
    IN_ALL,
    OF_ONE_ADDRESS,
    OF_ONE_PROTOCOL,
    Strays,
    network_of,
)

BEGUN_S = 1_000.0


def shown(
    strays: Strays,
    protocol: str,
    count: int,
    now_s: float = BEGUN_S,
    address: str = "",
) -> int:
    return sum(strays.admits(protocol, now_s, address) for _ in range(count))


def test_the_first_ones_are_shown_whenever_they_come() -> None:
    assert shown(Strays(), "gt06", 1, now_s=0.0) == 1
    assert shown(Strays(), "gt06", OF_ONE_PROTOCOL.at_once) == OF_ONE_PROTOCOL.at_once


def test_a_babbler_uses_up_what_its_own_wire_protocol_is_allowed_and_no_more() -> None:
    strays = Strays()
    assert shown(strays, "gt06", 10_000) == OF_ONE_PROTOCOL.at_once
    assert shown(strays, "watch", 1) == 1


def test_babblers_on_every_port_are_bounded_together() -> None:
    strays = Strays()
    assert sum(shown(strays, f"p{n}", 100) for n in range(40)) == IN_ALL.at_once


def test_after_a_while_one_more_is_shown_and_a_long_quiet_saves_up_no_flood() -> None:
    strays = Strays()
    shown(strays, "gt06", 10_000)
    later_s = BEGUN_S + OF_ONE_PROTOCOL.again_s
    assert shown(strays, "gt06", 100, later_s - 1) == 0
    assert shown(strays, "gt06", 100, later_s) == 1
    assert shown(strays, "gt06", 100, later_s + 1e6) == OF_ONE_PROTOCOL.at_once


def test_what_is_refused_for_one_bound_does_not_count_for_the_other() -> None:
    strays = Strays()
    shown(strays, "gt06", 10_000)
    left = IN_ALL.at_once - OF_ONE_PROTOCOL.at_once
    assert sum(shown(strays, f"p{n}", 1) for n in range(left + 5)) == left


def test_a_flooding_address_hides_no_other_one() -> None:
    strays = Strays()
    for second in range(3600):
        shown(strays, "gt06", 10, BEGUN_S + second, "192.0.2.1")
    now_s = BEGUN_S + 3600
    assert shown(strays, "gt06", 1, now_s, "192.0.2.2") == 1
    assert shown(strays, "gt06", 10, now_s, "192.0.2.3") > 0


def test_an_address_is_bounded_on_all_ports_together() -> None:
    strays = Strays()
    total = sum(shown(strays, f"p{n}", 100, address="192.0.2.1") for n in range(9))
    assert total == OF_ONE_ADDRESS.at_once
    assert shown(strays, "p0", 1, address="192.0.2.2") == 1


def test_many_addresses_are_bounded_by_their_wire_protocol() -> None:
    strays = Strays()
    total = sum(shown(strays, "gt06", 9, address=f"192.0.2.{n}") for n in range(99))
    assert total == OF_ONE_PROTOCOL.at_once


def test_a_flood_of_addresses_keeps_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "ADDRESSES_MAX", 2)
    strays = Strays()
    assert shown(strays, "p0", 9, address="192.0.2.1") == OF_ONE_ADDRESS.at_once
    shown(strays, "p1", 1, address="192.0.2.2")
    assert shown(strays, "p1", 9, address="192.0.2.1") == 0
    shown(strays, "p2", 1, address="192.0.2.3")
    shown(strays, "p2", 1, address="192.0.2.4")
    assert shown(strays, "p3", 9, address="192.0.2.1") == OF_ONE_ADDRESS.at_once


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("somewhere", "somewhere"),
    ],
)
def test_one_who_has_a_whole_network_is_one(address: str, network: str) -> None:
    assert network_of(address) == network
