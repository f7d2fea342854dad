"""What an alarm is: the product of small machines, folded from its events.

`response`, `truth`, `publicity` and `kind` move apart from each other; `duress`
is hidden from everybody but operators on the case. Nothing here is ever changed
in place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from msgspec import Struct, field

from engine.alarm.case_events import LeftOut, TakenIn
from engine.alarm.effects import Effect, Fired
from engine.protocol.model import ActionProtocol, Audience, Voice
from engine.values import (
    AlarmBit,
    AlarmId,
    DeviceId,
    EffectId,
    Instant,
    OperatorId,
    PersonId,
    PlaceDoubt,
    ReportKey,
    Signal,
    StepId,
)


class Response(StrEnum):
    """What people are doing about it."""

    RAISED = "raised"
    NOTIFYING = "notifying"
    ACKNOWLEDGED = "acknowledged"
    FOLLOWING_UP = "following_up"
    CLOSED = "closed"


class Truth(StrEnum):
    """What is known of it; presumed: nobody has said in time, and it counts as real."""

    UNVERIFIED = "unverified"
    VERIFYING = "verifying"
    PRESUMED = "presumed"
    VERIFIED = "verified"
    FALSE = "false"


class Ask(StrEnum):
    """Why a person at HQ has to say alone whether it is true."""

    DISPUTED = "disputed"
    OVERDUE = "overdue"


class Force(StrEnum):
    """Why a cancel, or a silence, is taken for a forced one."""

    DURESS_WORD = "duress_word"
    COLLEAGUE_FORCED = "colleague_forced"
    SECOND_SIGNAL = "second_signal"
    MOVING = "moving"
    SILENT = "silent"


class Publicity(StrEnum):
    """What the world has been told."""

    NONE = "none"
    APPROVED = "approved"
    PUBLISHED = "published"
    RETRACTED = "retracted"


class Kind(StrEnum):
    """What it is meant as; a notice is a signal that HQ alone looks at."""

    REAL = "real"
    EXERCISE = "exercise"
    TEST = "test"
    NOTICE = "notice"


class Again(StrEnum):
    """What a press comes to that HQ has decided something before.

    `no`: nothing was decided. `hq`: HQ is paged, and nobody else is told. `all`: the
    first steps run again. `wait`: after *false*; colleagues are told later, to wait.
    """

    NO = "no"
    HQ = "hq"
    ALL = "all"
    WAIT = "wait"


class PlaceSource(StrEnum):
    """Where a place comes from, best first."""

    DEVICE = "device"
    LAST_FIX = "last_fix"
    DECLARED = "declared"
    DOUBTED = "doubted"
    NOWHERE = "nowhere"


class SourceDoubt(StrEnum):
    """Why a report is not confirmed to come from its defender."""

    UNKNOWN_DEVICE = "unknown_device"
    FAILED_AUTHENTICATION = "failed_authentication"


class ReplyKind(StrEnum):
    """What a recipient answers: what they do, or what they know of it."""

    COMING = "coming"
    CANNOT = "cannot"
    NEED_HELP = "need_help"
    REAL = "real"
    FALSE = "false"
    SAFE = "safe"


VERDICTS = {ReplyKind.REAL: Truth.VERIFIED, ReplyKind.FALSE: Truth.FALSE}


class CloseReason(StrEnum):
    """Why an operator closes."""

    SAFE = "safe"
    DETAINED = "detained"
    FALSE_ALARM = "false_alarm"
    EXERCISE_OVER = "exercise_over"
    DUPLICATE = "duplicate"
    OTHER = "other"


class FalseClass(StrEnum):
    """How a false alarm came about; counted for each device."""

    BY_MISTAKE = "by_mistake"
    DEVICE_FAULT = "device_fault"
    UNANNOUNCED_TEST = "unannounced_test"
    BY_SOMEBODY_ELSE = "by_somebody_else"
    MISREAD = "misread"
    HOAX = "hoax"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPlace:
    """Where the defender is believed to be; coordinates in WGS84 degrees.

    `doubt` says why the place may be forged; None where nothing speaks against it.
    """

    source: PlaceSource
    lat_deg: float | None = None
    lon_deg: float | None = None
    accuracy_m: float | None = None
    at: Instant | None = None
    name: str = ""
    doubt: PlaceDoubt | None = None


NOWHERE = KnownPlace(source=PlaceSource.NOWHERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One distress report, as intake judged it.

    `late` only where the frame itself said that it was stored; `clock_doubtful`
    where the device's time is more than five minutes off, and the press counts
    as now. `place_doubtful` where the position was kept but not believed. `readings`
    are what the device measured, `raw` the frame in hex, for forensics, `text` the
    words of a short message. `bit` is None where the signals came as an event.
    `proven` by the word or code of safety, `duress` by that of force: to whoever
    watches both look the same. A word of force is `unseen` where
    one of safety in its place would have been none for the case.
    """

    key: ReportKey
    at: Instant
    wire_protocol: str
    signals: tuple[Signal, ...]
    codes: tuple[str, ...] = ()
    device: DeviceId | None = None
    device_at: Instant | None = None
    late: bool = False
    clock_doubtful: bool = False
    place_doubtful: bool = False
    checksum_failed: bool = False
    undecodable: bool = False
    doubt: SourceDoubt | None = None
    battery_ratio: float | None = None
    readings: tuple[tuple[str, str], ...] = ()
    raw: str = ""
    text: str = ""
    proven: bool = False
    duress: bool = False
    unseen: bool = False
    bit: AlarmBit | None = None

    @property
    def pressed_at(self) -> Instant:
        """Its own time where that can be trusted, else when it came."""
        is_trusted = self.late and not self.clock_doubtful
        if not is_trusted or self.device_at is None:
            return self.at
        return min(self.at, self.device_at)


