"""Requests that break off on their way: what had come is let in, whatever ends them."""

import asyncio
import base64
import ssl
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.fleet.phone import as_sent
from engine.config import TlsListen
from engine.intake.gateway import http
from engine.intake.gateway.guard import Guard
from engine.intake.gateway.http_torn import salvaged
from engine.intake.gateway.tls import context
from engine.ports.device import HttpRequest, HttpWireProtocol, ReportKind, Tear
from engine.values import Signal
from tests.adapters.devices.torn_requests import is_visible, sos_requests
from tests.adapters.devices.vectors import RECEIVED_AT
from tests.engine.intake.gateway.http_gate import Gate, serving

CASES = sos_requests()
each_sos = pytest.mark.parametrize(
    ("wire", "request_"),
    [(wire, request) for _, wire, request in CASES],
    ids=[name for name, _, _ in CASES],
)
HEAD = b"GET /?id=heron-phone&lat=4.6&lon=-74.1&alarm=sos HTTP/1.1\r\nHost: h\r\n"
SECRET = b"Authorization: Basic %s\r\n" % base64.b64encode(b"heron:secret")
FORM = b"id=heron-phone&lat=4.6&lon=-74.1&alarm=sos"
POST = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s"


async def say(port: int, *said: bytes) -> None:
    """Say something and close."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in said:
        writer.write(part)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def stall(port: int, said: bytes) -> bytes:
    """Say something and no more; return what was answered before the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


def heard(*said: bytes) -> Gate:
    """Return the gate after one connection that said something and was closed."""
    gate = Gate()

    async def scene() -> None:
        async with serving(gate, Guard(lambda _: True)) as port:
            await say(port, *said)
            await gate.heard(1)

    asyncio.run(scene())
    return gate


