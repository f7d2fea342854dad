"""`natalia device`: list, show, enrol, test, order and imitate alarm devices.

Asks the running service over its control socket. Ids of devices are in bodies, and
shown whole only with `--reveal`, which the service journals.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, cast
from urllib.parse import urlencode

import typer
from typer.core import TyperGroup

from engine import plugins
from engine.cli.client import DEFAULT_STATE, STRANGE, ServiceError, State, ask, table
from engine.cli.device_setup import IN_CLEAR, Setup, drawn, prepared, write_png
from engine.cli.device_trial import armed, clock, no_exercise, pressed
from engine.cli.reading import STANDARD_INPUT, FromFile, said_in
from engine.ports.device import DeviceCommand
from engine.values import printable

EXIT_FAILURE = 1
POSITIONS = frozenset({"position", "doubted_position"})

Row = Mapping[str, object]


class _Group(TyperGroup):
    """A group that has the commands of adapters too; they are loaded when called."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override] # typer's own context
        """Return every command's name."""
        return [*super().list_commands(ctx), *plugins.names(plugins.DEVICE_COMMAND)]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override] # typer's own context
        """Return one command."""
        if cmd_name not in plugins.names(plugins.DEVICE_COMMAND):
            return super().get_command(ctx, cmd_name)
        found = plugins.load(plugins.DEVICE_COMMAND, cmd_name, cmd_name)
        command = typer.main.get_command(cast("typer.Typer", found))
        command.name = cmd_name
        command.short_help = (command.help or "").split("\n\n")[0]
        return command


def _examples(*commands: str) -> str:
    # Only blank lines break lines in an epilogue.
    return "\n\n".join(("Examples:", *(f"$ {one}" for one in commands)))


app = typer.Typer(
    cls=_Group,
    help="Alarm devices: bracelets, pendants, watches, trackers, telephones.",
    epilog="Example: natalia device list --state /var/lib/natalia",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Reveal = Annotated[
    bool, typer.Option("--reveal", help="Show ids whole; the service journals it.")
]
Id = Annotated[str, typer.Argument(help="The id that the device sends.")]


@app.command(
    "list",
    epilog=_examples(
        "natalia device list",
        "natalia device list --overdue --json",
        "natalia device list --person heron --reveal",
        "natalia device list --unknown",
    ),
)
def list_(
    *,
    person: Annotated[str | None, typer.Option(help="Only this person's.")] = None,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only those that are silent too long.")
    ] = False,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="Those that speak and are not enrolled.")
    ] = False,
    state: State = DEFAULT_STATE,
    reveal: Reveal = False,
    as_json: AsJson = False,
) -> None:
    """List enrolled devices: when each was heard last, its battery, is it overdue.

    A device without an agreed heartbeat is never overdue. With --unknown those that
    have spoken since the service started, and are not enrolled, are listed instead.
    """
    if unknown:
        _show_unknown(state, reveal=reveal, as_json=as_json)
        return
    rows = _devices(state, {"person": person, "reveal": reveal})
    rows = [row for row in rows if row["overdue"] is True or not overdue]
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        typer.echo(_line(row))
    if not rows:
        typer.echo("no such devices" if person or overdue else "no devices")


@app.command(
    epilog=_examples(
        "natalia device show 004999010640018",
        "natalia device show 004999010640018 --json",
    )
)
def show(
    device: Id,
    *,
    state: State = DEFAULT_STATE,
    reveal: Reveal = False,
    as_json: AsJson = False,
) -> None:
    """Show one device: whose it is, what was agreed, when it was heard last.

    Its carrier's last position is shown exactly only with --reveal; one that cannot be
    (0/0, a jump, the future) stands beside it, marked, until a newer one is believed.
    """
    rows = _devices(state, {"device": device, "reveal": reveal})
    if not rows:
        heard = "".join(
            f"; it was heard at {_second(row)} by {row['wire_protocol']}{_like(row)}"
            for row in _unknown(state, {"device": device})
        )
        message = f"no such device is enrolled{heard}; add it: natalia device enrol"
        raise ServiceError(message)
    if as_json:
        _print_json(rows[0])
        return
    for name, value in rows[0].items():
        is_place = name in POSITIONS and isinstance(value, dict)
        said = _position(cast("Row", value)) if is_place else _text(value)
        typer.echo(f"{name.replace('_', ' ')}: {said}")


