"""One HTTP request and its answer, with a true word on what went out."""

import contextlib
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import h11
from pydantic import HttpUrl

from adapters.channels.connecting import connect
from adapters.channels.hosts import HOSTS
from adapters.channels.line import Line
from adapters.channels.options import (
    ChannelOptions,
    config_error,
    is_loopback,
    require_loopback,
    tls_context,
)
from adapters.channels.phases import Phases
from adapters.channels.retry_after import after_s
from adapters.channels.wire import Wire
from engine.errors import DeliveryError, DeliveryUnknownError, RefusalOf
from engine.ports.clock import Clock
from engine.ports.telemetry import Telemetry
from engine.values import ChannelName

_SUCCESS = 2
_REDIRECTION = 3
_CLIENT_ERROR = 4
# 303 is what a server says that has acted, and has something to show (RFC 9110).
_DONE_SEE_OTHER = 303
# 408, 425, 429 and 503 say "not now" of a request that was not acted on (RFC 9110,
# RFC 8470, RFC 6585); any other 5xx may come after the act.
_NOT_NOW = frozenset({408, 425, 429, 503})
_NOT_ABLE = frozenset({501, 505, 511})
_OF_WHAT_IS_SENT = frozenset({400, 406, 409, 411, 412, 413, 414, 415, 422, 431, 451})
# 410 says that it will be so for ever (RFC 9110). All else is also said by what stands
# in the place of a receiver that begins anew: a proxy, a maintenance page, a sign-in.
_FINAL = _OF_WHAT_IS_SENT | {410}
_ANSWER_BYTES_MAX = 1 << 20
_HEAD_BYTES_MAX = 100 << 10
_HEADERS = (
    ("User-Agent", "natalia"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "identity"),
)
_PORTS = {"http": 80, "https": 443}


class HttpOptions(ChannelOptions):
    """Keys of every channel over HTTP."""

    url: HttpUrl


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """A whole answer; `body` is None where it broke off or was too long.

    `retry_after` is when to come back, as the far end wrote it.
    """

    status: int
    body: bytes | None
    retry_after: str = ""


class Exchange:
    """HTTP for one channel: one request at a time, `interrupt` from outside.

    Each request has a connection of its own: a kept one may be dead, and a request
    lost on a dead connection looks like one lost after it arrived. No proxy, no
    cookie, no redirect, nothing from the environment.
    """

    def __init__(
        self,
        name: ChannelName,
        options: HttpOptions,
        *,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        """Check the address; no connection is made.

        Raises:
            ConfigError: plain HTTP to another machine, or a remote address where
                only loopback is allowed.

        """
        host = options.url.host or ""
        if options.only_loopback:
            require_loopback(name, "url", host)
        if options.url.scheme != "https" and not is_loopback(host):
            cure = "plain http is for loopback only"
            raise config_error(name, "url", "an https address", cure)
        if options.url.username or options.url.password:
            cure = "put the secret into a file"
            raise config_error(name, "url", "an address without a secret", cure)
        self._tls: ssl.SSLContext | None = None
        if options.ca_file is not None:
            self._tls = tls_context(name, options)
        self._name, self._options = name, options
        self._host = host.strip("[]")
        self._port = options.url.port or _PORTS[options.url.scheme]
        self._clock, self._phases = clock, Phases(name, clock, telemetry)
        self._line = Line(only_loopback=options.only_loopback)

    @property
    def timeout_s(self) -> float:
        """Return how long one request takes at most, however slowly answers trickle."""
        options = self._options
        # The name, the connection by whichever address, and TLS.
        return (
            3 * options.connect_timeout_s
            + options.write_timeout_s
            + 2 * options.read_timeout_s
        )

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b""
    ) -> HttpAnswer:
        """Send one request and return the answer, whatever its status.

        Raises:
            DeliveryError: certainly not sent, since the body had not begun.
            DeliveryUnknownError: it may have been acted on.

        """
        head = [("Host", _host_of(self._options.url)), *_HEADERS, *headers.items()]
        request = _Request(method, _target_of(url), head, body)
        with self._line.attempt():
            answer = self._attempt(request)
        if isinstance(answer, HttpAnswer):
            if answer.status // 100 == _SUCCESS and not request.is_sent:
                raise DeliveryUnknownError(self._name, "taken before it was all sent")
            return answer
        if request.body_begun:
            raise DeliveryUnknownError(self._name, f"no answer: {answer}")
        raise DeliveryError(self._name, f"not sent: {answer}", retry=True)

    def require_success(self, answer: HttpAnswer) -> None:
        """Tell an answer's verdict.

        Raises:
            DeliveryError: the far end refused, so nothing was done.
            DeliveryUnknownError: the far end failed at it.

        """
        status = answer.status
        if status // 100 == _SUCCESS:
            return
        reason = f"answered {status}"
        if status in _NOT_NOW:
            asked_s = after_s(answer.retry_after, self._clock.now())
            raise DeliveryError(self._name, reason, retry=True, after_s=asked_s)
        is_refusal = _REDIRECTION <= status // 100 <= _CLIENT_ERROR
        if (is_refusal and status != _DONE_SEE_OTHER) or status in _NOT_ABLE:
            of = RefusalOf.EITHER if status in _OF_WHAT_IS_SENT else RefusalOf.CHANNEL
            raise DeliveryError(self._name, reason, retry=status not in _FINAL, of=of)
        raise DeliveryUnknownError(self._name, reason)

    def interrupt(self) -> None:
        """Make a blocked request return; from another thread."""
        self._line.cut()

    def close(self) -> None:
        """Cut a request that may still run; a restarted actor goes on with this one."""
        self._line.cut()

    def _attempt(self, request: "_Request") -> HttpAnswer | str:
        """Return the answer, or the class of what happened instead."""
        try:
            with contextlib.closing(self._connected()) as wire:
                return self._answer(wire, request)
        except (OSError, UnicodeError, h11.ProtocolError) as error:
            # Its text may hold the address; its class says enough.
            return type(error).__name__

    def _connected(self) -> Wire:
        options, now_s = self._options, self._clock.boottime_s
        until_s = now_s() + self.timeout_s
        with self._phases.timed("connect"):
            connected = connect(
                self._host,
                self._port,
                options.connect_timeout_s,
                now_s=now_s,
                must_go_on=self._line.must_go_on,
            )
        with contextlib.ExitStack() as failed:
            failed.callback(connected.close)
            self._line.hold(connected)
            wire = Wire(connected, now_s=now_s, until_s=until_s)
            failed.pop_all()
        return wire

    def _answer(self, wire: Wire, request: "_Request") -> HttpAnswer:
        options = self._options
        try:
            if options.url.scheme == "https":
                with self._phases.timed("tls"):
                    wire.secure(self._context(), self._host, options.connect_timeout_s)
            talk = _Talk(wire, options.read_timeout_s)
            # Who closes before it has all may have said why.
            with _lost(), self._phases.timed("request"):
                request.send(talk, options.write_timeout_s)
            with self._phases.timed("answer"):
                response = talk.response()
                self._judge(wire, request, response.status_code)
                body = talk.body()
        except (OSError, h11.ProtocolError):
            HOSTS.failed(self._host, self._port, wire.where, self._clock.boottime_s())
            raise
        headers = dict(reversed(response.headers))
        named = headers.get(b"retry-after") or headers.get(b"x-ratelimit-reset") or b""
        return HttpAnswer(
            status=response.status_code,
            body=body,
            retry_after=named.decode("latin-1"),
        )

    def _judge(self, wire: Wire, request: "_Request", status: int) -> None:
        """Take it whether the address that was reached does what it is for."""
        if request.method == "HEAD":
            return  # a check: a receiver may know no HEAD, or nothing else
        if status // 100 == _SUCCESS or status in _FINAL:
            HOSTS.served(self._host, self._port, wire.where)
        else:
            HOSTS.failed(self._host, self._port, wire.where, self._clock.boottime_s())

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            import httpx2  # noqa: PLC0415 - loaded when used: it costs start-up 70 ms

            # The system's certificates, whatever the environment says of them.
            self._tls = httpx2.create_ssl_context(trust_env=False)
        self._tls.set_alpn_protocols(["http/1.1"])  # RFC 7301: some serve no other
        return self._tls


