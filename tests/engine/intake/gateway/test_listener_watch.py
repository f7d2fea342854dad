"""A listener that cannot accept is a reason within seconds, and HQ hears of it once."""

import resource
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from engine.health import Health
from engine.intake.gateway.listener_watch import (
    CLOSED,
    FULL,
    PAGED_EVERY_S,
    STUCK,
    Datagrams,
    ListenerWatch,
)
from tests.engine.intake.reports import Meter
from tests.fakes import ManualClock

if TYPE_CHECKING:
    from engine.intake.shouter.call import Deaf
    from engine.values import ReportKey

KNOWN_S = 10


class Port:
    """A listening socket, and how many were accepted."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.accepted = 0

    def accept(self) -> None:
        self.socket.accept()[0].close()
        self.accepted += 1


class Scene:
    def __init__(self) -> None:
        self.clock, self.health = ManualClock(), Health(Meter())
        self.said: list[Deaf] = []
        self.over: list[ReportKey] = []
        self.port = Port()
        self.watch = ListenerWatch(
            self.health, self.clock, self.said.append, self.over.append
        )
        self.watch.add("gt06", self.port)

    def look(self, seconds: int = KNOWN_S) -> None:
        for _ in range(seconds):
            self.watch.look()
            self.clock.advance(1)

    def down(self) -> tuple[str, ...]:
        return self.health.reasons().get("listener_down", ())


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.port.socket.close()


def test_one_at_which_nobody_waits_is_heard(scene: Scene) -> None:
    scene.look()
    assert scene.down() == ()
    assert scene.said == []


def test_one_that_accepts_slowly_in_a_flood_is_heard(scene: Scene) -> None:
    clients = [
        socket.create_connection(scene.port.socket.getsockname()) for _ in range(20)
    ]
    for _ in range(KNOWN_S):
        scene.look(1)
        scene.port.accept()
    assert scene.down() == ()
    for one in clients:
        one.close()


@pytest.mark.parametrize(("how", "why"), [("closed", CLOSED), ("shut", CLOSED)])
def test_one_whose_socket_is_closed_pages_hq(scene: Scene, how: str, why: str) -> None:
    if how == "closed":
        scene.port.socket.close()
    else:
        scene.port.socket.shutdown(socket.SHUT_RDWR)
    scene.look()
    assert scene.down() == ("gt06",)
    (page,) = scene.said
    assert (page.listeners, page.why) == (("gt06",), why)


def test_one_that_accepts_nobody_who_waits_pages_hq_until_it_goes_on(
    scene: Scene,
) -> None:
    """Its event loop is dead, or asks for no more connections."""
    with socket.create_connection(scene.port.socket.getsockname()):
        scene.look()
        assert scene.down() == ("gt06",)
        (page,) = scene.said
        assert page.why == STUCK
        scene.port.accept()
        scene.look(1)
        assert scene.down() == ()
        assert scene.over == [page.key]


def test_without_a_descriptor_every_listener_is_deaf(scene: Scene) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        scene.look()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert scene.down() == ("gt06",)
    assert scene.said[0].why == FULL


def test_one_that_is_replaced_is_news_to_nobody(scene: Scene) -> None:
    """A gateway that starts again, or an engine that ends."""
    scene.port.socket.close()
    scene.look(3)
    scene.port = Port()
    scene.watch.add("gt06", scene.port)
    scene.look()
    assert scene.said == []


def test_a_port_of_datagrams_is_deaf_once_it_is_closed(scene: Scene) -> None:
    port = Datagrams(socket=socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    port.socket.bind(("127.0.0.1", 0))
    scene.watch.add("h02_udp", port)
    scene.look()
    assert scene.down() == ()
    port.socket.close()
    scene.look()
    assert scene.down() == ("h02_udp",)


def test_one_that_comes_and_goes_pages_once_in_a_quarter_of_an_hour(
    scene: Scene,
) -> None:
    for _ in range(20):
        with socket.create_connection(scene.port.socket.getsockname()):
            scene.look()
            assert scene.down() == ("gt06",)
            scene.port.accept()
            scene.look(1)
    assert len(scene.said) == 1
    scene.clock.advance(PAGED_EVERY_S)
    with socket.create_connection(scene.port.socket.getsockname()):
        scene.look()
    assert len(scene.said) == 2


def test_another_that_is_deaf_as_well_pages_again(scene: Scene) -> None:
    other = Port()
    scene.watch.add("osmand", other)
    scene.port.socket.close()
    scene.look()
    other.socket.close()
    scene.look()
    assert [page.listeners for page in scene.said] == [("gt06",), ("gt06", "osmand")]
    assert scene.over == [scene.said[0].key]
