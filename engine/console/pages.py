"""The pages of the console and its JSON; every act is a POST with its own id."""

import secrets
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from engine.alarm.commands import AlarmCommand
from engine.alarm.state import Alarm
from engine.console.acts import ActError, command_of, word_command
from engine.console.cases import Unread
from engine.console.desk import ConsoleDesk
from engine.console.observe import UNAVAILABLE, unread_words
from engine.console.page import desk_of, page
from engine.console.roster_page import ROSTER_PAGES
from engine.console.security import (
    HEADERS,
    Guard,
    back_of,
    form_of,
    is_api,
    session_of,
    wants_json,
)
from engine.console.sign_in import password, sign_in, sign_in_page, sign_out
from engine.console.stream import events
from engine.console.view import as_it_stands, detail, listed
from engine.console.words import REFUSALS
from engine.errors import NO_ROOM, PAGE_UNREAD, JournalError
from engine.roster.model import Person
from engine.values import AlarmId, CommandId, OperatorId

REFUSED = 409
MISSING = 404
UNPROCESSABLE = 422
CLOSED_SHOWN = 50
CLICK_MAX = 64
FAILED_STATUS = 500
NOT_ALLOWED = 405
FAILED = (
    "the engine failed at this, and may have done it all the same: look again; if it"
    " stays so, run what is in hand from the telephone, and read the engine's log"
)
NOT_DONE = {"disk_full": NO_ROOM, "journal_unread": PAGE_UNREAD}
AGAIN = "it was not done; look again, then repeat"


def console_app(desk: ConsoleDesk) -> Starlette:
    """Return the application behind the console's port."""
    app = Starlette(
        routes=[
            Route("/", cases),
            Route("/alarms/{alarm}", case),
            Route("/alarms/{alarm}/{act}", act, methods=["POST"]),
            Route("/api/alarms", api_cases),
            Route("/api/alarms/{alarm}", api_case),
            Route("/events", events),
            Route("/sign-in", sign_in_page),
            Route("/sign-in", sign_in, methods=["POST"]),
            Route("/sign-out", sign_out, methods=["POST"]),
            Route("/password", password, methods=["GET", "POST"]),
            *ROSTER_PAGES,
            Mount("/static", StaticFiles(packages=[("engine.console", "static")])),
        ],
        middleware=[Middleware(Guard, desk=desk)],
        exception_handlers={
            HTTPException: not_done,
            ActError: impossible,
            JournalError: unread,
            Exception: failed,
        },
    )
    app.state.desk = desk
    return app


async def cases(request: Request) -> Response:
    """Show the live list."""
    rows = _rows(request)
    waiting = [row for row in rows if row["sounds"]]
    unread = [row for row in rows if row["unread"]]
    in_hand = [
        row for row in rows if row["open"] and not row["sounds"] and not row["unread"]
    ]
    closed = [row for row in rows if not row["open"]][:CLOSED_SHOWN]
    groups = [
        ("waiting", "Waiting for HQ", waiting),
        ("open", "In hand", in_hand),
        ("closed", "Closed", closed),
    ]
    is_quiet = not unread and not waiting and not in_hand
    return page(request, "cases.html", unread=unread, groups=groups, is_quiet=is_quiet)


async def case(request: Request) -> Response:
    """Show one case."""
    found = _detail(request)
    elsewhere = _in_small_letters(request, "/alarms/")
    if found is None and elsewhere is not None:
        return elsewhere
    if found is None:
        missing = page(request, "missing.html")
        missing.status_code = MISSING
        return missing
    ground = request.query_params.get("refused", "")
    known = [*NOT_DONE.items(), *REFUSALS.items()]
    refused = next((said for key, said in known if key == ground), "")
    if ground and not refused:
        refused = str(found.get("stopped") or AGAIN)
    return page(request, "case.html", case=found, refused=refused)


async def api_cases(request: Request) -> Response:
    """Return the list as JSON."""
    return JSONResponse(_rows(request))


async def api_case(request: Request) -> Response:
    """Return one case as JSON."""
    found = _detail(request)
    elsewhere = _in_small_letters(request, "/api/alarms/")
    if found is None and elsewhere is not None:
        return elsewhere
    if found is None:
        return JSONResponse({"error": "no such alarm"}, status_code=MISSING)
    return JSONResponse(found)


async def act(request: Request) -> Response:
    """Do one act; answers JSON to programs, a page to people."""
    desk, session = desk_of(request), session_of(request)
    form = await form_of(request)
    alarm_id = AlarmId(request.path_params["alarm"])
    name = request.path_params["act"]
    click = form.get("id", "")[:CLICK_MAX] or secrets.token_hex(8)
    command_id = CommandId(f"{session.operator}/{click}")
    command = _command(desk, alarm_id, name, form, session.operator, command_id)
    refused = await desk.act(alarm_id, command)
    if refused is None and name == "reveal":
        refused = desk.show(session, alarm_id, command_id)
    if wants_json(request):
        body = {"done": refused is None, "refused": refused}
        return JSONResponse(body, status_code=200 if refused is None else REFUSED)
    return RedirectResponse(
        f"/alarms/{quote(alarm_id, safe='')}{_refused_query(refused)}", status_code=303
    )


