"""One HTTP request and its answer, with a true word on what went out."""

import contextlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from pydantic import HttpUrl

from adapters.channels.line import Line
from adapters.channels.options import (
    ChannelOptions,
    config_error,
    is_loopback,
    require_loopback,
    tls_context,
)
from adapters.channels.retry_after import after_s
from engine.errors import DeliveryError, DeliveryUnknownError, RefusalOf
from engine.ports.clock import Clock
from engine.ports.telemetry import Telemetry
from engine.values import ChannelName

if TYPE_CHECKING:
    import ssl

    import httpcore2

    from adapters.channels.deadline import Deadline

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
_HEADERS = {"User-Agent": "natalia", "Accept": "*/*", "Accept-Encoding": "identity"}
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
        """Check the address; the HTTP library is loaded by the first request.

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
        self._verify: ssl.SSLContext | None = None
        if options.ca_file is not None:
            self._verify = tls_context(name, options)
        self._name, self._options = name, options
        self._clock, self._telemetry = clock, telemetry
        self._line = Line(only_loopback=options.only_loopback)
        self._limits_s = {
            "connect": options.connect_timeout_s,
            "write": options.write_timeout_s,
            "read": options.read_timeout_s,
            "pool": options.connect_timeout_s,
        }
        self._host = _host_of(options.url)
        self._client: tuple[httpcore2.ConnectionPool, Deadline] | None = None

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
        progress = _Progress(self._line, self._clock)
        with self._line.attempt():
            answer = self._attempt(
                method, url, headers=headers, body=body, progress=progress
            )
        for phase, seconds in progress.phases():
            self._telemetry.observe(
                "channel_phase_seconds", seconds, channel=self._name, phase=phase
            )
        if isinstance(answer, HttpAnswer):
            if answer.status // 100 == _SUCCESS and not progress.body_sent:
                raise DeliveryUnknownError(self._name, "taken before it was all sent")
            return answer
        if progress.body_begun:
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
        """Cut a request that may still run and give the client back.

        The next request opens another: a restarted actor goes on with this channel.
        """
        self._line.cut()
        client, self._client = self._client, None
        if client is not None:
            client[0].close()

    def _attempt(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        progress: "_Progress",
    ) -> HttpAnswer | str:
        """Return the answer, or the class of what happened instead."""
        pool, deadline = self._client or self._open()
        deadline.begin(self._clock.boottime_s() + self.timeout_s)
        is_check = method == "HEAD"
        try:
            with pool.stream(
                method,
                url,
                headers=list({"Host": self._host, **_HEADERS, **headers}.items()),
                content=body or None,
                extensions={
                    "target": _target_of(url),
                    "timeout": self._limits_s,
                    "trace": progress.trace,
                },
            ) as response:
                serves = response.status // 100 == _SUCCESS
                if not is_check:  # a receiver may know no HEAD, or nothing else
                    deadline.judge(serves=serves or response.status in _FINAL)
                return HttpAnswer(
                    status=response.status,
                    body=_read(response),
                    retry_after=_first(response, b"retry-after")
                    or _first(response, b"x-ratelimit-reset"),
                )
        except _failures() as error:
            deadline.judge(serves=False)
            # Its text may hold the address; its class says enough.
            return type(error).__name__

    def _open(self) -> "tuple[httpcore2.ConnectionPool, Deadline]":
        import httpcore2  # noqa: PLC0415 - loaded when used: it costs start-up 70 ms

        from adapters.channels.deadline import Deadline  # noqa: PLC0415 - as above

        deadline = Deadline(self._clock.boottime_s, self._line.must_go_on)
        pool = httpcore2.ConnectionPool(
            ssl_context=self._context(),
            max_keepalive_connections=0,
            network_backend=deadline,
        )
        self._client = pool, deadline
        return self._client

    def _context(self) -> "ssl.SSLContext | None":
        if self._verify is not None or self._options.url.scheme != "https":
            return self._verify
        import httpx2  # noqa: PLC0415 - as above

        # The system's certificates, whatever the environment says of them.
        return httpx2.create_ssl_context(trust_env=False)


@runtime_checkable
class _Stream(Protocol):
    """What we use of the HTTP library's network stream."""

    def get_extra_info(self, info: str, /) -> socket.socket: ...
    def close(self) -> None: ...


class _Progress:
    """How far a request came, told by the HTTP library's trace events."""

    def __init__(self, line: Line, clock: Clock) -> None:
        self._line, self._clock = line, clock
        self._at_s: dict[str, float] = {}
        self.body_begun = self.body_sent = False

    def trace(self, event: str, info: Mapping[str, object]) -> None:
        self._at_s[event] = self._clock.boottime_s()
        match event:
            case "connection.connect_tcp.complete":
                self._hold(info["return_value"])
            case "http11.send_request_body.started":
                self.body_begun = True
            case "http11.send_request_body.complete":
                self.body_sent = True

    def phases(self) -> list[tuple[str, float]]:
        """Return the phases that ended, each with its seconds."""
        spans = (
            ("connect", "connection.connect_tcp", "connection.connect_tcp"),
            ("tls", "connection.start_tls", "connection.start_tls"),
            ("request", "http11.send_request_headers", "http11.send_request_body"),
            ("answer", "http11.receive_response_headers", "http11.response_closed"),
        )
        at_s = self._at_s
        return [
            (phase, at_s[f"{last}.complete"] - at_s[f"{first}.started"])
            for phase, first, last in spans
            if f"{first}.started" in at_s and f"{last}.complete" in at_s
        ]

    def _hold(self, stream: object) -> None:
        assert isinstance(stream, _Stream)
        try:
            self._line.hold(stream.get_extra_info("socket"))
        except OSError:
            stream.close()
            raise


def _read(response: "httpcore2.Response") -> bytes | None:
    body = bytearray()
    with contextlib.suppress(*_failures()):
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > _ANSWER_BYTES_MAX:
                return None
        return bytes(body)
    return None


def _first(response: "httpcore2.Response", name: bytes) -> str:
    """Return the first header of a name in small letters; empty without one."""
    values = (value for key, value in response.headers if key.lower() == name)
    return next(values, b"").decode("latin-1")


def _failures() -> tuple[type[Exception], ...]:
    """Return how a request fails; the HTTP library is loaded by then."""
    import httpcore2  # noqa: PLC0415 - as above

    return (
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.TimeoutException,
        httpcore2.UnsupportedProtocol,
        UnicodeError,  # of a host that cannot be one, such as hooks..example
        OSError,
    )


def _target_of(url: str) -> bytes:
    """Return what stands behind the host: the HTTP library would leave out `;key=1`."""
    path = url.partition("://")[2].partition("/")[2]
    return f"/{path.partition('#')[0]}".encode("ascii")


def _host_of(url: HttpUrl) -> str:
    """Return the `Host` header for an address, an IPv6 one in its brackets."""
    host, port = url.host or "", url.port
    return host if port == _PORTS[url.scheme] else f"{host}:{port}"
