"""The control socket's answers about devices; ids of devices are in bodies alone."""

from contextlib import suppress

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.alarm.state import Kind
from engine.console.asking import (
    MISSING,
    REFUSED,
    UNPROCESSABLE,
    desk_of,
    operator_of,
    record,
    revealing,
    unrecorded,
    values_of,
)
from engine.console.desk import ConsoleDesk
from engine.console.devices import (
    DeviceError,
    Plain,
    command_named,
    device_named,
    drill_state,
    enrolling,
    list_devices,
    list_unknown,
    secret_named,
    secret_path,
    with_secret,
)
from engine.console.drills import open_of
from engine.console.roster_change import (
    RosterChange,
    author_of,
    changed,
    has_case,
    named_in,
)
from engine.errors import JournalError
from engine.roster.model import Device

IN_EARNEST = (
    "a real alarm of theirs is open, and a press would join that: try the device out"
    " once it is closed"
)
UNREAD_EARNEST = (
    "a real alarm of theirs is open that cannot be read, and a press may be in earnest:"
    " try the device out once it is closed"
)

NOT_YET = (
    "a case is open that they belong to: agree on the secret once it is closed. Nothing"
    " was changed"
)


async def devices(request: Request) -> Response:
    """Return enrolled devices, and who else is heard; showing ids is journalled."""
    desk = desk_of(request)
    fields = await values_of(request)
    if fields.get("reveal") is True:
        refused = await revealing(desk, "device.list")
        if refused is not None:
            return refused
    now = desk.parts.clock.now()
    found = {
        "devices": list_devices(desk.parts, fields, now),
        "unknown": list_unknown(desk.parts, fields),
    }
    return JSONResponse(found)


async def enrol_device(request: Request) -> Response:
    """Add devices to the roster in force, from `[[device]]` tables in the body."""
    desk = desk_of(request)
    body = (await request.body()).decode("utf-8", errors="replace")
    by = author_of(desk, named_in(request))
    async with desk.changing_roster:
        try:
            enrolled = enrolling(desk.parts, body)
        except DeviceError as error:
            return JSONResponse({"error": str(error)}, status_code=UNPROCESSABLE)
        change = RosterChange(
            kind="DeviceEnrolled",
            by=by,
            source="device enrol",
            was=desk.parts.board.roster(),
            new=enrolled.roster,
            text=enrolled.text,
        )
        waits, recorded = await changed(desk, change)
    if waits is not None:
        return waits
    facts = {"version": enrolled.roster.version}
    return JSONResponse(facts | {"recorded": recorded, "doubts": enrolled.doubts})


async def command_device(request: Request) -> Response:
    """Queue a command to a device, where its carrier's action protocol allows it."""
    desk = desk_of(request)
    fields = await values_of(request)
    by = operator_of(desk, fields)
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
    desk = desk_of(request)
    try:
        device = device_named(desk.parts, await values_of(request))
    except DeviceError as error:
        return JSONResponse({"error": str(error)}, status_code=MISSING)
    return JSONResponse(_state_of(desk, device))


async def arm_drill(request: Request) -> Response:
    """Let a device's next press be an exercise; journalled before it is."""
    desk = desk_of(request)
    fields = await values_of(request)
    by = operator_of(desk, fields)
    try:
        device = device_named(desk.parts, fields)
    except DeviceError as error:
        return JSONResponse({"error": str(error)}, status_code=MISSING)
    desk.catch_up()
    cases = desk.cases.all(desk.parts.clock.now())
    if Kind.REAL in open_of(device.person, cases):
        return JSONResponse({"error": IN_EARNEST}, status_code=REFUSED)
    if device.person in desk.cases.real_unread():
        return JSONResponse({"error": UNREAD_EARNEST}, status_code=REFUSED)
    facts = {"by": str(by), "person": str(device.person)}
    if not await record(desk, "drills", "DrillArmed", facts):
        said = "it could not be recorded, so that the next press is a real one"
        return unrecorded(desk, said)
    if await request.is_disconnected():
        return Response()  # whoever broke it off takes the next press for a real one
    desk.parts.drills.arm(device.device, desk.parts.clock.now())
    return JSONResponse(_state_of(desk, device))


def _state_of(desk: ConsoleDesk, device: Device) -> Plain:
    # It is armed all the same: whoever hears otherwise takes the next press for real.
    with suppress(JournalError):
        desk.catch_up()
    now = desk.parts.clock.now()
    drill = desk.parts.drills.of(device.device)
    return drill_state(drill, desk.cases.all(now), now)


async def set_secret(request: Request) -> Response:
    """Agree on a device's secret: kept in a file of the state folder, journalled.

    The row says whose device and who did it; the secret stands nowhere but in the file.
    """
    desk = desk_of(request)
    fields = await values_of(request)
    by = operator_of(desk, fields)
    try:
        device = device_named(desk.parts, fields)
        secret = secret_named(fields)
        path = secret_path(desk.parts.state, device.device)
        with_secret(desk.parts, device.device, path)  # it can be kept
    except DeviceError as error:
        return JSONResponse({"error": str(error)}, status_code=UNPROCESSABLE)
    if has_case(desk, device.person):
        return JSONResponse({"error": NOT_YET}, status_code=REFUSED)
    facts = {"by": str(by), "person": str(device.person)}
    if not await record(desk, "roster", "DeviceSecretSet", facts):
        return unrecorded(
            desk, "it could not be recorded, so that the secret is the old one"
        )
    async with desk.changing_roster:
        await desk.keep_private(path, secret + "\n")
        changed = with_secret(desk.parts, device.device, path)
        await desk.keep_roster(changed.text)
        desk.parts.board.replace(changed.roster)
    return JSONResponse(facts | {"doubts": changed.doubts})


DEVICE_ROUTES = (
    Route("/devices", devices, methods=["POST"]),
    Route("/devices/enrol", enrol_device, methods=["POST"]),
    Route("/devices/command", command_device, methods=["POST"]),
    Route("/devices/secret", set_secret, methods=["POST"]),
    Route("/devices/drill", drill, methods=["POST"]),
    Route("/devices/drill/arm", arm_drill, methods=["POST"]),
)
