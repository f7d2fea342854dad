"""`natalia reload`: have the running engine read its configuration again."""

import json
import sys
from typing import Annotated

import typer

from engine.cli.client import DEFAULT_STATE, State, ask, table
from engine.cli.faults import EXIT_FAULTS

EXIT_RESTART = 4
REFUSED = "not reloaded, all is as it was"

app = typer.Typer(
    add_completion=False,
    help="Put the changed configuration in force without a restart, or say why not.",
    epilog="Example: natalia reload --state /var/lib/natalia",
    subcommand_metavar="",
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def reload(
    state: State = DEFAULT_STATE,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Put the changed configuration in force without a restart, or say why not.

    Exit code 3: the files are wrong, nothing has changed. Exit code 4: it is in force,
    but for what needs a restart; each key of that is named.
    """
    facts = table(ask(state, "POST", "/reload"))
    is_applied = facts["applied"] is True
    waits = facts["needs_restart"]
    if as_json:
        sys.stdout.write(json.dumps(facts, indent=1) + "\n")
    else:
        output = sys.stdout if is_applied else sys.stderr
        output.writelines(f"{line}\n" for line in reload_lines(facts))
    if not is_applied:
        raise typer.Exit(EXIT_FAULTS)
    if waits:
        raise typer.Exit(EXIT_RESTART)


def reload_lines(facts: object) -> list[str]:
    """Return a reload's result in words, a line each; none where there was none."""
    if not isinstance(facts, dict):
        return []
    at = facts.get("at")
    if facts.get("applied") is not True:
        said = [_fault(one) for one in facts.get("faults", ())]
        return [f"{REFUSED} ({at}):", *(f"  {one}" for one in said)]
    changed = ", ".join(facts.get("changed", ())) or "nothing changed"
    restart = [f"  needs a restart: {key}" for key in facts.get("needs_restart", ())]
    notes = [f"  note: {note}" for note in facts.get("notes", ())]
    return [f"reloaded ({at}): {changed}", *restart, *notes]


def _fault(fault: object) -> str:
    """Return a fault as the engine's own words have it."""
    said = fault if isinstance(fault, dict) else {}
    if "key" in said:
        return f"{said['key']}: expected {said.get('expected')}; {said.get('cure')}"
    line = said.get("line")
    place = said.get("file") if line is None else f"{said.get('file')}:{line}"
    return f"{place}: {said.get('field')}: {said.get('reason')}"
