"""`natalia check-config`: everything that can be checked without starting."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.config import Config, load_config
from engine.errors import ConfigError

if TYPE_CHECKING:
    from engine.roster.model import Roster

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Example: natalia check-config /etc/natalia/natalia.toml --json")
def check(
    config: Annotated[Path, typer.Argument(metavar="FILE", help="The TOML file.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Check a configuration, its roster and action protocols; starts nothing."""
    facts = examine(load_config(config))
    if as_json:
        sys.stdout.write(json.dumps(facts, indent=1) + "\n")
        return
    for key, value in facts.items():
        between = f"\n{'':<19}" if key == "warnings" else ", "
        shown = between.join(value) if isinstance(value, list) else str(value)
        sys.stdout.write(f"{key:<18} {shown}\n")
    sys.stdout.write(f"{_verdict(facts['warnings'])}\n")


def _verdict(warnings: object) -> str:
    """Say that it starts, and what it is worth as it stands."""
    assert isinstance(warnings, list)
    if not warnings:
        return "SUCCESS"
    number = len(warnings)
    return f"IT STARTS: READ THE {number} WARNING{'S' if number > 1 else ''} ABOVE"


def examine(config: Config) -> dict[str, object]:
    """Return what the configuration comes to; raises on the first fault."""
    from engine import plugins  # noqa: PLC0415 - loaded when used
    from engine.auditor.shared import warnings as auditor_warnings  # noqa: PLC0415 - likewise
    from engine.cli.check_listeners import check_listeners, of_tls  # noqa: PLC0415 - likewise
    from engine.cli.check_operators import of_operators  # noqa: PLC0415 - likewise
    from engine.cli.check_protocols import of_protocols  # noqa: PLC0415 - likewise
    from engine.clock import SystemClock  # noqa: PLC0415 - likewise
    from engine.protocol.registry import load_registry  # noqa: PLC0415 - likewise
    from engine.roster.rules import Known  # noqa: PLC0415 - likewise
    from engine.start import current_roster  # noqa: PLC0415 - likewise

    registry = load_registry(config.protocols.folder, config.protocols.default)
    known = Known(
        protocols=registry.protocols,
        wire_protocols=plugins.names(plugins.DEVICE),
        today=SystemClock().now().to_datetime().date(),
    )
    roster = current_roster(config, known=known)
    check_listeners(config)
    for number, channel in enumerate(config.channel):
        plugins.load(plugins.CHANNEL, channel.kind, f"channel[{number}].kind")
    warnings = _construct(config)
    if not config.modem:
        warnings.append("no modem: nobody gets an SMS")
    warnings += of_protocols(config, registry, roster)
    warnings += of_operators(config, registry, roster)
    warnings += of_tls(config) + _of_roster(config, roster)
    warnings += auditor_warnings(config)
    if not roster.duty():
        warnings.append("nobody is on the duty rota: no officer is paged")
    return {
        "people": len(roster.people),
        "devices": len(roster.devices),
        "action protocols": sorted(registry.protocols),
        "modems": [modem.name for modem in config.modem],
        "channels": sorted(channel.name for channel in config.channel),
        "wire protocols": sorted(config.gateway),
        "warnings": warnings,
    }


def _of_roster(config: Config, roster: "Roster") -> list[str]:
    """Say where somebody may think that an edited file counts, and it does not."""
    from engine.roster.faults import RosterError  # noqa: PLC0415 - loaded when used
    from engine.roster.parse import load_roster  # noqa: PLC0415 - likewise
    from engine.start import has_kept_roster  # noqa: PLC0415 - likewise

    if config.roster is None or not has_kept_roster(config):
        return []
    try:
        if load_roster([config.roster]).version == roster.version:
            return []
    except RosterError:
        pass  # whatever is wrong with it, it is not the one in force
    said = "roster: this file counts no more, another one was imported"
    return [f"{said}; put it in force with: natalia roster import FILE"]


def _construct(config: Config) -> list[str]:
    """Construct modems and channels, the auditor's too, and open nothing.

    Returns:
        Which secrets are amiss: systemd hands them to the service alone, and whoever
        checks may not see them.

    """
    auditor = config.auditor
    own = {"channel": auditor.channel, "modem": auditor.modem}
    amiss = _amiss(config)
    try:
        return amiss + [
            f"auditor: {one}" for one in _amiss(config.model_copy(update=own))
        ]
    except ConfigError as error:
        key = f"auditor.{error.key}"
        raise ConfigError(key, error.expected, error.cure) from error


def _amiss(config: Config) -> list[str]:
    from engine.clock import SystemClock  # noqa: PLC0415 - loaded when used
    from engine.loading import load_channels, load_modems  # noqa: PLC0415 - likewise
    from engine.start import metrics_of  # noqa: PLC0415 - likewise

    clock, metrics = SystemClock(), metrics_of(config)
    load_modems(config, clock, metrics)
    amiss = []
    for table in config.channel:
        alone = config.model_copy(update={"channel": (table,)})
        try:
            load_channels(alone, clock, metrics)
        except ConfigError as error:
            if not error.key.endswith("_file"):
                raise
            amiss.append(str(error))
    return amiss
