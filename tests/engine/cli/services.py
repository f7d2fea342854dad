"""A control socket that says what a test wants, and the command line in one call."""

import json
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from engine.cli.main import main


@dataclass(kw_only=True)
class Service:
    """What was asked, and what is answered: status and JSON by path.

    `then` has what is answered from the moment on at which a path was asked.
    """

    state: Path
    answers: dict[str, tuple[int, object]] = field(default_factory=dict)
    then: dict[str, dict[str, tuple[int, object]]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def service(**answers: tuple[int, object]) -> Iterator[Service]:
    """Serve a control socket; a key is a path whose slashes are double underscores."""
    with tempfile.TemporaryDirectory(prefix="natalia-") as folder:
        made = Service(state=Path(folder))
        made.answers = {
            f"/{key.replace('__', '/')}": answer for key, answer in answers.items()
        }

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("content-length", 0))
                body = self.rfile.read(length).decode()
                made.asked.append((f"{self.command} {self.path}", body))
                route = self.path.partition("?")[0]
                status, found = made.answers[route]
                made.answers |= made.then.get(route, {})
                raw = found if isinstance(found, bytes) else None
                text = json.dumps(found).encode() if raw is None else raw
                self.send_response(status)
                self.send_header("content-length", str(len(text)))
                self.send_header("connection", "close")
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                pass

            def address_string(self) -> str:
                return "control"

        path = str(made.state / "control.sock")
        with socketserver.ThreadingUnixStreamServer(path, Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield made
            finally:
                server.shutdown()
                thread.join()


def natalia(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run a command in this process; return its exit code."""
    monkeypatch.setattr("sys.argv", ["natalia", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    code = ended.value.code
    return code if isinstance(code, int) else 0
