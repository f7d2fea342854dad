"""Webhook and Mastodon against far ends that lie, flood, or send us elsewhere."""

import json
import socket
import struct
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.channels.mastodon import MastodonChannel
from adapters.channels.webhook import WebhookChannel, _says_that_it_failed
from adapters.demo.farends.shelf import Switch
from engine.errors import DeliveryError, DeliveryUnknownError
from engine.ports.channel import PersonalMessage, PublicMessage
from tests.adapters.channels.contract import Rig
from tests.adapters.channels.test_exchange import exchange, far_end, hears, says
from tests.rig import SECRET, TOKEN

Answer = Callable[[socket.socket], None]
BUDGET_BYTES = 16 << 20
TIMES = {"connect_timeout_s": 0.3, "write_timeout_s": 0.3, "read_timeout_s": 0.3}
WHOLE_S = 3 * 0.3 + 0.3 + 2 * 0.3
BUSY_S = 3.0
"""So long what was read last may take on a busy machine, each allocation traced."""
FAILURES = (DeliveryError, DeliveryUnknownError)


def rig_of(kind: str, url: str, folder: Path) -> Rig:
    """Return a rig of a webhook or of Mastodon, whose waits are short."""
    secret = folder / "secret"
    secret.touch(mode=0o600)
    secret.write_text(SECRET if kind == "webhook" else TOKEN)
    is_public = kind == "mastodon"
    return Rig(
        cls=MastodonChannel if is_public else WebhookChannel,
        options={
            "url": url,
            "token_file" if is_public else "secret_file": secret,
            **TIMES,
        },
        address_key="url",
        switch=Switch(),
        kept=lambda: 0,
        carries=PublicMessage if is_public else PersonalMessage,
    )


