"""`natalia drill`: an exercise on the full path, and what it was worth."""

import json
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from engine.cli.client import (
    DEFAULT_STATE,
    AbsentError,
    ServiceError,
    State,
    UnansweredError,
    ask,
    table,
)
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
POLL_S = 1.0
RESTART_S = 30.0
TURNS_MAX = 3
_AWAY = "the engine does not answer; it is waited for, to end this (Ctrl-C gives up)"
_BESIDE = (
    "natalia: a REAL alarm of theirs has come: {real}. Exercise {alarm} is broken off"
    " and calls nobody more; it stays open, so that nobody who comes reads of its end."
    " Once the real one is over: {end}"
)
_RINGS = (
    "{fault}. A REAL alarm of theirs has come, and exercise {alarm} may call people"
    " beside it; have it call nobody more with: {do}; once the real one is over: {end}"
)
_OLDER = "the service is older than this command and does not say all of it: restart it"
_STANDING = ("open", "held", "found_false", "real")
_SCORE = ("percent", "of", "acknowledged_s", "hq_points", "people", "to_call")
_ROW = (
    *("alias", "audience", "sent_s", "delivered_s", "answered_s", "points", "of"),
    *("reply", "took_it", "spared"),
)
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
    with _breaking_off() as asked:
        alarm = _raise(state, by, for_)
        _tell(f"exercise {alarm} is under way; {minutes:g} minutes")
        found, fault = _wait(state, alarm, minutes * 60, asked), None
        is_early = bool(asked)
        try:
            found = _finish(state, alarm, by, asked)
        except ServiceError as error:
            fault = error
    if found is not None:
        words = json.dumps(found, indent=1) + "\n" if as_json else _words(found)
        sys.stdout.write(words)
    take, verify, end = _commands(alarm, by, state)
    if isinstance(fault, _BesideError):
        do = f"{take}; {verify}"
        message = _RINGS.format(fault=fault, alarm=alarm, do=do, end=end)
        raise ServiceError(message) from fault
    if fault is not None or found is None:
        message = f"{fault}. Exercise {alarm} may go on; end it with: {take}; {end}"
        raise ServiceError(message) from fault
    is_broken_off = found["open"] and found["real"] is not None
    if is_broken_off:
        _tell(_BESIDE.format(real=found["real"], alarm=alarm, end=f"{take}; {end}"))
    if is_early or found["real"] is not None:
        raise typer.Exit(EXIT_EARLY)
    if int(str(found["percent"])) < least:
        raise typer.Exit(EXIT_BELOW)


class _BesideError(ServiceError):
    """A real alarm is open, and the exercise beside it may call people still."""


class _OlderError(ServiceError):
    """The service is of before an update, and this command of after it."""


def _commands(alarm: str, by: str, state: Path) -> tuple[str, str, str]:
    """Return what takes it, finds it false and closes it, for whoever has to."""
    there = "" if state == DEFAULT_STATE else f" --state {quote(str(state))}"
    return (
        f"natalia alarm acknowledge {alarm} --by {by}{there}",
        f"natalia alarm verify {alarm} --by {by} --truth false{there}",
        f"natalia alarm close {alarm} --by {by} --reason exercise_over{there}",
    )


def _raise(state: Path, by: str, defender: str) -> str:
    try:
        raised = ask(state, "POST", "/drills", {**_act(by), "defender": defender})
    except UnansweredError as error:
        message = f"{error}: an exercise may have begun; see: natalia alarm list"
        raise ServiceError(message) from error
    return str(table(raised)["alarm"])


def _wait(state: Path, alarm: str, most_s: float, asked: list[int]) -> Found | None:
    """Look until nobody's answer is to come, or somebody asks for the end.

    An engine that starts anew meanwhile has the exercise still.
    """
    clock, found = SystemClock(), None
    ends_s = clock.boottime_s() + most_s
    while True:
        try:
            found = _score(state, alarm)
        except _OlderError:
            return None  # what it does not say will not come
        except ServiceError:
            pass
        left_s = ends_s - clock.boottime_s()
        if asked or left_s <= 0 or (found is not None and not _goes_on(found)):
            return found
        clock.sleep(min(POLL_S, left_s))


