"""To which addresses a shout goes, and by which routes. Pure over the board.

Whoever holds a defender's telephone reads nothing of that defender's alarm that a
step for them does not send (as `engine.alarm.desk` has it): also where they are on
duty themselves, and where no row can be asked.
"""

from collections.abc import Iterable, Mapping

from engine.alarm.commands import Raise, RequestCancel
from engine.intake.shouter.unhandled import Word
from engine.ports.channel import AnyChannel
from engine.roster.board import Board
from engine.roster.model import Role
from engine.values import PersonId

Address = tuple[str, str]
"""A channel and an address on it."""


def addresses_for(
    board: Board, hq: tuple[Address, ...], defender: PersonId | None
) -> tuple[Address, ...]:
    """Return HQ's and everybody's on duty, without what is the defender's own."""
    theirs = frozenset[str]()
    if defender is not None:
        theirs = board.roster().reached_at(defender)
    return _without(board, hq, theirs)


def addresses_about(
    board: Board, hq: tuple[Address, ...], word: Word
) -> tuple[Address, ...]:
    """Return the same for a word of a case of which nothing but its id is at hand.

    Whose case it is stands in rows. So nothing that is any defender's has it, as it may
    be of theirs, unless nobody else would: then silence is worse. Nor has what is of
    whoever said it: who holds an officer's telephone would read that it may be forced.
    """
    roster = board.roster()
    if isinstance(word, RequestCancel) and word.press.device is not None:
        defender = roster.defender_of(word.press.device)
        if defender is not None:
            return addresses_for(board, hq, defender.person)
    theirs = (
        roster.reached_at(one.person)
        for one in roster.people
        if one.has(Role.DEFENDER) or roster.devices_of(one.person)
    )
    own = frozenset[str]()
    if not isinstance(word, RequestCancel | Raise) and word.person is not None:
        own = roster.reached_at(PersonId(word.person))
    others = _without(board, hq, own.union(*theirs))
    return others or _without(board, hq, own)


def routes_of(
    modems: Iterable[str], channels: Mapping[str, AnyChannel]
) -> tuple[tuple[str, str], ...]:
    """Return the routes, each with the channel by which it sends.

    Of a channel's lanes the last one: they take turns with what there is to send, but
    the first also asks whether the far end is there, which may let it hang.

    Args:
        modems: by name.
        channels: by the name of each lane, in their order.

    """
    lanes = {channel.name: lane for lane, channel in channels.items()}
    sms = ((modem, "sms") for modem in modems)
    return (*sms, *((lane, str(channel)) for channel, lane in lanes.items()))


def _without(
    board: Board, hq: tuple[Address, ...], theirs: frozenset[str]
) -> tuple[Address, ...]:
    duty = (
        ("sms", number)
        for person in board.duty()
        for number in [
            one for one in person.addresses_on("sms") if one.casefold() not in theirs
        ][:1]
    )
    offices = (one for one in hq if one[1].casefold() not in theirs)
    return (*offices, *duty)
