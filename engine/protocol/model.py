"""An action protocol as data: triggers and steps, nothing of it in code.

A step fires once its starting point has happened, its delay is over, everything
it requires holds and nothing it is stopped by does. Conditions are looked at
again after every fact, so that a colleague who turns back widens the search.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property

from engine.ports.device import DeviceCommand
from engine.values import Signal, StepId

FRESH = timedelta(minutes=30)
LEASE = timedelta(minutes=30)
"""What a file that says nothing of it means: somebody at HQ may have fallen asleep."""


NEEDS_AFTER_FORCE = 2
"""So many have to say that all is well once there was a sign of force."""


AFTER_CARE = frozenset({"recheck", "unconfirmed"})
"""Texts that ask for weeks after the end whether the defender is safe."""


class Audience(StrEnum):
    """Who a step is for.

    `defender` are the defender's own addresses, which an adversary may read; `asked`
    are the colleagues and contacts told so far who have not turned it down,
    `silent` those of them who have not answered at all. `everyone` are all who were
    told so far, while the alarm is open; `told` are they once it has ended.
    """

    NEAREST = "nearest"
    CONTACTS = "contacts"
    DUTY = "duty"
    HQ = "hq"
    PUBLIC = "public"
    TOLD = "told"
    ASKED = "asked"
    SILENT = "silent"
    DEFENDER = "defender"
    EVERYONE = "everyone"


KNOWN = frozenset({Audience.TOLD, Audience.ASKED, Audience.SILENT, Audience.EVERYONE})
"""Audiences that the alarm itself knows: nothing is looked up for them."""


class Start(StrEnum):
    """The fact from which a step counts its delay, unless it names another step."""

    RAISED = "raised"
    VERIFIED = "verified"
    APPROVED = "approved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    DURESS = "duress"
    MOVED = "moved"


class Condition(StrEnum):
    """What may be asked of an alarm, at any time, with a yes or a no."""

    ACKNOWLEDGED = "acknowledged"
    SOMEBODY_COMING = "somebody_coming"
    CONFIRMED_SOURCE = "confirmed_source"
    VERIFIED = "verified"
    REAL = "real"
    FALSE = "false"
    DISPUTED = "disputed"
    SAFE_CONFIRMED = "safe_confirmed"
    CONSENTED = "consented"
    APPROVED = "approved"


class Voice(StrEnum):
    """Whose word on an alarm counts."""

    COLLEAGUES = "colleagues"
    CONTACTS = "contacts"
    HQ = "hq"


class Fallback(StrEnum):
    """What happens where nobody has said in time whether it is true.

    There is no word for closing and none for publishing.
    """

    ASK = "ask"
    TREAT_AS_REAL = "treat_as_real"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How many people, and whose, have to say the same of an alarm, and until when.

    `within` counts from the raise, or from the reopening. Contradicting answers go
    to a person at HQ, whatever was counted before.
    """

    needs: int
    of: frozenset[Voice]
    within: timedelta
    otherwise: Fallback


class Proof(StrEnum):
    """How far a notification has to have come, weakest first."""

    SENT = "sent"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One channel of a ladder: without this proof in time the next one is tried.

    `within` counts from when the notification was planned.
    """

    channel: str
    proof: Proof
    within: timedelta


class Manner(StrEnum):
    """Whether those who are told may make it known, or a ring could harm."""

    QUIET = "quiet"
    LOUD = "loud"


class Level(StrEnum):
    """What the public may learn at most, least first."""

    NOTHING = "nothing"
    ANONYMOUS = "anonymous"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What may be published, how long after the approval, and who alone approves.

    `delay` leaves time to take it back; `decider` is an operator's name, None: any.
    """

    level: Level = Level.ANONYMOUS
    delay: timedelta = timedelta(0)
    decider: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Updates:
    """When a position that follows is news, and when none is a sign.

    News is `moved_m` metres from where people were told, and `every` after the update
    before it. A device that was followed, and says no place for `silent` after a
    request to cancel, has fallen silent; None: that is no sign.
    """

    moved_m: float = 300.0
    every: timedelta = timedelta(minutes=10)
    silent: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One instruction.

    `after` is a `Start` or the id of an earlier step. `every` repeats the step
    that long after its last round, `rounds` times in all (None: for ever). For
    the nearest, each round takes `count` people not told yet within `within_m`, and
    each later round so many more, so much farther; for the duty rota, each round
    takes the next person. `replaces_declined`: whoever turns it down is replaced by
    the next nearest at once. `repeats` bounds the repeats after an unknown outcome;
    None: as many as it takes.
    With a `ladder` a person is tried on one channel after the other; without, on all
    `channels` at once.
    """

    id: StepId
    after: str
    to: Audience
    channels: tuple[str, ...]
    text: str
    delay: timedelta = timedelta(0)
    requires: tuple[Condition, ...] = ()
    stopped_by: tuple[Condition, ...] = ()
    count: int = 5
    within_m: float | None = None
    count_more: int = 0
    within_more_m: float = 0.0
    replaces_declined: bool = False
    ladder: tuple[Rung, ...] = ()
    every: timedelta | None = None
    rounds: int | None = 1
    repeats: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInPlan:
    """How timers of the defender's own run.

    `answers`: their own telephone gets an SMS for each message and each warning.
    `warnings` count back from the time, `grace` on from it. `button` is what a
    device's check-in without a time starts, or begins anew; None: nothing.
    """

    answers: bool = False
    warnings: tuple[timedelta, ...] = ()
    grace: timedelta = timedelta(0)
    button: timedelta | None = None


RECEIPT = Step(
    id=StepId("_receipt"),
    after="",
    to=Audience.EVERYONE,
    channels=("sms",),
    text="answered",
    repeats=0,
)
RECEIPT_TAKEN = Step(
    id=StepId("_receipt_taken"),
    after="",
    to=Audience.EVERYONE,
    channels=("sms",),
    text="taken",
    repeats=0,
)
"""The engine's own steps, which no file can name: one for each answer that counts."""


