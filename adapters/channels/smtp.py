"""E-mail by SMTP submission (RFC 6409, RFC 5321)."""

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from email.contentmanager import raw_data_manager
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import Compat32
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import Field

from adapters.channels.effect_key import opaque_key
from adapters.channels.line import Line
from adapters.channels.options import (
    ChannelOptions,
    Seconds,
    Whole,
    config_error,
    is_loopback,
    read_options,
    read_secret,
    require_loopback,
    tls_context,
)
from adapters.channels.replies import Replies, is_of_the_message
from engine.errors import DeliveryError, DeliveryUnknownError, Gathered
from engine.ports.channel import Notification, Receipt
from engine.ports.clock import Clock
from engine.ports.telemetry import Telemetry
from engine.values import ChannelName, Urgency

# The newer policy reads each header by a grammar to write it: 0.9 ms a mail, not 0.2.
_PLAIN = Compat32(linesep="\r\n")
_UTF8 = SMTP_POLICY.clone(utf8=True)  # RFC 6532, for addresses outside ASCII
_OK = 250
_READY = 220
_GO_AHEAD = 354
_AUTHENTICATED = 235
_REFUSALS = range(400, 600)
_GOODBYE_S = 1.0
# All replies before the content together, in units of one's time-out: a server that
# uses each to the full is too slow to wait for.
_REPLIES = 3
_ADDRESS_CHARACTERS_MAX = 254
_ADDRESS = re.compile(r"([^\s@<>()\[\]\\,;:\"]+)@([^\s@<>()\\,;:\"]+)")
_QUEUE_ID = re.compile(r"\b(?:queued as|id=?)\s*([A-Za-z0-9.-]{4,64})", re.IGNORECASE)


class SmtpOptions(ChannelOptions):
    """Keys of an e-mail channel; `read_timeout_s` is for each reply but the last."""

    host: str = Field(min_length=1)
    port: Whole = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: str
    subject: str = "Alarm"
    username: str | None = None
    password_file: Path | None = None
    accept_timeout_s: Seconds = 20.0


