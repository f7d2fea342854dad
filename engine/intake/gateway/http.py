"""Wire protocols over HTTP: an ASGI application served by uvicorn in the loop."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from dataclasses import replace
from typing import Any

import uvicorn

from engine.intake.gateway.door import Door
from engine.intake.gateway.guard import Guard
from engine.intake.gateway.http_guest import Guarded, Peer, guarded
from engine.intake.gateway.secrets import presented_in
from engine.ports.clock import Clock
from engine.ports.device import DeviceReport, HttpDecoded, HttpRequest, HttpWireProtocol
from engine.values import DeviceId

BODY_MAX = 256 * 1024
UNRECORDED_STATUS = 503
TOO_LARGE_STATUS = 413
SLOW_STATUS = 408
BODY_S = 30.0

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class HttpDevices:
    """Answers one HTTP wire protocol; 503 where a report could not be made durable."""

    def __init__(
        self,
        wire: HttpWireProtocol,
        door: Door,
        clock: Clock,
        heard: Callable[[Peer, DeviceId], None] | None = None,
    ) -> None:
        """Serve `wire`; `heard` is told from which peer an enrolled device speaks."""
        self._wire, self._door, self._clock = wire, door, clock
        self._heard = heard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI has it."""
        if scope["type"] != "http":
            return
        try:
            body = await asyncio.wait_for(_body(receive), BODY_S)
        except TimeoutError:
            await _answer(send, SLOW_STATUS, b"")
            return
        if body is None:
            await _answer(send, TOO_LARGE_STATUS, b"")
            return
        request = HttpRequest(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers={
                name.decode("latin-1"): value.decode("latin-1")
                for name, value in scope["headers"]
            },
            body=body,
        )
        decoded = self._wire.decode(request, self._clock.now())
        presented = presented_in(request.headers)
        reports = tuple(
            self._door.proven(report, presented) for report in decoded.reports
        )
        decoded = replace(decoded, reports=reports)
        self._recognise(scope, reports)
        is_durable = await self._durable(decoded)
        status = decoded.status if is_durable else UNRECORDED_STATUS
        await _answer(send, status, decoded.answer if is_durable else b"")

    def _recognise(self, scope: Scope, reports: tuple[DeviceReport, ...]) -> None:
        peer = scope.get("client")
        if self._heard is None or peer is None:
            return
        for report in reports:
            if report.device is not None and self._door.is_enrolled(report.device):
                self._heard((peer[0], peer[1]), report.device)

    async def _durable(self, decoded: HttpDecoded) -> bool:
        told: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def answer(is_durable: bool) -> None:  # noqa: FBT001 - the one thing asked
            if not told.done():
                told.set_result(is_durable)

        self._door.let_in(decoded.reports, answer)
        return await told


def server(
    wire: HttpWireProtocol,
    door: Door,
    clock: Clock,
    guard: Guard,
    tls: ssl.SSLContext | None = None,
) -> Callable[[socket.socket], Coroutine[None, None, None]]:
    """Return what serves a wire protocol on a listening socket, in the loop."""
    guests: dict[Peer, Guarded] = {}

    def heard(peer: Peer, device: DeviceId) -> None:
        if peer in guests:
            guests[peer].recognise(device)

    config = uvicorn.Config(
        HttpDevices(wire, door, clock, heard),
        log_config=None,
        log_level=logging.CRITICAL,
        access_log=False,
        lifespan="off",
        server_header=False,
        http=guarded(guard, guests),
        ws="none",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=BODY_MAX,
        ssl_context_factory=None if tls is None else lambda _, __: tls,
    )
    made = uvicorn.Server(config)

    async def run(listening: socket.socket) -> None:
        # No `serve()`: it takes the process' signal handlers for itself.
        await made._serve([listening])  # noqa: SLF001 - see above

    return run


async def _body(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        part = message.get("body", b"")
        size += len(part)
        if size > BODY_MAX:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [
        (b"content-length", str(len(body)).encode()),
        (b"content-type", b"text/plain; charset=utf-8"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
