"""What the journal says of each attempt, held against what the telephones have.

Every breach is a line of text, so that many lines are judged together.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from engine.dispatch.outcomes import ATTEMPTING, SETTLED, effect_stream
from engine.ports.journal import EffectRow, JournalReader
from tests.line.far_end import SIMS, FarEnd
from tests.line.line import Effect, Line

MARK = "Repeat "
NO_REASON = "unknown for no reason"
_SENT = {"accepted", "delivered"}
_OUTCOMES = {"accepted", "rejected", "unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt: its modem's name, its outcome, and what was learned later."""

    effect: Effect
    route: str
    outcome: str
    reason: str
    news: tuple[str, ...]

    @property
    def last(self) -> str:
        return (self.outcome, *self.news)[-1]


def breaches(line: Line, may_be_unknown: frozenset[str]) -> list[str]:
    """Return what is wrong; `may_be_unknown` are modems whose fault hides an outcome.

    Nothing may be on its way any more but reports: where one comes between, all is
    read again.
    """
    while True:
        with line.readers.reader() as reader:
            position = reader.position()
            found = [
                each
                for effect in line.effects.values()
                for each in (
                    *_judge(line.far_end, reader, effect, may_be_unknown),
                    *_unmarked(line.far_end, reader, effect),
                )
            ]
            if reader.position() == position:
                break
    messages = {effect.message for effect in line.effects.values()}
    lost = [one for one in messages if not line.far_end.has_come(one)]
    found += [f"M{message}: lost" for message in lost]
    return found + [f"the tree: {failure}" for failure in line.failures]


def attempts(reader: JournalReader, effect: Effect) -> list[Attempt]:
    """Return an effect's attempts as they stand in its stream."""
    made: list[Attempt] = []
    for event in reader.stream(effect_stream(effect.id)):
        body = json.loads(event.body)
        if event.kind == ATTEMPTING:
            made.append(
                Attempt(
                    effect=effect, route=body["route"], outcome="", reason="", news=()
                )
            )
        elif event.kind == SETTLED:
            before = made.pop()
            is_first = not before.outcome
            made.append(
                Attempt(
                    effect=effect,
                    route=before.route,
                    outcome=body["state"] if is_first else before.outcome,
                    reason=body["reason"] if is_first else before.reason,
                    news=before.news if is_first else (*before.news, body["state"]),
                )
            )
    return made


def _judge(
    far_end: FarEnd,
    reader: JournalReader,
    effect: Effect,
    may_be_unknown: frozenset[str],
) -> Iterator[str]:
    row, made = reader.effect(effect.id), attempts(reader, effect)
    arrived = far_end.arrived(effect.message, effect.repeat)
    if row is None or len(made) != 1:
        yield f"{effect.id}: {len(made)} attempts"
        return
    (attempt,) = made
    told = f"{effect.id} by {attempt.route}: {attempt.outcome} ({attempt.reason})"
    told += f", then {attempt.news}, {len(arrived)} arrived"
    if attempt.outcome not in _OUTCOMES:
        yield f"no outcome: {told}"
    yield from (f"{wrong}: {told}" for wrong in _untrue(attempt, row, len(arrived)))
    if attempt.outcome == "unknown" and attempt.route not in may_be_unknown:
        yield f"{NO_REASON}: {told}"
    sims = {one.sim for one in arrived}
    if sims - {SIMS[int(attempt.route[-1]) - 1]}:
        yield f"sent by another modem: {told}"


def _untrue(attempt: Attempt, row: EffectRow, arrived: int) -> Iterator[str]:
    said = {attempt.outcome, *attempt.news}
    if arrived > 1:
        yield "handed over twice"
    if attempt.last in _SENT and arrived != 1:
        yield "said to be sent"
    if attempt.last not in _SENT | {"unknown"} and arrived:
        yield "said not to be sent"
    if said & _SENT and said - _SENT - {"unknown"}:
        yield "two outcomes"
    if attempt.news and attempt.outcome == "rejected":
        yield "news of what was certain"
    if row.state.value != attempt.last:
        yield f"the row says {row.state}"


def _unmarked(far_end: FarEnd, reader: JournalReader, effect: Effect) -> Iterator[str]:
    """Yield a repeat without its mark, or of what was known to have been sent."""
    if not effect.repeat:
        return
    arrived = far_end.arrived(effect.message, effect.repeat)
    if not all(one.text.startswith(MARK) for one in arrived):
        yield f"{effect.id}: comes unmarked"
    before = Effect(message=effect.message, repeat=effect.repeat - 1)
    outcomes = [one.outcome for one in attempts(reader, before)]
    had = far_end.arrived(before.message, before.repeat)
    if had and outcomes != ["unknown"]:
        yield f"{effect.id}: a repeat of what was {outcomes}"