# Without slots: what is looked up for every fact of an alarm is put beside the fields
# once.
@dataclass(frozen=True, kw_only=True)
class ActionProtocol:
    """Steps for people, agreed in calm; a running alarm keeps the one it began with.

    `digest` is SHA-256 (hex) of the source text, after that of what it is based on.
    `trust_unconfirmed` lets steps for colleagues run for a report that failed
    authentication or came from an unknown device; steps for HQ run all the same.
    Without `verification` an operator at HQ decides alone whether it is true.
    `all_clear_needs` is how many people have to say that the defender is safe before
    anybody may close, two at least once there was a sign of force. A file that says
    nothing means two where it calls people; one is what a journal of before means.

    `device_commands` are what HQ may ask of the device.
    `risk_triggers` raise as well within a risk window that the person has declared.

    `countdown` is how long colleagues and contacts are not told yet, for the signals
    that somebody may send by mistake. `crowd_max` is how many of the nearest are
    asked at most, those who turn it down not counted. `lease` is how long an
    acknowledgement lasts without an act of an operator; None: for good, which a file
    has to say, and what a journal from before `LEASE` meant. A position older than
    `fresh` is called old. `never` are things that nobody may do, in words for HQ;
    `forbids` are audiences and channels that no step may use.
    """

    name: str
    version: int
    digest: str
    triggers: frozenset[Signal]
    steps: tuple[Step, ...]
    trust_unconfirmed: bool = False
    verification: Verification | None = None
    all_clear_needs: int = 1
    countdown: timedelta = timedelta(0)
    crowd_max: int | None = None
    lease: timedelta | None = None
    fresh: timedelta = FRESH
    manner: Manner | None = None
    publication: Publication = Publication()
    never: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    risk_triggers: frozenset[Signal] = frozenset()
    check_in: CheckInPlan = CheckInPlan()
    device_commands: frozenset[DeviceCommand] = frozenset()
    updates: Updates = Updates()

    def __hash__(self) -> int:
        """Hash the digest alone: whoever has it has the same words."""
        return hash(self.digest)

    @property
    def printed_digest(self) -> str:
        """The start of the digest: what a defender signs, and a roster keeps."""
        return self.digest[:_PRINTED]

    @property
    def may_tell_contacts(self) -> bool:
        """Whether contacts may be told, also in place of the nearest."""
        return Audience.CONTACTS.value not in self.forbids

    def raising(self, *, at_risk: bool) -> frozenset[Signal]:
        """Return what raises now."""
        return self.triggers | self.risk_triggers if at_risk else self.triggers

    def step(self, step_id: StepId) -> Step | None:
        """Return the step of that id; the first, where two have it."""
        return self._by_id.get(step_id)

    def begins_at_close(self, step: Step) -> bool:
        """Say whether the fact from which one of these steps counts is a close.

        A step that follows another one counts from what that one counts from.
        """
        return step.after in self._at_close

    def begins_by_force(self, step: Step) -> bool:
        """Say whether a sign of force is the fact from which one of these counts."""
        return step.after in self._at_force

    def begins_at_raise(self, step: Step) -> bool:
        """Say whether the raise is the fact from which one of these counts."""
        return self._first(step.after) == _RAISED

    @cached_property
    def defender_first(self) -> tuple[Step, ...]:
        """The steps for the defender, then the others: each in the file's order."""
        return (*sorted(self.steps, key=_is_for_others), self.nobody_near)

    @cached_property
    def nobody_near(self) -> Step:
        """The engine's own step: HQ hears where nobody near could be told."""
        own = [one.channels for one in self.steps if one.to is Audience.HQ]
        return Step(
            id=StepId("_nobody_near"),
            after=_RAISED,
            to=Audience.HQ,
            channels=tuple(dict.fromkeys(sum(own, ()))) or ("email", "webhook"),
            text="nobody_near",
        )

    @cached_property
    def _by_id(self) -> dict[StepId, Step]:
        own = (RECEIPT, RECEIPT_TAKEN, self.nobody_near)
        return {step.id: step for step in (*own, *reversed(self.steps))}

    @cached_property
    def _at_close(self) -> frozenset[str]:
        """What `after` says in steps that count from a close."""
        return self._afters(_CLOSED)

    @cached_property
    def _at_force(self) -> frozenset[str]:
        return self._afters(_DURESS)

    def _afters(self, start: str) -> frozenset[str]:
        afters = {step.after for step in self.steps}
        return frozenset(after for after in afters if self._first(after) == start)

    def _first(self, after: str) -> str:
        """Follow a chain of steps to the fact from which it counts."""
        for _ in self.steps:
            earlier = self.step(StepId(after))
            if earlier is None:
                break
            after = earlier.after
        return after


def _is_for_others(step: Step) -> bool:
    return step.to is not Audience.DEFENDER


_RAISED, _CLOSED, _DURESS = (
    Start.RAISED.value,
    Start.CLOSED.value,
    Start.DURESS.value,
)
_PRINTED = 16
