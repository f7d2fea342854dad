"""The control socket: what the command line asks of the running service.

A Unix socket that its owner alone may use: whoever can open it runs as the
engine, so the operator whom an act names is taken at their word and journalled.
"""

import asyncio
import re
import secrets
from contextlib import suppress
from datetime import timedelta

from msgspec import structs
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.alarm.commands import Close, Raise
from engine.alarm.refusals import RefusalGround
from engine.alarm.state import CloseReason, Kind
from engine.console.acts import ActError, command_of
from engine.console.asking import (
    MISSING,
    REFUSED,
    UNPROCESSABLE,
    NoOperatorError,
    desk_of,
    fields_of,
    no_operator,
    operator_of,
    record,
)
from engine.console.cases import TYPED
from engine.console.control_devices import DEVICE_ROUTES
from engine.console.control_roster import ROSTER_ROUTES
from engine.console.desk import ConsoleDesk
from engine.console.drills import (
    BESIDE_REAL,
    drill_command,
    drill_refusal,
    end_refusal,
    score_of,
)
from engine.console.observe import (
    NO_ROUND_TRIP,
    ROUND_TRIP,
    UNAVAILABLE,
    unread_words,
    unready_reasons,
)
from engine.console.operators import OperatorError
from engine.console.people import Names
from engine.console.view import as_it_stands, detail, listed
from engine.console.voices import safety, safety_line
from engine.console.words import REFUSALS
from engine.errors import JournalError, not_done
from engine.reload.report import Report
from engine.values import AlarmId, CommandId, Instant, OperatorId, PersonId

FULL = 507
ASKED_AGAIN = timedelta(minutes=5)
MAY_BEGIN = (
    "the engine did not answer; it may begin yet: look at the list, then repeat,"
    " which begins no second one"
)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
# Here a name is taken at its word: one person could be both operators.
IN_PERSON = frozenset({"approve", "count-again", "reveal", "safe", "word"})
NO_VOICE = "--by is none of them: here a name is taken at its word"
_TOO_FEW = frozenset(
    REFUSALS[one]
    for one in (RefusalGround.NOT_SAFE_YET, RefusalGround.NOT_DETAINED_YET)
)
NO_ALARM = "no such alarm; `natalia alarm list` names them"
RELOAD_WITHIN_S = 20.0
NO_RELOAD = "the engine cannot reload just now; repeat it in some seconds"
LATE_RELOAD = "the reload is still under way; natalia status says what it came to"
SIGN_IN = "only at the console, where whoever does it has signed in"


def control_app(desk: ConsoleDesk) -> Starlette:
    """Return the application behind the control socket."""
    app = Starlette(
        routes=[
            Route("/alarms", alarms),
            Route("/alarms/{alarm}", alarm),
            Route("/alarms/{alarm}/{act}", act, methods=["POST"]),
            Route("/operators", operators),
            Route("/operators/{name}", add_operator, methods=["POST"]),
            Route("/operators/{name}", remove_operator, methods=["DELETE"]),
            Route("/drills", exercise, methods=["POST"]),
            Route("/drills/{alarm}", drill_score),
            Route("/status", status),
            Route("/reload", reload, methods=["POST"]),
            *DEVICE_ROUTES,
            *ROSTER_ROUTES,
        ],
        exception_handlers={
            NoOperatorError: no_operator,
            OSError: unwritten,
            JournalError: unread,
        },
    )
    app.state.desk = desk
    return app


async def unwritten(_: Request, error: Exception) -> Response:
    """Say why the state folder took nothing; what was there before is in force."""
    why = getattr(error, "strerror", None) or type(error).__name__
    said = f"the state folder cannot be written: {why}; mend that, then repeat"
    return JSONResponse({"error": said}, status_code=FULL)


async def unread(_: Request, error: Exception) -> Response:
    """Say what to do where the journal cannot be read."""
    return JSONResponse({"error": unread_words(error)}, status_code=UNAVAILABLE)


async def alarms(request: Request) -> Response:
    """Return the list."""
    desk = desk_of(request)
    desk.catch_up()
    now = desk.parts.clock.now()
    return JSONResponse(listed(desk.cases, now, desk.why_waiting))