class Told(Struct, frozen=True, kw_only=True, gc=False):
    """A recipient's own entry: how they were found and what they have answered.

    `ended` where a press opened the closed case again: told anew they are at `anew_at`.
    `ways` are a ladder's channels and addresses, `zone` their clock's, `console` where
    HQ opens it. `forced_reply` is the last of force, `forced_at`, for what their own
    telephone gets alone; `under_force_at` the last of any, `opened_at` what opened it.
    Of `answers` that get a receipt `receipts` have one; an officer had the case at the
    last one where `answer_taken`.
    """

    person: str
    alias: str
    audience: Audience
    language: str
    sign: str
    code: str = ""
    distance_m: float | None = None
    place_age: timedelta | None = None
    declared: bool = False
    reply: ReplyKind | None = None
    replied_at: Instant | None = None
    ended: bool = False
    zone: str = "UTC"
    ways: tuple[tuple[str, str], ...] = ()
    console: str = ""
    forced_reply: ReplyKind | None = None
    forced_at: Instant | None = None
    under_force_at: Instant | None = None
    opened_at: Instant | None = None
    anew_at: Instant | None = None
    answers: int = 0
    answer_taken: bool = False
    receipts: int = 0

    @property
    def is_coming(self) -> bool:
        """Whether they are, as far as is known: not who was forced since then."""
        if self.reply is not ReplyKind.COMING or self.under_force_at is None:
            return self.reply is ReplyKind.COMING
        return self.replied_at is not None and self.replied_at > self.under_force_at

    @property
    def seen_reply(self) -> ReplyKind | None:
        """What whoever holds their telephone takes for their answer."""
        return self.forced_reply or self.reply


class Act(Struct, frozen=True, kw_only=True, gc=False):
    """A privileged act: who and when."""

    by: OperatorId
    at: Instant


class Held(Act, frozen=True, kw_only=True, gc=False):
    """Who at HQ has the case, and until when their shift lasts."""

    until: Instant | None = None


class Approval(Act, frozen=True, kw_only=True, gc=False):
    """A second operator's word for one public text, by its template's name."""

    template: str


class Said(Struct, frozen=True, kw_only=True, gc=False):
    """One voice on an alarm: who says that it is real or false.

    An operator and somebody on the rota who have one name are one person.
    """

    name: str
    voice: Voice
    truth: Truth
    at: Instant


class Safe(Struct, frozen=True, kw_only=True, gc=False):
    """One voice for an end: safe, or `detained`; `forced` with the word of force."""

    name: str
    at: Instant
    forced: bool = False
    detained: bool = False


class Seen(Struct, frozen=True, kw_only=True, gc=False):
    """What the defender's own device and addresses have been led to believe.

    Steps for the defender run by this alone, so that after a forced cancel they run
    as after a true one; none of it tells of the case. `raised` is when it began for
    them: with the first press that is no word of force. `detained` ends all of them.
    """

    raised: Instant | None = None
    cancelled: Instant | None = None
    closed: Instant | None = None
    confirmed: Instant | None = None
    detained: bool = False


class PressedAgain(Struct, frozen=True, kw_only=True, gc=False):
    """Presses after a decision of HQ's.

    `times`: of the last hour. `at`: from when the first steps count again.
    `colleagues_at`: until then they are not told. `warns`: they are told to wait.
    `is_held`: nobody is called before HQ says that it is real.
    """

    times: tuple[Instant, ...] = ()
    at: Instant | None = None
    colleagues_at: Instant | None = None
    warns: bool = False
    is_held: bool = False


