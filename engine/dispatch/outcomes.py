"""An attempt's outcome, read back from the rows of its effect: pure."""

import json
from collections.abc import Iterable

from engine.dispatch.attempts import SETTLED, Outcome
from engine.ports.journal import EffectState, StoredEvent


def outcome_of(rows: Iterable[StoredEvent]) -> Outcome | None:
    """Return the latest outcome of an effect's stream; None where it has none."""
    settled = [row for row in rows if row.kind == SETTLED]
    if not settled:
        return None
    body = json.loads(settled[-1].body)
    return Outcome(
        state=EffectState(body["state"]),
        reference=body["reference"],
        reason=body["reason"],
        retry=body["retry"],
    )