class SmtpChannel:
    """One mail per notification, to one recipient, over a connection of its own.

    Before the first byte of the content a failure certainly sent nothing; from
    there until the server's answer to the final dot it is unknown. Refused for good is
    what a server says of this recipient or this content: what it says of us, or whoever
    speaks in its place before TLS, may be over in a minute.
    """

    def __init__(
        self,
        name: str,
        options: Mapping[str, object],
        *,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        """Check the options; no connection is made.

        Raises:
            ConfigError: names the key path.

        """
        self.name = ChannelName(name)
        self._options = read_options(SmtpOptions, name, options)
        self._clock = clock
        self._telemetry = telemetry
        self._line = Line(only_loopback=self._options.only_loopback)
        gathered = Gathered()
        with gathered.block():
            self._sender = _parse_sender(name, self._options.sender)
        with gathered.block():
            self._password = _read_password(name, self._options)
        with gathered.block():
            self._tls = _security(name, self._options)
        gathered.tell()
        self._until_s = 0.0
        self.timeout_s = (
            self._options.connect_timeout_s
            + _REPLIES * self._options.read_timeout_s
            + self._options.write_timeout_s
            + self._options.accept_timeout_s
        )

    def send(self, notification: Notification) -> Receipt:
        """Hand one mail to the server; its queue id or our Message-ID is the proof.

        Raises:
            DeliveryError: certainly not sent.
            DeliveryUnknownError: the content may have been taken.

        """
        recipient = self._parse_recipient(notification.address)
        with self._session() as smtp:
            content = self._compose(notification, recipient, smtp)
            self._envelope(smtp, recipient)
            answer = self._content(smtp, content)
        found = _QUEUE_ID.search(answer)
        return Receipt(reference=found[1] if found else self._message_id(notification))

    def check(self) -> None:
        """Connect, secure and sign in; send nothing.

        Raises:
            DeliveryError: says at which step the server did not go along.

        """
        with self._session() as smtp:
            self._say(smtp, smtp.noop, _OK, "NOOP")

    def interrupt(self) -> None:
        """Make a blocked `send` return; from another thread."""
        self._line.cut()

    def close(self) -> None:
        """End an attempt that may still run; nothing else is held."""
        self._line.cut()

    @contextlib.contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """Connect up to where MAIL may be said; every failure inside is certain.

        `_content` has its own word on what is not.
        """
        smtp = smtplib.SMTP(local_hostname=self._sender.domain)
        fault: DeliveryError | None = None
        with self._line.attempt():
            try:
                self._connect(smtp)
                self._sign_in(smtp)
                yield smtp
                with contextlib.suppress(OSError):
                    self._part(smtp)
            except ssl.SSLCertVerificationError:
                fault = DeliveryError(
                    self.name, "the server's certificate does not verify", retry=True
                )
            except (OSError, smtplib.SMTPException) as error:
                # Its text may hold an address; its class says enough.
                fault = DeliveryError(
                    self.name, f"not sent: {type(error).__name__}", retry=True
                )
            finally:
                smtp.close()
        if fault is not None:
            raise fault from None

    def _connect(self, smtp: smtplib.SMTP) -> None:
        options = self._options
        with self._timed("connect"):
            try:
                connected = socket.create_connection(
                    (options.host, options.port), options.connect_timeout_s
                )
            except UnicodeError as error:  # of a host that cannot be one: mail..example
                raise ConnectionError from error
            smtp.sock = connected
            self._line.hold(connected)
        self._until_s = self._clock.boottime_s() + _REPLIES * options.read_timeout_s
        connected.settimeout(options.read_timeout_s)
        self._listen(smtp, connected)
        if options.security == "tls":
            self._secure(smtp, connected)
        self._say(smtp, smtp.getreply, _READY, "the greeting")
        self._greet(smtp)
        if options.security == "starttls":
            self._say(smtp, partial(smtp.docmd, "STARTTLS"), _READY, "STARTTLS")
            self._secure(smtp, connected)
            self._greet(smtp)

    def _secure(self, smtp: smtplib.SMTP, connected: socket.socket) -> None:
        assert self._tls is not None
        self._pace(smtp)
        with self._timed("tls"):
            smtp.sock = self._tls.wrap_socket(
                connected, server_hostname=self._options.host
            )
        # RFC 3207, 4.2: forget what was learnt in the clear, buffered bytes too.
        self._listen(smtp, smtp.sock)
        smtp.ehlo_resp = None
        smtp.helo_resp = None
        smtp.esmtp_features = {}

    def _listen(self, smtp: smtplib.SMTP, connected: socket.socket) -> None:
        smtp.file = Replies(connected, self._clock, self._until_s)

    def _greet(self, smtp: smtplib.SMTP) -> None:
        self._say(smtp, smtp.ehlo, _OK, "EHLO")

    def _sign_in(self, smtp: smtplib.SMTP) -> None:
        if self._options.username is None or self._password is None:
            return
        self._pace(smtp, _REPLIES)
        try:
            smtp.login(self._options.username, self._password)
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError):
            reason = "the sign-in was refused"
        except ValueError:  # a challenge that is no base64
            reason = "the sign-in was answered by no challenge"
        else:
            return
        raise DeliveryError(self.name, reason, retry=True) from None

    def _envelope(self, smtp: smtplib.SMTP, recipient: Address) -> None:
        extensions = [] if recipient.addr_spec.isascii() else ["SMTPUTF8"]
        mail = partial(smtp.mail, self._sender.addr_spec, extensions)
        self._say(smtp, mail, _OK, "MAIL")
        rcpt = partial(smtp.rcpt, recipient.addr_spec)
        self._say(smtp, rcpt, _OK, "RCPT", is_final=True)
        data = partial(smtp.docmd, "DATA")
        self._say(smtp, data, _GO_AHEAD, "DATA", is_final=True)

    def _content(self, smtp: smtplib.SMTP, content: bytes) -> str:
        assert smtp.sock is not None
        lost: str | None = None
        try:
            smtp.sock.settimeout(self._options.write_timeout_s)
            with self._timed("request"):
                smtp.sock.sendall(_stuff_dots(content) + b".\r\n")
            self._allow(smtp, self._options.accept_timeout_s)
            with self._timed("answer"):
                code, text = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            lost = type(error).__name__
        if lost is not None:
            reason = f"no answer to the content: {lost}"
            raise DeliveryUnknownError(self.name, reason) from None
        if code // 10 != _OK // 10 and code not in _REFUSALS:
            raise DeliveryUnknownError(self.name, "the answer to the content is none")
        self._expect((code, text), _OK, "the content", is_final=True)
        return text.decode("ascii", "replace")

    def _part(self, smtp: smtplib.SMTP) -> None:
        # The mail is out: a server that is slow to say goodbye holds up nobody.
        if smtp.sock is not None:
            self._allow(smtp, _GOODBYE_S)
            smtp.quit()

    def _compose(
        self, notification: Notification, recipient: Address, smtp: smtplib.SMTP
    ) -> bytes:
        utf8 = not recipient.addr_spec.isascii()
        if utf8 and not smtp.has_extn("smtputf8"):
            raise DeliveryError(
                self.name, "the server takes no address outside ASCII", retry=False
            )
        mail = EmailMessage(policy=_UTF8 if utf8 else _PLAIN)
        mail["From"] = self._sender.addr_spec
        mail["To"] = recipient.addr_spec
        subject = notification.subject or self._options.subject
        mail["Subject"] = " ".join(subject.split())
        mail["Date"] = format_datetime(self._clock.now().to_datetime())
        mail["Message-ID"] = self._message_id(notification)
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies
        if notification.urgency is Urgency.DISTRESS:
            mail["Importance"] = "high"
            mail["Priority"] = "urgent"
        mail.set_content(
            notification.text, cte="quoted-printable", content_manager=raw_data_manager
        )
        mail["Content-Language"] = notification.language
        return mail.as_bytes()

    def _message_id(self, notification: Notification) -> str:
        return f"<{opaque_key(notification.key)}@{self._sender.domain}>"

    def _parse_recipient(self, address: str) -> Address:
        recipient = _parse_address(address)
        if recipient is not None:
            return recipient
        raise DeliveryError(self.name, "the address is not one of e-mail", retry=False)

    def _say(
        self,
        smtp: smtplib.SMTP,
        command: Callable[[], tuple[int, bytes]],
        wanted: int,
        step: str,
        *,
        is_final: bool = False,
    ) -> None:
        self._pace(smtp)
        self._expect(command(), wanted, step, is_final=is_final)

    def _pace(self, smtp: smtplib.SMTP, replies: int = 1) -> None:
        left_s = self._until_s - self._clock.boottime_s()
        if left_s <= 0:
            raise TimeoutError
        self._allow(smtp, min(left_s, replies * self._options.read_timeout_s))

    def _allow(self, smtp: smtplib.SMTP, seconds: float) -> None:
        """Bound what is written next, and all of the reply to it."""
        if smtp.sock is None:
            raise TimeoutError
        smtp.sock.settimeout(seconds)
        if isinstance(smtp.file, Replies):
            smtp.file.until_s = self._clock.boottime_s() + seconds

    def _expect(
        self, reply: tuple[int, bytes], wanted: int, step: str, *, is_final: bool
    ) -> None:
        # The server's words may repeat the address: only its code goes on.
        code = reply[0]
        if code // 10 != wanted // 10:
            retry = not (is_final and is_of_the_message(reply))
            raise DeliveryError(self.name, f"{step} was answered {code}", retry=retry)

    @contextlib.contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        began_s = self._clock.boottime_s()
        yield
        self._telemetry.observe(
            "channel_phase_seconds",
            self._clock.boottime_s() - began_s,
            channel=self.name,
            phase=phase,
        )