async def alarm(request: Request) -> Response:
    """Return one case; what is hidden stays hidden here."""
    desk = desk_of(request)
    desk.catch_up()
    alarm_id = AlarmId(request.path_params["alarm"])
    found, why = desk.cases.found(alarm_id)
    if found is None and why is not None:
        return JSONResponse({"error": why.value}, status_code=UNAVAILABLE)
    if found is None:
        return JSONResponse({"error": NO_ALARM}, status_code=MISSING)
    now = desk.parts.clock.now()
    shown = detail(
        found,
        desk.cases.lines(alarm_id),
        now,
        revealed=False,
        public_language=desk.parts.public_language(),
        why=desk.why_waiting,
    )
    return JSONResponse(as_it_stands(shown, why))


async def act(request: Request) -> Response:
    """Do one act for the operator whom the body names."""
    desk = desk_of(request)
    form = await fields_of(request)
    act_name, alarm_id = (
        request.path_params["act"],
        AlarmId(request.path_params["alarm"]),
    )
    if act_name in IN_PERSON or (act_name == "verify" and _is_real(desk, alarm_id)):
        return JSONResponse({"error": SIGN_IN}, status_code=UNPROCESSABLE)
    by = operator_of(desk, form)
    click = form.get("id") or secrets.token_hex(8)
    try:
        command = command_of(act_name, form, by, CommandId(f"{TYPED}{by}/{click}"))
    except ActError as error:
        return JSONResponse({"error": str(error)}, status_code=UNPROCESSABLE)
    refused = None
    if isinstance(command, Close):
        command = structs.replace(command, in_person=False)
        # Here alone: at the console whoever closes it has the list before them.
        refused = _end_refused(desk, alarm_id, command)
    if refused is None:
        refused = await desk.act(alarm_id, command)
    if refused == REFUSALS[RefusalGround.NOT_RAISED]:
        refused = NO_ALARM
    if refused in _TOO_FEW:
        refused = _too_few(desk, alarm_id, refused)
    status = 200 if refused is None else REFUSED
    return JSONResponse(
        {"done": refused is None, "refused": refused}, status_code=status
    )


def _is_real(desk: ConsoleDesk, alarm_id: AlarmId) -> bool:
    """Say whether a verdict on a case may lead to the public: of an exercise none does.

    One whose rows cannot be read counts as real.
    """
    desk.catch_up()
    case, why_unread = desk.cases.found(alarm_id)
    return why_unread is not None if case is None else case.kind is Kind.REAL


def _end_refused(desk: ConsoleDesk, alarm_id: AlarmId, command: Close) -> str | None:
    """Say why an exercise does not end; no other end hangs on the clear columns."""
    desk.catch_up()
    cases, every = desk.cases, desk.cases.all(desk.parts.clock.now())
    is_over = command.reason is CloseReason.EXERCISE_OVER
    beside = cases.real_unread() if is_over else {}
    return end_refusal(cases.get(alarm_id), command, every, beside)


def _too_few(desk: ConsoleDesk, alarm_id: AlarmId, refused: str) -> str:
    """Say who has said how the defender is, and who may; here `--by` is no voice.

    Whoever has no browser has nowhere else to read it.
    """
    case = desk.cases.get(alarm_id)
    if case is None or case.seen.closed is not None:
        return refused  # a count would tell whether there was a sign of force
    names = Names(case, revealed=False)
    said = safety_line(safety(case, desk.cases.lines(alarm_id), names, None))
    return f"{refused}. {said}. {NO_VOICE}" if said else refused


async def exercise(request: Request) -> Response:
    """Raise an exercise for the defender whom the body names."""
    desk = desk_of(request)
    form = await fields_of(request)
    by = operator_of(desk, form)
    roster = desk.parts.board.roster()
    person = roster.person(PersonId(form.get("defender", "")))
    if person is None:
        error = "defender: nobody of that id is in the roster; see: natalia roster list"
        return JSONResponse({"error": error}, status_code=UNPROCESSABLE)
    now = desk.parts.clock.now()
    desk.catch_up()
    refused = drill_refusal(person, desk.cases.all(now))
    if person.person in desk.cases.real_unread():
        refused = BESIDE_REAL
    if refused is not None:
        return JSONResponse({"error": refused}, status_code=REFUSED)
    asked = desk.exercises.pop(person.person, None)
    if asked is None or not _may_begin(desk, *asked, now):
        click = form.get("id") or secrets.token_hex(8)
        asked = drill_command(
            person, by, click, now, desk.parts.board, desk.parts.registry()
        )
    alarm_id, command = asked
    done = await desk.command(alarm_id, command)
    why = not_done(done)
    if why is not None:
        return JSONResponse({"error": why}, status_code=REFUSED)
    if done.failed:
        desk.exercises[person.person] = asked
        return JSONResponse({"error": MAY_BEGIN}, status_code=REFUSED)
    facts = {"alarm": alarm_id, "by": by}
    recorded = await record(desk, "drills", "ExerciseRaised", facts)
    return JSONResponse(facts | {"recorded": recorded})


