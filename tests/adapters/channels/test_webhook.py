"""The webhook against a real HTTP server on loopback."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from adapters.channels.webhook import WebhookChannel
from adapters.demo.farends.hook import HookServer
from adapters.demo.farends.shelf import Mode
from engine.errors import ConfigError, DeliveryError, DeliveryUnknownError, RefusalOf
from engine.values import EffectId
from tests.adapters.channels.contract import (
    ADDRESS,
    TEXT,
    ChannelContract,
    LoopbackClock,
    Rig,
)
from tests.adapters.channels.tls import server_context

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@pytest.fixture
def server() -> Iterator[HookServer]:
    """Give a receiver."""
    server = HookServer(LoopbackClock(), secret=SECRET)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """Give the secret's file."""
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def rig(server: HookServer, secret_file: Path) -> Rig:
    """Give the contract's rig."""
    return Rig(
        cls=WebhookChannel,
        options={"url": server.url, "secret_file": secret_file},
        address_key="url",
        switch=server.switch,
        kept=lambda: len(server.hooks.items()),
    )


class TestWebhookContract(ChannelContract):
    """The contract of all channels."""


def test_the_payload_has_type_time_and_what_is_to_be_said(
    rig: Rig, server: HookServer
) -> None:
    notification = replace(rig.now(), repeat=1)
    receipt = rig.channel().send(notification)
    (hook,) = server.hooks.items()
    assert hook.identifier == receipt.reference
    assert hook.payload["type"] == "alarm.notification"
    assert hook.payload["timestamp"] == str(notification.planned_at)
    assert hook.data == {
        "alarm": "42",
        "to": ADDRESS,
        "subject": "Message for Lantern",
        "text": TEXT,
        "language": "en",
        "urgency": "distress",
        "repeat": 1,
    }


def test_a_second_attempt_has_the_same_id_so_that_the_receiver_can_drop_it(
    rig: Rig, server: HookServer
) -> None:
    rig.channel().send(rig.now())
    rig.channel().send(replace(rig.now(), attempt=2))
    rig.channel().send(replace(rig.now(), key=EffectId("another")))
    assert [hook.repeat for hook in server.hooks.items()] == [False, True, False]
    assert "heron" not in server.hooks.items()[0].identifier


def test_a_wrong_secret_is_refused_by_the_receiver(
    rig: Rig, server: HookServer, secret_file: Path
) -> None:
    secret_file.write_text("whsec_" + "A" * 32)
    with pytest.raises(DeliveryError) as refusal:
        rig.channel().send(rig.now())
    assert refusal.value.of is RefusalOf.CHANNEL
    assert len(server.forgeries.items()) == 1
    assert rig.kept() == 0


def test_a_clock_far_off_is_refused_by_the_receiver(rig: Rig) -> None:
    rig.clock.ahead_s = 3600
    with pytest.raises(DeliveryError):
        rig.channel().send(rig.now())


def test_a_failing_receiver_may_have_taken_it(rig: Rig) -> None:
    rig.switch.turn(Mode.FAIL)
    with pytest.raises(DeliveryUnknownError):
        rig.channel().send(rig.now())
    with pytest.raises(DeliveryError):
        rig.channel().check()


def test_a_receiver_that_knows_no_head_is_there_bug_it_was_down_until_an_alarm(
    rig: Rig,
) -> None:
    """As Python's own server and many a small one: it answers 501."""
    receiver = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    with receiver:
        thread = threading.Thread(target=receiver.serve_forever, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{receiver.server_port}/"
        replace(rig, options={**rig.options, "url": url}).channel().check()
        receiver.shutdown()
        thread.join()


@pytest.fixture
def secure(rig: Rig, server: HookServer, certificate: Path) -> Rig:
    """Give the rig over TLS."""
    listening = server._server.socket
    server._server.socket = server_context(certificate).wrap_socket(
        listening, server_side=True
    )
    url = server.url.replace("http:", "https:")
    return replace(rig, options={**rig.options, "url": url})


def test_tls_carries_a_webhook_for_a_known_authority_only(
    secure: Rig, certificate: Path
) -> None:
    secure.channel(ca_file=certificate).send(secure.now())
    assert secure.kept() == 1
    labels = '{channel="tested",phase="tls"}'
    line = f"natalia_channel_phase_seconds_count{labels} 1.0"
    assert line in secure.metrics.expose()[0].decode()
    with pytest.raises(DeliveryError):
        secure.channel().send(secure.now())
    assert secure.kept() == 1


def test_an_interrupt_reaches_below_tls(secure: Rig, certificate: Path) -> None:
    secure.switch.turn(Mode.HANG)
    channel = secure.channel(ca_file=certificate)

    def cut() -> None:
        began_s = secure.clock.boottime_s()
        while secure.kept() == 0:
            assert secure.clock.boottime_s() - began_s < 5
        channel.interrupt()

    cutter = threading.Thread(target=cut)
    cutter.start()
    began_s = secure.clock.boottime_s()
    with pytest.raises(DeliveryUnknownError):
        channel.send(secure.now())
    cutter.join()
    assert secure.clock.boottime_s() - began_s < 5


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://example.org/", "url"),
        ("ftp://example.org/", "url"),
        ("https://name:word@example.org/", "url"),
        ("nonsense", "url"),
    ],
)
def test_an_address_that_would_leak_is_a_configuration_fault(
    rig: Rig, url: str, key: str
) -> None:
    with pytest.raises(ConfigError) as fault:
        rig.channel(url=url)
    assert fault.value.key == f"channel.tested.options.{key}"
    assert url not in str(fault.value)


@pytest.mark.parametrize("content", ["", "plainword", "whsec_", "whsec_!", "whsec_é"])
def test_a_secret_that_is_none_is_named_and_not_shown(
    rig: Rig, secret_file: Path, content: str
) -> None:
    secret_file.write_text(content)
    with pytest.raises(ConfigError) as fault:
        rig.channel()
    assert fault.value.key == "channel.tested.options.secret_file"
    assert not content or content not in str(fault.value).replace("whsec_ and", "")


def test_a_secret_that_is_not_there_is_named(rig: Rig, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as fault:
        rig.channel(secret_file=tmp_path / "absent")
    assert fault.value.key == "channel.tested.options.secret_file"
    assert "No such file" in fault.value.cure


def test_a_bad_ca_file_is_found_at_the_start(rig: Rig, secret_file: Path) -> None:
    with pytest.raises(ConfigError) as fault:
        rig.channel(ca_file=secret_file)
    assert fault.value.key == "channel.tested.options.ca_file"
