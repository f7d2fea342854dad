"""A device that is tried out with its carrier: waits for the press of `device test`."""

import json
import threading
from collections.abc import Mapping
from pathlib import Path

import typer

from engine.cli.client import AbsentError, ServiceError, UnansweredError, ask, table
from engine.clock import SystemClock

LOOK_S = 1.0
RESTART_S = 30.0
# A commit may take ten seconds before HQ is told from memory.
LOOKS_FOR_CASE = 15
_IS_REAL = "a press is a real alarm from now on, and the carrier may not know it"
_AWAY = (
    "the engine does not answer, and is waited for: where it was started anew a press"
    " is a real alarm. Have the carrier wait"
)

Row = Mapping[str, object]


def armed(state: Path, request: Mapping[str, str]) -> Row:
    """Have the next press be an exercise."""
    return _asked(state, "/devices/drill/arm", request)


def pressed(state: Path, request: Mapping[str, str], drill: Row) -> Row:
    """Return how far it has come once it was pressed and taken up, or its time is over.

    An engine that is away is waited for: what was agreed on with the carrier may hold
    no more after it, and whoever is on the telephone with them has to hear that.

    Raises:
        ServiceError: it did not come back.

    """
    looks = LOOKS_FOR_CASE
    while drill["armed"] or (drill["pressed_at"] and not drill["alarm"] and looks):
        looks -= not drill["armed"]
        threading.Event().wait(LOOK_S)
        drill = _found(state, request)
    return drill


def no_exercise(drill: Row) -> str:
    """Return what to say of one that no exercise has come of."""
    if drill["until"] is None:
        return (
            f"the engine was started anew, and does not know of this one: {_IS_REAL}."
            " Try it out again; what was pressed before stands in: natalia alarm list"
        )
    if drill["pressed_at"] is None:
        return (
            "no press came in time; from now on a press is a real alarm. Is the device"
            " on, has it a network, is its server this one? natalia device show DEVICE"
        )
    found = "in no case yet: natalia alarm list"
    if drill["alarm"]:
        found = "NO EXERCISE: it joined a real alarm of theirs, which is open:"
        found += f" natalia alarm show {drill['alarm']}"
    return f"heard at {clock(drill['pressed_at'])} UTC, and {found}"


def clock(moment: object) -> str:
    """Return the time of day of a moment."""
    return str(moment)[11:19]


def _found(state: Path, request: Mapping[str, str]) -> Row:
    now_s, is_away = SystemClock().boottime_s, False
    gives_up_s = now_s() + RESTART_S
    while True:
        try:
            return _asked(state, "/devices/drill", request)
        except (AbsentError, UnansweredError) as error:
            if now_s() >= gives_up_s:
                message = f"{error}. It did not come back: {_IS_REAL}"
                raise ServiceError(message) from error
            if not is_away:
                typer.echo(_AWAY, err=True)
            is_away = True
            threading.Event().wait(LOOK_S)


def _asked(state: Path, path: str, request: Mapping[str, str]) -> Row:
    return table(ask(state, "POST", path, json.dumps(request)))
