"""`natalia drill`: an exercise on the full path, and what it was worth."""

import json
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.client import DEFAULT_STATE, ServiceError, State, ask
from engine.clock import SystemClock

app = typer.Typer(
    add_completion=False,
    help="Run an exercise with the running service, and score it.",
    epilog=(
        "Example: natalia drill --for heron --by alder --minutes 10 --json. "
        "Messages really go out, marked as an exercise; nothing is ever published. "
        "Exit code 4 where the score is below --least, 130 where it was broken off."
    ),
    subcommand_metavar="",
    rich_markup_mode=None,
)
EXIT_BELOW = 4
EXIT_EARLY = 130
POLL_S = 2.0
Found = dict[str, object]


@app.callback(invoke_without_command=True)
def drill(
    for_: Annotated[
        str, typer.Option("--for", help="The defender whose alarm is played.")
    ],
    by: Annotated[str, typer.Option(help="The operator who runs it; journalled.")],
    state: State = DEFAULT_STATE,
    minutes: Annotated[
        float, typer.Option(min=0, max=240, help="How long people have.")
    ] = 10.0,
    least: Annotated[
        int, typer.Option(min=0, max=100, help="The score that it takes, in percent.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Raise an exercise, wait, close it, and print who was reached and who answered.

    Whoever runs it does not acknowledge it: that is for the officer on duty. Ctrl-C
    ends it at once, for everybody.
    """
    raised = _table(ask(state, "POST", "/drills", {**_act(by), "defender": for_}))
    alarm = str(raised["alarm"])
    sys.stderr.write(f"exercise {alarm} is under way; {minutes:g} minutes\n")
    try:
        found, early = _wait(state, alarm, minutes * 60)
        if found["open"]:
            _end(state, alarm, by, acknowledged=found["acknowledged_s"] is not None)
    except ServiceError as error:
        message = f"{error}. Exercise {alarm} may go on: natalia alarm show {alarm}"
        raise ServiceError(message) from error
    sys.stdout.write(json.dumps(found, indent=1) + "\n" if as_json else _words(found))
    if early:
        raise typer.Exit(EXIT_EARLY)
    if int(str(found["percent"])) < least:
        raise typer.Exit(EXIT_BELOW)


def _wait(state: Path, alarm: str, most_s: float) -> tuple[Found, bool]:
    """Look until nobody's answer is to come; say whether somebody broke it off.

    An engine that starts anew meanwhile has the exercise still.
    """
    path, clock = f"/drills/{alarm}", SystemClock()
    ends_s = clock.boottime_s() + most_s
    found = _table(ask(state, "GET", path))
    try:
        with _breaking_off():
            while (left_s := ends_s - clock.boottime_s()) > 0 and _goes_on(found):
                clock.sleep(min(POLL_S, left_s))
                with suppress(ServiceError):
                    found = _table(ask(state, "GET", path))
    except KeyboardInterrupt:
        return _table(ask(state, "GET", path)), True
    return found, False


@contextmanager
def _breaking_off() -> Iterator[None]:
    """Take the end of the terminal, or of the command, as Ctrl-C.

    An exercise that nobody ends would ring the officers on duty for ever.
    """
    before = {
        number: signal.signal(number, signal.default_int_handler)
        for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(state: Path, alarm: str, by: str, *, acknowledged: bool) -> None:
    """Close it, so that everybody who was told hears that it is over."""
    path = f"/alarms/{alarm}"
    if not acknowledged:
        # An officer may have taken it since: then it is refused, and can be closed.
        with suppress(ServiceError):
            ask(state, "POST", f"{path}/acknowledge", _act(by))
    ask(state, "POST", f"{path}/close", {**_act(by), "reason": "exercise_over"})


def _act(by: str) -> dict[str, str]:
    return {"by": by, "id": secrets.token_hex(8)}


def _goes_on(found: Found) -> bool:
    """Say whether it is open and anybody's answer is still to come.

    Of the officers on duty one is enough.
    """
    called = (one for one in _people(found) if one["audience"] != "duty")
    answers = [found["acknowledged_s"], *(one["answered_s"] for one in called)]
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
        f" {_time(one['answered_s'])}  {one['points']} of {one['of']}"
        f" {_said(one)}".rstrip()
        for one in _people(found)
    ]
    took, had = _time(found["acknowledged_s"]), found["hq_points"]
    lines.append(f"{'HQ':<16} {'':>8} {'':>8} {took}  {had} of {found['of']}")
    lines.append(f"score: {found['percent']} %")
    return "\n".join(lines) + "\n"


def _said(one: Found) -> str:
    """Return what somebody answered, or what kept them from it."""
    if one["took_it"]:
        return "took it"
    return "another took it" if one["spared"] else str(one["reply"] or "")


def _time(seconds: object) -> str:
    said = "-" if seconds is None else f"{float(str(seconds)):.1f} s"
    return f"{said:>8}"
