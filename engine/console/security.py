"""Who may come in, and the headers of every answer."""

from hmac import compare_digest
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.console.desk import ConsoleDesk
from engine.console.sessions import Session

COOKIE = "natalia_session"
CSRF_HEADER = "x-csrf-token"
FORBIDDEN = 403
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
_OPEN_PATHS = ("/sign-in", "/static/")


def session_of(request: Request) -> Session:
    """Return the session that the guard has found."""
    session: Session = request.state.session
    return session


async def form_of(request: Request) -> dict[str, str]:
    """Return the text fields of a form that proves where it comes from.

    Raises:
        HTTPException: 403, the CSRF token is missing or another session's.

    """
    form = await request.form()
    fields = {key: value for key, value in form.items() if isinstance(value, str)}
    sent = request.headers.get(CSRF_HEADER) or fields.get("csrf", "")
    if not compare_digest(sent.encode(), session_of(request).csrf.encode()):
        raise HTTPException(FORBIDDEN, "csrf token missing or wrong")
    return fields


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

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        request = Request(scope, receive)
        refused = self._refusal(request)
        target: ASGIApp = self._app if refused is None else refused
        await target(scope, receive, send_with_headers)

    def _refusal(self, request: Request) -> Response | None:
        desk = self._desk
        token = request.cookies.get(COOKIE, "")
        session = desk.sessions.find(token, desk.now_s())
        if session is not None:
            request.state.session = session
            return None
        path = request.url.path
        if path.startswith(_OPEN_PATHS):
            return None
        if path.startswith(("/api/", "/events")):
            return JSONResponse({"error": "sign in first"}, status_code=401)
        return RedirectResponse(f"/sign-in?to={quote(path)}", status_code=303)
