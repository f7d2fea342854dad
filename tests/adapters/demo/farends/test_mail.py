"""The mail server, spoken to by the standard library's client."""

import gc
import smtplib
import socket
import warnings

import pytest

from adapters.demo.farends.mail import MailServer
from adapters.demo.farends.shelf import Mode
from tests.fakes import START, ManualClock

MAIL = "Subject: =?utf-8?q?H=C3=A4lp?=\r\nMessage-ID: <1@a>\r\n\r\nOne\r\n..two\r\n"


def test_a_mail_is_kept_for_each_recipient_with_the_clocks_time() -> None:
    server = MailServer(ManualClock())
    server.start()
    try:
        with smtplib.SMTP(server.host, server.port) as client:
            client.sendmail("a@a.example", ["b@b.example", "c@c.example"], MAIL)
    finally:
        server.stop()
    first, second = server.mails.items()
    assert (first.recipient, second.recipient) == ("b@b.example", "c@c.example")
    assert (first.at, first.subject, first.message_id) == (START, "Hälp", "<1@a>")
    assert first.text == "One\n..two"


def test_the_switch_refuses_the_recipient_or_fails_at_the_content() -> None:
    server = MailServer(ManualClock())
    server.start()
    try:
        with smtplib.SMTP(server.host, server.port) as client:
            server.switch.turn(Mode.REFUSE)
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                client.sendmail("a@a.example", "b@b.example", MAIL)
            server.switch.turn(Mode.FAIL)
            with pytest.raises(smtplib.SMTPDataError):
                client.sendmail("a@a.example", "b@b.example", MAIL)
    finally:
        server.stop()
    assert server.mails.items() == ()


@pytest.mark.parametrize("started", [True, False])
def test_a_stopped_server_has_given_its_port_back(*, started: bool) -> None:
    server = MailServer(ManualClock())
    if started:
        server.start()
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), 1)


def test_a_stopped_server_has_let_go_of_everybody() -> None:
    """Whoever came at that moment was collected amid another test, as never closed."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(20):
            server = MailServer(ManualClock())
            server.start()
            at = (server.host, server.port)
            clients = [socket.create_connection(at, 5) for _ in range(20)]
            server.stop()
            for client in clients:
                client.close()
        gc.collect()
    assert [str(one.message) for one in told] == []
