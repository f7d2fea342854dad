"""The command line's side of the control socket, and how answers are printed."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import EngineError

DEFAULT_STATE = Path("/var/lib/natalia")
State = Annotated[
    Path,
    # Whether it may be read is said below, with what to do about it.
    typer.Option(readable=False, help="The state folder of the running service."),
]
CONTROL_SOCKET = "control.sock"
TIMEOUT_S = 25.0
"""More than a service on a slow disk takes: ten seconds for an alarm, ten for a row."""
UNRECORDED = "this is done, and no row of the journal says so: write down who and when"
STRANGE = (
    "what answers is no engine of this version, and it is not known whether this is"
    " done: restart the engine if it was updated, then look"
)
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class ServiceError(EngineError):
    """The running service refused, or there is none."""


class AbsentError(ServiceError):
    """No service runs there: nothing of what was asked was done."""


class UnansweredError(ServiceError):
    """It did not answer; what was asked may have been done."""


class Table(dict[str, object]):
    """A table of an answer; what it lacks another version has, or another program."""

    def __missing__(self, key: str) -> object:
        """Say so, for whoever asks.

        Raises:
            ServiceError: always.

        """
        raise ServiceError(STRANGE)


def ask(
    state: Path, method: str, path: str, body: Mapping[str, str] | str | None = None
) -> object:
    """Ask the running service; returns its JSON.

    Args:
        state: the state folder of the running service.
        method: `GET`, `POST` or `DELETE`.
        path: of the control application.
        body: form fields, or a text as it is.

    Raises:
        ServiceError: no service runs there, or it refused; says why.

    """
    import httpx2  # noqa: PLC0415 - only commands that ask need it

    socket = state / CONTROL_SOCKET
    content = body if isinstance(body, str) else json.dumps(dict(body or {}))
    if not _is_there(socket):
        raise AbsentError(_nobody(state))
    transport = httpx2.HTTPTransport(uds=str(socket))
    try:
        with httpx2.Client(transport=transport, timeout=TIMEOUT_S) as client:
            answer = client.request(method, f"http://engine{path}", content=content)
    except (httpx2.ConnectError, FileNotFoundError) as error:
        may = os.access(socket, os.R_OK | os.W_OK)
        if may:
            raise AbsentError(_nobody(state)) from error
        raise ServiceError(_closed(state)) from error
    except httpx2.HTTPError as error:
        message = f"the engine did not answer ({type(error).__name__}); look again"
        raise UnansweredError(message) from error
    try:
        found: object = json.loads(answer.content, object_hook=Table)
    except ValueError as error:
        message = f"the engine cannot answer that ({answer.status_code}); see its log"
        raise ServiceError(message) from error
    if answer.status_code >= 400:  # noqa: PLR2004 - HTTP's own border
        said = found if isinstance(found, dict) else {}
        raise ServiceError(str(said.get("error") or said.get("refused")))
    if isinstance(found, dict) and found.get("recorded") is False:
        typer.echo(f"natalia: {UNRECORDED}", err=True)
    return found


def table(found: object) -> Table:
    """Return an answer that is to be a table.

    Raises:
        ServiceError: it is none.

    """
    if not isinstance(found, Table):
        raise ServiceError(STRANGE)
    return found


def id_of(what: str, text: str, where: str) -> str:
    """Return an id that goes into a path, as it is: it must not lead elsewhere.

    Raises:
        ServiceError: it is none; `where` names the command that lists them.

    """
    if not _ID.fullmatch(text):
        message = f"{what}: letters, digits, - and _ only; see: {where}"
        raise ServiceError(message)
    return text


def _is_there(socket: Path) -> bool:
    try:
        return socket.exists()
    except PermissionError as error:
        raise ServiceError(_closed(socket.parent)) from error


def _nobody(state: Path) -> str:
    return (
        f"no engine runs on {state}; name its folder with --state,"
        " or start one with: natalia serve --config FILE"
    )


def _closed(state: Path) -> str:
    return f"{state}: this user may not ask the engine; ask as its own, or with sudo"
