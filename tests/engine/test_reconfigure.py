"""A reload prepares everything first; a fault anywhere leaves all as it was."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.app import Adapters, Current, InForce
from engine.config import Config, parse_config
from engine.dispatch.actor import RoutesChanged
from engine.errors import ConfigError
from engine.health import Health
from engine.loading import load_channels, load_modems
from engine.reconfigure import (
    CREDENTIALS,
    Reconfigure,
    _notes,
    offices_of,
    read_settings,
)
from engine.roster.board import Board
from engine.start import metrics_of
from engine.supervision.names import Names
from engine.supervision.supervisor import Reshape
from tests.fakes import ManualClock

SECRET = "whsec_bmF0YWxpYS10ZXN0LXNlY3JldC1uYXRhbGlh"
"""A secret of tests alone."""


class Told(Names):
    """Keeps what is told to whom."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[tuple[str, object]] = []

    def tell(self, name: str, message: object) -> bool:
        self.got.append((name, message))
        return True


@dataclass
class Office:
    """A folder with a configuration, and an engine's parts that were made of it."""

    folder: Path
    table: dict[str, object] = field(default_factory=dict)
    names: Told = field(default_factory=Told)
    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        (self.folder / "secret").write_text(SECRET)
        (self.folder / "secret").chmod(0o600)
        self.table = {
            "state": "state",
            "modem": [{"name": "modem-1", "port": "/dev/ttyUSB0"}],
            "channel": [self.hook("hook")],
            "hq": [{"channel": "hook", "address": "hq"}],
        }
        config = self.config()
        self.metrics = metrics_of(config)
        self.health = Health(self.metrics)
        settings = read_settings(config)
        board = Board(settings.roster, (), clock=self.clock, telemetry=self.metrics)
        adapters = Adapters(
            channels=load_channels(config, self.clock, self.metrics),
            modems=load_modems(config, self.clock, self.metrics),
            streams={},
            https={},
        )
        self.current = Current(
            InForce(
                registry=settings.registry,
                offices=offices_of(config),
                adapters=adapters,
            )
        )
        self.reread: Callable[[], Config] = self.config
        self.reload = Reconfigure(
            reread=self._read,
            settings=settings,
            current=self.current,
            board=board,
            names=self.names,
            clock=self.clock,
            metrics=self.metrics,
            health=self.health,
        )

    def _read(self) -> Config:
        return self.reread()

    def hook(self, name: str, **more: object) -> dict[str, object]:
        options = {"url": "http://127.0.0.1:1/", "secret_file": "secret"}
        return {"name": name, "kind": "webhook", "lanes": 2, "options": options | more}

    def config(self) -> Config:
        return parse_config(self.table, self.folder)

    def metric(self, name: str) -> str:
        text = self.metrics.expose()[0].decode()
        (line,) = (row for row in text.splitlines() if row.startswith(f"{name} "))
        return line.partition(" ")[2]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_what_did_not_change_keeps_its_adapters_and_its_actors(office: Office) -> None:
    before = office.current()
    office.table["channel"] = [office.hook("hook"), office.hook("second")]
    report = office.reload()
    assert report.changed == ("channel.second added",)
    after = office.current().adapters
    assert after.modems["modem-1"] is before.adapters.modems["modem-1"]
    assert after.channels["hook/2"] is before.adapters.channels["hook/2"]
    assert list(after.channels) == ["hook", "hook/2", "second", "second/2"]
    assert office.names.got == [
        ("dispatcher", RoutesChanged()),
        ("modems", Reshape(kept=frozenset({"modem-1"}))),
        ("channels", Reshape(kept=frozenset({"hook", "hook/2"}))),
    ]
    assert office.metric('natalia_channel_up{channel="second"}') == "0.0"


def test_a_rotated_secret_makes_its_channel_anew(office: Office) -> None:
    before = office.current().adapters.channels["hook"]
    assert office.reload().changed == ()
    assert office.current().adapters.channels["hook"] is before
    (office.folder / "secret").write_text(SECRET.replace("b", "c", 1))
    assert office.reload().changed == ("channel.hook changed",)
    assert office.current().adapters.channels["hook"] is not before


def broken(key: str) -> Callable[[Office], None]:
    def breaks(office: Office) -> None:
        match key:
            case "channel[1].kind":
                office.table["channel"] = [
                    office.hook("hook"),
                    {"name": "x", "kind": "y"},
                ]
            case "hook.options.secret_file":
                (office.folder / "secret").unlink()
            case "gateway.nowhere":
                office.table["gateway"] = {"nowhere": {"port": 1}}
            case "gateway.gt06.tls":
                tls = {"port": 2, "cert_file": "gone", "key_file": "gone"}
                office.table["gateway"] = {"gt06": {"port": 1, "tls": tls}}
            case "protocols.folder":
                office.table["protocols"] = {"folder": "gone"}
            case "roster":
                office.table["roster"] = "gone.toml"
            case _:
                office.table[key] = 1

    return breaks


KEYS = (
    "channel[1].kind",
    "hook.options.secret_file",
    "gateway.nowhere",
    "gateway.gt06.tls",
    "roster",
    "misspelt",
)


@pytest.mark.parametrize("key", [*KEYS, "protocols.folder"])
def test_a_fault_leaves_all_as_it_was_and_is_named(office: Office, key: str) -> None:
    before = office.current()
    office.table["hq"] = []
    broken(key)(office)
    office.clock.advance(60)
    report = office.reload()
    assert not report.is_applied
    (fault,) = report.faults
    named = fault.key if isinstance(fault, ConfigError) else fault.field
    assert named.endswith(key)
    assert office.current() is before
    assert office.names.got == []
    assert office.reload.last is report
    assert office.metric("natalia_config_last_reload_successful") == "0.0"
    assert office.health.reasons() == {"config_refused": ("configuration",)}


def test_every_fault_is_told_at_once(office: Office) -> None:
    for key in ("roster", "gateway.nowhere"):
        broken(key)(office)
    assert len(office.reload().faults) == 2


def test_a_refusal_is_over_with_the_next_reload_that_succeeds(office: Office) -> None:
    started = office.metric("natalia_config_last_reload_success_timestamp_seconds")
    office.table["misspelt"] = 1
    office.reload()
    del office.table["misspelt"]
    office.clock.advance(60)
    assert office.reload().is_applied
    assert office.health.reasons() == {}
    assert office.metric("natalia_config_last_reload_successful") == "1.0"
    name = "natalia_config_last_reload_success_timestamp_seconds"
    assert float(office.metric(name)) == float(started) + 60


def test_an_adapter_that_fails_in_its_own_way_leaves_all_as_it_was(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> Config:
        message = "hunter2"
        raise ZeroDivisionError(message)

    before, office.reread = office.current(), fails
    assert not office.reload().is_applied
    assert office.current() is before
    assert "hunter2" not in caplog.text


def test_the_log_says_what_changed_what_is_refused_and_what_waits(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    office.table["hq"] = []
    office.table["metrics"] = {"port": 1}
    office.reload()
    office.table["misspelt"] = 1
    office.reload()
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == "reloaded: hq"
    assert said[1].endswith("a restart does: metrics.port")
    assert said[2].startswith("not reloaded, all is as it was: misspelt: expected ")


def test_credentials_of_systemd_are_said_to_need_a_restart() -> None:
    given = Path("/run/credentials/natalia.service/secret_mail")
    assert list(_notes([Path("/etc/natalia/secret"), given])) == [CREDENTIALS]
    assert list(_notes([Path("/etc/natalia/secret")])) == []
