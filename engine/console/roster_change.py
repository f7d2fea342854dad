"""A change of the roster: journalled with its author; in a case two approve it.

Whoever moves a colleague's number, circle or device during a case can lead its messages
to themselves. So two operators who have signed in approve that; the one who asks, at
the command line, is taken at their word and is neither of them.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from engine.console.asking import REFUSED, NoOperatorError, operator_of, record
from engine.console.desk import ConsoleDesk
from engine.errors import JournalError
from engine.ports.measures import DegradedReason
from engine.roster.differences import Difference, at_stake, differences, for_two
from engine.roster.model import Roster
from engine.values import OperatorId, PersonId

APPROVALS = 2
NAMED_MAX = 10
WAITS = (
    "not in force yet: a case is open, and this changes how these are known or reached:"
    " {}. Two operators who have signed in approve it at the console (Roster change)"
)
TOO_FEW = (
    "a case is open, and this changes how these are known or reached: {}. Two operators"
    " who have signed in approve that, and there are not two: natalia operator add."
    " Nothing was changed"
)
UNNAMED = "by: say which operator asks: --by NAME"
UNASKED = "the journal has no row of it; nothing was changed"
GONE = "that change waits no more; reload this page"
MOVED = "the roster has changed since this was asked for: it has to be asked for again"
SAME = "you have approved it; a second operator has to"
UNWRITTEN = "the state folder cannot be written; the roster is the old one"


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterChange:
    """A roster that is asked for; `text` is what the next start reads of it.

    `by` is empty where nobody may sign in yet. `source` is the command that asks.
    """

    kind: str
    by: str
    source: str
    was: Roster = field(repr=False)
    new: Roster = field(repr=False)
    text: str = field(repr=False)
    id: str = field(default_factory=lambda: secrets.token_hex(8))

    def differences(self) -> tuple[Difference, ...]:
        """Return all that differs from the roster in force."""
        return differences(self.was, self.new)

    def facts(self) -> dict[str, object]:
        """Return what a row says of it: who, by what, and each difference."""
        return {
            "version": self.new.version,
            "people": str(len(self.new.people)),
            "by": self.by,
            "source": self.source,
            "changes": [dict(one.facts()) for one in self.differences()],
        }


@dataclass(slots=True, kw_only=True)
class WaitingChange:
    """A change that two operators have to approve; gone with the process."""

    change: RosterChange
    concerned: tuple[Difference, ...] = field(repr=False)
    """What of it needs the two."""
    approved_by: list[OperatorId] = field(default_factory=list)


def author_of(desk: ConsoleDesk, fields: Mapping[str, object]) -> str:
    """Return which operator asks; "" as long as there is none.

    Raises:
        NoOperatorError: it names none of those there are.

    """
    people = desk.operators
    if fields.get("by"):
        return operator_of(desk, fields)
    if people.names() or people.fault:
        raise NoOperatorError(people.fault or UNNAMED)
    return ""


def named_in(request: Request) -> Mapping[str, object]:
    """Return what the address of a request names: a roster fills its body."""
    return dict(request.query_params)


async def changed(
    desk: ConsoleDesk, change: RosterChange
) -> tuple[Response | None, bool]:
    """Put a change in force, or have it wait; call it with `changing_roster` held.

    Returns the refusal, if any, and whether a row says that it is in force.
    """
    concerned = _for_two(desk, change)
    if concerned:
        return await _ask(desk, change, concerned), False
    return None, await _put_in_force(desk, change, ())


async def approve(desk: ConsoleDesk, change_id: str, by: OperatorId) -> str | None:
    """Count one operator who has signed in; the second puts the change in force.

    Returns why not, None where it counts.
    """
    async with desk.changing_roster:
        waiting = desk.roster_change
        if waiting is None or waiting.change.id != change_id:
            return GONE
        if waiting.change.was.version != desk.parts.board.roster().version:
            desk.roster_change = None
            return MOVED
        if by in waiting.approved_by:
            return SAME
        facts = {"by": by, "version": waiting.change.new.version}
        if not await record(desk, "roster", "RosterChangeApproved", facts):
            return UNASKED
        waiting.approved_by.append(by)
        if len(waiting.approved_by) < APPROVALS:
            return None
        try:
            await _put_in_force(desk, waiting.change, waiting.approved_by)
        except OSError:
            waiting.approved_by.remove(by)
            return UNWRITTEN
        desk.roster_change = None
        return None


async def refuse(desk: ConsoleDesk, change_id: str, by: OperatorId) -> str | None:
    """Drop a change: one operator who doubts it is enough. Returns why not."""
    async with desk.changing_roster:
        waiting = desk.roster_change
        if waiting is None or waiting.change.id != change_id:
            return GONE
        facts = {"by": by, "version": waiting.change.new.version}
        if not await record(desk, "roster", "RosterChangeRefused", facts):
            return UNASKED
        desk.roster_change = None
        return None


def has_case(desk: ConsoleDesk, person: PersonId) -> bool:
    """Say whether somebody belongs to an open case, by the roster in force."""
    roster = desk.parts.board.roster()
    return person in _at_stake(desk, roster, roster)


def _for_two(desk: ConsoleDesk, change: RosterChange) -> tuple[Difference, ...]:
    """Return what two have to approve; none where nobody can read who has a case."""
    try:
        people = _at_stake(desk, change.was, change.new)
    except JournalError:
        return ()  # whoever asks was told so, and has said --anyway
    return for_two(change.differences(), people)


def _at_stake(desk: ConsoleDesk, was: Roster, new: Roster) -> Collection[PersonId]:
    desk.catch_up()
    attacked = desk.cases.attacked()
    return at_stake(
        was, new, attacked, desk.cases.told(one.person for one in was.people)
    )


async def _ask(
    desk: ConsoleDesk, change: RosterChange, concerned: tuple[Difference, ...]
) -> Response:
    people = sorted({one.person or one.what for one in concerned})
    rest = len(people) - NAMED_MAX
    named = ", ".join(people[:NAMED_MAX]) + (f" and {rest} more" if rest > 0 else "")
    said = WAITS if len(desk.operators.names()) >= APPROVALS else TOO_FEW
    if said is WAITS:
        if not await record(desk, "roster", "RosterChangeAsked", change.facts()):
            return JSONResponse({"error": UNASKED}, status_code=REFUSED)
        desk.roster_change = WaitingChange(change=change, concerned=concerned)
    return JSONResponse({"error": said.format(named)}, status_code=REFUSED)


async def _put_in_force(
    desk: ConsoleDesk, change: RosterChange, approved_by: Collection[OperatorId]
) -> bool:
    await desk.keep_roster(change.text)
    desk.parts.board.replace(change.new)
    desk.parts.health.report(DegradedReason.PROTOCOL_MISSING, "roster", wrong=False)
    facts = change.facts() | {"approved_by": list(approved_by)}
    return await record(desk, "roster", change.kind, facts)
