"""One connection to a mail server, from the greeting to the good-bye (RFC 5321)."""

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Callable
from email.headerregistry import Address
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import Field

from adapters.channels.connecting import connect
from adapters.channels.hosts import HOSTS
from adapters.channels.line import Line
from adapters.channels.options import ChannelOptions, Seconds, Whole
from adapters.channels.phases import Phases
from adapters.channels.replies import (
    OUT_OF_STEP,
    Replies,
    is_of_the_message,
    refusal_of,
)
from engine.errors import DeliveryError, DeliveryUnknownError, RefusalOf
from engine.ports.clock import Clock
from engine.ports.telemetry import Telemetry
from engine.values import ChannelName

_OK = 250
_READY = 220
_GO_AHEAD = 354
_REFUSALS = range(400, 600)
_GOODBYE_S = 1.0
REPLIES = 3
"""All replies before the content together, in units of one's time-out: a server that
uses each to the full is too slow to wait for."""
MAILS_MAX = 20
"""So many go over one connection; more than a few servers count, and then refuse."""
KEPT_S = 5.0
"""So long after its last mail a connection is worth trying: a new one costs a few
round trips, a handshake and a sign-in."""
RESUMED_S = 2.0
"""So long it has to take up another mail; the network may have forgotten it."""

_Ask = Callable[[], tuple[int, bytes]]
"""Says something, and returns the reply."""


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


