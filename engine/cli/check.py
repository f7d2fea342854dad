"""`natalia check-config`: everything that can be checked without starting."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.faults import EXIT_FAULTS, faults_json
from engine.config import Config, read_table, sound_part
from engine.errors import ConfigError, DataError

if TYPE_CHECKING:
    from engine.cli.check_rights import Account
    from engine.roster.model import Roster

EXIT_WARNED = 4

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Example: natalia check-config /etc/natalia/natalia.toml --json")
def check(
    config: Annotated[
        Path, typer.Argument(metavar="FILE", readable=False, help="The TOML file.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,  # noqa: FBT002 - a flag
    as_user: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="USER",
            help="Warn of what USER, as whom the service runs, may not read.",
            show_default=False,
        ),
    ] = "",
    strict: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--strict", help="End with 4 where there is any warning.")
    ] = False,
) -> None:
    """Check a configuration, its roster and action protocols; starts nothing.

    Exit code 3: the engine would not start; every fault is told, with its key path or
    its file and line, or a warning says so of what lies around it. Exit code 4, with
    --strict: it would start, and there is a warning.
    """
    facts, faults = _examined(config, as_user)
    if faults:
        _tell(faults, as_json=as_json)
        raise typer.Exit(EXIT_FAULTS)
    warnings = facts["warnings"]
    if as_json:
        shown = {"starts": _starts(warnings), "records": _records(warnings), **facts}
        sys.stdout.write(json.dumps(shown, indent=1) + "\n")
    else:
        for key, value in facts.items():
            between = f"\n{'':<19}" if key == "warnings" else ", "
            words = between.join(value) if isinstance(value, list) else str(value)
            sys.stdout.write(f"{key:<18} {words}\n")
        sys.stdout.write(f"{_verdict(warnings)}\n")
    if not _starts(warnings):
        raise typer.Exit(EXIT_FAULTS)
    if strict and warnings:
        raise typer.Exit(EXIT_WARNED)


def _tell(faults: Sequence[ConfigError | DataError], *, as_json: bool) -> None:
    """Tell every fault: in words on standard error, else as JSON."""
    if not as_json:
        sys.stderr.writelines(f"natalia: {fault}\n" for fault in faults)
        return
    sys.stdout.write(faults_json(faults, starts=False) + "\n")


def _verdict(warnings: object) -> str:
    """Say that it starts, and what it is worth as it stands."""
    assert isinstance(warnings, list)
    if not warnings:
        return "SUCCESS"
    number = len(warnings)
    starts = "IT STARTS" if _starts(warnings) else "IT DOES NOT START AS IT STANDS"
    if _starts(warnings) and not _records(warnings):
        starts = "IT RECORDS NOTHING AS IT STANDS"
    return f"{starts}: READ THE {number} WARNING{'S' if number > 1 else ''} ABOVE"


def _starts(warnings: object) -> bool:
    """Tell whether none of the warnings is of what would end the start."""
    from engine.cli.check_rights import NO_START  # noqa: PLC0415 - loaded when used

    assert isinstance(warnings, list)
    return not any(NO_START in one for one in warnings)


def _records(warnings: object) -> bool:
    """Tell whether it starts, and none of them is of a journal that is lost."""
    from engine.cli.check_rights import NO_RECORD  # noqa: PLC0415 - loaded when used

    assert isinstance(warnings, list)
    return _starts(warnings) and not any(NO_RECORD in one for one in warnings)


def _examined(
    file: Path, as_user: str
) -> tuple[dict[str, object], list[ConfigError | DataError]]:
    from engine.cli.check_listeners import of_privileged  # noqa: PLC0415 - loaded when used
    from engine.cli.check_rights import account_of, of_program, of_rights  # noqa: PLC0415 - loaded when used

    try:
        config, wrong = sound_part(read_table(file), file.parent.resolve())
    except ConfigError as error:
        return {}, [error]
    faults: list[ConfigError | DataError] = [*wrong]
    if config is None:
        return {}, faults
    account = account_of(as_user) if as_user else None
    amiss: list[str] = []
    if account:
        amiss += [*of_program(account), *of_rights(file.absolute(), config, account)]
        amiss += of_privileged(config, account)
    return examine(config, faults, amiss, account), faults


def examine(
    config: Config,
    faults: list[ConfigError | DataError],
    amiss: Iterable[str] = (),
    account: "Account | None" = None,
) -> dict[str, object]:
    """Return what the configuration comes to, with warnings where nothing is wrong.

    Each fault found is added to `faults`; none hides another. `amiss` stands with it.
    """
    from engine import plugins  # noqa: PLC0415 - loaded when used
    from engine.auditor.shared import warnings as auditor_warnings  # noqa: PLC0415 - likewise
    from engine.cli.check_adapters import of_adapters  # noqa: PLC0415 - likewise
    from engine.cli.check_listeners import of_listeners, of_taken, of_tls, of_unheard  # noqa: PLC0415 - likewise
    from engine.cli.check_operators import of_operators, of_shifts  # noqa: PLC0415 - likewise
    from engine.cli.check_protocols import of_protocols  # noqa: PLC0415 - likewise
    from engine.cli.check_secrets import of_secrets  # noqa: PLC0415 - likewise
    from engine.cli.check_state import of_state  # noqa: PLC0415 - likewise
    from engine.cli.check_ways import of_ways  # noqa: PLC0415 - likewise
    from engine.cli.operator_names import operators_fault  # noqa: PLC0415 - likewise
    from engine.clock import SystemClock  # noqa: PLC0415 - likewise
    from engine.loading import current_roster, misrouted  # noqa: PLC0415 - likewise
    from engine.protocol.agreement_faults import check_agreements  # noqa: PLC0415 - likewise
    from engine.protocol.registry import load_registry  # noqa: PLC0415 - likewise
    from engine.roster.rules import Known  # noqa: PLC0415 - likewise

    registry = roster = None
    with _taking(faults):
        registry = load_registry(config.protocols.folder, config.protocols.default)
        faults += misrouted(config, registry)
    with _taking(faults):
        check_agreements()
    known = Known(
        # Of none that can be read nobody can say that it is not there.
        protocols=None if registry is None else registry.protocols,
        wire_protocols=plugins.names(plugins.DEVICE),
        today=SystemClock().now().to_datetime().date(),
    )
    with _taking(faults):
        roster = current_roster(config, known=known)
    faults += of_listeners(config)
    wrong, warnings = of_adapters(config)
    faults += wrong
    if faults or registry is None or roster is None:
        return {}
    warnings += [*_lacks(config, roster), *of_ways(config), *of_unheard(config, roster)]
    warnings += [*of_secrets(roster, account), *of_protocols(config, registry, roster)]
    warnings += operators_fault(config) + of_operators(config, registry, roster)
    warnings += of_shifts(config, roster)
    warnings += of_tls(config) + _of_roster(config, roster)
    warnings += auditor_warnings(config) + of_taken(config)
    warnings += [*_of_limits(config, roster), *_of_proxies(config)]
    warnings += [*of_state(config, roster, account), *amiss]
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


def _lacks(config: Config, roster: "Roster") -> Iterator[str]:
    """Say what is left out without which hardly anybody would be helped."""
    from engine.protocol.language import wording  # noqa: PLC0415 - loaded when used

    if not config.gateway:
        yield "no gateway: no device is heard, only what comes by SMS"
    if not config.modem:
        yield "no modem: nobody gets an SMS"
    if not roster.people:
        yield "nobody is in the roster: every device is unknown, nobody is called"
    if config.public and not wording(config.hq_language).is_reviewed:
        yield (
            f"the world is told in {config.hq_language!r} (hq_language), whose words"
            " nobody has reviewed: whoever approves reads the English beside them"
        )


def _of_limits(config: Config, roster: "Roster") -> Iterator[str]:
    """Say where a service of this shell's limit would have too few descriptors."""
    from engine.descriptors import warning  # noqa: PLC0415 - loaded when used
    from engine.process import open_files_max  # noqa: PLC0415 - likewise
    from engine.start import needs_of  # noqa: PLC0415 - likewise

    said = warning(open_files_max(), needs_of(config, roster))
    if said is not None:
        yield f"{said}; the limit is this shell's, the unit's is its own"


