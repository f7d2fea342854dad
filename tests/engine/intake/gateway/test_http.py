"""Wire protocols over HTTP: 200 only for what is durable."""

import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from adapters.devices.osmand import Osmand
from engine.config import TlsListen
from engine.errors import ConfigError
from engine.intake.gateway import http, http_guest
from engine.intake.gateway.guard import Guard
from engine.intake.gateway.http import BODY_MAX, HttpDevices, server
from engine.intake.gateway.tls import context
from engine.ports.device import DeviceReport
from engine.values import DeviceId
from tests.fakes import ManualClock


class Gate:
    """Stands for the door: answers at once."""

    def __init__(self, *, is_durable: bool) -> None:
        self.is_durable = is_durable
        self.reports: list[DeviceReport] = []

    def is_enrolled(self, device: DeviceId) -> bool:
        return device == "heron-phone"

    def proven(self, report: DeviceReport, presented: bytes | None) -> DeviceReport:
        self.presented = presented
        return report

    def let_in(
        self, reports: Sequence[DeviceReport], answer: Callable[[bool], None]
    ) -> None:
        self.reports += reports
        answer(self.is_durable)


def request(gate: Gate, query: str = "", parts: Sequence[bytes] = (b"",)) -> int:
    """Return the status that one request is answered with."""
    waiting = list(parts)
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        part = waiting.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(waiting)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": query.encode(),
        "headers": [],
    }
    app = HttpDevices(Osmand(), gate, ManualClock())  # type: ignore[arg-type] # what it uses of a door
    asyncio.run(app(scope, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize(("is_durable", "status"), [(True, 200), (False, 503)])
def test_an_sos_is_accepted_only_where_it_is_durable(
    *, is_durable: bool, status: int
) -> None:
    gate = Gate(is_durable=is_durable)
    query = "id=q4t7-avoc&lat=4.6&lon=-74.1&timestamp=1795575600&alarm=sos"
    assert request(gate, query) == status
    assert gate.reports[0].signals == {"sos"}


def test_a_body_beyond_all_measure_is_refused_before_it_is_decoded() -> None:
    gate = Gate(is_durable=True)
    parts = [b"x" * 65_536] * (BODY_MAX // 65_536 + 1)
    assert request(gate, parts=parts) == 413
    assert gate.reports == []


def test_a_request_without_a_report_is_answered_all_the_same() -> None:
    assert request(Gate(is_durable=True)) in {200, 400}


@asynccontextmanager
async def serving(
    gate: Gate, guard: Guard, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve osmand on a port of its own."""
    listening = socket.create_server(("127.0.0.1", 0))
    with closing(listening):
        run = server(Osmand(), gate, ManualClock(), guard, tls)  # type: ignore[arg-type] # what it uses of a door
        task = asyncio.create_task(run(listening))
        await asyncio.sleep(0.05)
        yield listening.getsockname()[1]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


GET = (
    b"GET /?id=heron-phone&lat=4.6&lon=-74.1&timestamp=1795575600&alarm=sos"
    b" HTTP/1.1\r\nHost: h\r\nAuthorization: Basic %s\r\n\r\n"
    % base64.b64encode(b"heron:secret")
)


def test_a_telephone_that_can_speaks_tls_and_proves_itself(certificate: Path) -> None:
    async def scene() -> None:
        gate, guard = Gate(is_durable=True), Guard(lambda _: True)
        listen = TlsListen(port=0, cert_file=certificate, key_file=certificate)
        tls = context("gateway.osmand.tls", listen)
        trusting = ssl.create_default_context(cafile=str(certificate))
        async with serving(gate, guard, tls) as port:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=trusting
            )
            writer.write(GET)
            assert b"200" in await reader.readline()
            assert gate.presented == b"secret"
            assert gate.reports[0].signals == {"sos"}
            assert guard.strangers == 0, "it has said who it is"
            writer.close()

    asyncio.run(scene())


def test_a_certificate_that_is_none_is_named_with_its_key(tmp_path: Path) -> None:
    path = tmp_path / "cert.pem"
    path.write_text("no certificate")
    listen = TlsListen(port=0, cert_file=path, key_file=path)
    with pytest.raises(ConfigError, match=r"gateway\.gt06\.tls") as caught:
        context("gateway.gt06.tls", listen)
    assert "cert_file or key_file" in str(caught.value)


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nContent-L"])
def test_who_never_ends_a_request_is_let_go(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_guest, "HEAD_S", 0.1)

    async def scene() -> None:
        async with serving(Gate(is_durable=True), Guard(lambda _: True)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said)
            assert await asyncio.wait_for(reader.read(), 2.0) == b""
            writer.close()

    asyncio.run(scene())


def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BODY_S", 0.1)

    async def scene() -> None:
        async with serving(Gate(is_durable=True), Guard(lambda _: True)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nid")
            line = await asyncio.wait_for(reader.readline(), 2.0)
            assert b"408" in line
            writer.close()

    asyncio.run(scene())
