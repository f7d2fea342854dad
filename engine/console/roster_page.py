"""The console's page of a roster change that waits for two operators."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from engine.console.asking import UNSEEN, record
from engine.console.page import desk_of, page
from engine.console.roster_change import APPROVALS, approve, refuse
from engine.console.security import form_of, session_of

REFUSED = 409


async def roster_page(request: Request) -> Response:
    """Show whom the change concerns; its numbers only where they are asked for."""
    return _page(request)


async def show(request: Request) -> Response:
    """Show the change whole, numbers and places too; journalled first."""
    desk, session = desk_of(request), session_of(request)
    await form_of(request)
    facts = {"command": "roster change", "by": session.operator}
    if not await record(desk, "roster", "RosterRevealed", facts):
        return _page(request, wrong=UNSEEN)
    return _page(request, is_shown=True)


async def decide(request: Request) -> Response:
    """Approve the change, or refuse it."""
    desk, session = desk_of(request), session_of(request)
    form = await form_of(request)
    does = approve if request.url.path.endswith("/approve") else refuse
    wrong = await does(desk, form.get("change", ""), session.operator)
    if wrong is not None:
        return _page(request, wrong=wrong)
    return RedirectResponse("/roster", status_code=303)


def _page(request: Request, *, wrong: str = "", is_shown: bool = False) -> Response:
    desk, session = desk_of(request), session_of(request)
    waiting = desk.roster_change
    answer = page(
        request,
        "roster.html",
        waiting=waiting,
        wrong=wrong,
        is_shown=is_shown,
        has_approved=waiting is not None and session.operator in waiting.approved_by,
        missing=0 if waiting is None else APPROVALS - len(waiting.approved_by),
    )
    if wrong:
        answer.status_code = REFUSED
    return answer


ROSTER_PAGES = (
    Route("/roster", roster_page),
    Route("/roster/show", show, methods=["POST"]),
    Route("/roster/approve", decide, methods=["POST"]),
    Route("/roster/refuse", decide, methods=["POST"]),
)
