"""A mail server that answers each command as its script says: no library would."""

import re
import select
import socket
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
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
HANGS_UP = b"hangs up"
_GO_AHEAD = re.compile(rb"^354", re.MULTILINE)
TAKES_ALL = {"EHLO": b"250-a\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n"}
"""It says that it takes commands together (RFC 2920)."""


class ScriptedMail:
    """Answers one connection after the other; may be changed at any time."""

    def __init__(self, script: Mapping[str, bytes], *, forgets: bool = False) -> None:
        """Take the answers that are not the usual ones.

        `MAIL 2` is what the second `MAIL` of a connection is answered, `RCPT TO:<a@b>`
        what this very line is. One that `forgets` answers a command as if nothing had
        come behind it, as things on the way do that know one command at a time.
        """
        self.script, self.forgets = dict(script), forgets
        self.contents: list[bytes] = []
        """What came between `DATA` and the dot, whatever it was answered."""
        self.talks: list[Counter[str]] = []
        """What was said over each connection, and how often."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._connection = self._listening
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

    def hang_up(self) -> None:
        """End the connection that there is, without a word."""
        self._connection.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                connection.settimeout(5)
                self._connection = connection
                with connection, suppress(OSError):
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        said: Counter[str] = Counter()
        self.talks.append(said)
        # Where something is to be forgotten none of it may lie in a buffer of ours.
        with connection.makefile("rb", buffering=not self.forgets) as lines:
            self._answer(connection, "greeting")
            while line := lines.readline():
                if self.forgets and select.select([connection], [], [], 0)[0]:
                    connection.recv(4096)
                word = line.split()[0].decode("ascii").upper()
                answer = self._answer(connection, word, line)
                if word == "DATA" and _GO_AHEAD.search(answer):
                    self._take(connection, lines)

    def _take(self, connection: socket.socket, lines: Iterable[bytes]) -> None:
        """Take a content; what ends before its dot is none (RFC 5321, 4.1.1.4)."""
        content = b""
        for line in lines:
            if line == b".\r\n":
                self.contents.append(content)
                self._answer(connection, "content")
                return
            content += line

    def _answer(self, connection: socket.socket, word: str, line: bytes = b"") -> bytes:
        said = self.talks[-1]
        said[word] += 1
        usual = self.script.get(word, OUR_ANSWERS.get(word, b"502 a\r\n"))
        usual = self.script.get(f"{word} {said[word]}", usual)
        rest = line.partition(b" ")[2].decode().strip()
        # Python 3.13 says `to:` in small letters: RFC 5321 minds no case of it.
        lines = {key.upper(): answer for key, answer in self.script.items()}
        answer = lines.get(f"{word} {rest}".upper(), usual)
        if answer == HANGS_UP:
            raise ConnectionAbortedError
        connection.sendall(answer)
        return answer
