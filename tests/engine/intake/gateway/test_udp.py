"""Datagrams: a session for each address, an answer only once it is durable."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from adapters.devices.tk103 import Tk103Udp
from engine.intake.gateway import udp
from engine.intake.gateway.udp import REACHABLE_S, DeviceDatagrams
from engine.intake.orders.lines import Lines
from engine.ports.device import (
    Decoded,
    DeviceCommand,
    DeviceOrder,
    DeviceReport,
    Transport,
    WireProtocol,
)
from engine.values import DeviceId, Instant
from tests.engine.intake.reports import HERONS, STRANGERS
from tests.fakes import ManualClock

DURABLE, LOST = True, False
HERE, THERE = ("127.0.0.1", 1), ("127.0.0.1", 2)


class Echo:
    """A wire protocol that answers each datagram with how many it has had."""

    name = "echo"
    transport = Transport.UDP
    port = 0

    def session(self) -> "EchoSession":
        return EchoSession()


class EchoSession:
    device: DeviceId | None = None

    def __init__(self) -> None:
        self.count = 0

    def feed(self, data: bytes, received_at: Instant) -> Sequence[Decoded]:
        del received_at
        self.count += 1
        return [Decoded(answer=data + b"%d" % self.count)]

    def finish(self, received_at: Instant) -> Sequence[Decoded]:
        del received_at
        return []


class FakeDoor:
    def __init__(self) -> None:
        self.answers: list[Callable[[bool], None]] = []
        self.peers: list[str] = []

    def let_in(
        self,
        reports: Sequence[DeviceReport],
        answer: Callable[[bool], None],
        peer: str = "",
    ) -> None:
        self.peers.append(peer)
        del reports
        self.answers.append(answer)


class FakeTransport:
    def __init__(self) -> None:
        self.sent: list[tuple[bytes, object]] = []

    def is_closing(self) -> bool:
        return False

    def sendto(self, data: bytes, addr: object) -> None:
        self.sent.append((data, addr))


def port(
    clock: ManualClock, lines: Lines | None = None, wire: WireProtocol | None = None
) -> tuple[DeviceDatagrams, FakeDoor, FakeTransport]:
    door, transport = FakeDoor(), FakeTransport()
    datagrams = DeviceDatagrams(
        wire or Echo(),
        door,
        clock,
        lines=lines or Lines(lambda _: None),
        is_enrolled=lambda device: device == HERONS,
        soon=lambda job: job(),
    )
    datagrams.connection_made(transport)  # type: ignore[arg-type] # a fake
    return datagrams, door, transport


def test_an_answer_goes_back_to_its_address_once_it_is_durable(
    clock: ManualClock,
) -> None:
    datagrams, door, transport = port(clock)
    datagrams.datagram_received(b"a", HERE)
    datagrams.datagram_received(b"b", THERE)
    assert transport.sent == []
    assert door.peers == [HERE[0], THERE[0]]
    door.answers[1](DURABLE)
    door.answers[0](LOST)
    assert transport.sent == [(b"b1", THERE)]


def test_each_address_has_a_session_of_its_own(clock: ManualClock) -> None:
    datagrams, door, transport = port(clock)
    for data, address in ((b"a", HERE), (b"b", THERE), (b"c", HERE)):
        datagrams.datagram_received(data, address)
    for answer in door.answers:
        answer(DURABLE)
    assert [data for data, _ in transport.sent] == [b"a1", b"b1", b"c2"]


def test_the_session_heard_of_longest_ago_goes_first(clock: ManualClock) -> None:
    datagrams, door, transport = port(clock)
    for number in range(udp.PEERS_MAX + 1):
        datagrams.datagram_received(b"x", ("127.0.0.1", number))
    datagrams.datagram_received(b"x", ("127.0.0.1", 0))
    datagrams.datagram_received(b"x", ("127.0.0.1", udp.PEERS_MAX))
    for answer in door.answers[-2:]:
        answer(DURABLE)
    assert [data for data, _ in transport.sent] == [b"x1", b"x2"]


class Asked:
    """A tk103 port, and the orders that it takes."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.reached: list[DeviceId] = []
        self.lines = Lines(self.reached.append)
        self.datagrams, _, self.transport = port(clock, self.lines, Tk103Udp())

    def hear(self, device: DeviceId, address: tuple[str, int] = HERE) -> None:
        """Take a hand-shake: `BP00`, with the version behind it."""
        said = f"({device}BP00000000000000000HSO)".encode()
        self.datagrams.datagram_received(said, address)

    def send(self, device: DeviceId = HERONS) -> bool:
        at = self.clock.now()
        order = DeviceOrder(device=device, command=DeviceCommand.LOCATE, at=at)
        return self.lines.send(order)


ASKED = f"({HERONS}AP00)".encode()


def test_an_order_goes_to_where_the_last_datagram_came_from(clock: ManualClock) -> None:
    asked = Asked(clock)
    assert not asked.send()
    asked.hear(HERONS, HERE)
    asked.hear(HERONS, THERE)
    assert asked.send()
    assert asked.transport.sent == [(ASKED, THERE)]


def test_an_address_of_long_ago_is_not_written_to(clock: ManualClock) -> None:
    asked = Asked(clock)
    asked.hear(HERONS)
    clock.advance(timedelta(seconds=REACHABLE_S))
    assert asked.send()
    clock.advance(timedelta(seconds=1))
    assert not asked.send()
    asked.hear(HERONS)
    assert asked.send()


def test_a_device_that_is_waited_for_is_told_of_at_its_next_datagram(
    clock: ManualClock,
) -> None:
    asked = Asked(clock)
    asked.hear(HERONS)
    assert asked.reached == []
    asked.lines.wanted = frozenset({HERONS})
    asked.hear(HERONS)
    assert asked.reached == [HERONS]


def test_a_stranger_gets_no_order_and_keeps_no_place(clock: ManualClock) -> None:
    asked = Asked(clock)
    asked.hear(STRANGERS)
    assert STRANGERS not in asked.lines
    assert not asked.send(STRANGERS)


def test_a_stranger_behind_the_same_address_takes_no_way_away(
    clock: ManualClock,
) -> None:
    asked = Asked(clock)
    asked.hear(HERONS)
    asked.hear(STRANGERS)
    assert asked.send()


def test_an_address_that_is_forgotten_is_not_written_to(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp, "PEERS_MAX", 1)
    asked = Asked(clock)
    asked.hear(HERONS, HERE)
    asked.hear(STRANGERS, THERE)
    assert not asked.send()


def test_a_port_that_closes_reaches_nobody(clock: ManualClock) -> None:
    asked = Asked(clock)
    asked.hear(HERONS)
    asked.datagrams.connection_lost(None)
    assert not asked.send()
    assert asked.transport.sent == []
