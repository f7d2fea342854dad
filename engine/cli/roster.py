"""`natalia roster`: check files, hand them to the running service, look people up.

What reads files works offline; what changes or asks the service goes through its
control socket: `POST /roster` with a rendered roster, `POST /roster/read` with a
request that `engine.roster.listing.respond` answers.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn, cast
from urllib.parse import urlencode

import typer

from engine.cli.client import DEFAULT_STATE, State, ask, table
from engine.cli.faults import EXIT_FAULTS, faults_json
from engine.clock import SystemClock
from engine.plugins import DEVICE, names
from engine.roster.faults import RosterError
from engine.roster.listing import respond
from engine.roster.model import Role, Roster
from engine.roster.render import render_roster
from engine.roster.rules import Known

EXIT_FAILURE = 1
_NAMED_MAX = 10

Reply = Mapping[str, object]


def _examples(*commands: str) -> str:
    # Only blank lines break lines in an epilogue.
    return "\n\n".join(("Examples:", *(f"$ {one}" for one in commands)))


app = typer.Typer(
    name="roster",
    help="Defenders, colleagues, contacts, operators, devices and the duty rota.",
    epilog="Example: natalia roster check roster.toml",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Files = Annotated[
    list[Path],
    typer.Argument(
        readable=False, help="TOML or CSV files; together they are one roster."
    ),
]
Sources = Annotated[
    list[Path] | None,
    typer.Argument(
        readable=False, help="Read these files instead of asking the service."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Anyway = Annotated[
    bool,
    typer.Option(
        "--anyway",
        help="Also where somebody with an open case would lose what they are known by.",
    ),
]
Reveal = Annotated[
    bool,
    typer.Option("--reveal", help="Show numbers and places; the service journals it."),
]


By = Annotated[
    str | None,
    typer.Option(
        help="The operator who asks; journalled. Needed once there are operators."
    ),
]


@app.command(
    epilog=_examples(
        "natalia roster check people.csv devices.csv rota.toml",
        "natalia roster check --json roster.toml",
    ),
)
def check(files: Files, *, as_json: AsJson = False) -> None:
    """Check roster files, offline and without side effects.

    Exit code 3: a file is wrong; each fault names file, line and field.

    A doubt (a defender without colleagues, a rota of one) is shown, not refused.
    """
    roster = _read(files, as_json=as_json, known=_known())
    counts = _counts(roster)
    doubts = _doubts(roster, as_json=as_json)
    if as_json:
        _print_json(
            {"ok": True, "version": roster.version} | counts | {"doubts": doubts}
        )
        return
    told = ", ".join(f"{count} {noun}" for noun, count in counts.items()).replace(
        "_", " "
    )
    typer.echo(f"sound: {told}; version {roster.version}")


@app.command(
    "import",
    epilog=_examples(
        "natalia roster import roster.toml --by alder --state /var/lib/natalia",
        "natalia roster import people.csv rota.toml --by alder",
    ),
)
def import_(
    files: Files,
    *,
    by: By = None,
    state: State = DEFAULT_STATE,
    anyway: Anyway = False,
    as_json: AsJson = False,
) -> None:
    """Make these files the roster of the running service, all or nothing.

    The files are checked first; exit code 3: they are wrong, nothing is changed.

    Doubts are shown, and who was in the roster before and is not in these files, which
    devices, and whose secret. Refused where somebody with an open case, or a timer that
    runs, would lose by it what they are known by, or somebody who was told of such a
    case an agreed word. While a case is open, what changes how the people of that case
    are known or reached waits for two operators who approve it at the console.
    """
    _read(files, as_json=as_json, known=_known())
    # What the service has is held against our files: its own lines are not theirs.
    found = table(ask(state, "GET", "/roster/known"))
    known = replace(_known(), protocols=cast("list[str] | None", found["protocols"]))
    roster = _read(files, as_json=as_json, known=known)
    asked = ({} if by is None else {"by": by}) | ({"anyway": "1"} if anyway else {})
    path = f"/roster?{urlencode(asked)}" if asked else "/roster"
    reply = table(ask(state, "POST", path, render_roster(roster)))
    doubts = _doubts(roster, as_json=as_json)
    if as_json:
        _print_json({**reply, "doubts": doubts})
        return
    _tell_gone(reply)
    typer.echo(f"imported: {len(roster.people)} people; version {roster.version}")


def _tell_gone(reply: "Reply") -> None:
    """Say who and what was in the roster before and is not in this one."""
    devices, secrets = (
        [
            f"{one['device']} of {one['person']}"
            for one in cast("list[dict[str, str]]", found)
        ]
        for found in (reply.get("gone_devices", []), reply.get("gone_secrets", []))
    )
    people = cast("list[str]", reply.get("gone", []))
    for gone, said in (
        (people, f"gone: {len(people)} who were in it before"),
        (devices, f"devices gone, strangers now: {len(devices)}"),
        (secrets, f"devices whose secret is asked for no more: {len(secrets)}"),
    ):
        if gone:
            rest = len(gone) - _NAMED_MAX
            more = f" and {rest} more" if rest > 0 else ""
            typer.echo(f"{said}: {', '.join(gone[:_NAMED_MAX])}{more}", err=True)


@app.command(
    "list",
    epilog=_examples(
        "natalia roster list --state /var/lib/natalia",
        "natalia roster list --json roster.toml",
    ),
)
def list_(
    files: Sources = None,
    *,
    state: State = DEFAULT_STATE,
    reveal: Reveal = False,
    as_json: AsJson = False,
) -> None:
    """List everybody by id, with alias and roles."""
    request = {"command": "roster.list", "reveal": reveal}
    reply = _answer(state, request, files)
    people = cast("list[dict[str, object]]", reply["people"])
    if as_json:
        _print_json(people)
        return
    for one in people:
        typer.echo("\t".join(map(_text, one.values())))


@app.command(
    epilog=_examples(
        "natalia roster show heron --state /var/lib/natalia",
        "natalia roster show heron roster.toml --reveal",
    ),
)
def show(
    person: Annotated[str, typer.Argument(help="The person's id.")],
    files: Sources = None,
    *,
    state: State = DEFAULT_STATE,
    reveal: Reveal = False,
    as_json: AsJson = False,
) -> None:
    """Show one person: roles, circles, colleagues, contacts, consent."""
    request = {"command": "roster.show", "person": person, "reveal": reveal}
    reply = _answer(state, request, files)
    shown = cast("dict[str, object]", reply["person"])
    if as_json:
        _print_json(shown)
        return
    for name, value in shown.items():
        typer.echo(f"{name}: {_text(value)}")


def _known() -> Known:
    """Return what can be known without the service."""
    today = SystemClock().now().to_datetime().date()
    return Known(wire_protocols=names(DEVICE), today=today)


def _read(
    files: Sequence[Path], *, as_json: bool = False, known: Known | None = None
) -> Roster:
    # Pydantic and phonenumbers take 0.2 s to import, which --help need not pay.
    from engine.roster.parse import load_roster  # noqa: PLC0415

    try:
        return load_roster(files, known=known)
    except RosterError as error:
        if as_json:
            typer.echo(faults_json(error.faults))
        else:
            typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAULTS) from error


def _doubts(roster: Roster, *, as_json: bool) -> list[Mapping[str, object]]:
    """Return what a careful eye would ask about; told unless it is for JSON."""
    from engine.roster.review import review_roster  # noqa: PLC0415 - see _read

    doubts = review_roster(roster, _known().today)
    if not as_json:
        for doubt in doubts:
            typer.echo(f"doubt: {doubt}", err=True)
    return [{"person": one.person, "text": one.text} for one in doubts]


def _answer(
    state: Path, request: Mapping[str, object], files: Sequence[Path] | None
) -> Reply:
    """Answer from files where there are some, else by the service."""
    if files:
        reply: Reply = respond(request, _read(files))
    else:
        reply = table(ask(state, "POST", "/roster/read", json.dumps(request)))
    if reply.get("ok") is not True:
        _fail(str(reply.get("error", "the service gave no reason")), EXIT_FAILURE)
    return reply


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"natalia: {message}", err=True)
    raise typer.Exit(code)


def _counts(roster: Roster) -> dict[str, int]:
    return {
        "people": len(roster.people),
        "defenders": len(roster.with_role(Role.DEFENDER)),
        "colleagues": len(roster.with_role(Role.COLLEAGUE)),
        "contacts": len(roster.with_role(Role.CONTACT)),
        "operators": len(roster.with_role(Role.OPERATOR)),
        "on_duty": len(roster.duty()),
        "devices": len(roster.devices),
    }


def _text(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value)) or "-"
        case dict():
            return ", ".join(f"{name} {one}" for name, one in value.items())
        case None:
            return "-"
        case _:
            return str(value)


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2))
