"""What a file of an action protocol may say, field by field, and what it means.

Deadlines are in seconds, distances in kilometres, as people write them.
"""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from engine.ports.device import DeviceCommand
from engine.protocol.model import (
    FRESH,
    LEASE,
    NEEDS_AFTER_FORCE,
    ActionProtocol,
    Audience,
    CheckInPlan,
    Condition,
    Fallback,
    Level,
    Manner,
    Proof,
    Publication,
    Rung,
    Start,
    Step,
    Updates,
    Verification,
    Voice,
)
from engine.values import Signal, StepId, a_number

_CALLED = frozenset({Audience.NEAREST, Audience.CONTACTS})
_DAY_S = 86400
_YEAR_S = 365 * _DAY_S
_LEASE_MIN_S = 60
DEFAULT_TRIGGERS = (Signal.SOS, Signal.REMOVED, Signal.CHECK_IN_MISSED)
DEFAULT_RISK_TRIGGERS = (
    Signal.SILENT,
    Signal.LOW_BATTERY,
    Signal.POWER_OFF,
    Signal.JAMMED,
)


ALL_IS_WELL = frozenset({Signal.CANCEL, Signal.CHECK_IN})


_JOINERS = str.maketrans("", "", "\u200c\u200d")
"""They join letters or part them, in Persian or Hindi say, and turn nothing round."""


def _one_line(value: str) -> str:
    """Refuse what would make another line of a page that somebody signs, or turn it."""
    if not value.translate(_JOINERS).isprintable():
        message = "one line of text that can be printed, without signs of control"
        raise ValueError(message)
    return value


