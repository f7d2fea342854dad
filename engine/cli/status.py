"""`natalia status`: may the running engine be relied on, and what is wrong."""

import json
import sys
from typing import Annotated

import typer

from engine.cli.client import DEFAULT_STATE, State, ask
from engine.cli.reload import reload_lines

EXIT_DEGRADED = 4

app = typer.Typer(
    add_completion=False,
    help="Say whether the running engine is ready or degraded, and why.",
    epilog="Example: natalia status --state /var/lib/natalia --json",
    subcommand_metavar="",
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def status(
    state: State = DEFAULT_STATE,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Say whether the running engine is ready or degraded, and why.

    Exit code 4 where it is degraded: it runs, and promises less than it should.
    """
    found = ask(state, "GET", "/status")
    facts = found if isinstance(found, dict) else {}
    if as_json:
        sys.stdout.write(json.dumps(facts, indent=1) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines_of(facts)))
    if facts.get("state") != "ready":
        raise typer.Exit(EXIT_DEGRADED)


def lines_of(facts: dict[str, object]) -> list[str]:
    """Return the answer in words, one reason a line."""
    said = [str(facts.get("state", "degraded"))]
    if not facts.get("ready"):
        said[0] += ": it must not be relied on just now"
    reasons = facts.get("reasons")
    if isinstance(reasons, dict):
        said += [
            f"  {str(reason).replace('_', ' ')}: {', '.join(map(str, who))}"
            for reason, who in reasons.items()
        ]
    said += [f"  {line}" for line in reload_lines(facts.get("reload"))]
    unrecorded = facts.get("unrecorded")
    if unrecorded:
        said.append(f"  NOT RECORDED or NOT HANDLED, on the console: {unrecorded}")
    return said
