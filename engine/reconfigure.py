"""Puts a changed configuration in force: reads it, prepares all, then swaps at once.

Until the swap nothing has changed, so a fault anywhere leaves everything as it was.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from engine.alarm.desk import HqEntry, Offices
from engine.app import Current, InForce
from engine.config import Config
from engine.dispatch.actor import RoutesChanged
from engine.errors import ConfigError, DataError, EngineError, Fault
from engine.files import read_bytes
from engine.health import Health
from engine.loading import (
    check_gateways,
    current_roster,
    load_certificates,
    load_channels,
    load_contexts,
    load_modems,
    misrouted,
    public_ones,
    tls_name,
)
from engine.metrics import Metrics
from engine.modems.loopback import self_tests
from engine.ports.clock import Clock
from engine.ports.measures import DegradedReason
from engine.protocol.registry import Registry, load_registry
from engine.reload.plan import Changes, Refused, Settings, files_of, plan
from engine.reload.report import Report
from engine.roster.board import Board
from engine.roster.model import Roster
from engine.supervision.failure import Failure
from engine.supervision.names import Names
from engine.supervision.supervisor import Reshape

FILE_MAX = 16 << 20
GIVEN = Path("/run/credentials")
CREDENTIALS = (
    "systemd hands over credentials at a start only; a secret that changed there"
    " counts from then on: systemctl restart natalia"
)
AT_FAULT = ConfigError(
    "reload", "files that can be prepared", "all is as it was; the log names the place"
)

logger = logging.getLogger(__name__)


def read_settings(config: Config) -> Settings:
    """Read all that a configuration names, but for what its adapters read.

    Raises:
        ConfigError: a file cannot be read.
        DataError: roster or action protocols are wrong.

    """
    return settings_of(
        config,
        load_registry(config.protocols.folder, config.protocols.default),
        current_roster(config),
    )


def settings_of(config: Config, registry: Registry, roster: Roster) -> Settings:
    """Return a configuration with what was read for it, and digests of the rest."""
    files = [file for table in config.channel for file in files_of(table)]
    for table in config.gateway.values():
        if table.tls is not None:
            files += [table.tls.cert_file, table.tls.key_file]
    digests = {file: _digest(file) for file in files}
    return Settings(config=config, registry=registry, roster=roster, digests=digests)


def offices_of(config: Config) -> Offices:
    """Return where HQ and the public are told."""
    return Offices(
        hq=tuple(HqEntry(channel=e.channel, address=e.address) for e in config.hq),
        public=tuple(
            HqEntry(channel=e.channel, address=e.address) for e in config.public
        ),
        language=config.hq_language,
        console=config.console.address,
    )


def show_protocols(roster: Roster, registry: Registry, health: Health) -> None:
    """Say where somebody's action protocol is gone: their alarms run on the default.

    Its file was taken away after the roster had been checked; an engine that would not
    start for it would take no alarm at all. A name may be a person's: none is told.
    """
    lost = [
        person
        for person in roster.people
        if (person.action_protocol or registry.default) not in registry.protocols
    ]
    if lost:
        logger.error(
            "%s people have an action protocol that is not there: theirs is the"
            " default; `natalia check-config` names the lines",
            len(lost),
        )
    health.report(DegradedReason.PROTOCOL_MISSING, "roster", wrong=bool(lost))


class Reconfigure:
    """Reads the files again and puts them in force, or says why not.

    In the reloader's thread alone; `last` is read in any.
    """

    def __init__(
        self,
        *,
        reread: Callable[[], Config],
        settings: Settings,
        current: Current,
        board: Board,
        names: Names,
        clock: Clock,
        metrics: Metrics,
        health: Health,
    ) -> None:
        """Take what is in force, and who has to hear of a change.

        Args:
            reread: reads the configuration's file; raises as `load_config` does.
            settings: what `current` was made of.
            current: what is in force.
            board: the roster in force.
            names: who is told of other routes.
            clock: for reports and adapters.
            metrics: shows results, and the names of new adapters.
            health: degraded while the files could not be put in force.

        """
        self._reread, self._settings, self._current = reread, settings, current
        self._board, self._names, self._clock = board, names, clock
        self._metrics, self._health = metrics, health
        self.last: Report | None = None
        self._show(is_applied=True)

    @property
    def config(self) -> Config:
        """Return the configuration in force; any thread."""
        return self._settings.config

    def __call__(self) -> Report:
        """Reload once."""
        report = self._reload()
        self.last = report
        self._show(is_applied=report.is_applied)
        for fault in report.faults:
            logger.error("not reloaded, all is as it was: %s", fault)
        if report.is_applied:
            logger.info("reloaded: %s", ", ".join(report.changed) or "nothing changed")
        for key in report.restart:
            logger.warning("a reload does not change this, a restart does: %s", key)
        return report

    def _reload(self) -> Report:
        now = self._clock.now()
        try:
            changes, prepared = self._prepared(self._read())
        except _RefusedError as error:
            return Report(at=now, faults=error.reasons)
        except Exception as error:  # noqa: BLE001 - an adapter's own; nothing has changed yet
            logger.error("the reload failed: %s", Failure.of(error))  # noqa: TRY400 - its text may quote a secret
            return Report(at=now, faults=(AT_FAULT,))
        self._apply(changes, prepared)
        return Report(
            at=now,
            changed=changes.changed,
            restart=changes.restart,
            notes=tuple(_notes(changes.settings.digests)),
        )

    def _read(self) -> Settings:
        """Read the files; also refuses what would end the next start.

        Raises:
            _RefusedError: with every fault found.

        """
        faults: list[Fault] = []
        config = settings = None
        with _taking(faults):
            config = self._reread()
        if config is not None:
            faults += check_gateways(config)
            with _taking(faults):
                load_contexts(config)
            with _taking(faults):
                settings = read_settings(config)
                faults += misrouted(config, settings.registry)
        if settings is None or faults:
            raise _RefusedError(faults)
        return settings

    def _prepared(self, asked: Settings) -> tuple[Changes, InForce]:
        """Plan, and construct what is new; nothing is opened.

        Raises:
            _RefusedError: the plan refuses, or adapters do: all that do.

        """
        changes = plan(self._settings, asked, self._board.roster())
        if isinstance(changes, Refused):
            raise _RefusedError(changes.reasons)
        settings, adapters = changes.settings, self._current().adapters
        config = settings.config
        faults: list[Fault] = []
        modems, channels = adapters.modems, adapters.channels
        with _taking(faults):
            kept = {name: one for name, one in modems.items() if name in changes.modems}
            modems = load_modems(config, self._clock, self._metrics, kept=kept)
        with _taking(faults):
            lanes = {
                lane: one
                for lane, one in channels.items()
                if one.name in changes.channels
            }
            channels = load_channels(config, self._clock, self._metrics, kept=lanes)
        if faults:
            raise _RefusedError(faults)
        # A listener whose table is gone goes on as it is until the restart.
        contexts = {**adapters.tls, **load_contexts(asked.config)}
        found = {**adapters.certificates, **load_certificates(asked.config)}
        prepared = InForce(
            registry=settings.registry,
            offices=offices_of(config),
            adapters=replace(
                adapters,
                modems=modems,
                channels=channels,
                self_tests=self_tests(config.modem),
                tls={name: contexts[name] for name in adapters.tls},
                certificates={
                    name: one
                    for name, one in found.items()
                    if tls_name(name) in adapters.tls
                },
            ),
        )
        return changes, prepared

    def _apply(self, changes: Changes, prepared: InForce) -> None:
        """Swap; from here nothing can be refused."""
        config = changes.settings.config
        modems = frozenset(table.name for table in config.modem)
        channels = frozenset(table.name for table in config.channel)
        self._metrics.admit("modem", *modems)
        self._metrics.admit("channel", *channels)
        self._metrics.admit("child", *modems, *channels)
        for name in channels - changes.channels:
            self._metrics.gauge("channel_up", 0, channel=name)
            self._health.forget(name)
        self._health.tells_nobody(public_ones(prepared.adapters.channels))
        self._settings = changes.settings
        self._current.replace(prepared)
        show_protocols(self._board.roster(), prepared.registry, self._health)
        # Each that is not up just now begins with what is in force, and misses nothing.
        self._names.tell("dispatcher", RoutesChanged())
        self._names.tell("modems", Reshape(kept=changes.modems))
        lanes = prepared.adapters.channels.items()
        kept = frozenset(lane for lane, one in lanes if one.name in changes.channels)
        self._names.tell("channels", Reshape(kept=kept))

    def _show(self, *, is_applied: bool) -> None:
        self._metrics.gauge("config_last_reload_successful", float(is_applied))
        if is_applied:
            now_s = self._clock.now().ms / 1000
            name = "config_last_reload_success_timestamp_seconds"
            self._metrics.gauge(name, now_s)
        reason = DegradedReason.CONFIG_REFUSED
        self._health.report(reason, "configuration", wrong=not is_applied)


class _RefusedError(EngineError):
    """The files cannot be put in force; has every reason."""

    def __init__(self, reasons: Iterable[Fault]) -> None:
        super().__init__()
        self.reasons = tuple(reasons)


@contextmanager
def _taking(faults: list[Fault]) -> Iterator[None]:
    try:
        yield
    except (ConfigError, DataError) as error:
        faults += error.each


def _digest(file: Path) -> bytes:
    """Return what tells two contents of a file apart; empty where none can be read."""
    try:
        return hashlib.sha256(read_bytes(file, FILE_MAX)).digest()
    except OSError:
        return b""


def _notes(files: Iterable[Path]) -> Iterator[str]:
    if any(file.is_relative_to(GIVEN) for file in files):
        yield CREDENTIALS
