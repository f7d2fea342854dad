"""Requests to an alarm, imperative; the command id keeps each from acting twice."""

from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct

from engine.alarm.case_events import LeftOut, TakenIn
from engine.alarm.state import (
    Again,
    CloseReason,
    FalseClass,
    Kind,
    KnownPlace,
    Press,
    ReplyKind,
    Truth,
)
from engine.ports.journal import EffectState
from engine.protocol.model import ActionProtocol, Audience
from engine.values import (
    AlarmId,
    CommandId,
    EffectId,
    Instant,
    OperatorId,
    PersonId,
    ReportKey,
    StepId,
)


class Raise(Struct, frozen=True, kw_only=True, gc=False):
    """A distress report: raises the case, or joins it where it is open already.

    `after` are open cases of the defender's that look over to them. `again` where one
    of theirs has just ended; `again_times` are such presses before it.
    """

    command_id: CommandId
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


class RequestCancel(Struct, frozen=True, kw_only=True, gc=False):
    """A device or person asks to call the alarm off."""

    command_id: CommandId
    press: Press


class Tick(Struct, frozen=True, kw_only=True, gc=False):
    """Look whether something is due."""

    command_id: CommandId


class Settle(Struct, frozen=True, kw_only=True, gc=False):
    """A channel's news of an effect; `at` is when it came, where it is told later."""

    command_id: CommandId
    effect: EffectId
    state: EffectState
    attempt: int
    route: str = ""
    reference: str = ""
    reason: str = ""
    retry: bool = False
    at: Instant | None = None


class TakeReply(Struct, frozen=True, kw_only=True, gc=False):
    """A recipient's answer, with intake's word on whether it is authentic.

    `proven` where their word of safety stands in it, `duress` where the word of force
    does; neither stands in `text`, which is what they wrote. `sent` is when they wrote
    it, where it comes late, and `came` when it came, however late it is taken up.
    """

    command_id: CommandId
    person: str
    reply: ReplyKind
    authentic: bool
    channel: str
    source: ReportKey | None = None
    proven: bool = False
    duress: bool = False
    text: str = ""
    sent: Instant | None = None
    came: Instant | None = None


class Follow(Struct, frozen=True, kw_only=True, gc=False):
    """Where the defender is now, by their own device, while the case is open."""

    command_id: CommandId
    place: KnownPlace


class Acknowledge(Struct, frozen=True, kw_only=True, gc=False):
    """An operator takes the case; `until` is the end of their shift, if it has one.

    `holds`: colleagues who wait to be told of a press after *false* are not told
    before HQ says that it is real.
    """

    command_id: CommandId
    by: OperatorId
    until: Instant | None = None
    holds: bool = False


class Verify(Struct, frozen=True, kw_only=True, gc=False):
    """An operator says what it is: verified or false.

    `presses` is how many they had before them, where that is known.
    """

    command_id: CommandId
    by: OperatorId
    truth: Truth = Truth.VERIFIED
    presses: int | None = None


class ApprovePublication(Struct, frozen=True, kw_only=True, gc=False):
    """A second operator approves a template for the public."""

    command_id: CommandId
    by: OperatorId
    template: str = "public"


class ConfirmSafe(Struct, frozen=True, kw_only=True, gc=False):
    """An operator says that the defender is safe; that closes nothing.

    The remark says how they know. After the end it takes one, and stops the questions.
    Where they say instead that the defender is `detained`, it stops none of HQ's, and
    after the end all that would go to the defender's telephone.
    """

    command_id: CommandId
    by: OperatorId
    remark: str = ""
    detained: bool = False


class Close(Struct, frozen=True, kw_only=True, gc=False):
    """An operator ends the case.

    `in_person` where they have signed in; else their name was taken at its word, and
    is no voice where it takes more than one. `false_class` says how a false alarm came
    about; `into` names the case that this one is a part of from now on. `presses` is
    how many they had before them, where that is known.
    """

    command_id: CommandId
    by: OperatorId
    reason: CloseReason
    remark: str = ""
    in_person: bool = True
    false_class: FalseClass | None = None
    into: AlarmId | None = None
    presses: int | None = None


class Reopen(Struct, frozen=True, kw_only=True, gc=False):
    """An operator opens a closed case again."""

    command_id: CommandId
    by: OperatorId


