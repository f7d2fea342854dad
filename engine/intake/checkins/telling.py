"""What a telephone is told of its person's timer, as an effect: pure."""

import hashlib

from engine.dispatch.body import EffectBody, encode_body
from engine.dispatch.queue import RANK_CHECK_IN
from engine.intake.checkins.timer import stream_of
from engine.ports.journal import EffectClass, EffectRow
from engine.protocol.texts import TextFacts, compose
from engine.roster.model import Person
from engine.values import CommandId, EffectId, Instant


def answer_of(
    person: Person,
    text: str,
    due: Instant,
    command_id: CommandId,
    rank: int | None,
    now: Instant,
) -> EffectRow:
    """Return the SMS, with a text by its template's name; `rank` None: no haste."""
    facts = TextFacts(alias="", sign=person.sign, pressed_at=due, zone=person.zone)
    body = EffectBody(
        address=person.numbers[0],
        language=person.language,
        segments=compose(text, person.language, facts, now=now),
    )
    stream = stream_of(person.person)
    name = hashlib.sha256(f"{stream}|{command_id}".encode()).hexdigest()[:16]
    return EffectRow(
        effect_id=EffectId(f"check-in.{name}"),
        alarm=stream,
        effect_class=EffectClass.SAFETY,
        channel="sms",
        rank=RANK_CHECK_IN if rank is None else rank,
        planned_at=now,
        body=encode_body(body),
    )
