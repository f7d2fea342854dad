"""What each answer of the control socket begins with: who asks, and what was sent."""

import json
import secrets
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from engine.console.desk import ConsoleDesk
from engine.console.words import whole
from engine.errors import JournalError
from engine.ports.journal import Append, Appended, Conflict, Head, NewEvent
from engine.values import CommandId, OperatorId

UNPROCESSABLE = 422
REFUSED = 409
TRIES_MAX = 8
"""How often an act is recorded anew where another came between."""
UNSEEN = (
    "the journal has no row of it, and nothing is shown without one; the roster's own"
    " files can be read with --reveal while the engine cannot"
)
MISSING = 404


class NoOperatorError(Exception):
    """Whoever a request says that it is from is no operator; the text says whom."""


def desk_of(request: Request) -> ConsoleDesk:
    """Return the desk that the application was made with."""
    desk: ConsoleDesk = request.app.state.desk
    return desk


def operator_of(desk: ConsoleDesk, fields: Mapping[str, object]) -> OperatorId:
    """Return the operator whom a request names in `by`.

    Raises:
        NoOperatorError: there is none of that name; `no_operator` answers.

    """
    by = OperatorId(str(fields.get("by", "")))
    if by not in desk.operators.names():
        fault = desk.operators.fault
        message = fault or f"by: no operator {by!r}; add one with: natalia operator add"
        raise NoOperatorError(message)
    return by


def no_operator(_request: Request, error: Exception) -> Response:
    """Answer a request that names nobody who may act."""
    return JSONResponse({"error": str(error)}, status_code=UNPROCESSABLE)


async def values_of(request: Request) -> dict[str, object]:
    """Return what a body says; nothing where it is no JSON object."""
    try:
        return dict(json.loads(await request.body() or b"{}"))
    except (ValueError, TypeError):
        return {}


async def record(
    desk: ConsoleDesk, stream: str, kind: str, facts: Mapping[str, object]
) -> bool:
    """Journal a privileged act on a stream of its own; False where no row is known."""
    parts = desk.parts
    command_id = CommandId(secrets.token_hex(8))
    desk.why_not = None
    for _ in range(TRIES_MAX):
        try:
            with parts.readers.reader() as reader:
                row = reader.head(stream)
        except JournalError:
            return False  # it may be done by now, and whoever asked has to hear that
        append = Append(
            stream=stream,
            expected_seq=0 if row is None else row.seq,
            epoch=parts.journal.epoch,
            command_id=command_id,
            events=(NewEvent(kind=kind, body=json.dumps(dict(facts)).encode()),),
            head=Head(status="kept", is_open=False),
            owner="web",
        )
        answer = await desk.submit(append)
        if not isinstance(answer, Conflict):  # another act came between
            return isinstance(answer, Appended)
    return False


def unrecorded(desk: ConsoleDesk, said: str) -> Response:
    """Refuse what `record` found no row for, with the cure where it is known."""
    error = f"{said}; {desk.why_not}" if desk.why_not else said
    return JSONResponse({"error": error}, status_code=REFUSED)


async def revealing(desk: ConsoleDesk, command: str) -> Response | None:
    """Journal that numbers are about to be shown; the refusal where no row has it."""
    facts = {"command": command, "by": "command line"}
    if await record(desk, "roster", "RosterRevealed", facts):
        return None
    return unrecorded(desk, UNSEEN)


async def fields_of(request: Request) -> dict[str, str]:
    """Return what a body says, each value as text."""
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        return {}
    if not isinstance(body, dict):
        return {}
    return {str(key): whole(str(value)) for key, value in body.items()}