@app.command(
    epilog=_examples(
        "natalia device enrol 004999010640091 --person heron --wire-protocol gt06",
        "natalia device enrol 004999010640091 --person heron --wire-protocol watch "
        "--heartbeat 600",
        "natalia device enrol --person heron --wire-protocol osmand "
        "--url https://sos.example.org:5055",
        "natalia device enrol --person heron --wire-protocol owntracks "
        "--url https://sos.example.org:5144 --by alder --png heron.png",
    )
)
def enrol(  # noqa: PLR0913 - each is an option of the command line
    device: Annotated[
        str | None,
        typer.Argument(help="The id that it sends; with --url one that is made up."),
    ] = None,
    *,
    person: Annotated[str, typer.Option(help="Whose it is: an id of the roster.")],
    wire_protocol: Annotated[str, typer.Option(help="What it speaks, such as gt06.")],
    profile: Annotated[
        str | None, typer.Option(help="The profile that says what its codes mean.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="The maker's name of it, where models are read otherwise."),
    ] = None,
    number: Annotated[
        str | None, typer.Option(help="Its SIM's number, where it reports by SMS.")
    ] = None,
    heartbeat: Annotated[
        float | None, typer.Option(help="The longest silence agreed upon, in seconds.")
    ] = None,
    secret_file: Annotated[
        Path | None, typer.Option(help="A file that has the secret it proves.")
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(help="Where telephones reach the listener: print a QR code."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="The operator who asks; journalled. Needed once there are operators."
        ),
    ] = None,
    png: Annotated[
        Path | None, typer.Option(help="Write the QR code to this new file instead.")
    ] = None,
    state: State = DEFAULT_STATE,
    as_json: AsJson = False,
) -> None:
    """Add a device to the roster in force; then try it out: natalia device test.

    With --url a QR code sets up Traccar Client (osmand) or OwnTracks (owntracks) on a
    telephone. Whoever sees the code can pass for the telephone: show it to its carrier
    alone.
    """
    setup = _setup(device, wire_protocol, url, heartbeat, by, png, secret_file)
    device = device if setup is None else setup.device
    entry = {
        "id": device,
        "wire_protocol": wire_protocol,
        "person": person,
        "profile": profile,
        "model": model,
        "number": number,
        "secret_file": None if secret_file is None else str(secret_file.absolute()),
        "heartbeat_s": heartbeat,
    }
    rows = (
        f"{name} = {_as_toml(value)}"
        for name, value in entry.items()
        if value is not None
    )
    if setup is not None and png is not None:
        write_png(setup.uri, png)
    body = "[[device]]\n" + "\n".join(rows)
    asked = "" if by is None else f"?{urlencode({'by': by})}"
    path = f"/devices/enrol{asked}"
    try:
        reply: Row = table(ask(state, "POST", path, body))
    except ServiceError:
        if setup is not None and png is not None:
            png.unlink(missing_ok=True)
        raise
    if setup is not None and setup.secret:
        reply = {**reply, **_agreed_on(setup, by, state)}
    if as_json:
        shown = {} if setup is None else {"device": setup.device, "app": setup.app}
        if setup is not None and png is None:
            shown["setup_uri"] = setup.uri
        _print_json({**reply, **shown})
        return
    _tell_doubts(reply)
    if setup is not None:
        _tell_setup(setup, png)
    typer.echo(f"enrolled for {person}; try it out now, an exercise to everybody:")
    named = "DEVICE" if setup is None else setup.device
    typer.echo(f"natalia device test {named} --by {by or 'OPERATOR'}")


def _setup(
    device: str | None,
    wire_protocol: str,
    url: str | None,
    heartbeat: float | None,
    by: str | None,
    png: Path | None,
    secret_file: Path | None,
) -> Setup | None:
    """Return what a QR code shall say; None where none is asked for."""
    if url is None:
        if device is None:
            message = "name the id that the device sends; --url makes one for an app"
            raise typer.BadParameter(message)
        if png is not None:
            message = "--png goes with --url, which makes a QR code"
            raise typer.BadParameter(message)
        return None
    if secret_file is not None:
        message = "--secret-file is for a device without a QR code: --url makes one"
        raise typer.BadParameter(message)
    setup = prepared(wire_protocol, url, device, heartbeat)
    if setup.secret and by is None:
        message = f"{setup.app} gets a secret: say by which operator (--by)"
        raise typer.BadParameter(message)
    if url.startswith("http:"):
        typer.echo(f"doubt: {IN_CLEAR}", err=True)
    return setup


def _agreed_on(setup: Setup, by: str | None, state: Path) -> Row:
    request = {"device": setup.device, "by": by, "secret": setup.secret}
    try:
        return table(ask(state, "POST", "/devices/secret", json.dumps(request)))
    except ServiceError as error:
        message = (
            f"it is enrolled as {setup.device}, without its secret: {error}; agree on"
            " one (natalia device secret) and type it into the app"
        )
        raise ServiceError(message) from error


def _tell_setup(setup: Setup, png: Path | None) -> None:
    if png is None:
        typer.echo(drawn(setup.uri))
        where = "above"
    else:
        where = f"in {png}; delete it then"
    typer.echo(f"install {setup.app} on the telephone and scan the code {where}")


def _as_toml(value: object) -> str:
    """Return a value as TOML, which the service reads, and says what is wrong with."""
    if isinstance(value, float):
        return repr(value)  # also what is no number, as JSON does not have it
    # JSON's strings are TOML's but for DEL, where no letter is written as two halves.
    whole = str(value).encode("utf-8", "replace").decode()
    return json.dumps(whole, ensure_ascii=False)


@app.command("test", epilog=_examples("natalia device test 004999010640018 --by alder"))
def try_out(
    device: Id,
    *,
    by: Annotated[str, typer.Option(help="The operator who asks; journalled.")],
    state: State = DEFAULT_STATE,
    as_json: AsJson = False,
) -> None:
    """Try a device out with its carrier: the next press is an exercise.

    It goes the full way to the same people, marked EXERCISE. Waits for the press; exit
    code 1 where none came, or it joined a real alarm. A press after that is real.
    """
    request = {"device": device, "by": by}
    drill = armed(state, request)
    # On standard error: with --json there is nothing but JSON on standard output.
    for line in (
        "1. Call the carrier. Say that this is an exercise.",
        "2. Have them press the button until the device shows that it has sent.",
        f"3. The next press is an exercise until {clock(drill['until'])} UTC.",
        "Waiting for the press (Ctrl-C stops waiting, not the exercise) ...",
    ):
        typer.echo(line, err=True)
    drill = pressed(state, request, drill)
    if as_json:
        _print_json(drill)
    elif drill["exercise"]:
        typer.echo(f"heard at {clock(drill['pressed_at'])} UTC, an exercise:")
        typer.echo(f"natalia alarm show {drill['alarm']}")
    if not drill["exercise"]:
        typer.echo(no_exercise(drill), err=True)
        raise typer.Exit(EXIT_FAILURE)


@app.command(
    epilog=_examples(
        "natalia device order 004999010640018 locate --by alder",
        "natalia device order 004999010640018 interval --every 60 --by alder --json",
        "natalia device order 004999010640018 vibrate --by alder",
    )
)
def order(
    device: Id,
    command: Annotated[
        DeviceCommand,
        typer.Argument(help="Say where it is now, report at an interval, vibrate."),
    ],
    *,
    by: Annotated[str, typer.Option(help="The operator who asks; journalled.")],
    every: Annotated[
        int | None, typer.Option(help="With `interval`: seconds between reports.")
    ] = None,
    state: State = DEFAULT_STATE,
    as_json: AsJson = False,
) -> None:
    """Ask something of a device: where it is, to report more often, to vibrate.

    Off unless the action protocol of its carrier allows it: a device that lights up may
    give somebody away. It is sent once the device is connected, after a minute by SMS
    where its words are known, and given up after a day.
    """
    if (every is None) is (command is DeviceCommand.INTERVAL):
        message = "--every SECONDS goes with interval, and with nothing else"
        raise typer.BadParameter(message)
    request = {"device": device, "command": command.value, "every_s": every, "by": by}
    asked = {name: value for name, value in request.items() if value is not None}
    reply = table(ask(state, "POST", "/devices/command", json.dumps(asked)))
    if reply["queued"] is not True:
        raise ServiceError(STRANGE)
    if as_json:
        _print_json(reply)
        return
    typer.echo(f"{command.value} is queued; it is sent once the device can be reached")


@app.command(
    epilog=_examples(
        "natalia device secret heron-phone --by alder --from-file /run/heron",
        "openssl rand -hex 16 | natalia device secret heron-phone --by alder",
    )
)
def secret(
    device: Id,
    *,
    by: Annotated[str, typer.Option(help="The operator who sets it; journalled.")],
    from_file: FromFile = STANDARD_INPUT,
    state: State = DEFAULT_STATE,
    as_json: AsJson = False,
) -> None:
    """Agree on a secret by which a device over HTTP proves itself.

    It is never an argument, since others see those. The service keeps it in a file of
    its state folder that nobody else may read. From then on a report without it still
    raises, as not proven.
    """
    if from_file == STANDARD_INPUT and sys.stdin.isatty():
        said = typer.prompt("secret", hide_input=True, confirmation_prompt=True)
    else:
        said = said_in(from_file, "the secret")
    request = {"device": device, "by": by, "secret": said.strip()}
    reply = table(ask(state, "POST", "/devices/secret", json.dumps(request)))
    if not reply["person"]:
        raise ServiceError(STRANGE)
    if as_json:
        _print_json(reply)
        return
    if not _tell_doubts(reply):
        typer.echo("the secret is in force; now give it to the device")


def _tell_doubts(reply: Row) -> bool:
    """Say what is doubtful of a device, as the service sees it; whether anything is."""
    doubts = reply.get("doubts", ())
    told = doubts if isinstance(doubts, list) else []
    for doubt in told:
        typer.echo(f"doubt: {doubt}", err=True)
    return bool(told)


def _show_unknown(state: Path, *, reveal: bool, as_json: bool) -> None:
    rows = _unknown(state, {"reveal": reveal})
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        typer.echo(
            f"{row['device']!s:<20} {row['wire_protocol']!s:<12}"
            f" {_second(row)}{_like(row)}"
        )
    if not rows:
        typer.echo("no such devices")


def _unknown(state: Path, request: Mapping[str, object]) -> list[Row]:
    reply = table(ask(state, "POST", "/devices", json.dumps(request)))
    return cast("list[Row]", reply.get("unknown", []))


def _second(row: Row) -> str:
    return f"{str(row['seen_at'])[:19]}Z"


def _like(row: Row) -> str:
    return "" if row["like"] is None else f"  LIKE {row['like']}, which is enrolled"


def _devices(state: Path, request: Mapping[str, object]) -> list[Row]:
    asked = {name: value for name, value in request.items() if value is not None}
    reply = table(ask(state, "POST", "/devices", json.dumps(asked)))
    return cast("list[Row]", reply["devices"])


def _line(row: Row) -> str:
    seen = row["seen_at"]
    ratio = row["battery_ratio"]
    battery = f"{ratio:.0%}" if isinstance(ratio, int | float) else "-"
    heard = "not heard yet" if seen is None else f"{str(seen)[:19]}Z"
    overdue = "  OVERDUE" if row["overdue"] is True else ""
    return (
        f"{row['device']!s:<20} {row['wire_protocol']!s:<12} {row['person']!s:<16}"
        f" {heard:<20}  battery {battery:>4}{overdue}"
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        value = ", ".join(f"{name} {one}" for name, one in value.items()) or None
    return "-" if value is None else printable(str(value))  # as anybody sent it


def _position(position: Mapping[str, object]) -> str:
    """Word a position: what it is only where it was revealed, and any doubt."""
    said = str(position["at"])
    if "lat_deg" in position:
        said = f"{position['lat_deg']}, {position['lon_deg']} at {said}"
    if position.get("accuracy_m") is not None:
        said += f", within {position['accuracy_m']} m"
    return f"{said}, NOT BELIEVED: {position['words']}" if "words" in position else said


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2))
