"""Exercises: raised by an operator, on the full path, and scored. Pure but for ids."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from hashlib import sha256

from engine.alarm.commands import Close, Raise
from engine.alarm.played import is_played_out
from engine.alarm.schedule import may_call_more
from engine.alarm.score import FULL, score
from engine.alarm.state import Alarm, CloseReason, Kind, Press
from engine.console.cases import Line
from engine.intake.judge import place_of
from engine.protocol.registry import Registry
from engine.roster.board import Board
from engine.roster.model import Person, Role
from engine.values import (
    AlarmId,
    CommandId,
    Instant,
    OperatorId,
    PersonId,
    ReportKey,
    Signal,
)

Json = dict[str, object]
WIRE = "exercise"
BESIDE_REAL = "a real alarm of theirs is open: an exercise beside it would mislead"


def drill_command(
    person: Person,
    by: OperatorId,
    click: str,
    now: Instant,
    board: Board,
    registry: Registry,
) -> tuple[AlarmId, Raise]:
    """Return the alarm that an exercise is, and the press that raises it.

    It runs the person's own action protocol on every channel. Nothing of it is ever
    published: it is no real alarm, and nobody has consented.
    """
    digest = sha256(f"{by}/{click}".encode()).hexdigest()
    key = ReportKey(digest[:32])
    press = Press(key=key, at=now, wire_protocol=WIRE, signals=(Signal.SOS,))
    command = Raise(
        command_id=CommandId(f"exercise/{key}"),
        kind=Kind.EXERCISE,
        subject=person.person,
        defender=person.person,
        alias=person.alias,
        country=person.country,
        consented=False,
        protocol=registry.of(person.action_protocol),
        press=press,
        place=place_of(person, board),
    )
    return AlarmId(digest[-12:]), command


def drill_refusal(person: Person, alarms: Iterable[Alarm]) -> str | None:
    """Return why no exercise may begin for somebody now; None where one may.

    Whoever is on their way to a real one would read of an exercise, and of its end.
    """
    if not person.has(Role.DEFENDER):
        return "defender: they are none; an exercise plays a defender's alarm"
    theirs = open_of(person.person, alarms)
    if Kind.REAL in theirs:
        return BESIDE_REAL
    if Kind.EXERCISE in theirs:
        return (
            f"an exercise for them is under way: {theirs[Kind.EXERCISE]}; let it end,"
            " or end it: natalia alarm acknowledge, then natalia alarm close"
            " --reason exercise_over"
        )
    return None


def end_refusal(
    alarm: Alarm | None,
    command: Close,
    alarms: Iterable[Alarm],
    unread: Mapping[PersonId, AlarmId],
) -> str | None:
    """Return why an exercise does not end as one just now; None where it may.

    Whoever is on their way to the real alarm would read of an end, also where that
    alarm is one of the `unread`.
    """
    if alarm is None or not alarm.is_open or alarm.kind is not Kind.EXERCISE:
        return None
    real = _real_of(alarm, alarms, unread)
    if command.reason is not CloseReason.EXERCISE_OVER or real is None:
        return None
    return (
        f"a real alarm of theirs is open: {real}; whoever is told of an end would take"
        " it for the end of that one: close the exercise once it is over, or at the"
        " console"
    )


def open_of(subject: str, alarms: Iterable[Alarm]) -> dict[Kind, AlarmId]:
    """Return the open cases of somebody, by kind."""
    return {a.kind: a.id for a in alarms if a.is_open and a.subject == subject}


def _real_of(
    alarm: Alarm, alarms: Iterable[Alarm], unread: Mapping[PersonId, AlarmId]
) -> AlarmId | None:
    """Return the open real alarm of whose exercise this is."""
    real = open_of(alarm.subject, alarms).get(Kind.REAL)
    return unread.get(PersonId(alarm.subject)) if real is None else real


def score_of(
    alarm: Alarm,
    lines: list[Line],
    alarms: Iterable[Alarm],
    unread: Mapping[PersonId, AlarmId],
) -> Json:
    """Return an exercise's score, and whether there is more to it.

    People go by their aliases: who answers an exercise is what it is for. `to_call`
    says whether a step is to call more colleagues or contacts, `held` whether somebody
    has it now, `found_false` whether it calls nobody more, and `real` is the open real
    alarm of the same defender, also one of the `unread`.
    """
    found = score(line.event for line in lines if line.event is not None)
    return {
        "alarm": alarm.id,
        "open": alarm.is_open,
        "held": alarm.acknowledged is not None,
        "found_false": is_played_out(alarm),
        "to_call": alarm.is_open and may_call_more(alarm),
        "real": _real_of(alarm, alarms, unread),
        "percent": found.percent,
        "of": FULL,
        "acknowledged_s": found.acknowledged_s,
        "hq_points": found.hq_points,
        "people": [
            {
                **asdict(one),
                "audience": one.audience.value,
                "reply": None if one.reply is None else one.reply.value,
            }
            for one in found.people
        ],
    }
