"""A resolver that hangs, forgets or lies; addresses that answer and do not serve."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from adapters.channels.connecting import LED_S, STAGGER_S, connect
from adapters.channels.hosts import FAILED_FOR_S, HOSTS, LATE_S, LOOKUPS_MAX, Hosts
from adapters.channels.line import Line, LineCutError
from adapters.demo.farends.hook import HookServer
from adapters.modem.host_clock import HostClock
from engine.errors import DeliveryError, DeliveryUnknownError
from tests.adapters.channels.test_connecting import deaf, hook_rig, mail_rig
from tests.rig import SECRET
from tests.scripted_mail import ScriptedMail

now_s = time.monotonic
FAILURES = (DeliveryError, DeliveryUnknownError)


class Resolver:
    """Stands for the system's: says what it is told to, or nothing until the end."""

    def __init__(self) -> None:
        self.meant: list[str] = []
        self.hangs = False
        self.error: OSError | None = None
        self.over = threading.Event()
        self.asked = 0
        self._really = socket.getaddrinfo

    def __call__(self, host: str, port: int, **more: int) -> list[object]:
        if host != "localhost":
            return [*self._really(host, port, **more)]
        self.asked += 1
        if self.hangs:
            self.over.wait(60)
        if self.error is not None or not self.meant:
            raise self.error or socket.gaierror(socket.EAI_NONAME, "no")
        return [
            found for one in self.meant for found in self._really(one, port, **more)
        ]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    """Stand in the place of the system's resolver."""
    stands_in = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", stands_in)
    monkeypatch.setattr(HOSTS, "_hosts", {})
    yield stands_in
    stands_in.over.set()


