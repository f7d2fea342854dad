"""Datagrams: a session for each address, an answer only once it is durable."""

from collections.abc import Callable, Sequence

from engine.intake.gateway import udp
from engine.intake.gateway.udp import DeviceDatagrams
from engine.ports.device import Decoded, DeviceReport, Transport
from engine.values import DeviceId, Instant
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

    def let_in(
        self, reports: Sequence[DeviceReport], answer: Callable[[bool], None]
    ) -> None:
        del reports
        self.answers.append(answer)


class FakeTransport:
    def __init__(self) -> None:
        self.sent: list[tuple[bytes, object]] = []

    def sendto(self, data: bytes, addr: object) -> None:
        self.sent.append((data, addr))


def port(clock: ManualClock) -> tuple[DeviceDatagrams, FakeDoor, FakeTransport]:
    door, transport = FakeDoor(), FakeTransport()
    datagrams = DeviceDatagrams(Echo(), door, clock)
    datagrams.connection_made(transport)  # type: ignore[arg-type] # a fake
    return datagrams, door, transport


def test_an_answer_goes_back_to_its_address_once_it_is_durable(
    clock: ManualClock,
) -> None:
    datagrams, door, transport = port(clock)
    datagrams.datagram_received(b"a", HERE)
    datagrams.datagram_received(b"b", THERE)
    assert transport.sent == []
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
