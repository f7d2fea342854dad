"""What every outside client's test needs: a modem, a time limit, a log on failure."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.modem import pdu_text
from adapters.modem.pdu import Deliver
from adapters.modem.pdu_encode import encode_deliver
from adapters.modem.pdu_fields import Address, Charset
from adapters.modem.pdu_text import Concat
from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_links import Link, PtyLink
from adapters.modem.virtual_network import VirtualNetwork
from engine.clock import SystemClock
from engine.values import Instant

LIMIT_S = 60.0
SIM = "+46700000001"
PERSON = "+46701234567"
SHORT = "Larm: kom till Heron, åäö {1}"
CYRILLIC = "Тревога: Цапля"
LONG_CYRILLIC = "Тревога: Цапля не отвечает, место неизвестно. " * 3 + "Конец"
LONG = "This alarm has more to say than one message holds. " * 5
_LOOK_EVERY_S = 0.05
_AGAIN_S = 4.0
_LOG_TAIL = 6000


@dataclass(slots=True)
class Bench:
    """A virtual modem under test.

    `dialogue` is all that was said on its port, `said` what each command that ran to
    its end printed last.
    """

    modem: VirtualModem
    folder: Path
    sent: list[tuple[str, str]] = field(default_factory=list)
    dialogue: list[str] = field(default_factory=list)
    started_s: float = field(default_factory=time.monotonic)
    logs: list[Path] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)

    def sent_texts(self) -> str:
        """Return what reached the network, parts joined."""
        return "|".join(text for _, text in self.sent)

    def until(
        self,
        what: str,
        holds: Callable[[], object],
        again: Callable[[], object] | None = None,
    ) -> None:
        """Wait until something holds; fail at the client's limit.

        What is to be done `again` is done every few seconds until then.
        """
        never, again_s = threading.Event(), time.monotonic() + _AGAIN_S
        while not holds():
            now_s = time.monotonic()
            if now_s - self.started_s > LIMIT_S:
                pytest.fail(f"not within {LIMIT_S:.0f} s: {what}")
            if again is not None and now_s > again_s:
                again()
                again_s = now_s + _AGAIN_S
            never.wait(_LOOK_EVERY_S)

    def run(self, *command: str, env: dict[str, str] | None = None) -> str:
        """Run a client to its end; its output. Fails where it fails or hangs."""
        code, output = self._ended(command, env)
        if code:
            pytest.fail(f"{command[0]}: {code}")
        return output

    def asks(self, *command: str, env: dict[str, str]) -> str:
        """Run a client to its end; its output, empty where it fails."""
        code, output = self._ended(command, env)
        return "" if code else output

    def _ended(
        self, command: Sequence[str], env: dict[str, str] | None
    ) -> tuple[int, str]:
        left_s = max(1.0, LIMIT_S - (time.monotonic() - self.started_s))
        line = " ".join(command)
        try:
            done = subprocess.run(
                command,
                check=False,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=left_s,
                env=(os.environ | env) if env else None,
                cwd=self.folder,
            )
        except subprocess.TimeoutExpired as hung:
            self.said[line] = _text(hung.stdout) + _text(hung.stderr)
            pytest.fail(f"{command[0]} hangs")
        self.said[line] = done.stdout + done.stderr
        return done.returncode, done.stdout

    def log(self, name: str) -> Path:
        """Name a log that is printed on failure."""
        path = self.folder / name
        self.logs.append(path)
        return path

    def report(self) -> str:
        """Return the tails of all logs, of what clients said and of the dialogue."""
        parts = [
            f"--- {log.name}\n{log.read_text(errors='replace')[-_LOG_TAIL:]}"
            for log in self.logs
            if log.exists()
        ]
        parts += [
            f"--- {line}\n{text[-_LOG_TAIL:]}" for line, text in self.said.items()
        ]
        dialogue = "\n".join(self.dialogue)[-_LOG_TAIL:]
        return "\n".join([*parts, f"--- dialogue\n{dialogue}", f"sent: {self.sent}"])

    @contextmanager
    def running(
        self, *command: str, log: str, env: dict[str, str] | None = None
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a daemon for the time of a block; its whole group ends with it."""
        with self.log(log).open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=(os.environ | env) if env else None,
                cwd=self.folder,
                start_new_session=True,
            )
            try:
                yield process
            finally:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()


@contextmanager
def bench(folder: Path, link: Link | None = None) -> Iterator[Bench]:
    """Plug in a virtual modem, under a name that stays where no link is given.

    Whatever fails inside carries the bench's report as its note, which pytest prints.
    """
    clock = SystemClock()

    def on_message(sender: str, to: str, text: str, at: Instant) -> None:
        del sender, at
        made.sent.append((to, text))

    network = VirtualNetwork(clock=clock, on_message=on_message)
    with VirtualModem(
        SIM,
        clock=clock,
        network=network,
        link=link or PtyLink(folder / "modem"),
        watch=lambda direction, text: made.dialogue.append(f"{direction} {text}"),
    ) as modem:
        made = Bench(modem, folder)
        try:
            yield made
        except BaseException as error:  # pytest's own failures are no `Exception`
            error.add_note(made.report())
            raise


def _text(output: bytes | str | None) -> str:
    """Return what `TimeoutExpired` kept: octets, though text was asked for."""
    return (
        output.decode(errors="replace") if isinstance(output, bytes) else output or ""
    )


def folders(under: Path, names: Sequence[str]) -> None:
    """Make the spool folders that a daemon wants to find."""
    for name in names:
        (under / name).mkdir()


def parts_of(text: str) -> list[tuple[str, int]]:
    """Return a text in two parts of UCS-2, as a DELIVER and its length each."""
    halves = (text[: len(text) // 2], text[len(text) // 2 :])
    return [
        encode_deliver(
            Deliver(
                sender=Address(text=PERSON, toa=0x91),
                user_data=pdu_text.build(
                    half,
                    Charset.UCS2,
                    concat=Concat(reference=7, total=2, number=number),
                ),
                dcs=8,
                sent_at=datetime(2026, 11, 25, 3, 0, tzinfo=UTC),
            )
        )
        for number, half in enumerate(halves, start=1)
    ]


def holds_text(folder: Path, text: str) -> bool:
    """Return whether a file in a folder has this text, in UTF-8 or UTF-16."""
    for path in folder.iterdir():
        raw = path.read_bytes()
        if text.encode() in raw or text.encode("utf-16-be") in raw:
            return True
    return False
