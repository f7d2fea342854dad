"""A mail server that answers each command as its script says: no library would."""

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Self

OUR_ANSWERS = {
    "greeting": b"220 a\r\n",
    "EHLO": b"250-a\r\n250 AUTH PLAIN\r\n",
    "AUTH": b"235 a\r\n",
    "NOOP": b"250 a\r\n",
    "MAIL": b"250 a\r\n",
    "RCPT": b"250 a\r\n",
    "DATA": b"354 a\r\n",
    "content": b"250 a\r\n",
    "QUIT": b"221 a\r\n",
}


class ScriptedMail:
    """Answers one connection after the other; `script` may be changed at any time."""

    def __init__(self, script: Mapping[str, bytes]) -> None:
        """Take the answers that are not the usual ones."""
        self.script = dict(script)
        self.contents: list[bytes] = []
        """What came between `DATA` and the dot, whatever it was answered."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, with the connection that there is."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                connection.settimeout(5)
                with connection, suppress(OSError):
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        connection.sendall(self._answer("greeting"))
        lines = connection.makefile("rb")
        while line := lines.readline():
            word = line.split()[0].decode("ascii").upper()
            answer = self._answer(word)
            connection.sendall(answer)
            if word == "DATA" and answer.startswith(b"354"):
                self.contents.append(b"".join(iter(lines.readline, b".\r\n")))
                connection.sendall(self._answer("content"))

    def _answer(self, word: str) -> bytes:
        return self.script.get(word, OUR_ANSWERS.get(word, b"502 a\r\n"))
