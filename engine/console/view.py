"""What a browser or a program is shown of a case: plain dictionaries. Pure.

Numbers, other people and the exact place are hidden unless revealed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

from engine.alarm.contents import doubts_of, newest_of, public_facts_of, text_of
from engine.alarm.desk import country_name
from engine.alarm.events import (
    AlarmEvent,
    NotificationPlanned,
    NotificationSettled,
    NotificationsWithdrawn,
    RecipientsChosen,
    SignNoticed,
    StepFired,
)
from engine.alarm.force import seems_over
from engine.alarm.refusals import RefusalGround
from engine.alarm.safety import safe_names, safe_needs
from engine.alarm.state import Alarm, Kind, Truth, is_own
from engine.alarm.verification import answer_due, counted, fallback_of, judges_of
from engine.console.cases import Cases, Line, Unread
from engine.console.lines import HIDDEN, Json, line_of
from engine.console.outlook import outlook
from engine.console.people import (
    Names,
    Why,
    can_come,
    left_out,
    nothing_stops,
    people,
    tally,
    untold,
)
from engine.console.voices import closing_waits, safety
from engine.console.words import (
    ASKS,
    FORCES,
    MANNERS,
    OTHERWISE,
    PLACES,
    REFUSALS,
    again_words,
    colleagues_wait,
    late_words,
    pressed_words,
    signals,
    state,
    tone,
)
from engine.protocol.checks import PUBLIC_TEXT
from engine.protocol.language import FALLBACK, wording
from engine.protocol.model import ActionProtocol, Audience, Condition
from engine.protocol.texts import compose_public
from engine.roster.model import Person
from engine.values import EffectId, Instant, OperatorId, StepId

STOPPED = "Cannot be read whole"
UNREADABLE = "Unreadable"


def listed(cases: Cases, now: Instant, why: Why = nothing_stops) -> list[Json]:
    """Return the rows of the list; first what nobody can read, by its id alone.

    `why` says of a channel why nothing leaves by it.
    """
    unread: list[Json] = [
        {
            "id": alarm_id,
            "unread": True,
            "open": True,
            "sounds": False,
            "what": why.value,
        }
        for alarm_id, why in sorted(cases.unread.items())
    ]
    return unread + [
        as_it_stands(summary(alarm, now, why), cases.stopped.get(alarm.id))
        for alarm in cases.all(now)
    ]


def as_it_stands(case: Json, why: Unread | None) -> Json:
    """Return a case with why it is shown as it was before a row of it, if it is.

    It is open whatever it was: that row may have opened it again.
    """
    if why is None:
        return case
    doubts = [*cast("list[str]", case["doubts"]), why.value]
    still: Json = {"state": STOPPED, "tone": "alarm", "next": "", "next_due_ms": None}
    return {**case, **still, "open": True, "doubts": doubts, "stopped": why.value}


def summary(alarm: Alarm, now: Instant, why: Why = nothing_stops) -> Json:
    """Return one row of the list; people are counted as told by `tally`."""
    next_words, due = outlook(alarm, now)
    words = wording("en").words
    near = [told for told in alarm.told.values() if can_come(told)]
    others = [told for told in alarm.told.values() if not can_come(told)]
    reached = tally(alarm, near, why)
    replies = [told.reply for told in near if told.reply is not None]
    return {
        "id": alarm.id,
        "unread": False,
        "alias": alarm.alias,
        "stranger": alarm.defender is None,
        "kind": alarm.kind.value,
        "response": alarm.response.value,
        "truth": alarm.truth.value,
        "publicity": alarm.publicity.value,
        "state": state(alarm),
        "tone": tone(alarm),
        "country": alarm.country,
        "raised_at": str(alarm.raised_at),
        "raised_ms": alarm.raised_at.ms,
        "presses": alarm.press_count,
        "signals": list(newest_of(alarm).signals),
        "what": signals(alarm),
        "late": late_words(alarm.presses[-1]),
        "doubts": [words[doubt] for doubt in doubts_of(alarm)],
        "sounds": alarm.is_open and alarm.acknowledged is None,
        "open": alarm.is_open,
        "next": next_words,
        "next_due_ms": None if due is None else due.ms,
        "coming": sum(reply.value == "coming" for reply in replies),
        "need_help": sum(reply.value == "need_help" for reply in replies),
        "told": reached["told"],
        "near": reached,
        "others": tally(alarm, others, why),
        "cancel_requests": alarm.cancel_requests,
        "acknowledged_by": None
        if alarm.acknowledged is None
        else alarm.acknowledged.by,
        "verified_by": None if alarm.verified is None else alarm.verified.by,
        "approved_by": None if alarm.approved is None else alarm.approved.by,
    }


def detail(
    alarm: Alarm,
    lines: list[Line],
    now: Instant,
    *,
    revealed: bool,
    operator: OperatorId | None = None,
    numbers: Sequence[str] = (),
    contacts: Sequence[Person] = (),
    public_language: str = FALLBACK,
    why: Why = nothing_stops,
) -> Json:
    """Return everything about a case, its time line included.

    `operator` is who looks: to them alone is said what they may not do. `numbers` are
    the defender's own telephones, `contacts` whom they have named; the world is told in
    `public_language`; `why` says of a channel why nothing leaves by it.
    """
    left = untold(alarm, contacts)
    place, names = alarm.place, Names(alarm, revealed=revealed)
    exact = (
        {"lat_deg": place.lat_deg, "lon_deg": place.lon_deg, "name": place.name}
        if revealed
        else {"lat_deg": HIDDEN, "lon_deg": HIDDEN, "name": HIDDEN}
    )
    return {
        **summary(alarm, now, why),
        "everybody": tally(alarm, alarm.told.values(), why),
        "revealed": revealed,
        "never": list(alarm.protocol.never),
        "manner": _manner(alarm),
        "numbers": list(numbers) if revealed else [],
        "protocol": f"{alarm.protocol.name} v{alarm.protocol.version}",
        "pressed": _pressed(alarm),
        "again": _again(alarm, now),
        "place": {
            "source": place.source.value,
            "words": PLACES[place.source],
            "accuracy_m": place.accuracy_m,
            "at": None if place.at is None else str(place.at),
            **exact,
        },
        "left_out": left_out(alarm, names, revealed=revealed),
        "people": people(alarm, names, revealed=revealed, why=why),
        "untold_count": len(left),
        "untold": left if revealed else [],
        "untold_forbidden": not alarm.protocol.may_tell_contacts,
        "lines": [
            line_of(alarm, line, names, revealed=revealed)
            for line in _shown(alarm, lines, operator)
        ],
        "draft": _draft(alarm, public_language),
        "draft_english": _english(alarm, public_language),
        "template": _template(alarm),
        "verification": _verification(alarm),
        "links": sorted(alarm.links),
        "merged_into": alarm.merged_into,
        "safety": safety(alarm, lines, names, operator),
        "held": alarm.seen.detained and not alarm.is_open,
        "force": _force(alarm, operator),
        "consented": alarm.consented,
        "may": _may(alarm, operator, now),
        "why_not": _why_not(alarm, operator),
    }


def _manner(alarm: Alarm) -> str:
    """Return what those who are told read as well: that a ring may harm, say."""
    manner = alarm.protocol.manner
    return "" if manner is None else MANNERS[manner]


def _pressed(alarm: Alarm) -> list[str]:
    """Return the presses by their own time, where one of them was late."""
    if not any(press.late for press in alarm.presses):
        return []
    ordered = sorted(alarm.presses, key=lambda press: press.pressed_at)
    return [pressed_words(press) for press in ordered]


def _again(alarm: Alarm, now: Instant) -> Json:
    """Return what comes of a press after a decision, and when colleagues are told."""
    waits, until = colleagues_wait(alarm, now), alarm.again.colleagues_at
    return {
        "words": again_words(alarm, now),
        "due_ms": until.ms if waits and until is not None else None,
        "held": alarm.again.is_held,
    }


def _verification(alarm: Alarm) -> Json:
    """Return how many people say what, how many it takes, and until when."""
    rule, due = alarm.protocol.verification, answer_due(alarm)
    return {
        "needs": 1 if rule is None else rule.needs,
        "real": len(counted(alarm, Truth.VERIFIED)),
        "false": len(counted(alarm, Truth.FALSE)),
        "ask": "" if alarm.ask is None else ASKS[alarm.ask],
        "otherwise": OTHERWISE[fallback_of(alarm, rule)] if rule and due else "",
        "due_ms": None if due is None else due.ms,
    }


def _is_on_case(alarm: Alarm, operator: OperatorId | None) -> bool:
    if operator is None or is_own(alarm, operator):
        return False  # whoever forces a defender has their place at HQ as well
    return operator in alarm.operators


def _shown(
    alarm: Alarm, lines: list[Line], operator: OperatorId | None
) -> Iterator[Line]:
    """Yield the lines that somebody may see.

    A sign of force, and what it began, are for operators on the case alone: so is what
    kind of row it is that cannot be read, and what has become of a message of which
    nobody can say what began it.
    """
    if _is_on_case(alarm, operator):
        yield from lines
        return
    force = begun_by_force(alarm.protocol)
    others = _not_begun_by(force, alarm, lines)
    for line in lines:
        event = line.event
        if event is None:
            yield replace(line, kind=UNREADABLE)
        elif isinstance(event, NotificationsWithdrawn):
            kept = tuple(one for one in event.effects if one in others)
            if kept:
                yield replace(line, event=replace(event, effects=kept))
        elif not _is_of_force(event, force, others):
            yield line


def _is_of_force(
    event: AlarmEvent, force: frozenset[StepId], others: set[EffectId]
) -> bool:
    match event:
        case StepFired() | RecipientsChosen() | NotificationPlanned():
            return event.step in force
        case NotificationSettled():
            return event.effect not in others
        case _:
            return isinstance(event, SignNoticed)


def _not_begun_by(
    steps: frozenset[StepId], alarm: Alarm, lines: list[Line]
) -> set[EffectId]:
    """Return the messages of other steps, those behind an unread row among them."""
    began = {key: effect.step for key, effect in alarm.effects.items()}
    for line in lines:
        if isinstance(line.event, NotificationPlanned):
            began[line.event.effect] = line.event.step
    return {effect for effect, step in began.items() if step not in steps}


def begun_by_force(protocol: ActionProtocol) -> frozenset[StepId]:
    """Return the steps that a sign of force begins, and those that follow them."""
    return frozenset(
        step.id for step in protocol.steps if protocol.begins_by_force(step)
    )


def _force(alarm: Alarm, operator: OperatorId | None) -> Json:
    """Return the signs of force: to operators on the case, and to nobody else."""
    if not _is_on_case(alarm, operator) or not alarm.danger_at:
        return {}
    return {
        "signs": sorted(FORCES[sign] for sign in alarm.force),
        "needs": safe_needs(alarm),
        "said": len(safe_names(alarm, as_seen=False)),
        "seems_closed": seems_over(alarm),
    }


def _may(alarm: Alarm, operator: OperatorId | None, now: Instant) -> Json:
    """Return which acts make sense now; the rules themselves are the alarm's."""
    acknowledged = alarm.acknowledged is not None
    others = operator is None or not is_own(alarm, operator)
    asks = alarm.safe_confirmed is None and any(
        Condition.SAFE_CONFIRMED in step.stopped_by for step in alarm.protocol.steps
    )
    return {
        "acknowledge": others and alarm.is_open and not acknowledged,
        "hold": others and not acknowledged and colleagues_wait(alarm, now),
        "verify": others and alarm.is_open and acknowledged,
        "approve": others and alarm.is_open and _publication_bar(alarm, None) is None,
        "safe": others and (alarm.is_open or asks),
        "word": alarm.is_open or asks,
        "close": others and alarm.is_open and acknowledged,
        "reopen": not alarm.is_open,
    }


