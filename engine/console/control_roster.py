"""The control socket: the roster in force, read and replaced."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.console.asking import (
    REFUSED,
    UNPROCESSABLE,
    desk_of,
    revealing,
    values_of,
)
from engine.console.desk import ConsoleDesk
from engine.console.devices import TOO_LARGE, left_behind
from engine.console.observe import UNAVAILABLE
from engine.console.roster_change import RosterChange, author_of, changed, named_in
from engine.errors import DataError, JournalError
from engine.files import is_readable
from engine.plugins import DEVICE, names
from engine.roster.listing import respond
from engine.roster.losses import losing
from engine.roster.model import Roster
from engine.roster.parse import parse_roster
from engine.roster.rules import Known

NOBODY = (
    "nobody is in this roster, which would take the place of the one in force: name"
    " all its files"
)
NEEDED = (
    "these have a case that is open, or a timer that runs, or were told of such a case,"
    " and would lose by it: {}. What they say or send by that counts as a stranger's"
    " then, a word of force as well. Keep it until the case has ended; --anyway puts"
    " this roster in force all the same. Nothing was changed"
)
UNKNOWN = (
    "the journal cannot be read here, and whose case is open is not known; --anyway"
    " puts this roster in force all the same. Nothing was changed"
)


async def replace_roster(request: Request) -> Response:
    """Put a new roster in force: checked, kept in the state folder, journalled.

    While a case is open, what moves how people are known or reached waits for two
    operators at the console.

    The answer has who, and which device, was in the one before and is not in this: an
    import of one file of several takes everybody else out. Whoever has a case that is
    open, or a timer that runs, loses nothing by it unless `anyway` is asked for.
    """
    desk = desk_of(request)
    body = (await request.body()).decode("utf-8", errors="replace")
    try:
        new = parse_roster(body, "roster.toml", known=_known(desk))
    except DataError as error:
        return JSONResponse({"error": str(error)}, status_code=UNPROCESSABLE)
    if not new.people or not is_readable(body):
        said = TOO_LARGE if new.people else NOBODY
        return JSONResponse({"error": said}, status_code=UNPROCESSABLE)
    by = author_of(desk, named_in(request))
    async with desk.changing_roster:
        was = desk.parts.board.roster()
        if "anyway" not in request.query_params:
            try:
                refused = _needed(desk, was, new)
            except JournalError:
                return JSONResponse({"error": UNKNOWN}, status_code=UNAVAILABLE)
            if refused is not None:
                return JSONResponse({"error": refused}, status_code=REFUSED)
        change = RosterChange(
            kind="RosterImported",
            by=by,
            source="roster import",
            was=was,
            new=new,
            text=body,
        )
        waits, recorded = await changed(desk, change)
    if waits is not None:
        return waits
    facts = {"version": new.version, "people": str(len(new.people))}
    gone = [one.person for one in was.people if new.person(one.person) is None]
    lost = {"gone": gone, **left_behind(was, new)}
    return JSONResponse(facts | lost | {"recorded": recorded})


def _needed(desk: ConsoleDesk, was: Roster, new: Roster) -> str | None:
    """Say who loses what while somebody has to be able to tell that it is they."""
    desk.catch_up()
    told = desk.cases.told(one.person for one in was.people)
    lost = [
        f"{one.person} ({', '.join(one.losses)})"
        for one in losing(was, new, desk.cases.waited_for(), told)
    ]
    return NEEDED.format(", ".join(lost)) if lost else None


async def known_names(request: Request) -> Response:
    """Return which action protocols there are: a roster is held against them."""
    known = _known(desk_of(request))
    return JSONResponse({"protocols": sorted(known.protocols or ())})


def _known(desk: ConsoleDesk) -> Known:
    return Known(
        protocols=desk.parts.registry().protocols,
        wire_protocols=names(DEVICE),
        today=desk.parts.clock.now().to_datetime().date(),
    )


async def read_roster(request: Request) -> Response:
    """Answer a question about the roster in force; showing numbers is journalled."""
    desk = desk_of(request)
    fields = await values_of(request)
    if fields.get("reveal"):
        refused = await revealing(desk, str(fields.get("command")))
        if refused is not None:
            return refused
    return JSONResponse(respond(fields, desk.parts.board.roster()))


ROSTER_ROUTES = (
    Route("/roster", replace_roster, methods=["POST"]),
    Route("/roster/known", known_names),
    Route("/roster/read", read_roster, methods=["POST"]),
)
