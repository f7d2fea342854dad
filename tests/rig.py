"""The real service as a process, with real far ends: what process tests stand on."""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar

import apsw
import httpx2

from adapters.demo.console import OperatorAtConsole
from adapters.demo.farends.hook import HookServer
from adapters.demo.farends.mail import MailServer
from adapters.demo.farends.mastodon import MastodonServer
from adapters.demo.farends.shelf import Shelf
from adapters.modem.host_clock import HostClock
from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_links import PtyLink
from adapters.modem.virtual_network import VirtualNetwork
from engine.console.operators import first_password_path
from engine.protocol.language import LANGUAGES, wording
from engine.roster.sample import sample_roster, sample_text
from engine.values import Instant, OperatorId
from tests.gt06_device import Gt06Device

T = TypeVar("T")
SECRET = "whsec_" + "bmF0YWxpYS10ZXN0LXNlY3JldC1uYXRhbGlh"
TOKEN = "test-token"
READY_S = 40.0
WAIT_S = 30.0  # a wait ends when it comes true; promises in seconds are measured
TOLD_S = 10.0  # in which HQ hears of an SOS, by tenths of a second as a rule
HERON_IMEI = "004999010640018"


@dataclass(frozen=True, kw_only=True)
class Sms:
    modem: str
    number: str
    text: str
    at: Instant
    seen_s: float = field(default_factory=time.perf_counter)

    @property
    def is_repeat(self) -> bool:
        """Say whether it is marked as a repeat, in the long form or in the short."""
        words = [wording(language).words for language in LANGUAGES]
        short = tuple(w["repeat_short"].format(n="") for w in words)
        return self.text.startswith((*(f"{w['repeat']} " for w in words), *short))


