"""The far ends over HTTP, spoken to by the standard library's client."""

import http.client
import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from adapters.demo.farends.hook import HookServer
from adapters.demo.farends.mastodon import MastodonServer
from adapters.demo.farends.shelf import Mode
from adapters.demo.farends.web import WebServer
from tests.fakes import ManualClock

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BEARER = {"Authorization": "Bearer word"}


def ask(
    server: WebServer,
    method: str,
    path: str,
    body: str = "",
    headers: dict[str, str] | None = None,
) -> tuple[int, object]:
    """Return status and JSON of one request."""
    client = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
    try:
        client.request(method, path, body, headers or {})
        answer = client.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None
    finally:
        client.close()


@pytest.fixture
def hooks() -> Iterator[HookServer]:
    """Give a webhook's receiver."""
    server = HookServer(ManualClock(), secret=SECRET)
    server.start()
    yield server
    server.stop()


def test_a_webhook_without_a_good_signature_is_refused_and_counted(
    hooks: HookServer,
) -> None:
    forged = {
        "webhook-id": "msg_1",
        "webhook-timestamp": "soon",
        "webhook-signature": "v1,AAAA",
    }
    assert ask(hooks, "POST", "/", "{}", forged)[0] == 401
    assert ask(hooks, "POST", "/", "{}")[0] == 401
    assert ask(hooks, "GET", "/")[0] == 405
    assert len(hooks.forgeries.items()) == 2
    assert hooks.hooks.items() == ()


def test_a_switched_far_end_refuses_fails_or_drops(hooks: HookServer) -> None:
    hooks.switch.turn(Mode.REFUSE)
    assert ask(hooks, "HEAD", "/")[0] == 422
    hooks.switch.turn(Mode.FAIL)
    assert ask(hooks, "HEAD", "/")[0] == 500
    hooks.switch.turn(Mode.DROP)
    with pytest.raises(http.client.RemoteDisconnected):
        ask(hooks, "HEAD", "/")


@pytest.fixture
def clock() -> ManualClock:
    """Give the clock of the instance."""
    return ManualClock()


@pytest.fixture
def instance(clock: ManualClock) -> Iterator[MastodonServer]:
    """Give a Mastodon instance."""
    server = MastodonServer(clock, token="word")
    server.start()
    yield server
    server.stop()


def test_the_instance_wants_its_token(instance: MastodonServer) -> None:
    path = "/api/v1/accounts/verify_credentials"
    assert ask(instance, "GET", path)[0] == 401
    assert ask(instance, "GET", path, "", BEARER)[0] == 200
    assert ask(instance, "GET", "/api/v2/nothing", "", BEARER)[0] == 404


def test_the_key_of_a_post_is_forgotten_after_an_hour(
    instance: MastodonServer, clock: ManualClock
) -> None:
    headers = {**BEARER, "Idempotency-Key": "k"}
    body = json.dumps({"status": "Write: https://example.org/x <b>\nTwo"})
    first = ask(instance, "POST", "/api/v1/statuses", body, headers)
    clock.advance(3599)
    assert ask(instance, "POST", "/api/v1/statuses", body, headers) == first
    clock.advance(1)
    assert ask(instance, "POST", "/api/v1/statuses", body, headers) != first
    assert len(instance.posts.items()) == 2
    content = instance.posts.items()[0].as_json()["content"]
    assert isinstance(content, str)
    assert '<span class="invisible">https://</span>' in content
    assert "&lt;b&gt;<br />Two" in content


def test_a_stopped_server_has_given_its_port_back() -> None:
    server = HookServer(ManualClock(), secret=SECRET)
    server.start()
    server.stop()
    parts = urlsplit(server.url)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((str(parts.hostname), parts.port or 0), 1)
