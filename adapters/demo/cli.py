"""`natalia demo`: one alarm from button to help, on this machine alone."""

import json
import shutil
import signal
import sys
import textwrap
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import Annotated

import typer

from adapters.demo.play import HELP, Play
from adapters.demo.scenario import MissingStepError, Scenario, Seen
from adapters.demo.stage import OPERATORS, Stage, StageError
from adapters.modem.waking import next_of

WIDTH_MIN = 60
INDENT = " " * 12
CONSOLE_PORT = 8620
METRICS_PORT = 9620
ENDS = (signal.SIGTERM, signal.SIGHUP)

app = typer.Typer(
    add_completion=False,
    help=(
        "See one alarm from button to help: a throw-away engine, two virtual"
        " modems, servers on loopback. Nothing leaves this machine."
    ),
    epilog="Examples: natalia demo; natalia demo --once; natalia demo --once --json",
    subcommand_metavar="",
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def demo(
    once: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--once", help="End after the story; 0 if all was seen.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="The console's port; 0: free ones, for all."
        ),
    ] = None,
    as_json: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--json", help="With --once: the time line as JSON.")
    ] = False,
) -> None:
    """Play the story, then stay up for play until Ctrl-C."""
    if as_json and not once:
        reason = "only together with --once: what stays up has no end to print"
        raise typer.BadParameter(reason, param_hint="--json")
    console = port if port is not None else (0 if once else CONSOLE_PORT)
    metrics = 0 if once or port is not None else METRICS_PORT
    stage = Stage(console_port=console, metrics_port=metrics)
    for number in ENDS:
        signal.signal(number, _end)
    steps: list[Seen] = []
    missing = wrong = None
    try:
        with stage:
            if as_json:
                Scenario(stage, steps.append).play()
            else:
                _play(stage, once=once)
    except MissingStepError as error:
        missing = error.step
        _write(f"MISSING: {missing}\n{stage.service_said()}", error=True)
    except StageError as error:
        wrong = str(error)
        _write(f"natalia demo: {wrong}", error=True)
    if as_json:
        _write(_json(steps, missing, wrong))
    if missing or wrong:
        raise typer.Exit(1)


def _play(stage: Stage, *, once: bool) -> None:
    _greet(stage)
    Scenario(stage, _tell).play()
    _write("Every step was seen at its far end.")
    if not once:
        _stay(stage)


def _json(steps: list[Seen], missing: str | None, wrong: str | None) -> str:
    facts = {
        "complete": not (missing or wrong),
        "missing": missing,
        "error": wrong,
        "steps": [
            {
                "after_ms": round(one.after_ms, 1),
                "what": one.what,
                "where": one.where,
            }
            for one in steps
        ],
    }
    return json.dumps(facts, indent=1)


def _end(number: int, _frame: object) -> None:
    """End as by Ctrl-C: whatever ends the demo ends its service, its folder goes too.

    A window that is closed left an engine behind, and its port taken.
    """
    for again in ENDS:
        signal.signal(again, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _greet(stage: Stage) -> None:
    _write("The Natalia alarm engine, on this machine alone: no message leaves it.")
    _write("People, places and numbers are made up.\n")
    _write(f"console  {stage.ports.console}/")
    _write(f"metrics  {stage.ports.metrics}")
    for operator in OPERATORS:
        path = stage.password_files[operator]
        _write(f"sign in  {operator}, password in {path}")
    _write("\nHeron, in Tashkent, presses the button of a gt06 bracelet.\n")


def _tell(seen: Seen) -> None:
    """Write a line, on a terminal folded under its own beginning."""
    line = f"{seen.after_ms:>7.0f} ms  {seen.what}  [{seen.where}]"
    if sys.stdout.isatty():
        width = max(WIDTH_MIN, shutil.get_terminal_size().columns)
        line = textwrap.fill(
            line, width, subsequent_indent=INDENT, drop_whitespace=True
        )
    _write(line)


def _stay(stage: Stage) -> None:
    """Do what is typed, until Ctrl-C, SIGTERM or the end of the terminal."""
    play = Play(stage, lambda line: _write(f"  {line}"))
    _write(f"\nStays up for play until Ctrl-C: {stage.ports.console}/")
    _write(f"Nothing is open now. To have something to run there, type here:\n\n{HELP}")
    _write(f"\nor press in another's telephone:\n\n  curl '{play.url()}'\n")
    play.begin()
    # An event's lock may be held by the very step that the signal interrupts.
    typed: SimpleQueue[str | None] = SimpleQueue()
    for number in (signal.SIGINT, *ENDS):
        signal.signal(number, lambda *_: typed.put(None))
    # In the background a terminal is not ours to read: the reading fails, no more.
    signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    threading.Thread(target=_read, args=(typed,), daemon=True).start()
    while (line := next_of(typed)) is not None:
        play.line(line)


def _read(typed: "SimpleQueue[str | None]") -> None:
    with suppress(OSError, ValueError):
        for line in sys.stdin:
            typed.put(line)


def _write(text: str, *, error: bool = False) -> None:
    stream = sys.stderr if error else sys.stdout
    stream.write(text + "\n")
    stream.flush()