Line = Annotated[str, AfterValidator(_one_line)]
Named = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
"""A channel: it stands in the sentences that somebody signs."""
Whole = Annotated[int, BeforeValidator(a_number)]
Figure = Annotated[float, BeforeValidator(a_number)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RungTable(_Table):
    """One channel of a ladder."""

    channel: Named
    proof: Proof
    within_s: Figure = Field(ge=5, le=86400)


class StepTable(_Table):
    """One step."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")
    after: str = Start.RAISED.value
    delay_s: Figure = Field(0, ge=0, le=_YEAR_S)
    to: Audience
    channels: tuple[Named, ...] | None = Field(None, min_length=1)
    ladder: tuple[RungTable, ...] = ()
    text: str
    requires: tuple[Condition, ...] = ()
    stopped_by: tuple[Condition, ...] = ()
    count: Whole = Field(5, ge=1, le=100)
    within_km: Figure | None = Field(None, gt=0, le=20_040)
    count_more: Whole = Field(0, ge=0, le=100)
    within_more_km: Figure = Field(0, ge=0, le=20_040)
    replaces_declined: bool = False
    every_s: Figure | None = Field(None, ge=5, le=_YEAR_S)
    rounds: Whole | None = Field(None, ge=1)
    repeats: Whole | None = Field(None, ge=0, le=10)


class VerificationTable(_Table):
    """Who is believed."""

    needs: Whole = Field(2, ge=1, le=10)
    of: tuple[Voice, ...] = Field(tuple(Voice), min_length=1)
    within_s: Figure = Field(900, ge=30, le=86400)
    otherwise: Fallback


class AllClearTable(_Table):
    """How many have to say that the defender is safe."""

    needs: Whole = Field(ge=1, le=10)


class CheckInTable(_Table):
    """How timers of the defender's own run."""

    answers: bool = False
    warn_s: tuple[Figure, ...] = ()
    grace_s: Figure = Field(default=0, ge=0, le=3600)
    button_s: Figure | None = Field(default=None, ge=60, le=86400)

    @field_validator("warn_s")
    @classmethod
    def _ahead(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0 <= one <= _DAY_S for one in value):
            message = f"seconds before the time, from 0 to {_DAY_S}"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _can_be_heard(self) -> Self:
        if self.warn_s and not self.answers:
            message = "a warning goes to their own telephone: say answers = true"
            raise ValueError(message)
        return self


class PublicationTable(_Table):
    """What may be published, when, and who decides."""

    level: Level = Level.ANONYMOUS
    delay_s: Figure = Field(0, ge=0, le=7 * 86400)
    decider: str | None = Field(None, pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")


class UpdatesTable(_Table):
    """When people hear that the defender has moved."""

    moved_m: Figure = Field(300, ge=25, le=1_000_000)
    every_s: Figure = Field(600, ge=60, le=86400)
    silent_s: Figure | None = Field(None, ge=60, le=86400)


class ProtocolTable(_Table):
    """A whole file."""

    name: Line = Field(min_length=1, max_length=60)
    version: Whole = Field(ge=1)
    based_on: str | None = Field(None, pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    without: tuple[str, ...] = ()
    triggers: tuple[Signal, ...] = Field(DEFAULT_TRIGGERS, min_length=1)
    risk_triggers: tuple[Signal, ...] = DEFAULT_RISK_TRIGGERS
    trust_unconfirmed: bool = False
    verification: VerificationTable | None = None
    all_clear: AllClearTable | None = None
    countdown_s: Figure = Field(0, ge=0, le=120)
    crowd_max: Whole | None = Field(None, ge=1, le=100)
    acknowledgement_lease_s: Figure = Field(LEASE.total_seconds(), ge=0, le=86400)
    fresh_s: Figure = Field(FRESH.total_seconds(), ge=60, le=7 * 86400)
    manner: Manner | None = None
    publication: PublicationTable | None = None
    check_in: CheckInTable = CheckInTable()
    updates: UpdatesTable = UpdatesTable(moved_m=300, every_s=600, silent_s=None)
    never: tuple[Line, ...] = ()
    device_commands: tuple[DeviceCommand, ...] = ()
    forbids: tuple[Line, ...] = ()
    step: tuple[StepTable, ...] = Field(min_length=1)

    @field_validator("triggers", "risk_triggers")
    @classmethod
    def _can_raise(cls, value: tuple[Signal, ...]) -> tuple[Signal, ...]:
        wrong = sorted(ALL_IS_WELL & set(value))
        if wrong:
            message = f"{wrong[0].value} says that all is well: it raises nothing"
            raise ValueError(message)
        return value

    @field_validator("acknowledgement_lease_s")
    @classmethod
    def _none_or_long_enough(cls, value: float) -> float:
        if 0 < value < _LEASE_MIN_S:
            message = f"0 for none, or at least {_LEASE_MIN_S}"
            raise ValueError(message)
        return value


TABLES: dict[str, type[BaseModel]] = {
    "step": StepTable,
    "ladder": RungTable,
    "verification": VerificationTable,
    "all_clear": AllClearTable,
    "publication": PublicationTable,
    "check_in": CheckInTable,
    "updates": UpdatesTable,
}
"""By the name that a table has in the file."""


def protocol_of(table: ProtocolTable, digest: str) -> ActionProtocol:
    """Return the action protocol that a checked table describes."""
    publication = table.publication
    lease_s = table.acknowledgement_lease_s
    return ActionProtocol(
        name=table.name,
        version=table.version,
        digest=digest,
        triggers=frozenset(table.triggers),
        risk_triggers=frozenset(table.risk_triggers),
        trust_unconfirmed=table.trust_unconfirmed,
        verification=_verification(table.verification),
        all_clear_needs=_all_clear_needs(table),
        countdown=timedelta(seconds=table.countdown_s),
        crowd_max=table.crowd_max,
        lease=timedelta(seconds=lease_s) if lease_s else None,
        fresh=timedelta(seconds=table.fresh_s),
        manner=table.manner,
        publication=Publication()
        if publication is None
        else Publication(
            level=publication.level,
            delay=timedelta(seconds=publication.delay_s),
            decider=publication.decider,
        ),
        never=table.never,
        forbids=table.forbids,
        check_in=_check_in(table.check_in),
        device_commands=frozenset(table.device_commands),
        updates=_updates(table.updates),
        steps=tuple(_step(step) for step in table.step),
    )


def _all_clear_needs(table: ProtocolTable) -> int:
    """Return how many it takes; two where a file that calls people says nothing.

    One word can be forced, and whoever was called would read of an end. Where HQ alone
    is told nobody is left alone by one, and nobody else could ever be the second.
    """
    if table.all_clear is not None:
        return table.all_clear.needs
    calls = any(step.to in _CALLED for step in table.step)
    return NEEDS_AFTER_FORCE if calls else 1


def _check_in(table: CheckInTable) -> CheckInPlan:
    ahead = sorted(table.warn_s, reverse=True)
    button_s = table.button_s
    return CheckInPlan(
        answers=table.answers,
        warnings=tuple(timedelta(seconds=one) for one in ahead),
        grace=timedelta(seconds=table.grace_s),
        button=None if button_s is None else timedelta(seconds=button_s),
    )


def _verification(table: VerificationTable | None) -> Verification | None:
    if table is None:
        return None
    return Verification(
        needs=table.needs,
        of=frozenset(table.of),
        within=timedelta(seconds=table.within_s),
        otherwise=table.otherwise,
    )


def _updates(table: UpdatesTable) -> Updates:
    silent_s = table.silent_s
    return Updates(
        moved_m=table.moved_m,
        every=timedelta(seconds=table.every_s),
        silent=None if silent_s is None else timedelta(seconds=silent_s),
    )


def _step(table: StepTable) -> Step:
    """Return a step; a ladder's channels are what it is looked up for."""
    every = None if table.every_s is None else timedelta(seconds=table.every_s)
    once = 1 if every is None else None
    return Step(
        id=StepId(table.id),
        after=table.after,
        to=table.to,
        channels=table.channels or tuple(rung.channel for rung in table.ladder),
        text=table.text,
        delay=timedelta(seconds=table.delay_s),
        requires=table.requires,
        stopped_by=table.stopped_by,
        count=table.count,
        within_m=None if table.within_km is None else table.within_km * 1000,
        count_more=table.count_more,
        within_more_m=table.within_more_km * 1000,
        replaces_declined=table.replaces_declined,
        ladder=tuple(
            Rung(
                channel=rung.channel,
                proof=rung.proof,
                within=timedelta(seconds=rung.within_s),
            )
            for rung in table.ladder
        ),
        every=every,
        rounds=once if table.rounds is None else table.rounds,
        repeats=table.repeats,
    )