def floods(first: bytes, again: bytes) -> Answer:
    """Return a far end that says something, and then something else without end."""

    def answer(connection: socket.socket) -> None:
        hears(connection)
        connection.sendall(first)
        many = again * (65536 // len(again))
        while True:
            connection.sendall(many)

    return answer


OK = b"HTTP/1.1 200 OK\r\n"
FLOODS = {
    "headers": floods(OK, b"x: y\r\n"),
    "one header": floods(OK + b"x: ", b"y"),
    "one line": floods(b"HTTP/1.1 200 ", b"y"),
    "continue": floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "early hints": floods(b"", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"),
    "nothing": floods(b"", b"\r\n"),
    "zeros": floods(b"", b"\0"),
}
BODIES = {
    "body": floods(OK + b"content-type: application/json\r\n\r\n", b"["),
    "chunks": floods(OK + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n[\r\n"),
    "chunk extension": floods(OK + b"transfer-encoding: chunked\r\n\r\n1;", b"x"),
    "trailers": floods(OK + b"transfer-encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n"),
    "gzip": floods(OK + b"content-encoding: gzip\r\n\r\n", b"\x1f\x8b\x08\0" * 4),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["webhook", "mastodon"])
@pytest.mark.parametrize("flood", [*FLOODS, *BODIES])
def test_a_flood_costs_little_time_and_memory_and_is_nothing_that_was_posted(
    tmp_path: Path, kind: str, flood: str
) -> None:
    with far_end({**FLOODS, **BODIES}[flood]) as url:
        rig = rig_of(kind, url, tmp_path)
        channel = rig.channel()
        tracemalloc.start()
        began_s, computed_s = time.monotonic(), time.thread_time()
        # A status is a webhook's proof, whatever its body is; a post's is its id.
        if kind == "webhook" and flood in BODIES:
            channel.send(rig.now())
        else:
            with pytest.raises(FAILURES):
                channel.send(rig.now())
        took_s = time.monotonic() - began_s
        computed_s = time.thread_time() - computed_s
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert took_s < WHOLE_S + BUSY_S
    assert computed_s < WHOLE_S + 1
    assert most < BUDGET_BYTES


@pytest.mark.parametrize("flood", ["continue", "early hints"])
def test_who_says_continue_as_fast_as_it_can_is_cut_long_before_its_time(
    flood: str,
) -> None:
    """It had a processor to itself for as long as a request may take, 40 s."""
    with far_end(FLOODS[flood]) as url:
        client = exchange(url, read_timeout_s=15.0)
        began_s = time.monotonic()
        with pytest.raises(DeliveryUnknownError):
            client.request("POST", url, headers={}, body=b"{}")
        client.close()
    assert time.monotonic() - began_s < 15


@contextmanager
def listens() -> Iterator[tuple[str, list[bytes]]]:
    """Take whatever comes to another host, and keep it."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.2", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        got.append(connection.recv(65536))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.2:{listening.getsockname()[1]}", got
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.parametrize("kind", ["webhook", "mastodon"])
@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
@pytest.mark.parametrize("header", ["location", "refresh", "content-location", "link"])
def test_nobody_is_followed_anywhere_and_no_secret_goes_there(
    tmp_path: Path, kind: str, status: int, header: str
) -> None:
    with ExitStack() as held:
        elsewhere, got = held.enter_context(listens())
        words = f"HTTP/1.1 {status} X\r\n{header}: {elsewhere}/\r\n\r\n".encode()
        url = held.enter_context(far_end(says(words)))
        rig = rig_of(kind, url, tmp_path)
        with pytest.raises(FAILURES):
            rig.channel().send(rig.now())
    assert got == []


# what is said in the body -------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "failed"),
    [
        ({"ok": False}, True),
        ({"success": False, "id": 1}, True),
        ({"error": "no such channel"}, True),
        ({"error": {"code": 5}}, True),
        ({"errors": ["one"]}, True),
        ({"success": "false"}, True),
        ({"ok": 0}, True),
        ({"status": "error", "message": "no such channel"}, True),
        ({"status": "fail"}, True),
        ({"error": "none"}, False),
        ({"error": "None", "errors": "null"}, False),
        ({"error": "0"}, False),
        ({"error": "no error"}, False),
        ({"error": "false", "ok": "true"}, False),
        ({"error": "", "errors": {}}, False),
        ({"error": "none of these is known"}, True),
        ({"error": 5}, True),
        ({"status": "ok"}, False),
        ({"status": 0, "ok": None}, False),
        ({"ok": True}, False),
        ({"ok": True, "error": None, "errors": []}, False),
        ({"error": False}, False),
        ({"data": {"ok": False}}, False),
        ([{"ok": False}], False),
        ("ok", False),
        ({}, False),
    ],
)
def test_who_says_200_and_that_it_failed_has_not_taken_it(
    tmp_path: Path, body: object, *, failed: bool
) -> None:
    """It was shown as sent."""
    said = json.dumps(body).encode()
    words = OK + b"content-length: %d\r\n\r\n" % len(said) + said
    with far_end(says(words)) as url:
        rig = rig_of("webhook", url, tmp_path)
        if failed:
            with pytest.raises(DeliveryUnknownError, match="answered 200, and that it"):
                rig.channel().send(rig.now())
        else:
            rig.channel().send(rig.now())


def test_a_mark_of_byte_order_before_its_json_hides_no_failure() -> None:
    assert _says_that_it_failed(b'\xef\xbb\xbf{"ok": false}')


@given(st.binary(max_size=40) | st.integers(1, 100_000).map(lambda n: b'{"a":' * n))
def test_no_body_makes_a_webhook_anything_but_taken_or_unknown(body: bytes) -> None:
    assert _says_that_it_failed(body) in {True, False}


POSTED = json.dumps({"id": "1", "created_at": "2026-01-01T00:00:00Z", "content": "x"})


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": "This action is not allowed"}',
        b"<html>please sign in</html>",
        b"[" * 100_000,
        POSTED.encode()[:-1],
        b"[" + POSTED.encode() + b"]",
        b"",
        b"null",
    ],
)
def test_a_200_that_shows_no_post_is_none(tmp_path: Path, body: bytes) -> None:
    words = OK + b"content-length: %d\r\n\r\n" % len(body) + body
    with far_end(says(words)) as url:
        rig = rig_of("mastodon", url, tmp_path)
        with pytest.raises(DeliveryUnknownError):
            rig.channel().send(rig.now())


def test_an_answer_to_a_request_of_which_half_has_come_is_no_proof() -> None:
    """A far end that said 200 at the first byte, and hung up, had taken it."""

    def answer(connection: socket.socket) -> None:
        connection.recv(1)
        connection.sendall(OK + b"content-length: 0\r\n\r\n")
        at_once = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)

    with far_end(answer) as url:
        client = exchange(url)
        with pytest.raises(DeliveryUnknownError):
            client.request("POST", url, headers={}, body=b"x" * (32 << 20))
        client.close()


def test_what_is_left_over_of_one_answer_is_no_answer_to_the_next(
    tmp_path: Path,
) -> None:
    """Each request has a connection of its own."""
    answers = [
        OK + b"content-length: 0\r\n\r\n" + OK + b"content-length: 0\r\n\r\n",
        b"",
    ]
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for words in answers:
                with listening.accept()[0] as connection:
                    hears(connection)
                    connection.sendall(words)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        rig = rig_of("webhook", url, tmp_path)
        channel = rig.channel()
        channel.send(rig.now())
        with pytest.raises(DeliveryUnknownError):
            channel.send(rig.now())
        thread.join(5)