class AddNote(Struct, frozen=True, kw_only=True, gc=False):
    """Words for the time line: an operator's, or those of somebody who was told."""

    command_id: CommandId
    by: OperatorId | None
    text: str
    source: ReportKey | None = None
    person: str | None = None
    loud: bool = False


class Reveal(Struct, frozen=True, kw_only=True, gc=False):
    """An operator is about to see names, numbers or the exact place."""

    command_id: CommandId
    by: OperatorId
    what: str


class HandOver(Struct, frozen=True, kw_only=True, gc=False):
    """An operator hands the case to another, or takes it over, with a note.

    `until` is the end of that one's shift, if it has one.
    """

    command_id: CommandId
    by: OperatorId
    to: OperatorId
    note: str
    until: Instant | None = None


class Link(Struct, frozen=True, kw_only=True, gc=False):
    """An operator sees two cases as belonging together; each of them is told."""

    command_id: CommandId
    by: OperatorId
    other: AlarmId


class TakeIn(Struct, frozen=True, kw_only=True, gc=False):
    """A case that is now a part of this one hands its people over."""

    command_id: CommandId
    other: AlarmId
    people: tuple[TakenIn, ...]


class HandPeopleOn(Struct, frozen=True, kw_only=True, gc=False):
    """The case into which this one was merged has its people, or does not exist."""

    command_id: CommandId
    into: AlarmId
    missing: bool = False


class HearOfPress(Struct, frozen=True, kw_only=True, gc=False):
    """The defender has pressed again, or is forced, in another case: `other`."""

    command_id: CommandId
    other: AlarmId


class LeaveOut(Struct, frozen=True, kw_only=True, gc=False):
    """Some who were told are under attack themselves."""

    command_id: CommandId
    people: tuple[LeftOut, ...]


class CountAgain(Struct, frozen=True, kw_only=True, gc=False):
    """An operator says that whoever was left out for a case can help again."""

    command_id: CommandId
    by: OperatorId
    case: AlarmId


class CountAsTold(Struct, frozen=True, kw_only=True, gc=False):
    """Another case of the defender's, `other`, has heard of this one's latest."""

    command_id: CommandId
    other: AlarmId
    occasion: str


OperatorAct = (
    Acknowledge
    | Verify
    | ApprovePublication
    | ConfirmSafe
    | Close
    | Reopen
    | Reveal
    | HandOver
    | Link
    | CountAgain
)
AlarmCommand = (
    Raise
    | RequestCancel
    | Tick
    | Settle
    | TakeReply
    | AddNote
    | Follow
    | TakeIn
    | HandPeopleOn
    | HearOfPress
    | CountAsTold
    | LeaveOut
    | OperatorAct
)


class Lookup(Struct, frozen=True, kw_only=True, gc=False):
    """A question that a due step asks of roster and geocore.

    `within_m` and `count` bound the nearest; `exclude` are the people told
    already, of the rota those whose telephone had better not ring, `spared` where they
    were reached; `turn` counts the rounds since the step began, or began anew: by it
    the rota goes on to the next person. `contacts_instead` says whether contacts are
    told in place of the nearest where there is no place to search from. HQ knows of
    `left_out` already; whom HQ has `let_in` counts although under attack in that case.
    """

    step: StepId
    round: int
    audience: Audience
    channels: tuple[str, ...]
    place: KnownPlace
    subject: PersonId | None
    count: int
    within_m: float | None
    exclude: frozenset[str]
    turn: int
    spared: frozenset[str] = frozenset()
    contacts_instead: bool = True
    left_out: frozenset[str] = frozenset()
    let_in: frozenset[tuple[str, AlarmId]] = frozenset()


class Recipient(Struct, frozen=True, kw_only=True, gc=False):
    """One answer to a look-up: a person, where to reach them, and a fresh code.

    `console` is where somebody at HQ opens it, a URL; empty where none is configured.
    Who is `left_out` is told nothing.
    """

    person: str
    alias: str
    language: str
    sign: str
    addresses: tuple[tuple[str, str], ...]
    code: str = ""
    country_name: str = ""
    distance_m: float | None = None
    place_age: timedelta | None = None
    declared: bool = False
    zone: str = "UTC"
    console: str = ""
    left_out: LeftOut | None = None


Found = Mapping[tuple[StepId, int], tuple[Recipient, ...]]
