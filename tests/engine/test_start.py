"""Start-up: what the configuration names is opened, or said why it cannot be."""

import gc
import os
import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from adapters.modem.virtual import VirtualModem
from engine.app import tree_of
from engine.cli.serve import READY_WITHIN_S
from engine.clock import SystemClock
from engine.config import Config, parse_config
from engine.console.desk import KEPT_ROSTER
from engine.errors import ConfigError, DataError, ModemError, StateHeldError
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.loading import current_roster, load_modems
from engine.ports.journal import EffectState, Head
from engine.roster.parse import load_roster
from engine.roster.rules import Known
from engine.roster.sample import sample_text
from engine.start import metrics_of, start
from tests.contracts.journal.requests import append, change, plan
from tests.engine.intake.reports import Meter
from tests.fakes import ManualClock

if TYPE_CHECKING:
    from engine.supervision.child import ChildSpec

READY_S = 20.0
# Its loops' own copies of the listeners end with the process, as the engine does.


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Collect here: what was left open is told by the test that left it."""
    yield
    gc.collect()


def config(folder: Path, **more: object) -> Config:
    table: dict[str, object] = {
        "state": "state",
        "roster": "roster.toml",
        "console": {"port": 0},
        "metrics": {"port": 0},
        "gateway": {"gt06": {"port": 0}, "osmand": {"port": 0}},
        **more,
    }
    (folder / "roster.toml").write_text(sample_text())
    return parse_config(table, folder)


def test_who_waits_for_an_engine_lets_two_commits_pass_bug_it_ended_on_a_slow_disk(
    tmp_path: Path,
) -> None:
    """One is under way and the first round trip waits for the next."""
    running = start(config(tmp_path))
    try:
        children = tree_of(running.engine.parts).arguments["children"]
        journal, *_ = cast("tuple[ChildSpec, ...]", children)
        assert journal.name == "journal"
        assert journal.heartbeat_s is not None
        assert 2 * journal.heartbeat_s <= READY_WITHIN_S
    finally:
        running.stop()


def test_an_engine_starts_is_ready_and_stops(tmp_path: Path) -> None:
    running = start(config(tmp_path))
    try:
        assert running.engine.ready.wait(READY_S)
        streams = running.engine.parts.in_force().adapters.streams
        address = streams["gt06"][1].getsockname()
        with socket.create_connection(address, timeout=5) as device:
            device.shutdown(socket.SHUT_WR)
            assert device.recv(1) == b"", "heard to its end, and let go"
        with pytest.raises(StateHeldError):
            start(config(tmp_path))
    finally:
        assert running.stop()
    assert not running.engine.over.is_set()
    again = start(config(tmp_path))
    assert again.engine.ready.wait(READY_S), "the state folder was given back"
    assert again.stop()


def test_a_start_that_fails_gives_the_state_folder_back(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gateway\.gt07"):
        start(config(tmp_path, gateway={"gt07": {"port": 0}}))
    with pytest.raises(DataError, match=r"protocols\.default"):
        start(config(tmp_path, protocols={"default": "gone"}))
    (tmp_path / "broken.toml").write_text("[[person]]\nid = 1\n")
    with pytest.raises(DataError, match=r"broken\.toml"):
        start(config(tmp_path, roster="broken.toml"))


@pytest.mark.parametrize("is_told", [False, True])
def test_an_alarm_of_which_nobody_was_told_counts_from_the_start_on(
    tmp_path: Path, *, is_told: bool
) -> None:
    """HQ has acknowledged it: half an hour goes by until its rows are looked at.

    Nor do they have to be readable for that.
    """
    made, raised_at = config(tmp_path), SystemClock().now().plus(-timedelta(minutes=10))
    made.state.mkdir()
    due = raised_at.plus(timedelta(minutes=30))
    head = Head(status="acknowledged", is_open=True, next_due=due, subject="real:heron")
    state = EffectState.ACCEPTED if is_told else EffectState.REJECTED
    settled = change("a/1", state, EffectState.PLANNED)
    store = SqliteStore(made.state / JOURNAL_FILE, ballast_bytes=0)
    raised = append("alarm/a", epoch=store.epoch, head=head, plans=(plan(),))
    store.commit([raised], raised_at)
    store.commit([append("effect/a/1", changes=(settled,))], raised_at)
    store.close()
    running = start(made)
    assert running.engine.ready.wait(READY_S)
    text = running.engine.parts.web.metrics.expose()[0].decode()
    assert running.stop()
    name = r'natalia_oldest_unnotified_alarm_seconds\{kind="real"\}'
    (age_s,) = re.findall(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert float(age_s) == 0 if is_told else 600 <= float(age_s) < 600 + READY_S


def test_the_roster_last_imported_is_in_force(tmp_path: Path) -> None:
    made = config(tmp_path)
    assert len(current_roster(made).people) > 200
    made.state.mkdir()
    (made.state / KEPT_ROSTER).write_text("")
    assert current_roster(made).people == ()
    bare = made.model_copy(update={"roster": None, "state": tmp_path / "other"})
    assert current_roster(bare).people == ()


def test_an_imported_roster_that_may_not_be_read_is_named_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was said to be no UTF-8 text, and might have been the configured one."""
    made = config(tmp_path)
    made.state.mkdir()
    kept = made.state / KEPT_ROSTER
    kept.write_text("")

    def refused(path: Path, *_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refused)
    expected = rf"^state: expected an imported roster .*{kept}: Permission denied"
    with pytest.raises(ConfigError, match=expected):
        current_roster(made)
    with pytest.raises(DataError, match="file: cannot be read: permission denied"):
        load_roster([kept])


