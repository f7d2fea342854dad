"""`natalia audit`: another process that looks whether every alarm gets on."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.ending import Ending
from engine.cli.keeper import Keeper
from engine.cli.saying import say
from engine.config import ChannelTable, Config, load_config
from engine.errors import ConfigError, Gathered
from engine.ports.channel import PersonalMessage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.auditor.findings import Finding
    from engine.auditor.watch import Watch
    from engine.auditor.ways import Way

EXIT_DEGRADED = 4

app = typer.Typer(
    add_completion=False,
    help="Watch the journal from a process of its own, and shout.",
    epilog="Example: natalia audit --config /etc/natalia/natalia.toml --once",
    subcommand_metavar="",
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def audit(
    config: Annotated[
        Path,
        typer.Option(
            readable=False,
            help="The configuration, one TOML file.",
            show_default=False,
        ),
    ],
    once: Annotated[bool, typer.Option("--once", help="One look, then end.")] = False,  # noqa: FBT002 - a flag
    as_json: Annotated[bool, typer.Option("--json", help="Findings as JSON.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Look whether every open alarm has a deadline ahead or something on its way.

    Reads the journal by a read-only connection of its own and tells whoever stands in
    [[auditor.hq]] by the auditor's own modem or channel. With --once: exit code 4
    where something stands still. Without: until SIGTERM, with metrics on
    auditor.metrics.
    """
    from engine.log import Format, configure  # noqa: PLC0415 - `--help` does without

    settings = load_config(config)
    configure(Format.TEXT if once else settings.log)
    watch = watch_of(_for_one_look(settings) if once else settings)
    try:
        if once:

            def shown(found: "Sequence[Finding]") -> None:
                # Before anybody is told: a way that hangs keeps nobody waiting here.
                sys.stdout.write(_text(found, watch.path, as_json=as_json))
                sys.stdout.flush()

            watch.on_look = shown
            if watch.look(once=True):
                raise typer.Exit(EXIT_DEGRADED)
        else:
            _run(watch, settings, as_json=as_json)
    finally:
        watch.close()


def _for_one_look(config: Config) -> Config:
    """Return it without the channels of the auditor's whose secret is not there.

    systemd hands a secret to the auditor's service alone, and no longer than it runs:
    who looks because it does not run must be told what stands still all the same.
    """
    while True:
        try:
            _ways(config)
        except ConfigError as error:
            channels = config.auditor.channel
            able = [one for one in channels if not _is_of_secret(error, one)]
            if len(able) == len(channels):
                raise
            sys.stderr.write(f"natalia: this look tells nobody by it: {error}\n")
            auditor = config.auditor.model_copy(update={"channel": tuple(able)})
            config = config.model_copy(update={"auditor": auditor})
        else:
            return config


def _is_of_secret(error: ConfigError, table: ChannelTable) -> bool:
    prefix = f"auditor.channel.{table.name}.options."
    key = error.key.removeprefix(prefix)
    named = isinstance(table.options.get(key), str)
    return error.key.startswith(prefix) and key.endswith("_file") and named


def watch_of(config: Config) -> "Watch":
    """Return the watch that a configuration describes, its ways constructed.

    Raises:
        ConfigError: a channel or modem of the auditor's is not as it must be.

    """
    from engine.auditor.watch import Watch  # noqa: PLC0415 - `--help` does without
    from engine.clock import SystemClock  # noqa: PLC0415 - likewise
    from engine.journal.sqlite import JOURNAL_FILE  # noqa: PLC0415 - likewise

    return Watch(
        path=config.state / JOURNAL_FILE,
        clock=SystemClock(),
        ways=_ways(config),
        repeat_s=config.auditor.repeat_s,
    )


def _ways(config: Config) -> list["Way"]:
    from engine.auditor.ways import ByChannel, ByModem  # noqa: PLC0415 - loaded when used
    from engine.clock import SystemClock  # noqa: PLC0415 - likewise
    from engine.loading import load_channels, load_modems, misrouted_auditor  # noqa: PLC0415 - likewise
    from engine.start import metrics_of  # noqa: PLC0415 - likewise

    auditor = config.auditor
    gathered = Gathered()
    gathered.faults += misrouted_auditor(config)
    gathered.tell()
    own = config.model_copy(update={"channel": auditor.channel, "modem": auditor.modem})
    clock, telemetry = SystemClock(), metrics_of(own)
    addresses: dict[str, list[str]] = {}
    for one in auditor.hq:
        addresses.setdefault(one.channel, []).append(one.address)
    try:
        modems = load_modems(own, clock, telemetry, owner="auditor.")
        channels = load_channels(own, clock, telemetry)
    except ConfigError as error:
        key = f"auditor.{error.key}"
        raise ConfigError(key, error.expected, error.cure) from error
    ways: list[Way] = [
        ByModem(name, driver, addresses["sms"])
        for name, driver in modems.items()
        if "sms" in addresses
    ]
    ways += [
        ByChannel(channel, addresses[name], clock)
        for name, channel in channels.items()
        if name in addresses and channel.carries is PersonalMessage
    ]
    return ways


def _run(watch: "Watch", config: Config, *, as_json: bool) -> None:
    from engine.auditor.measures import AuditorMetrics  # noqa: PLC0415 - loaded when used
    from engine.intake.gateway.sockets import explained  # noqa: PLC0415 - likewise

    stop = Ending()
    stop.listen()
    metrics = AuditorMetrics()
    key, listen = "auditor.metrics", config.auditor.metrics
    try:
        metrics.serve(listen.host, listen.port)
    except OSError as error:
        raise explained(key, listen, error) from error
    saying = _Saying(watch.path, as_json=as_json)

    def looked(found: "Sequence[Finding]") -> None:
        metrics.looked(found)
        saying.take(found)

    watch.on_look, watch.on_shout = looked, metrics.shouted
    keeper = Keeper(watch.clock.boottime_s)
    # Ten addresses behind a server that is silent take longer than systemd waits.
    watch.beat = keeper.alive
    keeper.ready()
    while True:
        watch.look()
        keeper.alive()
        if stop.wait(config.auditor.every_s):
            return


class _Saying:
    """Says what stands still, where that is not what was said last."""

    def __init__(self, journal: Path, *, as_json: bool) -> None:
        self._journal, self._as_json = journal, as_json
        self._said: Sequence[Finding] = ()

    def take(self, found: "Sequence[Finding]") -> None:
        if _kinds(found) != _kinds(self._said):
            say(_text(found, self._journal, as_json=self._as_json))
        self._said = found


def _kinds(found: "Sequence[Finding]") -> set[tuple[str, str]]:
    return {(finding.ground.value, finding.what) for finding in found}


def _text(found: "Sequence[Finding]", journal: Path, *, as_json: bool) -> str:
    if as_json:
        facts = [
            {
                "ground": finding.ground.value,
                "what": finding.what,
                "since": None if finding.since is None else str(finding.since),
            }
            for finding in found
        ]
        return json.dumps(facts) + "\n"
    lines = [_line(finding, journal) for finding in found]
    return "\n".join(lines or ["every alarm gets on"]) + "\n"


def _line(finding: "Finding", journal: Path) -> str:
    from engine.auditor.findings import Ground  # noqa: PLC0415 - loaded when used

    text = f"{finding.ground.value.replace('_', ' ')} {finding.what}".rstrip()
    if finding.ground is Ground.JOURNAL_UNREADABLE:
        return f"{text}: {journal}: is it there, and may this user read it?"
    return text if finding.since is None else f"{text}, since {finding.since}"