class _Talk:
    """Both sides of one connection as HTTP/1.1 has them (RFC 9112), by `h11`."""

    def __init__(self, wire: Wire, read_timeout_s: float) -> None:
        self._wire, self._read_timeout_s = wire, read_timeout_s
        self._state = h11.Connection(h11.CLIENT, _HEAD_BYTES_MAX)

    def send(self, event: h11.Event, timeout_s: float) -> None:
        if data := self._state.send(event):
            self._wire.send(data, timeout_s)

    def response(self) -> h11.Response:
        """Return what comes behind all that is only said meanwhile."""
        while isinstance(event := self._next(), h11.InformationalResponse):
            pass
        if isinstance(event, h11.Response):
            return event
        message = "no response"
        raise h11.RemoteProtocolError(message)

    def body(self) -> bytes | None:
        """Return a response's body; None where it breaks off or is too long."""
        body = bytearray()
        with contextlib.suppress(OSError, h11.ProtocolError):
            while isinstance(event := self._next(), h11.Data):
                body += event.data
                if len(body) > _ANSWER_BYTES_MAX:
                    return None
            return bytes(body)
        return None

    def _next(self) -> object:
        while (event := self._state.next_event()) is h11.NEED_DATA:
            self._state.receive_data(self._wire.receive(self._read_timeout_s))
        return event


@dataclass(slots=True)
class _Request:
    """What is asked, and how far it came: that decides what a failure means."""

    method: str
    target: bytes
    headers: list[tuple[str, str]]
    body: bytes
    body_begun: bool = False
    is_sent: bool = False

    def send(self, talk: _Talk, timeout_s: float) -> None:
        headers = self.headers
        if self.body:
            headers = [*headers, ("Content-Length", str(len(self.body)))]
        head = h11.Request(method=self.method, target=self.target, headers=headers)
        talk.send(head, timeout_s)
        self.body_begun = True
        if self.body:
            talk.send(h11.Data(data=self.body), timeout_s)
        talk.send(h11.EndOfMessage(), timeout_s)
        self.is_sent = True


@contextlib.contextmanager
def _lost() -> Iterator[None]:
    """Pass over a connection that is lost, but not over a time that is up."""
    try:
        yield
    except TimeoutError:
        raise
    except OSError:
        pass


def _target_of(url: str) -> bytes:
    """Return what stands behind the host: whatever stands there, `;key=1` too."""
    path = url.partition("://")[2].partition("/")[2]
    return f"/{path.partition('#')[0]}".encode("ascii")


def _host_of(url: HttpUrl) -> str:
    """Return the `Host` header for an address, an IPv6 one in its brackets."""
    host, port = url.host or "", url.port
    return host if port == _PORTS[url.scheme] else f"{host}:{port}"
