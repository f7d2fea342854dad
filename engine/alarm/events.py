"""Facts about an alarm, past tense; each is journalled before anything acts on it."""

from dataclasses import dataclass
from datetime import timedelta

from engine.alarm.case_events import CaseEvent
from engine.alarm.refusals import RefusalGround
from engine.alarm.state import (
    Again,
    Ask,
    CloseReason,
    FalseClass,
    Force,
    Kind,
    KnownPlace,
    Press,
    ReplyKind,
    Truth,
)
from engine.dispatch.body import EffectBody, PublicBody
from engine.ports.journal import EffectClass, EffectState
from engine.protocol.model import ActionProtocol, Audience
from engine.quick import quick
from engine.values import (
    AlarmId,
    EffectId,
    Instant,
    OperatorId,
    PersonId,
    ReportKey,
    StepId,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised:
    """A case begins; it keeps this version of the action protocol to its end.

    `after` are open cases that look over to the defender: see `PressedAnew`. `again`
    where another case of theirs has just ended; `again_times` are such presses before.
    """

    at: Instant
    kind: Kind
    subject: str
    defender: PersonId | None
    alias: str
    country: str
    consented: bool
    protocol: ActionProtocol
    press: Press
    place: KnownPlace
    has_words: bool = False
    public_name: str = ""
    after: tuple[AlarmId, ...] = ()
    again: Again = Again.NO
    again_times: tuple[Instant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PressJoined:
    """Another press of the same defender: new urgency, not a new case.

    `urges` where HQ had acknowledged and must do so again: it is no repetition of
    a press that they have seen. Cases `after` which it came look over to them, and
    have to hear of it. `again` where HQ had decided something before it.
    """

    at: Instant
    press: Press
    place: KnownPlace
    urges: bool = False
    after: tuple[AlarmId, ...] = ()
    again: Again = Again.NO


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested:
    """Somebody asked to call it off; that closes nothing."""

    at: Instant
    press: Press


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionFollowed:
    """The defender's own device says where they are now."""

    at: Instant
    place: KnownPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class SignNoticed:
    """What has not happened is a sign of force: nothing is heard any more, say."""

    at: Instant
    sign: Force


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class StepFired:
    """A round of a step ran; `found` people were there to be told.

    `replaces` so many who turned it down.
    """

    at: Instant
    step: StepId
    round: int
    found: int
    replaces: int = 0


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """One recipient as the look-up found them (`Recipient`), with their code."""

    person: str
    alias: str
    language: str
    sign: str
    code: str
    distance_m: float | None = None
    place_age: timedelta | None = None
    declared: bool = False
    zone: str = "UTC"
    ways: tuple[tuple[str, str], ...] = ()
    console: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientsChosen:
    """Who a round is for: the answer of a look-up, which replay never asks again."""

    at: Instant
    step: StepId
    round: int
    audience: Audience
    chosen: tuple[Chosen, ...]


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationPlanned:
    """One message to one address is to be sent; `repeat_of` marks a repeat.

    `climbs` is what did not come far enough, a rung below. `english` stands beside a
    text that nobody has reviewed, for HQ.
    """

    at: Instant
    effect: EffectId
    step: StepId
    round: int
    repeat: int
    repeat_of: EffectId | None
    person: str
    audience: Audience
    channel: str
    effect_class: EffectClass
    rank: int
    avoid_route: str
    body: EffectBody | PublicBody
    climbs: EffectId | None = None
    english: str = ""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationSettled:
    """What is known of a notification's outcome so far."""

    at: Instant
    effect: EffectId
    state: EffectState
    attempt: int
    route: str
    reference: str
    reason: str
    retry: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsWithdrawn:
    """What had not been attempted when the alarm closed will not be."""

    at: Instant
    effects: tuple[EffectId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyReceived:
    """A recipient answered; only an authentic reply counts, others are shown.

    A forced one (`duress`) is shown like any other, and counts for nothing. `text` is
    what they wrote, where that is more than a code and a number.
    """

    at: Instant
    person: str
    reply: ReplyKind
    authentic: bool
    channel: str
    source: ReportKey | None = None
    duress: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmAcknowledged:
    """An operator at HQ has it, on a shift that lasts `until` then.

    `holds` where colleagues, who would be told of another press, wait for HQ.
    """

    at: Instant
    by: OperatorId
    until: Instant | None = None
    holds: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgementLapsed:
    """Nobody at HQ has acted on it for too long: it waits for HQ again.

    `off_duty` where the shift of whoever had it is over.
    """

    at: Instant
    by: OperatorId
    off_duty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmVerified:
    """An operator decided what it is; that publishes nothing."""

    at: Instant
    by: OperatorId
    truth: Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictGiven:
    """An operator's voice, where the action protocol wants more than one."""

    at: Instant
    by: OperatorId
    truth: Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class QuorumReached:
    """Enough people say the same: it is real, or false; that publishes nothing."""

    at: Instant
    truth: Truth
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationAsked:
    """A person at HQ has to decide: answers contradict each other, or none came."""

    at: Instant
    ask: Ask


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmPresumed:
    """Nobody has said in time whether it is true: it counts as real."""

    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationApproved:
    """A second operator let the named template go out."""

    at: Instant
    by: OperatorId
    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmClosed:
    """An operator ended it, for a reason.

    `apparent` where there was a sign of force and too few people say that the
    defender is safe: then the defender's own addresses see an end, and the case goes
    on.
    """

    at: Instant
    by: OperatorId
    reason: CloseReason
    remark: str
    apparent: bool = False
    false_class: FalseClass | None = None
    into: AlarmId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyConfirmed:
    """An operator says that the defender is safe: one voice for the all-clear.

    `ends_asking` where it looks over and the remark says how they know: the questions
    after the end stop at the defender's telephone, and HQ's where it is over.
    `detained` where they say that instead: a voice for an end as such alone, and
    after an end the last of what goes to the defender's telephone.
    """

    at: Instant
    by: OperatorId
    remark: str = ""
    ends_asking: bool = False
    detained: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmReopened:
    """It is open again: by an operator, or by a press that came after the end.

    `apparent` where it had never ended but for the defender's addresses; `silent`
    where a word of force opened it, of which those addresses must not learn.
    """

    at: Instant
    by: OperatorId | None
    apparent: bool = False
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded:
    """An operator's remark, or words that reached HQ and count for nothing else.

    Without `by` they are not from HQ; their code is that of `person`. `urges` where HQ
    had acknowledged and must read them.
    """

    at: Instant
    by: OperatorId | None
    text: str
    source: ReportKey | None = None
    person: str | None = None
    urges: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailsRevealed:
    """An operator looked at what is hidden by default."""

    at: Instant
    by: OperatorId
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRefused:
    """A privileged act that the rules forbid, kept for the record."""

    at: Instant
    by: OperatorId
    act: str
    ground: RefusalGround


AlarmEvent = (
    AlarmRaised
    | PressJoined
    | CancelRequested
    | PositionFollowed
    | SignNoticed
    | StepFired
    | RecipientsChosen
    | NotificationPlanned
    | NotificationSettled
    | NotificationsWithdrawn
    | ReplyReceived
    | AlarmAcknowledged
    | AcknowledgementLapsed
    | AlarmVerified
    | VerdictGiven
    | QuorumReached
    | VerificationAsked
    | AlarmPresumed
    | PublicationApproved
    | AlarmClosed
    | SafetyConfirmed
    | AlarmReopened
    | CaseEvent
    | NoteAdded
    | DetailsRevealed
    | ActRefused
)
