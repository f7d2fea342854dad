"""Which look-ups a decision has still to be told the answers of: pure."""

from engine.alarm.commands import Lookup
from engine.alarm.force import has_opened
from engine.alarm.schedule import DueRound, regular_rounds, room_of, turn_of
from engine.alarm.state import Alarm
from engine.protocol.model import KNOWN, Audience

SEARCHES = frozenset({Audience.NEAREST, Audience.CONTACTS})


def lookups_for(alarm: Alarm, still_due: list[DueRound]) -> tuple[Lookup, ...]:
    """Ask for one search at a time: the next leaves out whom the first has found."""
    if not still_due:
        return ()
    openers = frozenset(
        one.person for one in alarm.told.values() if has_opened(alarm, one)
    )
    told = (
        openers
        | frozenset(alarm.left_out)
        | {one.person for one in alarm.told.values() if not one.ended}
    )
    spared = frozenset(
        effect.address.casefold()
        for effect in (alarm.effects.values() if openers else ())
        if effect.person in openers
    )
    later = [due for due in still_due if due.step.to in SEARCHES][1:]
    return tuple(
        Lookup(
            step=due.step.id,
            round=due.round,
            audience=due.step.to,
            channels=due.step.channels,
            place=alarm.place,
            subject=alarm.defender,
            count=_count_of(alarm, due),
            within_m=_within_of(alarm, due),
            exclude=openers if due.step.to is Audience.DUTY else told,
            turn=turn_of(alarm, due),
            spared=spared,
            left_out=frozenset(alarm.left_out),
            let_in=frozenset(alarm.let_in.items()),
            contacts_instead=alarm.protocol.may_tell_contacts,
        )
        for due in still_due
        if due.step.to not in KNOWN and due not in later
    )


def _count_of(alarm: Alarm, due: DueRound) -> int:
    """Return how many people a round takes: more each time, and never too many."""
    step, room = due.step, room_of(alarm)
    count = due.replaces or step.count + step.count_more * regular_rounds(alarm, step)
    return count if room is None else min(count, room)


def _within_of(alarm: Alarm, due: DueRound) -> float | None:
    step = due.step
    if step.within_m is None:
        return None
    return step.within_m + step.within_more_m * regular_rounds(alarm, step)
