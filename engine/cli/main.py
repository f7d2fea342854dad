"""`natalia`: the one place that turns errors into exit codes and words on stderr.

Command groups are loaded when they are used, so that `--help` stays quick.
"""

import errno
import os
import sys
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from engine import plugins
from engine.errors import (
    ConfigError,
    DataError,
    EngineError,
    JournalError,
    StateHeldError,
    cure_of,
    meant_by,
)

EXIT_OK = 0
EXIT_FAILURE = 1
EXIT_CONFIG = 3
EXIT_DEGRADED = 4
EXIT_HELD = 5

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))
_STANDARD_ERROR = 2

GROUPS = {
    "serve": ("engine.cli.serve", "Run the engine."),
    "audit": ("engine.cli.audit", "Watch the journal from outside, and shout."),
    "check-config": ("engine.cli.check", "Check a configuration without starting."),
    "journal": ("engine.cli.journal", "Verify, list, show and back up the journal."),
    "roster": ("engine.cli.roster", "Check, import and show the roster."),
    "operator": ("engine.cli.operator", "Add and list operators."),
    "alarm": ("engine.cli.alarm", "List, show and act on alarms."),
    "drill": ("engine.cli.drill", "Run an exercise and score it."),
    "reload": ("engine.cli.reload", "Read the configuration again, without a restart."),
    "status": ("engine.cli.status", "Say whether the engine is ready, or why not."),
    "protocol": ("engine.cli.protocol", "Check and show action protocols."),
    "device": ("engine.cli.device", "List, enrol, test and imitate alarm devices."),
}
PLUGIN_HELP = {
    "modem": "Probe, test and imitate modems.",
    "demo": "See one alarm from button to help, on this machine alone.",
}
EPILOG = """
Examples: natalia demo; natalia check-config FILE; natalia serve --config FILE;
natalia alarm list --state FOLDER; natalia COMMAND --help

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 configuration or data wrong,
4 degraded, 5 another engine holds the state folder.
"""


class _Lazy(TyperGroup):
    """A group that imports a command when it is called, not before."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override] # typer's own context
        """Return every command's name, built-in ones first."""
        del ctx
        extra = [name for name in plugins.names(plugins.COMMAND) if name not in GROUPS]
        return [*GROUPS, *extra]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override] # typer's own context
        """Import and return one command."""
        try:
            app = _app(cmd_name)
        except ConfigError:
            if not ctx.resilient_parsing:
                raise
            app = None  # at the Tab key: what is not installed is no command
        if app is None:
            return None
        command = typer.main.get_command(app)
        command.name = cmd_name
        for one in getattr(command, "commands", {}).values():
            # Click would cut the list's sentences; whole, they are wrapped.
            one.short_help = one.short_help or (one.help or "").split("\n\n")[0]
        return command

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override] # typer's own context
        """Find the command; what is none is told with what may have been meant."""
        known = self.list_commands(ctx)
        meant = meant_by(args[0], known) if args and args[0] not in known else ""
        if meant and not ctx.resilient_parsing:
            ctx.fail(f"No such command {args[0]!r}; {meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: typer.Context, formatter) -> None:  # type: ignore[no-untyped-def,override] # noqa: ANN001 - typer vendors Click without naming its types
        """List the commands by their short help, without importing them."""
        rows = [
            (name, GROUPS[name][1] if name in GROUPS else PLUGIN_HELP.get(name, ""))
            for name in self.list_commands(ctx)
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _app(name: str) -> Any:
    """Import a command's application; None where there is no such command."""
    if name in GROUPS:
        module, _ = GROUPS[name]
        return import_module(module).app
    if name in plugins.names(plugins.COMMAND):
        return plugins.load(plugins.COMMAND, name, name)
    return None


def exit_code_of(error: EngineError) -> int:
    """Return the documented exit code of an error."""
    match error:
        case StateHeldError():
            return EXIT_HELD
        case ConfigError() | DataError() | JournalError():
            return EXIT_CONFIG
        case _:
            return EXIT_FAILURE


def versions() -> str:
    """Return what whoever reports a fault is asked for first: one line."""
    from importlib.metadata import version  # noqa: PLC0415 - loaded when used
    from platform import machine, python_version  # noqa: PLC0415 - likewise

    import apsw  # noqa: PLC0415 - likewise

    sqlite = apsw.sqlite_lib_version()
    runs_on = f"Python {python_version()}, SQLite {sqlite}, {machine()}"
    return f"natalia {version('natalia-engine')} ({runs_on})"


def _show_versions(is_asked: bool) -> None:  # noqa: FBT001 - as the parser calls it
    if is_asked:
        typer.echo(versions())
        raise typer.Exit


_top = typer.Typer(
    name="natalia",
    cls=_Lazy,
    help="The Natalia alarm engine: from the button to help, and nothing lost.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@_top.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_versions,
            is_eager=True,
            help="Show the versions and exit.",
        ),
    ] = False,
) -> None:
    """Take what stands before a command."""