class SmtpSession:
    """A connection that is signed in, and over which mails go one after another.

    Used by one thread at a time. `OSError` and `smtplib.SMTPException` of anything
    but `content` mean that the mail under way is certainly not sent.
    """

    def __init__(
        self,
        name: ChannelName,
        options: SmtpOptions,
        *,
        local_host: str,
        tls: ssl.SSLContext | None,
        line: Line,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        """Prepare; nothing is connected before `open`."""
        self.name, self._options, self._tls = name, options, tls
        self._line, self._clock = line, clock
        self._phases = Phases(name, clock, telemetry)
        self._smtp = smtplib.SMTP(local_hostname=local_host)
        self._until_s = self._kept_until_s = 0.0
        self._mails = 0
        self._where: object = None
        self._serves = False
        self._is_all_said = False
        """Whether the recipient and DATA went with MAIL, and are yet to be answered."""

    def open(self, password: str | None) -> None:
        """Connect, secure, greet and sign in, up to where MAIL may be said.

        Raises:
            DeliveryError: the server does not go along; says at which step.
            OSError: it cannot be reached, or does not answer in time.

        """
        options = self._options
        connected = self.connect()
        self._greet()
        if options.security == "starttls":
            self._say(partial(self._smtp.docmd, "STARTTLS"), _READY, "STARTTLS")
            self._secure(connected)
            self._greet()
        if options.username is not None and password is not None:
            self._sign_in(options.username, password)

    def connect(self) -> socket.socket:
        """Connect and hear the server's greeting.

        Raises:
            DeliveryError, OSError: as `open`.

        """
        options = self._options
        with self._phases.timed("connect"):
            try:
                connected = connect(
                    options.host,
                    options.port,
                    options.connect_timeout_s,
                    now_s=self._clock.boottime_s,
                    must_go_on=self._line.must_go_on,
                )
            except UnicodeError as error:  # of a host that cannot be one: mail..example
                raise ConnectionError from error
            self._smtp.sock, self._where = connected, connected.getpeername()
            self._line.hold(connected)
        self._until_s = self._clock.boottime_s() + REPLIES * options.read_timeout_s
        self._listen(connected)
        if options.security == "tls":
            self._secure(connected)
        self._say(self._smtp.getreply, _READY, "the greeting")
        return connected

    def noop(self) -> None:
        """Ask whether the server is there.

        Raises:
            DeliveryError: it says that it is not.

        """
        self._say(self._smtp.noop, _OK, "NOOP")

    def begin(self, sender: Address, recipient: Address) -> None:
        """Say that a mail comes, and from whom.

        For whom is said in the same breath to a server that takes commands together
        (RFC 2920): a round trip instead of three. One that says so and then does not go
        along, or something on the way, is given them one by one from then on.

        Raises:
            DeliveryError: the server does not go along, or cannot take the address.

        """
        smtp = self._smtp
        is_plain = recipient.addr_spec.isascii()
        if not is_plain and not smtp.has_extn("smtputf8"):  # RFC 6531
            self._serves = True
            raise DeliveryError(
                self.name, "the server takes no address outside ASCII", retry=False
            )
        extensions = [] if is_plain else ["SMTPUTF8"]
        self._is_all_said = self._takes_all()
        if self._is_all_said:
            mail = " ".join([f"MAIL FROM:<{sender.addr_spec}>", *extensions])
            rcpt = f"RCPT TO:<{recipient.addr_spec}>"
            self._say(partial(self._ask_all, mail, rcpt, "DATA"), _OK, "MAIL")
        else:
            ask = partial(smtp.mail, sender.addr_spec, extensions)
            self._say(ask, _OK, "MAIL")

    def _takes_all(self) -> bool:
        host, port = self._options.host, self._options.port
        return self._smtp.has_extn("pipelining") and HOSTS.takes_all(host, port)

    def _ask_all(self, *lines: str) -> tuple[int, bytes]:
        """Say several commands, and return the reply to the first one."""
        smtp = self._smtp
        smtp.send("".join(f"{line}\r\n" for line in lines).encode())
        if smtp.sock is not None:
            # Lest a server that answers them one by one, and waits for an
            # acknowledgement of each answer before the next, takes 40 ms for each.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return smtp.getreply()

    def resume(self, sender: Address, recipient: Address) -> bool:
        """Begin another mail; False where a new connection is the better one.

        That is so if this one was not used for a while, and if the server has said
        something unasked, mostly good-bye (421) or nothing at all any more, or does
        not want another mail over it. One that answers all that is said together at
        once, and takes long for the recipient, would lose each: it is told one by one
        from then on.
        """
        connected, replies = self._smtp.sock, self._smtp.file
        if connected is None or not isinstance(replies, Replies):
            return False
        now_s = self._clock.boottime_s()
        if now_s > self._kept_until_s or not replies.is_silent():
            return False
        self._until_s = now_s + RESUMED_S
        replies.renew()
        try:
            self._line.hold(connected)
            self.begin(sender, recipient)
        except (OSError, smtplib.SMTPException, DeliveryError):
            if self._clock.boottime_s() >= replies.until_s:
                self._doubt_together()
            return False
        self._until_s = (
            self._clock.boottime_s() + REPLIES * self._options.read_timeout_s
        )
        return True

    def address(self, recipient: Address) -> None:
        """Say for whom, up to where the content may be sent.

        Raises:
            DeliveryError: the server does not go along; says at which step.

        """
        smtp = self._smtp
        if self._is_all_said:
            # Both before either is believed: where one is left out the other may be it.
            rcpt, data = self._hear(smtp.getreply), self._hear(smtp.getreply)
            self._expect(rcpt, _OK, "RCPT", is_final=True)
        else:
            rcpt = self._hear(partial(smtp.rcpt, recipient.addr_spec))
            self._expect(rcpt, _OK, "RCPT", is_final=True)
            data = self._hear(partial(smtp.docmd, "DATA"))
        self._expect(data, _GO_AHEAD, "DATA", is_final=True)
        self._is_all_said = False

    def content(self, content: bytes) -> str:
        """Send a mail, whose dots are stuffed, and return what the server says of it.

        Raises:
            DeliveryError: it was refused.
            DeliveryUnknownError: it may have been taken.

        """
        smtp, replies = self._smtp, self._smtp.file
        assert smtp.sock is not None
        assert isinstance(replies, Replies)
        self._hear_early()
        lost: str | None = None
        try:
            smtp.sock.settimeout(self._options.write_timeout_s)
            with self._phases.timed("request"):
                smtp.sock.sendall(content + b".\r\n")
            self._allow(self._options.accept_timeout_s)
            replies.classes.clear()
            with self._phases.timed("answer"):
                code, text = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            lost = type(error).__name__
        if lost is not None:
            reason = f"no answer to the content: {lost}"
            raise DeliveryUnknownError(self.name, reason) from None
        is_answer = code // 10 == _OK // 10 or code in _REFUSALS
        if not is_answer or len(replies.classes) > 1:  # RFC 5321, 4.2.1: one code
            raise DeliveryUnknownError(self.name, "the answer to the content is none")
        self._expect((code, text), _OK, "the content", is_final=True)
        self._mails += 1
        HOSTS.served(self._options.host, self._options.port, self._where)
        self._kept_until_s = self._clock.boottime_s() + KEPT_S
        return text.decode("ascii", "replace")

    def _hear_early(self) -> None:
        """Hear what a server says of a content that it has not got.

        That proves nothing: only what comes behind the content is an answer to it.

        Raises:
            DeliveryError: it refuses; nothing of the content is sent.

        """
        replies = self._smtp.file
        assert isinstance(replies, Replies)
        early = replies.unasked()
        if early[:1] in {b"4", b"5"}:
            raise DeliveryError(self.name, "refused before the content", retry=True)
        if early:
            self._mails = MAILS_MAX

    def may_go_on(self) -> bool:
        """Say whether another mail may go over this connection."""
        return self._mails < MAILS_MAX and self._smtp.sock is not None

    def part(self) -> None:
        """Say good-bye, and close; a server that is slow to answer holds up nobody."""
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if self._smtp.sock is not None:
                self._allow(_GOODBYE_S)
                self._smtp.quit()
        self._smtp.close()

    def leave(self) -> None:
        """Say good-bye, and close without an answer: somebody waits for us."""
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if self._smtp.sock is not None:
                self._allow(_GOODBYE_S)
                self._smtp.putcmd("QUIT")
        self._smtp.close()

    def close(self) -> None:
        """Close without a word, since it went wrong: another address goes first.

        Not so where it was this one message that the server refused.
        """
        self._smtp.close()
        if self._where is not None and not self._serves:
            host, port = self._options.host, self._options.port
            HOSTS.failed(host, port, self._where, self._clock.boottime_s())
            self._doubt_together()

    def _doubt_together(self) -> None:
        """Take what is not answered as too much at once."""
        if self._is_all_said:
            HOSTS.takes_one(self._options.host, self._options.port)

    def _secure(self, connected: socket.socket) -> None:
        assert self._tls is not None
        self._pace()
        smtp = self._smtp
        with self._phases.timed("tls"):
            smtp.sock = self._tls.wrap_socket(
                connected, server_hostname=self._options.host
            )
        # RFC 3207, 4.2: forget what was learnt in the clear, buffered bytes too.
        self._listen(smtp.sock)
        smtp.ehlo_resp = None
        smtp.helo_resp = None
        smtp.esmtp_features = {}

    def _listen(self, connected: socket.socket) -> None:
        self._smtp.file = Replies(connected, self._clock, self._until_s)

    def _greet(self) -> None:
        self._say(self._smtp.ehlo, _OK, "EHLO")

    def _sign_in(self, username: str, password: str) -> None:
        self._pace(REPLIES)
        try:
            self._smtp.login(username, password)
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError):
            reason = "the sign-in was refused"
        except ValueError:  # a challenge that is no base64
            reason = "the sign-in was answered by no challenge"
        else:
            return
        raise DeliveryError(self.name, reason, retry=True) from None

    def _say(self, command: _Ask, wanted: int, step: str) -> None:
        self._expect(self._hear(command), wanted, step)

    def _hear(self, command: _Ask) -> tuple[int, bytes]:
        self._pace()
        return command()

    def _pace(self, replies: int = 1) -> None:
        left_s = self._until_s - self._clock.boottime_s()
        if left_s <= 0:
            raise TimeoutError
        self._allow(min(left_s, replies * self._options.read_timeout_s))

    def _allow(self, seconds: float) -> None:
        """Bound what is written next, and all of the reply to it."""
        smtp = self._smtp
        if smtp.sock is None:
            raise TimeoutError
        smtp.sock.settimeout(seconds)
        if isinstance(smtp.file, Replies):
            smtp.file.until_s = self._clock.boottime_s() + seconds

    def _expect(
        self,
        reply: tuple[int, bytes],
        wanted: int,
        step: str,
        *,
        is_final: bool = False,
    ) -> None:
        # The server's words may repeat the address: only its code goes on.
        code = reply[0]
        if code // 10 != wanted // 10:
            if code in _REFUSALS and code not in OUT_OF_STEP:
                self._is_all_said = False  # it has gone along, up to here
            retry = not (is_final and is_of_the_message(reply))
            of = refusal_of(reply) if is_final else RefusalOf.CHANNEL
            self._serves = of is RefusalOf.MESSAGE
            raise DeliveryError(
                self.name, f"{step} was answered {code}", retry=retry, of=of
            )