def _parse_address(text: str) -> Address | None:
    """Return an address without a quoted part, None where it is not one."""
    found = _ADDRESS.fullmatch(text)
    if found is None or len(text) > _ADDRESS_CHARACTERS_MAX:
        return None
    return Address(username=found[1], domain=found[2])


def _parse_sender(channel: str, sender: str) -> Address:
    address = _parse_address(sender)
    if address is not None and sender.isascii():
        return address
    raise config_error(
        channel, "sender", "an e-mail address in ASCII", "write user@example.org"
    )


def _read_password(channel: str, options: SmtpOptions) -> str | None:
    if options.username is None and options.password_file is None:
        return None
    if options.username is None:
        cure = "add it, or leave out password_file"
        raise config_error(channel, "username", "a name for the sign-in", cure)
    if options.password_file is None:
        cure = "add it, or leave out username"
        raise config_error(channel, "password_file", "a file with the password", cure)
    if not options.username.isascii():
        raise config_error(channel, "username", "a name in ASCII", "correct the name")
    if options.security == "none" and not is_loopback(options.host):
        raise config_error(
            channel, "security", "tls or starttls", "never sign in plain"
        )
    return read_secret(channel, "password_file", options.password_file)


def _security(channel: str, options: SmtpOptions) -> ssl.SSLContext | None:
    if options.only_loopback:
        require_loopback(channel, "host", options.host)
    if options.security == "none":
        if not is_loopback(options.host):
            cure = "plain text is for a server on loopback only"
            raise config_error(channel, "security", "tls or starttls", cure)
        return None
    return tls_context(channel, options)


def _stuff_dots(content: bytes) -> bytes:
    """Return content as DATA carries it (RFC 5321, 4.5.2)."""
    return re.sub(rb"(?m)^\.", b"..", content)
