"""`natalia operator`: who may sign in to the console."""

import json
import sys
from typing import Annotated

import typer

from engine.cli.client import DEFAULT_STATE, State, ask, id_of, table

app = typer.Typer(
    add_completion=False,
    help="Add, list and remove operators of the running service.",
    epilog="Example: natalia operator add alder --state /var/lib/natalia",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(epilog="Example: natalia operator add alder --json")
def add(
    name: Annotated[
        str, typer.Argument(help="Small letters, digits and hyphens: never a name.")
    ],
    state: State = DEFAULT_STATE,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Add an operator; the first password goes into a file, whose path is printed."""
    operator = id_of("name", name, "natalia operator add --help")
    found = table(ask(state, "POST", f"/operators/{operator}"))
    if as_json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
        return
    sys.stdout.write(
        f"{name} may sign in. The first password lies in {found['password_file']}\n"
        "(mode 0600; it goes once another is chosen in the console).\n"
    )


@app.command("list", epilog="Example: natalia operator list --json")
def list_(
    state: State = DEFAULT_STATE,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """List who may sign in."""
    names = ask(state, "GET", "/operators")
    if as_json or not isinstance(names, list):
        sys.stdout.write(json.dumps(names) + "\n")
        return
    sys.stdout.write("".join(f"{name}\n" for name in names))


@app.command(epilog="Example: natalia operator remove alder")
def remove(
    name: Annotated[str, typer.Argument(help="As `natalia operator list` has it.")],
    state: State = DEFAULT_STATE,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Let an operator in no more and end their sessions, here and now.

    Whoever has lost a password is removed and added again.
    """
    operator = id_of("name", name, "natalia operator remove --help")
    found = table(ask(state, "DELETE", f"/operators/{operator}"))
    said = f"{found['operator']} may sign in no more; all their sessions have ended.\n"
    sys.stdout.write(json.dumps(found, indent=1) + "\n" if as_json else said)