def _why_not(alarm: Alarm, operator: OperatorId | None) -> Json:
    """Return why an act has to wait, in words; empty where it has not."""
    if operator is not None and is_own(alarm, operator):
        own = REFUSALS[RefusalGround.OWN_CASE]
        return dict.fromkeys(("acknowledge", "verify", "close", "approve", "safe"), own)
    early = not alarm.is_open or alarm.acknowledged is not None
    bar = _publication_bar(alarm, operator)
    taken = alarm.acknowledged if alarm.is_open else None
    return {
        "acknowledge": "" if taken is None else f"it is with {taken.by}",
        "verify": "" if early else REFUSALS[RefusalGround.NOT_ACKNOWLEDGED],
        "close": closing_waits(alarm, operator)
        if early
        else REFUSALS[RefusalGround.NOT_ACKNOWLEDGED],
        "approve": "" if bar is None else REFUSALS[bar],
    }


def _publication_bar(alarm: Alarm, operator: OperatorId | None) -> RefusalGround | None:
    """Return what stands between a case and the public."""
    publishes = any(step.to is Audience.PUBLIC for step in alarm.protocol.steps)
    bars = (
        (alarm.kind is not Kind.REAL, RefusalGround.NOT_REAL),
        (not publishes, RefusalGround.NO_PUBLIC_STEP),
        (not alarm.consented, RefusalGround.NO_CONSENT),
        (alarm.approved is not None, RefusalGround.ALREADY_DONE),
        (alarm.truth is not Truth.VERIFIED, RefusalGround.NOT_VERIFIED),
        (alarm.ask is not None, RefusalGround.DISPUTED),
        (
            operator is not None
            and alarm.protocol.publication.decider not in {None, operator},
            RefusalGround.NOT_DECIDER,
        ),
        (operator in judges_of(alarm), RefusalGround.SAME_OPERATOR),
    )
    return next((ground for bars_it, ground in bars if bars_it), None)


def _draft(alarm: Alarm, language: str) -> str:
    """Return what would be published: the approved text, with no name but an agreed."""
    steps = alarm.protocol.steps
    step = next((one for one in steps if one.to is Audience.PUBLIC), None)
    if step is None or alarm.truth is not Truth.VERIFIED or not alarm.consented:
        return ""
    country = country_name(alarm.country, language)
    facts = public_facts_of(alarm, country)
    return compose_public(text_of(alarm, step), language, facts)


def _english(alarm: Alarm, language: str) -> str:
    """Return the draft in English, where nobody has reviewed the language's words."""
    is_read = language == FALLBACK or wording(language).is_reviewed
    return "" if is_read else _draft(alarm, FALLBACK)


def _template(alarm: Alarm) -> str:
    """Return which text an approval is of."""
    public = (step for step in alarm.protocol.steps if step.to is Audience.PUBLIC)
    step = next(public, None)
    return PUBLIC_TEXT if step is None else step.text
