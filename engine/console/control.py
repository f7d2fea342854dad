"""The control socket: what the command line asks of the running service.

A Unix socket that its owner alone may use: whoever can open it runs as the
engine, so the operator whom an act names is taken at their word and journalled.
"""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.alarm.commands import Close
from engine.alarm.state import Kind
from engine.console.acts import ActError, command_of
from engine.console.desk import ConsoleDesk
from engine.console.devices import (
    DeviceError,
    command_named,
    device_named,
    drill_state,
    enrolling,
    list_devices,
)
from engine.console.drills import drill_command, score_of
from engine.console.observe import NO_ROUND_TRIP, ROUND_TRIP, unready_reasons
from engine.console.operators import OperatorError
from engine.console.view import detail, summary
from engine.errors import DataError
from engine.ports.journal import Append, Appended, Head, NewEvent
from engine.roster.listing import respond
from engine.roster.parse import parse_roster
from engine.values import AlarmId, CommandId, OperatorId, PersonId

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
# Here a name is taken at its word: one person could be both operators.
IN_PERSON = frozenset({"approve", "reveal", "safe", "word"})
SIGN_IN = "only at the console, where whoever does it has signed in"
UNPROCESSABLE = 422
REFUSED = 409
MISSING = 404


def control_app(desk: ConsoleDesk) -> Starlette:
    """Return the application behind the control socket."""
    app = Starlette(
        routes=[
            Route("/alarms", alarms),
            Route("/alarms/{alarm}", alarm),
            Route("/alarms/{alarm}/{act}", act, methods=["POST"]),
            Route("/operators", operators),
            Route("/operators/{name}", add_operator, methods=["POST"]),
            Route("/drills", exercise, methods=["POST"]),
            Route("/drills/{alarm}", drill_score),
            Route("/status", status),
            Route("/devices", devices, methods=["POST"]),
            Route("/devices/enrol", enrol_device, methods=["POST"]),
            Route("/devices/command", command_device, methods=["POST"]),
            Route("/devices/drill", drill, methods=["POST"]),
            Route("/devices/drill/arm", arm_drill, methods=["POST"]),
            Route("/roster", roster, methods=["POST"]),
            Route("/roster/read", read_roster, methods=["POST"]),
        ]
    )
    app.state.desk = desk
    return app


def _desk(request: Request) -> ConsoleDesk:
    desk: ConsoleDesk = request.app.state.desk
    return desk


async def alarms(request: Request) -> Response:
    """Return the list."""
    desk = _desk(request)
    desk.catch_up()
    now = desk.parts.clock.now()
    return JSONResponse([summary(one, now) for one in desk.cases.all(now)])


async def alarm(request: Request) -> Response:
    """Return one case; what is hidden stays hidden here."""
    desk = _desk(request)
    desk.catch_up()
    alarm_id = AlarmId(request.path_params["alarm"])
    found = desk.cases.get(alarm_id)
    if found is None:
        return JSONResponse({"error": "no such alarm"}, status_code=MISSING)
    now = desk.parts.clock.now()
    lines = desk.cases.lines(alarm_id)
    return JSONResponse(detail(found, lines, now, revealed=False))


async def act(request: Request) -> Response:
    """Do one act for the operator whom the body names."""
    desk = _desk(request)
    form = await _fields(request)
    if request.path_params["act"] in IN_PERSON:
        return JSONResponse({"error": SIGN_IN}, status_code=UNPROCESSABLE)
    by = OperatorId(form.get("by", ""))
    if by not in desk.operators.names():
        return JSONResponse({"error": _no_operator(by)}, status_code=UNPROCESSABLE)
    click = form.get("id") or secrets.token_hex(8)
    try:
        command = command_of(
            request.path_params["act"], form, by, CommandId(f"{by}/{click}")
        )
    except ActError as error:
        return JSONResponse({"error": str(error)}, status_code=UNPROCESSABLE)
    if isinstance(command, Close):
        command = replace(command, in_person=False)
    refused = await desk.act(AlarmId(request.path_params["alarm"]), command)
    status = 200 if refused is None else REFUSED
    return JSONResponse(
        {"done": refused is None, "refused": refused}, status_code=status
    )


