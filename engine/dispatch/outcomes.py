"""What becomes of an attempt, and the rows that say so: pure."""

from collections.abc import Iterable, Mapping

from msgspec import Struct, structs

from engine.ports.journal import (
    Answer,
    Append,
    EffectChange,
    EffectRow,
    EffectState,
    Head,
    NewEvent,
    StoredEvent,
)
from engine.stored import read_plain, write_plain
from engine.values import CommandId, EffectId

ATTEMPTING = "EffectAttempting"
SETTLED = "EffectSettled"
EFFECT = "effect/"


class Outcome(Struct, frozen=True, kw_only=True, gc=False):
    """What became of an attempt; `reason` is for people and holds nothing personal.

    `retry` where it was certainly not sent and another try may succeed.
    """

    state: EffectState
    reference: str = ""
    reason: str = ""
    retry: bool = False


REPLACED = Outcome(state=EffectState.REJECTED, reason="replaced", retry=True)
NEVER_SENT = Outcome(state=EffectState.UNKNOWN, reason="journal silent")
"""Begun, as nobody knew in time, and so not sent: the rows alone cannot tell."""
ABANDONED = Outcome(state=EffectState.UNKNOWN, reason="restart")
"""Whoever was sending it has ended or been replaced, and may have sent it."""
UNSEEN = (NEVER_SENT, ABANDONED)
"""Nobody saw how these ended, and so nobody has counted them as an attempt's."""
AWAY = Outcome(state=EffectState.REJECTED, reason="the route is away", retry=True)


class Settled(Struct, frozen=True, kw_only=True, gc=False):
    """An outcome with the effect and the alarm that it belongs to."""

    alarm: str
    effect: EffectId
    attempt: int
    route: str
    outcome: Outcome


class Heard(Struct, frozen=True, gc=False):
    """The journal's answer to an outcome, on its way to the route's thread."""

    row: EffectRow
    outcome: Outcome
    expected_seq: int
    requires: frozenset[EffectState]
    answer: Answer


def outcome_of(rows: Iterable[StoredEvent]) -> Outcome | None:
    """Return the latest outcome of an effect's stream; None where it has none."""
    settled = [row for row in rows if row.kind == SETTLED]
    if not settled:
        return None
    body = read_plain(settled[-1].body)
    return Outcome(
        state=EffectState(body["state"]),
        reference=body["reference"],
        reason=body["reason"],
        retry=body["retry"],
    )


def settled_body(outcome: Outcome, route: str) -> dict[str, object]:
    """Return the body of an outcome's event."""
    return {
        "state": outcome.state.value,
        "route": route,
        "reference": outcome.reference,
        "reason": outcome.reason,
        "retry": outcome.retry,
    }


def begun_append(
    row: EffectRow, route: str, epoch: int, note: Mapping[str, object] | None = None
) -> Append:
    """Return the append that an attempt begins with; refused unless it is planned.

    `note` is kept with it, for whoever recovers.
    """
    body = {"attempt": row.attempt + 1, "route": route, **(note or {})}
    return Append(
        stream=effect_stream(row.effect_id),
        expected_seq=0,
        epoch=epoch,
        command_id=CommandId(f"0/{EffectState.ATTEMPTING}/{route}"),
        events=(NewEvent(kind=ATTEMPTING, body=write_plain(body)),),
        head=Head(status=EffectState.ATTEMPTING.value, is_open=True),
        owner=route,
        changes=(
            EffectChange(
                effect_id=row.effect_id,
                state=EffectState.ATTEMPTING,
                requires=frozenset({EffectState.PLANNED}),
                attempt=row.attempt + 1,
                route=route,
            ),
        ),
    )


def settled_append(row: EffectRow, route: str, outcome: Outcome, epoch: int) -> Append:
    """Return the append that an attempt ends with."""
    state = outcome.state
    return Append(
        stream=effect_stream(row.effect_id),
        expected_seq=1,
        epoch=epoch,
        command_id=CommandId(f"1/{state}/{route}"),
        events=(
            NewEvent(kind=SETTLED, body=write_plain(settled_body(outcome, route))),
        ),
        head=Head(status=state.value, is_open=False),
        owner=route,
        changes=(
            EffectChange(
                effect_id=row.effect_id,
                state=state,
                requires=frozenset({EffectState.ATTEMPTING}),
                reference=outcome.reference or None,
            ),
        ),
    )


def unknown_append(row: EffectRow, epoch: int) -> Append:
    """Return the append that settles an attempt of a process that is gone."""
    settled = settled_append(row, row.route, ABANDONED, epoch)
    return structs.replace(settled, command_id=CommandId("restart"), owner="engine")


def effect_stream(effect: EffectId) -> str:
    """Return the journal stream of an effect."""
    return f"{EFFECT}{effect}"
