"""`natalia serve`: runs until SIGTERM, and is gone within three seconds of it."""

import gc
import logging
import os
import sys
import threading
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.ending import Ending
from engine.cli.hangup import Hangup
from engine.cli.keeper import Keeper
from engine.cli.saying import flush, say
from engine.clock import SystemClock, monotonic_us
from engine.collector import Collector
from engine.config import Config, load_config
from engine.errors import EngineError
from engine.interpreter import Interpreter
from engine.load import LoadWatch
from engine.processor import Processor

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.reload.report import Report
    from engine.start import RunningEngine

EXIT_WITHIN_S = 2.9
READY_WITHIN_S = 120.0
"""Two commits: one that is under way, and that of the first round trip. The journal's
actor may take a minute for each, and who is not ready yet takes alarms all the same."""
RELOAD_WITHIN_S = 60.0
RELOADED = "ready"
NOT_RELOADED = "ready; the last reload was refused: natalia status says why"
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
    hangup = Hangup()
    hangup.listen()  # before anything that takes long: by default it ends the process
    stdin = sys.stdin.fileno() if until_stdin_ends else None
    run(config.absolute(), Ending(until_end_of=stdin), hangup)


def run(path: Path, stop: Ending, hangup: Hangup) -> None:
    """Run an engine to its end. Never returns: the process ends here."""
    config = load_config(path)
    from engine.log import configure  # noqa: PLC0415 - `--help` does without
    from engine.start import start  # noqa: PLC0415 - likewise

    configure(config.log)
    stop.listen()
    # What is imported lives as long as the process: no search for cycles need visit it.
    gc.freeze()
    keeper = Keeper(SystemClock().boottime_s)
    running = start(config, reread=partial(load_config, path), gets_on=keeper.starts)
    code = 1
    try:
        code = _watch(running, stop, hangup, config, keeper)
    except Exception:
        # The process ends here, and nobody above would be asked what it was.
        logger.critical("the service cannot go on", exc_info=True)
    finally:
        _end(running, code, is_replaced=running.engine.returned.is_set())


def _watch(
    running: "RunningEngine",
    stop: Ending,
    hangup: Hangup,
    config: Config,
    keeper: Keeper,
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
    reloading = _Reloading(engine.parts.web.reload, hangup, keeper)
    while not engine.is_over and not stop.wait(LOOK_S):
        now_s = clock.boottime_s()
        load = watch.look(now_s - looked_s)
        interpreter.follow(load)
        processor.follow(load)
        looked_s = now_s
        reloading.look(now_s)
        if now_s - fed_s < WATCH_S:
            continue
        fed_s = now_s
        tell_left_out()
        # Fed by work done, not by a timer: the round trip and the root's own look.
        if readiness.is_fresh() and engine.progress != progress:
            progress = engine.progress
            keeper.alive()
    return _exit_code(running)


class _Reloading:
    """Has SIGHUP reload the configuration, and systemd hear of it; the main thread."""

    def __init__(
        self,
        ask: "Callable[[Callable[[Report], None]], bool]",
        hangup: Hangup,
        keeper: Keeper,
    ) -> None:
        self._ask, self._hangup, self._keeper = ask, hangup, keeper
        self._reports: SimpleQueue[Report] = SimpleQueue()
        self._is_wanted = False
        self._asked_s: float | None = None

    def look(self, now_s: float) -> None:
        """Ask for a reload where one is wanted; tell systemd of its end."""
        self._is_wanted |= self._hangup.take()
        if self._asked_s is None:
            if self._is_wanted and self._ask(self._reports.put):
                self._is_wanted, self._asked_s = False, now_s
                self._keeper.reloading(monotonic_us())
            return
        try:
            is_applied = self._reports.get_nowait().is_applied
        except Empty:
            if now_s - self._asked_s < RELOAD_WITHIN_S:
                return
            is_applied = False  # the reloader did not live to answer
        self._asked_s = None
        self._keeper.ready(RELOADED if is_applied else NOT_RELOADED)


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
    adapters = running.engine.parts.in_force().adapters
    for name, (_, listening) in sorted({**adapters.streams, **adapters.https}.items()):
        host, port = listening.getsockname()[:2]
        lines.append(f"{name:<9} {host}:{port}")
    lines.append(f"state     {config.state}")
    say("\n".join(["ready", *lines]) + "\n")


def _url(host: str, port: int) -> str:
    """Return where a browser opens it: an IPv6 address stands in brackets there."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
