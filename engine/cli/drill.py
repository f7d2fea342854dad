"""`natalia drill`: an exercise on the full path, and what it was worth."""

import json
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.client import ask
from engine.clock import SystemClock

app = typer.Typer(
    help="Run an exercise with the running service, and score it.",
    epilog=(
        "Example: natalia drill --for heron --by alder --minutes 10 --json. "
        "Messages really go out, marked as an exercise; nothing is ever published. "
        "Exit code 4 where the score is below --least."
    ),
    rich_markup_mode=None,
)
EXIT_BELOW = 4
POLL_S = 2.0
Found = dict[str, object]


@app.callback(invoke_without_command=True)
def drill(
    for_: Annotated[
        str, typer.Option("--for", help="The defender whose alarm is played.")
    ],
    by: Annotated[str, typer.Option(help="The operator who runs it; journalled.")],
    state: Annotated[
        Path, typer.Option(help="The state folder of the running service.")
    ] = Path("/var/lib/natalia"),
    minutes: Annotated[
        float, typer.Option(min=0, max=240, help="How long people have.")
    ] = 10.0,
    least: Annotated[
        int, typer.Option(min=0, max=100, help="The score that it takes, in percent.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Raise an exercise, wait, close it, and print who was reached and who answered.

    Whoever runs it does not acknowledge it: that is for the officer on duty.
    """
    fields = {"by": by, "id": secrets.token_hex(8), "defender": for_}
    raised = _table(ask(state, "POST", "/drills", fields))
    alarm = str(raised["alarm"])
    sys.stderr.write(f"exercise {alarm} is under way; {minutes:g} minutes\n")
    clock = SystemClock()
    ends_s = clock.boottime_s() + minutes * 60
    path = f"/drills/{alarm}"
    found = _table(ask(state, "GET", path))
    while (left_s := ends_s - clock.boottime_s()) > 0 and _goes_on(found):
        clock.sleep(min(POLL_S, left_s))
        found = _table(ask(state, "GET", path))
    if found["open"]:
        _end(state, alarm, by, acknowledged=found["acknowledged_s"] is not None)
    sys.stdout.write(json.dumps(found, indent=1) + "\n" if as_json else _words(found))
    if int(str(found["percent"])) < least:
        raise typer.Exit(EXIT_BELOW)


def _end(state: Path, alarm: str, by: str, *, acknowledged: bool) -> None:
    """Close it, so that everybody who was told hears that it is over."""
    close = ("close", {"reason": "exercise_over"})
    taking: tuple[str, dict[str, str]] = ("acknowledge", {})
    acts = [close] if acknowledged else [taking, close]
    for act, form in acts:
        fields = {"by": by, "id": secrets.token_hex(8), **form}
        ask(state, "POST", f"/alarms/{alarm}/{act}", fields)


def _goes_on(found: Found) -> bool:
    """Say whether it is open and anybody's answer is still to come."""
    answers = [found["acknowledged_s"], *(p["answered_s"] for p in _people(found))]
    return bool(found["open"]) and None in answers


def _people(found: Found) -> list[Found]:
    people = found["people"]
    assert isinstance(people, list)
    return people


def _table(found: object) -> Found:
    assert isinstance(found, dict)
    return found


def _words(found: Found) -> str:
    lines = [f"{'who':<16} {'sent':>8} {'arrived':>8} {'answered':>8}  points"]
    lines += [
        f"{one['alias']!s:<16} {_time(one['sent_s'])} {_time(one['delivered_s'])}"
        f" {_time(one['answered_s'])}  {one['points']} of {found['of']}"
        f" {one['reply'] or ''}".rstrip()
        for one in _people(found)
    ]
    took, had = _time(found["acknowledged_s"]), found["hq_points"]
    lines.append(f"{'HQ':<16} {'':>8} {'':>8} {took}  {had} of {found['of']}")
    lines.append(f"score: {found['percent']} %")
    return "\n".join(lines) + "\n"


def _time(seconds: object) -> str:
    said = "-" if seconds is None else f"{float(str(seconds)):.1f} s"
    return f"{said:>8}"