def _of_proxies(config: Config) -> Iterator[str]:
    """Say where HQ come through a proxy that is not believed."""
    if config.console.address.startswith("https:") and not config.proxies:
        yield (
            "console.address is https, and no proxy is named: name the one that speaks"
            " TLS (proxies = ['127.0.0.1']), else all of HQ count as one address and"
            " their cookies may go in clear"
        )


@contextmanager
def _taking(faults: list[ConfigError | DataError]) -> Iterator[None]:
    try:
        yield
    except (ConfigError, DataError) as error:
        faults += error.each


def _of_roster(config: Config, roster: "Roster") -> list[str]:
    """Say where somebody may think that an edited file counts, and it does not."""
    from engine.loading import has_kept_roster  # noqa: PLC0415 - likewise
    from engine.roster.faults import RosterError  # noqa: PLC0415 - loaded when used
    from engine.roster.parse import load_roster  # noqa: PLC0415 - likewise

    if config.roster is None or not has_kept_roster(config):
        return []
    try:
        if load_roster([config.roster]).version == roster.version:
            return []
    except RosterError:
        pass  # whatever is wrong with it, it is not the one in force
    said = (
        "roster: this file counts no more: another one was imported, or a device"
        " enrolled since. natalia roster import FILE puts it in force, and takes out"
        " whoever and whatever is not in it"
    )
    return [said]