async def exercise(request: Request) -> Response:
    """Raise an exercise for the defender whom the body names."""
    desk = _desk(request)
    form = await _fields(request)
    by = OperatorId(form.get("by", ""))
    roster = desk.parts.board.roster()
    person = roster.person(PersonId(form.get("defender", "")))
    if by not in desk.operators.names():
        return JSONResponse({"error": _no_operator(by)}, status_code=UNPROCESSABLE)
    if person is None:
        error = "defender: nobody of that id is in the roster"
        return JSONResponse({"error": error}, status_code=UNPROCESSABLE)
    now = desk.parts.clock.now()
    if any(
        one.is_open and one.kind is Kind.EXERCISE and one.subject == person.person
        for one in desk.cases.all(now)
    ):
        error = "an exercise for them is under way; close it first"
        return JSONResponse({"error": error}, status_code=REFUSED)
    click = form.get("id") or secrets.token_hex(8)
    alarm_id, command = drill_command(
        person, by, click, now, desk.parts.board, desk.parts.registry()
    )
    done = await desk.command(alarm_id, command)
    if done.failed:
        error = "the engine did not answer; look at the list, then repeat"
        return JSONResponse({"error": error}, status_code=REFUSED)
    facts = {"alarm": alarm_id, "by": by}
    await _record(desk, "drills", "ExerciseRaised", facts)
    return JSONResponse(facts)


async def drill_score(request: Request) -> Response:
    """Return what an exercise has come to so far."""
    desk = _desk(request)
    desk.catch_up()
    alarm_id = AlarmId(request.path_params["alarm"])
    found = desk.cases.get(alarm_id)
    if found is None or found.kind is not Kind.EXERCISE:
        return JSONResponse({"error": "no such exercise"}, status_code=MISSING)
    return JSONResponse(score_of(found, desk.cases.lines(alarm_id)))


async def status(request: Request) -> Response:
    """Say whether the engine may be relied on, and all that is wrong just now."""
    parts = _desk(request).parts
    reasons = {reason: list(who) for reason, who in parts.health.reasons().items()}
    if not parts.readiness.is_fresh():
        reasons[NO_ROUND_TRIP] = list(ROUND_TRIP)
    unready = unready_reasons(parts)
    return JSONResponse(
        {
            "state": "degraded" if reasons else "ready",
            "ready": not unready,
            "reasons": reasons,
            "unrecorded": len(parts.unrecorded.lines()),
        }
    )


async def operators(request: Request) -> Response:
    """Return who may sign in."""
    return JSONResponse(list(_desk(request).operators.names()))


async def add_operator(request: Request) -> Response:
    """Add an operator; answers with the path of the first password."""
    desk = _desk(request)
    name = OperatorId(request.path_params["name"])
    if not _NAME.fullmatch(name):
        error = "name: small letters a to z, digits and hyphens, at most 32"
        return JSONResponse({"error": error}, status_code=UNPROCESSABLE)
    try:
        first = await desk.add_operator(name)
    except OperatorError as error:
        return JSONResponse({"error": str(error)}, status_code=REFUSED)
    await _record(desk, "operators", "OperatorAdded", {"operator": name})
    return JSONResponse({"operator": name, "password_file": str(first.path)})


async def roster(request: Request) -> Response:
    """Put a new roster in force: checked, kept in the state folder, journalled."""
    desk = _desk(request)
    body = (await request.body()).decode("utf-8", errors="replace")
    try:
        new = parse_roster(body, "roster.toml")
    except DataError as error:
        return JSONResponse({"error": str(error)}, status_code=UNPROCESSABLE)
    await desk.keep_roster(body)
    desk.parts.board.replace(new)
    facts = {"version": new.version, "people": str(len(new.people))}
    await _record(desk, "roster", "RosterImported", facts)
    return JSONResponse(facts)


async def read_roster(request: Request) -> Response:
    """Answer a question about the roster in force; showing numbers is journalled."""
    desk = _desk(request)
    fields = await _values(request)
    if fields.get("reveal"):
        facts = {"command": str(fields.get("command")), "by": "command line"}
        await _record(desk, "roster", "RosterRevealed", facts)
    return JSONResponse(respond(fields, desk.parts.board.roster()))


