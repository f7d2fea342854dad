"""The pages of the console and its JSON; every act is a POST with its own id."""

import secrets
from collections.abc import Mapping
from functools import partial

from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from engine.alarm.state import CloseReason
from engine.console.acts import ActError, command_of, refusal_of
from engine.console.desk import ConsoleDesk
from engine.console.security import COOKIE, Guard, form_of, session_of
from engine.console.stream import events
from engine.console.view import detail, summary
from engine.values import AlarmId, CommandId, OperatorId

TOO_MANY = 429
REFUSED = 409
_PAGES = Environment(
    loader=PackageLoader("engine.console"), autoescape=select_autoescape()
)


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
            Mount("/static", StaticFiles(packages=[("engine.console", "static")])),
        ],
        middleware=[Middleware(Guard, desk=desk)],
    )
    app.state.desk = desk
    return app


def _desk(request: Request) -> ConsoleDesk:
    desk: ConsoleDesk = request.app.state.desk
    return desk


def _page(request: Request, name: str, **values: object) -> HTMLResponse:
    session = getattr(request.state, "session", None)
    html = _PAGES.get_template(name).render(
        session=session,
        csrf="" if session is None else session.csrf,
        new_id=partial(secrets.token_hex, 8),
        reasons=[reason.value for reason in CloseReason],
        is_demo=_desk(request).parts.is_demo,
        **values,
    )
    return HTMLResponse(html)


async def cases(request: Request) -> Response:
    """Show the live list."""
    desk = _desk(request)
    desk.catch_up()
    now = desk.parts.clock.now()
    rows = [summary(alarm, now) for alarm in desk.cases.all()]
    return _page(request, "cases.html", rows=rows, now_ms=now.ms)


async def case(request: Request) -> Response:
    """Show one case."""
    found = _detail(request)
    if found is None:
        return _page(request, "missing.html")
    desk = _desk(request)
    return _page(
        request,
        "case.html",
        case=found,
        now_ms=desk.parts.clock.now().ms,
        refused=request.query_params.get("refused", ""),
    )


async def api_cases(request: Request) -> Response:
    """Return the list as JSON."""
    desk = _desk(request)
    desk.catch_up()
    now = desk.parts.clock.now()
    return JSONResponse([summary(alarm, now) for alarm in desk.cases.all()])


async def api_case(request: Request) -> Response:
    """Return one case as JSON."""
    found = _detail(request)
    if found is None:
        return JSONResponse({"error": "no such alarm"}, status_code=404)
    return JSONResponse(found)


def _detail(request: Request) -> dict[str, object] | None:
    desk = _desk(request)
    desk.catch_up()
    alarm_id = AlarmId(request.path_params["alarm"])
    alarm = desk.cases.get(alarm_id)
    if alarm is None:
        return None
    revealed = session_of(request).may_see(alarm_id, desk.now_s())
    now = desk.parts.clock.now()
    return detail(alarm, desk.cases.lines(alarm_id), now, revealed=revealed)


async def act(request: Request) -> Response:
    """Do one act; answers JSON to programs, a page to people."""
    desk, session = _desk(request), session_of(request)
    form = await form_of(request)
    alarm_id = AlarmId(request.path_params["alarm"])
    name = request.path_params["act"]
    command_id = CommandId(
        f"{session.operator}/{form.get('id') or secrets.token_hex(8)}"
    )
    try:
        command = command_of(name, form, session.operator, command_id)
    except ActError as error:
        return JSONResponse({"error": str(error)}, status_code=422)
    refused = refusal_of(await desk.command(alarm_id, command))
    if refused is None and name == "reveal":
        session.reveal(alarm_id, desk.now_s())
    if "application/json" in request.headers.get("accept", ""):
        body = {"done": refused is None, "refused": refused}
        return JSONResponse(body, status_code=200 if refused is None else REFUSED)
    query = "" if refused is None else f"?refused={refused.replace(' ', '+')}"
    return RedirectResponse(f"/alarms/{alarm_id}{query}", status_code=303)


async def sign_in_page(request: Request) -> Response:
    """Ask for name and password."""
    return _page(request, "sign_in.html", wrong="", to=_to(request))


async def sign_in(request: Request) -> Response:
    """Check name and password; slow after several failures."""
    desk = _desk(request)
    form = _text_fields(await request.form())
    name, word = form.get("operator", ""), form.get("password", "")
    client = "" if request.client is None else request.client.host
    keys = (f"name/{name}", f"from/{client}")
    count = partial(desk.parts.metrics.count, "console_sign_ins_total")
    wait_s = desk.throttle.wait_s(keys, desk.now_s())
    if wait_s > 0:
        count(outcome="throttled")
        wrong = f"Too many attempts. Wait {wait_s:.0f} s."
        page = _page(request, "sign_in.html", wrong=wrong, to=_to(request))
        page.status_code = TOO_MANY
        return page
    if not await desk.check_password(name, word):
        desk.throttle.failed(keys, desk.now_s())
        count(outcome="refused")
        wrong = "Name or password is wrong."
        page = _page(request, "sign_in.html", wrong=wrong, to=_to(request))
        page.status_code = 403
        return page
    desk.throttle.succeeded(keys)
    count(outcome="accepted")
    token, _ = desk.sessions.open(OperatorId(name), desk.now_s())
    response = RedirectResponse(_to(request), status_code=303)
    response.set_cookie(
        COOKIE,
        token,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


async def sign_out(request: Request) -> Response:
    """End the session."""
    desk = _desk(request)
    await form_of(request)
    desk.sessions.close(request.cookies.get(COOKIE, ""))
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(COOKIE)
    response.headers["Clear-Site-Data"] = '"cookies", "storage"'
    return response


async def password(request: Request) -> Response:
    """Let an operator choose a password of their own."""
    desk, session = _desk(request), session_of(request)
    if request.method == "GET":
        return _page(request, "password.html", said="")
    form = await form_of(request)
    new = form.get("new", "")
    if len(new) < 12:  # noqa: PLR2004 - characters, said in the page
        said = "At least twelve characters."
    elif not await desk.check_password(session.operator, form.get("old", "")):
        said = "The old password is wrong."
    else:
        await desk.change_password(session.operator, new)
        said = "Changed."
    return _page(request, "password.html", said=said)


def _to(request: Request) -> str:
    """Return where to go after signing in: a path of this console, nothing else."""
    to = request.query_params.get("to", "/")
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"


def _text_fields(form: Mapping[str, object]) -> dict[str, str]:
    return {key: value for key, value in form.items() if isinstance(value, str)}
