"""A mail server that keeps what it gets (aiosmtpd)."""

import asyncio
import socket
import ssl
import threading
import weakref
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default as default_policy

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from adapters.demo.farends.shelf import Mode, Shelf, Switch
from engine.ports.clock import Clock
from engine.values import Instant

_BACKLOG = 4096
_GREETED_AFTER = 5
"""Turns of the loop after which an accepted connection has its protocol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail as it came; `headers` have lower-case names."""

    at: Instant
    sender: str
    recipient: str
    subject: str
    text: str
    message_id: str
    headers: dict[str, str]


class MailServer:
    """SMTP on an ephemeral loopback port, in a thread of its own."""

    def __init__(
        self,
        clock: Clock,
        *,
        starttls: ssl.SSLContext | None = None,
        implicit_tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        """Take the port; nobody is answered before `start`.

        Args:
            clock: stamps what comes in.
            starttls: offer STARTTLS with this certificate, and require it.
            implicit_tls: speak TLS from the first byte.
            login: the name and password that a client must give.

        """
        self.mails = Shelf[Mail]()
        self.switch = Switch()
        self._clock = clock
        self._starttls, self._implicit_tls = starttls, implicit_tls
        self._login = login
        self._talking = weakref.WeakSet[SMTP]()
        # Named TCP: asyncio switches Nagle's algorithm off only for a socket that
        # says so, and `socket.create_server` leaves it out; EHLO then takes 40 ms.
        self._socket = socket.socket(
            socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
        )
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(_BACKLOG)
        self.host, self.port = self._socket.getsockname()
        self._ready = threading.Event()
        self._stop = self._socket.close
        self._thread = threading.Thread(target=self._run, name="demo-mail", daemon=True)

    def start(self) -> None:
        """Serve; the port answers from here on."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """End all connections and give the port back."""
        self.switch.turn(Mode.SERVE)
        self._stop()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        over = asyncio.Event()

        def stop() -> None:
            loop.call_soon_threadsafe(over.set)

        server = await loop.create_server(
            self._protocol, sock=self._socket, ssl=self._implicit_tls
        )
        self._stop = stop
        self._ready.set()
        await over.wait()
        # A server that is closed leaves open whom it has just accepted.
        loop.remove_reader(self._socket)
        for _ in range(_GREETED_AFTER):
            await asyncio.sleep(0)
        server.close()
        for one in self._talking:
            if isinstance(one.transport, asyncio.Transport):
                one.transport.abort()
        await asyncio.sleep(0)

    def _protocol(self) -> SMTP:
        talking = self._smtp()
        self._talking.add(talking)
        return talking

    def _smtp(self) -> SMTP:
        return SMTP(
            _Keeper(self),
            hostname="mail.invalid",
            ident="demo",
            enable_SMTPUTF8=True,
            tls_context=self._starttls,
            require_starttls=self._starttls is not None,
            auth_required=self._login is not None,
            auth_require_tls=self._starttls is not None,
            authenticator=self._authenticate,
            loop=asyncio.get_running_loop(),
        )

    def _authenticate(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        mechanism: str,
        auth_data: object,
    ) -> AuthResult:
        del server, session, envelope, mechanism
        given = (
            (auth_data.login.decode(), auth_data.password.decode())
            if isinstance(auth_data, LoginPassword)
            else None
        )
        return AuthResult(success=given == self._login, handled=False)

    def keep(self, sender: str, recipient: str, content: bytes) -> None:
        """Put one mail on the shelf."""
        message = message_from_bytes(content, policy=default_policy)
        body = message.get_body(("plain",))
        text = body.get_content() if body is not None else ""
        self.mails.add(
            Mail(
                at=self._clock.now(),
                sender=sender,
                recipient=recipient,
                subject=str(message["Subject"] or ""),
                text=text.replace("\r\n", "\n").removesuffix("\n"),
                message_id=str(message["Message-ID"] or ""),
                headers={key.lower(): str(value) for key, value in message.items()},
            )
        )


class _Keeper:
    """What aiosmtpd asks at each step of one connection."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def handle_EHLO(  # noqa: N802 - the library's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        del server, envelope
        session.host_name = hostname
        # As nearly all mail servers do, and the library does without saying so.
        return [responses[0], "250-PIPELINING", *responses[1:]]

    async def handle_RCPT(  # noqa: N802 - the library's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        del server, session, options
        if self._server.switch.mode is Mode.REFUSE:
            return f"550 5.1.1 <{address}> unknown here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        del session
        mode = self._server.switch.mode
        if mode is Mode.FAIL:
            return "451 4.3.0 failed at it"
        content = envelope.content
        assert isinstance(content, bytes)
        for recipient in envelope.rcpt_tos:
            self._server.keep(envelope.mail_from or "", recipient, content)
        if mode is Mode.DROP and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        if mode is Mode.HANG:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, self._server.switch.hang)
        return f"250 2.0.0 Ok: queued as D{len(self._server.mails.items()):07d}"