def _may_begin(
    desk: ConsoleDesk, alarm_id: AlarmId, command: Raise, now: Instant
) -> bool:
    """Say whether one that had no answer is asked for again, and not a second one."""
    is_recent = now.since(command.press.at) < ASKED_AGAIN
    return is_recent and desk.cases.get(alarm_id) is None


async def drill_score(request: Request) -> Response:
    """Return what an exercise has come to so far."""
    desk = desk_of(request)
    desk.catch_up()
    alarm_id = AlarmId(request.path_params["alarm"])
    found, why = desk.cases.found(alarm_id)
    if found is None and why is not None:
        return JSONResponse({"error": why.value}, status_code=UNAVAILABLE)
    if found is None or found.kind is not Kind.EXERCISE:
        return JSONResponse({"error": "no such exercise"}, status_code=MISSING)
    every = desk.cases.all(desk.parts.clock.now())
    lines, beside = desk.cases.lines(alarm_id), desk.cases.real_unread()
    return JSONResponse(score_of(found, lines, every, beside))


async def status(request: Request) -> Response:
    """Say whether the engine may be relied on, and all that is wrong just now."""
    parts = desk_of(request).parts
    reasons = {reason: list(who) for reason, who in parts.health.reasons().items()}
    if not parts.readiness.is_fresh():
        reasons[NO_ROUND_TRIP] = list(ROUND_TRIP)
    unready, last = unready_reasons(parts), parts.last_reload()
    return JSONResponse(
        {
            "state": "degraded" if reasons else "ready",
            "ready": not unready,
            "reasons": reasons,
            "unrecorded": len(parts.unrecorded.lines()),
            "reload": None if last is None else last.facts(),
        }
    )


async def reload(request: Request) -> Response:
    """Have the configuration read again; answers with what that came to."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[Report] = loop.create_future()

    def answer(report: Report) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(_answer, answered, report)

    if not desk_of(request).parts.reload(answer):
        return JSONResponse({"error": NO_RELOAD}, status_code=UNAVAILABLE)
    try:
        report = await asyncio.wait_for(answered, RELOAD_WITHIN_S)
    except TimeoutError:
        return JSONResponse({"error": LATE_RELOAD}, status_code=UNAVAILABLE)
    return JSONResponse(report.facts())


def _answer(answered: "asyncio.Future[Report]", report: Report) -> None:
    if not answered.done():
        answered.set_result(report)


async def operators(request: Request) -> Response:
    """Return who may sign in."""
    people = desk_of(request).operators
    if people.fault:
        return JSONResponse({"error": people.fault}, status_code=REFUSED)
    return JSONResponse(list(people.names()))


async def add_operator(request: Request) -> Response:
    """Add an operator; answers with the path of the first password."""
    desk = desk_of(request)
    name = OperatorId(request.path_params["name"])
    if not _NAME.fullmatch(name):
        error = "name: small letters a to z, digits and hyphens, at most 32"
        return JSONResponse({"error": error}, status_code=UNPROCESSABLE)
    try:
        first = await desk.add_operator(name)
    except OperatorError as error:
        return JSONResponse({"error": str(error)}, status_code=REFUSED)
    recorded = await record(desk, "operators", "OperatorAdded", {"operator": name})
    return JSONResponse(
        {"operator": name, "password_file": str(first.path), "recorded": recorded}
    )


async def remove_operator(request: Request) -> Response:
    """Let an operator in no more, and end their sessions."""
    desk = desk_of(request)
    name = OperatorId(request.path_params["name"])
    try:
        await desk.remove_operator(name)
    except OperatorError as error:
        return JSONResponse({"error": str(error)}, status_code=REFUSED)
    recorded = await record(desk, "operators", "OperatorRemoved", {"operator": name})
    return JSONResponse({"operator": name, "recorded": recorded})