def test_the_demo_speaks_to_virtual_modems_alone(tmp_path: Path) -> None:
    modem = {"name": "modem-1", "port": "/dev/ttyUSB0"}
    made = config(tmp_path, modem=[modem], demo=True)
    with pytest.raises(ConfigError, match=r"modem\[0\]\.port: expected a pty"):
        load_modems(made, ManualClock(), Meter())


def test_the_configured_names_are_the_labels_of_the_metrics(tmp_path: Path) -> None:
    modem = {"name": "modem-1", "port": "/dev/ttyUSB0"}
    metrics = metrics_of(config(tmp_path, modem=[modem]))
    metrics.gauge("modem_up", 1.0, modem="modem-1")
    metrics.count("restarts_total", child="modem-1")
    text = metrics.expose()[0].decode()
    assert re.search(r'natalia_modem_up\{modem="modem-1"\} 1', text)


def test_only_a_channel_of_the_configuration_is_up_or_down_bug_sms_was_always_down(
    tmp_path: Path,
) -> None:
    """SMS and calls are the modems'; nobody would ever say that they are up."""
    table = {"name": "hook", "kind": "webhook"}
    text = metrics_of(config(tmp_path, channel=[table])).expose()[0].decode()
    standing = re.findall(r"^natalia_channel_up.*", text, re.MULTILINE)
    assert standing == ['natalia_channel_up{channel="hook"} 0.0']


def test_a_wrong_pin_is_tried_once_however_often_the_engine_starts(
    tmp_path: Path,
) -> None:
    clock = SystemClock()
    with VirtualModem("+46701740690", clock=clock, pin="1234") as modem:
        table = {"name": "modem-1", "port": modem.port, "options": {"pin": "9999"}}
        made = config(tmp_path, modem=[table])
        made.state.mkdir()
        for _ in range(5):
            (driver,) = load_modems(made, clock, Meter()).values()
            with pytest.raises(ModemError):
                driver.open(beat=lambda: None)
            driver.close()
        assert modem.state.pin_tries_left == 2, "of three"
    kept = sorted(made.state.iterdir())
    assert [file.name for file in kept] == ["owed-modem-1", "pin-modem-1"]
    assert all("9999" not in file.read_text() for file in kept)


def test_whose_action_protocol_was_taken_away_has_the_default_and_hq_hears_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An engine that did not start for it would take no alarm at all."""
    table = config(tmp_path)
    gone = sample_text().replace('action_protocol = "standard"', _GONE, 1)
    (tmp_path / "roster.toml").write_text(gone)
    running = start(table)
    try:
        parts = running.engine.parts
        assert parts.health.reasons()["protocol_missing"] == ("roster",)
        judge = parts.judge
        assert judge.registry().of("heron-of-old") is judge.registry().of(None)
    finally:
        assert running.stop()
    (said,) = [r.getMessage() for r in caplog.records if r.name == "engine.reconfigure"]
    assert said.startswith("1 people have an action protocol that is not there")
    assert "heron" not in said
    with pytest.raises(DataError, match=r"person\.action_protocol: names no action"):
        current_roster(table, known=Known(protocols={"standard"}))


_GONE = 'action_protocol = "heron-of-old"'
