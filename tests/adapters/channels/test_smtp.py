"""E-mail against a real mail server on loopback."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.channels import smtp
from adapters.channels.smtp import SmtpChannel
from adapters.channels.smtp_session import SmtpSession
from adapters.demo.farends.mail import Mail, MailServer
from adapters.demo.farends.shelf import Mode
from engine.errors import ConfigError, DeliveryError
from engine.values import EffectId, Urgency
from tests.adapters.channels.contract import (
    ADDRESS,
    TEXT,
    ChannelContract,
    LoopbackClock,
    Rig,
)
from tests.adapters.channels.tls import server_context


def rig_for(server: MailServer, **options: object) -> Rig:
    """Return a rig whose far end is a mail server."""
    return Rig(
        cls=SmtpChannel,
        options={
            "host": server.host,
            "port": server.port,
            "security": "none",
            "sender": "duty@hq.example",
            **options,
        },
        address_key="host",
        switch=server.switch,
        kept=lambda: len(server.mails.items()),
    )


@pytest.fixture
def server() -> Iterator[MailServer]:
    """Give a plain mail server."""
    server = MailServer(LoopbackClock())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def rig(server: MailServer) -> Rig:
    """Give the contract's rig."""
    return rig_for(server)


class TestSmtpContract(ChannelContract):
    """The contract of all channels."""


def only_mail(server: MailServer) -> Mail:
    """Return the one mail that came."""
    (mail,) = server.mails.items()
    return mail


def test_a_mail_carries_text_subject_and_the_marks_of_an_automatic_urgent_one(
    rig: Rig, server: MailServer
) -> None:
    receipt = rig.channel().send(rig.now())
    mail = only_mail(server)
    assert (mail.sender, mail.recipient) == ("duty@hq.example", ADDRESS)
    assert mail.text == TEXT
    assert mail.subject == "Message for Lantern"
    assert mail.headers["auto-submitted"] == "auto-generated"
    assert mail.headers["importance"] == "high"
    assert mail.headers["content-language"] == "en"
    assert receipt.reference == "D0000001"


def test_a_routine_mail_is_not_marked_urgent(rig: Rig, server: MailServer) -> None:
    rig.channel().send(replace(rig.now(), urgency=Urgency.ROUTINE))
    assert "importance" not in only_mail(server).headers


def test_the_message_id_is_the_same_on_each_attempt_and_shows_nobody(
    rig: Rig, server: MailServer
) -> None:
    rig.channel().send(rig.now())
    rig.channel().send(replace(rig.now(), attempt=2))
    rig.channel().send(replace(rig.now(), key=EffectId("another")))
    first, second, other = (mail.message_id for mail in server.mails.items())
    assert first == second != other
    assert first.endswith("@hq.example>")
    assert "heron" not in first


def test_a_failing_server_has_certainly_not_taken_it(rig: Rig) -> None:
    rig.switch.turn(Mode.FAIL)
    with pytest.raises(DeliveryError) as failure:
        rig.channel().send(rig.now())
    assert failure.value.retry is True


def test_a_server_that_does_not_greet_has_certainly_got_nothing(rig: Rig) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(DeliveryError) as failure:
            rig.channel(port=port, read_timeout_s=0.2).send(rig.now())
    assert failure.value.retry is True


def test_a_server_that_uses_each_time_out_to_the_full_is_given_up(rig: Rig) -> None:
    """Each reply is in time; all of them together are not."""

    def drag(listening: socket.socket, over: threading.Event) -> None:
        # A reply that nobody waits for any more is answered with a reset.
        with listening.accept()[0] as connection, suppress(ConnectionError):
            connection.sendall(b"220 a\r\n")
            while connection.recv(4096) and not over.wait(0.25):
                connection.sendall(b"250 a\r\n")

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drag, args=(listening, over))
        thread.start()
        port = listening.getsockname()[1]
        channel = rig.channel(port=port, read_timeout_s=0.3)
        with pytest.raises(DeliveryError) as failure:
            channel.send(rig.now())
        over.set()
        thread.join()
    assert failure.value.retry is True
    assert "answered" not in failure.value.reason


def test_an_interrupt_before_the_data_leaves_it_certain(rig: Rig) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        channel = rig.channel(port=silent.getsockname()[1])

        def cut() -> None:
            with silent.accept()[0]:
                channel.interrupt()

        cutter = threading.Thread(target=cut)
        cutter.start()
        began_s = rig.clock.boottime_s()
        with pytest.raises(DeliveryError) as failure:
            channel.send(rig.now())
        cutter.join()
    assert failure.value.retry is True
    assert rig.clock.boottime_s() - began_s < 5


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "a@b\r\nRCPT TO:<c@d>", "a b@example.org", "<a@b>, c@d", "@x", "x@"],
)
def test_what_is_not_an_address_is_refused_before_any_connection(
    rig: Rig, address: str
) -> None:
    channel = rig.channel(**rig.unreachable())
    with pytest.raises(DeliveryError) as refusal:
        channel.send(replace(rig.now(), address=address))
    assert refusal.value.retry is False
    assert not address or address not in str(refusal.value)


def test_an_address_outside_ascii_goes_by_smtputf8(
    rig: Rig, server: MailServer
) -> None:
    rig.channel().send(replace(rig.now(), address="цапля@пример.example"))
    assert only_mail(server).recipient == "цапля@пример.example"


