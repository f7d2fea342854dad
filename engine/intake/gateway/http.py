"""Wire protocols over HTTP: an ASGI application served by uvicorn in the loop.

A request that breaks off is decoded as far as it came, since an app may never say it
again.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.intake.gateway.door import Door
from engine.intake.gateway.guard import Guard
from engine.intake.gateway.http_guest import (
    GUEST,
    HEAD_S,
    DeviceGuest,
    guests,
    opened,
)
from engine.intake.gateway.http_torn import salvaged
from engine.intake.gateway.listener import Listener, Tls
from engine.intake.gateway.mistaken import SAID, UNSOUND, unread
from engine.intake.gateway.secrets import presented_in
from engine.intake.gateway.sound import slip_in, sure_of
from engine.ports.clock import Clock
from engine.ports.device import (
    DeviceReport,
    HttpDecoded,
    HttpRequest,
    HttpWireProtocol,
    Tear,
)

BODY_MAX = 256 * 1024
UNRECORDED_STATUS = 503
TOO_LARGE_STATUS = 413
SLOW_STATUS = 408
GONE_STATUS = 400
MISTAKE_STATUS = 500
BODY_S = 30.0

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class HttpDevices:
    """Answers one HTTP wire protocol; 503 where a report could not be made durable."""

    def __init__(self, wire: HttpWireProtocol, door: Door, clock: Clock) -> None:
        """Serve `wire`; what must be durable goes through the door."""
        self._wire, self._door, self._clock = wire, door, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI has it."""
        if scope["type"] != "http":
            return
        body = _Body()
        refused = await body.read(receive)
        request = HttpRequest(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers={
                name.decode("latin-1"): value.decode("latin-1")
                for name, value in scope["headers"]
            },
            body=b"".join(body.parts),
        )
        if refused is not None:
            head = b"" if request.body else _line(request)
            request = replace(request, torn=Tear.LATER, head=head)
        decoded = self._decoded(request)
        self._recognise(scope, decoded.reports)
        peer = scope.get("client")
        is_durable = await self._durable(decoded, peer[0] if peer else "")
        status = refused or decoded.status if is_durable else UNRECORDED_STATUS
        said = decoded.answer if is_durable and refused is None else b""
        await _answer(send, status, said, is_last=refused is not None)

    def take_torn(self, said: bytes, address: str) -> None:
        """Let in what can be read of bytes that never became a request."""
        reports = self._decoded(salvaged(said)).reports
        self._door.let_in(reports, _nobody_waits, address)

    def _decoded(self, request: HttpRequest) -> HttpDecoded:
        decoded = self._tried(request)
        presented = presented_in(request.headers)
        reports = (self._door.proven(one, presented) for one in decoded.reports)
        return replace(decoded, reports=tuple(reports))

    def _tried(self, request: HttpRequest) -> HttpDecoded:
        """Decode; over what a decoder raises, HQ sees it and the device no success."""
        now = self._clock.now()
        made: list[object] = []
        try:
            decoded = self._wire.decode(request, now)
            slip = slip_in(decoded)
            if slip is None:
                return decoded
            made.append(decoded)
            extra = {"protocol": self._wire.name, "problem": slip}
            logger.error(UNSOUND, extra=extra)
        except BaseException:  # an adapter's, as in `Caught`; must not cost the bytes
            logger.exception(SAID, extra={"protocol": self._wire.name})
        head = request.head or _line(request)
        raw = head + b"\n\n" + request.body if request.body else head
        device, signals = sure_of(made)
        report = unread(self._wire.name, raw, now, device=device, signals=signals)
        return HttpDecoded(reports=(report,), status=MISTAKE_STATUS)

    def _recognise(self, scope: Scope, reports: tuple[DeviceReport, ...]) -> None:
        guest = scope.get("state", {}).get(GUEST)
        for report in reports if guest is not None else ():
            if report.device is not None and self._door.is_enrolled(report.device):
                guest.recognise(report.device)

    async def _durable(self, decoded: HttpDecoded, address: str) -> bool:
        told: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def answer(is_durable: bool) -> None:  # noqa: FBT001 - the one thing asked
            if not told.done():
                told.set_result(is_durable)

        self._door.let_in(decoded.reports, answer, address)
        return await told


def server(
    wire: HttpWireProtocol,
    door: Door,
    clock: Clock,
    guard: Guard,
    listening: socket.socket,
    tls: Tls | None = None,
    *,
    proxies: Sequence[str] = (),
) -> tuple[Listener, Coroutine[None, None, None]]:
    """Return what accepts for a wire protocol, and what serves it; in the loop."""
    devices = HttpDevices(wire, door, clock)
    return opened(
        devices,
        listening,
        guests(DeviceGuest, guard, head_s=HEAD_S, devices=devices),
        tls,
        proxies=proxies,
        log_level=logging.CRITICAL,
        timeout_keep_alive=75,
        h11_max_incomplete_event_size=BODY_MAX,
    )


@dataclass(slots=True)
class _Body:
    """What has come of a body, whole or not."""

    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    async def read(self, receive: Receive) -> int | None:
        """Read to the end; return the status to refuse it with that has none."""
        try:
            async with asyncio.timeout(BODY_S):
                return await self._read(receive)
        except TimeoutError:
            return SLOW_STATUS

    async def _read(self, receive: Receive) -> int | None:
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return GONE_STATUS
            part = message.get("body", b"")
            self.parts.append(part[: BODY_MAX - self.size])
            self.size += len(part)
            if self.size > BODY_MAX:
                return TOO_LARGE_STATUS
            if not message.get("more_body", False):
                return None


def _line(request: HttpRequest) -> bytes:
    """Return what can be shown of a request of which nothing but the head came."""
    target = f"{request.path}?{request.query}" if request.query else request.path
    return f"{request.method} {target}".encode("latin-1", "replace")


async def _answer(send: Send, status: int, body: bytes, *, is_last: bool) -> None:
    headers = [
        (b"content-length", str(len(body)).encode()),
        (b"content-type", b"text/plain; charset=utf-8"),
    ]
    if is_last:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _nobody_waits(is_durable: bool) -> None:  # noqa: FBT001 - the one thing said
    del is_durable
