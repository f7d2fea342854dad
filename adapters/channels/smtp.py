"""E-mail by SMTP submission (RFC 6409, RFC 5321)."""

import contextlib
import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from email.contentmanager import raw_data_manager
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import Compat32
from email.utils import format_datetime

from adapters.channels.effect_key import opaque_key
from adapters.channels.line import Line
from adapters.channels.options import (
    config_error,
    is_loopback,
    read_options,
    read_secret,
    require_loopback,
    tls_context,
)
from adapters.channels.smtp_session import REPLIES, RESUMED_S, SmtpOptions, SmtpSession
from engine.errors import DeliveryError, Gathered
from engine.ports.channel import PersonalMessage, Receipt
from engine.ports.clock import Clock
from engine.ports.telemetry import Telemetry
from engine.values import ChannelName, Urgency

_UTF8 = SMTP_POLICY.clone(utf8=True)  # RFC 6532, for addresses outside ASCII
_LINE_CHARACTERS_MAX = 78
_ADDRESS_CHARACTERS_MAX = 254
_ADDRESS = re.compile(r"([^\s@<>()\[\]\\,;:\"]+)@([^\s@<>()\\,;:\"]+)")
_WORDS = re.compile(r"[!-~]+(?: [!-~]+)*")
_QUEUE_ID = re.compile(r"\b(?:queued as|id=?)\s*([A-Za-z0-9.-]{4,64})", re.IGNORECASE)


class _Plain(Compat32):
    """Headers of mails to addresses in ASCII.

    The newer policy reads each header by a grammar to write it, which takes 0.9 ms a
    mail; this one looks where to fold each, for 0.3. Most are one short line.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        """Return a header as the base class does; a short one without looking."""
        whole = f"{name}: {value}"
        if len(whole) <= _LINE_CHARACTERS_MAX and _WORDS.fullmatch(value):
            return f"{whole}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


PLAIN = _Plain(linesep="\r\n")
SIGN_IN_S = 15.0
"""So long after a check that signed in the next ones only hear the greeting."""


class SmtpChannel:
    """One mail per notification, to one recipient; a connection serves a few mails.

    Before the first byte of the content a failure certainly sent nothing; from
    there until the server's answer to the final dot it is unknown. Refused for good is
    what a server says of this recipient or this content: what it says of us, or whoever
    speaks in its place before TLS, may be over in a minute.
    """

    carries = PersonalMessage

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
        self._kept: list[SmtpSession] = []
        self._signed_in_s = -SIGN_IN_S
        self.timeout_s = (
            2 * self._options.connect_timeout_s
            + RESUMED_S
            + REPLIES * self._options.read_timeout_s
            + self._options.write_timeout_s
            + self._options.accept_timeout_s
        )

    def send(self, notification: PersonalMessage) -> Receipt:
        """Hand one mail to the server; its queue id or our Message-ID is the proof.

        Raises:
            DeliveryError: certainly not sent.
            DeliveryUnknownError: the content may have been taken.

        """
        recipient = self._parse_recipient(notification.address)
        content = _stuff_dots(self._compose(notification, recipient))
        with self._line.attempt(), self._certain():
            answer = self._hand_over(self._begun(recipient), recipient, content)
        found = _QUEUE_ID.search(answer)
        return Receipt(reference=found[1] if found else self._message_id(notification))

    def check(self) -> None:
        """Connect, secure and sign in, anew; send nothing.

        Soon after one that went well only to connect and to hear the greeting: to sign
        in again and again is what providers bar an account for.

        Raises:
            DeliveryError: says at which step the server did not go along.

        """
        now_s = self._clock.boottime_s()
        is_known = now_s - self._signed_in_s < SIGN_IN_S
        with self._line.attempt(), self._certain(), contextlib.ExitStack() as failed:
            session = self._session()
            failed.callback(session.close)
            if is_known:
                session.connect()
            else:
                self._signed_in_s = -SIGN_IN_S
                session.open(self._password)
                session.noop()
                self._signed_in_s = now_s
            failed.pop_all()
            session.part()

    def rest(self) -> None:
        """Say good-bye over a connection that was kept for another mail."""
        for session in self._kept_ones():
            session.part()

    def interrupt(self) -> None:
        """Make a blocked `send` return; from another thread."""
        self._line.cut()

    def close(self) -> None:
        """End an attempt that may still run, and a connection that was kept."""
        self._line.cut()
        for session in self._kept_ones():
            session.leave()

    def _kept_ones(self) -> Iterator[SmtpSession]:
        """Take what was kept: no two threads ever get the same one."""
        with contextlib.suppress(IndexError):
            while True:
                yield self._kept.pop()

    def _begun(self, recipient: Address) -> SmtpSession:
        """Return a connection over which a mail is begun, the last mail's if it will.

        That may be the fault of a kept one, if it does not: a new one will show.
        """
        for session in self._kept_ones():
            if session.resume(self._sender, recipient):
                return session
            session.leave()
        session = self._opened()
        with contextlib.ExitStack() as failed:
            failed.callback(session.close)
            session.begin(self._sender, recipient)
            failed.pop_all()
        return session

    def _hand_over(
        self, session: SmtpSession, recipient: Address, content: bytes
    ) -> str:
        """Send one mail, and keep the connection for another one where that went well.

        Returns what the server said of it.
        """
        with contextlib.ExitStack() as failed:
            failed.callback(session.close)
            session.address(recipient)
            answer = session.content(content)
            if session.may_go_on():
                failed.pop_all()
                self._kept.append(session)
            else:
                session.part()
        return answer

    def _session(self) -> SmtpSession:
        return SmtpSession(
            self.name,
            self._options,
            local_host=self._sender.domain,
            tls=self._tls,
            line=self._line,
            clock=self._clock,
            telemetry=self._telemetry,
        )

    def _opened(self) -> SmtpSession:
        session = self._session()
        with contextlib.ExitStack() as failed:
            failed.callback(session.close)
            session.open(self._password)
            failed.pop_all()
        return session

    @contextlib.contextmanager
    def _certain(self) -> Iterator[None]:
        """Surround what fails for certain.

        `SmtpSession.content` has its own word on what does not.
        """
        fault: DeliveryError | None = None
        try:
            yield
        except ssl.SSLCertVerificationError:
            fault = DeliveryError(
                self.name, "the server's certificate does not verify", retry=True
            )
        except (OSError, smtplib.SMTPException) as error:
            # Its text may hold an address; its class says enough.
            fault = DeliveryError(
                self.name, f"not sent: {type(error).__name__}", retry=True
            )
        if fault is not None:
            raise fault from None

    def _compose(self, notification: PersonalMessage, recipient: Address) -> bytes:
        is_plain = recipient.addr_spec.isascii()
        mail = EmailMessage(policy=PLAIN if is_plain else _UTF8)
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

    def _message_id(self, notification: PersonalMessage) -> str:
        return f"<{opaque_key(notification.key)}@{self._sender.domain}>"

    def _parse_recipient(self, address: str) -> Address:
        recipient = _parse_address(address)
        if recipient is not None:
            return recipient
        raise DeliveryError(self.name, "the address is not one of e-mail", retry=False)


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
