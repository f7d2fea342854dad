"""`natalia journal`: verify, show and back up; reads, and never writes a journal."""

import json
import re
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.case_rows import lines_of
from engine.cli.client import DEFAULT_STATE
from engine.cli.journal_page import page
from engine.console.cases import Cases
from engine.console.view import listed
from engine.errors import EngineError, JournalError
from engine.journal.backup import back_up
from engine.journal.examine import examine
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE
from engine.journal.timeline import fields_of, lines
from engine.journal.verify import Anchor, Verdict
from engine.ports.journal import EffectState, HeadRow, StoredEvent
from engine.values import Instant

app = typer.Typer(
    add_completion=False,
    help="Verify, list, show and back up the journal, also while the engine runs.",
    epilog=(
        "Examples: natalia journal verify /var/lib/natalia; "
        "natalia journal list; natalia journal show 7d5c01aa90e2; "
        "natalia journal backup /mnt/usb/2026-11-25.db. "
        "Exit codes: 0 good, 1 a bad row was found, or no such alarm, "
        "2 wrong usage, 3 the file cannot be used."
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
)
EXIT_BAD_ROW = 1
_ENDS = (signal.SIGTERM, signal.SIGHUP)
_ANCHOR = re.compile(r"([0-9]{1,18}):([0-9a-fA-F]{64})")

State = Annotated[
    Path, typer.Option(readable=False, help="The state folder, or a backup.")
]
Raw = Annotated[bool, typer.Option("--raw", help="Each row with all of its fields.")]
Every = Annotated[bool, typer.Option("--all", help="The last closed ones, too.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


class NoAlarmError(EngineError):
    """There is no alarm, or more than one, whose id begins as was asked."""


@app.command(epilog="Example: natalia journal verify /var/lib/natalia --json")
def verify(
    path: Annotated[
        Path | None,
        typer.Argument(readable=False, help="A journal or folder, before `--state`."),
    ] = None,
    state: State = DEFAULT_STATE,
    anchor: Annotated[
        str,
        typer.Option(
            help="POSITION:HEAD as an earlier run printed it, kept elsewhere."
        ),
    ] = "",
    as_json: AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Walk all rows; name the first that is not as it was written.

    Note what it prints for `--anchor`: only that shows a journal rewritten whole.
    """
    noted = _anchor(anchor) if anchor else None
    reader = _reader(path or state)
    try:
        verdict = examine(reader, noted)
    finally:
        reader.close()
    _print_verdict(verdict, as_json=as_json)
    if verdict.bad is not None:
        raise typer.Exit(EXIT_BAD_ROW)


@app.command(
    "list", epilog="Examples: natalia journal list; natalia journal list --all --json"
)
def list_(
    state: State = DEFAULT_STATE,
    every: Every = False,  # noqa: FBT002 - a flag
    as_json: AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """List the open cases as the journal has them, also where no engine runs."""
    reader = _reader(state)
    try:
        rows = listed(Cases(OneReader(reader)), reader.last_at() or Instant(0))
    finally:
        reader.close()
    shown = [row for row in rows if every or row["open"]]
    if as_json:
        _write_json(shown)
        return
    for line in lines_of(shown):
        _write(line)


@app.command(epilog="Example: natalia journal show 7d5c --state /var/lib/natalia")
def show(
    alarm: Annotated[str, typer.Argument(help="The alarm's id, or how it begins.")],
    state: State = DEFAULT_STATE,
    raw: Raw = False,  # noqa: FBT002 - a flag
    as_json: AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Print one alarm: what it is, whom to ring, and what happened when.

    It shows what was journalled: names, numbers and places among it. Of a damaged
    journal it shows the rows that can be read.
    """
    reader = _reader(state)
    try:
        with reader.snapshot():
            head = _find(reader, alarm)
            rows = _timeline(reader, head)
    finally:
        reader.close()
    if as_json:
        facts = {
            "stream": head.stream,
            "status": head.head.status,
            "open": head.head.is_open,
            "next_due": head.head.next_due,
            "rows": [_row(row) for row in rows],
        }
        _write_json(facts)
    else:
        _write(
            f"{head.stream}: {head.head.status}, next due {head.head.next_due or '-'}"
        )
        for line in lines(rows) if raw else page(head, rows):
            _write(line)
    _tell_of_lost(head, rows)


@app.command(epilog="Example: natalia journal backup /mnt/usb/2026-11-25.db")
def backup(
    file: Annotated[
        Path, typer.Argument(readable=False, help="The copy to make; must not exist.")
    ],
    state: State = DEFAULT_STATE,
    as_json: AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Copy the journal as it is now, then verify the copy."""
    with _clearing_up():
        back_up(state / JOURNAL_FILE, file, _progress)
    copy = SqliteReader(file)
    try:
        verdict = examine(copy)
    finally:
        copy.close()
    _print_verdict(verdict, as_json=as_json)
    if verdict.bad is not None:
        raise typer.Exit(EXIT_BAD_ROW)


@contextmanager
def _clearing_up() -> Iterator[None]:
    """Let a block that is ended by a signal take away what it has begun.

    A timer's unit that takes too long, or a terminal that is closed, would leave half a
    journal on the disk of the backups, each hour one.
    """

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    heard = [one for one in _ENDS if signal.getsignal(one) is signal.SIG_DFL]
    for number in heard:  # not what nohup has put away
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)


def _reader(path: Path) -> SqliteReader:
    """Open a state folder's journal, or a backup by its own name."""
    with suppress(PermissionError):  # whoever opens it says so, with the cure
        if path.is_file():
            return SqliteReader(path)
    return SqliteReader(path / JOURNAL_FILE)


class OneReader:
    """Lends the one reader that there is."""

    def __init__(self, reader: SqliteReader) -> None:
        """Take it; whoever made it closes it."""
        self._reader = reader

    @contextmanager
    def reader(self) -> Iterator[SqliteReader]:
        """Lend it."""
        yield self._reader


def _find(reader: SqliteReader, alarm: str) -> HeadRow:
    """Find the stream of an alarm by its whole name, its id or how the id begins."""
    alarm = alarm.lower()  # as ids are kept: who reads one out says A, not a
    exact = reader.head(alarm) or reader.head(f"alarm/{alarm}")
    if exact is not None:
        return exact
    found = reader.heads(f"alarm/{alarm}", open_only=False) if alarm else ()
    if len(found) == 1:
        return found[0]
    reason = f"{len(found)} alarms begin so; give more of the id"
    if not found:
        reason = "no such alarm; `natalia journal list --all` names them"
    raise NoAlarmError(reason)


def _timeline(reader: SqliteReader, head: HeadRow) -> list[StoredEvent]:
    """Return the rows of an alarm and of its notifications that can be read."""
    try:
        rows = list(reader.stream(head.stream))
    except JournalError:
        rows = list(reader.salvaged(head.stream, head.seq))
    with suppress(JournalError):
        for effect in reader.effects(frozenset(EffectState), head.stream):
            with suppress(JournalError):
                rows += reader.stream(f"effect/{effect.effect_id}")
    return sorted(rows, key=lambda row: row.position)


def _tell_of_lost(head: HeadRow, rows: Iterable[StoredEvent]) -> None:
    """End with 1 where rows of the alarm itself are missing, and say which."""
    found = {row.seq for row in rows if row.stream == head.stream}
    lost = [str(seq) for seq in range(1, head.seq + 1) if seq not in found]
    if lost:
        sys.stderr.write(
            f"natalia: {JOURNAL_FILE}: {len(lost)} of {head.seq} rows of this alarm"
            f" cannot be read (seq {', '.join(lost)}); restore a backup\n"
        )
        raise typer.Exit(EXIT_BAD_ROW)


def _row(row: StoredEvent) -> dict[str, object]:
    return {
        "position": row.position,
        "stream": row.stream,
        "seq": row.seq,
        "at": str(row.at),
        "kind": row.kind,
        "version": row.version,
        "command_id": row.command_id,
        "epoch": row.epoch,
        "body": fields_of(row.body),
        "hash": row.hash.hex(),
    }


def _print_verdict(verdict: Verdict, *, as_json: bool) -> None:
    facts: dict[str, object] = {
        "good": verdict.bad is None,
        "position": verdict.position,
        "head": verdict.head.hex(),
        "streams": verdict.streams,
        "bad": None if verdict.bad is None else asdict(verdict.bad),
    }
    if as_json:
        _write_json(facts)
        return
    bad = verdict.bad
    if bad is None:
        _write(f"good: {verdict.position} rows of {verdict.streams} streams")
        _write(f"anchor {verdict.position}:{verdict.head.hex()}")
        return
    where = f"stream {bad.stream}, seq {bad.seq}, " if bad.stream else ""
    _write(f"bad: {where}position {bad.position}: {bad.differs}")


def _anchor(text: str) -> Anchor:
    found = _ANCHOR.fullmatch(text)
    if found is None:
        reason = "POSITION:HEAD, a number and 64 hexadecimal digits"
        raise typer.BadParameter(reason, param_hint="--anchor")
    return Anchor(position=int(found[1]), head=bytes.fromhex(found[2]))


def _progress(copied: int, pages: int) -> None:
    if sys.stderr.isatty():
        share = copied / max(1, pages)
        end = "\n" if copied == pages else ""
        sys.stderr.write(f"\rcopied {copied} of {pages} pages ({share:.0%}){end}")
        sys.stderr.flush()


def _write_json(facts: object) -> None:
    _write(json.dumps(facts, indent=1, default=str))


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
