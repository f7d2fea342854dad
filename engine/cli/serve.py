"""`natalia serve`: runs until SIGTERM, and is gone within three seconds of it."""

import gc
import logging
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.ending import Ending
from engine.cli.keeper import Keeper
from engine.cli.saying import flush, say
from engine.clock import SystemClock
from engine.collector import Collector
from engine.config import Config, load_config
from engine.errors import EngineError
from engine.interpreter import Interpreter
from engine.load import LoadWatch
from engine.processor import Processor

if TYPE_CHECKING:
    from engine.start import RunningEngine

EXIT_WITHIN_S = 2.9
READY_WITHIN_S = 120.0
"""Two commits: one that is under way, and that of the first round trip. The journal's
actor may take a minute for each, and who is not ready yet takes alarms all the same."""
WATCH_S = 1.0
LOOK_S = 0.05

logger = logging.getLogger(__name__)

app = typer.Typer(
    add_completion=False,
    help="Run the engine until SIGTERM or Ctrl-C.",
    epilog="Example: natalia serve --config /etc/natalia/natalia.toml",
    subcommand_metavar="",
    rich_markup_mode=None,
)


class NotReadyError(EngineError):
    """The engine has started and does not get ready."""


@app.callback(invoke_without_command=True)
def serve(
    config: Annotated[
        Path,
        typer.Option(
            readable=False,
            help="The configuration, one TOML file.",
            show_default=False,
        ),
    ],
    until_stdin_ends: Annotated[  # noqa: FBT002 - a flag
        bool,
        typer.Option(
            "--until-stdin-ends",
            help="End with whoever holds the other end of standard input, too.",
        ),
    ] = False,
) -> None:
    """Run the engine until SIGTERM or Ctrl-C."""
    stdin = sys.stdin.fileno() if until_stdin_ends else None
    run(load_config(config), Ending(until_end_of=stdin))


def run(config: Config, stop: Ending) -> None:
    """Run an engine to its end. Never returns: the process ends here."""
    from engine.log import configure  # noqa: PLC0415 - `--help` does without
    from engine.start import start  # noqa: PLC0415 - likewise

    configure(config.log)
    stop.listen()
    # What is imported lives as long as the process: no search for cycles need visit it.
    gc.freeze()
    keeper = Keeper(SystemClock().boottime_s)
    running = start(config, gets_on=keeper.starts)
    code = 1
    try:
        code = _watch(running, stop, config, keeper)
    except Exception:
        # The process ends here, and nobody above would be asked what it was.
        logger.critical("the service cannot go on", exc_info=True)
    finally:
        _end(running, code, is_replaced=running.engine.returned.is_set())


def _watch(
    running: "RunningEngine", stop: Ending, config: Config, keeper: Keeper
) -> int:
    """Announce readiness, feed the watchdog, wait for the end; return the exit code."""
    from engine.log import tell_left_out  # noqa: PLC0415 - `--help` does without

    engine, waited_s = running.engine, 0.0
    readiness = engine.parts.readiness
    while not (engine.ready.is_set() and readiness.is_fresh()):
        if engine.is_over or stop.wait(0.02):
            return _exit_code(running)
        keeper.starts()  # not without end: what follows sees to that
        waited_s += 0.02
        if waited_s > READY_WITHIN_S:
            message = (
                f"the engine is not ready after {READY_WITHIN_S:.0f} s; see its log"
            )
            raise NotReadyError(message)
    _announce(config, running)
    keeper.ready()
    progress = 0
    clock, watch = engine.parts.tree.clock, LoadWatch()
    interpreter, processor = Interpreter(), Processor()
    Collector(clock.boottime_s).listen()
    looked_s = fed_s = clock.boottime_s()
    while not engine.is_over and not stop.wait(LOOK_S):
        now_s = clock.boottime_s()
        load = watch.look(now_s - looked_s)
        interpreter.follow(load)
        processor.follow(load)
        looked_s = now_s
        if now_s - fed_s < WATCH_S:
            continue
        fed_s = now_s
        tell_left_out()
        # Fed by work done, not by a timer: the round trip and the root's own look.
        if readiness.is_fresh() and engine.progress != progress:
            progress = engine.progress
            keeper.alive()
    return _exit_code(running)


def _exit_code(running: "RunningEngine") -> int:
    failure = running.engine.failure
    if failure is None:
        return 0
    say(f"natalia: the engine cannot go on: {failure}\n", sys.stderr)
    return 1


def _end(running: "RunningEngine", code: int, *, is_replaced: bool) -> None:
    """Take the tree down within its time; then end, whatever still blocks somewhere.

    Where the journal can be used again, a new process takes this one's place under its
    id, so that no keeper has to start it: nothing but the rows goes over.
    """
    from engine.log import tell_left_out  # noqa: PLC0415 - `--help` does without

    last_word = threading.Timer(EXIT_WITHIN_S, os._exit, args=(code,))
    last_word.daemon = True
    last_word.start()
    running.stop()
    tell_left_out(at_end=True)
    flush()
    if is_replaced:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own command line
    os._exit(code)


def _announce(config: Config, running: "RunningEngine") -> None:
    web = running.engine.parts.web
    console, metrics = web.console.getsockname(), web.metrics_socket.getsockname()
    lines = [
        f"console   {_url(*console[:2])}/",
        f"metrics   {_url(*metrics[:2])}/metrics",
    ]
    adapters = running.engine.parts.adapters
    for name, (_, listening) in sorted({**adapters.streams, **adapters.https}.items()):
        host, port = listening.getsockname()[:2]
        lines.append(f"{name:<9} {host}:{port}")
    lines.append(f"state     {config.state}")
    say("\n".join(["ready", *lines]) + "\n")


def _url(host: str, port: int) -> str:
    """Return where a browser opens it: an IPv6 address stands in brackets there."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
