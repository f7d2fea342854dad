"""What the demo supplies: far ends on loopback, two virtual modems, the service."""

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

from adapters.demo.farends.hook import HookServer
from adapters.demo.farends.mail import MailServer
from adapters.demo.farends.mastodon import MastodonServer
from adapters.demo.farends.shelf import Shelf
from adapters.demo.folder import ThrowAwayFolder
from adapters.modem.host_clock import HostClock
from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_links import PtyLink
from adapters.modem.virtual_network import VirtualNetwork
from engine.errors import EngineError
from engine.values import Instant

READY_WITHIN_S = 20.0
READERS_WITHIN_S = 5.0
OPERATORS = ("alder", "rowan")
MODEM_NUMBERS = ("+46701740690", "+46701740691")


class StageError(EngineError):
    """The demo's service did not come up; says what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentSms:
    """A short message that a virtual modem has handed to its network."""

    number: str
    text: str
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class RungNumber:
    """A telephone that rang."""

    number: str
    at: Instant


@dataclass(slots=True)
class Ports:
    """Where the service listens, as it has announced itself."""

    console: str = ""
    metrics: str = ""
    devices: dict[str, tuple[str, int]] = field(default_factory=dict)
    are_open: bool = False


class Stage:
    """Everything around one engine, in a throw-away folder; a context manager."""

    def __init__(self, *, console_port: int, metrics_port: int) -> None:
        """Prepare; nothing runs before the `with` block."""
        self.clock = HostClock()
        self._throw_away = ThrowAwayFolder()
        self.folder = self._throw_away.path
        self.state = self.folder / "state"
        self.messages = Shelf[SentSms]()
        self.calls = Shelf[RungNumber]()
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        token = secrets.token_urlsafe()
        self.mail = MailServer(self.clock)
        self.hook = HookServer(self.clock, secret=secret)
        self.mastodon = MastodonServer(self.clock, token=token)
        self.network = VirtualNetwork(clock=self.clock, on_message=self._sent)
        self.modems = [self._modem(number) for number in (0, 1)]
        self.roster = tomllib.loads(_sample_roster())
        self.ports = Ports()
        self.passwords: dict[str, str] = {}
        self.password_files: dict[str, Path] = {}
        self._console_port, self._metrics_port = console_port, metrics_port
        self._secrets = {"webhook-secret": secret, "mastodon-token": token}
        self._service: subprocess.Popen[str] | None = None
        self._said: list[str] = []
        self._readers: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Start the far ends, then the service."""
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything; the folder goes with it."""
        self.close()

    def close(self) -> None:
        """Stop the service, the modems and the far ends; remove the folder."""
        service = self._service
        if service is not None and service.poll() is None:
            service.send_signal(signal.SIGTERM)
            try:
                service.wait(timeout=5)
            except subprocess.TimeoutExpired:
                service.kill()
                service.wait()
        if service is not None and service.stdin is not None:
            service.stdin.close()
        for reader in self._readers:
            reader.join(READERS_WITHIN_S)
        for modem in self.modems:
            modem.stop()
        for server in (self.mail, self.hook, self.mastodon):
            server.stop()
        self._throw_away.remove()

    def numbers(self) -> Mapping[str, str]:
        """Return whose telephone a number of the sample roster is."""
        return {
            number: person["id"]
            for person in self.roster["person"]
            for number in person.get("numbers", ())
        }

    def person(self, person: str) -> Mapping[str, object]:
        """Return a person of the sample roster."""
        found: Mapping[str, object] = next(
            one for one in self.roster["person"] if one["id"] == person
        )
        return found

    def number(self, person: str) -> str:
        """Return somebody's first number."""
        return cast("list[str]", self.person(person)["numbers"])[0]

    def officers(self) -> list[str]:
        """Return who is on duty, in the order in which they are paged."""
        found: list[str] = self.roster["rota"]["duty"]
        return found

    def service_said(self) -> str:
        """Return the last lines of the service's log."""
        return "".join(self._said[-20:])

    def _start(self) -> None:
        for server in (self.mail, self.hook, self.mastodon):
            server.start()
        for modem in self.modems:
            modem.start()
        self._write_files()
        # Its input ends with us, whatever ends us: `kill -9` leaves no engine behind.
        serve = ("serve", "--until-stdin-ends", "--config", self._config())
        self._service = subprocess.Popen(  # noqa: S603 - our own program, fixed words
            [sys.executable, "-m", "engine", *serve],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._listen_to(self._service)
        for operator in OPERATORS:
            words = ("operator", "add", operator, "--state", str(self.state), "--json")
            path = Path(json.loads(self._natalia(*words))["password_file"])
            self.password_files[operator] = path
            self.passwords[operator] = path.read_text(encoding="utf-8").strip()

    def _natalia(self, *words: str) -> str:
        done = subprocess.run(  # noqa: S603 - our own program, fixed words
            [sys.executable, "-m", "engine", *words],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            message = f"natalia {words[0]}: {done.stderr.strip()}"
            raise StageError(message)
        return done.stdout

    def _listen_to(self, service: "subprocess.Popen[str]") -> None:
        """Read where it listens; fail with its own words where it does not come up."""
        if service.stdout is None or service.stderr is None:
            message = "the service has no output"
            raise StageError(message)
        settled = threading.Event()
        self._readers = [
            threading.Thread(target=self._keep, args=(service.stderr,), daemon=True),
            threading.Thread(
                target=self._read_ports, args=(service.stdout, settled), daemon=True
            ),
        ]
        for reader in self._readers:
            reader.start()
        if settled.wait(READY_WITHIN_S) and not self.ports.are_open:
            self._readers[0].join(READERS_WITHIN_S)  # it has ended: its last words
        if not self.ports.are_open:
            raise StageError(_why_not(self.service_said()))

    def _keep(self, stream: IO[str]) -> None:
        with stream:
            self._said.extend(stream)

    def _read_ports(self, stream: IO[str], settled: threading.Event) -> None:
        """Read until it says that it is ready, or ends before that, and on."""
        with stream:
            for line in stream:
                self._read_port(line)
                if self.ports.are_open:
                    settled.set()
        settled.set()

    def _read_port(self, line: str) -> None:
        name, _, value = line.strip().partition(" ")
        match name, value.strip():
            case "console", url:
                self.ports.console = url.rstrip("/")
            case "metrics", url:
                self.ports.metrics = url
            case "state", _:
                self.ports.are_open = True
            case _, address if ":" in address:
                host, _, port = address.rpartition(":")
                self.ports.devices[name] = (host, int(port))

    def _modem(self, number: int) -> VirtualModem:
        return VirtualModem(
            MODEM_NUMBERS[number],
            clock=self.clock,
            network=self.network,
            link=PtyLink(symlink=self.folder / f"modem-{number + 1}"),
            on_call=self._rang,
        )

    def _sent(self, sender: str, number: str, text: str, at: Instant) -> None:
        if sender in MODEM_NUMBERS:
            self.messages.add(SentSms(number=number, text=text, at=at))

    def _rang(self, caller: str, number: str) -> None:
        del caller
        self.calls.add(RungNumber(number=number, at=self.clock.now()))

    def _write_files(self) -> None:
        (self.folder / "roster.toml").write_text(_sample_roster(), encoding="utf-8")
        for name, secret in self._secrets.items():
            path = self.folder / name
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(secret)

    def _config(self) -> str:
        folder = self.folder
        text = f"""\
state = "{self.state}"
roster = "roster.toml"
log = "text"
demo = true

[console]
port = {self._console_port}
[metrics]
port = {self._metrics_port}
[gateway.gt06]
port = 0
[gateway.osmand]
port = 0

[[modem]]
name = "modem-1"
port = "{folder / "modem-1"}"
[[modem]]
name = "modem-2"
port = "{folder / "modem-2"}"

[[channel]]
name = "email"
kind = "email"
[channel.options]
host = "127.0.0.1"
port = {self.mail.port}
security = "none"
sender = "engine@natalia.invalid"

[[channel]]
name = "webhook"
kind = "webhook"
[channel.options]
url = "{self.hook.url}"
secret_file = "{folder / "webhook-secret"}"

[[channel]]
name = "public"
kind = "mastodon"
[channel.options]
url = "{self.mastodon.url}"
token_file = "{folder / "mastodon-token"}"

[[hq]]
channel = "email"
address = "duty@hq.invalid"
[[hq]]
channel = "webhook"
address = "hq"
[[public]]
channel = "public"
"""
        path = folder / "natalia.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)


def _why_not(said: str) -> str:
    """Return why the service is not there, in its own words, and the demo's cure."""
    reason = said.strip().removeprefix("natalia: ") or "it says nothing"
    cure = "; free ports: natalia demo --port 0" if "is taken" in reason else ""
    return f"the service is not ready: {reason}{cure}"


def _sample_roster() -> str:
    source = resources.files("engine") / "sample" / "roster.toml"
    return source.read_text(encoding="utf-8")