async def devices(request: Request) -> Response:
    """Return the enrolled devices; showing their ids is journalled."""
    desk = _desk(request)
    fields = await _values(request)
    if fields.get("reveal") is True:
        facts = {"command": "device.list", "by": "command line"}
        await _record(desk, "roster", "RosterRevealed", facts)
    now = desk.parts.clock.now()
    return JSONResponse({"devices": list_devices(desk.parts, fields, now)})


async def enrol_device(request: Request) -> Response:
    """Add devices to the roster in force, from `[[device]]` tables in the body."""
    desk = _desk(request)
    body = (await request.body()).decode("utf-8", errors="replace")
    try:
        enrolled = enrolling(desk.parts, body)
    except DeviceError as error:
        return JSONResponse({"error": str(error)}, status_code=UNPROCESSABLE)
    await desk.keep_roster(enrolled.text)
    desk.parts.board.replace(enrolled.roster)
    facts = {"version": enrolled.roster.version}
    await _record(desk, "roster", "DeviceEnrolled", facts)
    return JSONResponse(facts)


async def command_device(request: Request) -> Response:
    """Queue a command to a device, where its carrier's action protocol allows it."""
    desk = _desk(request)
    fields = await _values(request)
    by = OperatorId(str(fields.get("by", "")))
    if by not in desk.operators.names():
        return JSONResponse({"error": _no_operator(by)}, status_code=UNPROCESSABLE)
    try:
        device = device_named(desk.parts, fields)
        command, every_s = command_named(fields)
    except DeviceError as error:
        return JSONResponse({"error": str(error)}, status_code=UNPROCESSABLE)
    refused = await desk.give(device.device, command, every_s, by)
    status = 200 if refused is None else REFUSED
    return JSONResponse(
        {"queued": refused is None, "refused": refused}, status_code=status
    )


async def drill(request: Request) -> Response:
    """Say how far a device's drill has come."""
    parts = _desk(request).parts
    try:
        device = device_named(parts, await _values(request))
    except DeviceError as error:
        return JSONResponse({"error": str(error)}, status_code=MISSING)
    return JSONResponse(drill_state(parts, device, parts.clock.now()))


async def arm_drill(request: Request) -> Response:
    """Let a device's next press be an exercise; journalled before it is."""
    desk = _desk(request)
    fields = await _values(request)
    by = OperatorId(str(fields.get("by", "")))
    if by not in desk.operators.names():
        return JSONResponse({"error": _no_operator(by)}, status_code=UNPROCESSABLE)
    try:
        device = device_named(desk.parts, fields)
    except DeviceError as error:
        return JSONResponse({"error": str(error)}, status_code=MISSING)
    facts = {"by": str(by), "person": str(device.person)}
    if not await _record(desk, "drills", "DrillArmed", facts):
        said = "it could not be recorded, so that the next press is a real one"
        return JSONResponse({"error": said}, status_code=REFUSED)
    now = desk.parts.clock.now()
    desk.parts.drills.arm(device.device, now)
    return JSONResponse(drill_state(desk.parts, device, now))


def _no_operator(by: OperatorId) -> str:
    return f"by: no operator {by!r}; add one with: natalia operator add"


async def _values(request: Request) -> dict[str, object]:
    try:
        return dict(json.loads(await request.body() or b"{}"))
    except (ValueError, TypeError):
        return {}


async def _record(
    desk: ConsoleDesk, stream: str, kind: str, facts: Mapping[str, str]
) -> bool:
    """Journal a privileged act on a stream of its own."""
    parts = desk.parts
    with parts.readers.reader() as reader:
        row = reader.head(stream)
    append = Append(
        stream=stream,
        expected_seq=0 if row is None else row.seq,
        epoch=parts.journal.epoch,
        command_id=CommandId(secrets.token_hex(8)),
        events=(NewEvent(kind=kind, body=json.dumps(dict(facts)).encode()),),
        head=Head(status="kept", is_open=False),
        owner="web",
    )
    return isinstance(await desk.submit(append), Appended)


async def _fields(request: Request) -> dict[str, str]:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        return {}
    if not isinstance(body, dict):
        return {}
    return {str(key): str(value) for key, value in body.items()}
