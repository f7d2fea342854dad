"""Connections of browsers: deadlines, a share, and whose word on an address counts."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from engine.intake.gateway.guard import Guard
from engine.intake.gateway.http_guest import GUEST, PageGuest, guests, opened

HEAD_S = 0.3
NO_PROXY, ON_THIS_MACHINE = (), ("127.0.0.1/32",)
FORWARDED = (
    b"GET /%s HTTP/1.1\r\nHost: h\r\n"
    b"X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n\r\n"
)
Message = MutableMapping[str, Any]


async def whoami(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Answer with who asks, and by what; who asks for a session has one."""
    del receive
    if scope["path"] == "/session":
        scope["state"][GUEST].recognise("alder")
    said = f"{scope['client'][0]} {scope['scheme']}".encode()
    length = (b"content-length", str(len(said)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": said})


@asynccontextmanager
async def served(
    guard: Guard, proxies: tuple[str, ...] = NO_PROXY
) -> AsyncIterator[tuple[str, int]]:
    listening = socket.create_server(("127.0.0.1", 0))
    kind = guests(PageGuest, guard, head_s=HEAD_S)
    listener, serving = opened(
        whoami, listening, kind, proxies=proxies, timeout_keep_alive=60
    )
    listener.start()
    task = asyncio.create_task(serving)
    yield listening.getsockname()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    guard.close_all()
    await asyncio.sleep(0.05)
    listener.close()


@pytest.mark.parametrize(
    ("proxies", "said"),
    [
        (NO_PROXY, b"127.0.0.1 http"),
        (("192.0.2.1/32",), b"127.0.0.1 http"),
        (ON_THIS_MACHINE, b"203.0.113.7 https"),
    ],
)
def test_forwarded_headers_count_from_proxies_that_are_named(
    proxies: tuple[str, ...], said: bytes
) -> None:
    async def scene() -> bytes:
        async with served(Guard(), proxies) as where:
            reader, writer = await asyncio.open_connection(*where)
            writer.write(FORWARDED % b"")
            answer = await reader.readuntil(said[-4:])
            writer.close()
            return answer

    assert asyncio.run(scene()).endswith(said)


def test_strangers_give_way_to_strangers_and_no_session_to_any() -> None:
    async def scene() -> None:
        guard = Guard(strangers_max=2)
        async with served(guard) as where:
            signed_in, first, *_ = [
                await asyncio.open_connection(*where) for _ in range(2)
            ]
            signed_in[1].write(FORWARDED % b"session")
            await signed_in[0].readuntil(b"http")
            others = [await asyncio.open_connection(*where) for _ in range(2)]
            assert await asyncio.wait_for(first[0].read(), HEAD_S / 2) == b""
            signed_in[1].write(FORWARDED % b"")
            await signed_in[0].readuntil(b"http")
            for _, writer in (signed_in, first, *others):
                writer.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost:",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf",
        FORWARDED % b"" + b"GET",
    ],
    ids=["nothing", "half a head", "half a body", "half of a second head"],
)
def test_whose_request_does_not_come_whole_is_let_go(said: bytes) -> None:
    async def scene() -> None:
        async with served(Guard()) as where:
            reader, writer = await asyncio.open_connection(*where)
            writer.write(said)
            await asyncio.wait_for(reader.read(), 10 * HEAD_S)
            writer.close()

    asyncio.run(scene())


def test_one_who_waits_for_a_further_request_is_not_let_go_for_slowness() -> None:
    async def scene() -> None:
        async with served(Guard()) as where:
            reader, writer = await asyncio.open_connection(*where)
            writer.write(FORWARDED % b"")
            await reader.readuntil(b"http")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 2 * HEAD_S)
            writer.close()

    asyncio.run(scene())