def test_a_subject_of_several_lines_injects_no_header(
    rig: Rig, server: MailServer
) -> None:
    subject = "Hello\r\nBcc: spy@example.org"
    rig.channel().send(replace(rig.now(), subject=subject))
    mail = only_mail(server)
    assert mail.subject == "Hello Bcc: spy@example.org"
    assert "bcc" not in mail.headers


def test_plain_text_to_another_machine_is_a_configuration_fault(rig: Rig) -> None:
    with pytest.raises(ConfigError) as fault:
        rig.channel(host="mail.example.org")
    assert fault.value.key == "channel.tested.options.security"


def test_a_host_that_is_no_name_is_a_message_not_sent_bug_its_channel_died(
    rig: Rig,
) -> None:
    channel = rig.channel(host="mail..example", security="tls", only_loopback=False)
    with pytest.raises(DeliveryError):
        channel.send(rig.now())


def test_a_sign_in_needs_both_name_and_password(rig: Rig, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as fault:
        rig.channel(username="duty")
    assert fault.value.key == "channel.tested.options.password_file"
    with pytest.raises(ConfigError) as fault:
        rig.channel(password_file=tmp_path / "password")
    assert fault.value.key == "channel.tested.options.username"


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    """Give a password's file that only its owner may read."""
    path = tmp_path / "password"
    path.write_text("correct horse\n")
    path.chmod(0o600)
    return path


def test_starttls_and_the_sign_in_carry_a_mail(
    certificate: Path, password_file: Path
) -> None:
    server = MailServer(
        LoopbackClock(),
        starttls=server_context(certificate),
        login=("duty", "correct horse"),
    )
    server.start()
    rig = rig_for(
        server,
        security="starttls",
        ca_file=certificate,
        username="duty",
        password_file=password_file,
    )
    try:
        rig.channel().send(rig.now())
        rig.channel().check()
        password_file.write_text("wrong horse")
        with pytest.raises(DeliveryError) as refusal:
            rig.channel().send(rig.now())
    finally:
        server.stop()
    assert only_mail(server).recipient == ADDRESS
    assert refusal.value.retry is True
    assert "horse" not in str(refusal.value)


def test_checks_sign_in_seldom_and_find_a_server_that_is_gone_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who signs in every few seconds is barred by the provider."""
    signed_in = []

    def signs_in(session: SmtpSession, password: str | None) -> None:
        signed_in.append(password)
        session.connect()

    monkeypatch.setattr(SmtpSession, "open", signs_in)
    server = MailServer(LoopbackClock())
    server.start()
    channel = rig_for(server).channel()
    for _ in range(5):
        channel.check()
    assert len(signed_in) == 1
    monkeypatch.setattr(smtp, "SIGN_IN_S", 0.0)
    channel.check()
    assert len(signed_in) == 2
    monkeypatch.undo()
    server.stop()
    with pytest.raises(DeliveryError):
        channel.check()


def test_a_reply_in_parts_takes_no_time_from_the_handshake_behind_it(
    rig: Rig, certificate: Path
) -> None:
    """The handshake had what the reply to STARTTLS left of its own time."""

    def greet(listening: socket.socket, never: threading.Event) -> None:
        with listening.accept()[0] as connection, suppress(OSError):
            connection.sendall(b"220 a\r\n")
            connection.recv(4096)
            connection.sendall(b"250-a\r\n250 STARTTLS\r\n")
            connection.recv(4096)
            connection.sendall(b"220 ")
            never.wait(0.7)
            connection.sendall(b"a")
            never.wait(0.05)
            connection.sendall(b"\r\n")
            never.wait(0.6)
            secure = server_context(certificate)
            with secure.wrap_socket(connection, server_side=True) as over_tls:
                over_tls.recv(4096)
                over_tls.sendall(b"450 a\r\n")
                over_tls.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=greet, args=(listening, threading.Event()))
        thread.start()
        channel = rig.channel(
            port=listening.getsockname()[1],
            security="starttls",
            ca_file=certificate,
            read_timeout_s=1.0,
        )
        with pytest.raises(DeliveryError) as failure:
            channel.send(rig.now())
        thread.join()
    assert failure.value.reason == "EHLO was answered 450"


def test_implicit_tls_carries_a_mail_and_a_strange_certificate_stops_it(
    certificate: Path,
) -> None:
    server = MailServer(LoopbackClock(), implicit_tls=server_context(certificate))
    server.start()
    rig = rig_for(server, security="tls")
    try:
        rig.channel(ca_file=certificate).send(rig.now())
        with pytest.raises(DeliveryError) as refusal:
            rig.channel().send(rig.now())
    finally:
        server.stop()
    assert only_mail(server).recipient == ADDRESS
    assert refusal.value.retry is True
    assert "certificate" in refusal.value.reason


def test_a_server_without_starttls_gets_nothing_in_the_clear(
    server: MailServer, certificate: Path
) -> None:
    rig = rig_for(server, security="starttls", ca_file=certificate)
    with pytest.raises(DeliveryError):
        rig.channel().send(rig.now())
    assert not server.mails.items()


def test_a_password_that_others_can_read_is_a_configuration_fault(
    rig: Rig, password_file: Path
) -> None:
    password_file.chmod(0o644)
    with pytest.raises(ConfigError) as fault:
        rig.channel(username="duty", password_file=password_file)
    assert fault.value.key == "channel.tested.options.password_file"
    assert "chmod" in fault.value.cure
