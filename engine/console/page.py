"""How a page is made: its template, the session's token and a click's own id."""

import secrets
from functools import partial

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from engine.console.desk import ConsoleDesk
from engine.console.words import FALSE_CLASSES, REASONS

_PAGES = Environment(
    loader=PackageLoader("engine.console"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def desk_of(request: Request) -> ConsoleDesk:
    """Return what every page works with."""
    desk: ConsoleDesk = request.app.state.desk
    return desk


def page(request: Request, name: str, **values: object) -> HTMLResponse:
    """Return a page; `position` is the journal's, from which its stream goes on."""
    session = getattr(request.state, "session", None)
    desk = desk_of(request)
    html = _PAGES.get_template(name).render(
        session=session,
        csrf="" if session is None else session.csrf,
        new_id=partial(secrets.token_hex, 8),
        false_classes=[(one.value, words) for one, words in FALSE_CLASSES.items()],
        reasons=[(reason.value, words) for reason, words in REASONS.items()],
        roster_waits=desk.roster_change is not None,
        is_demo=desk.parts.is_demo,
        position=desk.cases.position,
        now_ms=desk.parts.clock.now().ms,
        **values,
    )
    return HTMLResponse(html)
