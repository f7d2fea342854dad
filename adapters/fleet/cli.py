"""`natalia device simulate`: a fleet of simulated devices over real sockets."""

import asyncio
import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from adapters.fleet.crew import Crew, FleetError
from adapters.fleet.handsets import HANDSETS
from adapters.fleet.plan import Wish
from adapters.fleet.roster import HEAD, roster_of
from adapters.fleet.tally import Tally, total
from adapters.modem.host_clock import HostClock
from engine.errors import DataError, cure_of

TELL_S = 5.0
EPILOG = """
Examples:

$ natalia device simulate --fleet 100 --write-roster fleet.toml

$ natalia device simulate --fleet 100 --every 10 --for 60

$ natalia device simulate --fleet 500 --protocol gt06 --protocol watch --port gt06=15023

$ natalia device simulate --fleet 20 --sos-per-minute 6 --json
"""


app = typer.Typer(add_completion=False, rich_markup_mode=None)
WriteRoster = Annotated[
    Path | None,
    # It is written, and `_write` says where that fails.
    typer.Option(
        readable=False, help="Write a roster that has this fleet's devices, and end."
    ),
]


@app.command(epilog=EPILOG)
def simulate(  # noqa: PLR0913 - each is an option of the command line
    fleet: Annotated[int, typer.Option(min=1, help="How many devices.")] = 10,
    protocol: Annotated[
        list[str] | None,
        typer.Option(help="A wire protocol; again for more. Without it: all, mixed."),
    ] = None,
    *,
    host: Annotated[str, typer.Option(help="Where the engine listens.")] = "127.0.0.1",
    port: Annotated[
        list[str] | None,
        typer.Option(help="NAME=PORT where it is not the usual one; again for more."),
    ] = None,
    every: Annotated[
        float, typer.Option(min=0.01, help="Seconds from place to place of a device.")
    ] = 60.0,
    sos_per_minute: Annotated[
        float, typer.Option(min=0.0, help="Presses a minute, of the whole fleet.")
    ] = 0.0,
    for_s: Annotated[
        float, typer.Option("--for", min=0.0, help="Seconds; 0 until Ctrl-C.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="The same fleet for the same seed.")] = 1,
    write_roster: WriteRoster = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON on standard output.")
    ] = False,
) -> None:
    """Let a fleet of simulated devices report, and press, over real sockets.

    It says at the end what was sent and what was acknowledged, by wire protocol. Exit
    code 1: a press was not acknowledged, or a device never got through. A press is a
    real alarm to the engine that hears it; without --sos-per-minute nobody presses.
    Without a roster that has these devices (--write-roster) they are unknown ones.
    """
    names = _names(protocol)
    if write_roster is not None:
        _write(write_roster, roster_of(fleet, names))
        return
    wish = Wish(
        fleet=fleet,
        names=names,
        every_s=every,
        sos_per_minute=sos_per_minute,
        for_s=for_s,
        seed=seed,
    )
    crew = Crew(wish, _where(names, host, port or []), HostClock())
    try:
        asyncio.run(_run(crew))
    except FleetError as error:
        sys.stderr.write(f"natalia device simulate: {error}\n")
        raise typer.Exit(1) from error
    told = as_plain(crew.tallies)
    sys.stdout.write(json.dumps(told, indent=1) + "\n" if as_json else table(told))
    whole = total(crew.tallies)
    if whole.sos_open or whole.refused or (whole.due and not whole.acknowledged):
        raise typer.Exit(1)


def _write(file: Path, text: str) -> None:
    try:
        if file.is_file() and not _is_of_a_fleet(file):
            reason = "is there already, and is no fleet's: name another file"
            raise DataError(file.name, None, "--write-roster", reason)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        reason = f"cannot be written: {cure_of(error)}"
        raise DataError(file.name, None, "--write-roster", reason) from error


def _is_of_a_fleet(file: Path) -> bool:
    """Say whether an earlier run wrote a file: it may be the roster of real people."""
    with file.open("rb") as opened:
        return opened.read(len(HEAD)) in {HEAD.encode(), b""}


def as_plain(tallies: Mapping[str, Tally]) -> dict[str, dict[str, object]]:
    """Return the tallies of who has devices, and of all together."""
    taken = {name: one for name, one in tallies.items() if one.devices}
    return {name: one.plain() for name, one in (taken | {"all": total(taken)}).items()}


def table(told: Mapping[str, Mapping[str, object]]) -> str:
    """Return the tallies as a table."""
    head = ("", *(name.replace("_", " ") for name in _COLUMNS), "p50 ms", "p99 ms")
    rows = [head]
    for name, row in told.items():
        latency = row["report_latency"]
        times = latency if isinstance(latency, dict) else {}
        took = (times.get("p50_ms"), times.get("p99_ms"))
        cells = (*(row[column] for column in _COLUMNS), *took)
        rows.append((name, *("-" if one is None else f"{one}" for one in cells)))
    wide = [max(len(row[at]) for row in rows) for at in range(len(head))]
    lines = (
        "  ".join(
            cell.ljust(wide[at]) if at == 0 else cell.rjust(wide[at])
            for at, cell in enumerate(row)
        )
        for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


async def _run(crew: Crew) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await crew.run(stop, _tell, TELL_S)


def _tell(passed_s: float, tallies: Mapping[str, Tally]) -> None:
    now = total(tallies)
    sys.stderr.write(
        f"{passed_s:6.0f} s  {now.connected} of {now.devices} connected,"
        f" {now.sent} sent, {now.acknowledged} of {now.due} acknowledged,"
        f" SOS {now.sos_acknowledged} of {now.sos_due}\n"
    )


def _names(chosen: list[str] | None) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(chosen or HANDSETS))
    unknown = [name for name in names if name not in HANDSETS]
    if unknown:
        message = f"{unknown[0]}: no such handset; there are {', '.join(HANDSETS)}"
        raise typer.BadParameter(message, param_hint="--protocol")
    return names


def _where(
    names: tuple[str, ...], host: str, ports: list[str]
) -> dict[str, tuple[str, int]]:
    said = dict(one.partition("=")[::2] for one in ports)
    for name, text in said.items():
        if name not in HANDSETS or not text.isdecimal() or not 0 < int(text) <= _PORTS:
            message = f"{name}={text}: must be a handset's name and a port"
            raise typer.BadParameter(message, param_hint="--port")
    usual = {name: HANDSETS[name].port for name in names}
    return {name: (host, int(said.get(name, usual[name]))) for name in names}


_PORTS = 65_535
_COLUMNS = (
    "devices",
    "sent",
    "due",
    "acknowledged",
    "sos_sent",
    "sos_due",
    "sos_acknowledged",
    "repeated",
    "lost",
    "refused",
    "strange",
)
