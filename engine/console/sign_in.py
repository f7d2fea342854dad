"""Signing in and out, and an operator's own password."""

from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from engine.console.known import COOKIE as KNOWN_COOKIE
from engine.console.known import COOKIE_AGE_S
from engine.console.operators import OperatorError
from engine.console.page import desk_of, page
from engine.console.security import COOKIE, form_of, inside, session_of, text_fields
from engine.console.sessions import Session
from engine.values import OperatorId

TOO_MANY = 429
FORBIDDEN = 403
PASSWORD_MIN = 12
PASSWORD_MAX = 1_000
CHECKING_MAX = 4
"""So many of unknown browsers are checked at a time, 30 ms each: more would keep those
of HQ waiting behind them, however many addresses and names they come under."""
BUSY = "Many are signing in just now. Try again in a second."
REMOVED = "You have been removed meanwhile, and may sign in no more."
UNKEPT = "The password is the old one, as the state folder takes no new one"
UNREAD = "The engine cannot read who may sign in: natalia operator list says why."


async def sign_in_page(request: Request) -> Response:
    """Ask for name and password."""
    return page(request, "sign_in.html", wrong="", to=_to(request))


async def sign_in(request: Request) -> Response:
    """Check name and password; slow after several failures."""
    desk = desk_of(request)
    form = text_fields(await request.form())
    name, word = form.get("operator", ""), form.get("password", "")[:PASSWORD_MAX]
    known = _known(request, name)
    keys = _throttle_keys(request, name) if known is None else (known,)
    count = partial(desk.parts.metrics.count, "console_sign_ins_total")
    wait_s = desk.throttle.wait_s(keys, desk.now_s())
    if wait_s > 0:
        count(outcome="throttled")
        return _refused(request, _too_many(wait_s), TOO_MANY)
    if known is None and desk.checking >= CHECKING_MAX:
        count(outcome="throttled")
        return _refused(request, BUSY, TOO_MANY)
    desk.throttle.attempt(keys, desk.now_s())
    if not await desk.check_password(name, word):
        count(outcome="refused")
        wrong = UNREAD if desk.operators.fault else "Name or password is wrong."
        return _refused(request, wrong, FORBIDDEN)
    desk.throttle.succeeded(keys)
    count(outcome="accepted")
    token, _ = desk.sessions.open(OperatorId(name), desk.now_s())
    desk.keep_sessions()
    response = RedirectResponse(_to(request), status_code=303)
    response.set_cookie(
        COOKIE,
        token,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    response.set_cookie(
        KNOWN_COOKIE,
        desk.known.mark(name),
        max_age=COOKIE_AGE_S,
        path="/sign-in",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


def _known(request: Request, name: str) -> str | None:
    """Return by what the failures of a known browser count; None for any other."""
    mark = request.cookies.get(KNOWN_COOKIE, "")
    return desk_of(request).known.throttle_key(mark, name)


def _throttle_keys(request: Request, name: str) -> tuple[str, ...]:
    """Return by what other failures count: by name and by address."""
    client = "" if request.client is None else request.client.host
    return (f"name/{name}", f"from/{client}")


async def sign_out(request: Request) -> Response:
    """End the session."""
    desk = desk_of(request)
    await form_of(request)
    desk.sessions.close(request.cookies.get(COOKIE, ""))
    desk.keep_sessions()
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(COOKIE)
    # Not its cookies: that the browser is known lets nobody in, and keeps nobody out.
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


async def password(request: Request) -> Response:
    """Let an operator choose a password of their own; it ends their other sessions."""
    session = session_of(request)
    if request.method == "GET":
        return page(request, "password.html", said="", is_done=False)
    form = await form_of(request)
    new, old = form.get("new", ""), form.get("old", "")[:PASSWORD_MAX]
    is_done = False
    if not PASSWORD_MIN <= len(new) <= PASSWORD_MAX:
        said = "The new one needs at least twelve characters."
    elif wrong := await _wrong(request, session, old):
        said = wrong
    else:
        said = await _change(request, session.operator, new)
        is_done = not said
    said = said or "Changed. Your other sessions have ended."
    return page(request, "password.html", said=said, is_done=is_done)


async def _wrong(request: Request, session: Session, old: str) -> str:
    """Say what is wrong with the old password; guessing it is slow here as well.

    By session, which nobody without it has a second one of: by name, whoever has
    taken one could keep the operator from the change that ends it.
    """
    desk, operator = desk_of(request), session.operator
    keys = (f"own/{session.csrf}",)
    wait_s = desk.throttle.wait_s(keys, desk.now_s())
    if wait_s > 0:
        return _too_many(wait_s)
    desk.throttle.attempt(keys, desk.now_s())
    if not await desk.check_password(operator, old):
        return UNREAD if desk.operators.fault else "The old password is wrong."
    desk.throttle.succeeded(keys)
    return ""


def _too_many(wait_s: float) -> str:
    return f"Too many attempts. Wait {wait_s:.0f} s."


async def _change(request: Request, operator: OperatorId, new: str) -> str:
    """Set a password and end the other sessions; return why not, where it is not."""
    desk = desk_of(request)
    try:
        await desk.change_password(operator, new)
    except OperatorError:
        return REMOVED
    except OSError as error:
        return f"{UNKEPT}: {error.strerror}. Mend that, then repeat."
    desk.sessions.close_others(operator, request.cookies.get(COOKIE, ""))
    desk.keep_sessions()
    return ""


def _refused(request: Request, wrong: str, status: int) -> Response:
    answer = page(request, "sign_in.html", wrong=wrong, to=_to(request))
    answer.status_code = status
    return answer


def _to(request: Request) -> str:
    return inside(request.query_params.get("to", "/"))