def shortly(scene: Coroutine[Any, Any, None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a scene in which nobody is waited for longer than a moment."""
    monkeypatch.setattr(http, "BODY_S", 0.2)
    monkeypatch.setattr(http, "HEAD_S", 0.2)
    asyncio.run(scene)


@pytest.mark.slow
@each_sos
def test_an_sos_that_is_cut_off_at_any_byte_is_one_or_is_shown(
    wire: HttpWireProtocol, request_: HttpRequest
) -> None:
    gate, sent = Gate(), as_sent(request_)

    async def scene() -> None:
        async with serving(gate, Guard(lambda _: True), wire=wire) as port:
            for length in range(1, len(sent)):
                await say(port, sent[:length])
                await gate.heard(length)
                assert is_visible(gate.batches[-1]), sent[:length]
        assert len(gate.batches) == len(sent) - 1, "each once"

    asyncio.run(scene())


@each_sos
def test_an_sos_that_stalls_is_one_or_is_shown(
    wire: HttpWireProtocol, request_: HttpRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, sent = Gate(), as_sent(request_)
    beginnings = [sent[:length] for length in range(3, len(sent), 5)]

    async def scene() -> None:
        async with serving(gate, Guard(lambda _: True), wire=wire) as port:
            await asyncio.gather(*(stall(port, begun) for begun in beginnings))
            await gate.heard(len(beginnings))
        assert all(map(is_visible, gate.batches))
        assert len(gate.batches) == len(beginnings), "each once"

    shortly(scene(), monkeypatch)


@pytest.mark.parametrize("is_sealed", [False, True])
def test_who_says_an_sos_and_closes_at_once_is_heard(
    certificate: Path, *, is_sealed: bool
) -> None:
    gate = Gate()
    listen = TlsListen(port=0, cert_file=certificate, key_file=certificate)
    tls = context("gateway.osmand.tls", listen) if is_sealed else None
    trusting = ssl.create_default_context(cafile=str(certificate))

    async def scene() -> None:
        async with serving(gate, Guard(lambda _: True), tls) as port:
            for said in (POST % (len(FORM), FORM), HEAD + b"\r\n", HEAD) * 20:
                gate.batches.clear()
                _, writer = await asyncio.open_connection(
                    "127.0.0.1", port, ssl=trusting if is_sealed else None
                )
                writer.write(said)
                writer.close()
                await gate.heard(1)
                assert gate.reports[0].signals == {Signal.SOS}
                assert "incomplete" not in gate.reports[0].attributes
                await writer.wait_closed()

    asyncio.run(scene())


def test_a_form_longer_announced_than_sent_is_an_sos_once_it_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = Gate()

    async def scene() -> None:
        async with serving(gate, Guard(lambda _: True)) as port:
            answer = await stall(port, POST % (len(FORM) + 9, FORM))
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in answer
        (report,) = gate.reports
        assert report.signals == {Signal.SOS}
        assert report.device == "heron-phone"

    shortly(scene(), monkeypatch)


def test_a_query_whose_headers_never_end_is_read_and_its_secret_counts() -> None:
    gate = heard(HEAD + SECRET)
    (report,) = gate.reports
    assert report.signals == {Signal.SOS}
    assert report.fix is not None
    assert gate.presented == b"secret"


@pytest.mark.parametrize(
    "malformed", [b"Bad header\r\n\r\n", b"a: \0b\r\n\r\n", b": b\r\n\r\n"]
)
def test_a_query_with_a_malformed_header_is_refused_and_read(malformed: bytes) -> None:
    gate = Gate()

    async def scene() -> None:
        async with serving(gate, Guard(lambda _: True)) as port:
            answer = await stall(port, HEAD + malformed)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert [report.signals for report in gate.reports] == [{Signal.SOS}]

    asyncio.run(scene())


def test_a_form_behind_a_malformed_header_is_read() -> None:
    said = POST.replace(b"Host: h", b"Host : h") % (len(FORM), FORM)
    (report,) = heard(said).reports
    assert report.signals == {Signal.SOS}
    assert "incomplete" not in report.attributes


def test_no_secret_is_kept_with_the_bytes_that_are_shown() -> None:
    said = b"POST / HTTP/1.1\r\n" + SECRET + b"Authorization: Bearer\r\n folded\r\nHo"
    gate = heard(said)
    (report,) = gate.reports
    assert report.kind is ReportKind.UNDECODABLE
    assert report.raw == (b"POST / HTTP/1.1\r\nAuthorization\nAuthorization\nHo")


def test_a_body_with_a_malformed_chunk_is_read_as_far_as_it_came() -> None:
    head = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    gate = heard(head + b"%x\r\n%s\r\nno chunk\r\n" % (len(FORM), FORM))
    assert [report.signals for report in gate.reports] == [{Signal.SOS}]


def test_the_request_behind_another_is_read_when_the_connection_breaks() -> None:
    first = b"GET /?id=heron-phone&lat=4.6&lon=-74.1 HTTP/1.1\r\nHost: h\r\n\r\n"
    gate = Gate()

    async def scene() -> None:
        async with serving(gate, Guard(lambda _: True)) as port:
            await say(port, first + HEAD)
            await gate.heard(2)
            await say(port, first, HEAD)
            await gate.heard(4)
        signals = [report.signals for report in gate.reports]
        assert signals == [set(), {Signal.SOS}] * 2

    asyncio.run(scene())


def test_a_second_request_that_stalls_in_its_head_is_given_up_and_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = b"GET /?id=heron-phone&lat=4.6&lon=-74.1 HTTP/1.1\r\nHost: h\r\n\r\n"
    gate = Gate()

    async def scene() -> None:
        async with serving(gate, Guard(lambda _: True)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(first)
            assert b"200" in await reader.readline()
            await gate.heard(1)
            writer.write(HEAD)
            await asyncio.wait_for(reader.read(), 5)
            assert gate.reports[1].signals == {Signal.SOS}
            writer.close()

    shortly(scene(), monkeypatch)


def test_a_connection_that_is_kept_is_not_given_up_for_its_first_head(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = b"GET /?id=heron-phone&lat=4.6&lon=-74.1 HTTP/1.1\r\nHost: h\r\n\r\n"

    async def scene() -> None:
        async with serving(Gate(), Guard(lambda _: True)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(first[:20])
            await asyncio.sleep(0.05)
            writer.write(first[20:] + first)
            await asyncio.sleep(0.5)
            writer.write(first)
            answers = b""
            while answers.count(b"HTTP/1.1 200") < 3:
                answers += await asyncio.wait_for(reader.read(4096), 2)
            writer.close()

    shortly(scene(), monkeypatch)


def test_a_stranger_who_asks_for_nothing_and_never_ends_it_is_no_report() -> None:
    gate = heard(b"GET / HTTP/1.1\r\na: b\r\na: b\r\n")
    assert gate.reports == []


def test_noise_is_shown_once_and_names_nobody() -> None:
    (report,) = heard(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"more\r\n\r\n").reports
    assert report.kind is ReportKind.UNDECODABLE
    assert report.device is None
    assert report.raw.startswith(b"\x16\x03\x01")


@pytest.mark.parametrize(
    "said",
    [b"GET /?alarm=sos HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /?alarm=so"],
    ids=["whole", "torn"],
)
def test_a_request_comes_with_the_address_that_it_came_from(said: bytes) -> None:
    assert heard(said).peers == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("said", "query", "torn"),
    [
        (b"GET /?id=1&ala", "id=1&ala", Tear.QUERY),
        (b"GET /?id=1&alarm=sos ", "id=1&alarm=sos", None),
        (b"GET /?id=1&alarm=sos HTT", "id=1&alarm=sos", None),
        (b"GET /?id=1&alarm=sos\r\n", "id=1&alarm=sos", None),
        (b"GET /?id=1&alarm=help me HTTP/1.1\r\n", "id=1&alarm=help me", None),
        (b"GET /?id=1&alarm=help m", "id=1&alarm=help m", Tear.QUERY),
        (b"\r\nPOST /?id=1 HTTP/1.1\r\nHo", "id=1", Tear.LATER),
        (b"PO", "", Tear.QUERY),
        (b"", "", Tear.QUERY),
    ],
)
def test_a_request_line_that_ended_holds_a_whole_query(
    said: bytes, query: str, torn: Tear | None
) -> None:
    request = salvaged(said)
    assert (request.query, request.torn) == (query, torn)


@given(
    st.sampled_from([as_sent(request) for _, _, request in CASES]),
    st.data(),
    st.binary(max_size=9),
)
def test_no_bytes_that_are_no_request_raise(
    sent: bytes, data: st.DataObject, noise: bytes
) -> None:
    start, end = (data.draw(st.integers(0, len(sent))) for _ in range(2))
    request = salvaged(sent[:start] + noise + sent[end:])
    for _, wire, _ in CASES:
        assert wire.decode(request, RECEIVED_AT).status in {200, 400}