def _score(state: Path, alarm: str) -> Found:
    """Return what an exercise has come to.

    Raises:
        ServiceError: there is no answer; `_OlderError`: something is not in it.

    """
    found = table(ask(state, "GET", f"/drills/{alarm}"))
    is_whole = all(key in found for key in (*_SCORE, *_STANDING)) and all(
        key in one for one in _people(found) for key in _ROW
    )
    if not is_whole:
        raise _OlderError(_OLDER)
    return found


@contextmanager
def _breaking_off() -> Iterator[list[int]]:
    """Gather what asks for the end: Ctrl-C, the end of the terminal or of the command.

    An exercise that nobody ends would ring the officers on duty for ever: neither what
    comes before it is known by its id nor a second Ctrl-C keeps it from its end.
    """
    asked: list[int] = []
    before = {
        number: signal.signal(number, lambda came, _: asked.append(came))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _finish(state: Path, alarm: str, by: str, asked: list[int]) -> Found:
    """End it, or only its pages where a real alarm is open; return the last look.

    It looks anew before each turn: a real alarm may have come since the last one. An
    engine that is away is waited for, unless the end is asked for once more.
    """
    clock, heard, is_away = SystemClock(), len(asked), False
    ending = _Ending(state, alarm, by)
    gives_up_s = clock.boottime_s() + RESTART_S
    while True:
        try:
            return ending.end()
        except (AbsentError, UnansweredError):
            if len(asked) > heard or clock.boottime_s() >= gives_up_s:
                raise
            if not is_away:
                _tell(_AWAY)
            is_away = True
            clock.sleep(POLL_S)


class _Ending:
    """Ends an exercise by what the engine says of it each time, and of no time before.

    An act that had no answer is given again under its own id, one that was refused
    under another: the same one would be refused for ever.
    """

    def __init__(self, state: Path, alarm: str, by: str) -> None:
        self._state, self._alarm = state, alarm
        self._acts = {
            "acknowledge": _act(by),
            "verify": {**_act(by), "truth": "false"},
            "close": {**_act(by), "reason": "exercise_over"},
        }
        self._scored: Found | None = None
        """The first look, which is printed: in the next ones whoever runs it acted."""

    def end(self) -> Found:
        """Close it, so that everybody who was told hears that it is over.

        Beside a real alarm an end would be read as the end of that one: there it is
        only found false, and nobody more is called.
        """
        why, found = None, self._look()
        for _ in range(TURNS_MAX):
            if _is_ended(found):
                return found
            if not found["held"]:
                self._refused("acknowledge")  # an officer may have been faster
            if found["real"] is None:
                why = self._refused("close")
                if why is None:
                    return found
            else:
                why = self._refused("verify")
            found = self._look()
        if _is_ended(found):
            return found
        message = why or "it is not ended, whatever was done"
        raise (ServiceError if found["real"] is None else _BesideError)(message)

    def _look(self) -> Found:
        found = _score(self._state, self._alarm)
        self._scored = self._scored or found
        return {**self._scored, **{key: found[key] for key in _STANDING}}

    def _refused(self, act: str) -> str | None:
        body = self._acts[act]
        try:
            ask(self._state, "POST", f"/alarms/{self._alarm}/{act}", body)
        except (AbsentError, UnansweredError):
            raise
        except ServiceError as error:
            body["id"] = _id()
            return str(error)
        return None


def _is_ended(found: Found) -> bool:
    """Say whether it is over, or calls nobody more beside a real alarm."""
    is_let_be = bool(found["held"] and found["found_false"])
    return not found["open"] or (found["real"] is not None and is_let_be)


def _tell(line: str) -> None:
    """Say it to whoever watches; a terminal that is gone keeps nobody from the end."""
    with suppress(OSError):
        typer.echo(line, err=True)


def _act(by: str) -> dict[str, str]:
    return {"by": by, "id": _id()}


def _id() -> str:
    return secrets.token_hex(8)


def _goes_on(found: Found) -> bool:
    """Say whether it is open and anybody's answer is still to come.

    Of the officers on duty one is enough. Whoever is called later, after a countdown or
    by a wider search, has not answered yet. A real alarm ends it.
    """
    called = (one for one in _people(found) if one["audience"] != "duty")
    answers = [found["acknowledged_s"], *(one["answered_s"] for one in called)]
    is_awaited = bool(found["to_call"]) or None in answers
    return bool(found["open"]) and found["real"] is None and is_awaited


def _people(found: Found) -> list[Found]:
    people = found["people"]
    assert isinstance(people, list)
    return people


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
