"""Who may come in, and the headers of every answer."""

import re
from collections.abc import Mapping
from hmac import compare_digest
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.console.desk import ConsoleDesk
from engine.console.sessions import Session
from engine.console.words import whole
from engine.intake.gateway.http_guest import GUEST

COOKIE = "natalia_session"
CSRF_HEADER = "x-csrf-token"
FORBIDDEN = 403
TOO_LARGE = 413
BODY_MAX = 64 * 1024
"""Many times the longest form. A file in one would lie on the disk before anybody has
signed in, and fill it."""
LARGER = f"a form has at most {BODY_MAX // 1024} KiB"
OTHER_SIGN_IN = "this page is of an earlier sign-in; reload it, then repeat"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'; object-src 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_OPEN_PATHS = ("/static/",)
_SIGN_IN = "/sign-in"
_FOREIGN = frozenset({"cross-site", "same-site"})
_PATH = re.compile(r"/[A-Za-z0-9_-][A-Za-z0-9_/-]*|/")


def inside(target: str) -> str:
    """Return where to go: a plain path of this console, nothing else.

    Neither another host (two slashes, backslashes, tabs that browsers drop) nor a
    query.
    """
    return target if _PATH.fullmatch(target) else "/"


def back_of(request: Request) -> str:
    """Return where somebody is led back: an act that was not done to its case."""
    path = request.url.path
    return inside(path.rpartition("/")[0] if _changes(request) else path)


def wants_json(request: Request) -> bool:
    """Say whether a program asks, or the page's own script."""
    return "application/json" in request.headers.get("accept", "")


def is_api(request: Request) -> bool:
    """Say whether a path is for programs, whatever they say that they accept."""
    return f"{request.url.path}/".startswith("/api/")


def session_of(request: Request) -> Session:
    """Return the session that the guard has found."""
    session: Session = request.state.session
    return session


async def form_of(request: Request) -> dict[str, str]:
    """Return the text fields of a form that proves where it comes from.

    Raises:
        HTTPException: 403, the CSRF token is missing or another session's.

    """
    fields = text_fields(await request.form())
    sent = request.headers.get(CSRF_HEADER) or fields.get("csrf", "")
    if not compare_digest(sent.encode(), session_of(request).csrf.encode()):
        raise HTTPException(FORBIDDEN, OTHER_SIGN_IN)
    return fields


def text_fields(form: Mapping[str, object]) -> dict[str, str]:
    """Return a form's fields without files."""
    return {key: whole(value) for key, value in form.items() if isinstance(value, str)}


class Guard:
    """ASGI middleware: a session or the way to sign in, and the headers on all."""

    def __init__(self, app: ASGIApp, desk: ConsoleDesk) -> None:
        """Guard `app` with the desk's sessions."""
        self._app, self._desk = app, desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in whoever has signed in."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        body = _Body(receive)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if body.size > BODY_MAX:
                    headers["Connection"] = "close"
            await send(message)

        request = Request(scope, body.receive)
        refused = self._refusal(request)
        target: ASGIApp = self._app if refused is None else refused
        await target(scope, body.receive, send_with_headers)

    def _refusal(self, request: Request) -> Response | None:
        if request.headers.get("sec-fetch-site") in _FOREIGN and _changes(request):
            return JSONResponse({"error": "not from here"}, status_code=FORBIDDEN)
        session = self._desk.session(request.cookies.get(COOKIE, ""))
        if session is not None:
            request.state.session = session
            if (guest := getattr(request.state, GUEST, None)) is not None:
                guest.recognise(session.operator)
            return None
        path = request.url.path
        if path == _SIGN_IN or path.startswith(_OPEN_PATHS):
            return None
        if is_api(request) or path.startswith("/events") or wants_json(request):
            return JSONResponse({"error": "sign in first"}, status_code=401)
        back = quote(back_of(request))
        return RedirectResponse(f"/sign-in?to={back}", status_code=303)


class _Body:
    """What comes of a request's body, no longer than any form."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.size = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self.size += len(message.get("body", b""))
        if self.size > BODY_MAX:
            raise HTTPException(TOO_LARGE, LARGER)
        return message


def _changes(request: Request) -> bool:
    return request.method not in {"GET", "HEAD"}
