"""`natalia demo`: one alarm from button to help, on this machine alone."""

import signal
import sys
from queue import SimpleQueue
from typing import Annotated

import typer

from adapters.demo.console import ConsoleError
from adapters.demo.scenario import MissingStepError, Scenario, Seen
from adapters.demo.stage import OPERATORS, Stage, StageError

WIDTH = 100
CONSOLE_PORT = 8620
METRICS_PORT = 9620
ENDS = (signal.SIGTERM, signal.SIGHUP)

app = typer.Typer(
    help=(
        "See one alarm from button to help: a throw-away engine, two virtual"
        " modems, servers on loopback. Nothing leaves this machine."
    ),
    epilog="Examples: natalia demo; natalia demo --once",
    subcommand_metavar="",
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def demo(
    once: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--once", help="End after the story; 0 if all was seen.")
    ] = False,
    port: Annotated[
        int | None, typer.Option(help="The console's port; 0 takes a free one.")
    ] = None,
) -> None:
    """Play the story, then stay up for play until Ctrl-C."""
    console = port if port is not None else (0 if once else CONSOLE_PORT)
    metrics = 0 if once or port is not None else METRICS_PORT
    stage = Stage(console_port=console, metrics_port=metrics)
    for number in ENDS:
        signal.signal(number, _end)
    try:
        with stage:
            _greet(stage)
            Scenario(stage, _tell).play()
            _write("Every step was seen at its far end.")
            if not once:
                _stay(stage)
    except MissingStepError as error:
        _write(f"MISSING: {error.step}\n{stage.service_said()}", error=True)
        raise typer.Exit(1) from error
    except (StageError, ConsoleError) as error:
        _write(f"natalia demo: {error}", error=True)
        raise typer.Exit(1) from error


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
    what = seen.what
    _write(f"{seen.after_ms:>7.0f} ms  {what}  [{seen.where}]")


def _stay(stage: Stage) -> None:
    """Wait for Ctrl-C, SIGTERM or the end of the terminal."""
    _write(f"\nStays up for play: {stage.ports.console}/ (Ctrl-C ends it)")
    # An event's lock may be held by the very step that the signal interrupts.
    over: SimpleQueue[None] = SimpleQueue()
    for number in (signal.SIGINT, *ENDS):
        signal.signal(number, lambda *_: over.put(None))
    over.get()


def _write(text: str, *, error: bool = False) -> None:
    stream = sys.stderr if error else sys.stdout
    stream.write(text + "\n")
    stream.flush()
