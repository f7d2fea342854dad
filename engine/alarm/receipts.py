"""One short receipt for each answer that counts. Pure.

After a duress word the receipt is the same, byte for byte: whether it is due, and which
of both texts it is, is settled by the case as it was before the answer.
"""

from msgspec.structs import replace

from engine.alarm.effects import Effect
from engine.alarm.events import ReplyReceived
from engine.alarm.force import has_opened
from engine.alarm.left_out import is_cut_off
from engine.alarm.state import Alarm, Told
from engine.ports.journal import EffectState
from engine.protocol.model import RECEIPT, RECEIPT_TAKEN, Audience, Manner, Step

_UNSENT = frozenset({EffectState.PLANNED, EffectState.ATTEMPTING})
_ANSWERING = frozenset({Audience.NEAREST, Audience.CONTACTS, Audience.DUTY})


def with_answer(alarm: Alarm, event: ReplyReceived) -> Alarm:
    """Count an answer that gets a receipt; `alarm` is the case before it."""
    told = alarm.told.get(event.person)
    if told is None or not _gets_one(alarm, told, event):
        return alarm
    counted = replace(
        told, answers=told.answers + 1, answer_taken=bool(alarm.operators)
    )
    return replace(alarm, told={**alarm.told, event.person: counted})


def _gets_one(alarm: Alarm, told: Told, event: ReplyReceived) -> bool:
    # A case that their own duress word opens has ended as far as they may know.
    opens = event.duress and event.at == alarm.opened_at != alarm.raised_at
    return (
        event.authentic
        and alarm.is_open
        and alarm.protocol.manner is not Manner.QUIET
        and told.audience in _ANSWERING
        and event.person != alarm.defender
        and not (opens or has_opened(alarm, told))
    )


def receipts_due(alarm: Alarm) -> tuple[tuple[Told, Step], ...]:
    """Return whom to write a receipt, and which."""
    return tuple(
        (told, RECEIPT_TAKEN if told.answer_taken else RECEIPT)
        for told in alarm.told.values()
        if told.answers > told.receipts and not is_cut_off(alarm, told.person)
    )


def unsent_receipts(alarm: Alarm) -> tuple[Effect, ...]:
    """Return the receipts that are not out yet."""
    steps = {RECEIPT.id, RECEIPT_TAKEN.id}
    return tuple(
        effect
        for effect in alarm.effects.values()
        if effect.step in steps and effect.state in _UNSENT
    )
