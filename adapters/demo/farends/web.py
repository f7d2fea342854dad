"""HTTP on an ephemeral loopback port, the part that hook and Mastodon share."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer

from adapters.demo.farends.shelf import Mode, Switch

_BODY_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WebRequest:
    """One request; header names are in lower case, `target` has path and query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAnswer:
    """A status and its JSON."""

    status: HTTPStatus
    body: bytes = b"{}"


class WebServer(ABC):
    """A far end over HTTP; what it answers is the subclass's."""

    def __init__(self) -> None:
        """Take the port; nobody is answered before `start`."""
        self.switch = Switch()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        host, port = self._server.server_address[:2]
        self.url = f"http://{host!s}:{port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="demo-web",
            daemon=True,
        )

    def start(self) -> None:
        """Serve."""
        self._thread.start()

    def stop(self) -> None:
        """End, and give the port back."""
        self.switch.turn(Mode.SERVE)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def respond(self, request: WebRequest) -> WebAnswer | None:
        """Return the answer as the switch stands; None for a dropped connection."""
        match self.switch.mode:
            case Mode.REFUSE:
                return WebAnswer(status=HTTPStatus.UNPROCESSABLE_ENTITY)
            case Mode.FAIL:
                return WebAnswer(status=HTTPStatus.INTERNAL_SERVER_ERROR)
            case Mode.HANG:
                answer = self.answer(request)
                self.switch.hang()
                return answer
            case Mode.DROP:
                self.answer(request)
                return None
            case Mode.SERVE:
                return self.answer(request)

    @abstractmethod
    def answer(self, request: WebRequest) -> WebAnswer:
        """Take one request and answer it; from any thread."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 4096

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hangs up is what the tests are about."""


def _handler(server: WebServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 30
        protocol_version = "HTTP/1.1"

        def __init__(self, request: object, peer: object, base: BaseServer) -> None:
            super().__init__(request, peer, base)  # type: ignore[arg-type] # passed on

        def handle_any(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), _BODY_BYTES_MAX)
            answer = server.respond(
                WebRequest(
                    method=self.command,
                    target=self.path,
                    headers={key.lower(): value for key, value in self.headers.items()},
                    body=self.rfile.read(length),
                )
            )
            self.close_connection = True
            if answer is None:
                return
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        do_GET = do_HEAD = do_POST = handle_any  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing: an address may be in it."""

    return Handler