def natalia() -> TyperGroup:
    """Return the whole command line; nothing of it is loaded before it is used."""
    command = typer.main.get_command(_top)
    assert isinstance(command, TyperGroup)
    return command


def main() -> None:
    """Run the command line; never a traceback for what can be said in words."""
    _open_what_is_closed()
    _print_whatever_comes()
    code: int | None = None
    try:
        code = _run()
        if isinstance(sys.stdout, _Output):
            sys.stdout.flush()
    except _UnwrittenError as error:
        unwritten = _unwritten(error)
        code = code or unwritten
    raise SystemExit(code or EXIT_OK)


def _run() -> int | None:
    app = natalia()
    code: int | None
    try:
        code = app(standalone_mode=False)
    except EngineError as error:
        sys.stderr.writelines(f"natalia: {one}\n" for one in str(error).splitlines())
        code = exit_code_of(error)
    except OSError as error:
        # A path that is too long, or a disk that fails: there is a file to look at.
        if isinstance(error, _UnwrittenError) or not error.filename:
            raise
        sys.stderr.write(f"natalia: {error.filename}: {cure_of(error)}\n")
        code = EXIT_FAILURE
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        code = _usage(error)
        if code is None:
            raise
    return code


class _UnwrittenError(OSError):
    """Standard output takes nothing: its disk is full, or its reader has gone."""


class _Output(TextIOWrapper):
    """Standard output whose own failures are told from those of other files."""

    def write(self, text: str, /) -> int:
        """Write, or raise what says that it is the output that failed."""
        try:
            return super().write(text)
        except OSError as error:
            raise _UnwrittenError(error.errno, error.strerror) from error

    def flush(self) -> None:
        """Have it written, or raise as `write` does."""
        try:
            super().flush()
        except OSError as error:
            raise _UnwrittenError(error.errno, error.strerror) from error


def _unwritten(error: _UnwrittenError) -> int:
    """Say why nobody reads the answer; to a reader that has gone nothing."""
    with suppress(OSError):
        if error.errno != errno.EPIPE:
            sys.stderr.write(
                f"natalia: the output cannot be written: {error.strerror}; make room"
                " or print elsewhere, and look first whether it was done all the same\n"
            )
        # Else the end of the process would try it again, and say so in Python's words.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    return EXIT_FAILURE


def _open_what_is_closed() -> None:
    """Have all standard streams, also where whoever began us has closed some.

    The next file would get its number, the journal perhaps, and what is said in it;
    and Python has no stream then, at which each line of the log would be an error.
    Where none is, a `/dev/null` that somebody has replaced is no reason to end.
    """
    if all(getattr(sys, name) is not None for name, _ in _STREAMS):
        return
    while (number := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        pass
    os.close(number)
    for number, (name, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def _print_whatever_comes() -> None:
    """Write letters that the output has not as escapes: no page may break off there.

    A case is run by `journal show`, and one Russian note in it would end the page of
    whoever's locale is not UTF-8.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    out = sys.stdout
    if type(out) is TextIOWrapper:
        encoding, by_line, at_once = out.encoding, out.line_buffering, out.write_through
        sys.stdout = _Output(
            out.detach(),
            encoding,
            "backslashreplace",
            line_buffering=by_line,
            write_through=at_once,
        )


def _usage(error: Exception) -> int | None:
    """Show what the parser has to say; None for an error that is our own fault."""
    show = getattr(error, "show", None)
    if show is None:
        name = type(error).__name__
        return EXIT_FAILURE if name == "Abort" else getattr(error, "exit_code", None)
    show()
    return int(getattr(error, "exit_code", 2))
