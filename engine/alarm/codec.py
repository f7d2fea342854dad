"""Event to row and back: JSON bodies, schema versions, upcasters.

An event that a newer engine wrote and this one cannot read raises
`UnreadableEventError`; its owner then puts the raw words in front of a person
instead of going on without them. Nobody folds what comes after it.
"""

import json
from collections.abc import Callable, Iterable

from engine.alarm import case_events as case_kinds
from engine.alarm import events as kinds
from engine.alarm.events import AlarmEvent
from engine.alarm.evolve import fold
from engine.alarm.state import Alarm
from engine.errors import EngineError
from engine.ports.journal import NewEvent, StoredEvent
from engine.stored import Body
from engine.values import AlarmId, CommandId

Upcaster = Callable[[dict[str, object]], dict[str, object]]

CLASSES: dict[str, type[AlarmEvent]] = {
    kind.__name__: kind
    for kind in (
        kinds.AlarmRaised,
        kinds.PressJoined,
        kinds.CancelRequested,
        kinds.PositionFollowed,
        kinds.SignNoticed,
        kinds.StepFired,
        kinds.RecipientsChosen,
        kinds.NotificationPlanned,
        kinds.NotificationSettled,
        kinds.NotificationsWithdrawn,
        kinds.ReplyReceived,
        kinds.AlarmAcknowledged,
        kinds.AcknowledgementLapsed,
        kinds.AlarmVerified,
        kinds.VerdictGiven,
        kinds.QuorumReached,
        kinds.VerificationAsked,
        kinds.AlarmPresumed,
        kinds.PublicationApproved,
        kinds.AlarmClosed,
        kinds.SafetyConfirmed,
        kinds.AlarmReopened,
        case_kinds.CaseHandedOver,
        case_kinds.AlarmsLinked,
        case_kinds.PeopleTakenIn,
        case_kinds.PeopleHandedOn,
        case_kinds.PressedAnew,
        case_kinds.EarlierCaseTold,
        case_kinds.PeopleLeftOut,
        case_kinds.PersonCountsAgain,
        kinds.NoteAdded,
        kinds.DetailsRevealed,
        kinds.ActRefused,
    )
}
# Kind to the schema written today. An older row is read as it is from the schema in
# READS on (what came since has a default that says what the row meant); one older
# still goes through UPCASTERS, one step each.
VERSIONS: dict[str, int] = dict.fromkeys(CLASSES, 1) | {
    "AlarmRaised": 11,
    "PositionFollowed": 2,
    "StepFired": 2,
    "RecipientsChosen": 2,
    "NotificationPlanned": 4,
    "PressJoined": 6,
    "CancelRequested": 4,
    "AlarmAcknowledged": 3,
    "AcknowledgementLapsed": 2,
    "CaseHandedOver": 2,
    "ReplyReceived": 3,
    "NoteAdded": 3,
    "AlarmClosed": 3,
    "AlarmReopened": 2,
    "SafetyConfirmed": 2,
}
_BODIES = {kind: Body(shape) for kind, shape in CLASSES.items()}
READS: dict[str, int] = dict.fromkeys(CLASSES, 1)
UPCASTERS: dict[tuple[str, int], Upcaster] = {}


class UnreadableEventError(EngineError):
    """A row of an alarm that this engine does not understand.

    `is_damaged` where nobody does: it is no JSON. Anything else another engine has
    written so, and a backup would bring back less than there is.
    """

    def __init__(
        self, kind: str, version: int, position: int, *, is_damaged: bool = False
    ) -> None:
        """Say which row, why, and the cure; never what it holds."""
        cure = "run the engine version that wrote it, or newer"
        if is_damaged:
            cure = "it is damaged: restore a backup"
        super().__init__(
            f"row {position}: {kind} version {version} is not readable here; {cure}"
        )
        self.kind, self.version, self.position = kind, version, position
        self.is_damaged = is_damaged


def encode(event: AlarmEvent) -> NewEvent:
    """Return the event as the journal takes it."""
    kind = type(event).__name__
    return NewEvent(kind=kind, version=VERSIONS[kind], body=_BODIES[kind].write(event))


def decode(row: StoredEvent) -> AlarmEvent:
    """Return the event of a row.

    Raises:
        UnreadableEventError: its kind or schema is not known here.

    """
    current = VERSIONS.get(row.kind)
    if current is None or row.version > current:
        raise UnreadableEventError(row.kind, row.version, row.position)
    try:
        if row.version >= READS[row.kind]:
            return _BODIES[row.kind].read(row.body)
        body: dict[str, object] = json.loads(row.body)
        for version in range(row.version, READS[row.kind]):
            body = UPCASTERS[row.kind, version](body)
        return _BODIES[row.kind].read(json.dumps(body).encode())
    except (ValueError, KeyError) as error:
        raise UnreadableEventError(
            row.kind, row.version, row.position, is_damaged=not _is_json(row.body)
        ) from error


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def events_of(
    rows: Iterable[StoredEvent], command_id: CommandId
) -> tuple[AlarmEvent, ...]:
    """Return what a command has come to, by its rows."""
    return tuple(decode(row) for row in rows if row.command_id == command_id)


def replay(
    alarm_id: AlarmId, alarm: Alarm | None, rows: Iterable[StoredEvent]
) -> Alarm | None:
    """Fold rows, in order of seq, onto a state."""
    for row in rows:
        alarm = fold(alarm_id, alarm, decode(row))
    return alarm