_CLOSED = Response.CLOSED
"""Read in every fact's every step: by a name of its own at a fifth of the price."""


class Alarm(Struct, frozen=True, kw_only=True, gc=False):
    """One case. `seq` is the number of events folded so far.

    `urgent_since` is the press, or the reopening, that HQ has to acknowledge. `spent`
    counts the rounds of steps before a reopening made them run anew: no notification's
    key is used twice. `opened_at` is the raise or the last reopening, `ended_as` its
    truth at the last end. Of `voices` the first `heard` went into a decision, of all
    `press_count` presses the first `judged_presses`; `presses` has few of very many.
    `danger_at` is the latest sign of force: a duress word, or what does not fit a
    cancel; `force` says which. `safe` are those who say so since the last press,
    the first `safe_heard` before that sign; `operators` are on the case, and one last
    acted at `attended_at`. `called_off` in its countdown: colleagues wait for HQ.
    `told_place` is where people were told that they are, `moved_at` when to tell of
    another; the device last said one at `followed_at`. `merged_into` has the people
    of this one, `handed_on`, there `taken_in`. `left_out` are under attack, whom HQ has
    `let_in` again, each by the case of theirs. `siblings` hear of signs, `after` next.
    `decided_at` is HQ's last verdict, merge or reopening, until a press comes after
    it; at `words_at` HQ was last asked to read what people wrote.
    """

    id: AlarmId
    seq: int
    kind: Kind
    subject: str
    defender: PersonId | None
    alias: str
    country: str
    consented: bool
    protocol: ActionProtocol
    raised_at: Instant
    urgent_since: Instant
    opened_at: Instant
    place: KnownPlace
    presses: tuple[Press, ...]
    press_count: int = 1
    response: Response = Response.RAISED
    truth: Truth = Truth.UNVERIFIED
    publicity: Publicity = Publicity.NONE
    duress: bool = False
    force: frozenset[Force] = frozenset()
    danger_at: Instant | None = None
    cancelled_place: KnownPlace | None = None
    safe: tuple[Safe, ...] = ()
    safe_heard: int = 0
    safe_confirmed: Act | None = None
    seen: Seen = Seen()
    has_words: bool = False
    public_name: str = ""
    operators: frozenset[OperatorId] = frozenset()
    cancel_requests: int = 0
    acknowledged: Held | None = None
    attended_at: Instant | None = None
    called_off: bool = False
    told_place: KnownPlace = NOWHERE
    told_place_at: Instant | None = None
    moved_at: Instant | None = None
    followed_at: Instant | None = None
    verified: Act | None = None
    approved: Approval | None = None
    voices: tuple[Said, ...] = ()
    heard: int = 0
    judged_presses: int = 0
    decided_at: Instant | None = None
    words_at: Instant | None = None
    again: PressedAgain = PressedAgain()
    ask: Ask | None = None
    closed: Act | None = None
    close_reason: CloseReason | None = None
    ended_as: Truth = Truth.UNVERIFIED
    false_class: FalseClass | None = None
    siblings: frozenset[AlarmId] = frozenset()
    after: tuple[AlarmId, ...] = ()
    merged_into: AlarmId | None = None
    handed_on: bool = False
    taken_in: tuple[TakenIn, ...] = ()
    links: frozenset[AlarmId] = frozenset()
    told: Mapping[str, Told] = field(default_factory=dict)
    left_out: Mapping[str, LeftOut] = field(default_factory=dict)
    let_in: Mapping[str, AlarmId] = field(default_factory=dict)
    fired: Mapping[StepId, Fired] = field(default_factory=dict)
    spent: Mapping[StepId, int] = field(default_factory=dict)
    effects: Mapping[EffectId, Effect] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """True until an operator has closed it (and again once reopened)."""
        return self.response is not _CLOSED

    @property
    def confirmed_source(self) -> bool:
        """True where at least one press came from the defender's own device."""
        return any(press.doubt is None for press in self.presses)

    @property
    def trusted_source(self) -> bool:
        """True where people nearby may be told before anybody at HQ has looked."""
        return self.confirmed_source or self.protocol.trust_unconfirmed


def is_own(alarm: Alarm, operator: OperatorId) -> bool:
    """Say whether a real alarm is that of whoever signs in under a name."""
    return alarm.kind is Kind.REAL and str(alarm.defender) == operator


def stream_of(alarm: AlarmId) -> str:
    """Return the journal stream of an alarm."""
    return f"alarm/{alarm}"


def is_alarms(stream: str) -> bool:
    """Say whether a stream is an alarm's."""
    return stream.startswith("alarm/")


def alarm_of(stream: str) -> AlarmId:
    """Return the alarm whose stream this is."""
    return AlarmId(stream.removeprefix("alarm/"))
