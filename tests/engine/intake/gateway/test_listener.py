"""A listener accepts within bounds; over TLS it counts who says nothing at once."""

import asyncio
import resource
import socket
import ssl
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.config import TlsListen
from engine.intake.gateway import guard as bounds
from engine.intake.gateway import listener
from engine.intake.gateway.guard import Guard
from engine.intake.gateway.listener import Listener
from engine.intake.gateway.tls import context


class Echo(asyncio.Protocol):
    """Says back what it hears."""

    def __init__(self) -> None:
        self.transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.write(data)
        self.transport.close()


def opened(guard: Guard, certificate: Path, within: ExitStack) -> tuple[str, int]:
    """Open a port that speaks TLS; return where."""
    listening = within.enter_context(socket.create_server(("127.0.0.1", 0)))
    listen = TlsListen(port=0, cert_file=certificate, key_file=certificate)
    Listener(listening, Echo, guard, lambda: context("tls", listen)).start()
    host, port = listening.getsockname()
    return host, port


async def until_strangers(guard: Guard, number: int) -> None:
    for _ in range(500):
        if guard.strangers == number:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(guard.strangers)


def test_who_does_not_shake_hands_is_a_stranger_and_gives_way_to_the_next(
    monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    monkeypatch.setattr(bounds, "STRANGERS_MAX", 3)
    monkeypatch.setattr(bounds, "GRACE_S", 0.0)

    async def scene() -> None:
        guard = Guard(lambda _: True)
        with ExitStack() as within:
            where = opened(guard, certificate, within)
            silent = [await asyncio.open_connection(*where) for _ in range(5)]
            for reader, _ in silent[:2]:
                assert await asyncio.wait_for(reader.read(), 5) == b""
            await until_strangers(guard, 3)
            assert guard.let_go == 2
            for _, writer in silent:
                writer.close()
            await until_strangers(guard, 0)

    asyncio.run(scene())


def test_who_shakes_hands_is_heard_and_counted_by_whoever_hears_them(
    certificate: Path,
) -> None:
    async def scene() -> None:
        guard = Guard(lambda _: True)
        trusting = ssl.create_default_context(cafile=str(certificate))
        with ExitStack() as within:
            where = opened(guard, certificate, within)
            reader, writer = await asyncio.open_connection(*where, ssl=trusting)
            writer.write(b"heard")
            assert await reader.read() == b"heard"
            await until_strangers(guard, 0)
            writer.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("said", "handshake_s"), [(b"GET / HTTP/1.1\r\n\r\n", 30.0), (b"", 0.1)]
)
def test_who_speaks_no_tls_or_takes_too_long_over_it_is_gone(
    monkeypatch: pytest.MonkeyPatch,
    certificate: Path,
    *,
    said: bytes,
    handshake_s: float,
) -> None:
    monkeypatch.setattr(listener, "HANDSHAKE_S", handshake_s)

    async def scene() -> None:
        guard = Guard(lambda _: True)
        with ExitStack() as within:
            where = opened(guard, certificate, within)
            reader, writer = await asyncio.open_connection(*where)
            writer.write(said)
            answer = await asyncio.wait_for(reader.read(), 5)
            assert said or not answer
            writer.close()
            await until_strangers(guard, 0)

    asyncio.run(scene())


class Exhausted(socket.socket):
    """Has no descriptor for the first who comes."""

    refused = 0

    def accept(self) -> tuple[socket.socket, object]:
        if not self.refused:
            self.refused += 1
            raise OSError(24, "Too many open files")
        return super().accept()


def test_without_a_file_descriptor_it_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    monkeypatch.setattr(listener, "AGAIN_S", 0.05)

    async def scene() -> None:
        guard = Guard(lambda _: True)
        listen = TlsListen(port=0, cert_file=certificate, key_file=certificate)
        with Exhausted() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen(5)
            Listener(listening, Echo, guard, lambda: context("tls", listen)).start()
            _, writer = await asyncio.open_connection(*listening.getsockname())
            await until_strangers(guard, 1)
            assert listening.refused == 1
            writer.close()
            await until_strangers(guard, 0)

    asyncio.run(scene())


def test_without_descriptors_a_reserved_listener_accepts_and_another_one_waits() -> (
    None
):
    """HQ and readiness are answered where something leaks; strangers make room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def scene() -> None:
        guard = Guard()
        closed: list[int] = []
        guard.entered(lambda: closed.append(1), "a", 0.0)
        with ExitStack() as within:
            ports = [
                within.enter_context(socket.create_server(("127.0.0.1", 0)))
                for _ in range(2)
            ]
            listeners = [
                Listener(one, Echo, guard, reserved=reserved)
                for one, reserved in zip(ports, (True, False), strict=True)
            ]
            for one in listeners:
                one.start()
            clients = [within.enter_context(socket.socket()) for _ in range(len(ports))]
            # All numbers below the limit are taken, as where something leaks.
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
            for client, port in zip(clients, ports, strict=True):
                client.connect(port.getsockname())
            await asyncio.sleep(0.2)
            assert [one.accepted for one in listeners] == [1, 0]
            assert closed == [1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            await asyncio.sleep(0.2)
            assert [one.accepted for one in listeners] == [1, 1]

    try:
        asyncio.run(scene())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
