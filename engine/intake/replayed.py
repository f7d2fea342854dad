"""What a stream's rows come to in the clear columns, where those are lost. Pure.

Its owner writes them anew at the next look; until then a start finds by these what is
open, whose it is, and when something falls due.
"""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from engine.alarm.codec import decode, replay
from engine.alarm.effects import Effect
from engine.alarm.rows import head_of, plans_of
from engine.alarm.schedule import next_due
from engine.alarm.state import alarm_of
from engine.dispatch.outcomes import effect_stream, outcome_of
from engine.intake.checkins.kept import kept_of
from engine.intake.checkins.timer import PREFIX as TIMERS
from engine.intake.orders.order import PREFIX as ORDERS
from engine.intake.orders.order import fold, open_head
from engine.journal.salvage import Replay
from engine.ports.journal import Code, EffectRow, EffectState, Head, StoredEvent
from engine.stored import read_plain
from engine.values import Instant, PersonId

Rows = Sequence[StoredEvent]
RowsOf = Callable[[str], Rows | None]


def replayed_head(stream: str, rows: Rows, now: Instant) -> Head:
    """Return the clear columns; of what cannot be read, that it is to be looked at.

    It may be an open case, or one that was closed long ago: better HQ sees one of those
    stand still than an open one is silent.
    """
    of_kind = next((of for kind, of in _HEADS.items() if stream.startswith(kind)), None)
    if of_kind is None:  # of an effect, or an act: nobody looks for what is open there
        return Head(status="kept", is_open=False)
    try:
        head = of_kind(stream, rows, now) if rows else None
    except Exception:  # noqa: BLE001 - of whatever is wrong with a row
        head = None
    return head or Head(status="unread", is_open=True, next_due=now)


def _alarms(stream: str, rows: Rows, now: Instant) -> Head | None:
    alarm = replay(alarm_of(stream), None, rows)
    return None if alarm is None else head_of(alarm, next_due(alarm, now))


def _timers(_: str, rows: Rows, __: Instant) -> Head | None:
    timer = kept_of(rows).timer
    if timer is None:
        return Head(status="over", is_open=False)
    return Head(status="running", is_open=True, next_due=timer.due)


def _orders(stream: str, rows: Rows, _: Instant) -> Head | None:
    given = fold(stream, rows)
    if given is None:
        return Head(status="sent", is_open=False)
    return open_head(given.order)


_HEADS: Final[dict[str, Callable[[str, Rows, Instant], Head | None]]] = {
    "alarm/": _alarms,
    TIMERS: _timers,
    ORDERS: _orders,
}


def replayed_effects(stream: str, rows: Rows, rows_of: RowsOf) -> Sequence[EffectRow]:
    """Return the messages that an alarm has planned, as they stand.

    Those of a timer or an order are in no event: they come back by nothing.
    """
    if not stream.startswith("alarm/"):
        return ()
    try:
        alarm = replay(alarm_of(stream), None, rows)
        said = tuple(map(decode, rows))
    except Exception:  # noqa: BLE001 - of whatever is wrong with a row
        return ()  # it stands still, and that is seen
    if alarm is None:
        return ()
    found = []
    for plan in plans_of(alarm, said):
        known = alarm.effects.get(plan.effect_id)
        stands = plan if known is None else _as_known(plan, known)
        found.append(_standing(stands, rows_of(effect_stream(plan.effect_id))))
    return found


def replayed_codes(stream: str, rows: Rows) -> Sequence[Code]:
    """Return the reply codes that an alarm has given, each to whom it was given."""
    try:
        alarm = replay(alarm_of(stream), None, rows)
    except Exception:  # noqa: BLE001 - of whatever is wrong with a row
        return ()
    return [
        Code(code=told.code, stream=stream, person=PersonId(told.person))
        for told in (() if alarm is None else alarm.told.values())
        if told.code
    ]


def _as_known(plan: EffectRow, known: Effect) -> EffectRow:
    """Return it as the alarm has it: that it was taken back or sent, above all."""
    return replace(
        plan,
        state=known.state,
        attempt=known.attempt,
        route=known.route,
        changed_at=known.settled_at,
    )


def _standing(plan: EffectRow, rows: Rows | None) -> EffectRow:
    """Return how it stands; unknown where nobody can tell whether it was sent.

    What the alarm has heard of a row that cannot be read holds: as unknown it would be
    sent anew.
    """
    if rows is not None and not rows:
        return plan
    try:
        return _by_rows(plan, rows or ())
    except Exception:  # noqa: BLE001 - of whatever is wrong with a row
        if plan.state not in _UNHEARD:
            return plan
        return replace(plan, state=EffectState.UNKNOWN, attempt=1)


_UNHEARD: Final = frozenset(
    {EffectState.PLANNED, EffectState.ATTEMPTING, EffectState.WITHDRAWN}
)
"""That there are rows says more: it was begun, before it was taken back perhaps."""


def _by_rows(plan: EffectRow, rows: Rows) -> EffectRow:
    begun, outcome = read_plain(rows[0].body), outcome_of(rows)
    return replace(
        plan,
        state=EffectState.ATTEMPTING if outcome is None else outcome.state,
        attempt=int(begun.get("attempt", 0)),
        route=str(begun.get("route", "")),
        reference="" if outcome is None else outcome.reference,
        changed_at=rows[-1].at,
    )


REPLAY: Final = Replay(
    head_of=replayed_head, effects_of=replayed_effects, codes_of=replayed_codes
)
