"""A host of many addresses, most of them dead: real sockets on loopback."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from adapters.channels.connecting import STAGGER_S, connect
from adapters.channels.line import Line, LineCutError
from adapters.channels.smtp import SmtpChannel
from adapters.channels.webhook import WebhookChannel
from adapters.demo.farends.hook import HookServer
from adapters.demo.farends.shelf import Switch
from adapters.modem.host_clock import HostClock
from tests.adapters.channels.contract import Rig
from tests.rig import SECRET
from tests.scripted_mail import ScriptedMail

now_s = time.monotonic


@contextmanager
def deaf(host: str, port: int) -> Iterator[None]:
    """Listen with a full queue: what connects gets neither yes nor no."""
    with ExitStack() as held:
        listening = held.enter_context(socket.socket())
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(0)
        for _ in range(4):
            one = held.enter_context(socket.socket())
            one.settimeout(0)
            one.connect_ex((host, port))
        yield


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what the name of a host means from now on."""
    meant: list[str] = []
    really = socket.getaddrinfo

    def resolve(host: str, port: int, *rest: int, **more: int) -> list[object]:
        if host != "localhost":
            return [*really(host, port, *rest, **more)]
        return [found for one in meant for found in really(one, port, *rest, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return meant


def test_the_one_that_answers_is_found_behind_ten_that_do_not(
    resolves: list[str],
) -> None:
    """Each cost five seconds before the next was tried."""
    dead = [f"127.0.0.{number}" for number in range(2, 12)]
    resolves += [*dead, "127.0.0.1"]
    with ExitStack() as held:
        listening = held.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listening.getsockname()[1]
        for host in dead:
            held.enter_context(deaf(host, port))
        began_s = now_s()
        with connect("localhost", port, 5.0, now_s=now_s) as connected:
            assert connected.getpeername()[0] == "127.0.0.1"
            assert connected.gettimeout() is None
        assert 10 * STAGGER_S / 2 <= now_s() - began_s < 10 * STAGGER_S + 1


def test_all_of_them_together_have_one_time_out(resolves: list[str]) -> None:
    resolves += [f"127.0.0.{number}" for number in range(2, 22)]
    with ExitStack() as held:
        port = 0
        with socket.create_server(("127.0.0.2", 0)) as free:
            port = free.getsockname()[1]
        for host in resolves:
            held.enter_context(deaf(host, port))
        began_s = now_s()
        with pytest.raises(TimeoutError):
            connect("localhost", port, 1.0, now_s=now_s)
        assert now_s() - began_s < 1.5


def test_who_refuses_costs_no_wait_and_is_named_where_nobody_answers(
    resolves: list[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    resolves += [f"127.0.0.{number}" for number in range(2, 32)]
    began_s = now_s()
    with pytest.raises(ConnectionRefusedError):
        connect("localhost", port, 5.0, now_s=now_s)
    assert now_s() - began_s < 1


def test_an_address_that_cannot_be_reached_is_not_the_end(resolves: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        resolves += ["255.255.255.255", "::1", "127.0.0.1"]
        port = listening.getsockname()[1]
        with connect("localhost", port, 5.0, now_s=now_s) as connected:
            assert connected.getpeername() == ("127.0.0.1", port)


def test_an_attempt_that_is_cut_waits_for_nobody(resolves: list[str]) -> None:
    resolves += ["127.0.0.2"]
    line = Line(only_loopback=True)
    with socket.create_server(("127.0.0.2", 0)) as free:
        port = free.getsockname()[1]
    with deaf("127.0.0.2", port), line.attempt():
        threading.Timer(0.2, line.cut).start()
        began_s = now_s()
        with pytest.raises(LineCutError):
            connect("localhost", port, 5.0, now_s=now_s, must_go_on=line.must_go_on)
        assert now_s() - began_s < 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["email", "webhook"])
def test_a_message_goes_out_by_the_address_that_is_there(
    resolves: list[str], tmp_path: Path, kind: str
) -> None:
    """It was 40 s late, and in a webhook's case was not sent at all."""
    resolves += [*(f"127.0.0.{number}" for number in range(2, 10)), "127.0.0.1"]
    with ExitStack() as held:
        mail = held.enter_context(ScriptedMail({}))
        hook = HookServer(HostClock(), secret=SECRET)
        hook.start()
        held.callback(hook.stop)
        hook_port = int(hook.url.rpartition(":")[2])
        for host in resolves[:-1]:
            held.enter_context(deaf(host, mail.port if kind == "email" else hook_port))
        rig = mail_rig(mail.port) if kind == "email" else hook_rig(hook_port, tmp_path)
        began_s = now_s()
        channel = rig.channel()
        channel.send(rig.now())
        assert now_s() - began_s < 4
        channel.close()
        assert len(mail.contents) + len(hook.hooks.items()) == 1


def mail_rig(port: int) -> Rig:
    options = {"host": "localhost", "port": port, "security": "none"}
    return Rig(
        cls=SmtpChannel,
        options={**options, "sender": "duty@hq.example"},
        address_key="host",
        switch=Switch(),
        kept=lambda: 0,
    )


def hook_rig(port: int, folder: Path) -> Rig:
    secret = folder / "secret"
    secret.touch(mode=0o600)
    secret.write_text(SECRET)
    url = f"http://localhost:{port}"
    return Rig(
        cls=WebhookChannel,
        options={"url": url, "secret_file": secret},
        address_key="url",
        switch=Switch(),
        kept=lambda: 0,
    )
