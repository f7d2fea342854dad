"""Wire protocols over HTTP: 200 only for what is durable."""

import asyncio
import base64
import ssl
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from adapters.devices.osmand import Osmand
from engine.config import TlsListen
from engine.errors import ConfigError
from engine.intake.gateway import http
from engine.intake.gateway.guard import Guard
from engine.intake.gateway.http import BODY_MAX, HttpDevices
from engine.intake.gateway.tls import context
from tests.engine.intake.gateway.http_gate import Gate, serving
from tests.fakes import ManualClock


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


def test_a_body_beyond_all_measure_is_refused_and_what_was_read_of_it_counts() -> None:
    gate = Gate()
    parts = [b"id=heron-phone&alarm=sos&", *[b"x" * 65_536] * (BODY_MAX // 65_536)]
    assert request(gate, parts=parts) == 413
    (report,) = gate.reports
    assert report.signals == {"sos"}
    assert report.device == "heron-phone"
    assert len(report.raw) <= BODY_MAX + 100


def test_a_request_without_a_report_is_answered_all_the_same() -> None:
    assert request(Gate()) in {200, 400}


GET = (
    b"GET /?id=heron-phone&lat=4.6&lon=-74.1&timestamp=1795575600&alarm=sos"
    b" HTTP/1.1\r\nHost: h\r\nAuthorization: Basic %s\r\n\r\n"
    % base64.b64encode(b"heron:secret")
)


def test_a_telephone_that_can_speaks_tls_and_proves_itself(certificate: Path) -> None:
    async def scene() -> None:
        gate, guard = Gate(), Guard(lambda _: True)
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
    monkeypatch.setattr(http, "HEAD_S", 0.1)

    async def scene() -> None:
        async with serving(Gate(), Guard(lambda _: True)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said)
            assert await asyncio.wait_for(reader.read(), 2.0) == b""
            writer.close()

    asyncio.run(scene())