@pytest.fixture
def port() -> Iterator[int]:
    """Listen at an address, and say nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_resolver_that_hangs_takes_no_longer_than_a_connection_may(
    resolver: Resolver, port: int
) -> None:
    """It held the lane for as long as it liked."""
    resolver.hangs = True
    began_s = now_s()
    with pytest.raises(TimeoutError):
        connect("localhost", port, 0.5, now_s=now_s)
    assert now_s() - began_s < 2


def test_a_name_that_was_known_is_known_while_its_resolver_hangs(
    resolver: Resolver, port: int
) -> None:
    resolver.meant = ["127.0.0.1"]
    connect("localhost", port, 5.0, now_s=now_s).close()
    resolver.hangs = True
    began_s = now_s()
    connect("localhost", port, 5.0, now_s=now_s).close()
    assert LATE_S <= now_s() - began_s < LATE_S + 2


@pytest.mark.parametrize("code", [socket.EAI_AGAIN, socket.EAI_NONAME, socket.EAI_FAIL])
def test_a_name_that_was_known_is_known_though_nobody_resolves_it_any_more(
    resolver: Resolver, port: int, code: int
) -> None:
    """Whoever cut the name server off had silenced the mail and the receiver."""
    resolver.error = socket.gaierror(code, "no")
    with pytest.raises(socket.gaierror):
        connect("localhost", port, 5.0, now_s=now_s)
    resolver.error, resolver.meant = None, ["127.0.0.1"]
    connect("localhost", port, 5.0, now_s=now_s).close()
    resolver.error = socket.gaierror(code, "no")
    connect("localhost", port, 5.0, now_s=now_s).close()


def test_what_a_name_means_now_counts(resolver: Resolver, port: int) -> None:
    resolver.meant = ["127.0.0.1"]
    connect("localhost", port, 5.0, now_s=now_s).close()
    resolver.meant = ["127.0.0.2"]
    with pytest.raises(ConnectionRefusedError):
        connect("localhost", port, 5.0, now_s=now_s)


def test_few_questions_hang_however_often_it_is_asked(resolver: Resolver) -> None:
    resolver.hangs = True
    before = threading.active_count()
    hosts = Hosts()
    for _ in range(2 * LOOKUPS_MAX):
        with pytest.raises(TimeoutError):
            look_up(hosts, timeout_s=0.01)
    assert threading.active_count() - before == LOOKUPS_MAX == resolver.asked
    resolver.meant = ["127.0.0.1"]
    resolver.over.set()
    assert look_up(hosts), "what they come to in the end is known"


def test_an_attempt_that_is_cut_waits_for_no_resolver(resolver: Resolver) -> None:
    resolver.hangs = True
    line = Line(only_loopback=True)
    began_s = now_s()
    threading.Timer(0.2, line.cut).start()
    with line.attempt(), pytest.raises(LineCutError):
        look_up(Hosts(), timeout_s=5.0, must_go_on=line.must_go_on)
    assert now_s() - began_s < 2


def test_where_no_thread_is_to_be_had_the_name_is_resolved_all_the_same(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError

    resolver.meant = ["127.0.0.1"]
    monkeypatch.setattr(threading.Thread, "start", start)
    assert len(look_up(Hosts())) == 1


def look_up(
    hosts: Hosts,
    *,
    timeout_s: float = 5.0,
    at_s: float | None = None,
    must_go_on: Callable[[], None] = lambda: None,
) -> list[object]:
    """Return where the name leads, in its order."""
    found = hosts.addresses(
        "localhost",
        25,
        timeout_s,
        now_s=now_s if at_s is None else lambda: at_s,
        must_go_on=must_go_on,
    )
    return [where[0] for _, where in found]


# addresses that do not serve ----------------------------------------------------------


def test_what_failed_is_the_last_for_a_while_and_the_longest_ago_the_first(
    resolver: Resolver,
) -> None:
    resolver.meant = one, two, three = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    hosts = Hosts()
    assert look_up(hosts) == [one, two, three]
    hosts.failed("localhost", 25, (one, 25), 100.0)
    hosts.failed("localhost", 25, (two, 25), 50.0)
    assert look_up(hosts, timeout_s=0.0, at_s=100.0) == [three, two, one]
    assert look_up(hosts, timeout_s=0.0, at_s=50 + FAILED_FOR_S) == [two, three, one]
    hosts.served("localhost", 25, (one, 25))
    assert look_up(hosts, timeout_s=0.0, at_s=100.0) == [one, three, two]


@contextmanager
def answers_late(host: str, port: int, late_s: float) -> Iterator[None]:
    """Listen with a queue that is full for a while, as over a line that is long."""
    with ExitStack() as held:
        listening = held.enter_context(socket.socket())
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(0)
        first = held.enter_context(socket.socket())
        first.connect((host, port))
        timer = threading.Timer(
            late_s, lambda: held.enter_context(listening.accept()[0])
        )
        timer.start()
        yield
        timer.join()


@contextmanager
def hangs_up(host: str, port: int) -> Iterator[None]:
    """Accept whoever comes, and hang up: a proxy whose service is down."""
    with socket.create_server((host, port)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    listening.accept()[0].close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.parametrize("kind", ["email", "webhook"])
def test_an_address_that_answers_and_does_not_serve_stands_in_nobodys_way(
    resolver: Resolver, tmp_path: Path, kind: str
) -> None:
    """Each try went to it, since it answered first: no message ever went out."""
    resolver.meant = ["127.0.0.2", "127.0.0.1"]
    hook = HookServer(HostClock(), secret=SECRET)
    hook.start()
    hook_port = int(hook.url.rpartition(":")[2])
    with ScriptedMail({}) as mail:
        port = mail.port if kind == "email" else hook_port
        rig = mail_rig(port) if kind == "email" else hook_rig(port, tmp_path)
        channel = rig.channel()
        with hangs_up("127.0.0.2", port):
            with pytest.raises(FAILURES):
                channel.send(rig.now())
            channel.send(rig.now())
            channel.close()
            other = rig.channel()
            other.send(rig.now())
            other.close()
    hook.stop()
    assert len(mail.contents) + len(hook.hooks.items()) == 2


@pytest.mark.parametrize("step", ["RCPT", "content"])
def test_whoever_refuses_one_message_serves_the_others(
    resolver: Resolver, step: str
) -> None:
    """A mistyped address in the roster put whoever knows ours behind a dead proxy."""
    resolver.meant = ["127.0.0.1", "127.0.0.2"]
    with ScriptedMail({step: b"550 5.1.1 no such user\r\n"}) as mail:
        rig = mail_rig(mail.port)
        channel = rig.channel()
        with hangs_up("127.0.0.2", mail.port):
            with pytest.raises(DeliveryError):
                channel.send(rig.now())
            mail.script.clear()
            channel.send(rig.now())
        channel.close()
    assert mail.contents


@pytest.mark.parametrize("has_far_failed", [False, True])
def test_a_far_address_that_serves_goes_before_a_near_one_that_does_not(
    resolver: Resolver, *, has_far_failed: bool
) -> None:
    """What answers first was taken: a box on the way, each time."""
    resolver.meant = ["127.0.0.1", "127.0.0.2"]
    with ExitStack() as held:
        near = held.enter_context(socket.create_server(("127.0.0.2", 0)))
        port = near.getsockname()[1]
        HOSTS.failed("localhost", port, ("127.0.0.2", port), now_s())
        if has_far_failed:
            HOSTS.failed("localhost", port, ("127.0.0.1", port), now_s() - 5)
        held.enter_context(answers_late("127.0.0.1", port, 2 * STAGGER_S))
        with connect("localhost", port, 16.0, now_s=now_s) as connected:
            assert connected.getpeername()[0] == "127.0.0.1"


@pytest.mark.slow
def test_where_none_but_what_failed_lately_answers_it_is_tried_all_the_same(
    resolver: Resolver,
) -> None:
    resolver.meant = ["127.0.0.1", "127.0.0.2"]
    with ExitStack() as held:
        near = held.enter_context(socket.create_server(("127.0.0.2", 0)))
        port = near.getsockname()[1]
        HOSTS.failed("localhost", port, ("127.0.0.2", port), now_s())
        began_s = now_s()
        connect("localhost", port, 8.0, now_s=now_s).close()
        assert now_s() - began_s < 1, "the other one has refused"
        held.enter_context(deaf("127.0.0.1", port))
        for timeout_s, most_s in ((0.8, 0.8), (8.0, LED_S + 1)):
            began_s = now_s()
            connect("localhost", port, timeout_s, now_s=now_s).close()
            assert now_s() - began_s < most_s
