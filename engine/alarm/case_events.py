"""Facts of how cases go together: handed over, linked, merged, followed by another."""

from dataclasses import dataclass

from engine.protocol.model import Audience
from engine.values import AlarmId, Instant, OperatorId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHandedOver:
    """An operator handed the case to another, with what they need to know.

    That one's shift lasts `until` then.
    """

    at: Instant
    by: OperatorId
    to: OperatorId
    note: str
    until: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsLinked:
    """An operator sees this case and another one as belonging together."""

    at: Instant
    by: OperatorId
    other: AlarmId


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """Somebody who was told of a case that is part of this one now, and where.

    `code` is the one that they know. `ways` are channel and address, `console` is where
    somebody at HQ opens it.
    """

    person: str
    alias: str
    audience: Audience
    language: str
    sign: str
    code: str
    zone: str
    ways: tuple[tuple[str, str], ...]
    console: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleTakenIn:
    """Another case was merged into this one: its people hear of this one's end."""

    at: Instant
    other: AlarmId
    people: tuple[TakenIn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleHandedOn:
    """The case into which this one was merged has its people.

    `missing` where there is no such case: they hear of the end from this one.
    """

    at: Instant
    into: AlarmId
    missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PressedAnew:
    """The defender pressed again after what looks to them like the end of this case.

    To them it is a new case, and so it is here: `other`. Also a further press there,
    and a sign of force, where it takes back what was said here.
    """

    at: Instant
    other: AlarmId


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierCaseTold:
    """Another case of the same defender, `other`, has heard of the latest here."""

    at: Instant
    other: AlarmId


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Somebody who is under attack themselves, in which case of theirs.

    `is_hidden` where the attacker must not see it: messages go on as before.
    """

    person: str
    alias: str
    case: AlarmId
    is_hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleLeftOut:
    """These are not asked to help, and no answer of theirs counts."""

    at: Instant
    people: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonCountsAgain:
    """An operator says that whoever was left out for a case can help again."""

    at: Instant
    by: OperatorId
    case: AlarmId


CaseEvent = (
    CaseHandedOver
    | AlarmsLinked
    | PeopleTakenIn
    | PeopleHandedOn
    | PressedAnew
    | EarlierCaseTold
    | PeopleLeftOut
    | PersonCountsAgain
)