@dataclass(kw_only=True)
class Rig:
    """One state folder, two modems on ptys, mail, webhook and Mastodon on loopback."""

    folder: Path
    roster_text: str = field(default_factory=sample_text)
    modems_wanted: int = 2
    extra_config: str = ""
    gateways: tuple[str, ...] = ("gt06", "osmand")
    wrapper: tuple[str, ...] = ()
    program: tuple[str, ...] = (sys.executable, "-m", "engine")
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = HostClock()
        self.messages: Shelf[Sms] = Shelf()
        self.calls: Shelf[str] = Shelf()
        self.mail = MailServer(self.clock)
        self.hook = HookServer(self.clock, secret=SECRET)
        self.mastodon = MastodonServer(self.clock, token=TOKEN)
        self.network = VirtualNetwork(clock=self.clock, on_message=self._sent)
        self.modems = [
            VirtualModem(
                f"+4670174069{number}",
                clock=self.clock,
                network=self.network,
                link=PtyLink(symlink=self.folder / f"modem-{number + 1}"),
                on_call=lambda _, called: self.calls.add(called),
            )
            for number in range(self.modems_wanted)
        ]
        self.state = self.folder / "state"
        self.by_id = self.folder / "by-id"
        self.ports: dict[str, tuple[str, int]] = {}
        self.serials = itertools.count(1)
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        for server in (self.mail, self.hook, self.mastodon):
            server.start()
        self.by_id.mkdir(exist_ok=True)
        for modem in self.modems:
            modem.start()
        (self.folder / "roster.toml").write_text(self.roster_text)
        for name, secret in (("secret", SECRET), ("token", TOKEN)):
            (self.folder / name).touch(mode=0o600)
            (self.folder / name).write_text(secret)
        (self.folder / "natalia.toml").write_text(self.config())
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        for modem in self.modems:
            modem.stop()
        for server in (self.mail, self.hook, self.mastodon):
            server.stop()

    # the service ---------------------------------------------------------------

    def start(self) -> None:
        """Start the service and wait until it says that it is ready."""
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
        log = (self.folder / "log").open("a")
        self.process = subprocess.Popen(
            [
                *self.wrapper,
                *self.program,
                "serve",
                "--config",
                str(self.folder / "natalia.toml"),
            ],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **self.environment},
        )
        log.close()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until the service says that it is ready, and where it listens."""
        assert self.process is not None
        stdout = self.process.stdout
        assert stdout is not None
        deadline = time.monotonic() + READY_S
        for line in stdout:
            name, _, value = line.strip().partition(" ")
            address = value.strip().removeprefix("http://").split("/")[0]
            if ":" in address:
                host, _, port = address.rpartition(":")
                self.ports[name] = (host, int(port))
            if name == "state":
                return
            assert time.monotonic() < deadline, self.log()
        raise AssertionError(self.log())

    def kill(self) -> None:
        """`kill -9`: nothing of the service acts again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self._over()

    def stop(self) -> float:
        """SIGTERM; return how many seconds the end took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.terminate()
        self._over()
        return time.monotonic() - began

    def _over(self) -> None:
        assert self.process is not None
        self.process.wait(timeout=WAIT_S)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def log(self) -> str:
        """Return all that the service has logged."""
        return (self.folder / "log").read_text()

    def natalia(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run the command line beside the service."""
        return subprocess.run(
            [sys.executable, "-m", "engine", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def operator(self, name: str) -> OperatorAtConsole:
        """Add an operator if need be, and sign in as a browser would."""
        host, port = self.ports["console"]
        return OperatorAtConsole(f"http://{host}:{port}", name, self.password(name))

    def password(self, operator: str) -> str:
        """Return an operator's first password; adds the operator if need be."""
        path = first_password_path(self.state, OperatorId(operator))
        if not path.exists():
            state = ("--state", str(self.state))
            added = self.natalia("operator", "add", operator, *state)
            assert added.returncode == 0, added.stderr
        return path.read_text().strip()

    @contextmanager
    def console_stays(self) -> Iterator[None]:
        """Keep the console's port meanwhile for whoever starts next on this folder.

        A socket that is bound and does not listen lets a listener in beside it, and
        keeps the system from giving the port to anybody who asks for a free one.
        """
        where = self.ports["console"]
        with socket.socket() as held:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.kill()
            held.bind(where)
            config = self.folder / "natalia.toml"
            free, taken = "[console]\nport = 0", f"[console]\nport = {where[1]}"
            config.write_text(config.read_text().replace(free, taken))
            yield

    def metrics(self) -> str:
        """Return the exposition."""
        return self._get("/metrics").text

    def metric(self, line: str) -> float | None:
        """Return one sample, named as the exposition has it."""
        for row in self.metrics().splitlines():
            name, _, value = row.rpartition(" ")
            if name == line:
                return float(value)
        return None

    def ready(self) -> tuple[int, dict[str, object]]:
        """Ask `/-/ready`."""
        answer = self._get("/-/ready")
        return answer.status_code, answer.json()

    def is_ready(self) -> bool:
        """Say whether it is ready; a machine with much to do may be late with that."""
        return self.ready()[0] == 200

    def _get(self, path: str) -> httpx2.Response:
        host, port = self.ports["metrics"]
        return httpx2.get(f"http://{host}:{port}{path}", timeout=WAIT_S)

    def alarms(self) -> list[dict[str, object]]:
        """Return the list by the control socket."""
        done = self.natalia("alarm", "list", "--json", "--state", str(self.state))
        assert done.returncode == 0, done.stderr
        rows: list[dict[str, object]] = json.loads(done.stdout)
        return rows

    def alarm(self, alarm: str) -> dict[str, object]:
        """Return one case by the control socket."""
        words = ("alarm", "show", alarm, "--json", "--state", str(self.state))
        done = self.natalia(*words)
        assert done.returncode == 0, done.stderr
        found: dict[str, object] = json.loads(done.stdout)
        return found

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Read the journal beside the service, as an auditor would."""
        path = self.state / "journal.db"
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        connection.set_busy_timeout(round(WAIT_S * 1000))
        try:
            return list(connection.execute(sql))
        finally:
            connection.close()

    # devices and people ----------------------------------------------------------

    def device(self, imei: str = HERON_IMEI) -> Gt06Device:
        """Connect a gt06 device and log it in."""
        return Gt06Device(self.ports["gt06"], imei, self.clock, self.serials)

    def numbers(self) -> dict[str, str]:
        """Return whose telephone a number of the sample roster is."""
        roster = sample_roster()
        return {str(n): str(p.person) for p in roster.people for n in p.numbers}

    def sms_to(self, person: str, timeout_s: float = WAIT_S) -> Sms | None:
        """Wait for a message to somebody of the sample roster."""
        theirs = {n for n, one in self.numbers().items() if one == person}
        return self.messages.wait_for(lambda sms: sms.number in theirs, timeout_s)

    def told(self) -> list[str]:
        """Return who has got a message so far, in order."""
        numbers = self.numbers()
        return [numbers.get(sms.number, "?") for sms in self.messages.items()]

    def config(self) -> str:
        """Return the configuration."""
        modems = "".join(
            f'[[modem]]\nname = "modem-{n + 1}"\nport = "{self.folder}/modem-{n + 1}"\n'
            f'options = {{ by_id_folder = "{self.by_id}" }}\n'
            for n in range(self.modems_wanted)
        )
        gateways = "".join(f"[gateway.{n}]\nport = 0\n" for n in self.gateways)
        return f"""\
state = "{self.state}"
roster = "roster.toml"
log = "text"
{self.extra_config}
[console]
port = 0
[metrics]
port = 0
{gateways}
{modems}
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
secret_file = "{self.folder}/secret"
[[channel]]
name = "public"
kind = "mastodon"
[channel.options]
url = "{self.mastodon.url}"
token_file = "{self.folder}/token"
[[hq]]
channel = "email"
address = "duty@hq.invalid"
[[hq]]
channel = "webhook"
address = "hq"
[[public]]
channel = "public"
"""

    def _sent(self, sender: str, number: str, text: str, at: Instant) -> None:
        ours = {modem.number for modem in self.modems}
        if sender in ours:
            self.messages.add(Sms(modem=sender, number=number, text=text, at=at))


def eventually(look: Callable[[], T | None], timeout_s: float = WAIT_S) -> T:
    """Return the first true answer; processes have no manual clock."""
    for _ in _until(timeout_s):
        found = look()
        if found:
            return found
    message = "it did not come true in time"
    raise AssertionError(message)


def _until(seconds: float) -> Iterator[None]:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        yield
        time.sleep(0.02)  # noqa: TID251 - a real process is waited for
