"""`natalia alarm`: see and act on alarms where there is no browser."""

import json
import secrets
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from engine.alarm.codec import UnreadableEventError, replay
from engine.alarm.state import Alarm as CaseState
from engine.alarm.state import alarm_of
from engine.alarm.statistics import DeviceRecord, by_device, hidden
from engine.cli.case_rows import (
    head_lines,
    lines_of,
    people_lines,
    time_lines,
    told_line,
)
from engine.cli.client import (
    DEFAULT_STATE,
    STRANGE,
    ServiceError,
    State,
    ask,
    id_of,
    table,
)
from engine.errors import JournalError
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE
from engine.values import printable

app = typer.Typer(
    add_completion=False,
    help="List, show and act on alarms of the running service.",
    epilog=(
        "Examples: natalia alarm list --json; "
        "natalia alarm acknowledge 7d5c01aa90e2 --by alder; "
        "natalia alarm close 7d5c01aa90e2 --by alder --reason safe"
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
)
EXIT_INCOMPLETE = 4
HELD = "colleagues are held: verify the alarm to have them called"
NOT_HELD = "no colleague is held: none was waiting to be told, or the minute is over"
Alarm = Annotated[str, typer.Argument(help="The alarm's id.")]
By = Annotated[str, typer.Option(help="The operator who acts; journalled.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Reveal = Annotated[
    bool,
    typer.Option("--reveal", help="Show ids whole, as the journal's readers may."),
]


@app.command("list", epilog="Example: natalia alarm list --json")
def list_(state: State = DEFAULT_STATE, as_json: AsJson = False) -> None:  # noqa: FBT002 - a flag
    """List alarms; the ones that wait for HQ first."""
    rows = ask(state, "GET", "/alarms")
    if as_json or not isinstance(rows, list):
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return
    sys.stdout.write("".join(f"{line}\n" for line in lines_of(rows)))


@app.command(epilog="Example: natalia alarm show 7d5c01aa90e2 --json")
def show(alarm: Alarm, state: State = DEFAULT_STATE, as_json: AsJson = False) -> None:  # noqa: FBT002 - a flag
    """Show one alarm: what comes next, who was told, its time line.

    Numbers, people and places stay hidden; `natalia journal show` has them.
    """
    case = ask(state, "GET", f"/alarms/{_id(alarm)}")
    if as_json or not isinstance(case, dict):
        sys.stdout.write(json.dumps(case, indent=1) + "\n")
        return
    said = [
        *head_lines(case),
        "",
        told_line(case),
        *people_lines(case),
        "",
        "Time line",
        *time_lines(case),
    ]
    sys.stdout.write("".join(f"{printable(line)}\n" for line in said))


@app.command(epilog="Example: natalia alarm acknowledge 7d5c01aa90e2 --by alder --hold")
def acknowledge(
    alarm: Alarm,
    by: By,
    state: State = DEFAULT_STATE,
    hold: Annotated[  # noqa: FBT002 - a flag
        bool,
        typer.Option(
            "--hold",
            help="After a press that followed a false verdict: tell no colleague"
            " before HQ says that it is real. In the first minute only.",
        ),
    ] = False,
) -> None:
    """Take the case: paging of the officers on duty stops."""
    if not hold:
        _act(state, alarm, "acknowledge", {"by": by})
        return
    _act(state, alarm, "acknowledge", {"by": by, "hold": "1"})
    case = table(ask(state, "GET", f"/alarms/{_id(alarm)}"))
    sys.stdout.write(f"{HELD if table(case['again'])['held'] else NOT_HELD}\n")


@app.command(
    epilog="Example: natalia alarm verify 7d5c01aa90e2 --by alder --truth false"
)
def verify(
    alarm: Alarm,
    by: By,
    state: State = DEFAULT_STATE,
    truth: Annotated[str, typer.Option(help="verified or false.")] = "verified",
) -> None:
    """Break an exercise off as false; of a real alarm HQ says it at the console."""
    _act(state, alarm, "verify", {"by": by, "truth": truth})


@app.command(
    epilog="Example: natalia alarm close 7d5c01aa90e2 --by alder --reason safe"
)
def close(
    alarm: Alarm,
    by: By,
    reason: Annotated[
        str,
        typer.Option(
            help="safe, detained, false_alarm, exercise_over, duplicate or other."
        ),
    ],
    state: State = DEFAULT_STATE,
    remark: Annotated[str, typer.Option(help="A few words for the record.")] = "",
    false_class: Annotated[
        str,
        typer.Option(
            help="How a false alarm came about: by_mistake, device_fault"
            ", unannounced_test, by_somebody_else, misread, hoax or unexplained."
        ),
    ] = "",
    into: Annotated[
        str, typer.Option(help="Of a duplicate: the open alarm that it is a part of.")
    ] = "",
) -> None:
    """End the case; everybody who was told gets the stop message.

    Whoever was told of a duplicate hears nothing now, and of the other one's end.
    """
    fields = {"by": by, "reason": reason, "remark": remark}
    extra = {"false_class": false_class, "into": into.lower()}
    fields |= {name: said for name, said in extra.items() if said}
    _act(state, alarm, "close", fields)


@app.command(epilog="Example: natalia alarm reopen 7d5c01aa90e2 --by alder")
def reopen(alarm: Alarm, by: By, state: State = DEFAULT_STATE) -> None:
    """Open an ended case again; whoever has heard of its end is told anew."""
    _act(state, alarm, "reopen", {"by": by})


@app.command(
    epilog='Example: natalia alarm note 7d5c01aa90e2 --by alder --text "she called"'
)
def note(
    alarm: Alarm,
    by: By,
    text: Annotated[str, typer.Option(help="What is to be kept with the case.")],
    state: State = DEFAULT_STATE,
) -> None:
    """Keep a note with the case; whoever has it still attends to it."""
    _act(state, alarm, "note", {"by": by, "text": text})


@app.command(
    "hand-over",
    epilog=(
        "Example: natalia alarm hand-over 7d5c01aa90e2 --by alder --to rowan"
        ' --note "she calls at six"'
    ),
)
def hand_over(
    alarm: Alarm,
    by: By,
    to: Annotated[str, typer.Option(help="The operator who has it from now on.")],
    note: Annotated[str, typer.Option(help="What they need to know.")],
    state: State = DEFAULT_STATE,
) -> None:
    """Hand the case to another operator, or take it over, with a note."""
    _act(state, alarm, "hand-over", {"by": by, "to": to, "note": note})


@app.command(
    epilog="Example: natalia alarm link 7d5c01aa90e2 --by alder --other 1fa0c93b5d77"
)
def link(
    alarm: Alarm,
    by: By,
    other: Annotated[str, typer.Option(help="The alarm that it belongs with.")],
    state: State = DEFAULT_STATE,
) -> None:
    """Note that two cases belong together; each of them names the other."""
    _act(state, alarm, "link", {"by": by, "other": other.lower()})


@app.command(epilog="Example: natalia alarm statistics --json")
def statistics(
    state: State = DEFAULT_STATE,
    reveal: Reveal = False,  # noqa: FBT002 - a flag
    as_json: AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Count each device's alarms and how its false ones came about.

    Read from the journal of the state folder, also where no service runs. Of a
    device's id the last four characters are shown.

    Exit code 4: alarms that cannot be read are named and not counted.
    """
    reader = SqliteReader(state / JOURNAL_FILE)
    try:
        alarms = [_replayed(reader, stream) for stream in _streams(reader)]
    finally:
        reader.close()
    found = by_device(alarm for alarm in alarms if alarm is not None)
    _tell(found, reveal=reveal, as_json=as_json)
    if None in alarms:
        raise typer.Exit(EXIT_INCOMPLETE)


def _tell(found: list[DeviceRecord], *, reveal: bool, as_json: bool) -> None:
    if not reveal:
        found = [hidden(record) for record in found]
    if as_json:
        rows = [{**asdict(one), "false_ratio": one.false_ratio} for one in found]
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return
    for one in found:
        why = ", ".join(f"{name} {count}" for name, count in one.classes.items())
        number = f"{one.alarms} alarm{'' if one.alarms == 1 else 's'}"
        sys.stdout.write(
            f"{one.device:<20} {number}, {one.false} false"
            f" ({one.false_ratio:.0%} of the ended){': ' + why if why else ''}\n"
        )
    if not found:
        sys.stdout.write("no alarms\n")


def _streams(reader: SqliteReader) -> Sequence[str]:
    """Return every alarm's stream; by its rows where the page of the heads is damaged.

    Raises:
        JournalError: there they cannot be read either.

    """
    try:
        return [head.stream for head in reader.heads("alarm/", open_only=False)]
    except JournalError:
        return reader.names("alarm/")


def _replayed(reader: SqliteReader, stream: str) -> CaseState | None:
    """Return an alarm; one that cannot be read is named, and left out."""
    try:
        return replay(alarm_of(stream), None, reader.stream(stream))
    except (UnreadableEventError, JournalError) as error:
        sys.stderr.write(f"natalia: {alarm_of(stream)} is left out: {error}\n")
        return None


def _id(alarm: str) -> str:
    """Return the id as it is kept: who reads one out on the telephone says A, not a."""
    return id_of("ALARM", alarm.lower(), "natalia alarm list")


def _act(state: Path, alarm: str, act: str, body: dict[str, str]) -> None:
    fields = {**body, "id": secrets.token_hex(8)}
    found = table(ask(state, "POST", f"/alarms/{_id(alarm)}/{act}", fields))
    if found["done"] is not True:
        raise ServiceError(STRANGE)
    sys.stdout.write(f"{act}: done\n")
