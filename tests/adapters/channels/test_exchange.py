"""HTTP answers of every kind, from a far end that says exactly what it is told."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import HttpUrl

from adapters.channels.exchange import Exchange, HttpAnswer, HttpOptions
from engine.errors import DeliveryError, DeliveryUnknownError, RefusalOf
from engine.metrics import Metrics
from engine.values import ChannelName
from tests.adapters.channels.contract import LoopbackClock
from tests.adapters.channels.tls import server_context


@contextmanager
def far_end(
    answer: Callable[[socket.socket], None], host: str = "127.0.0.1"
) -> Iterator[str]:
    """Serve one connection in raw bytes; give its address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host.strip("[]"), 0), family=family) as listening:

        def serve() -> None:
            with suppress(OSError), listening.accept()[0] as connection:
                answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://{host}:{listening.getsockname()[1]}/"
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def hears(connection: socket.socket) -> bytes:
    """Return a whole request: what is left unread at the end resets the connection."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += _more(connection)
    head, _, body = heard.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *([0-9]+)", head)
    while length and len(body) < int(length[1]):
        more = _more(connection)
        heard, body = heard + more, body + more
    return heard


def _more(connection: socket.socket) -> bytes:
    if piece := connection.recv(65536):
        return piece
    raise ConnectionResetError  # whoever asked has hung up


def says(words: bytes) -> Callable[[socket.socket], None]:
    """Return a far end that reads a request and says these bytes."""

    def answer(connection: socket.socket) -> None:
        hears(connection)
        connection.sendall(words)

    return answer


def exchange(url: str, **options: object) -> Exchange:
    """Return a client with short time-outs."""
    return Exchange(
        ChannelName("tested"),
        HttpOptions.model_validate(
            {"url": HttpUrl(url), "read_timeout_s": 0.3, **options}
        ),
        clock=LoopbackClock(),
        telemetry=Metrics({"channel": ["tested"]}, strict=True),
    )


def post(words: bytes) -> HttpAnswer:
    """Post to a far end that answers these bytes, and judge the answer."""
    with far_end(says(words)) as url:
        client = exchange(url)
        try:
            answer = client.request("POST", url, headers={}, body=b"{}")
            client.require_success(answer)
        finally:
            client.close()
    return answer


def status_line(status: int) -> bytes:
    """Return a whole answer with a status."""
    return b"HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\n{}" % status


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_success_is_a_success(status: int) -> None:
    assert post(status_line(status)).status == status


@pytest.mark.parametrize(
    ("status", "retry"),
    [
        *((status, False) for status in (400, 409, 410, 413, 415, 422, 451)),
        *((status, True) for status in (301, 302, 307, 308, 401, 403, 404, 405)),
        *((status, True) for status in (407, 408, 421, 425, 429, 501, 503, 511)),
    ],
)
def test_a_refusal_says_whether_another_try_is_worth_it(
    status: int, *, retry: bool
) -> None:
    with pytest.raises(DeliveryError) as refusal:
        post(status_line(status))
    assert refusal.value.retry is retry


@pytest.mark.parametrize(
    ("status", "of"),
    [
        *(
            (status, RefusalOf.CHANNEL)
            for status in (301, 401, 403, 404, 405, 410, 501)
        ),
        *((status, RefusalOf.CHANNEL) for status in (408, 425, 429, 503)),
        *((status, RefusalOf.EITHER) for status in (400, 413, 415, 422)),
    ],
)
def test_a_refusal_says_whether_it_is_of_whatever_is_sent(
    status: int, of: RefusalOf
) -> None:
    with pytest.raises(DeliveryError) as refusal:
        post(status_line(status))
    assert refusal.value.of is of


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_says_how_long_the_far_end_wants_to_be_left_alone(
    status: int,
) -> None:
    asks = b"HTTP/1.1 %d X\r\nretry-after: 7\r\nContent-Length: 0\r\n\r\n" % status
    with pytest.raises(DeliveryError) as refusal:
        post(asks)
    assert refusal.value.after_s == 7.0
    with pytest.raises(DeliveryError) as refusal:
        post(status_line(status))
    assert refusal.value.after_s is None


def test_a_server_that_counts_requests_says_when_it_begins_anew() -> None:
    in_the_past = b"x-ratelimit-reset: 2020-01-01T00:00:00.019685Z"
    asks = b"HTTP/1.1 429 X\r\n%s\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(DeliveryError) as refusal:
        post(asks % in_the_past)
    assert refusal.value.after_s == 0.0
    with pytest.raises(DeliveryError) as refusal:
        post(asks % b"retry-after: 7\r\n%s" % in_the_past)
    assert refusal.value.after_s == 7.0


@pytest.mark.parametrize("status", [101, 303, 500, 502, 504, 599, 600, 999])
def test_a_server_that_fails_at_it_leaves_it_unknown(status: int) -> None:
    with pytest.raises(DeliveryUnknownError):
        post(status_line(status))


def test_an_accepted_request_is_accepted_though_its_body_breaks_off() -> None:
    answer = post(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{}")
    assert answer == HttpAnswer(status=200, body=None)


def test_an_endless_body_is_cut() -> None:
    words = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (2 << 20)
    assert post(words).body is None


def trickles(head: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    """Return a far end that says the same for ten seconds, while anybody listens."""

    def answer(connection: socket.socket) -> None:
        hears(connection)
        connection.sendall(head)
        connection.settimeout(0.05)
        for _ in range(200):
            connection.sendall(piece)
            with suppress(TimeoutError):
                if not connection.recv(1):
                    return

    return answer


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (HEAD + b"X-Slow: ", b"a"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (HEAD + b"Content-Length: 999999\r\n\r\n", b"a"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    ],
    ids=["header", "continue", "body", "chunks"],
)
def test_a_far_end_that_trickles_holds_a_lane_no_longer_than_a_request_may_take(
    head: bytes, piece: bytes
) -> None:
    clock = LoopbackClock()
    with far_end(trickles(head, piece)) as url:
        short = {"connect_timeout_s": 0.1, "write_timeout_s": 0.1}
        client = exchange(url, **short)
        began_s = clock.boottime_s()
        answer = None
        with suppress(DeliveryUnknownError):
            answer = client.request("POST", url, headers={}, body=b"{}")
        took_s = clock.boottime_s() - began_s
        client.close()
    assert took_s < client.timeout_s + 1.0
    is_answered = b"\r\n\r\n" in head
    assert answer == (HttpAnswer(status=200, body=None) if is_answered else None)


def test_a_request_starts_no_thread() -> None:
    """One that waited for its end cost as much as all else about a request."""
    begun: list[int] = []

    def answer(connection: socket.socket) -> None:
        hears(connection)
        begun.append(threading.active_count())
        connection.sendall(status_line(200))

    with far_end(answer) as url:
        client = exchange(url)
        before = threading.active_count()
        client.request("POST", url, headers={}, body=b"{}")
        client.close()
    assert begun == [before]


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(words=st.binary(max_size=60) | st.binary(max_size=60).map(b"HTTP/1.1 ".__add__))
def test_no_answer_at_all_makes_anything_but_the_three_outcomes(words: bytes) -> None:
    with suppress(DeliveryError, DeliveryUnknownError):
        assert 200 <= post(words).status < 300


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("http://[::1]:{port}/a?b=c", "[::1]:{port}"),
        ("http://127.0.0.1:{port}/a?b=c", "127.0.0.1:{port}"),
    ],
)
def test_a_request_is_laid_out_as_servers_expect_it(address: str, host: str) -> None:
    heard: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        heard.append(hears(connection))
        connection.sendall(status_line(200))

    with far_end(answer, host=str(HttpUrl(address.format(port=1)).host)) as url:
        port = HttpUrl(url).port
        client = exchange(address.format(port=port))
        client.request("GET", address.format(port=port), headers={"webhook-id": "1"})
        client.close()
    asked, *headers = heard[0].decode().removesuffix("\r\n\r\n").split("\r\n")
    assert asked == "GET /a?b=c HTTP/1.1"
    assert dict(line.split(": ") for line in headers) == {
        "Host": host.format(port=port),
        "User-Agent": "natalia",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "webhook-id": "1",
    }


@pytest.mark.parametrize("target", ["/hook;key=1", "/a;b/c;d?e;f", "/hook?"])
def test_a_request_goes_to_the_address_as_it_is_configured(target: str) -> None:
    """`;` and what stands behind it were left out: another hook may have said yes."""
    heard: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        heard.append(hears(connection))
        connection.sendall(status_line(200))

    with far_end(answer) as url:
        address = str(HttpUrl(url.removesuffix("/") + target))
        client = exchange(address)
        client.request("GET", f"{address}#of-a-page", headers={})
        client.close()
    assert heard[0].splitlines()[0].decode() == f"GET {target} HTTP/1.1"


@pytest.mark.parametrize("host", ["hooks..example", f"{'a' * 64}.example"])
def test_a_host_that_is_no_name_is_a_message_not_sent_bug_its_channel_died(
    host: str,
) -> None:
    client = exchange(f"https://{host}/")
    with pytest.raises(DeliveryError):
        client.request("POST", f"https://{host}/", headers={}, body=b"{}")
    client.close()


@pytest.mark.parametrize("value", ["a\r\nx: y", "\N{SNOWMAN}"])
def test_what_no_header_can_hold_is_a_message_not_sent(value: str) -> None:
    with far_end(says(status_line(200))) as url:
        client = exchange(url)
        with pytest.raises(DeliveryError):
            client.request("POST", url, headers={"webhook-id": value}, body=b"{}")
        client.close()


def test_a_far_end_that_hangs_up_before_it_has_all_may_say_why() -> None:
    """Its refusal is for certain, though the request could not be written whole."""

    def answer(connection: socket.socket) -> None:
        connection.recv(1)
        connection.sendall(status_line(413))
        connection.shutdown(socket.SHUT_RD)

    with far_end(answer) as url:
        client = exchange(url)
        said = client.request("POST", url, headers={}, body=b"x" * (32 << 20))
        client.close()
    assert said.status == 413


def test_a_redirect_is_not_followed() -> None:
    with far_end(says(status_line(200))) as elsewhere:
        moved = b"HTTP/1.1 307 X\r\nLocation: %s\r\n" % elsewhere.encode()
        with pytest.raises(DeliveryError):
            post(moved + b"Content-Length: 0\r\n\r\n")


def test_who_serves_several_protocols_is_told_which_one_is_spoken(
    certificate: Path,
) -> None:
    spoken: list[str | None] = []
    context = server_context(certificate)
    context.set_alpn_protocols(["h2", "http/1.1"])

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            spoken.append(secured.selected_alpn_protocol())
            hears(secured)
            secured.sendall(status_line(200))

    with far_end(answer) as url:
        address = url.replace("http:", "https:")
        client = exchange(address, ca_file=certificate)
        client.request("GET", address, headers={})
        client.close()
    assert spoken == ["http/1.1"]


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert post(status_line(200)).status == 200
