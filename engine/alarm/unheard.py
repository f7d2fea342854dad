"""The news of effects that an alarm has missed, from the rows that have it."""

from engine.alarm.commands import Settle
from engine.alarm.effects import Effect
from engine.alarm.state import Alarm, stream_of
from engine.dispatch.outcomes import effect_stream, outcome_of
from engine.ports.journal import EffectRow, EffectState, JournalReader
from engine.values import CommandId

_STATES = frozenset(EffectState) - {EffectState.PLANNED}


def unheard(alarm: Alarm, reader: JournalReader) -> list[Settle]:
    """Return the outcomes whose hints were lost, or are to come, and when each came.

    The clear column has the state alone: reason, and whether another try is worth
    it, stand in the effect's own stream.
    """
    return [
        _settle(row, reader)
        for row in reader.effects(_STATES, stream_of(alarm.id))
        if _is_news(alarm.effects.get(row.effect_id), row)
    ]


def _is_news(effect: Effect | None, row: EffectRow) -> bool:
    return effect is not None and effect.state is not row.state


def _settle(row: EffectRow, reader: JournalReader) -> Settle:
    outcome = outcome_of(reader.stream(effect_stream(row.effect_id)))
    is_last = outcome is not None and outcome.state is row.state
    return Settle(
        command_id=CommandId(f"{row.effect_id}/{row.state}"),
        effect=row.effect_id,
        state=row.state,
        attempt=row.attempt,
        route=row.route,
        reference=row.reference,
        reason=outcome.reason if outcome is not None and is_last else "",
        retry=outcome is not None and is_last and outcome.retry,
        at=row.changed_at,
    )