def not_done(request: Request, error: Exception) -> Response:
    """Answer what was refused before any rule was asked; in words on every way."""
    assert isinstance(error, HTTPException)
    why = error.detail
    if error.status_code == MISSING:
        why = "there is no such page"
    elif error.status_code == NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "").split(", ")
        why = f"here only {' or '.join(sorted(allowed))} will do"
    answer = _not_done(request, why, error.status_code)
    answer.headers.update(error.headers or {})
    return answer


def impossible(request: Request, error: Exception) -> Response:
    """Answer a form that says something impossible."""
    return _not_done(request, str(error), UNPROCESSABLE)


def unread(request: Request, error: Exception) -> Response:
    """Answer where the journal cannot be read: HQ is told what to do instead."""
    return _not_done(request, unread_words(error), UNAVAILABLE)


def failed(request: Request, _: Exception) -> Response:
    """Answer where an answer failed; its traceback is in the log.

    No JSON to the page's own script: of what may be done it has its button pressed
    again, as the same act, and *not done* would be another.
    """
    if is_api(request):
        given = {"error": FAILED}
        return JSONResponse(given, status_code=FAILED_STATUS, headers=HEADERS)
    return PlainTextResponse(f"{FAILED}\n", FAILED_STATUS, HEADERS)


def _not_done(request: Request, why: str, status: int) -> Response:
    if wants_json(request) or is_api(request):
        return JSONResponse({"error": why}, status_code=status)
    answer = page(request, "not_done.html", why=why, back=back_of(request))
    answer.status_code = status
    return answer


def _command(
    desk: ConsoleDesk,
    alarm_id: AlarmId,
    name: str,
    form: dict[str, str],
    by: OperatorId,
    command_id: CommandId,
) -> AlarmCommand:
    if name != "word":
        return command_of(name, form, by, command_id)
    # Of a case that is not here nobody's words are known: one of force would be none.
    defender = _defender(desk, _known(desk, alarm_id)[0])
    return word_command(form, defender, by, command_id, desk.parts.clock.now())


def _known(desk: ConsoleDesk, alarm_id: AlarmId) -> tuple[Alarm | None, Unread | None]:
    """Return a case, and why it is not whole; says so where nothing of it is known."""
    alarm, why = desk.cases.found(alarm_id)
    if alarm is None and why is not None:
        raise HTTPException(UNAVAILABLE, why.value)
    return alarm, why


def _defender(desk: ConsoleDesk, alarm: Alarm | None) -> Person | None:
    """Return whose alarm it is, by the roster in force."""
    if alarm is None or alarm.defender is None:
        return None
    return desk.parts.board.roster().person(alarm.defender)


def _contacts(desk: ConsoleDesk, alarm: Alarm) -> tuple[Person, ...]:
    if alarm.defender is None:
        return ()
    return desk.parts.board.roster().contacts_of(alarm.defender)


def _rows(request: Request) -> list[dict[str, object]]:
    desk = desk_of(request)
    desk.catch_up()
    now = desk.parts.clock.now()
    return listed(desk.cases, now, desk.why_waiting)


def _in_small_letters(request: Request, pages: str) -> Response | None:
    """Lead from an id that was typed in capitals, as it was read out, to its own."""
    typed = request.path_params["alarm"]
    if typed == typed.lower():
        return None
    return RedirectResponse(f"{pages}{quote(typed.lower(), safe='')}", status_code=303)


def _detail(request: Request) -> dict[str, object] | None:
    desk, session = desk_of(request), session_of(request)
    desk.catch_up()
    alarm_id = AlarmId(request.path_params["alarm"])
    alarm, why = _known(desk, alarm_id)
    if alarm is None:
        return None
    # Whole seconds, none of them begun: a page that has hidden it after so many, and
    # looks again, must not be shown it for the rest of one, and then for ever.
    left_s = int(session.seen_for_s(alarm_id, desk.now_s()))
    now, lines = desk.parts.clock.now(), desk.cases.lines(alarm_id)
    defender = _defender(desk, alarm)
    found = detail(
        alarm,
        lines,
        now,
        revealed=left_s > 0,
        operator=session.operator,
        numbers=() if defender is None else defender.numbers,
        contacts=_contacts(desk, alarm),
        public_language=desk.parts.public_language(),
        why=desk.why_waiting,
    )
    return {**as_it_stands(found, why), "revealed_for_s": left_s}


def _refused_query(refused: str | None) -> str:
    """Return a refusal's code for the address: its words come from the page itself."""
    if refused is None:
        return ""
    known = [*NOT_DONE.items(), *REFUSALS.items()]
    code = next((str(key) for key, said in known if said == refused), "")
    return f"?refused={code or 'failed'}"
